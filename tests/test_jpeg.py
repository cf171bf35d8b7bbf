"""Claims about the JPEG: it says what the shot knew and no more, looks as the photo did, and is the same every time."""

import dataclasses
import io
import json
import shutil
import subprocess
import tracemalloc
from fractions import Fraction

import numpy as np
import pytest
from PIL import Image, ImageCms

from firmware.files.icc import srgb_profile
from firmware.files.jpeg import encode_jpeg, thumbnail
from firmware.version import VERSION
from isp.errors import FrameError
from isp.frames import Noise, Photo, Shot

EXIF = 34665
SHOT = Shot(
    sensor="imx708",
    bayer="BGGR",
    black_dn=(64.0,) * 4,
    white_dn=1023.0,
    timestamp_ns=1,
    wall_time_ns=1763800000123456789,
    exposure_us=1500000.0,
    analogue_gain=2.5,
    noise=Noise(1e-4, 1e-7),
    lens_position=2.0,
)
UNKNOWN = Shot(
    sensor="unknown", bayer="BGGR", black_dn=(64.0,) * 4, white_dn=1023.0, timestamp_ns=0, wall_time_ns=0,
    exposure_us=None, analogue_gain=None, noise=None,
)  # fmt: skip


def a_photo(height=150, width=200, shot=SHOT):
    y, x = np.mgrid[:height, :width]
    pixels = np.stack([x * 255 // (width - 1), y * 255 // (height - 1), (x + y) % 256], axis=-1)
    return Photo(pixels.astype(np.uint8), shot)


def opened(jpeg):
    return Image.open(io.BytesIO(jpeg))


def segments(jpeg):
    """Markers up to the picture, in order, with what they hold."""
    position, found = 2, []
    while jpeg[position + 1] != 0xDA:
        length = int.from_bytes(jpeg[position + 2 : position + 4], "big")
        found.append((jpeg[position + 1], jpeg[position + 4 : position + 2 + length]))
        position += 2 + length
    return found


def test_exif_tells_the_shot():
    photo = a_photo()
    main = opened(encode_jpeg(photo, 93)).getexif()
    exif = main.get_ifd(EXIF)
    assert main[271] == "Nightjar"
    assert main[272] == "Sony IMX708 (Raspberry Pi camera module 3)"
    assert main[274] == 1
    assert main[305] == f"Nightjar {VERSION}"
    assert main[306] == exif[36867] == "2025:11:22 08:26:40"
    assert (exif[37521], exif[36881]) == ("123", "+00:00")
    assert Fraction(exif[33434].numerator, exif[33434].denominator) == Fraction(3, 2)
    assert exif[34855] == 250
    assert exif[36864] == b"0232"
    assert exif[37382] == 0.5, "two dioptres are half a metre"
    assert (exif[40961], exif[40962], exif[40963]) == (1, 200, 150)


def test_a_lens_at_infinity_is_written_as_exif_does():
    exif = opened(encode_jpeg(a_photo(shot=dataclasses.replace(SHOT, lens_position=0.0)), 93)).getexif().get_ifd(EXIF)
    assert exif[37382].numerator == 0xFFFFFFFF


def test_what_is_not_known_is_not_said():
    main = opened(encode_jpeg(a_photo(shot=UNKNOWN), 93)).getexif()
    assert main[272] == "Unknown sensor"
    assert 306 not in main
    assert not {33434, 34855, 36867, 36881, 37382, 37521} & set(main.get_ifd(EXIF))


@pytest.mark.parametrize("odd", [{"wall_time_ns": 10**30}, {"lens_position": float("inf")}, {"analogue_gain": 1e9}])
def test_absurd_facts_do_not_lose_the_photo(odd):
    opened(encode_jpeg(a_photo(shot=dataclasses.replace(SHOT, **odd)), 93)).load()


def test_exif_comes_first_then_the_profile_and_no_jfif():
    found = segments(encode_jpeg(a_photo(), 93))
    assert found[0][0] == 0xE1
    assert found[0][1].startswith(b"Exif\0\0")
    assert found[1][0] == 0xE2
    assert found[1][1].startswith(b"ICC_PROFILE\0\x01\x01")
    assert 0xE0 not in [marker for marker, _ in found]


@pytest.mark.parametrize("shape", [(150, 200), (1520, 2028), (2, 2), (3, 4000), (4000, 3), (121, 161)])
def test_the_thumbnail_fits_and_is_the_photo_made_small(shape):
    photo = a_photo(*shape)
    small = thumbnail(photo.pixels)
    assert small.shape[0] <= 120
    assert small.shape[1] <= 160
    assert abs(small.mean() - photo.pixels.mean()) < 4
    block = segments(encode_jpeg(photo, 93))[0][1]
    assert len(block) < 65533
    embedded = opened(block[block.index(b"\xff\xd8") :])
    assert embedded.size == small.shape[1::-1]


def test_a_thumbnail_averages_whole_boxes():
    pixels = np.zeros((240, 320, 3), np.uint8)
    pixels[::2, ::2] = 255
    np.testing.assert_array_equal(thumbnail(pixels), np.full((120, 160, 3), 64, np.uint8))


def test_the_picture_looks_as_the_photo_did():
    photo = a_photo()
    decoded = np.asarray(opened(encode_jpeg(photo, 97))).astype(int)
    smooth = photo.pixels[..., :2].astype(int)
    assert np.abs(decoded[..., :2] - smooth).mean() < 2


def test_good_quality_keeps_full_colour_resolution():
    def subsampling(quality):
        return opened(encode_jpeg(a_photo(), quality)).layer[0][1:3]

    assert subsampling(93) == subsampling(90) == (1, 1)
    assert subsampling(89) == (2, 2)


def test_the_same_photo_gives_the_same_bytes_and_quality_changes_them():
    assert encode_jpeg(a_photo(), 93) == encode_jpeg(a_photo(), 93)
    assert len(encode_jpeg(a_photo(), 60)) < len(encode_jpeg(a_photo(), 93))


def test_sixteen_bits_are_refused():
    with pytest.raises(FrameError, match="8 bits"):
        encode_jpeg(Photo(np.zeros((4, 4, 3), np.uint16), SHOT), 93)


def test_a_large_photo_is_not_copied():
    photo = a_photo(1520, 2028)
    encode_jpeg(photo, 93)
    tracemalloc.start()
    jpeg = encode_jpeg(photo, 93)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 2.5 * len(jpeg) + 1_000_000


def test_our_profile_is_srgb():
    profile = ImageCms.ImageCmsProfile(io.BytesIO(opened(encode_jpeg(a_photo(), 93)).info["icc_profile"]))
    colours = np.random.default_rng(0).integers(0, 256, (64, 64, 3)).astype(np.uint8)
    for intent in ImageCms.Intent:
        same = ImageCms.profileToProfile(
            Image.fromarray(colours), profile, ImageCms.createProfile("sRGB"), renderingIntent=intent
        )
        assert np.abs(np.asarray(same).astype(int) - colours).max() <= 1
    assert len(srgb_profile()) < 3000


@pytest.mark.skipif(not shutil.which("exiftool"), reason="exiftool is not installed")
def test_exiftool_finds_nothing_to_mend(tmp_path):
    (tmp_path / "a.jpg").write_bytes(encode_jpeg(a_photo(), 93))
    ran = subprocess.run(
        ["exiftool", "-json", "-validate", "-warning", "-a", str(tmp_path / "a.jpg")], capture_output=True, check=True
    )
    assert json.loads(ran.stdout)[0]["Validate"] == "OK"

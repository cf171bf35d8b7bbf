"""Labelled pictures are read bit for bit, and what is not as published is refused by name."""

import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
from measures.published_pictures import SIZE_OF, png_file, write_labelled, write_png16
from measures.shared_folder import SHARED

from accelerators.errors import PictureError
from accelerators.published.pictures import PLATFORM_OF, pictures_in, read_picture, read_pictures
from accelerators.published.png import read_rgb16
from accelerators.published.sensors import published_sensors, published_tuning
from firmware.sensors import read_libcamera_tuning

SIZES = tuple(PLATFORM_OF)
HERE = SHARED / "data/pi-awb"
TUNINGS = SHARED / "data/pi-tuning"


def noise_picture(size=(12, 16)):
    return np.random.default_rng(5).integers(0, 65536, (*size, 3), dtype=np.uint16)


@pytest.mark.parametrize("row_filter", range(5))
def test_every_filter_of_the_format_gives_the_pixels_back(tmp_path, row_filter):
    path = tmp_path / "a.png"
    write_png16(path, noise_picture(), row_filter)
    assert np.array_equal(read_rgb16(path, SIZES), noise_picture())


def test_what_opencv_writes_is_read_alike(tmp_path):
    cv2 = pytest.importorskip("cv2", reason="OpenCV is not installed, so there is no second writer")
    path = tmp_path / "a.png"
    smooth = np.cumsum(noise_picture((32, 32)) >> 8, axis=1).astype(np.uint16)
    cv2.imwrite(str(path), smooth[..., ::-1])
    assert np.array_equal(read_rgb16(path, SIZES), smooth)


def header(width=16, height=12, bits=16, kind=2, interlaced=0):
    return struct.pack(">IIBBBBB", width, height, bits, kind, 0, 0, interlaced)


BAD_FILES = {
    "8-bit RGB": png_file(header(bits=8), zlib.compress(bytes(12 * 49))),
    "16-bit grey": png_file(header(kind=0), zlib.compress(bytes(12 * 33))),
    "interlaced": png_file(header(interlaced=1), zlib.compress(bytes(12 * 97))),
    "is 16 x 16 pixels": png_file(header(height=16), zlib.compress(bytes(16 * 97))),
    "is 100000 x 100000 pixels": png_file(header(100000, 100000), b""),
    "has the filter 9": png_file(header(), zlib.compress(bytes([9]) * 12 * 97)),
    "is no whole PNG file": png_file(header(), zlib.compress(bytes(12 * 97 - 1))),
    "does not begin as one": b"\xff\xd8 a JPEG",
    "was altered|were altered": png_file(header(), zlib.compress(bytes(12 * 97))).replace(b"IDAT", b"IDAX"),
    "end is missing|no whole PNG": png_file(header(), zlib.compress(bytes(12 * 97)))[:-12],
    "no whole PNG": b"",
    "more than 1000000 bytes": png_file(header(), zlib.compress(bytes(12 * 97))) + bytes(1_000_000),
}


@pytest.mark.parametrize("said", BAD_FILES)
def test_a_file_that_is_not_as_published_is_refused_in_words(tmp_path, said):
    path = tmp_path / "ann,imx477,s,5000,300,4800.png"
    path.write_bytes(BAD_FILES[said])
    with pytest.raises(PictureError, match=said) as caught:
        read_picture(path)
    assert str(path) in str(caught.value)


BAD_NAMES = {
    "5 parts": "ann,imx477,s,5000,300",
    "7 parts": "ann,imx477,a,b,5000,300,4800",
    "true_K is 'warm'": "ann,imx477,s,warm,300,4800",
    "true_K is '0'": "ann,imx477,s,0,300,4800",
    "true_K is 'nan'": "ann,imx477,s,nan,300,4800",
    "lux is 'inf'": "ann,imx477,s,5000,inf,4800",
    "lux is '-1'": "ann,imx477,s,5000,-1,4800",
    "camera_K is ''": "ann,imx477,s,5000,300,",
    r"'.*ann\\x1b\[2J,.*cannot be printed": "ann\x1b[2J,imx477,s,5000,300,4800",
    r"ann\\n,.*cannot be printed": "ann\n,imx477,s,5000,300,4800",
    "no sensor's name": "ann,../etc,s,5000,300,4800".replace("/", "."),
}


@pytest.mark.parametrize("said", BAD_NAMES)
def test_a_name_that_is_not_as_published_is_refused_in_words(tmp_path, said):
    path = tmp_path / f"{BAD_NAMES[said]}.png"
    write_png16(path, noise_picture())
    with pytest.raises(PictureError, match=said):
        read_picture(path)


def test_a_name_tells_the_truth_and_the_size_the_platform(tmp_path):
    picture = read_picture(write_labelled(tmp_path, 9000, platform="vc4", lux=0, camera_k=2500))
    assert (picture.platform, picture.sensor, picture.true_k, picture.lux) == ("vc4", "imx477", 9000, 0)
    assert picture.true_mired == pytest.approx(1e6 / 7600)  # held to the labels' ends, as the published error is
    assert picture.camera_error == pytest.approx(1e6 / 2800 - 1e6 / 7600)


def test_subfolders_are_searched_and_hidden_files_left_alone(tmp_path):
    (tmp_path / "deep/er").mkdir(parents=True)
    good = write_labelled(tmp_path / "deep/er", 4000)
    (tmp_path / "._a.png").write_bytes(b"what another system leaves behind")
    bad = tmp_path / "holiday.PNG"
    bad.write_bytes(b"")
    pictures, faults = read_pictures(pictures_in(tmp_path))
    assert [picture.path for picture in pictures] == [good]
    assert len(faults) == 1 and str(bad) in faults[0]


@pytest.mark.parametrize("folder", ["nowhere", "a-file", "empty"])
def test_a_folder_without_pictures_is_refused(tmp_path, folder):
    (tmp_path / "a-file").write_bytes(b"")
    (tmp_path / "empty").mkdir()
    with pytest.raises(PictureError, match=folder):
        pictures_in(tmp_path / folder)


@pytest.mark.parametrize("platform", SIZE_OF)
def test_packaged_tables_are_those_of_libcamera(platform):
    if not TUNINGS.is_dir():
        pytest.skip(f"libcamera's tunings are not in {TUNINGS}; set NIGHTJAR_SHARED")
    compared = 0
    for sensor in published_sensors(platform):
        file = TUNINGS / f"{platform}_{sensor}.json"
        if not file.is_file():
            continue
        packaged, theirs = published_tuning(platform, sensor), read_libcamera_tuning(file, sensor)
        assert np.array_equal(packaged.grey_curve, theirs.grey_curve)
        assert [ct for ct, _ in packaged.matrices] == [ct for ct, _ in theirs.matrices]
        assert all(np.array_equal(a, b) for (_, a), (_, b) in zip(packaged.matrices, theirs.matrices, strict=True))
        compared += 1
    assert compared >= 6


def test_a_damaged_table_is_told(tmp_path):
    table = tmp_path / "sensors.toml"
    with pytest.raises(PictureError, match=r"cannot be read.*install Nightjar again"):
        published_tuning("pisp", "imx477", table)
    table.write_text("[pisp.imx477]\n'rpi.noise' = 3\n")
    with pytest.raises(PictureError, match=r"imx477 is malformed.*install Nightjar again"):
        published_tuning("pisp", "imx477", table)


@pytest.mark.parametrize("platform", SIZE_OF)
def test_every_published_picture_is_read_and_has_its_table(platform):
    if not (HERE / platform).is_dir():
        pytest.skip(f"the labelled pictures are not in {HERE}; set NIGHTJAR_SHARED")
    pictures, faults = read_pictures(pictures_in(Path(HERE / platform)))
    assert (len(pictures), faults) == (556, [])
    assert {picture.platform for picture in pictures} == {platform}
    assert {picture.sensor for picture in pictures} <= set(published_sensors(platform))

"""Claims about the DNG of a zoomed picture: any editor sees its three colours, and ours come out byte for byte."""

import dataclasses
import json
import shutil
import subprocess
import tracemalloc

import numpy as np
import pytest
import rawpy
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from measures.three_colours import three_colours

from firmware.darkroom.darkroom import encode_raw
from firmware.errors import RawFileError
from firmware.files.dng import encode_dng
from firmware.files.raw_files import read_frame, read_raw
from firmware.files.tiff import BYTE, LONG, SHORT, TiffReader
from firmware.sensors import load_sensor
from isp.burst.places import places_of
from isp.frames import BAYER_ORDERS, LinearFrame, RawFrame
from isp.photo import photo_pipeline
from isp.plan import plan
from isp.zoom.black import black_of_colours
from isp.zoom.developing import develop_zoomed

FRAMES = 8
# Where the camera's facts about the picture lie in the file, so that tests can damage them: tag, and TIFF's type.
WIDTH, HEIGHT, BITS, PHOTOMETRIC, SAMPLES, BYTES, PRIVATE = 256, 257, 258, 262, 277, 279, 50740


@pytest.fixture(scope="module")
def tuning():
    return load_sensor("imx477").tuning


@pytest.fixture(scope="module")
def frame():
    """A merged picture of odd size with an uneven map."""
    picture = np.random.default_rng(3).uniform(0.02, 0.6, (6, 8, 3)).repeat(9, axis=0).repeat(9, axis=1)[:53, :71]
    made = three_colours(picture, gain=4.0)
    behind = np.random.default_rng(4).uniform(1, FRAMES, places_of((53, 71))).astype(np.float32)
    shot = dataclasses.replace(made.shot, frames=FRAMES, field_of_view=(0.25, 0.25, 0.5, 0.5), wall_time_ns=1763800000)
    return LinearFrame(made.pixels, shot, behind)


def dng_bytes(frame, tuning=None, **options):
    return b"".join(encode_dng(frame, tuning, **options))


def written(path, frame, tuning=None, **options):
    path.write_bytes(dng_bytes(frame, tuning, **options))
    return path


def tags_of(path):
    with path.open("rb") as file:
        reader = TiffReader.open(file)
        return reader.directory(reader.first)


def with_tag(content, tag, value, kind=LONG):
    """The file with another value of a tag of the main directory that fits its entry."""
    entry = content.index(tag.to_bytes(2, "little") + kind.to_bytes(2, "little") + (1).to_bytes(4, "little"))
    return content[: entry + 8] + value.to_bytes(4, "little") + content[entry + 12 :]


@pytest.mark.parametrize("bayer", BAYER_ORDERS)
def test_the_frame_comes_back_to_the_last_bit(tmp_path, frame, tuning, bayer):
    shot = dataclasses.replace(frame.shot, bayer=bayer, black_dn=(4000.5, 4001.25, 1 / 3, 4003.0))
    for behind in (frame.frames_behind, None):
        back = read_frame(written(tmp_path / "a.dng", LinearFrame(frame.pixels, shot, behind), tuning))
        assert type(back) is LinearFrame and back.shot == shot
        assert back.pixels.tobytes() == frame.pixels.tobytes() and back.pixels.flags.writeable
        assert (behind is None) == (back.frames_behind is None)
        assert behind is None or back.frames_behind.tobytes() == behind.tobytes()


def test_libraw_sees_the_three_colours_and_develops_them(tmp_path, frame, tuning):
    path = written(tmp_path / "a.dng", frame, tuning, neutral=(0.5, 1.0, 0.625))
    with rawpy.imread(str(path)) as raw:
        assert raw.raw_type == rawpy.RawType.Stack
        np.testing.assert_array_equal(raw.raw_image[..., :3], frame.pixels)
        assert raw.black_level_per_channel[:3] == [4096, 4096, 4096] and raw.white_level == 65535
        np.testing.assert_allclose(raw.camera_whitebalance[:3], (2.0, 1.0, 1.6), rtol=1e-6)
        np.testing.assert_allclose(raw.color_matrix[:, :3], tuning.matrix_at(6504), atol=5e-4)
        assert raw.postprocess(use_camera_wb=True).shape == (53, 71, 3)


def test_libraw_shows_the_colours_that_our_photo_shows(tmp_path, tuning):
    """Through its own white balance and matrix, without our noise reduction, lift and sharpening."""
    picture = np.random.default_rng(5).uniform(0.1, 0.5, (4, 6, 3)).repeat(16, axis=0).repeat(16, axis=1)
    frame = three_colours(picture, noise=False, light_k=6504.0)
    knobs = {"white_balance": {"temperature_k": 6504.0}, "local_tone": {"strength": 0.0}, "sharpen": {"amount": 0.0}}
    recipe = plan(photo_pipeline(knobs), frame, tuning)
    ours = develop_zoomed(frame, recipe, tuning).pixels
    path = tmp_path / "a.dng"
    path.write_bytes(b"".join(encode_raw(frame, tuning, recipe)))
    with rawpy.imread(str(path)) as raw:
        seen = raw.postprocess(use_camera_wb=True, no_auto_bright=True, gamma=(2.4, 12.92), user_flip=0)
    # The lens's shading is ours alone; it lightens by the same factor everywhere in so small a part.
    light = lambda codes: (codes[8::16, 8::16] / 255.0) ** 2.2  # noqa: E731
    shares = [light(codes) / light(codes).sum(axis=-1, keepdims=True) for codes in (ours, seen)]
    np.testing.assert_allclose(shares[0], shares[1], atol=0.02)


def test_the_tags_say_that_it_is_linear_and_has_no_filter(tmp_path, frame, tuning):
    main = tags_of(written(tmp_path / "a.dng", frame, tuning, exposure_ev=1.5))
    assert (main[PHOTOMETRIC], main[SAMPLES], main[BITS], main[284]) == ((34892,), (3,), (16, 16, 16), (1,))
    assert not {33421, 33422, 50710, 50711} & set(main)
    black = [a / b for a, b in main[50714]]
    assert black == list(black_of_colours(frame.shot)) and main[50713] == (1, 1) and main[50717] == (65535,) * 3
    assert main[51041] == (frame.shot.noise.shot, frame.shot.noise.read) * 3
    assert main[50730] == ((3, 2),)


def test_exiftool_finds_nothing_to_mend(tmp_path, frame, tuning):
    if not shutil.which("exiftool"):
        pytest.skip("exiftool is not installed")
    path = written(tmp_path / "a.dng", frame, tuning)
    ran = subprocess.run(["exiftool", "-json", "-validate", "-warning", "-a", path], capture_output=True, check=True)
    assert json.loads(ran.stdout)[0]["Validate"] == "OK"


def test_pixels_are_not_copied_on_the_way_out(tuning):
    frame = LinearFrame(np.zeros((760, 1014, 3), np.uint16), three_colours(np.zeros((4, 4))).shot)
    encode_dng(frame, tuning)
    tracemalloc.start()
    _, pixels = encode_dng(frame, tuning)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert np.shares_memory(np.frombuffer(pixels, np.uint8), frame.pixels) and peak < 200_000


def test_where_a_sensors_own_frame_is_needed_it_is_refused(tmp_path, frame, ask):
    path = written(tmp_path / "a.dng", frame)
    with pytest.raises(RawFileError, match=r"a\.dng is a zoomed picture .* `nightjar develop`"):
        read_raw(path)
    (tmp_path / "burst").mkdir()
    shutil.copy(path, tmp_path / "burst")
    code, _, error = ask("develop", tmp_path / "burst", "--mode", "night", "-o", tmp_path)
    assert code != 0 and "zoomed picture" in error
    code, _, error = ask("develop", path, "--mode", "portrait", "-o", tmp_path)
    assert code != 0 and "blurs what is not the subject" in error


def test_a_dng_cut_anywhere_is_refused(tmp_path, frame):
    content, path = dng_bytes(frame), tmp_path / "a.dng"
    for length in [*range(0, len(content) - 1, 401), len(content) - 1]:
        path.write_bytes(content[:length])
        with pytest.raises(RawFileError, match=r"a\.dng"):
            read_frame(path)


@pytest.mark.parametrize(
    ("tag", "value", "kind", "said"),
    [
        (WIDTH, 72, LONG, "do not fill"),
        (HEIGHT, 0, LONG, "do not fill"),
        (WIDTH, 0xFFFFFFFF, LONG, "do not fill"),
        (BYTES, 0, LONG, "do not fill"),
        (BYTES, 2 * 53 * 71, LONG, "do not fill"),
    ],
)
def test_a_size_that_cannot_be_is_refused(tmp_path, frame, tag, value, kind, said):
    path = tmp_path / "a.dng"
    path.write_bytes(with_tag(dng_bytes(frame), tag, value, kind))
    with pytest.raises(RawFileError, match=said):
        read_frame(path)


@pytest.mark.parametrize(("tag", "value"), [(SAMPLES, 1), (SAMPLES, 4), (PHOTOMETRIC, 32803), (PHOTOMETRIC, 2)])
def test_a_layout_that_is_not_ours_never_passes_for_a_zoomed_picture(tmp_path, frame, tag, value):
    path = tmp_path / "a.dng"
    path.write_bytes(with_tag(dng_bytes(frame), tag, value, SHORT))
    try:
        assert not isinstance(read_frame(path), LinearFrame)
    except RawFileError as error:
        assert "a.dng" in str(error)


def test_a_picture_of_no_pixels_is_refused(tmp_path, frame):
    content = with_tag(with_tag(with_tag(dng_bytes(frame), WIDTH, 0), HEIGHT, 0), BYTES, 0)
    (tmp_path / "a.dng").write_bytes(content)
    with pytest.raises(RawFileError, match=r"a\.dng"):
        read_frame(tmp_path / "a.dng")


def test_a_map_of_another_size_is_refused(tmp_path, frame):
    smaller = LinearFrame(frame.pixels[:20, :20].copy(), frame.shot, frame.frames_behind[:3, :3].copy())
    content = dng_bytes(smaller)
    entry = with_tag(with_tag(content, WIDTH, 5), HEIGHT, 80)  # as many bytes, another shape
    (tmp_path / "a.dng").write_bytes(entry)
    with pytest.raises(RawFileError, match=r"a\.dng.*frames_behind"):
        read_frame(tmp_path / "a.dng")


@settings(max_examples=60, deadline=2000, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(changes=st.lists(st.tuples(st.integers(0, 2500), st.integers(0, 255)), min_size=1, max_size=12))
def test_damaged_dngs_are_read_or_refused(tmp_path, frame, changes):
    damaged = bytearray(dng_bytes(frame))
    for position, value in changes:
        damaged[position] = value
    path = tmp_path / "damaged.dng"
    path.write_bytes(damaged)
    try:
        assert isinstance(read_frame(path), LinearFrame | RawFrame)
    except RawFileError as error:
        assert "damaged.dng" in str(error)


@pytest.mark.parametrize("kind", [SHORT, LONG])
def test_facts_of_ours_that_are_no_bytes_are_those_of_another_program(tmp_path, frame, kind):
    content = dng_bytes(frame)
    entry = content.index(PRIVATE.to_bytes(2, "little") + BYTE.to_bytes(2, "little"))
    path = tmp_path / "a.dng"
    path.write_bytes(content[: entry + 2] + kind.to_bytes(2, "little") + content[entry + 4 :])
    with pytest.raises(RawFileError, match=r"a\.dng"):
        read_frame(path)


def test_another_programs_linear_dng_is_refused_in_words(tmp_path, frame):
    content = dng_bytes(frame).replace(b"Nightjar\0{", b"Somebody\0{")
    (tmp_path / "a.dng").write_bytes(content)
    with pytest.raises(RawFileError, match=r"a\.dng has no mosaic \(linear or layered\)"):
        read_frame(tmp_path / "a.dng")


def test_developed_again_from_its_sidecar_the_jpeg_is_the_same_byte_for_byte(tmp_path, frame, tuning, ask):
    card = tmp_path / "card"
    card.mkdir()
    raw = written(card / "IMG_0001.DNG", frame, tuning)
    assert ask("develop", raw, "-o", card, "--set", "white_balance.temperature_k=4000")[0] == 0
    code, out, _ = ask("develop", raw, "-o", tmp_path / "again", "--threads", 1, "--show-steps", "--json")
    assert code == 0
    jpegs = [(folder / "IMG_0001.JPG").read_bytes() for folder in (card, tmp_path / "again")]
    assert jpegs[0] == jpegs[1]
    steps = [step.rpartition("/")[2] for step in json.loads(out)["photos"][0]["steps"]]
    assert steps[:4] == ["00-frames_behind-1_to_8.png", "01-levels.png", "02-white_balance.png", "03-highlights.png"]
    assert ask("develop", raw, "-o", tmp_path / "bright", "--set", "tone.exposure_ev=1")[0] == 0
    assert (tmp_path / "bright" / "IMG_0001.JPG").read_bytes() != jpegs[0]
    numbers = json.loads((card / "IMG_0001.json").read_text())["numbers"]
    assert numbers["frames_merged"] == FRAMES

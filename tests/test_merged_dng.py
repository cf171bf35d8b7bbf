"""Claims about the DNG of a merged picture: any editor can develop it, and ours comes out byte for byte."""

import dataclasses
import json
import shutil
import subprocess
from fractions import Fraction

import numpy as np
import pytest
import rawpy
from measures.half_merged import half_merged
from PIL import Image

from firmware.darkroom.darkroom import encode_raw, plan_photo
from firmware.errors import RawFileError
from firmware.files.dng import encode_dng
from firmware.files.frames_behind import pack_frames_behind, unpack_frames_behind
from firmware.files.raw_files import read_raw
from firmware.files.tiff import TiffReader
from firmware.sensors import load_sensor
from isp.burst.places import places_of
from isp.errors import FrameError
from isp.photo import photo_pipeline

FRAMES = 8


@pytest.fixture(scope="module")
def tuning():
    return load_sensor("imx477").tuning


@pytest.fixture(scope="module")
def frame():
    """A merged frame of long exposures, with an uneven map."""
    made = half_merged(np.full((97, 131), 0.2), 64, gain=16.0, frames=FRAMES)
    behind = np.random.default_rng(4).uniform(1, FRAMES, made.frames_behind.shape).astype(np.float32)
    shot = dataclasses.replace(made.shot, exposure_us=1_250_000.0, wall_time_ns=1763800000123456789)
    return dataclasses.replace(made, shot=shot, frames_behind=behind)


def written(path, frame, tuning=None, **options):
    path.write_bytes(b"".join(encode_dng(frame, tuning, **options)))
    return path


def tags_of(path):
    with path.open("rb") as file:
        reader = TiffReader.open(file)
        main = reader.directory(reader.first)
        return main, reader.directory(main[34665][0])


def exiftool(path, *options):
    if not shutil.which("exiftool"):
        pytest.skip("exiftool is not installed")
    ran = subprocess.run(["exiftool", "-json", *options, str(path)], capture_output=True, check=True)
    return json.loads(ran.stdout)[0]


def test_libraw_sees_the_finer_counts_and_their_levels(tmp_path, frame, tuning):
    with rawpy.imread(str(written(tmp_path / "a.dng", frame, tuning))) as raw:
        np.testing.assert_array_equal(raw.raw_image, frame.pixels)
        assert raw.black_level_per_channel[0] == frame.shot.black_dn[0] > 4000
        assert raw.white_level == frame.shot.white_dn > 60000
        assert raw.postprocess().shape == (97, 131, 3)


def test_the_frame_comes_back_to_the_last_bit(tmp_path, frame, tuning):
    back = read_raw(written(tmp_path / "a.dng", frame, tuning))
    assert back.shot == frame.shot
    assert (back.pixels.tobytes(), back.frames_behind.tobytes()) == (
        frame.pixels.tobytes(),
        frame.frames_behind.tobytes(),
    )
    assert back.frames_behind.dtype == np.float32


def test_a_single_exposure_says_nothing_of_a_merge(tmp_path, frame, tuning):
    single = dataclasses.replace(frame, shot=dataclasses.replace(frame.shot, frames=1), frames_behind=None)
    path = written(tmp_path / "a.dng", single, tuning)
    assert not {0xA460, 0xA461, 0xA462} & set(tags_of(path)[1])
    assert read_raw(path).frames_behind is None


def test_the_tags_tell_the_noise_that_is_left_and_what_was_merged(tmp_path, frame, tuning):
    main, exif = tags_of(written(tmp_path / "a.dng", frame, tuning))
    assert main[51041] == (frame.shot.noise.shot, frame.shot.noise.read) * 3
    assert Fraction(*exif[33434][0]) == Fraction(5, 4)
    assert exif[0xA460] == (3,)
    assert exif[0xA461] == (FRAMES, FRAMES)


def test_exiftool_reads_the_exposures_and_finds_nothing_to_mend(tmp_path, frame, tuning):
    path = written(tmp_path / "a.dng", frame, tuning, exposure_ev=1.5)
    told = exiftool(path, "-validate", "-warning", "-a")
    assert told["Validate"] == "OK", told
    assert exiftool(path)["CompositeImage"] == "Composite Image Captured While Shooting"
    told = exiftool(path, "-n")
    assert told["CompositeImageCount"] == f"{FRAMES} {FRAMES}"
    each, total = "1.25", "10"
    period, *times = told["CompositeImageExposureTimes"].split()
    assert period == "undef"
    assert times == [total, total, each, each, each, each, "1", str(FRAMES), *[each] * FRAMES]
    assert (told["BaselineExposure"], told["ExposureTime"]) == (1.5, 1.25)


def test_editors_open_it_as_bright_as_our_photo(tmp_path, frame, tuning):
    for brighter_ev, fraction in ((0.0, (0, 1)), (1.5, (3, 2)), (-0.7, (-7, 10))):
        recipe = plan_photo(photo_pipeline({"tone": {"exposure_ev": brighter_ev}}), frame, tuning)
        path = tmp_path / "a.dng"
        path.write_bytes(b"".join(encode_raw(frame, tuning, recipe)))
        assert Fraction(*tags_of(path)[0][50730][0]) == pytest.approx(Fraction(*fraction), abs=1e-9)


@pytest.mark.parametrize("shape", [(2, 2), (97, 131), (3040, 4056)])
def test_any_map_is_kept_exactly_and_takes_little_of_the_file(shape):
    behind = np.random.default_rng(6).uniform(1, 64, places_of(shape)).astype(np.float32)
    packed = pack_frames_behind(behind)
    np.testing.assert_array_equal(unpack_frames_behind(packed, shape), behind)
    assert len(packed) < 300 + 0.01 * 2 * shape[0] * shape[1] * (200 if min(shape) < 1000 else 1)


def test_a_damaged_map_is_refused(tmp_path, frame, tuning):
    whole = b"".join(encode_dng(frame, tuning))
    packed = pack_frames_behind(frame.frames_behind).encode()
    for damage in (packed[:-8], packed[:20] + b"AAAAAAAAAAAA" + packed[32:], b"!" + packed[1:], b""):
        path = tmp_path / "a.dng"
        path.write_bytes(whole.replace(packed, damage.ljust(len(packed))))
        with pytest.raises(RawFileError, match=r"a\.dng.*frames_behind"):
            read_raw(path)
    for wrong in (5, None, pack_frames_behind(np.ones((2, 2), np.float32)), pack_frames_behind(np.ones((99, 99)))):
        with pytest.raises(FrameError, match="frames_behind"):
            unpack_frames_behind(wrong, frame.pixels.shape)


def test_developed_again_from_its_sidecar_the_jpeg_is_the_same_byte_for_byte(tmp_path, frame, tuning, ask):
    card = tmp_path / "card"
    card.mkdir()
    raw = written(card / "IMG_0001.DNG", frame, tuning)
    assert ask("develop", raw, "-o", card, "--set", "white_balance.temperature_k=4000")[0] == 0
    assert ask("develop", raw, "-o", tmp_path / "again", "--threads", 1)[0] == 0
    jpegs = [(folder / "IMG_0001.JPG").read_bytes() for folder in (card, tmp_path / "again")]
    assert jpegs[0] == jpegs[1]
    numbers = json.loads((card / "IMG_0001.json").read_text())["numbers"]
    behind = frame.frames_behind
    assert numbers["frames_merged"] == FRAMES
    assert numbers["frames_behind_median"] == pytest.approx(np.median(behind), abs=0.01)
    assert numbers["frames_behind_least"] == pytest.approx(behind.min(), abs=0.01)
    assert numbers["share_with_less_than_half"] == pytest.approx(np.mean(behind < FRAMES / 2), abs=0.001)


def test_the_first_step_draws_how_many_frames_back_each_place(tmp_path, ask, tuning):
    frame = half_merged(np.full((96, 160), 0.2), 96, gain=16.0, frames=FRAMES)
    raw = written(tmp_path / "IMG_0001.DNG", frame, tuning)
    code, out, error = ask("develop", raw, "-o", tmp_path, "--show-steps", "--json")
    assert code == 0, error
    steps = sorted((tmp_path / "IMG_0001-steps").iterdir())
    assert [step.name for step in steps[:2]] == ["00-frames_behind-1_to_8.png", "01-levels.png"]
    assert [str(step) for step in steps] == json.loads(out)["photos"][0]["steps"]
    with Image.open(steps[0]) as picture:
        drawn = np.asarray(picture)
    assert drawn.shape == frame.pixels.shape
    # The last merged place stands at column 80, the first that is not at column 96.
    assert np.all(drawn[:, :80] == 255) and np.all(drawn[:, 96:] == 0)
    assert np.all(np.diff(drawn[:, 80:97].astype(int)) <= 0)

"""Pictures and numbers that should not be: each stage gives a defined result, or says clearly what is wrong."""

import dataclasses

import numpy as np
import pytest

from firmware.cameras.simulated import simulate
from firmware.sensors import load_sensor
from isp.develop import develop, run_stages
from isp.errors import FrameError, KnobError
from isp.frames import NEUTRAL_SHOT, LinearImage, Mosaic, Noise, Photo, RawFrame
from isp.knobs import knob_fields
from isp.photo import STAGES, photo_pipeline
from isp.pipeline import Pipeline
from isp.plan import plan
from isp.shading import Shading
from isp.sharpen import Sharpen
from isp.tone import Tone

# A warning from numpy is a number that nobody defined.
pytestmark = pytest.mark.filterwarnings("error::RuntimeWarning")

SENSOR = load_sensor("imx219")
SIZES = [(2, 2), (3, 5), (5, 3), (2, 33), (33, 2), (64, 66)]
BLACK_DN, WHITE_DN = 64, 1023
# For what a stage takes: dtype, channels, black, white and the largest value that a pixel can hold.
SCALES = {
    RawFrame: (np.uint16, (), BLACK_DN, WHITE_DN, 65535),
    Mosaic: (np.float32, (), 0.0, 1.0, 1e20),
    LinearImage: (np.float32, (3,), 0.0, 1.0, 1e20),
    Photo: (np.uint16, (3,), 0, 65535, 65535),
}
NEVER = [np.nan, np.inf, -np.inf]


@pytest.fixture(scope="module")
def frame():
    made, _ = simulate("chart", "imx219", 640, 480, lux=20.0)
    facts = dict(black_dn=(float(BLACK_DN),) * 4, white_dn=float(WHITE_DN))
    return RawFrame(made.pixels, dataclasses.replace(made.shot, **facts))


@pytest.fixture(scope="module")
def planned(frame):
    """The stages with the facts of a real scene: name -> stage."""
    return {stage.table_name(): stage for stage in plan(photo_pipeline(), frame, SENSOR.tuning).stages}


def picture(kind, takes, size):
    dtype, channels, black, white, largest = SCALES[takes]
    shape = size + channels
    pixels = np.full(shape, {"white": white, "largest": largest}.get(kind, black), dtype)
    rng = np.random.default_rng([*size, len(kind)])
    if kind == "hot row":
        pixels[size[0] // 2] = largest
    elif kind == "below black":
        pixels[:] = 0 if dtype == np.uint16 else -1e20
    elif kind == "every other":
        pixels[::2, 1::2] = pixels[1::2, ::2] = largest
    elif kind == "noise":
        # Whole numbers of the smallest step, from below black to beyond white.
        pixels[:] = rng.integers(0, 1200, shape) * (white - black) / 1000 + (black and black / 2)
    return pixels


KINDS = ["black", "white", "largest", "hot row", "below black", "every other", "noise"]


@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[1]}x{size[0]}")
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", STAGES)
def test_a_stage_alone_makes_numbers_of_any_picture(planned, frame, name, kind, size):
    stage = planned[name]
    pixels = picture(kind, stage.takes, size)
    made = run_stages(stage.takes(pixels, frame.shot), (stage,), threads=1).pixels
    dtype, channels, black, white, _ = SCALES[stage.makes]
    assert made.shape == size + channels and made.dtype == (np.uint8 if name == "eight_bit" else dtype)
    assert np.all(np.isfinite(made))
    if kind == "black":
        assert np.all(made == (0 if stage.makes is Mosaic else black))
    if kind == "white":
        assert made.min() >= (255 if name == "eight_bit" else 0.9999 * white)
    np.testing.assert_array_equal(made, run_stages(stage.takes(pixels, frame.shot), (stage,), threads=3).pixels)


@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[1]}x{size[0]}")
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("tuning", [SENSOR.tuning, None], ids=["calibrated", "unknown"])
def test_any_frame_is_planned_and_becomes_the_same_photo_either_way(frame, tuning, kind, size):
    shot = frame.shot if tuning else dataclasses.replace(frame.shot, sensor="unknown", noise=None)
    raw = RawFrame(picture(kind, RawFrame, size), shot)
    steps = []
    photo = develop(raw, photo_pipeline(), tuning)
    watched = develop(raw, photo_pipeline(), tuning, watcher=lambda stage, made: steps.append(stage))
    assert photo.pixels.shape == (*size, 3) and len(steps) == len(STAGES)
    np.testing.assert_array_equal(photo.pixels, watched.pixels)
    if kind in ("black", "below black"):
        assert photo.pixels.max() == 0
    if kind in ("white", "largest"):
        assert photo.pixels.min() == 255


def test_a_hot_row_stays_one_row(frame):
    recipe = plan(photo_pipeline(), frame, SENSOR.tuning)
    hot = frame.pixels.copy()
    hot[200] = 65535
    clean, hurt = (develop(RawFrame(pixels, frame.shot), recipe, None).pixels for pixels in (frame.pixels, hot))
    touched = np.flatnonzero(np.any(clean != hurt, axis=(1, 2)))
    assert 200 in touched and np.all(np.abs(touched - 200) <= 32)
    assert hurt[200].min() > clean[200].min()


@pytest.mark.parametrize("value", NEVER)
@pytest.mark.parametrize("name", [name for name, stage in STAGES.items() if SCALES[stage.takes][0] is np.float32])
def test_a_pixel_that_is_no_number_is_refused_with_its_place(planned, name, value):
    stage = planned[name]
    pixels = picture("white", stage.takes, (8, 9))
    pixels[3, 5] = value
    with pytest.raises(FrameError, match=rf"holds .*{value}.* at \(y, x\) = \(3, 5\); pixels must be finite"):
        stage(pixels)


@pytest.mark.parametrize("name", STAGES)
def test_a_picture_one_pixel_wide_is_refused(planned, name):
    stage = planned[name]
    for size, said in (((8, 1), "1 x 8"), ((1, 8), "8 x 1")):
        with pytest.raises(FrameError, match=f"is {said} pixels; the smallest is 2 x 2"):
            stage(picture("black", stage.takes, size))


@pytest.mark.parametrize("dtype", [np.int16, np.int32, np.float32, np.float64])
def test_raw_counts_that_could_be_negative_are_refused(planned, dtype):
    with pytest.raises(FrameError, match=f"are {np.dtype(dtype).name}; they must be uint16"):
        planned["levels"](np.full((4, 4), -1, dtype))


@pytest.mark.parametrize(
    "facts",
    [
        {"black_dn": (1023.0,) * 4},
        {"black_dn": (64.0, 64.0, 64.0, 2000.0)},
        {"black_dn": (np.nextafter(1023.0, 0.0),) * 4, "white_dn": 1023.0},
        {"white_dn": 65536.0},
        {"white_dn": np.nan},
        {"black_dn": (np.nan,) * 4},
        {"black_dn": (-1.0,) * 4},
    ],
)
def test_levels_that_cannot_be_are_refused(frame, facts):
    with pytest.raises(FrameError, match=r"White level|Black levels"):
        dataclasses.replace(frame.shot, **facts)


def test_black_one_count_below_white_still_makes_photos():
    narrow = dataclasses.replace(NEUTRAL_SHOT, black_dn=(1022.0,) * 4, white_dn=1023.0)
    for kind, code in (("below black", 0), ("white", 255), ("largest", 255)):
        photo = develop(RawFrame(picture(kind, RawFrame, (5, 7)), narrow), photo_pipeline(), None)
        assert np.all(photo.pixels == code)


KNOBS = [(name, f.name) for name, stage in STAGES.items() for f, _ in knob_fields(stage) if "float" in str(f.type)]
FACTS = [(name, f.name) for name, stage in STAGES.items() for f in dataclasses.fields(stage) if "fact" in f.metadata]


@pytest.mark.parametrize("value", NEVER)
@pytest.mark.parametrize(("name", "key"), KNOBS + FACTS)
def test_knobs_and_facts_that_are_no_numbers_are_refused_by_name(name, key, value):
    stage = STAGES[name]
    known = next(field for field in dataclasses.fields(stage) if field.name == key)
    # A knob and a fact in words have no shape.
    shape = [length or 2 for length in getattr(known.metadata.get("fact"), "shape", ())]
    with pytest.raises(KnobError, match=rf"{stage.__name__}\.{key}"):
        stage(**{key: np.full(shape, value).tolist() if shape else value})


@pytest.mark.parametrize("read", [*NEVER, -1e-9, 1.1, 1e300])
def test_noise_that_cannot_be_is_refused(read):
    for facts in ((read, 0.0), (0.0, read)):
        with pytest.raises(FrameError, match="it must be 0 to 1"):
            Noise(*facts)


@pytest.mark.parametrize(
    "points",
    [((0.0, 0.0), (1.0, 0.0)), ((0.0, 1.0), (1.0, 1.0)), ((0.5, 0.0), (1.0, 1.0)), ((1.0, 0.0), (0.0, 1.0))],
)
def test_a_tone_curve_without_a_mid_grey_is_refused(points):
    with pytest.raises(KnobError, match=r"Tone\.points must rise"):
        Tone(points=points)


def test_a_frame_that_is_a_speck_of_the_pixel_array_takes_the_gain_of_its_place():
    gains = (((1.0, 2.0, 3.0), (1.0, 2.0, 3.0)),) * 3
    for width in (1e-3, 1e-30, 1e-300):
        speck = dataclasses.replace(NEUTRAL_SHOT, field_of_view=(0.5, 0.5, width, width))
        made = Shading(gains=gains)(np.full((4, 3301, 3), 0.25, np.float32), speck)
        np.testing.assert_allclose(made, 0.5, rtol=0.01)


@pytest.mark.parametrize("name", [name for name, stage in STAGES.items() if stage.takes is Photo])
def test_linear_light_never_reaches_a_stage_of_the_display(planned, name):
    """Its table of display codes would be read far out of bounds."""
    linear = LinearImage(picture("below black", LinearImage, (8, 9)), NEUTRAL_SHOT)
    with pytest.raises(ValueError, match="does not fit here"):
        run_stages(linear, (planned[name],))


def test_a_stored_recipe_that_skips_the_tone_curve_is_refused(planned):
    with pytest.raises(TypeError, match="Sharpen takes Photo, but Demosaic makes LinearImage"):
        Pipeline((planned["demosaic"], Sharpen()))

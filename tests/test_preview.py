"""Claims about the preview: it looks like the photo, whatever the frame. Its whole numbers have a numpy twin."""

import dataclasses

import numpy as np
import pytest

from firmware.cameras.simulated import simulate
from firmware.sensors import load_sensor
from isp.bad_pixels import BadPixels
from isp.chroma_noise import ChromaNoise
from isp.colour_fringes import ColourFringes
from isp.develop import run_stages
from isp.errors import FrameError, PipelineError
from isp.frames import BAYER_ORDERS, Noise, RawFrame, Shot
from isp.kernels import PREVIEW_LIMIT_KNOTS
from isp.levels import Levels
from isp.luma_noise import LumaNoise
from isp.photo import photo_pipeline
from isp.pipeline import Pipeline
from isp.plan import plan
from isp.preview import planes_of, preview
from isp.preview_numbers import preview_numbers
from isp.sharpen import Sharpen
from isp.tone import encode_srgb
from isp.white_balance import WhiteBalance

SIZES = [(2, 2), (3, 2), (2, 5), (7, 9), (64, 66), (131, 77)]
KINDS = ["random", "black", "white", "edge", "smooth"]
CLEAN = {"noise": False, "bad_pixels": 0.0}
LUMA = np.array([0.299, 0.587, 0.114])
MATRIX = (1.8, -0.6, -0.2, -0.3, 1.7, -0.4, 0.1, -0.7, 1.6)


def shot(bayer="RGGB", **facts):
    known = dict(
        sensor="imx477",
        bayer=bayer,
        black_dn=(60.0, 61.0, 62.0, 63.0),
        white_dn=1023.0,
        timestamp_ns=0,
        wall_time_ns=0,
        exposure_us=1000.0,
        analogue_gain=1.0,
        noise=Noise(1e-4, 1e-6),
    )
    return Shot(**(known | facts))


def contents(size, kind, white=1023):
    rng = np.random.default_rng([*size, len(kind)])
    down, across = np.mgrid[: size[0], : size[1]]
    return {
        "random": lambda: rng.integers(0, white + 1, size),
        "black": lambda: np.zeros(size),
        "white": lambda: np.full(size, white),
        "edge": lambda: np.where(across < size[1] // 2, 0, white),
        "smooth": lambda: white * (0.4 + 0.3 * np.sin(down / 9) * np.cos(across / 7)) + rng.normal(0, white / 60, size),
    }[kind]().astype(np.uint16)


def recipe_of(knobs=None, matrix=MATRIX, gains=(1.9, 1.0, 1.4), shading=True):
    """A planned pipeline with facts of our own."""
    table = np.random.default_rng(3).uniform(1, 3, (3, 12, 16)) if shading else np.ones((3, 2, 2))
    facts = {
        "shading": {"gains": tuple(tuple(map(tuple, plane)) for plane in table.tolist())},
        "white_balance": {"gains": gains, "light_k": 5000.0},
        "colour": {"matrix": matrix},
    }
    stages = photo_pipeline(knobs).stages
    return Pipeline(tuple(dataclasses.replace(stage, **facts.get(stage.table_name(), {})) for stage in stages))


def bare(recipe):
    return Pipeline(tuple(s for s in recipe.stages if not isinstance(s, BadPixels | ColourFringes | ChromaNoise | LumaNoise | Sharpen)))


def scene(name, sensor="imx477", size=(1332, 990), knobs=None, **simulated):
    frame, _ = simulate(name, sensor, *size, **({"bad_pixels": 0.0} | simulated))
    return frame, plan(photo_pipeline(knobs), frame, load_sensor(sensor).tuning)


def middle(picture, reach=100):
    height, width = picture.shape[:2]
    return picture[height // 2 - reach : height // 2 + reach, width // 2 - reach : width // 2 + reach].astype(float)


# It looks like the photo


@pytest.mark.parametrize("name", ["chart", "astronaut", "coffee", "grey"])
@pytest.mark.parametrize("sensor", ["imx477", "imx219"])
def test_the_bare_preview_is_the_photo_path_to_a_fraction_of_a_code(name, sensor):
    frame, recipe = scene(name, sensor, (640, 480) if sensor == "imx219" else (1332, 990), analogue_gain=2.0)
    photo = run_stages(frame, bare(recipe).stages).pixels.astype(int)
    difference = preview(frame, bare(recipe)) - photo
    assert np.abs(difference).mean() < 0.3
    assert np.abs(difference.mean(axis=(0, 1))).max() < 0.15
    # What is left is at glints, where interpolation overshoots further than 16 bits go.
    assert np.percentile(np.abs(difference), 99.5) <= 2


@pytest.mark.parametrize("gain", [1.0, 8.0, 16.0])
def test_the_finished_preview_has_the_photos_light_and_colours(gain):
    frame, recipe = scene("astronaut", analogue_gain=gain)
    photo = run_stages(frame, recipe.stages).pixels.astype(float)
    made = preview(frame, recipe).astype(float)
    assert np.abs((made - photo).mean(axis=(0, 1))).max() < 0.5
    if gain == 1.0:
        assert np.abs(made - photo).mean() < 1.0
    blocks = [picture[:976, :1328].reshape(61, 16, 83, 16, 3).mean(axis=(1, 3)) for picture in (made, photo)]
    assert np.abs(blocks[0] - blocks[1]).mean() < 0.6


@pytest.mark.parametrize("knobs", [{"colour": {"saturation": 2.0}}, {"tone": {"exposure_ev": 1.5, "contrast": 0.5}}])
def test_knobs_move_the_preview_as_they_move_the_photo(knobs):
    frame, recipe = scene("coffee", knobs=knobs, analogue_gain=2.0)
    photo = run_stages(frame, bare(recipe).stages).pixels.astype(int)
    assert np.abs(preview(frame, bare(recipe)) - photo).mean() < 0.8


@pytest.mark.parametrize("white", [255, 1023, 4095, 16383, 65535])
def test_raws_of_any_depth_show_the_same_picture(white):
    light = np.linspace(0, 1, 64 * 96).reshape(64, 96)
    black = white // 16
    counts = np.round(black + light * (white - black)).astype(np.uint16)
    frame = RawFrame(counts, shot(black_dn=(float(black),) * 4, white_dn=float(white), noise=Noise(0.0, 0.0)))
    shown = preview(frame, bare(recipe_of(matrix=None, gains=(1.0, 1.0, 1.0), shading=False)))
    expected = 255 * encode_srgb((counts - black) / (white - black))
    # Malvar's filters ring where coarse counts make stairs.
    assert np.abs(shown - expected[..., None])[4:-4, 4:-4].max() < (8 if white == 255 else 2)
    assert shown[0, 0, 0] == 0 and shown[-1, -1, 2] == 255


def test_the_four_bayer_orders_give_one_preview():
    shown = []
    for order in BAYER_ORDERS:
        frame, recipe = scene("chelsea", bayer=order, **CLEAN)
        shown.append(preview(frame, recipe).astype(float))
    for other in shown[1:]:
        assert np.abs(other - shown[0]).mean() < 1.0


@pytest.mark.parametrize(("kind", "code"), [("black", 0), ("white", 255)])
@pytest.mark.parametrize("size", SIZES)
def test_black_is_black_and_white_is_white(kind, code, size):
    frame = RawFrame(contents(size, kind), shot())
    assert np.all(preview(frame, recipe_of()) == code)
    luma, blue, red = planes_of(preview(frame, recipe_of(), layout="yuv420"), *size)
    assert np.all(luma == code) and np.all(blue == 128) and np.all(red == 128)


# Noise and detail


@pytest.mark.parametrize("sensor", ["imx477", "imx219", "imx708"])
@pytest.mark.parametrize("gain", [2.0, 8.0, 16.0])
def test_sharpening_does_not_raise_flat_noise(sensor, gain):
    size = {"imx477": (1332, 990), "imx219": (640, 480), "imx708": (1536, 864)}[sensor]
    frame, recipe = scene("grey", sensor, size, analogue_gain=gain)
    noise = []
    for amount in (0.0, 0.5):
        stages = [dataclasses.replace(s, amount=amount) if isinstance(s, Sharpen) else s for s in recipe.stages]
        noise.append((middle(preview(frame, Pipeline(tuple(stages)))) @ LUMA).std())
    assert noise[1] < 1.1 * noise[0]


def test_sharpening_does_not_outline_an_edge():
    counts = np.where(np.arange(96) < 48, 300, 700) * np.ones((64, 1))
    counts = sum(np.roll(counts, step, axis=1) for step in (-2, -1, 0, 1, 2))[:, 8:-8] / 5  # a lens's soft edge
    frame = RawFrame(counts.astype(np.uint16), shot(noise=Noise(0.0, 0.0)))
    plain = {"gains": (1.0, 1.0, 1.0), "matrix": None, "shading": False}
    soft, hard = (
        preview(frame, recipe_of({"sharpen": {"amount": amount}}, **plain))[32, :, 1].astype(int)
        for amount in (0.0, 2.0)
    )
    step = np.ptp(soft)
    assert hard.max() - soft.max() < 0.08 * step and soft.min() - hard.min() < 0.08 * step
    assert np.abs(np.diff(hard)).max() > 1.2 * np.abs(np.diff(soft)).max()


def test_sharpening_makes_edges_steeper():
    steepest = []
    for amount in (0.0, 0.5, 1.0):
        frame, recipe = scene("edge", knobs={"sharpen": {"amount": amount}}, analogue_gain=1.0)
        luma = middle(preview(frame, recipe)) @ LUMA
        steepest.append(np.percentile(np.abs(np.diff(luma, axis=1)), 99.8))
    assert steepest[2] > 1.03 * steepest[1] > 1.06 * steepest[0]


@pytest.mark.parametrize("sensor", ["imx477", "imx219"])
def test_speckles_of_colour_go_and_luma_keeps_its_grain(sensor):
    frame, recipe = scene("grey", sensor, (1332, 990) if sensor == "imx477" else (640, 480), analogue_gain=16.0)
    before, after = (middle(preview(frame, which)) for which in (bare(recipe), recipe))
    red, blue = ((picture - (picture @ LUMA)[..., None])[..., [0, 2]].std(axis=(0, 1)) for picture in (before, after))
    assert np.all(blue < 0.4 * red)  # 8 dB
    assert (after @ LUMA).std() > 0.9 * (before @ LUMA).std()


def test_colour_edges_stay_where_they_are():
    frame, recipe = scene("chart", **CLEAN)
    unfiltered, filtered = (
        preview(frame, Pipeline(tuple(
            dataclasses.replace(s, strength=strength) if isinstance(s, ChromaNoise) else s for s in recipe.stages
        ))).astype(float)
        for strength in (0.0, 1.0)
    )  # fmt: skip
    assert np.abs(filtered - unfiltered).mean() < 0.2


def test_luma_of_the_video_layout_is_that_of_the_colours():
    frame, recipe = scene("coffee", analogue_gain=1.0)
    rgb = preview(frame, recipe).astype(float)
    planes = planes_of(preview(frame, recipe, layout="yuv420"), *frame.pixels.shape)
    luma, blue, red = (plane.astype(float) for plane in planes)
    inside = np.all((rgb > 2) & (rgb < 253), axis=-1)
    assert np.abs(luma - rgb @ LUMA)[inside].max() < 1.6
    quads = rgb.reshape(495, 2, 666, 2, 3).mean(axis=(1, 3))
    assert np.abs(blue - 128 - 0.5643 * (quads[..., 2] - quads @ LUMA)).mean() < 1.0
    assert np.abs(red - 128 - 0.7133 * (quads[..., 0] - quads @ LUMA)).mean() < 1.0


# What goes in and out


@pytest.mark.parametrize("layout", ["rgb", "yuv420"])
@pytest.mark.parametrize("which", [bare, lambda recipe: recipe])
def test_any_number_of_threads_gives_the_same_bytes(layout, which):
    frame = RawFrame(contents((301, 203), "smooth"), shot("GBRG"))
    made = [preview(frame, which(recipe_of()), layout=layout, threads=threads) for threads in (1, 2, 3, 7)]
    for other in made[1:]:
        np.testing.assert_array_equal(other, made[0])


def test_the_callers_array_is_filled_and_given_back():
    frame = RawFrame(contents((64, 66), "smooth"), shot())
    counts = frame.pixels.copy()
    for layout, shape in (("rgb", (64, 66, 3)), ("yuv420", (64 * 66 * 3 // 2,))):
        out = np.zeros(shape, dtype=np.uint8)
        assert preview(frame, recipe_of(), layout=layout, out=out) is out
        np.testing.assert_array_equal(out, preview(frame, recipe_of(), layout=layout))
    np.testing.assert_array_equal(frame.pixels, counts)


@pytest.mark.parametrize(
    "out",
    [
        np.zeros((64, 66, 3), dtype=np.uint16),
        np.zeros((64, 66, 4), dtype=np.uint8),
        np.zeros((66, 64, 3), dtype=np.uint8),
        np.zeros((64, 132, 3), dtype=np.uint8)[:, ::2],
        [0],
    ],
)
def test_an_array_that_does_not_fit_is_refused(out):
    with pytest.raises(FrameError, match="it must be uint8"):
        preview(RawFrame(contents((64, 66), "smooth"), shot()), recipe_of(), out=out)


def test_what_is_no_photo_recipe_is_refused():
    frame = RawFrame(contents((8, 8), "smooth"), shot())
    with pytest.raises(FrameError, match="Layout 'bgr'"):
        preview(frame, recipe_of(), layout="bgr")
    with pytest.raises(PipelineError, match="planned"):
        preview(frame, photo_pipeline())
    with pytest.raises(PipelineError, match="planned"):
        preview(frame, Pipeline((Levels(), WhiteBalance(gains=(1.0, 1.0, 1.0)))))
    with pytest.raises(PipelineError, match="sum to 1"):
        preview(frame, recipe_of(matrix=(2.0,) * 9))
    with pytest.raises(PipelineError, match="amplifies"):
        preview(frame, recipe_of(matrix=(101.0, -50.0, -50.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0)))


# The twin


def scaled(value, share):
    return (value * share + 0x4000) >> 15


def mean(a, b):
    return (a + b + 1) >> 1


def light_twin(counts, bayer, balance):
    """Counts to light; the gains' straight lines along a row are single precision, as in the kernel."""
    height, width = counts.shape
    _, rows, columns = balance.gains.shape
    window = np.array(balance.window, dtype=np.float32)
    gains = np.zeros((height, width), dtype=np.int64)
    step = np.float32(2) / np.float32(width) * window[2] * np.float32(columns)
    for y in range(height):
        vertical = (window[1] + np.float32(y + 0.5) / np.float32(height) * window[3]) * np.float32(rows) - np.float32(
            0.5
        )
        inside = np.clip(vertical, np.float32(0), np.float32(rows - 1))
        upper = min(int(inside), rows - 2)
        share = int(min((inside - np.float32(upper)) * np.float32(32768), 32767))
        for parity in (0, 1):
            lines = [
                _along(balance.gains[2 * (y & 1) + parity, row], window, parity, width, step)
                for row in (upper, upper + 1)
            ]
            gains[y, parity::2] = (lines[0] + scaled(lines[1] - lines[0], share))[: len(gains[y, parity::2])]
    black = np.tile(np.reshape(balance.black, (2, 2)), (height // 2 + 1, width // 2 + 1))[:height, :width]
    full = ((np.clip(counts, *balance.held).astype(np.int64) << balance.shifts[0]) >> balance.shifts[1]) - black
    pedestal, brightest = balance.light
    shift = balance.gain_shift
    product = np.clip(scaled(full, gains), -(pedestal >> shift), (brightest - pedestal) >> shift)
    return (product << shift) + pedestal


def _along(knots, window, parity, width, step):
    columns, lanes = len(knots), (width + 1) // 2
    start = (window[0] + np.float32(parity + 0.5) / np.float32(width) * window[2]) * np.float32(columns) - np.float32(
        0.5
    )
    ends = np.ceil((np.arange(columns, dtype=np.float32) - start) / step)
    i = np.arange(lanes)
    k = np.searchsorted(ends, i, side="right") - 1
    left = knots[np.maximum(k, 0)]
    slope = knots[np.minimum(k + 1, columns - 1)] - left
    gain = left + slope * ((start - k.astype(np.float32)) + i.astype(np.float32) * step)
    return (gain + np.float32(0.5)).astype(np.int64)


def colours_twin(light, bayer, brightest):
    """Malvar's filters as means and differences, for the picture and one column and row more."""
    reach = 8
    height, width = light.shape
    padded = np.pad(light, reach, mode="reflect")
    at = lambda dy, dx: padded[reach + dy : reach + dy + height + 1, reach + dx : reach + dx + width + 1]  # noqa: E731
    four = lambda *steps: mean(mean(at(*steps[0]), at(*steps[1])), mean(at(*steps[2]), at(*steps[3])))  # noqa: E731
    here = at(0, 0)
    cross = four((-1, 0), (1, 0), (0, -1), (0, 1))
    corners = four((-1, -1), (-1, 1), (1, -1), (1, 1))
    beyond = here - four((-2, 0), (2, 0), (0, -2), (0, 2))
    over_corners = (here - corners) >> 1
    over_column = here - mean(at(-2, 0), at(2, 0))
    over_row = here - mean(at(0, -2), at(0, 2))
    along_row = mean(at(0, -1), at(0, 1)) + over_corners + (over_row >> 2) - (over_column >> 3)
    along_column = mean(at(-1, 0), at(1, 0)) + over_corners + (over_column >> 2) - (over_row >> 3)
    held = lambda plane: np.clip(plane, 0, brightest)  # noqa: E731
    letters = np.array(list(bayer)).reshape(2, 2)
    measured = np.tile(letters, (height // 2 + 1, width // 2 + 1))[: height + 1, : width + 1]
    planes = []
    for colour in "RB":
        row_has_it = np.any(measured[:, :2] == colour, axis=1)[:, None]
        beside_green = held(np.where(row_has_it, along_row, along_column))
        at_other = held(corners + beyond - (beyond >> 2))
        planes.append(np.where(measured == colour, here, np.where(measured == "G", beside_green, at_other)))
    return planes[0], np.where(measured == "G", here, held(cross + (beyond >> 1))), planes[1]


def codes_twin(counts, bayer, numbers):
    """Display codes, 64 to a step of 8 bits, for the picture and one column and row more."""
    colour = numbers.colour
    red, green, blue = colours_twin(light_twin(counts, bayer, numbers.balance), bayer, colour.brightest)
    lit = np.maximum(np.maximum(red, green), blue) > colour.pedestal
    redder, bluer = (np.where(lit, plane - green, 0) << colour.shift for plane in (red, blue))
    start, rise = np.array(colour.start), np.array(colour.rise)
    codes = []
    for from_red, from_blue in np.reshape(colour.shares, (3, 2)).tolist():
        matched = green + scaled(redder, from_red) + scaled(bluer, from_blue)
        assert np.abs(matched).max() <= 32767
        place = np.clip(matched - colour.pedestal, 0, (1 << colour.unit_bits) - 1)
        dark = place < 1 << (colour.unit_bits - 4)
        magnified = np.where(dark, place << 4, place)
        line = (magnified >> (colour.unit_bits - 5)) + 32 * dark
        along = magnified & ((1 << (colour.unit_bits - 5)) - 1)
        codes.append(start[line] + ((along * rise[line]) >> (colour.unit_bits - 5)))
    return codes


def limit_twin(luma, start, slope):
    limit = np.full_like(luma, start)
    for low, high, share in zip(PREVIEW_LIMIT_KNOTS, PREVIEW_LIMIT_KNOTS[1:], slope, strict=False):
        limit += scaled(np.clip(luma - 64 * low, 0, 64 * (high - low)), share)
    return limit


def smooth_twin(blue, red, limit, axis):
    padding = [(2, 2) if a == axis else (0, 0) for a in (0, 1)]
    moved = [
        [np.roll(np.pad(plane, padding, mode="edge"), -step, axis) for step in (0, 1, 3, 4)] for plane in (blue, red)
    ]
    inside = np.s_[: blue.shape[0], : blue.shape[1]]
    sums = [np.zeros_like(blue), np.zeros_like(red)]
    for beside_blue, beside_red in zip(*moved, strict=True):
        steps = beside_blue[inside] - blue, beside_red[inside] - red
        alike = (np.abs(steps[0]) < limit) & (np.abs(steps[1]) < limit)
        sums = [total + np.where(alike, step, 0) for total, step in zip(sums, steps, strict=True)]
    return blue + scaled(sums[0], 6554), red + scaled(sums[1], 6554)


def binomial_twin(plane, axis):
    a, b, c, d, e = (np.roll(plane, 2 - step, axis) for step in range(5))
    return mean(mean(b, d), mean(c, mean(c, mean(a, e))))


def finished_twin(counts, bayer, numbers):
    """Sharpened luma, and colour differences of 2 x 2 pixels, in display codes."""
    height, width = counts.shape
    finish = numbers.finish
    red, green, blue = codes_twin(counts, bayer, numbers)
    luma = scaled(red, 9798) + scaled(green, 19235) + scaled(blue, 3735)
    quads = []
    for plane in (blue, red, luma):
        even = plane[: (height + 1) // 2 * 2, : (width + 1) // 2 * 2]
        across = mean(even[:, ::2], even[:, 1::2])
        quads.append(mean(across[::2], across[1::2]))
    limit = limit_twin(quads[2], finish.chroma_start, finish.chroma_slope)
    differences = smooth_twin(quads[0] - quads[2], quads[1] - quads[2], limit, axis=1)
    differences = smooth_twin(*differences, limit, axis=0)

    luma = luma[:height, :width]
    blurred = np.pad(luma, 4, mode="reflect")
    blurred = binomial_twin(blurred, 0)[4 : height + 4, 4 : width + 4]
    blurred = binomial_twin(np.pad(blurred, 4, mode="reflect"), 1)[4 : height + 4, 4 : width + 4]
    limit = limit_twin(luma, finish.detail_start, finish.detail_slope)
    detail = luma - blurred
    clear = np.clip(detail - np.clip(detail, -limit, limit), -8191, 8191)
    near = np.pad(luma, 1, mode="reflect")
    around = [near[dy : dy + height, dx : dx + width] for dy in range(3) for dx in range(3)]
    lowest, highest = np.min(around, axis=0), np.max(around, axis=0)
    slack = (highest - lowest) >> 4
    steeper = np.clip(luma + scaled(4 * clear, finish.amount), lowest - slack, highest + slack)
    return np.clip(steeper, 0, 255 * 64), differences


def rgb_twin(luma, differences):
    height, width = luma.shape
    y, x = np.arange(height), np.arange(width)
    full = []
    for half in differences:
        near, far = half[y // 2], half[np.clip(y // 2 + np.where(y % 2, 1, -1), 0, len(half) - 1)]
        rows = near + ((far - near) >> 2)
        here, beside = rows[:, x // 2], rows[:, np.clip(x // 2 + np.where(x % 2, 1, -1), 0, rows.shape[1] - 1)]
        full.append(here + ((beside - here) >> 2))
    blue, red = full
    green = luma - scaled(red, 16691) - scaled(blue, 6364)
    return (np.clip(np.stack([luma + red, green, luma + blue], -1), 0, 255 * 64) + 32) >> 6


@pytest.mark.parametrize("bayer", BAYER_ORDERS)
@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("kind", KINDS)
def test_the_kernels_do_what_their_twins_say(bayer, size, kind):
    facts = shot(bayer, field_of_view=(0.1, 0.05, 0.7, 0.9), noise=Noise(3e-3, 1e-4))
    frame, recipe = RawFrame(contents(size, kind), facts), recipe_of()
    numbers = preview_numbers(facts, recipe)

    codes = np.stack(codes_twin(frame.pixels, bayer, numbers), -1)[: size[0], : size[1]]
    np.testing.assert_array_equal(preview(frame, bare(recipe)), (codes + 32) >> 6)

    luma, differences = finished_twin(frame.pixels, bayer, numbers)
    np.testing.assert_array_equal(preview(frame, recipe), rgb_twin(luma, differences))
    planes = planes_of(preview(frame, recipe, layout="yuv420"), *size)
    np.testing.assert_array_equal(planes[0], (luma + 32) >> 6)
    for plane, difference, share in zip(planes[1:], differences, (18492, 23364), strict=True):
        np.testing.assert_array_equal(plane, np.clip((scaled(difference, share) + 128 * 64 + 32) >> 6, 0, 255))


def test_an_absurd_gain_is_white():
    frame = RawFrame(contents((64, 66), "smooth"), shot())
    assert np.all(preview(frame, bare(recipe_of(matrix=None, gains=(1e4, 1e4, 1e4)))) == 255)


@pytest.mark.parametrize("saturation", [0.0, 1.0, 2.0])
@pytest.mark.parametrize("white", [255, 4095, 65535])
def test_twins_hold_for_any_depth_and_any_matrix(saturation, white):
    facts = shot("GRBG", black_dn=(white / 16,) * 4, white_dn=float(white))
    frame = RawFrame(contents((66, 130), "random", white), facts)
    recipe = recipe_of({"colour": {"saturation": saturation}, "sharpen": {"amount": 2.0}}, gains=(3.7, 1.0, 2.2))
    numbers = preview_numbers(facts, recipe)
    np.testing.assert_array_equal(preview(frame, recipe), rgb_twin(*finished_twin(frame.pixels, "GRBG", numbers)))


def test_a_picture_wider_than_a_tile_has_no_seams():
    frame = RawFrame(contents((10, 8500), "smooth"), shot("BGGR"))
    recipe = recipe_of(shading=False)
    numbers = preview_numbers(frame.shot, recipe)
    np.testing.assert_array_equal(preview(frame, recipe), rgb_twin(*finished_twin(frame.pixels, "BGGR", numbers)))
    codes = np.stack(codes_twin(frame.pixels, "BGGR", numbers), -1)[:10, :8500]
    np.testing.assert_array_equal(preview(frame, bare(recipe)), (codes + 32) >> 6)

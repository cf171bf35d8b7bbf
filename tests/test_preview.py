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
from isp.kernels import LIFT_LEVELS, PREVIEW_LIMIT_KNOTS
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
FAST = {"demosaic": {"quality": "fast"}}
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


def recipe_of(knobs=None, matrix=MATRIX, gains=(1.9, 1.0, 1.4), shading=True, brightest=1.3, lift_ev=0.0):
    """A planned pipeline with facts of our own."""
    rng = np.random.default_rng(3)
    table = rng.uniform(1, 3, (3, 12, 16)) if shading else np.ones((3, 2, 2))
    lens = nested(table)
    facts = {
        "shading": {"gains": lens},
        "white_balance": {"gains": gains, "light_k": 5000.0},
        "highlights": {"clip": gains, "lens": lens},
        "colour": {"matrix": matrix},
        "local_tone": {"largest_lift_ev": lift_ev, "shares": nested(rng.uniform(0, 1, (LIFT_LEVELS, 4, 5)))},
        "tone": {"brightest": brightest},
    }
    stages = photo_pipeline(knobs).stages
    return Pipeline(tuple(dataclasses.replace(stage, **facts.get(stage.table_name(), {})) for stage in stages))


def nested(planes):
    return tuple(tuple(map(tuple, plane)) for plane in planes.tolist())


def bare(recipe):
    return Pipeline(
        tuple(
            s for s in recipe.stages if not isinstance(s, BadPixels | ColourFringes | ChromaNoise | LumaNoise | Sharpen)
        )
    )


def scene(name, sensor="imx477", size=(1332, 990), knobs=None, **simulated):
    frame, _ = simulate(name, sensor, *size, **({"bad_pixels": 0.0} | simulated))
    return frame, plan(photo_pipeline(FAST | (knobs or {})), frame, load_sensor(sensor).tuning)


def middle(picture, reach=100):
    height, width = picture.shape[:2]
    return picture[height // 2 - reach : height // 2 + reach, width // 2 - reach : width // 2 + reach].astype(float)


# It looks like the photo


# Mean difference of all pixels, of a colour's mean, and what 99.5 % of all values keep to, in codes. Where lights are
# blown by more than the preview's headroom (coffee's reflections) they turn white earlier.
BARE_BARS = {
    "grey": (0.15, 0.1, 2),
    "chart": (0.25, 0.1, 3),
    "astronaut": (0.35, 0.15, 4),
    "lamps": (0.4, 0.15, 4),
    "room": (0.7, 0.15, 4),
    "coffee": (0.7, 0.6, 18),
}


@pytest.mark.parametrize("name", BARE_BARS)
@pytest.mark.parametrize("sensor", ["imx477", "imx219"])
def test_the_bare_preview_is_the_photo_path_to_a_fraction_of_a_code(name, sensor):
    frame, recipe = scene(name, sensor, (640, 480) if sensor == "imx219" else (1332, 990), analogue_gain=2.0)
    photo = run_stages(frame, bare(recipe).stages).pixels.astype(int)
    difference = preview(frame, bare(recipe)) - photo
    mean, bias, most = BARE_BARS[name]
    assert np.abs(difference).mean() < mean
    assert np.abs(difference.mean(axis=(0, 1))).max() < bias
    assert np.percentile(np.abs(difference), 99.5) <= most


# Mean difference of all pixels and of blocks of 16 x 16. The preview keeps the grain of luma, sharpens otherwise and
# blurs colour by two pixels; where shadows are lifted (astronaut, room, coffee) that grain is lifted too.
FINISHED_BARS = {
    ("grey", 2.0): (0.6, 0.2),
    ("chelsea", 2.0): (1.1, 0.3),
    ("chart", 1.0): (1.1, 0.4),
    ("lamps", 2.0): (1.5, 0.5),
    ("room", 2.0): (2.8, 1.3),
    ("coffee", 2.0): (2.9, 1.0),
    ("astronaut", 1.0): (1.6, 0.7),
    ("astronaut", 8.0): (4.3, 1.8),
    ("astronaut", 16.0): (6.2, 2.6),
}


@pytest.mark.parametrize(("name", "gain"), FINISHED_BARS)
def test_the_finished_preview_has_the_photos_light_and_colours(name, gain):
    frame, recipe = scene(name, analogue_gain=gain)
    photo = run_stages(frame, recipe.stages).pixels.astype(float)
    made = preview(frame, recipe).astype(float)
    pixels, blocks = FINISHED_BARS[name, gain]
    assert np.abs(made - photo).mean() < pixels
    assert np.abs((made - photo).mean(axis=(0, 1))).max() < 1.3
    of_blocks = [picture[:976, :1328].reshape(61, 16, 83, 16, 3).mean(axis=(1, 3)) for picture in (made, photo)]
    assert np.abs(of_blocks[0] - of_blocks[1]).mean() < blocks


@pytest.mark.parametrize("gain", [1.0, 4.0])
def test_a_blown_grey_is_white_and_has_no_colour_on_its_way(gain):
    balance, counts = (2.2, 1.0, 1.8), np.zeros((64, 256), dtype=np.uint16)
    light = np.linspace(0.2, 2.0, 256) * gain
    for row in (0, 1):
        for column in (0, 1):
            of_colour = light[column::2] / balance[row + column]
            counts[row::2, column::2] = np.round(60 + 963 * np.clip(of_colour, 0, 1))
    frame = RawFrame(counts, shot(black_dn=(60.0,) * 4, noise=Noise(0.0, 0.0)))
    shown = preview(frame, bare(recipe_of(gains=balance, shading=False, brightest=1.7))).astype(int)
    assert np.ptp(shown[8:-8, 8:-8], axis=-1).max() <= 12
    assert np.all(shown[:, -8:] == 255) or gain == 1.0


@pytest.mark.parametrize("knobs", [{"colour": {"saturation": 2.0}}, {"tone": {"exposure_ev": 1.5, "contrast": 0.5}}])
def test_knobs_move_the_preview_as_they_move_the_photo(knobs):
    frame, recipe = scene("coffee", knobs=knobs, analogue_gain=2.0)
    photo = run_stages(frame, bare(recipe).stages).pixels.astype(int)
    assert np.abs(preview(frame, bare(recipe)) - photo).mean() < 1.3


@pytest.mark.parametrize("white", [255, 1023, 4095, 16383, 65535])
def test_raws_of_any_depth_show_the_same_picture(white):
    light = np.linspace(0, 1, 64 * 96).reshape(64, 96)
    black = white // 16
    counts = np.round(black + light * (white - black)).astype(np.uint16)
    frame = RawFrame(counts, shot(black_dn=(float(black),) * 4, white_dn=float(white), noise=Noise(0.0, 0.0)))
    shown = preview(frame, bare(recipe_of(matrix=None, gains=(1.0, 1.0, 1.0), shading=False, brightest=None)))
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


def position_gains(size, balance):
    """(4, height, half width) gains of each position of the 2 x 2, as if it lay in every row.

    The straight lines along a row are single precision, as in the kernel.
    """
    height, width = size
    _, rows, columns = balance.gains.shape
    single = np.float32
    window = np.array(balance.window, dtype=single)
    gains = np.zeros((4, height, (width + 1) // 2), dtype=np.int64)
    step = single(2) / single(width) * window[2] * single(columns)
    for y in range(height):
        vertical = (window[1] + single(y + 0.5) / single(height) * window[3]) * single(rows) - single(0.5)
        inside = np.clip(vertical, single(0), single(rows - 1))
        upper = min(int(inside), rows - 2)
        share = int(min((inside - single(upper)) * single(32768), 32767))
        for position in range(4):
            above, below = (
                _along(balance.gains[position, row], window, position & 1, width, step) for row in (upper, upper + 1)
            )
            gains[position, y] = above + scaled(below - above, share)
    return gains


def of_pixels(per_position, size, flip=0):
    """(height, width) from (4, height, half width): each pixel's own position; flipped by 1 in its row, by 2 across."""
    y, x = np.mgrid[: size[0], : size[1]]
    return per_position[(2 * (y & 1) + (x & 1)) ^ flip, y, x // 2]


def light_twin(counts, bayer, numbers):
    """Counts to light, blown ones rebuilt."""
    balance = numbers.balance
    gains = position_gains(counts.shape, balance)
    black = np.tile(np.reshape(balance.black, (2, 2)), (counts.shape[0] // 2 + 1, counts.shape[1] // 2 + 1))
    shifted = (np.clip(counts, *balance.held).astype(np.int64) << balance.shifts[0]) >> balance.shifts[1]
    pedestal, brightest = balance.light
    shift = balance.gain_shift
    product = scaled(shifted - black[: counts.shape[0], : counts.shape[1]], of_pixels(gains, counts.shape))
    light = (np.clip(product, -(pedestal >> shift), (brightest - pedestal) >> shift) << shift) + pedestal
    return light if numbers.highlights is None else blown_twin(light, bayer, numbers, gains)


def blown_twin(light, bayer, numbers, gains):
    """The rule of highlights.py in single precision, whatever is near."""
    balance, (nearly, blown, whitening) = numbers.balance, map(np.float32, numbers.highlights)
    pedestal, brightest = balance.light
    white = (balance.held[1] << balance.shifts[0]) >> balance.shifts[1]
    highest = (white - np.array(balance.black)).astype(np.float32) / np.float32(32768)
    levels = gains.astype(np.float32) * (highest * np.float32(1 << balance.gain_shift))[:, None, None]
    shares = np.float32(1) / np.clip(levels, np.float32(1), np.float32(brightest - pedestal))
    of = lambda flip: of_pixels(shares, light.shape, flip)  # noqa: E731

    near = np.pad(light, 1, mode="reflect").astype(np.float32)
    at = lambda dy, dx: near[1 + dy : 1 + dy + light.shape[0], 1 + dx : 1 + dx + light.shape[1]]  # noqa: E731
    below_black = np.float32(pedestal)
    own = at(0, 0) - below_black
    row, column = at(0, -1) + at(0, 1), at(-1, 0) + at(1, 0)
    diagonal = (at(-1, -1) + at(-1, 1)) + (at(1, -1) + at(1, 1))
    letters = np.tile(np.array(list(bayer)).reshape(2, 2), np.array(light.shape) // 2 + 1)
    green = letters[: light.shape[0], : light.shape[1]] == "G"
    second = np.where(green, np.float32(0.5) * row, np.float32(0.25) * (row + column)) - below_black
    third = np.where(green, np.float32(0.5) * column, np.float32(0.25) * diagonal) - below_black
    of_third = np.where(green, of(2), of(3))

    def ramp(value, start, end):
        share = np.clip((value - start) * (np.float32(1) / (end - start)), np.float32(0), np.float32(1))
        return share * share * (np.float32(3) - np.float32(2) * share)

    lights = [own, second, third]
    parts = [own * of(0), second * of(1), third * of_third]
    blowns = [ramp(part, nearly, blown) for part in parts]
    rebuilt = [
        lights[i] + blowns[i] * np.maximum(np.float32(0.5) * (lights[i - 2] + lights[i - 1]) - lights[i], np.float32(0))
        for i in range(3)
    ]
    middle = np.sort(parts, axis=0)[1]
    whiter = ramp(middle, whitening, blown) * np.max(blowns, axis=0) * (np.max(rebuilt, axis=0) - rebuilt[0])
    added = (rebuilt[0] - own) + whiter
    return (own + added + (below_black + np.float32(0.5))).astype(np.int64)


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


def lift_twin(light, numbers, size):
    """The rule of local_tone.py in single precision, with the photo kernel's own polynomials."""
    single = np.float32
    bends, from_ev = numbers.lift
    _, rows, columns = bends.shape
    height, width = size
    pedestal, unit = single(numbers.balance.light[0]), single(1 << numbers.colour.unit_bits)
    strongest = (np.max(light, axis=0).astype(single) - pedestal) * (single(1) / unit)
    bits = np.maximum(strongest, single(1 / 65536)).view(np.uint32)
    m = ((bits & 0x7FFFFF) | 0x3F800000).view(single) - single(1)
    octave = ((bits >> 23).astype(np.int32) - 127).astype(single)
    log2 = octave + m * (single(1.42286532) + m * (single(-0.58208542) + m * single(0.15922010)))
    depth = np.maximum(single(from_ev) - log2, single(0))

    y = np.arange(strongest.shape[0]).astype(single)
    inside = np.clip((y + single(0.5)) / single(height) * single(rows) - single(0.5), single(0), single(rows - 1))
    upper = np.minimum(inside.astype(int), rows - 2)
    share = (inside - upper.astype(single))[:, None]
    knots = bends[:, upper] + share * (bends[:, upper + 1] - bends[:, upper])
    lift = np.zeros_like(strongest)
    for x in range(strongest.shape[1]):
        k, along = _place(x, width, columns)
        left, right = knots[:, :, max(k, 0)], knots[:, :, min(k + 1, columns - 1)]
        for level in range(len(bends)):
            bend = left[level] + along * (right[level] - left[level])
            lift[:, x] += bend * np.minimum(depth[:, x], single(level + 1))
    whole = lift.astype(np.int32)
    part = lift - whole.astype(single)
    mantissa = single(1) + part * (single(0.69589012) + part * (single(0.22486495) + part * single(0.07924493)))
    gain = (mantissa.view(np.uint32) + (whole.astype(np.uint32) << 23)).view(single)
    shown = [(plane.astype(single) - pedestal) * gain + (pedestal + single(0.5)) for plane in light]
    return [np.clip(plane, single(0), single(32767)).astype(np.int64) for plane in shown]


def _place(x, width, columns):
    """The knot left of a column and the share of the way to the next, as a block of 512 columns finds them."""
    single = np.float32
    first, lane = x // 512 * 512 + x % 2, single(x % 512 // 2)
    step = single(2) * single(columns) / single(width)
    start = (single(first) + single(0.5)) / single(width) * single(columns) - single(0.5)
    ends = np.ceil((np.arange(columns, dtype=single) - start) / step)
    k = int(np.searchsorted(ends, lane, side="right")) - 1
    return k, (start - single(k)) + lane * step


def film_twin(light, numbers):
    """The gamut's floor as straight lines, and the film's gain."""
    black, tone = numbers.balance.light[0], numbers.tone
    strongest = np.maximum(np.max(light, axis=0), black) - black
    floor = scaled(strongest, 655)
    place = np.clip(strongest - tone.straight, 0, (64 << tone.line_bits) - 1)
    line, along = place >> tone.line_bits, (place & ((1 << tone.line_bits) - 1)) << (15 - tone.line_bits)
    gain = np.array(tone.start)[line] + scaled(along, np.array(tone.rise)[line])
    shown = []
    for plane in light:
        value = np.maximum(plane, black - 8192) - black
        below = floor - value
        lines = floor - scaled(below, 23813), scaled(floor, 25107) - scaled(below, 7924)
        least = np.maximum(scaled(floor, 13933) - scaled(below, 1671), floor >> 4)
        inside = np.where(value < floor, np.maximum(np.maximum(*lines), least), plane - black)
        filmed = np.minimum(scaled(inside, gain), ((1 << numbers.colour.unit_bits) >> tone.shift) + 1) << tone.shift
        shown.append(np.where(strongest > tone.straight, filmed, inside))
    return shown


def codes_twin(counts, bayer, numbers):
    """Display codes, 64 to a step of 8 bits, for the picture and one column and row more."""
    colour = numbers.colour
    pedestal = numbers.balance.light[0]
    red, green, blue = colours_twin(light_twin(counts, bayer, numbers), bayer, colour.brightest)
    lit = np.maximum(np.maximum(red, green), blue) > pedestal
    redder, bluer = (np.where(lit, plane - green, 0) << colour.shift for plane in (red, blue))
    matched = [
        green + scaled(redder, from_red) + scaled(bluer, from_blue)
        for from_red, from_blue in np.reshape(colour.shares, (3, 2)).tolist()
    ]
    assert np.abs(matched).max() <= 32767
    if numbers.lift is not None:
        matched = lift_twin(matched, numbers, counts.shape)
    start, rise = np.array(numbers.tone.code_start), np.array(numbers.tone.code_rise)
    codes = []
    for shown in film_twin(matched, numbers):
        place = np.clip(shown, 0, (1 << colour.unit_bits) - 1)
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
@pytest.mark.parametrize("lift_ev", [0.0, 2.5])
def test_the_kernels_do_what_their_twins_say(bayer, size, kind, lift_ev):
    facts = shot(bayer, field_of_view=(0.1, 0.05, 0.7, 0.9), noise=Noise(3e-3, 1e-4))
    frame, recipe = RawFrame(contents(size, kind), facts), recipe_of(lift_ev=lift_ev)
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

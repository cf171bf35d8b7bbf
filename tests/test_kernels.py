"""Every pixel loop against its numpy twin: the twin is the readable specification of what the C++ does."""

import numpy as np
import pytest

from isp.bad_pixels import NOISE_DEVIATIONS, BadPixels
from isp.burst.places import places_of
from isp.chroma_noise import CALM_ALIKE, CELL_ALIKE, CELL_BETWEEN, CELLS_APART, EDGE_ALIKE, ChromaNoise
from isp.colour import Colour
from isp.colour_fringes import ColourFringes
from isp.demosaic import Demosaic, demosaic
from isp.develop import run_stages
from isp.eight_bit import EightBit
from isp.frames import BAYER_ORDERS, LinearImage, Mosaic, Noise, Photo, RawFrame, Shot
from isp.highlights import NEARLY_BLOWN, Highlights
from isp.kernels import GRAIN_STEPS, LIFT_LEVELS
from isp.levels import Levels
from isp.local_tone import FROM_EV, LocalTone
from isp.luma_noise import DETAIL_VARIANCES, GRAIN_VARIANCES, WINDOW, LumaNoise
from isp.shading import Shading
from isp.sharpen import GATE_OPEN, GATE_OPENS, Sharpen, gaussian_taps
from isp.statistics import CLIP_SHARE
from isp.tone import Tone, encode_srgb
from isp.white_balance import WhiteBalance
from isp.zoom.three_colours import WideChromaNoise

# Noise so strong that the random pictures below hold both neighbours that are alike and such that are not.
CHROMA = ChromaNoise(
    differences=(0.6, 0.3, -0.35, 0.95), colours=(-0.43, 0.44, 0.12, 1.3), noise=(0.02, 0.004), strength=0.9
)
WIDE_CHROMA = WideChromaNoise(CHROMA.strength, CHROMA.differences, CHROMA.colours, CHROMA.noise)
LUMA = LumaNoise(weights=(0.4, 0.9, -0.3), noise=(0.05, 0.01), strength=0.7)
SIZES = [(2, 2), (3, 2), (2, 5), (7, 9), (64, 66), (131, 77)]
BLACK = (60.0, 61.0, 62.0, 63.0)


def shot(bayer="RGGB", **facts):
    known = dict(
        sensor="imx477",
        bayer=bayer,
        black_dn=BLACK,
        white_dn=1023.0,
        timestamp_ns=0,
        wall_time_ns=0,
        exposure_us=1000.0,
        analogue_gain=1.0,
        noise=Noise(1e-4, 1e-6),
    )
    return Shot(**(known | facts))


def contents(size, low, high, kind):
    rng = np.random.default_rng([*size, len(kind)])
    return {
        "random": rng.uniform(low, high, size),
        "black": np.full(size, low),
        "white": np.full(size, high),
        "edge": np.where(np.arange(size[1]) < size[1] // 2, low, high) * np.ones(size),
    }[kind]


KINDS = ["random", "black", "white", "edge"]


def padded(plane, reach):
    """Mirror at the borders without repeating the border itself, however small the picture."""
    rows, columns = (np.arange(-reach, length + reach) for length in plane.shape)
    fold = lambda index, length: np.abs((index + length - 1) % max(2 * (length - 1), 1) - (length - 1))  # noqa: E731
    return plane[np.ix_(fold(rows, plane.shape[0]), fold(columns, plane.shape[1]))]


def around(plane, dy, dx, reach=16):
    """The picture moved so that each pixel shows its neighbour (dy, dx)."""
    height, width = plane.shape
    return padded(plane, reach)[reach + dy : reach + dy + height, reach + dx : reach + dx + width]


def colour_map(bayer, size):
    """Which of 0 red, 1 green, 2 blue each pixel measures."""
    tile = np.array(["RGB".index(letter) for letter in bayer]).reshape(2, 2)
    return np.tile(tile, (size[0] // 2 + 1, size[1] // 2 + 1))[: size[0], : size[1]]


def per_position(values, size):
    return np.tile(np.reshape(values, (2, 2)), (size[0] // 2 + 1, size[1] // 2 + 1))[: size[0], : size[1]]


def test_the_border_is_mirrored_without_repeating_it():
    row = np.arange(4.0)[None, :].repeat(4, 0)
    assert padded(row, 3)[3].tolist() == [3, 2, 1, 0, 1, 2, 3, 2, 1, 0]


@pytest.mark.parametrize("bayer", BAYER_ORDERS)
@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("kind", KINDS)
class TestMosaicStages:
    def test_levels(self, bayer, size, kind):
        counts = contents(size, 0, 1023, kind).astype(np.uint16)
        black = per_position(BLACK, size)
        twin = (counts - black) / (1023.0 - black)
        np.testing.assert_allclose(Levels()(RawFrame(counts, shot(bayer))).pixels, twin, rtol=1e-6, atol=1e-6)

    def test_bad_pixels(self, bayer, size, kind):
        values = contents(size, -0.01, 1.0, kind).astype(np.float32)
        hurt = values.copy()
        hurt[size[0] // 2, size[1] // 2] = 4.0
        twin = bad_pixels_twin(hurt.astype(np.float64), BadPixels(), shot(bayer).noise)
        np.testing.assert_allclose(BadPixels()(Mosaic(hurt, shot(bayer))).pixels, twin, rtol=1e-5, atol=1e-6)

    def test_white_balance(self, bayer, size, kind):
        values = contents(size, -0.01, 1.0, kind).astype(np.float32)
        gains = (1.9, 1.0, 1.4)
        twin = values * np.array(gains)[colour_map(bayer, size)]
        made = WhiteBalance(gains=gains)(Mosaic(values, shot(bayer))).pixels
        np.testing.assert_allclose(made, twin, rtol=1e-6)

    def test_colour_fringes(self, bayer, size, kind):
        values = contents(size, -0.01, 1.0, kind).astype(np.float32)
        stage = ColourFringes(red_scale=1.03, blue_scale=0.99, axis_px=(size[0] * 0.4, size[1] * 0.6))
        twin = fringes_twin(values.astype(np.float64), colour_map(bayer, size), stage)
        np.testing.assert_allclose(stage(Mosaic(values, shot(bayer))).pixels, twin, rtol=1e-4, atol=2e-5)

    @pytest.mark.parametrize("lens", [None, np.random.default_rng(3).uniform(1, 3, (3, 12, 16))])
    def test_highlights(self, bayer, size, kind, lens):
        clip = (1.9, 1.0, 1.4)
        levels = np.array(clip)[colour_map(bayer, size)]
        values = (contents(size, -0.01, 1.3, kind).clip(max=1.0) * levels).astype(np.float32)
        facts = dict(field_of_view=(0.1, 0.05, 0.7, 0.9), vflip=True)
        gains = None if lens is None else tuple(tuple(map(tuple, plane)) for plane in lens.tolist())
        made = Highlights(clip=clip, lens=gains)(Mosaic(values, shot(bayer, **facts))).pixels
        lens = np.ones((3, 2, 2)) if lens is None else lens
        behind = np.moveaxis(lens_twin(size, lens, **facts), -1, 0)
        twin = highlights_twin(values.astype(np.float64), colour_map(bayer, size), clip, behind)
        np.testing.assert_allclose(made, twin, rtol=2e-4, atol=1e-6)
        plain = Highlights(enabled=False, clip=clip)(Mosaic(values, shot(bayer))).pixels
        np.testing.assert_array_equal(plain, np.minimum(values, np.float32(1.0)))

    def test_demosaic(self, bayer, size, kind):
        values = contents(size, -0.01, 1.0, kind).astype(np.float32)
        twin = malvar_twin(values.astype(np.float64), colour_map(bayer, size))
        made = Demosaic(quality="fast")(Mosaic(values, shot(bayer))).pixels
        np.testing.assert_allclose(made, twin, rtol=1e-5, atol=1e-5)
        np.testing.assert_array_equal(demosaic(values, bayer, "fast"), made)


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("kind", KINDS)
class TestColourStages:
    def colours(self, size, kind, low, high):
        return np.stack(
            [
                contents(size, low, high, kind),
                contents(size, low, high, kind) * 0.5,
                contents(size, low, high, kind) * 0.8,
            ],
            -1,
        )

    def test_shading(self, size, kind):
        linear = self.colours(size, kind, -0.01, 1.0).astype(np.float32)
        table = np.random.default_rng(3).uniform(1, 3, (3, 12, 16))
        gains = tuple(tuple(map(tuple, plane)) for plane in table.tolist())
        facts = dict(field_of_view=(0.1, 0.05, 0.7, 0.9), hflip=True)
        made = Shading(gains=gains, blown=1.0)(LinearImage(linear, shot(**facts))).pixels
        np.testing.assert_allclose(made, shading_twin(linear, table, **facts), rtol=2e-5, atol=1e-6)

    def test_colour(self, size, kind):
        pixels = self.colours(size, kind, -0.1, 1.2).astype(np.float32)
        matrix = np.array([[1.8, -0.6, -0.2], [-0.3, 1.7, -0.4], [0.1, -0.7, 1.6]])
        made = Colour(matrix=tuple(matrix.ravel().tolist()))(LinearImage(pixels, shot())).pixels
        twin = np.where(pixels.max(axis=-1, keepdims=True) > 0, pixels @ matrix.T, 0.0)
        np.testing.assert_allclose(made, twin, rtol=1e-5, atol=1e-5)

    def test_local_tone(self, size, kind):
        pixels = self.colours(size, kind, -0.001, 0.3).astype(np.float32) ** 3
        shares = np.random.default_rng(9).uniform(0, 1, (LIFT_LEVELS, 5, 3))
        planned = LocalTone(largest_lift_ev=2.5, shares=tuple(tuple(map(tuple, plane)) for plane in shares.tolist()))
        made = planned(LinearImage(pixels, shot())).pixels
        np.testing.assert_allclose(made, local_tone_twin(pixels, 2.5 * shares), rtol=3e-3, atol=1e-9)

    @pytest.mark.parametrize(
        "tone",
        [Tone(), Tone(exposure_ev=1.5, contrast=0.4), Tone(exposure_ev=-1.0), Tone(brightest=3.0), Tone(brightest=0.7)],
    )
    def test_tone(self, size, kind, tone):
        pixels = (self.colours(size, kind, -0.1, 3.2) - [0.0, 0.2, 0.0]).astype(np.float32)
        made = tone(LinearImage(pixels, shot())).pixels.astype(int)
        shown = tone_twin(pixels.astype(np.float64), tone)
        assert np.abs(made - 65535 * encode_srgb(shown)).max() < 14  # black itself: linear below 2^-16
        assert np.abs(made - 65535 * encode_srgb(shown))[shown > 2**-15].max(initial=0) < 2.5

    def test_chroma_noise(self, size, kind):
        pixels = self.colours(size, kind, -0.01, 1.0).astype(np.float32)
        for stage in (CHROMA, WIDE_CHROMA):
            made = stage(LinearImage(pixels, shot())).pixels
            np.testing.assert_allclose(made, chroma_twin(pixels.astype(np.float64), stage), rtol=1e-4, atol=2e-5)

    def test_luma_noise(self, size, kind):
        pixels = self.colours(size, kind, -0.01, 1.0).astype(np.float32)
        made = LUMA(LinearImage(pixels, shot())).pixels
        np.testing.assert_allclose(made, luma_noise_twin(pixels.astype(np.float64), LUMA), rtol=1e-4, atol=2e-5)

    @pytest.mark.parametrize("radius", [0.3, 1.0, 5.0])
    def test_sharpen(self, size, kind, radius):
        pixels = self.colours(size, kind, 0, 65535).astype(np.uint16)
        grain = tuple(np.linspace(3000.0, 500.0, GRAIN_STEPS).tolist())
        stage = Sharpen(amount=0.7, radius_px=radius, overshoot=0.1, grain=grain)
        made = stage(Photo(pixels, shot())).pixels
        off = np.abs(made - sharpen_twin(pixels.astype(np.float64), stage))
        # Blurred luma exactly between two steps of the grain table may fall either way in single precision.
        assert np.mean(off > 1) < 0.002

    def test_eight_bit(self, size, kind):
        pixels = self.colours(size, kind, 0, 65535).astype(np.uint16)
        np.testing.assert_array_equal(EightBit()(Photo(pixels, shot())).pixels, np.floor(pixels / 257 + 0.5))


def test_any_number_of_threads_gives_the_same_bytes():
    counts = np.random.default_rng(5).integers(0, 1024, (301, 203)).astype(np.uint16)
    stages = (Levels(), BadPixels(), WhiteBalance(gains=(2.0, 1.0, 1.5)), Highlights(clip=(2.0, 1.0, 1.5)))
    stages += (ColourFringes(red_scale=1.01, blue_scale=0.985, axis_px=(150.0, 100.0)), Demosaic(), CHROMA, LUMA)
    stages += (Colour(), Tone(), Sharpen(), EightBit())
    photos = [run_stages(RawFrame(counts, shot()), stages, threads).pixels for threads in (1, 2, 3, 7)]
    for photo in photos[1:]:
        np.testing.assert_array_equal(photo, photos[0])


def test_a_picture_wider_than_a_tile_has_no_seams():
    # So even that no pixel is on the verge of being bad, where the last bit decides.
    counts = np.random.default_rng(7).integers(300, 700, (24, 3301)).astype(np.uint16)
    known = shot("GRBG", field_of_view=(0.1, 0.0, 0.8, 1.0))
    table = np.random.default_rng(8).uniform(1, 3, (3, 12, 16))
    fringes = ColourFringes(red_scale=1.002, blue_scale=0.9985, axis_px=(12.0, 1700.0))
    stages = (Levels(), BadPixels(), WhiteBalance(gains=(2.0, 1.0, 1.5)), Highlights(clip=(2.0, 1.0, 1.5)))
    stages += (fringes, Demosaic(quality="fast"), CHROMA, LUMA)
    stages += (Shading(gains=tuple(tuple(map(tuple, plane)) for plane in table.tolist())), Tone())
    sharpen = Sharpen(radius_px=5.0, grain=(257.0,) * GRAIN_STEPS)
    photo = run_stages(RawFrame(counts, known), (*stages, sharpen), 2).pixels.astype(int)

    linear = (counts - per_position(BLACK, counts.shape)) / (1023.0 - per_position(BLACK, counts.shape))
    mended = run_stages(RawFrame(counts, known), stages[:2], 2).pixels.astype(float)
    twin = bad_pixels_twin(linear, BadPixels(), known.noise)
    assert np.mean(np.abs(mended - twin) > 1e-5) < 0.0003  # a pixel at the limit may fall either way
    colours = colour_map("GRBG", counts.shape)
    linear = mended * np.array((2.0, 1.0, 1.5))[colours]
    linear = highlights_twin(linear, colours, (2.0, 1.0, 1.5), np.ones((3, 1, 1)))
    linear = fringes_twin(linear, colours, fringes)
    quiet = luma_noise_twin(chroma_twin(malvar_twin(linear, colours), CHROMA), LUMA)
    shaded = quiet * lens_twin(counts.shape, table, known.field_of_view)
    codes = np.floor(65535 * encode_srgb(tone_twin(shaded, Tone())) + 0.5)
    assert np.abs(photo - sharpen_twin(codes, sharpen)).max() < 10


def test_noise_reduction_reaches_across_tiles():
    pixels = np.random.default_rng(9).uniform(0.4, 0.6, (12, 3301, 3)).astype(np.float32)
    for stage, twin in ((CHROMA, chroma_twin), (LUMA, luma_noise_twin)):
        made = stage(LinearImage(pixels, shot())).pixels
        np.testing.assert_allclose(made, twin(pixels.astype(np.float64), stage), rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("size", [(2, 2), (33, 48), (61, 75), (20, 3301)])
def test_noise_that_differs_from_place_to_place_is_followed_there(size):
    rng = np.random.default_rng(10)
    behind = rng.uniform(1, 8, places_of(size)).astype(np.float32)
    known = shot(frames=8)
    linear = rng.uniform(0.4, 0.6, (*size, 3)).astype(np.float32)
    for stage, twin in ((CHROMA, chroma_twin), (LUMA, luma_noise_twin)):
        made = stage(LinearImage(linear, known, behind)).pixels
        np.testing.assert_allclose(made, twin(linear.astype(np.float64), stage, behind), rtol=1e-5, atol=1e-5)
    codes = rng.integers(20000, 40000, (*size, 3)).astype(np.uint16)
    sharpen = Sharpen(grain=(3000.0,) * GRAIN_STEPS)
    made = sharpen(Photo(codes, known, frames_behind=behind)).pixels
    assert np.abs(made - sharpen_twin(codes.astype(np.float64), sharpen, behind)).max() <= 1


def test_stages_one_by_one_give_the_same_bytes_as_all_in_one_pass():
    counts = np.random.default_rng(6).integers(0, 1024, (97, 130)).astype(np.uint16)
    stages = (Levels(), BadPixels(), WhiteBalance(gains=(2.0, 1.0, 1.5)), Highlights(clip=(2.0, 1.0, 1.5)))
    stages += (Demosaic(), CHROMA, LUMA, Colour(saturation=1.3), Tone(), Sharpen(), EightBit())
    picture = RawFrame(counts, shot("GBRG"))
    for stage in stages:
        picture = stage(picture)
    np.testing.assert_array_equal(picture.pixels, run_stages(RawFrame(counts, shot("GBRG")), stages, 2).pixels)


def bad_pixels_twin(mosaic, knobs, noise):
    nw, n, ne = (around(mosaic, -2, dx) for dx in (-2, 0, 2))
    w, e = around(mosaic, 0, -2), around(mosaic, 0, 2)
    sw, s, se = (around(mosaic, 2, dx) for dx in (-2, 0, 2))
    ranked = np.sort(np.stack([nw, n, ne, w, e, sw, s, se]), axis=0)
    lowest, second_lowest, second_highest, highest = ranked[0], ranked[1], ranked[-2], ranked[-1]
    sigma = NOISE_DEVIATIONS * np.sqrt(noise.shot * np.maximum(highest, 0) + noise.read)
    steps = ((0, -1), (0, 1), (-1, 0), (1, 0))
    change = [np.abs(around(mosaic, dy, dx) - around(mosaic, 3 * dy, 3 * dx)) for dy, dx in steps]
    detail = knobs.detail * np.maximum(np.sort(change, axis=0)[-2] - 0.25 * sigma, 0)
    spread = np.maximum(highest - lowest - 0.5 * sigma, 0)
    inner_spread = np.maximum(second_highest - second_lowest - 0.5 * sigma, 0)
    hot = mosaic > highest + knobs.hot + knobs.contrast * spread + detail + sigma
    hot |= mosaic > second_highest + 4 * (knobs.hot + knobs.contrast * inner_spread) + detail + sigma
    dead = mosaic < knobs.dead * lowest - (0.001 + 0.2 * detail + sigma)
    dead |= mosaic < lowest - knobs.hot - knobs.contrast * spread - detail - sigma
    dead |= (mosaic < 0.05 * second_lowest) & (second_lowest > 0.002 + sigma)
    pairs = np.stack([[n, s], [w, e], [nw, se], [ne, sw]])
    calmest = np.abs(pairs[:, 0] - pairs[:, 1]).argmin(axis=0)
    mended = np.take_along_axis(pairs.mean(axis=1), calmest[None], axis=0)[0]
    return np.where(hot | dead, mended, mosaic)


def lens_twin(size, table, field_of_view, hflip=False, vflip=False):
    """Gains (H, W, 3): bilinear between cell centres of the whole array, constant outside the outer centres."""
    left, top, width, height = field_of_view
    across = left + (np.arange(size[1]) + 0.5) / size[1] * width
    if hflip:
        across = (left + width) - (np.arange(size[1]) + 0.5) / size[1] * width
    down = top + (np.arange(size[0]) + 0.5) / size[0] * height
    if vflip:
        down = (top + height) - (np.arange(size[0]) + 0.5) / size[0] * height
    rows, columns = table.shape[1:]
    y = np.clip(down * rows - 0.5, 0, rows - 1)
    x = np.clip(across * columns - 0.5, 0, columns - 1)
    y0, x0 = np.minimum(y.astype(int), rows - 2), np.minimum(x.astype(int), columns - 2)
    fy, fx = (y - y0)[:, None], (x - x0)[None, :]
    corner = lambda dy, dx: table[:, y0 + dy][:, :, x0 + dx]  # noqa: E731
    upper = corner(0, 0) * (1 - fx) + corner(0, 1) * fx
    lower = corner(1, 0) * (1 - fx) + corner(1, 1) * fx
    return np.moveaxis(upper * (1 - fy) + lower * fy, 0, -1)


def shading_twin(linear, table, field_of_view, hflip=False):
    """Each colour times its gain; pixels cut at 1 in all three take the largest gain and stay white."""
    gains = lens_twin(linear.shape[:2], table, field_of_view, hflip)
    blown = np.clip((linear.min(axis=-1, keepdims=True) - 0.9) / 0.1, 0, 1)
    return linear * (gains + blown * (gains.max(axis=-1, keepdims=True) - gains))


def local_tone_twin(linear, lifts):
    """Bilinear between cell centres, constant outside them; straight from level to level, 0 where lifting begins."""
    levels, rows, columns = lifts.shape
    height, width = linear.shape[:2]
    y = np.clip((np.arange(height) + 0.5) / height * rows - 0.5, 0, rows - 1)
    x = np.clip((np.arange(width) + 0.5) / width * columns - 0.5, 0, columns - 1)
    down = np.maximum(0, 1 - np.abs(y[:, None] - np.arange(rows)))
    across = np.maximum(0, 1 - np.abs(x[:, None] - np.arange(columns)))
    here = np.einsum("yr,xc,lrc->lyx", down, across, np.concatenate([np.zeros((1, rows, columns)), lifts]))
    depth = np.clip(FROM_EV - np.log2(np.maximum(linear.max(axis=-1).astype(np.float64), 2.0**-16)), 0, levels)
    upper = np.minimum(depth.astype(int), levels - 1)
    at_level = lambda level: np.take_along_axis(here, level[None], axis=0)[0]  # noqa: E731
    lift = at_level(upper) + (depth - upper) * (at_level(upper + 1) - at_level(upper))
    return linear * 2.0 ** lift[..., None]


def fringes_twin(mosaic, colours, stage):
    """Keys's cubic, a = -1/2, between samples of one colour: down, then across, each held to its four samples."""
    made = mosaic.copy()
    for colour, scale in ((0, stage.red_scale), (2, stage.blue_scale)):
        drawn = mosaic
        for axis in (0, 1):
            from_axis = np.arange(mosaic.shape[axis]) - stage.axis_px[axis]
            shift = np.clip(from_axis * (scale - 1) / 2, -1.75, 1.75)
            shift = shift[:, None] if axis == 0 else shift[None, :]
            whole = np.floor(shift)
            share, value = shift - whole, 0.0
            near = []
            for tap in (-1, 0, 1, 2):
                step = lambda k: around(drawn, 2 * k * (axis == 0), 2 * k * (axis == 1))  # noqa: B023, E731
                sample = sum(np.where(whole + tap == k, step(k), 0.0) for k in range(-3, 4))
                away = np.abs(tap - share)
                close = (1.5 * away - 2.5) * away**2 + 1.0
                far = ((-0.5 * away + 2.5) * away - 4.0) * away + 2.0
                value = value + np.where(away < 1, close, np.where(away < 2, far, 0.0)) * sample
                near.append(sample)
            drawn = np.clip(value, np.min(near, axis=0), np.max(near, axis=0))
        made = np.where(colours == colour, drawn, made)
    return made


def highlights_twin(mosaic, colours, clip, lens):
    """The three colours around each pixel, of which the blown ones come from the others; then what that adds to it."""
    ramp = lambda x, low, high: (lambda t: t * t * (3 - 2 * t))(np.clip((x - low) / (high - low), 0, 1))  # noqa: E731
    blown = lambda share: ramp(share, NEARLY_BLOWN, CLIP_SHARE)  # noqa: E731
    near = [(dy, dx) for dy in (-1, 0, 1) for dx in (-1, 0, 1)]
    shown = np.stack([around(mosaic, dy, dx) for dy, dx in near])
    colour_of = np.stack([around(colours, dy, dx) for dy, dx in near])
    # Beside a red pixel green lies along row and column and blue at the corners; beside a green one both are straight.
    seen = [(shown * (colour_of == c)).sum(axis=0) / np.maximum((colour_of == c).sum(axis=0), 1) for c in range(3)]
    every = np.arange(3)[:, None, None]
    measured = np.where(every == colours, mosaic, seen)
    shares = measured / np.array(clip)[:, None, None]
    light, blown_shares = measured * lens, blown(shares)
    others = (light.sum(axis=0) - light) / 2
    rebuilt = light + blown_shares * np.maximum(others - light, 0)
    whitening = ramp(np.sort(shares, axis=0)[1], Highlights.whitening, CLIP_SHARE) * blown_shares.max(axis=0)
    whitened = rebuilt + whitening * (rebuilt.max(axis=0) - rebuilt)
    return (np.where(every == colours, whitened, 0) / lens).sum(axis=0)


def tone_twin(linear, tone):
    """Linear light that the display shows: into the gamut, and by one gain for the three colours."""
    brightest = np.maximum(linear.max(axis=-1, keepdims=True), 0)
    floor = brightest / 50
    bent = np.divide(floor**2, 2 * floor - linear, where=linear < floor, out=linear.copy())
    light = np.clip(brightest, 2.0**-16, 16.0)
    points = np.ldexp(1 + np.arange(256) / 256, np.arange(-16, 4)[:, None])
    white = points[tone.film(points) >= 1].min(initial=np.inf)
    gain = tone.film(light) / light * np.sqrt(np.maximum(light / white, 1))
    return np.clip(bent * gain, 0, 1)


def malvar_twin(mosaic, colours):
    """The four 5 x 5 filters of the paper, figure 2, times 1/8."""
    at = lambda dy, dx: around(mosaic, dy, dx)  # noqa: E731
    near = at(-1, 0) + at(1, 0) + at(0, -1) + at(0, 1)
    far_vertical, far_horizontal = at(-2, 0) + at(2, 0), at(0, -2) + at(0, 2)
    corners = at(-1, -1) + at(-1, 1) + at(1, -1) + at(1, 1)
    green_at_colour = (4 * mosaic + 2 * near - far_vertical - far_horizontal) / 8
    other_at_colour = (6 * mosaic + 2 * corners - 1.5 * (far_vertical + far_horizontal)) / 8
    along_row = (5 * mosaic + 4 * (at(0, -1) + at(0, 1)) - corners - far_horizontal + 0.5 * far_vertical) / 8
    along_column = (5 * mosaic + 4 * (at(-1, 0) + at(1, 0)) - corners - far_vertical + 0.5 * far_horizontal) / 8
    planes = []
    for colour in (0, 2):
        row_has_it = np.any(colours[:, :2] == colour, axis=1)[:, None]
        at_green = np.where(row_has_it, along_row, along_column)
        planes.append(np.where(colours == colour, mosaic, np.where(colours == 1, at_green, other_at_colour)))
    green = np.where(colours == 1, mosaic, green_at_colour)
    return np.stack([planes[0], green, planes[1]], -1)


def noise_places(behind, size, pixels=1):
    """(H, W) times the noise of the median place, at the middles of cells of so many pixels; places are 16 px apart."""
    rows, columns = (
        np.minimum((np.arange(n) + 0.5) * pixels / 16, m - 1) for n, m in zip(size, behind.shape, strict=True)
    )
    times = np.median(behind) / behind.astype(np.float64)
    top, left = (np.minimum(at.astype(int), m - 2) for at, m in zip((rows, columns), behind.shape, strict=True))
    down, right = (rows - top)[:, None], columns - left
    upper, lower = ((1 - right) * times[r][:, left] + right * times[r][:, left + 1] for r in (top, top + 1))
    return (1 - down) * upper + down * lower


def chroma_twin(linear, knobs, behind=None):
    """At half resolution two separable sigma filters, then every pixel towards its own cell and the diagonal next."""
    height, width = linear.shape[:2]
    to_differences = np.reshape(knobs.differences, (2, 2))
    differences_of = lambda colours: (colours[..., [0, 2]] - colours[..., [1]]) @ to_differences.T  # noqa: E731

    even = np.stack([padded(linear[..., c], 1)[1:, 1:] for c in range(3)], -1)
    even = even[: (height + 1) // 2 * 2, : (width + 1) // 2 * 2]
    cells = even.reshape(even.shape[0] // 2, 2, even.shape[1] // 2, 2, 3).mean(axis=(1, 3))
    variance = knobs.noise[0] * np.maximum(cells @ [0.25, 0.5, 0.25], 0) + knobs.noise[1]
    variance *= knobs.strength**2
    variance = variance if behind is None else variance * noise_places(behind, variance.shape, 2)
    smooth = differences_of(cells)
    for step in knobs.steps:
        for dy, dx in ((0, step), (step, 0)):
            ways = [moved(smooth, k * dy, k * dx) - smooth for k in (-2, -1, 1, 2)]
            smooth = smooth + sum(way * alike(way, CELL_ALIKE * variance) / 5 for way in ways)

    edged = np.stack([padded(smooth[..., k], 1) for k in range(2)], -1)
    y, x = (np.arange(length) for length in (height, width))
    own, ahead, back = (edged[np.ix_(towards(y, way), towards(x, way))] for way in (0, 1, -1))
    variance = variance[np.ix_(y // 2, x // 2)]
    agree = np.clip(1 - ((ahead - own) ** 2).sum(-1) / variance / CELLS_APART, 0, 1)
    between = np.clip(((ahead - own) * (own - back)).sum(-1) / variance / CELL_BETWEEN, 0, 1)
    tolerated = variance / (1 / EDGE_ALIKE + (1 / CALM_ALIKE - 1 / EDGE_ALIKE) * agree)
    share = (0.25 + 0.5 * between)[..., None]
    to_own, to_ahead = own - differences_of(linear), ahead - differences_of(linear)
    step = (1 - share) * to_own * alike(to_own, tolerated) + share * to_ahead * alike(to_ahead, tolerated)
    green, blue = step @ knobs.colours[:2], step @ knobs.colours[2:]
    return linear + np.stack([step[..., 0], green, blue], -1)


def towards(pixel, way):
    """Of each pixel, the cell it is in (0), the next one (1) or the one behind (-1); cells are padded by one."""
    return 1 + pixel // 2 + way * (2 * (pixel % 2) - 1)


def moved(picture, dy, dx):
    return np.stack([around(picture[..., k], dy, dx) for k in range(picture.shape[-1])], -1)


def alike(way, tolerated):
    """1 for no distance, 0 from the tolerated squared distance on."""
    return np.maximum(1 - ((way**2).sum(-1) / tolerated) ** 2, 0)[..., None]


def luma_noise_twin(linear, knobs, behind=None):
    times = np.ones(linear.shape[:2]) if behind is None else noise_places(behind, linear.shape[:2])
    luma = linear @ knobs.weights
    mean_of = lambda plane: sum(  # noqa: E731
        WINDOW[dy + 2] * WINDOW[dx + 2] * around(plane, dy, dx) for dy in range(-2, 3) for dx in range(-2, 3)
    )
    mean = mean_of(luma)
    ratio = (mean_of(luma**2) - mean**2) / (knobs.noise[0] * np.maximum(mean, 0) + knobs.noise[1]) / times
    share = np.clip((DETAIL_VARIANCES - ratio) / (DETAIL_VARIANCES - GRAIN_VARIANCES), 0, 1)
    pull = np.maximum(1 - (1 - knobs.pull) / np.sqrt(times), 0)
    return linear + (pull * share * (mean - luma))[..., None]


def sharpen_twin(photo, stage, behind=None):
    """Unsharp mask, opened by change in the blurred picture, held to the neighbours' range and below white."""
    taps = gaussian_taps(stage.radius_px).astype(np.float64)
    luma = photo @ [0.299, 0.587, 0.114]
    blurred = luma
    for dy, dx in ((0, 1), (1, 0)):
        blurred = taps[0] * blurred + sum(
            tap * (around(blurred, k * dy, k * dx) + around(blurred, -k * dy, -k * dx))
            for k, tap in enumerate(taps[1:], start=1)
        )
    cross = [around(blurred, dy, dx) for dy, dx in ((0, 0), (-1, 0), (1, 0), (0, -1), (0, 1))]
    square = [around(luma, dy, dx) for dy in (-1, 0, 1) for dx in (-1, 0, 1)]
    opening = stage.sensitivity()[np.clip(blurred * GRAIN_STEPS / 65536, 0, GRAIN_STEPS - 1).astype(int)]
    opening = opening if behind is None else opening / np.sqrt(noise_places(behind, luma.shape))
    gate = np.clip(np.ptp(cross, axis=0) * opening - GATE_OPENS / (GATE_OPEN - GATE_OPENS), 0, 1)
    lowest, highest = np.min(square, axis=0), np.max(square, axis=0)
    above = stage.overshoot * (highest - lowest)
    below = stage.overshoot * np.minimum(highest - lowest, lowest)
    wanted = luma + stage.amount * gate * (luma - blurred)
    room = np.maximum(65406 - photo.max(axis=-1), 0)
    detail = np.minimum(np.clip(wanted, lowest - below, highest + above) - luma, room)
    return np.floor(np.maximum(photo + detail[..., None], np.minimum(photo, 129)) + 0.5)

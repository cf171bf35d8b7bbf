"""Red, green and blue at every pixel: how near the truth, and what never changes."""

import dataclasses

import numpy as np
import pytest
from measures.mosaics import colour_psnr, false_colour, mosaic_of
from measures.saturated import saturated_pictures
from measures.shared_folder import SHARED
from PIL import Image

from firmware.cameras.simulated import simulate
from firmware.cameras.simulation.procedural import draw_zoneplate
from firmware.cameras.simulation.view import View
from firmware.sensors import load_sensor
from isp.demosaic import UNKNOWN_NOISE, Demosaic, demosaic
from isp.errors import FrameError, KnobError
from isp.frames import BAYER_ORDERS, NEUTRAL_SHOT, Noise
from isp.photo import photo_pipeline
from isp.plan import plan

SIZES = [(2, 2), (3, 2), (2, 5), (7, 9), (64, 66), (131, 77)]
MIRRORED = {"RGGB": "GRBG", "GRBG": "RGGB", "BGGR": "GBRG", "GBRG": "BGGR"}
ISO_1600 = load_sensor("imx477").tuning.noise_at(16.0)


@pytest.fixture(scope="module")
def kodak():
    files = sorted((SHARED / "data" / "kodak24").glob("*.png"))
    if not files:
        pytest.skip(f"{SHARED / 'data' / 'kodak24'} is not there; name the shared folder in NIGHTJAR_SHARED")
    return [np.asarray(Image.open(path).convert("RGB"), dtype=np.float32) / 255 for path in files]


def mean_psnr(pictures, mosaics, **asked):
    return np.mean([colour_psnr(demosaic(m, "RGGB", **asked), p) for p, m in zip(pictures, mosaics, strict=True)])


def test_fine_reaches_39_3_db_on_the_24_kodak_pictures(kodak):
    mosaics = [mosaic_of(picture) for picture in kodak]
    assert mean_psnr(kodak, mosaics) >= 39.3
    assert mean_psnr(kodak, mosaics, noise=Noise(0.0, 0.0)) >= 39.6
    assert mean_psnr(kodak, mosaics, quality="fast") == pytest.approx(35.8, abs=0.1)


def test_fine_reaches_36_3_db_on_saturated_pictures_where_fast_has_34_8():
    pictures = saturated_pictures(SHARED)
    if not pictures:
        pytest.skip(f"{SHARED / 'data'} lacks photographs; name the shared folder in NIGHTJAR_SHARED")
    mosaics = [mosaic_of(picture) for picture in pictures]
    fast = mean_psnr(pictures, mosaics, quality="fast")
    assert fast == pytest.approx(34.8, abs=0.2)
    assert mean_psnr(pictures, mosaics) >= max(36.3, fast + 1.8)


@pytest.mark.parametrize("gains", [(1.0, 1.0, 1.0), (1.9, 1.0, 1.6)], ids=["equal gains", "daylight gains"])
def test_fine_is_1_5_db_above_fast_at_iso_1600(kodak, gains):
    rng = np.random.default_rng(3)
    pictures = [np.where(p <= 0.04045, p / 12.92, ((p + 0.055) / 1.055) ** 2.4)[:256, :256] for p in kodak[::4]]
    mosaics = []
    for picture in pictures:
        raw = mosaic_of(picture / gains)
        noisy = rng.normal(raw, np.sqrt(ISO_1600.shot * raw + ISO_1600.read))
        mosaics.append((np.minimum(noisy, 1.0) * mosaic_of(np.ones_like(picture) * gains)).astype(np.float32))
    fast = mean_psnr(pictures, mosaics, quality="fast")
    assert mean_psnr(pictures, mosaics) >= fast + 1.5
    assert mean_psnr(pictures, mosaics, noise=ISO_1600) >= fast + 1.5


def test_known_noise_helps_most_where_there_is_nothing_but_noise():
    rng = np.random.default_rng(4)
    flat = np.full((200, 200, 3), 0.2, np.float32)
    noisy = rng.normal(mosaic_of(flat), np.sqrt(ISO_1600.shot * 0.2)).astype(np.float32)
    fast, unknown, known = (
        colour_psnr(demosaic(noisy, "RGGB", **asked), flat) for asked in ({"quality": "fast"}, {}, {"noise": ISO_1600})
    )
    assert known >= fast + 1.8 and unknown >= fast + 1.5 and known > unknown + 0.1


def test_fine_rings_stay_grey_where_fast_turns_them_blue_and_yellow():
    rings = np.stack(draw_zoneplate(View(480, 480, 5000.0)), -1)
    fine, fast = (false_colour(demosaic(mosaic_of(rings), "RGGB", quality)) for quality in ("fine", "fast"))
    assert fine < 0.25 * fast
    worst_fine, worst_fast = (
        np.abs(demosaic(mosaic_of(rings), "RGGB", quality) - rings)[8:-8, 8:-8].max() for quality in ("fine", "fast")
    )
    assert worst_fine < worst_fast


@pytest.mark.parametrize("degrees", [0, 5, 45, 80, 90])
@pytest.mark.parametrize(
    ("dark", "bright"), [((0.05,) * 3, (0.9,) * 3), ((0.8, 0.1, 0.05), (0.1, 0.5, 0.1)), ((0.9, 0.7, 0.1), (0.1,) * 3)]
)
def test_an_edge_has_less_zipper_than_fast(degrees, dark, bright):
    y, x = np.mgrid[:96, :96] - 47.3
    across = np.cos(np.radians(degrees)) * x + np.sin(np.radians(degrees)) * y
    share = np.clip(across + 0.5, 0, 1)[..., None]
    edge = (np.array(dark) * (1 - share) + np.array(bright) * share).astype(np.float32)
    fine, fast = (colour_psnr(demosaic(mosaic_of(edge), "RGGB", quality), edge) for quality in ("fine", "fast"))
    assert fine > fast + 1.0


@pytest.mark.parametrize("quality", ["fine", "fast"])
@pytest.mark.parametrize("bayer", BAYER_ORDERS)
@pytest.mark.parametrize("size", SIZES)
def test_what_was_measured_stays(quality, bayer, size):
    picture = np.random.default_rng([*size]).uniform(-0.1, 1.5, (*size, 3)).astype(np.float32)
    mosaic = mosaic_of(picture, bayer)
    made = demosaic(mosaic, bayer, quality)
    assert made.dtype == np.float32 and np.all(np.isfinite(made))
    np.testing.assert_array_equal(mosaic_of(made, bayer), mosaic)


@pytest.mark.parametrize("quality", ["fine", "fast"])
@pytest.mark.parametrize("level", [-0.01, 0.0, 0.3, 1.0, 2.5])
@pytest.mark.parametrize("size", [(2, 2), (5, 3), (20, 21)])
def test_flat_stays_flat(quality, level, size):
    made = demosaic(np.full(size, level, np.float32), "GBRG", quality)
    np.testing.assert_allclose(made, level, rtol=1e-5, atol=1e-7)


@pytest.mark.parametrize("quality", ["fine", "fast"])
@pytest.mark.parametrize("bayer", BAYER_ORDERS)
@pytest.mark.parametrize("size", [(2, 2), (8, 6), (40, 3302)], ids=str)
def test_a_flipped_mosaic_gives_the_flipped_picture(quality, bayer, size):
    """The wide one is cut into tiles at other places when it is flipped: there are no seams."""
    mosaic = np.random.default_rng(6).uniform(0, 1, size).astype(np.float32)
    picture = demosaic(mosaic, bayer, quality)
    np.testing.assert_array_equal(demosaic(mosaic[:, ::-1], MIRRORED[bayer], quality)[:, ::-1], picture)
    upside_down = bayer[2:] + bayer[:2]
    np.testing.assert_array_equal(demosaic(mosaic[::-1], upside_down, quality)[::-1], picture)


def test_any_number_of_threads_gives_the_same_bytes():
    mosaic = np.random.default_rng(7).uniform(0, 1, (301, 203)).astype(np.float32)
    one = demosaic(mosaic, "GRBG", threads=1)
    for threads in (0, 2, 3, 7):
        np.testing.assert_array_equal(demosaic(mosaic, "GRBG", threads=threads), one)


def test_what_cannot_be_demosaicked_is_refused():
    grey = np.full((4, 4), 0.5, np.float32)
    with pytest.raises(FrameError, match="Bayer order 'RGBG'"):
        demosaic(grey, "RGBG")
    with pytest.raises(FrameError, match="must be float32"):
        demosaic(grey.astype(np.float64), "RGGB")
    with pytest.raises(FrameError, match="smallest is 2 x 2"):
        demosaic(grey[:1], "RGGB")
    with pytest.raises(FrameError, match=r"must be Noise\(shot, read\)"):
        demosaic(grey, "RGGB", noise=0.01)
    with pytest.raises(KnobError, match="one of 'fine', 'fast'"):
        demosaic(grey, "RGGB", "best")
    with pytest.raises(FrameError, match="pixels must be finite"):
        demosaic(np.where(np.eye(4) > 0, np.nan, grey).astype(np.float32), "RGGB")


def test_a_photo_is_fine_and_knows_the_noise_of_its_balanced_green():
    frame, _ = simulate("grey", "imx477", 1332, 990, exposure_us=1000, analogue_gain=16.0)
    stages = plan(photo_pipeline(), frame, load_sensor("imx477").tuning)
    planned = stages.stage(Demosaic)
    assert planned.quality == "fine"
    assert planned.noise == pytest.approx((frame.shot.noise.shot, frame.shot.noise.read))  # green's gain is 1
    assert Demosaic.from_dict(planned.to_dict()) == planned


@pytest.mark.parametrize("bayer", BAYER_ORDERS)
@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("noise", [None, Noise(1e-3, 1e-5)], ids=["unknown noise", "known noise"])
def test_fine_against_its_twin(bayer, size, noise):
    mosaic = np.random.default_rng([*size, 8]).uniform(-0.01, 1.2, size).astype(np.float32)
    shot, read = UNKNOWN_NOISE if noise is None else (noise.shot, noise.read)
    twin = fine_twin(mosaic.astype(np.float64), bayer, shot, read)
    np.testing.assert_allclose(demosaic(mosaic, bayer, noise=noise), twin, rtol=1e-4, atol=1e-4)
    shot = dataclasses.replace(NEUTRAL_SHOT, bayer=bayer)
    stage = Demosaic(noise=None if noise is None else (noise.shot, noise.read))
    np.testing.assert_array_equal(stage(mosaic, shot), demosaic(mosaic, bayer, noise=noise))


def fine_twin(mosaic, bayer, shot, read):
    """The whole method on whole pictures, far enough beyond the border that nothing there comes back."""
    reach = 24
    m = np.pad(mosaic, reach, mode="reflect")
    letters = np.array(list(bayer)).reshape(2, 2)
    colours = np.tile(letters, (m.shape[0] // 2 + 1, m.shape[1] // 2 + 1))[: m.shape[0], : m.shape[1]]
    is_green = colours == "G"
    at = lambda plane, dy, dx: np.roll(plane, (-dy, -dx), (0, 1))  # noqa: E731

    across, down = (  # green minus the row's or column's other colour
        np.where(is_green, 1, -1)
        * (0.8 * m - 0.5 * (at(m, -dy, -dx) + at(m, dy, dx)) + 0.1 * (at(m, -2 * dy, -2 * dx) + at(m, 2 * dy, 2 * dx)))
        for dy, dx in ((0, 1), (1, 0))
    )
    square = [(dy, dx) for dy in (-1, 0, 1) for dx in (-1, 0, 1)]
    trust = {}
    for name, plane, (dy, dx) in (("across", across, (0, 1)), ("down", down, (1, 0))):
        change = np.abs(at(plane, dy, dx) - at(plane, -dy, -dx))
        trust[name] = 1 / (sum(at(change, *step) for step in square) ** 2 + 9e-3**2)
    found = weights = 0
    for plane, name, (dy, dx) in (
        (across, "across", (0, -1)),
        (across, "across", (0, 1)),
        (down, "down", (-1, 0)),
        (down, "down", (1, 0)),
    ):
        weight = at(trust[name], dy, dx)
        found = found + weight * (0.2 * plane + 0.5 * at(plane, dy, dx) + 0.3 * at(plane, 2 * dy, 2 * dx))
        weights = weights + weight
    estimate = m + found / weights
    around = (at(m, 0, -1) + at(m, 0, 1) + at(m, -1, 0) + at(m, 1, 0)) / 4
    instrument = 0.4 * estimate + 0.6 * around
    green = np.where(is_green, m, estimate)

    second = lambda plane: [2 * plane - at(plane, -y, -x) - at(plane, y, x) for y, x in ((0, 2), (2, 0))]  # noqa: E731
    finest = 5 * (estimate - instrument) ** 2
    agreement = sum(z * c for z, c in zip(second(instrument), second(m), strict=True)) + finest
    detail = sum(z * g for z, g in zip(second(instrument), second(estimate), strict=True)) + finest
    nine = lambda plane: sum(at(plane, 2 * dy, 2 * dx) for dy, dx in square)  # noqa: E731
    light = np.maximum(estimate, 0)
    believed = 0.05 * light
    doubt = believed + 1e-6 + 86.4 * (shot * light + read)
    slope = np.clip((nine(agreement) + 0.56 * believed) / (np.maximum(nine(detail), 0) + doubt), 0, 1.25)

    def everywhere(plane, here):
        """Bilinear between the pixels of one colour."""
        known = np.where(here, plane, 0)
        return sum(at(known, dy, dx) / (1 + abs(dy)) / (1 + abs(dx)) for dy, dx in square)

    offset = m - slope * estimate

    def calmed(line):
        around = sum(at(line, *step) for step in ((-2, 0), (2, 0), (0, -2), (0, 2))) / 4
        return line + 0.35 * doubt / (np.maximum(nine(detail), 0) + doubt) * (around - line)

    planes = []
    for here in (colours == "R", colours == "B"):
        line = everywhere(calmed(offset), here) + everywhere(calmed(slope), here) * green
        planes.append(np.where(here, m, line))
    made = np.stack([planes[0], green, planes[1]], -1)
    return made[reach:-reach, reach:-reach]

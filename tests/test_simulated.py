"""The simulated camera is a physical one: its frames obey the sensor's facts, and its truth explains them."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from pathlib import Path

import numpy as np
import pytest

from firmware.cameras.base import Camera, open_camera
from firmware.cameras.simulated import SimulatedCamera, scene_names, simulate
from firmware.cameras.simulation.chart import chart_linear, chart_patches
from firmware.cameras.simulation.exposure import Exposure
from firmware.cameras.simulation.frame_clock import PIPELINE_DELAY_FRAMES, FrameClock
from firmware.cameras.simulation.motion import HandPath
from firmware.cameras.simulation.quick_noise import QuickNoise
from firmware.cameras.simulation.scenes import find_scene
from firmware.cameras.simulation.sensor_physics import camera_matrix
from firmware.cameras.simulation.view import View
from firmware.errors import CameraError, CameraStalled, SettingsError
from firmware.sensors import known_sensors, load_sensor
from firmware.settings import CameraSettings, ExposureSettings, Settings, SimulatedSettings
from isp.frames import BAYER_ORDERS, RawFrame

SMALL = {"sensor": "imx219", "width_px": 640, "height_px": 480}
CLEAN = {"noise": False, "bad_pixels": 0.0}
PHOTOGRAPHS = ("astronaut", "chelsea", "coffee", "rocket", "page", "text")
needs_photographs = pytest.mark.skipif(
    not set(PHOTOGRAPHS) <= set(scene_names()), reason="scikit-image's pictures are not installed"
)

# The chart maker's own sRGB values (X-Rite, ColorChecker Classic, D50), row by row.
PUBLISHED_SRGB = """115 82 68  194 150 130  98 122 157  87 108 67  133 128 177  103 189 170
214 126 44  80 91 166  193 90 99  94 60 108  157 188 64  224 163 46
56 61 150  70 148 73  175 54 60  231 199 31  187 86 149  8 133 161
243 243 242  200 200 200  160 160 160  122 122 121  85 85 85  52 52 52"""


def linear(frame: RawFrame) -> np.ndarray:
    """Counts -> 0 at black, 1 at saturation."""
    shot = frame.shot
    return (frame.pixels.astype(np.float64) - shot.black_dn[0]) / (shot.white_dn - shot.black_dn[0])


def colour(frame: RawFrame, letter: str, values: np.ndarray | None = None) -> np.ndarray:
    """(n, rows, columns): the planes of one colour filter."""
    values = linear(frame) if values is None else values
    places = [divmod(index, 2) for index, found in enumerate(frame.shot.bayer) if found == letter]
    return np.stack([values[y::2, x::2] for y, x in places])


def middle(plane: np.ndarray) -> np.ndarray:
    """The central ninth: there the lens hardly shades."""
    height, width = plane.shape[-2:]
    return plane[..., height // 3 : 2 * height // 3, width // 3 : 2 * width // 3]


def small_camera(**tables) -> SimulatedCamera:
    camera = {"width_px": 640, "height_px": 480} | tables.get("camera", {})
    simulated = {"sensor": "imx219", "scene": "grey"} | tables.get("simulated", {})
    return SimulatedCamera(
        Settings(
            camera=CameraSettings(**camera),
            simulated=SimulatedSettings(**simulated),
            exposure=ExposureSettings(**tables.get("exposure", {})),
        )
    )


@pytest.fixture
def camera():
    """Start a small camera with these tables; closed afterwards."""
    opened = []

    def start(**tables) -> SimulatedCamera:
        opened.append(small_camera(**tables))
        opened[-1].start()
        return opened[-1]

    yield start
    for item in opened:
        item.close()


# Noise


@pytest.mark.parametrize("gain", [1.0, 8.0])
@pytest.mark.parametrize("level", [0.05, 0.4])
def test_variance_follows_the_sensors_noise_model(gain, level):
    shared = dict(SMALL, bad_pixels=0.0, analogue_gain=gain, exposure_us=1000)
    unit = simulate("flat", **shared, lux=100.0)[1].linear.max().item()
    first, second = (simulate("flat", **shared, lux=100.0 * level / unit, frame_number=n)[0] for n in (0, 1))
    means = middle(colour(first, "G") + colour(second, "G")) / 2
    variance = middle(colour(first, "G") - colour(second, "G")).var() / 2
    assert variance == pytest.approx(first.shot.noise.shot * means.mean() + first.shot.noise.read, rel=0.04)


def test_noise_that_is_looked_up_is_normal_and_its_pixels_are_strangers():
    drawn = np.empty((1000, 1000), np.float32)
    QuickNoise([1, 2]).standard_normal(drawn)
    drawn = drawn.astype(np.float64)
    # Each within four of its own standard errors, of a million draws.
    assert abs(drawn.mean()) < 4e-3
    assert abs(np.square(drawn).mean() - 1) < 4 * 2**0.5 * 1e-3
    assert abs((drawn**4).mean() - 3) < 4 * 96**0.5 * 1e-3
    assert np.mean(drawn > 2.0) == pytest.approx(0.02275, rel=0.03)
    for neighbour in (drawn[:, 1:] * drawn[:, :-1], drawn[1:] * drawn[:-1], drawn[:, 4:] * drawn[:, :-4]):
        assert abs(neighbour.mean()) < 4e-3


def test_noise_is_new_in_every_frame_and_the_same_for_the_same_seed():
    fixed = dict(SMALL, bad_pixels=0.0, exposure_us=8000, analogue_gain=4.0)
    first, again, later = (simulate("grey", **fixed, frame_number=n)[0].pixels for n in (0, 0, 1))
    assert np.array_equal(first, again)
    smooth = simulate("grey", **fixed, noise=False)[0].pixels.astype(float)
    noises = [(pixels - smooth).ravel() for pixels in (first, later, simulate("grey", **fixed, seed=2)[0].pixels)]
    assert abs(np.corrcoef(noises) - np.eye(3)).max() < 0.01


def test_the_mean_of_many_noisy_frames_is_the_noise_free_frame():
    clean = simulate("edge", **SMALL, **CLEAN)[0].pixels.astype(float)
    frames = [simulate("edge", **SMALL, bad_pixels=0.0, frame_number=n)[0].pixels for n in range(12)]
    difference = np.mean(frames, axis=0) - clean
    assert abs(difference.mean()) < 0.05
    assert abs(difference).max() < 20


# Black, saturation, bad pixels


@pytest.mark.parametrize("sensor", known_sensors())
def test_black_and_saturation_are_the_converters_own(sensor):
    facts = load_sensor(sensor)
    mode = facts.modes[-1]
    size = {"sensor": sensor, "width_px": mode.width, "height_px": mode.height, "bad_pixels": 0.0}
    black = simulate("flat", **size, exposure_us=100, analogue_gain=1.0, lux=0.01)[0]
    white = simulate("flat", **size, exposure_us=900000, analogue_gain=1.0, lux=100000.0)[0]
    expected = facts.tuning.black_16bit / 2 ** (16 - mode.bits)
    assert black.shot.black_dn == (expected,) * 4
    assert black.pixels.mean() == pytest.approx(expected, abs=0.5)
    assert (white.pixels == 2**mode.bits - 1).all()
    assert white.shot.white_dn == 2**mode.bits - 1


def test_hot_and_dead_pixels_stay_where_they_are():
    fixed = dict(SMALL, noise=False, exposure_us=5000, analogue_gain=1.0)
    flawed = [simulate("flat", **fixed, bad_pixels=0.002, frame_number=n)[0].pixels for n in (0, 5)]
    clean = simulate("flat", **fixed, bad_pixels=0.0)[0].pixels
    assert np.array_equal(*flawed)
    difference = flawed[0].astype(int) - clean
    assert np.count_nonzero(difference) == round(0.002 * clean.size)
    assert np.count_nonzero(difference > 0) == np.count_nonzero(difference < 0) == round(0.001 * clean.size)
    assert difference[difference > 0].min() > 0.25 * (1023 - 64)
    assert (flawed[0][difference < 0] - 64 <= 0.06 * (clean[difference < 0] - 64) + 1).all()


def test_bad_pixels_belong_to_the_silicon_not_to_the_flip_of_the_readout():
    fixed = dict(SMALL, bad_pixels=0.001, noise=False, exposure_us=9000, analogue_gain=1.0)
    upright, turned = (simulate("grey", **fixed, hflip=flip, vflip=flip)[0].pixels for flip in (False, True))
    assert np.array_equal(turned[::-1, ::-1], upright)


# Colour, shading, Bayer orders


@pytest.mark.parametrize("sensor", known_sensors())
@pytest.mark.parametrize("temperature_k", [2850.0, 4000.0, 6500.0])
def test_grey_has_the_colour_that_the_sensors_curve_says(sensor, temperature_k):
    facts = load_sensor(sensor)
    whole = facts.modes[1]  # binned; the middle of its frame is the middle of the shading tables
    size = {"width_px": whole.width, "height_px": whole.height}
    frame, truth = simulate("grey", sensor, **size, **CLEAN, illuminant_k=temperature_k)
    shading = facts.tuning.shading_at(temperature_k)
    red, green, blue = (
        middle(colour(frame, letter)).mean() * middle(table).mean()
        for letter, table in zip("RGB", shading, strict=True)
    )
    assert (red / green, blue / green) == pytest.approx(facts.tuning.grey_at(temperature_k), rel=0.02)
    assert green == pytest.approx(truth.linear.mean(), rel=0.02)


@pytest.mark.parametrize("flips", [(False, False), (True, False), (False, True)])
@pytest.mark.parametrize("bayer", BAYER_ORDERS)
def test_truth_explains_every_pixel_in_every_bayer_order(bayer, flips):
    frame, truth = simulate("chart", **SMALL, **CLEAN, bayer=bayer, hflip=flips[0], vflip=flips[1])
    tuning = load_sensor("imx219").tuning
    height, width = frame.pixels.shape
    answer = np.maximum(truth.linear @ camera_matrix(tuning, truth.illuminant_k).T, 0)
    tables = tuning.shading_at(truth.illuminant_k)
    left, top, across, down = frame.shot.field_of_view
    generator = np.random.default_rng(0)
    for y, x in zip(generator.integers(0, height, 500), generator.integers(0, width, 500), strict=True):
        letter = "RGB".index(bayer[y % 2 * 2 + x % 2])
        row, column = (height - 1 - y if flips[1] else y), (width - 1 - x if flips[0] else x)
        gain = bilinear(tables[letter], top + down * (row + 0.5) / height, left + across * (column + 0.5) / width)
        expected = 64 + min(answer[y, x, letter] / gain, 1.0) * (1023 - 64)
        assert frame.pixels[y, x] == pytest.approx(expected, abs=0.51)


def bilinear(table: np.ndarray, y: float, x: float) -> float:
    """The table at a place 0..1, cell centres at +0.5, held at the edges."""
    rows, columns = table.shape
    y, x = np.clip(y * rows - 0.5, 0, rows - 1), np.clip(x * columns - 0.5, 0, columns - 1)
    top, left = min(int(y), rows - 2), min(int(x), columns - 2)
    down, across = y - top, x - left
    upper = table[top, left] * (1 - across) + table[top, left + 1] * across
    lower = table[top + 1, left] * (1 - across) + table[top + 1, left + 1] * across
    return upper * (1 - down) + lower * down


def test_the_native_order_turns_with_the_readout():
    assert simulate("grey", **SMALL)[0].shot.bayer == "RGGB"
    assert simulate("grey", **SMALL, hflip=True)[0].shot.bayer == "GRBG"
    assert simulate("grey", **SMALL, vflip=True)[0].shot.bayer == "GBRG"
    assert simulate("grey", **SMALL, hflip=True, vflip=True)[0].shot.bayer == "BGGR"


def test_a_cropped_mode_sees_the_middle_of_the_array_and_less_of_the_dark_corners():
    whole = simulate("grey", "imx477", 2028, 1520, noise=False, bad_pixels=0.0)[0]
    cropped = simulate("grey", "imx477", 1332, 990, noise=False, bad_pixels=0.0)[0]
    assert whole.shot.field_of_view == (0.0, 0.0, 1.0, 1.0)
    assert cropped.shot.field_of_view == (696 / 4056, 528 / 3040, 2664 / 4056, 1980 / 3040)
    assert 1 > corner_to_middle(cropped) > 1.1 * corner_to_middle(whole)


def corner_to_middle(frame) -> float:
    """How bright the corner is against the middle, black removed."""
    light = frame.pixels.astype(float) - frame.shot.black_dn[0]
    height, width = light.shape
    middle = light[height // 2 - 8 : height // 2 + 8, width // 2 - 8 : width // 2 + 8].mean()
    return light[:16, :16].mean() / middle


# Scenes


def test_chart_patches_have_their_published_colours():
    published = np.array(PUBLISHED_SRGB.split(), dtype=float).reshape(24, 3) / 255
    distance = np.linalg.norm(lab(chart_linear(5003.0)) - lab(decoded(published)), axis=1)
    assert distance.mean() < 3.0
    assert distance.max() < 8.0


def decoded(srgb: np.ndarray) -> np.ndarray:
    return np.where(srgb <= 0.04045, srgb / 12.92, ((srgb + 0.055) / 1.055) ** 2.4)


def lab(linear_srgb: np.ndarray) -> np.ndarray:
    """CIE L*a*b* of linear sRGB in its own white."""
    matrix = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])
    ratio = linear_srgb @ matrix.T / matrix.sum(axis=1)
    root = np.where(ratio > 0.008856, np.cbrt(ratio), 7.787 * ratio + 16 / 116)
    x, y, z = root.T
    return np.stack([116 * y - 16, 500 * (x - y), 200 * (y - z)], axis=1)


@pytest.mark.parametrize("temperature_k", [2300.0, 3999.0, 4001.0, 6500.0, 9500.0])
def test_the_charts_greys_stay_grey_under_every_light(temperature_k):
    greys = chart_linear(temperature_k)[18:]
    assert np.ptp(greys, axis=1).max() < 0.02
    assert list(greys[:, 1]) == pytest.approx([0.89, 0.58, 0.36, 0.20, 0.09, 0.03], abs=0.01)


def test_chart_patches_lie_where_the_boxes_say():
    truth = simulate("chart", **SMALL)[1].linear
    patches = chart_patches(480, 640)
    white = chart_linear(5000.0)[18]
    top, left, bottom, right = (round(side) for side in patches["white"])
    scale = truth[top + 4, left + 4, 1] / white[1]
    for (top, left, bottom, right), expected in zip(patches.values(), chart_linear(5000.0), strict=True):
        patch = truth[round(top) + 2 : round(bottom) - 2, round(left) + 2 : round(right) - 2]
        np.testing.assert_allclose(patch / scale, np.broadcast_to(expected, patch.shape), atol=1e-4)


@pytest.mark.parametrize("scene", scene_names())
def test_every_scene_fills_the_frame_and_is_well_exposed(scene):
    frame, truth = simulate(scene, **SMALL)
    assert frame.pixels.shape == truth.linear.shape[:2] == (480, 640)
    assert truth.linear.dtype == np.float32
    assert 0.08 < colour(frame, "G").mean() < 0.2
    assert (frame.pixels == 1023).mean() < 0.05


@pytest.mark.parametrize("scene", scene_names())
def test_a_scene_drawn_band_by_band_is_the_scene_drawn_at_once(scene):
    look = {"height": 200, "width": 264, "illuminant_k": 5000.0, "shift_px": (-3.3, 5.6)}
    draw, bands = find_scene(scene), (range(66), range(66, 132), range(132, 200))
    whole = np.stack(list(draw(View(**look))))
    joined = np.concatenate([np.stack(list(draw(View(**look, band=band)))) for band in bands], axis=1)
    # A box's corners are float32 in Pillow: a hundred thousandth of a pixel.
    np.testing.assert_allclose(joined, whole, rtol=1e-4, atol=1e-4)


def test_night_lamps_lie_far_above_white_and_the_street_is_not_black():
    frame, truth = simulate("lamps", **SMALL, lux=50.0)
    assert truth.linear.max() > 50
    assert 0.005 < np.median(colour(frame, "G")) < 0.2


def test_the_zone_plate_has_no_frequency_that_the_frame_cannot_show():
    truth = simulate("zoneplate", **SMALL)[1].linear[..., 1]
    assert np.ptp(truth[200:280, 280:360]) > 0.3
    assert np.ptp(truth[:, :60]) < 1e-3
    near_the_middle = truth[240, 320:400] - truth[240, 320:400].mean()
    assert np.count_nonzero(np.diff(np.sign(near_the_middle))) == 13  # 80 px squared over 480 px


def test_light_and_exposure_brighten_in_proportion():
    shared = dict(SMALL, **CLEAN, analogue_gain=2.0)
    one = simulate("grey", **shared, lux=100.0, exposure_us=4000)[1].linear
    twice = simulate("grey", **shared, lux=200.0, exposure_us=4000)[1].linear
    thrice = simulate("grey", **shared, lux=100.0, exposure_us=12000)[1].linear
    np.testing.assert_allclose([twice, thrice], [2 * one, 3 * one], rtol=1e-5)


def test_unknown_names_are_answered_with_the_known_ones():
    with pytest.raises(SettingsError, match="chart"):
        simulate("sunset", **SMALL)
    with pytest.raises(SettingsError, match="imx477"):
        simulate("grey", "imx999")
    with pytest.raises(SettingsError, match="2028 x 1520"):
        simulate("grey", "imx477", 1000, 1000)


def test_without_scikit_image_the_message_says_how_to_get_its_photographs(monkeypatch):
    class Without:
        """The import system of a machine where scikit-image is not installed."""

        def __init__(self, finder):
            self.finder = finder

        def find_spec(self, name, path=None, target=None):
            return None if name == "skimage" else self.finder.find_spec(name, path, target)

    monkeypatch.delitem(sys.modules, "skimage", raising=False)
    monkeypatch.setattr(sys, "meta_path", [Without(finder) for finder in sys.meta_path])
    assert "astronaut" not in scene_names()
    with pytest.raises(SettingsError, match=r"pip install .*scikit-image"):
        simulate("astronaut", **SMALL)
    assert SimulatedSettings().scene in scene_names(), "the default needs nothing more than Nightjar"


def test_importing_the_camera_imports_neither_scikit_image_nor_pillow():
    code = "import sys, firmware.cameras.simulated; assert not {'skimage', 'PIL', 'scipy'} & set(sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60, cwd=Path(__file__).parents[1])


# Motion


@pytest.mark.parametrize("scene", ["chart", pytest.param("astronaut", marks=needs_photographs)])
@pytest.mark.parametrize("flips", [(False, False), (True, False), (False, True)])
def test_the_hand_moves_truth_and_frame_alike(scene, flips):
    shaken = dict(SMALL, **CLEAN, handshake_px=60.0, exposure_us=8000, analogue_gain=1.0)
    shaken |= {"hflip": flips[0], "vflip": flips[1]}
    at_rest = simulate(scene, **dict(shaken, handshake_px=0.0))
    frame, truth = simulate(scene, **shaken, frame_number=30)
    assert np.hypot(*truth.shift_px) > 1.0
    pictures = [softened(item.linear[..., 1]) for item in (at_rest[1], truth)]
    assert measured_shift(*pictures) == pytest.approx(truth.shift_px, abs=0.1)
    greens = [softened(colour(item, "G")[0]) for item in (at_rest[0], frame)]
    assert 2 * measured_shift(*greens) == pytest.approx(truth.shift_px, abs=0.2)


def softened(picture: np.ndarray) -> np.ndarray:
    """Averaged over 9 x 9 pixels, so that a shift of a few pixels is a small change everywhere."""
    for axis in (0, 1):
        picture = np.lib.stride_tricks.sliding_window_view(picture, 9, axis).mean(-1)
    return picture


def measured_shift(before: np.ndarray, after: np.ndarray) -> np.ndarray:
    """(y, x) by the brightness equation, iterated: independent of how the scene is drawn."""
    inside = np.s_[20:-20, 20:-20]
    shift = np.zeros(2)
    for _ in range(20):
        moved = before
        for axis in (0, 1):
            places = np.arange(moved.shape[axis])
            whole, part = divmod(shift[axis], 1.0)
            near, far = (np.take(moved, np.clip(places - int(whole) - n, 0, len(places) - 1), axis) for n in (0, 1))
            moved = near * (1 - part) + far * part
        slopes = np.stack([np.gradient(moved, axis=axis)[inside].ravel() for axis in (0, 1)])
        difference = (moved - after)[inside].ravel()
        shift += np.linalg.solve(slopes @ slopes.T, slopes @ difference)
    return shift


def test_the_hands_speed_is_what_was_asked():
    speeds = []
    for seed in range(10):
        hand = HandPath(40.0, seed)
        path = np.array([hand.shift_at(time_s) for time_s in np.arange(0, 20, 0.01)])
        assert tuple(path[0]) == (0.0, 0.0)
        steps = np.diff(path, axis=0)
        assert np.abs(np.diff(steps, axis=0)).max() < 0.3 * 40.0 * 0.01 * 10
        speeds.append(np.mean(np.sum(steps**2, axis=1)) / 0.01**2)
    assert np.sqrt(np.mean(speeds)) == pytest.approx(40.0, rel=0.05)


def test_a_moving_ball_is_where_the_truth_says():
    still = simulate("grey", **SMALL, exposure_us=5000, analogue_gain=1.0)[1]
    centres = []
    for number in (0, 1):
        frame, truth = simulate(
            "grey", **SMALL, **CLEAN, motion_px=20.0, frame_number=number, exposure_us=5000, analogue_gain=1.0
        )
        changed = np.abs(truth.linear - still.linear)[..., 2] > 0.01
        ys, xs = np.nonzero(changed)
        assert (ys.mean() + 0.5, xs.mean() + 0.5) == pytest.approx(truth.object_px, abs=1.0)
        assert np.ptp(xs) == pytest.approx(2 * truth.object_radius_px, abs=3.0)
        assert frame.pixels.shape == changed.shape
        centres.append(truth.object_px)
    assert np.hypot(*np.subtract(*centres)) == pytest.approx(20.0)
    assert still.object_px is None


# Time


def test_it_is_a_camera_by_name():
    settings = Settings(
        camera=CameraSettings(backend="simulated", width_px=2028, height_px=1520),
        simulated=SimulatedSettings(scene="chart"),
    )
    opened: Camera = open_camera(settings)
    assert (opened.name, opened.sensor, opened.frame_shape) == ("simulated", "imx477", (1520, 2028))
    with pytest.raises(CameraError, match="start"):
        opened.next_frame(1.0)
    opened.close()
    opened.close()


def test_frames_come_at_the_pace_asked_for(camera):
    taken = camera(camera={"frames_per_second": 50.0})
    assert taken.frame_interval_s == pytest.approx(0.02)
    times = [taken.next_frame(2.0).shot.timestamp_ns for _ in range(5)]
    steps = np.diff(times) / 20e6
    assert (steps >= 1).all()
    assert steps == pytest.approx(np.round(steps))


def test_a_long_exposure_slows_the_frames(camera):
    taken = camera(exposure={"fixed_us": 60000, "fixed_gain": 1.0})
    assert taken.frame_interval_s == pytest.approx(0.06)
    began = time.monotonic_ns()
    frame = taken.next_frame(2.0)
    assert frame.shot.exposure_us == 60000
    assert frame.shot.timestamp_ns <= began
    assert time.monotonic_ns() >= frame.shot.timestamp_ns + 60_000_000


def test_the_frame_began_after_the_press(camera):
    taken = camera(camera={"frames_per_second": 50.0})
    for ahead_ms in (0, 70):
        press = time.monotonic_ns() + ahead_ms * 1_000_000
        frame = taken.next_frame(2.0, not_before_ns=press)
        assert 0 <= frame.shot.timestamp_ns - press <= 20_000_000


def test_waiting_costs_no_processor_time(camera):
    taken = camera(camera={"frames_per_second": 5.0})
    taken.next_frame(2.0)
    busy, wall = time.thread_time(), time.monotonic()
    taken.next_frame(2.0, not_before_ns=time.monotonic_ns() + 300_000_000)
    assert time.monotonic() - wall > 0.3
    assert time.thread_time() - busy < 0.15


def test_frames_that_nobody_fetched_are_lost():
    clock = FrameClock(0, 0, Exposure(10_000, 1.0), 20_000_000)
    clock.catch_up(5_000_000)
    assert (clock.number, clock.began_ns) == (0, 0)
    clock.catch_up(1_000_000_000)
    assert (clock.number, clock.began_ns, clock.ended_ns) == (49, 980_000_000, 990_000_000)
    clock.go_to_start(1_000_000_001)
    assert (clock.number, clock.began_ns) == (51, 1_020_000_000)


def test_a_new_exposure_shows_after_the_sensors_pipeline():
    clock = FrameClock(0, 0, Exposure(10_000, 1.0), 20_000_000)
    clock.request(Exposure(50_000, 2.0), now_ns=5_000_000)
    seen = []
    for _ in range(5):
        seen.append((clock.number, clock.began_ns // 1_000_000, clock.exposure.exposure_us))
        clock.step()
    assert PIPELINE_DELAY_FRAMES == 2
    assert seen == [(0, 0, 10_000), (1, 20, 10_000), (2, 40, 50_000), (3, 90, 50_000), (4, 140, 50_000)]


def test_a_fixed_exposure_reaches_the_frames_and_metering_takes_over_again(camera):
    taken = camera(camera={"frames_per_second": 60.0}, simulated={"lux": 3000.0})
    metered = taken.next_frame(2.0).shot
    taken.set_exposure(2 * int(metered.exposure_us), 3.0)
    shots = [taken.next_frame(2.0).shot for _ in range(5)]
    assert shots[0].exposure_us == metered.exposure_us
    assert (shots[-1].exposure_us, shots[-1].analogue_gain) == (2 * metered.exposure_us, 3.0)
    taken.set_exposure(0, 0.0)
    shots = [taken.next_frame(2.0).shot for _ in range(30)]
    products = [shot.exposure_us * shot.analogue_gain for shot in shots]
    assert products[-1] == pytest.approx(metered.exposure_us, rel=0.1)
    assert products[-1] == products[-2]


def test_metering_starts_settled_and_a_still_scene_keeps_still(camera):
    taken = camera(camera={"frames_per_second": 60.0})
    frames = [taken.next_frame(2.0) for _ in range(6)]
    assert colour(frames[0], "G").mean() == pytest.approx(0.18, rel=0.05)
    assert len({frame.shot.exposure_us for frame in frames}) == 1


def test_metering_keeps_to_its_limits_and_takes_time_before_gain(camera):
    dark = camera(simulated={"lux": 2.0}, exposure={"longest_us": 30000, "largest_gain": 4.0}).next_frame(2.0).shot
    assert (dark.exposure_us, dark.analogue_gain) == (30000, 4.0)
    dim = camera(simulated={"lux": 300.0}, exposure={"longest_us": 30000}).next_frame(2.0).shot
    assert dim.exposure_us == 30000 and 1.0 < dim.analogue_gain < 8.0
    bright = camera(simulated={"lux": 100000.0}).next_frame(2.0).shot
    assert bright.analogue_gain == 1.0 and bright.exposure_us < 1000


def test_compensation_moves_the_picture_by_its_stops(camera):
    plain, brighter, darker = (
        colour(camera(exposure={"compensation_ev": ev}).next_frame(2.0), "G").mean() for ev in (0.0, 1.0, -1.0)
    )
    assert brighter == pytest.approx(2 * plain, rel=0.03)
    assert darker == pytest.approx(plain / 2, rel=0.03)


def test_a_camera_that_stalls_says_so_and_recovers(camera):
    taken = camera(camera={"frames_per_second": 60.0}, simulated={"stall_after_frames": 2})
    times = [taken.next_frame(2.0).shot.timestamp_ns for _ in range(2)]
    with pytest.raises(CameraStalled, match=r"0\.1 s"):
        taken.next_frame(0.1)
    with pytest.raises(CameraStalled):
        taken.next_frame(0.05)
    taken.recover()
    assert taken.next_frame(2.0).shot.timestamp_ns > times[-1]


def test_an_exposure_longer_than_the_patience_is_a_stall(camera):
    taken = camera(exposure={"fixed_us": 2_000_000, "fixed_gain": 1.0})
    with pytest.raises(CameraStalled):
        taken.next_frame(0.1)


def test_closing_wakes_whoever_waits(camera):
    taken = camera(camera={"frames_per_second": 0.1})
    taken.next_frame(5.0)
    outcome: list[type] = []

    def wait_for_a_frame() -> None:
        try:
            taken.next_frame(30.0)
        except CameraError as error:
            outcome.append(type(error))

    waiting = threading.Thread(target=wait_for_a_frame)
    waiting.start()
    taken.close()
    waiting.join(5.0)
    assert not waiting.is_alive()
    assert outcome == [CameraError]


def test_truth_belongs_to_its_frame(camera):
    taken = camera(camera={"frames_per_second": 50.0}, simulated={"scene": "edge", "handshake_px": 50.0})
    frames = [taken.next_frame(2.0) for _ in range(3)]
    shifts = [taken.truth(frame).shift_px for frame in frames]
    assert len(set(shifts)) == 3
    with pytest.raises(CameraError, match="not one of"):
        taken.truth(simulate("edge", **SMALL)[0])

"""What is believed of a frame: all of it where it shows the reference's scene, nothing where something else is."""

import dataclasses

import numpy as np
import pytest
from measures.bursts import burst_of
from measures.passers_by import Ball, Lamp

from isp.burst.places import PITCH_PX, places_of
from isp.demosaic import demosaic
from isp.errors import FrameError
from isp.frames import RawFrame
from isp.kernels import TrustFacts, slopes_of_quads
from isp.zoom.robustness import Trust, on_drift, slack, spread_px, trust_numbers
from isp.zoom.where import lying

SHAPE = (112, 144)
GAINS = np.array([1.9, 1.0, 1.6], np.float32)
LENS_PX = 0.35


def balanced(burst, number):
    """(3, H, W) float32: what the frame would be as a picture without noise."""
    shot, light = burst.frames[number].shot, burst.clean[number].copy()
    for index, letter in enumerate(shot.bayer):
        top, left = divmod(index, 2)
        light[top::2, left::2] *= GAINS["RGB".index(letter)]
    picture = demosaic(light.astype(np.float32), shot.bayer, "fine", shot.noise)
    return np.ascontiguousarray(picture.transpose(2, 0, 1))


class Judged:
    """A burst and what is believed of its frames, aligned exactly unless `astray` by so many pixels."""

    def __init__(self, *, scene="texture", gain=1.0, frames=3, objects=(), path_px=5.0, roll=0.3, astray=(0.0, 0.0)):
        self.burst = burst_of(
            scene, frames, path_px=path_px, roll_degrees=roll, gain=gain, light=0.7, lens_px=LENS_PX, enlarged=1.0,
            shape=SHAPE, objects=objects, seed=3,
        )  # fmt: skip
        shot = self.burst.frames[0].shot
        self.trust = Trust(balanced(self.burst, 0), GAINS, shot, shot.noise, threads=1)
        self.astray = np.array(astray, np.float32)

    def lying(self, number):
        return lying(self.burst.shifts_from(0, number) + self.astray)

    def believed(self, number):
        """(H / 2, W / 2) 0..1, without the borders that the reference does not show."""
        return inner(share(self.trust.in_frame(self.burst.frames[number], self.lying(number), threads=1)))

    def changed(self, number):
        """(H / 2, W / 2): how much of each quad's light is something else than in the reference, in noise."""
        eye, pose = self.burst.eye, self.burst.poses[number]
        noise, light = self.burst.frames[0].shot.noise, eye.light_at(pose, number)
        other = np.abs(light - eye.light_at(pose, 0)) / np.sqrt(noise.shot * light + noise.read)
        return inner(other.reshape(SHAPE[0] // 2, 2, -1, 2).max(axis=(1, 3)))


def a_shot():
    still = burst_of("steps", 1, gain=1.0, shape=(32, 32), enlarged=1.0)
    return still.frames[0].shot


def share(codes):
    """0..1: what a code above 2 means."""
    return np.maximum(codes - 2.0, 0) / 253


def inner(quads):
    return quads[8:-8, 8:-8]


@pytest.mark.parametrize("gain", [1.0, 4.0, 16.0])
def test_a_still_scene_is_believed_nearly_everywhere(gain):
    still = Judged(gain=gain)
    for number in (1, 2):
        assert still.believed(number).mean() > 0.93


@pytest.mark.parametrize("gain", [1.0, 4.0, 16.0])
def test_where_a_ball_came_or_left_nothing_is_believed_and_the_rest_is(gain):
    passing = Judged(gain=gain, objects=[Ball((50.0, 50.0), (6.0, 11.0), 16.0)])
    for number in (1, 2):
        believed, changed = passing.believed(number), passing.changed(number)
        assert believed[changed > 4].mean() < 0.02
        assert believed[changed < 0.1].mean() > 0.75


def test_light_that_falls_on_texture_is_no_texture():
    """The lamp's pool is weaker than the texture, so its energy alone would pass for detail."""
    lit = Judged(gain=4.0, objects=[Lamp((56.0, 70.0), lit_from=2, radius_px=5.0, pool_px=30.0)])
    assert lit.believed(1).mean() > 0.9
    assert lit.believed(2)[lit.changed(2) > 1.5].mean() < 0.1


@pytest.mark.parametrize(("astray", "least", "most"), [((0.04, -0.04), 0.9, 1.0), ((0.0, 1.5), 0.0, 0.2)])
def test_an_alignment_that_is_wrong_by_a_pixel_is_not_believed(astray, least, most):
    assert least <= Judged(astray=astray).believed(1).mean() <= most


def test_a_lamp_that_flickers_with_the_mains_takes_no_frame_away():
    burst = Judged(frames=2)
    frame = burst.burst.frames[1]
    brighter = frame.shot.black_dn[0] + 1.01 * (frame.pixels - frame.shot.black_dn[0])
    frame = RawFrame(np.rint(brighter).astype(np.uint16), frame.shot)
    believed = burst.trust.in_frame(frame, burst.lying(1), threads=1)
    assert inner(share(believed)).mean() > 0.85


def test_what_the_reference_does_not_show_is_not_believed():
    beside = Judged(frames=2, path_px=0.0, roll=0.0)
    away = np.full((*places_of(SHAPE), 2), (0.0, 40.0), np.float32)
    believed = beside.trust.in_frame(beside.burst.frames[1], away, threads=1)
    assert np.all(believed[:, -19:] <= 2)


@pytest.mark.parametrize("strange", [np.nan, np.inf, -1e30, 1e9])
def test_shifts_that_are_no_places_are_not_believed(strange):
    still = Judged(frames=2)
    places = still.lying(1)
    places[2, 3] = strange
    believed = still.trust.in_frame(still.burst.frames[1], places, threads=1)
    assert np.all(believed[10:22, 18:30] <= 2) and share(believed).mean() > 0.5


def test_something_else_is_told_from_detail_that_is_too_fine():
    """Both are not believed by themselves; the detail may be asked again, see `zoom_second.cpp`."""
    passing = Judged(objects=[Ball((50.0, 50.0), (6.0, 11.0), 16.0)], frames=2)
    codes = inner(passing.trust.in_frame(passing.burst.frames[1], passing.lying(1), threads=1))
    assert np.mean(codes[passing.changed(1) > 8] == 0) > 0.8
    # Ten pixels, over which means are taken, hold two whole waves of each colour.
    wave, shot = np.sin(2 * np.pi * np.arange(SHAPE[1]) / 5), passing.burst.frames[0].shot
    light = 0.2 / GAINS[[0 if letter == "R" else 1 if letter == "G" else 2 for letter in shot.bayer]].reshape(2, 2)
    light = np.tile(light, (SHAPE[0] // 2, SHAPE[1] // 2)) + 0.02 * wave
    counts = np.rint(shot.black_dn[0] + light * (shot.white_dn - shot.black_dn[0])).astype(np.uint16)
    even = Trust(np.full((3, *SHAPE), 0.2, np.float32), GAINS, shot, shot.noise, threads=1)
    still = np.zeros((*places_of(SHAPE), 2), np.float32)
    assert np.all(inner(even.in_frame(RawFrame(counts, shot), still, threads=1)) == 2)


def test_any_number_of_threads_gives_the_same_bytes():
    passing = Judged(objects=[Ball((50.0, 50.0), (6.0, 11.0), 16.0)], frames=2)
    frame, places = passing.burst.frames[1], passing.lying(1)
    one, three = (passing.trust.in_frame(frame, places, threads) for threads in (1, 3))
    assert np.array_equal(one, three)


def test_frames_of_another_size_are_refused_in_words():
    still = Judged(frames=2)
    frame = still.burst.frames[1]
    smaller = RawFrame(np.ascontiguousarray(frame.pixels[:-2]), frame.shot)
    with pytest.raises(FrameError, match=r"\(110, 144\).*\(112, 144\)"):
        still.trust.in_frame(smaller, still.lying(1))
    with pytest.raises(FrameError):
        still.trust.in_frame(frame, still.lying(1)[1:])


def test_less_is_left_to_detail_where_movements_meet_and_nothing_is_taken_for_a_turn():
    rows, columns = np.mgrid[:12, :14].astype(np.float32)
    turned = np.stack([0.02 * columns - 3.0, -0.02 * rows + 1.0], axis=-1)
    assert spread_px(turned).max() < 1e-4 and on_drift(turned).all()
    met = turned.copy()
    met[4:8, 5:9] += 0.6
    assert np.ptp(slack(turned)) == 0
    assert slack(met)[4, 5] < 0.2 * slack(turned)[4, 5] and slack(met)[0, 0] == slack(turned)[0, 0]
    assert not on_drift(met)[3:9, 4:10].any() and on_drift(met)[:2].all()


def test_a_rolling_shutter_s_wobble_is_the_drift():
    rows, columns = np.mgrid[:24, :14].astype(np.float32)
    assert on_drift(np.stack([0.3 * np.sin(rows / 4), 0.01 * columns], axis=-1)).all()


# The loops' numpy twins: the readable specification of what the C++ does.


def slopes_twin(picture):
    """(H / 2, W / 2) of one colour."""
    padded = np.pad(picture.astype(float), 1, mode="edge")
    down, across = np.diff(padded[:, 1:-1], axis=0) ** 2, np.diff(padded[1:-1], axis=1) ** 2
    steps = down[:-1] + down[1:] + across[:, :-1] + across[:, 1:]
    quads = steps.reshape(steps.shape[0] // 2, 2, -1, 2).sum(axis=(1, 3)) / 8
    for axis in (0, 1):
        wide = np.pad(quads, [(1, 1) if way == axis else (0, 0) for way in (0, 1)], mode="edge")
        before, middle, after = (np.take(wide, range(k, k + quads.shape[axis]), axis) for k in range(3))
        quads = before / 4 + middle / 2 + after / 4
    return quads


def cubic(t):
    """Weights of the pixels -1, 0, 1, 2 for a value at t: Lagrange's."""
    at = np.array([-1.0, 0.0, 1.0, 2.0])
    return np.array([np.prod([(t - other) / (own - other) for other in at if other != own]) for own in at])


def place_of(places, y, x):
    """Where pixel (y, x) of the frame lies: bilinear between the places."""
    (row, down), (column, across) = divmod((y + 0.5) / PITCH_PX, 1), divmod((x + 0.5) / PITCH_PX, 1)
    row, column = int(row), int(column)
    above = places[row, column] * (1 - across) + places[row, column + 1] * across
    below = places[row + 1, column] * (1 - across) + places[row + 1, column + 1] * across
    return above * (1 - down) + below * down


def trust_twin(plain, numbers, counts, places, left):
    """As Trust.in_frame, for places that change slowly and lie inside."""
    height, width = counts.shape
    slopes = [slopes_twin(colour) for colour in plain]
    sums = np.zeros((5, height // 2, width // 2))
    for y in range(height):
        for x in range(width):
            red_row, red_column = y % 2 == numbers["red"][0], x % 2 == numbers["red"][1]
            colour = (0 if red_column else 1) if red_row else (1 if red_column else 2)
            first = x - x % PITCH_PX + x % 2  # eight samples are seen from the pixel before their middle
            base_y = int(np.floor(y + (place_of(places, y, first)[0] + place_of(places, y, first + 14)[0]) / 2))
            base_x = int(np.floor(first + (place_of(places, y, first)[1] + place_of(places, y, first + 14)[1]) / 2))
            base_x += x - first
            moved = place_of(places, y, x)
            rows, columns = (
                np.clip(base + np.arange(-1, 3), 0, length - 1) for base, length in ((base_y, height), (base_x, width))
            )
            window = plain[colour][rows[:, None], columns].astype(float)
            shown = cubic(y + moved[0] - base_y) @ window @ cubic(x + moved[1] - base_x)
            gain, light = numbers["gains"][colour], max(shown, 0.0)
            noise = numbers["noise"][0] * gain * light + numbers["noise"][1] * gain**2
            quad = np.clip((base_x - (x - first)) // 2 + (x - first) // 2, 0, width // 2 - 1)
            slope = slopes[colour][base_y // 2, quad]
            allowed = noise + place_of(left[..., None], y, x)[0] * slope
            black = numbers["black"][2 * (y % 2) + x % 2]
            missed = (counts[y, x] - black) * gain / numbers["span"] - shown
            found = missed**2 / noise, allowed / noise, missed / allowed, 1 / allowed, light / allowed
            sums[:, y // 2, x // 2] += found
    near, wide, far = (np.stack([square_sums(plane, reach) for plane in sums]) for reach in (1, 2, 3))
    lean, far_lean = (around[2] ** 2 / (around[3] + (numbers["flicker"] * around[4]) ** 2) for around in (wide, far))
    ratios = (
        (near[0] / near[1], numbers["near"]),
        (wide[0] / wide[1], numbers["wide"]),
        (lean, numbers["lean"]),
        (far_lean, numbers["lean"]),
    )
    own, beside = (
        np.min(
            [np.clip((times * high - ratio) / (times * (high - low)), 0, 1) for ratio, (low, high) in ratios], axis=0
        )
        for times in (1.0, numbers["certain"])
    )
    low, high = numbers["lean"]
    lean = wide[2] ** 2 / (wide[3] + (numbers["false_light"] * wide[4]) ** 2)
    even = np.where(lean >= numbers["foreign"] * high, 0, np.where(lean > low, 1, 2))
    return least_beside(even) + 253 * np.minimum(own, least_beside(beside))


def least_beside(plane):
    return np.lib.stride_tricks.sliding_window_view(np.pad(plane, 2, mode="edge"), (5, 5)).min(axis=(2, 3))


def square_sums(plane, reach):
    padded = np.pad(plane, reach)
    return np.lib.stride_tricks.sliding_window_view(padded, (2 * reach + 1,) * 2).sum(axis=(2, 3))


@pytest.mark.parametrize(("size", "bayer"), [((26, 36), "RGGB"), ((18, 34), "GBRG"), ((2, 2), "BGGR")])
def test_trust_is_what_its_twin_says(size, bayer):
    rng = np.random.default_rng(size[0])
    shot = dataclasses.replace(a_shot(), bayer=bayer, black_dn=(250.0, 252.0, 254.0, 256.0))
    plain = rng.uniform(0.1, 0.4, (3, *size)).astype(np.float32)
    plain = ((plain + np.roll(plain, 1, 1) + np.roll(plain, 1, 2)) / 3).astype(np.float32)
    numbers = trust_numbers(shot, shot.noise, GAINS)
    rows, columns = np.mgrid[: places_of(size)[0], : places_of(size)[1]]
    places = np.stack([0.3 + 0.05 * columns, -0.4 + 0.05 * rows], axis=-1).astype(np.float32)
    left = np.linspace(0.02, 0.16, places[..., 0].size).reshape(places.shape[:2]).astype(np.float32)
    counts = np.empty(size, np.uint16)
    for y in range(size[0]):
        for x in range(size[1]):
            colour = "RGB".index(bayer[2 * (y % 2) + x % 2])
            counts[y, x] = 252 + plain[colour, y, x] / GAINS[colour] * numbers["span"] + rng.normal(0, 8)
    counts[: size[0] // 2, : size[1] // 3] += 400
    slopes, trust = (
        np.empty((3, size[0] // 2, size[1] // 2), np.float32),
        np.empty((size[0] // 2, size[1] // 2), np.uint8),
    )
    slopes_of_quads(plain, slopes, 2)
    assert np.allclose(slopes, [slopes_twin(colour) for colour in plain], rtol=1e-4, atol=1e-9)
    TrustFacts(**numbers).trust_in_frame(plain, slopes, counts, places, left, trust, 2)
    twin = trust_twin(plain, numbers, counts.astype(float), places.astype(float), left.astype(float))
    assert np.abs(trust - twin).max() <= 1
    assert size == (2, 2) or 10 < twin.mean() < 245


def test_what_does_not_fit_is_refused_by_the_loops():
    shot = a_shot()
    facts = TrustFacts(**trust_numbers(shot, shot.noise, GAINS))
    plain, slopes = np.zeros((3, 32, 48), np.float32), np.zeros((3, 16, 24), np.float32)
    counts, trust = np.zeros((32, 48), np.uint16), np.zeros((16, 24), np.uint8)
    places, left = np.zeros((3, 4, 2), np.float32), np.zeros((3, 4), np.float32)
    facts.trust_in_frame(plain, slopes, counts, places, left, trust, 1)
    for wrong in (
        (plain[:, :30].copy(), slopes, counts, places, left, trust),
        (plain, slopes[:, :-1].copy(), counts, places, left, trust),
        (plain, slopes, counts[:-2].copy(), places, left, trust),
        (plain, slopes, counts, places[:-1].copy(), left, trust),
        (plain, slopes, counts, places, left[:, :-1].copy(), trust),
        (plain, slopes, counts, places, left, trust[1:].copy()),
    ):
        with pytest.raises(ValueError, match="do not fit"):
            facts.trust_in_frame(*wrong, 1)
    with pytest.raises(ValueError, match="even sides"):
        slopes_of_quads(np.zeros((3, 31, 48), np.float32), slopes, 1)
    with pytest.raises(ValueError, match="half the picture"):
        slopes_of_quads(plain, slopes[:, 1:].copy(), 1)

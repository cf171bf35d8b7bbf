"""The measured zoom's loops against their numpy twin: the twin is the readable specification of what the C++ does."""

import numpy as np
import pytest

from isp.burst.places import places_of
from isp.kernels import ZoomFacts
from isp.zoom.measured import chebyshev, taps

SHAPE = (64, 80)
HALO = 12  # raw pixels around the picture that are solved for too
BLACK, SPAN, CLIPPED = (64.0, 66.0, 68.0, 70.0), 960.0, 1010.0
GAINS = np.array([2.0, 1.0, 1.5], np.float32)
SHOT, READ = 2e-4, 1e-6
DOUBT, BLOWN = 0.05**2, 0.95
PRIOR = {"light_least": 8e-5, "noise_share": 0.1, "noise_least": 2.0, "grey": 0.3, "colours": 1.0}
UNEXPLAINED = (1.5, 2.5, 2.0, 4.0)
ROUNDS = chebyshev(10, 0.03)
CALM_TIMES = 2.0  # colours differ at most so many times as much as where it is calmest near by
ENOUGH = 6.0  # frames, below which neighbours are expected to be more alike


def facts_for(red, rounds=ROUNDS):
    return ZoomFacts(
        red=red,
        black=BLACK,
        span=SPAN,
        clipped=CLIPPED,
        gains=GAINS.tolist(),
        noise=(SHOT, READ),
        plain_noise=(SHOT / 4, READ / 4),
        doubt=DOUBT,
        blown=BLOWN,
        unexplained=UNEXPLAINED,
        contradicted=(0.0, 1e-9, 0.05),
        prior=tuple(PRIOR.values()),
        rounds=rounds,
        patient_rounds=[],
    )


def enlarged(plane, blown=np.inf):
    """Twice as fine by cubic convolution, with the halo; beyond the picture its edge goes on.

    Beside a pixel that is `blown` it does not swing.
    """
    quarter = np.array([-0.0703125, 0.8671875, 0.2265625, -0.0234375])  # weights from one before to two behind

    def along(values, axis):
        count = values.shape[axis]
        at = np.arange(2 * (count + 2 * HALO))
        middle, way = at // 2 - HALO, np.where(at % 2, 1, -1)
        lines = [np.take(values, np.clip(middle + way * (k - 1), 0, count - 1), axis) for k in range(4)]
        value = sum(line * weight for line, weight in zip(lines, quarter, strict=True))
        held = np.clip(value, np.minimum(lines[1], lines[2]), np.maximum(lines[1], lines[2]))
        return np.where(np.max(lines, axis=0) >= blown, held, value)

    return along(along(plane, 0), 1)


def mean_around(values):
    """Over 7 x 7, held at the ends."""
    out = values
    for axis in (0, 1):
        count = values.shape[axis]
        middle = np.clip(np.arange(count), 3, count - 4)
        out = sum(np.take(out, middle + k, axis) for k in range(-3, 4)) / 7
    return out


def least_around(values):
    """Within two pixels each way."""
    height, width = values.shape
    padded = np.pad(values, 2, constant_values=np.inf)
    return np.min([padded[j : j + height, i : i + width] for j in range(5) for i in range(5)], axis=0)


def expectations(plain):
    """Weights of differences down and across, of grey and of differences of colours; squared slopes a raw pixel; and
    how even it is around, down and across."""
    grey = (plain[0] + 2 * plain[1] + plain[2]) / 4
    light = np.maximum(mean_around(grey), 0)
    noise = SHOT / 4 * light + READ / 4
    weights, of_colours, steep, even = [], [], 0, []
    for axis in (0, 1):
        squares = np.square(np.diff(grey, axis=axis, append=np.take(grey, [-1], axis)))
        slopes = (np.roll(mean_around(grey), -3, axis) - np.roll(mean_around(grey), 3, axis)) / 6
        differences = mean_around(squares) - slopes**2
        texture = np.maximum(differences - PRIOR["noise_share"] * noise, 0)
        calmest = np.minimum(CALM_TIMES * least_around(differences), differences)
        of_colour = np.maximum(calmest - PRIOR["noise_share"] * noise, 0)
        least = PRIOR["light_least"] * light + PRIOR["noise_least"] * noise
        weights.append(1 / (texture + least))
        of_colours.append(1 / (of_colour + least))
        even.append(least / (texture + least))
        steep = steep + 2 * texture
    return weights, of_colours, steep, even


class Samples:
    """All samples of a frame: where they lie, what they say, and how the fine picture looks to them."""

    def __init__(self, counts, shift, trust, bad, red):
        height, width = counts.shape
        y, x = np.mgrid[:height, :width]
        red_row, red_column = y % 2 == red[0], x % 2 == red[1]
        self.colour = np.where(red_row, np.where(red_column, 0, 1), np.where(red_column, 1, 2))
        self.gain = GAINS[self.colour]
        self.value = (counts - np.reshape(BLACK, (2, 2))[y % 2, x % 2]) / SPAN * self.gain
        self.good = (bad == 0) & (counts < CLIPPED)
        self.trusted = np.maximum(trust[y // 2, x // 2] - 2.0, 0) / 253.0 * (bad == 0)  # 2 and less is none
        self.believed = self.trusted * self.good
        # All eight samples of a row of a cell are seen from the pixel nearest to the middle one.
        fine_y = 2 * (y + HALO + 0.5 + shift[0]) - 0.5
        fine_x = 2 * (x + HALO + 0.5 + shift[1]) - 0.5
        self.row, self.column = (np.floor(fine + 0.5).astype(int) for fine in (fine_y, fine_x))
        self.down, self.across = (self._seen(fine - np.floor(fine + 0.5)) for fine in (fine_y, fine_x))

    @staticmethod
    def _seen(away):
        return 0.5 * (0.5 - away) ** 2, 0.75 - away**2, 0.5 * (0.5 + away) ** 2

    def _taps(self):
        for j in range(3):
            for i in range(3):
                yield (self.colour, self.row - 1 + j, self.column - 1 + i), self.down[j] * self.across[i]

    def of(self, fine):
        return sum(weight * fine[at] for at, weight in self._taps())

    def back(self, missed, shape):
        fine = np.zeros(shape)
        for at, weight in self._taps():
            np.add.at(fine, at, weight * missed)
        return fine

    def know(self, plain, steep):
        light = np.maximum(self.of(plain) / self.gain, 0)
        variance = (SHOT * light + READ) * self.gain**2 + DOUBT * steep[self.row, self.column]
        self.weight = self.believed / variance


def pulled_together(fine, weights, weights_of_colours):
    pull = np.zeros_like(fine)
    for axis, both in enumerate(zip(weights, weights_of_colours, strict=True)):
        rest, coloured = (np.take(weight, range(weight.shape[axis] - 1), axis) for weight in both)
        red, green, blue = np.diff(fine, axis=axis + 1)
        grey = PRIOR["grey"] * rest * (red + 2 * green + blue) / 16
        of_red, of_blue = (PRIOR["colours"] * coloured * (colour - green) for colour in (red, blue))
        for colour, flow in enumerate((grey + of_red, 2 * grey - of_red - of_blue, grey + of_blue)):
            first = [(0, 0), (0, 0)]
            first[axis] = (0, 1)
            pull[colour] += np.pad(flow, first) - np.pad(flow, [pair[::-1] for pair in first])
    return pull


def solved(plain_x1, frames, red, bad, rounds=ROUNDS):
    """(3, 2 H, 2 W) balanced, and how many frames are behind each 2 x 2."""
    plain = np.stack([enlarged(plane, BLOWN * gain) for plane, gain in zip(plain_x1.astype(float), GAINS, strict=True)])
    weights, of_colours, steep, even = expectations(plain)
    samples = [Samples(*frame, bad, red) for frame in frames]
    seen = np.zeros(plain.shape[1:])
    for each in samples:
        each.know(plain, steep)
        np.add.at(seen, (each.row, each.column), each.trusted)
    height, width = (length // 4 for length in seen.shape)
    quads = seen.reshape(height, 4, width, 4).sum(axis=(1, 3)) / 4
    padded = np.pad(quads, 2, mode="edge")
    behind = sum(padded[j : j + height, i : i + width] for j in range(5) for i in range(5)) / 25
    lacking = np.maximum(ENOUGH / np.maximum(behind, 1), 1) ** 2
    lacking = np.kron(lacking, np.ones((4, 4)))
    weights, of_colours = ([weight * lacking for weight in each] for each in (weights, of_colours))
    near, near_colours = (sum(w + np.roll(w, 1, axis) for axis, w in enumerate(each)) for each in (weights, of_colours))
    diagonal = sum(each.back(each.weight, plain.shape) for each in samples)
    diagonal += np.multiply.outer(np.array([0.5, 1, 0.5]) * PRIOR["grey"], near)
    diagonal += np.multiply.outer(np.array([4, 8, 4]) * PRIOR["colours"], near_colours)
    result, moved = plain.copy(), np.zeros_like(plain)
    for kept, length in rounds:
        pull = sum(each.back(each.weight * (each.value - each.of(result)), plain.shape) for each in samples)
        moved = kept * moved + length * (pull + pulled_together(result, weights, of_colours)) / diagonal
        result = result + moved
    grey_share = np.clip((behind - 1) / 2, 0, 1) * explained(samples, result, behind.shape)
    shares = [grey_share, grey_share * np.clip((behind - 2) / 3, 0, 1)]
    dim = np.all(plain < BLOWN * GAINS[:, None, None], axis=0)
    of_grey, of_colours = (np.kron(share, np.ones((4, 4))) * dim for share in shares)
    more = result - plain
    grey = (more[0] + 2 * more[1] + more[2]) / 4
    more = calmed(of_grey * grey + of_colours * (more - grey), even) * dim
    inner = np.s_[:, 2 * HALO : -2 * HALO, 2 * HALO : -2 * HALO]
    return (plain + more)[inner], behind[HALO // 2 : -HALO // 2, HALO // 2 : -HALO // 2]


def calmed(more, even):
    """Less of the waves of two pixels: of differences of colours, and of grey where it is even."""
    for axis, share in enumerate(even):
        bent = (np.roll(more, 1, axis + 1) - 2 * more + np.roll(more, -1, axis + 1)) / 8
        grey = (bent[0] + 2 * bent[1] + bent[2]) / 4
        more = more + bent - (1 - share) * grey
    return more


def explained(samples, result, shape):
    """1 where all samples together, and those of the reference, which is the first frame, are missed by noise alone."""
    share = np.ones(shape)
    for some, none, chosen in ((*UNEXPLAINED[:2], samples[1:]), (*UNEXPLAINED[2:], samples[:1])):
        missed, of = np.zeros(shape), np.zeros(shape)
        for each in chosen:
            # The place of a sample is that of the first of its row, and so many quads further.
            place = each.row // 4, each.column // 4
            np.add.at(missed, place, each.weight * np.square(each.value - each.of(result)))
            np.add.at(of, place, each.believed)
        sums = [
            sum(np.pad(part, 1, mode="edge")[j : j + shape[0], i : i + shape[1]] for j in range(3) for i in range(3))
            for part in (missed, of)
        ]
        share *= np.clip((none - sums[0] / np.maximum(sums[1], 1)) / (none - some), 0, 1)
    return share


def scene(red, shifts, seed=3):
    """Frames of a smooth scene with one edge, and its plain picture."""
    rng = np.random.default_rng(seed)
    height, width = SHAPE

    def light(y, x):
        grey = 0.2 + 0.1 * np.sin(0.9 * x) * np.cos(0.7 * y) + 0.3 / (1 + np.exp(-4 * (x + 0.3 * y - 52)))
        return np.stack([0.8 * grey, grey, 0.9 * grey + 0.02])

    y, x = np.mgrid[:height, :width] + 0.5
    plain = (light(y, x) + rng.normal(0, 0.003, (3, *SHAPE))).astype(np.float32)
    frames = []
    for number, shift in enumerate(shifts):
        seen = light(y + shift[0], x + shift[1]) / GAINS[:, None, None]
        rows, columns = np.mgrid[:height, :width]
        of_red = rows % 2 == red[0], columns % 2 == red[1]
        colour = np.where(of_red[0], np.where(of_red[1], 0, 1), np.where(of_red[1], 1, 2))
        mosaic = np.take_along_axis(seen, colour[None], 0)[0]
        noisy = mosaic + rng.normal(size=SHAPE) * np.sqrt(SHOT * mosaic + READ)
        counts = np.rint(noisy * SPAN + np.reshape(BLACK, (2, 2))[rows % 2, columns % 2])
        trust = np.full((height // 2, width // 2), 255, np.uint8)
        if number == 1:
            trust[:, : width // 4] = 90
        frames.append((np.clip(counts, 0, 1023).astype(np.uint16), shift, trust))
    return plain, frames


def by_kernels(plain, frames, red, bad, rounds=ROUNDS, threads=1, factor=2):
    height, width = SHAPE
    places = [np.broadcast_to(np.float32(shift), (*places_of(SHAPE), 2)).copy() for _, shift, _ in frames]
    out = np.empty((round(factor * height), round(factor * width), 3), np.uint16)
    behind = np.empty((height // 2, width // 2), np.float32)
    facts_for(red, rounds).solve(
        plain, bad, [frame[0] for frame in frames], places, [frame[2] for frame in frames],
        [np.zeros(places_of(SHAPE), np.uint8)] * len(frames),
        *taps(height, out.shape[0]), *taps(width, out.shape[1]), (8000.0, 50000.0, 0.0, 65000.0), out, behind, threads,
    )  # fmt: skip
    return (out.transpose(2, 0, 1) - 8000.0) / 50000.0 * GAINS[:, None, None], behind


SHIFTS = [(0.0, 0.0), (1.26, -0.7), (-2.4, 3.3), (0.53, 5.1), (3.0, 0.25), (-4.6, -2.2)]


@pytest.mark.parametrize("red", [(0, 0), (0, 1), (1, 0), (1, 1)])
def test_the_search_is_its_twin(red):
    plain, frames = scene(red, SHIFTS)
    bad = np.zeros(SHAPE, np.uint8)
    bad[30, 41] = bad[12, 8] = 1
    expected, behind = solved(plain, frames, red, bad)
    found, found_behind = by_kernels(plain, frames, red, bad)
    assert np.abs(found_behind - behind)[4:-4, 4:-4].max() < 1e-3
    # Near the picture's end cells lie that reach beyond the tile, and are left out.
    inner = np.s_[:, 16:-16, 16:-16]
    assert np.abs(found - expected)[inner].max() < 1e-3
    assert np.abs(found - np.stack([enlarged(plane) for plane in plain])[:, 24:-24, 24:-24])[inner].max() > 0.05


def test_clipped_samples_and_blown_light_keep_the_plain_picture():
    plain, frames = scene((0, 0), SHIFTS)
    plain[:, 20:30, 20:30] = GAINS[:, None, None]
    for counts, _, _ in frames:
        counts[18:34, 18:34] = 1023
    bad = np.zeros(SHAPE, np.uint8)
    expected, _ = solved(plain, frames, (0, 0), bad)
    found, _ = by_kernels(plain, frames, (0, 0), bad)
    # Whether all is explained hangs on the last bits there.
    assert np.abs(found - expected)[:, 16:-16, 16:-16].max() < 0.02
    assert np.abs(found[:, 44:56, 44:56] - GAINS[:, None, None]).max() < 1e-3


def test_without_rounds_or_trust_the_plain_picture_is_left():
    plain, frames = scene((0, 0), SHIFTS)
    bad = np.zeros(SHAPE, np.uint8)
    start = np.stack([enlarged(plane) for plane in plain])[:, 24:-24, 24:-24]
    for trust in (0, 255):
        for _, _, each in frames:
            each[:] = trust
        found, behind = by_kernels(plain, frames, (0, 0), bad, ROUNDS if trust == 0 else [])
        assert np.abs(found - start).max() < 1e-4
        assert np.all(behind == 0) if trust == 0 else behind.mean() > 5


def test_a_smaller_factor_takes_means_of_the_fine_picture():
    plain, frames = scene((0, 0), SHIFTS)
    bad = np.zeros(SHAPE, np.uint8)
    fine, _ = by_kernels(plain, frames, (0, 0), bad)
    same, _ = by_kernels(plain, frames, (0, 0), bad, factor=1)
    assert np.abs(same - fine.reshape(3, SHAPE[0], 2, SHAPE[1], 2).mean(axis=(2, 4))).max() < 1e-4


def test_what_does_not_fit_is_refused():
    plain, frames = scene((0, 0), SHIFTS[:2])
    bad = np.zeros(SHAPE, np.uint8)
    with pytest.raises(ValueError, match="different sizes"):
        by_kernels(plain[:, :-2], frames, (0, 0), bad)
    with pytest.raises(ValueError, match="different sizes"):
        by_kernels(plain, [frames[0], (frames[1][0][:-2], *frames[1][1:])], (0, 0), bad)

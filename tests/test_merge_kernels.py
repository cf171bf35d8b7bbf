"""The merge's loops against their numpy twins: the twins are the readable specification of what the C++ does."""

import numpy as np
import pytest

from isp.burst.between_pixels import between_pixels, noise_left
from isp.burst.merging import DEFAULT_LIMITS, Rung
from isp.burst.places import PITCH_PX, TILE_PX, places_of
from isp.kernels import MERGE_BANDS, MERGE_FREQUENCIES, MERGE_STEPS, MergeFacts

BLACK, WHITE = (60.0, 61.0, 62.0, 63.0), 1023.0
SHOT, READ = 0.4, 9.0  # variance in counts squared
BLOCK = 8
WINDOW = 0.5 - 0.5 * np.cos(2 * np.pi * (np.arange(TILE_PX) + 0.5) / TILE_PX)
COSINES = np.cos(np.pi * np.outer(np.arange(16), 2 * np.arange(16) + 1) / 32) * np.sqrt(2 / 16)
COSINES[0] /= np.sqrt(2)


def facts_for(rung):
    limits = [getattr(DEFAULT_LIMITS, name) for name in DEFAULT_LIMITS.__dataclass_fields__]
    return MergeFacts(
        BLACK, WHITE, [SHOT, READ], rung is Rung.FREQUENCIES, limits, between_pixels(), noise_left(), WINDOW.tolist()
    )


def mirrored(index, count):
    """0 1 2 ... n-1 and back again, without repeating the ends."""
    period = max(2 * (count - 1), 1)
    return np.abs((np.asarray(index) + count - 1) % period - (count - 1)) if count > 1 else np.zeros_like(index)


def mended(picture, bad):
    """Bad pixels take the mean of the two opposite neighbours of their colour that differ least."""
    out = picture.astype(float)
    for y, x in bad:
        at = lambda dy, dx: float(picture[mirrored(y + dy, len(picture)), mirrored(x + dx, picture.shape[1])])  # noqa: B023, E731
        pairs = [(at(dy, dx), at(-dy, -dx)) for dy, dx in ((0, 2), (2, 0), (2, 2), (2, -2))]
        out[y, x] = np.mean(min(pairs, key=lambda pair: abs(pair[0] - pair[1])))
    return out


def step_of(shift):
    return divmod(int(np.floor(abs(shift) * MERGE_STEPS / 2 + 0.5) * np.sign(shift)), MERGE_STEPS)


def nearest(step):
    whole, part = step
    return whole + (part >= MERGE_STEPS // 2), 0


def moved(picture, axis, start, step, count=TILE_PX):
    """32 rows (or columns) from `start` on, `step` further along."""
    whole, part = step
    length = picture.shape[axis]
    weights = between_pixels()[part].astype(float)
    lines = [
        np.take(picture, mirrored(start + 2 * (whole + tap - 2) + np.arange(count), length), axis) * weights[tap]
        for tap in range(6)
    ]
    return sum(lines)


def planes_of(tile):
    return np.stack([tile[y::2, x::2] for y in (0, 1) for x in (0, 1)])


def by_block(values):
    return values.reshape(4, BLOCK, 4, BLOCK).sum(axis=(1, 3))


def smooth(values):
    """Means over the neighbours with weights 1 4 6 4 1, mirrored at the ends."""
    for _ in range(2):
        padded = np.pad(values, [(2, 2), (0, 0)], mode="reflect")
        values = (sum(weight * padded[k : k + 16] for k, weight in enumerate((1, 4, 6, 4, 1))) / 16).T
    return values


def edge_weights(around, noise):
    """(32, 32): how much a pixel counts where its block does not fit; `around` has two pixels more on each side."""
    near = np.stack([around[y : y + TILE_PX, x : x + TILE_PX] for y in (0, 2, 4) for x in (0, 2, 4)])
    beyond = np.square(DEFAULT_LIMITS.edge * np.ptp(near, axis=0)) - noise
    return noise / (noise + np.maximum(beyond, 0))


def weigh_blocks(around, frame, black, factor):
    """(difference, noise, fit, kept, flat): blocks that do not fit have lost their edges, then weight."""
    limits = DEFAULT_LIMITS
    reference = around[2:-2, 2:-2]
    blown = reference >= WHITE
    difference = np.where(blown, 0.0, reference - frame)
    noise = SHOT * np.maximum(reference - black, 0) + READ

    def weights_of(difference, pixels):
        # A blown pixel has no noise; a block of them counts as one pixel's, so that nothing is divided by 0.
        expected = np.maximum(by_block(np.where(blown, 0.0, noise * pixels**2)), READ)
        excess = by_block(difference**2) / (factor * expected) - 1 - limits.block_excess
        return 1 / (1 + limits.block_loss * np.maximum(excess, 0)), expected

    weights, expected = weights_of(difference, np.ones_like(noise))
    edges, flat = edge_weights(around, noise), 1.0
    if np.all(weights == 1):
        edges = np.ones_like(noise)
    else:
        flat = edges.mean()
        edges = np.where(np.kron(weights, np.ones((BLOCK, BLOCK))) < 1, edges, 1.0)
        difference = difference * edges
        weights, expected = weights_of(difference, edges)
    wide = np.kron(weights, np.ones((BLOCK, BLOCK)))
    return difference * wide, np.sum(weights**2 * expected), weights.mean(), np.mean(wide * edges), flat


def scatter_at_border(first, length):
    """How much more the energy of a tile scatters that begins at `first` and is mirrored beyond the frame."""
    inside = min(first + TILE_PX, length) - max(first, 0)
    return np.sqrt(TILE_PX / inside)


def compare(around, show, black, steps, rung, scatter):
    """(difference to average away, weight, kept by band, squares) of one tile; `show` gives the frame at some steps."""
    limits = DEFAULT_LIMITS
    reference = around[2:-2, 2:-2]

    def look(steps):
        down, across = (noise_left()[part].astype(float) for _, part in steps)
        return down, across, *weigh_blocks(around, show(steps), black, 1 + down.mean() * across.mean())

    whole = [nearest(step) for step in steps]
    found = look(whole if np.any(reference >= WHITE) else steps)
    if found[4] < limits.calm and found[6] >= 0.5 and not np.any(reference >= WHITE):
        in_whole_steps = look(whole)
        found = in_whole_steps if in_whole_steps[4] >= limits.calm else found
    down, across, difference, noise, fit, kept, _ = found
    factor = 1 + down.mean() * across.mean()
    if fit <= limits.gross:
        return np.zeros_like(reference), 0.0, np.zeros((4, 4)), 0.0
    if rung is Rung.PLACES:
        slow = sum(np.sum(by_block(np.kron(plane, [[1, 0], [0, 0]])) ** 2) for plane in planes_of(difference))
        energy = 1 + 4 * (np.sum(difference**2) / (factor * noise) - 1)
        weight = 1 / (1 + limits.loss * max((max(energy, slow / (2 * noise)) - 1) / scatter - limits.place_excess, 0))
        return difference * weight, weight, np.full((4, 4), weight * kept), (weight * kept) ** 2 * (factor - 1)

    waves = COSINES @ planes_of(difference) @ COSINES.T
    one_frequency = scatter * noise / 256 * (1 + np.outer(down, across))
    energies = np.sum(waves**2, axis=0) / one_frequency
    excess = smooth(energies) - 1
    # At the ends of the scale fewer values stand behind a mean.
    steady = np.array([0.82, 0.92, *np.ones(12), 0.92, 0.82])
    excess *= np.outer(steady, steady)
    most = max(excess.max(), limits.slow * (energies[:4, :4].mean() - 1))
    doubt = np.clip((most - limits.still) / (limits.moved - limits.still), 0, 1)
    allowed = limits.still + doubt * (limits.excess - limits.still)
    keep = 1 / (1 + doubt * limits.loss * np.maximum(excess - allowed, 0))
    if doubt == 0 and fit >= limits.calm:
        return difference, 1.0, np.full((4, 4), kept), kept**2 * down.mean() * across.mean()
    weight = np.clip((fit * keep.mean() - limits.gross) / (limits.calm - limits.gross), 0, 1)
    planes = COSINES.T @ (waves * keep * weight) @ COSINES
    out = np.empty_like(reference)
    for index, plane in enumerate(planes):
        out[index // 2 :: 2, index % 2 :: 2] = plane
    bands = keep.reshape(MERGE_BANDS, 4, MERGE_BANDS, 4).mean(axis=(1, 3))
    return out, weight, bands * weight * kept, np.mean(keep**2 * np.outer(down, across)) * (weight * kept) ** 2


def add_frame(reference, frame, shifts, bad, rung):
    """The twin of MergeFacts.add_frame, for one frame."""
    height, width = reference.shape
    rows, columns = places_of(reference.shape)
    sums = np.zeros((height + 2 * PITCH_PX + TILE_PX, width + 2 * PITCH_PX + TILE_PX))
    weight, squares = np.zeros((2, rows, columns))
    kept = np.zeros((rows, columns, MERGE_BANDS, MERGE_BANDS))
    still, other = mended(reference, bad), mended(frame, bad)
    black = np.tile(np.reshape(BLACK, (2, 2)), (PITCH_PX, PITCH_PX))
    for row in range(rows):
        for column in range(columns):
            top, left = (row - 1) * PITCH_PX, (column - 1) * PITCH_PX
            around = moved(moved(still, 0, top - 2, (0, 0), TILE_PX + 4), 1, left - 2, (0, 0), TILE_PX + 4)
            steps = [step_of(shift) for shift in shifts[row, column].astype(float)]
            show = lambda steps: moved(moved(other, 0, top, steps[0]), 1, left, steps[1])  # noqa: B023, E731
            scatter = scatter_at_border(top, height) * scatter_at_border(left, width)
            found = compare(around, show, black, steps, rung, scatter)
            sums[top + PITCH_PX :, left + PITCH_PX :][:TILE_PX, :TILE_PX] += found[0] * np.outer(WINDOW, WINDOW)
            weight[row, column], kept[row, column], squares[row, column] = found[1:]
    return sums[PITCH_PX:, PITCH_PX:][:height, :width], weight, kept, squares


def random_pair(size, seed=1):
    """A picture of steps, and another look at it: noise alone in some parts, other things in others."""
    rng = np.random.default_rng([*size, seed])
    light = 100 + 500 * np.kron(rng.uniform(0, 1, (size[0] // 20 + 1, size[1] // 20 + 1)), np.ones((20, 20)))
    light = light[: size[0], : size[1]]
    other = (
        light
        + np.kron(rng.choice([0, 0, 8, 60], (size[0] // 24 + 1, size[1] // 24 + 1)), np.ones((24, 24)))[
            : size[0], : size[1]
        ]
    )
    noisy = [rng.normal(level, np.sqrt(SHOT * (level - 60) + READ)) for level in (light, other)]
    pair = [np.clip(np.rint(picture), 0, WHITE).astype(np.uint16) for picture in noisy]
    pair[0][: size[0] // 8, : size[1] // 8] = WHITE
    return pair


def gathered(shape):
    places = places_of(shape)
    kept = np.zeros((*places, MERGE_BANDS, MERGE_BANDS), np.float32)
    return np.zeros(shape, np.float32), np.zeros(places, np.float32), kept, np.zeros(places, np.float32)


def random_shifts(shape, kind):
    rng = np.random.default_rng(len(kind))
    wanted = {"still": (0, 0), "whole": (-40, 40), "between": (-3, 3), "far": (-400, 400)}[kind]
    px = rng.uniform(*wanted, (*places_of(shape), 2)).astype(np.float32)
    return 2 * np.rint(px / 2) if kind == "whole" else px


@pytest.mark.parametrize("rung", list(Rung))
@pytest.mark.parametrize("kind", ["still", "whole", "between", "far"])
@pytest.mark.parametrize("size", [(2, 2), (3, 5), (33, 47), (128, 160)])
def test_a_frame_is_added_as_its_twin_says(size, kind, rung):
    reference, frame = random_pair(size)
    shifts = random_shifts(size, kind)
    rng = np.random.default_rng(5)
    bad = np.unique(rng.integers(0, size, (3, 2)), axis=0).astype(np.int32)
    facts = facts_for(rung)
    facts.bad_pixels(bad, *size)
    sums, share = gathered(size), np.empty(places_of(size), np.float32)
    facts.add_frame(reference, frame, shifts, *sums, share, 2)
    expected = add_frame(reference, frame, shifts, bad, rung)
    for found, wanted, tolerance in zip(sums, expected, (0.05, 1e-3, 1e-3, 1e-3), strict=True):
        np.testing.assert_allclose(found, wanted, atol=tolerance)
    np.testing.assert_allclose(share, expected[2].mean(axis=(2, 3)), atol=1e-3)


@pytest.mark.parametrize("size", [(2, 2), (3, 5), (33, 47), (64, 66)])
def test_the_sums_become_counts_as_the_twin_says(size):
    reference, _ = random_pair(size)
    rng = np.random.default_rng(3)
    difference, weight, kept, squares = gathered(size)
    difference[:], weight[:] = rng.normal(0, 30, size), rng.uniform(0, 7, weight.shape)
    found = np.empty_like(reference)
    facts_for(Rung.FREQUENCIES).write_merged(reference, difference, weight, kept, squares, 64, found, 2)

    rows, columns = ([place + 1 - offset for offset in (0, 1)] for place in map(lambda n: np.arange(n) // 16, size))  # noqa: C417
    behind = 1.0
    for row, y_share in zip(rows, (WINDOW[:16], WINDOW[16:]), strict=True):
        for column, x_share in zip(columns, (WINDOW[:16], WINDOW[16:]), strict=True):
            shares = np.outer(np.resize(y_share, size[0]), np.resize(x_share, size[1]))
            behind = behind + weight[np.ix_(row, column)] * shares
    merged = np.clip(64 * (reference - difference / behind), 0, 64 * WHITE)
    wanted = np.where(reference >= WHITE, 64 * WHITE, merged)
    assert np.max(np.abs(found - wanted)) <= 0.51


def test_the_filters_between_pixels_leave_flat_flat_and_waves_in_place():
    weights = between_pixels().astype(float)
    np.testing.assert_allclose(weights.sum(axis=1), 1, atol=1e-5)
    for step, taps in enumerate(weights):
        for per_pixel in (0.02, 0.1, 0.2, 0.3):
            answer = np.sum(taps * np.exp(2j * np.pi * per_pixel * (np.arange(6) - 2 - step / MERGE_STEPS)))
            assert abs(answer - 1) < 0.04, (step, per_pixel)


def test_noise_left_is_what_the_filters_leave_of_white_noise():
    noise = np.random.default_rng(1).normal(size=(MERGE_FREQUENCIES, 40000))
    for step in (0, 5, 8, 15):
        filtered = np.convolve(noise.ravel(), between_pixels()[step], mode="valid")
        assert abs(filtered.var() / noise.var() - noise_left()[step].mean()) < 0.01

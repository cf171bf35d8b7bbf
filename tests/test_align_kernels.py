"""Every loop of the alignment against its numpy twin: the twin is the readable specification of what the C++ does."""

import numpy as np
import pytest

from isp.burst.tile_field import noise_of_tile
from isp.kernels import (
    ALIGN_TILE_PX,
    agree_with_neighbours,
    grey_of_quads,
    match_tiles,
    observe_tiles,
    settle_tiles,
    shrink_grey,
    slope_energy,
    soften_grey,
)

SIZES = [(1, 1), (2, 3), (9, 5), (70, 131)]
STILL = (0.0, 0.0, 0.0, 20.0, 25.0)


def random_grey(size, seed=1):
    return np.random.default_rng([*size, seed]).integers(0, 256, size, dtype=np.uint8)


def textured_grey(size, seed=1):
    """Smooth enough that neighbouring vectors differ little, with texture everywhere."""
    rough = np.random.default_rng([*size, seed]).normal(128, 300, (size[0] + 8, size[1] + 8))
    for axis in (0, 1):
        rough = sum(np.roll(rough, step, axis) for step in range(-3, 4)) / 7
    return np.clip(rough[4:-4, 4:-4], 0, 255).astype(np.uint8)


def mirrored(grey, reach=1):
    rows, columns = (
        np.abs((np.arange(-reach, length + reach) + length - 1) % max(2 * (length - 1), 1) - (length - 1))
        for length in grey.shape
    )
    return grey[np.ix_(rows, columns)].astype(int)


def nine_neighbours(grey):
    padded, (height, width) = mirrored(grey), grey.shape
    return np.stack([padded[y : y + height, x : x + width] for y in range(3) for x in range(3)])


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("shift", [0, 2])
def test_grey_is_the_code_of_each_quad_within_the_range_of_its_neighbours(size, shift):
    rng = np.random.default_rng(3)
    counts = rng.integers(0, 1024, (2 * size[0] + 1, 2 * size[1] + 1), dtype=np.uint16)
    codes = np.sort(rng.integers(0, 256, 3000 >> shift, dtype=np.uint8))
    made = np.empty(size, np.uint8)
    grey_of_quads(counts, codes, shift, made, 2)
    sums = sum(counts[y : 2 * size[0] : 2, x : 2 * size[1] : 2].astype(int) for y in (0, 1) for x in (0, 1))
    grey = codes[np.minimum(sums >> shift, len(codes) - 1)]
    around = np.delete(nine_neighbours(grey), 4, axis=0)
    assert np.array_equal(made, np.clip(grey, around.min(axis=0), around.max(axis=0)))


@pytest.mark.parametrize("size", SIZES)
def test_softened_grey_is_a_rounded_mean_weighed_1_2_1_each_way(size):
    grey, made = random_grey(size), np.empty(size, np.uint8)
    soften_grey(grey, made, 2)
    weights = np.outer([1, 2, 1], [1, 2, 1]).reshape(9, 1, 1)
    assert np.array_equal(made, ((weights * nine_neighbours(grey)).sum(axis=0) + 8) // 16)


@pytest.mark.parametrize("factor", [2, 4])
def test_shrunk_grey_is_a_rounded_mean(factor):
    grey = random_grey((71, 134))
    rows, columns = 71 // factor, 134 // factor
    made = np.empty((rows, columns), np.uint8)
    shrink_grey(grey, factor, made, 2)
    sums = grey[: rows * factor, : columns * factor].reshape(rows, factor, columns, factor).sum(axis=(1, 3), dtype=int)
    assert np.array_equal(made, (sums + factor**2 // 2) // factor**2)


@pytest.mark.parametrize("size", [(1, 1), (1, 9), (70, 131), (3, 9000)])
def test_slope_energy_multiplies_each_slope_with_its_neighbour(size):
    grey = random_grey(size).astype(int)
    across, down = np.diff(grey, axis=1), np.diff(grey, axis=0)
    twin = (across[1:] * across[:-1]).sum() + (down[:, 1:] * down[:, :-1]).sum()
    assert slope_energy(random_grey(size), 2) == twin


def places_on(size, tile=ALIGN_TILE_PX):
    return tuple(-(-length // (tile // 2)) + 1 for length in size)


def hand_at(hand, y, x):
    shift_y, shift_x, turn, middle_y, middle_x = hand
    down, across = y - middle_y, x - middle_x
    return np.array([shift_y - turn * across, shift_x + turn * down])


class TileTwin:
    """One tile of the reference, and how it differs from the frame."""

    def __init__(self, reference, frame, tile, window):
        self.reference, self.frame = reference.astype(int), frame.astype(int)
        self.tile, self.window = tile, window

    def reaches(self, vector):
        start = np.add(self.window, vector)
        return bool((start >= 1).all() and (start + self.tile + 1 <= self.frame.shape).all())

    def cut(self, picture, vector=(0, 0), dy=0, dx=0):
        y, x = self.window[0] + vector[0] + dy, self.window[1] + vector[1] + dx
        return picture[y : y + self.tile, x : x + self.tile]

    def differs_at(self, vector, power):
        return int((np.abs(self.cut(self.frame, vector) - self.cut(self.reference)) ** power).sum())

    def texture(self):
        cut = self.cut(self.reference)
        return int((cut**2).sum()) - int(cut.sum()) ** 2 // self.tile**2


def window_twin(size, tile, place, vector, radius):
    for reach in (radius, 0):
        start = []
        for middle, length, moved in zip((place[0] * tile // 2, place[1] * tile // 2), size, vector, strict=True):
            low, high = max(1, 1 - moved + reach), min(length, length - moved - reach) - 1 - tile
            start.append(None if low > high else min(max(middle - tile // 2, low), high))
        if None not in start:
            return tuple(start)
    return (-1, -1)


def candidates_twin(place, tile, strays, factor, hand):
    by_hand = hand_at(hand, place[0] * tile / 2, place[1] * tile / 2)
    last = np.array(strays.shape[1:]) - 1
    above = np.minimum(np.array(place) // factor, last)
    below = np.minimum(above + 1, last)
    nearest = np.minimum((np.array(place) + factor // 2) // factor, last)
    corners = [nearest, above, (above[0], below[1]), (below[0], above[1]), below]
    each = [by_hand + factor * strays[:, row, column] for row, column in corners] + [by_hand]
    return [tuple(int(value) for value in np.rint(vector)) for vector in each]


def match_twin(reference, frame, place, strays, factor, hand, search):
    power, radius, margin, far, fits = search
    candidates = candidates_twin(place, ALIGN_TILE_PX, strays, factor, hand)
    window = window_twin(reference.shape, ALIGN_TILE_PX, place, candidates[0], radius)
    if window[0] < 0:
        return candidates[0], window
    tile = TileTwin(reference, frame, ALIGN_TILE_PX, window)

    def around(middle, reach, best, least):
        for y in range(-reach, reach + 1):
            for x in range(-reach, reach + 1):
                vector = (middle[0] + y, middle[1] + x)
                if tile.reaches(vector) and tile.differs_at(vector, power) < least:
                    best, least = vector, tile.differs_at(vector, power)
        return best

    best, least = candidates[0], tile.differs_at(candidates[0], power) - margin
    for vector in candidates[1:]:
        if tile.reaches(vector) and tile.differs_at(vector, power) < least:
            best, least = vector, tile.differs_at(vector, power)
    best = around(best, radius, best, least - margin * (best != candidates[0]))
    most = fits + tile.texture() // 2
    if far and tile.differs_at(best, power) > most:
        best = around(candidates[-1], far, best, most)
    return best, window


def scene(size=(60, 75)):
    """A reference and a frame that moved by (2, -3), but for an object that moved by (-6, 5)."""
    wide = textured_grey((size[0] + 20, size[1] + 20))
    reference, frame = wide[10:-10, 10:-10].copy(), wide[8:-12, 13:-7].copy()
    thing = textured_grey((26, 28), seed=9)
    reference[20:46, 30:58] = thing
    frame[14:40, 35:63] = thing
    return reference, frame


SEARCHES = [(1, 1, 0, 0, 0), (1, 2, 300, 0, 0), (2, 2, 5000, 0, 0), (2, 1, 500, 9, 2000)]


@pytest.mark.parametrize("search", SEARCHES)
@pytest.mark.parametrize("hand", [STILL, (1.7, -2.6, 0.02, 30.0, 37.0), (-40.0, 30.0, 0.0, 30.0, 37.0)])
def test_tiles_are_matched_among_what_was_expected_and_around_it(search, hand):
    reference, frame = scene()
    rows, columns = places_on(reference.shape)
    strays = np.random.default_rng(5).normal(0, 1.5, (2, 3, 4))
    vectors, windows = np.empty((rows, columns, 2), np.int16), np.empty((rows, columns, 2), np.int16)
    match_tiles(reference, frame, strays, 4, hand, search, vectors, windows, 2)
    for place in np.ndindex(rows, columns):
        best, window = match_twin(reference, frame, place, strays, 4, hand, search)
        assert (tuple(vectors[place]), tuple(windows[place])) == (best, window), place


def test_a_tile_that_nothing_explains_is_searched_for_farther_away():
    reference, frame = scene()
    vectors, windows = (np.empty((*places_on(reference.shape), 2), np.int16) for _ in range(2))
    hand = (2.0, -3.0, 0.0, 30.0, 37.0)
    match_tiles(reference, frame, np.zeros((2, 1, 1)), 1, hand, (2, 1, 100, 9, 100), vectors, windows, 1)
    assert tuple(vectors[4, 5]) == (-6, 5)
    assert tuple(vectors[1, 1]) == (2, -3)


def a_field(reference, frame, seed=3):
    """Vectors near the truth with some wild ones, and their windows."""
    rows, columns = places_on(reference.shape)
    rng = np.random.default_rng(seed)
    vectors = np.where(rng.random((rows, columns, 1)) < 0.3, rng.integers(-3, 4, (rows, columns, 2)), (2, -3))
    windows = np.empty((rows, columns, 2), np.int16)
    for place in np.ndindex(rows, columns):
        windows[place] = window_twin(reference.shape, ALIGN_TILE_PX, place, vectors[place], 0)
    windows[0, 0] = -1
    return vectors.astype(np.int16), windows


def agree_twin(reference, frame, vectors, windows, place, apart, most):
    rows, columns = vectors.shape[:2]
    own = tuple(vectors[place])
    if windows[place][0] < 0:
        return own
    tile = TileTwin(reference, frame, ALIGN_TILE_PX, tuple(windows[place]))
    near = [
        tuple(vectors[y, x])
        for y in range(max(place[0] - 1, 0), min(place[0] + 2, rows))
        for x in range(max(place[1] - 1, 0), min(place[1] + 2, columns))
        if (y, x) != place
    ]
    distance = lambda a, b: abs(int(a[0]) - int(b[0])) + abs(int(a[1]) - int(b[1]))  # noqa: E731
    cost = lambda v: tile.differs_at(v, 1) + apart * sum(min(distance(v, other), most) for other in near)  # noqa: E731
    alone = min(distance(own, other) for other in near) > 2
    best, least = own, np.inf if alone else cost(own)
    for vector in near:
        if tile.reaches(vector) and cost(vector) < least:
            best, least = vector, cost(vector)
    return best


@pytest.mark.parametrize("apart, most", [(0, 4), (60, 4), (1000, 1)])
def test_neighbours_agree_on_the_vector_that_fits_and_differs_little(apart, most):
    reference, frame = scene()
    vectors, windows = a_field(reference, frame)
    agreed = np.empty_like(vectors)
    agree_with_neighbours(reference, frame, apart, most, vectors, windows, agreed, 2)
    for place in np.ndindex(vectors.shape[:2]):
        assert tuple(agreed[place]) == agree_twin(reference, frame, vectors, windows, place, apart, most), place


def clipped(yy, yx, xx):
    return yy, np.clip(yx, -np.sqrt(yy * xx), np.sqrt(yy * xx)), xx


def solved(yy, yx, xx, y, x):
    return (xx * y - yx * x) / (yy * xx - yx * yx), (yy * x - yx * y) / (yy * xx - yx * yx)


def seen_twin(tile, vector, noise):
    """Vector, trust, difference that is left, texture, and whether the level is the same."""
    slopes, doubt, of_vector, difference, _, level, grain, black = noise
    pixels = tile.tile**2
    r = tile.cut(tile.reference).astype(float)
    d = tile.cut(tile.frame, vector) - r
    gy, gx = (
        tile.cut(tile.reference, dy=dy, dx=dx)
        - tile.cut(tile.reference, dy=-dy, dx=-dx)
        + tile.cut(tile.frame, vector, dy, dx)
        - tile.cut(tile.frame, vector, -dy, -dx)
        for dy, dx in ((1, 0), (0, 1))
    )
    around = lambda a, b: (a * b).sum() - a.sum() * b.sum() / pixels  # noqa: E731
    yy, yx, xx = clipped(max(around(gy, gy) - slopes, 0), around(gy, gx), max(around(gx, gx) - slopes, 0))
    yd, xd = around(gy, d), around(gx, d)
    down, across = np.clip(solved(yy + doubt, yx, xx + doubt, -4 * yd, -4 * xd), -1, 1)
    left = max(around(d, d) + (down * yd + across * xd) / 4, 0)
    share = 1 / (of_vector * max(left / difference, 1))
    trust = clipped(max(yy - doubt, 0) * share, yx * share, max(xx - doubt, 0) * share)
    same_level = abs(d.sum()) <= max(0.25 * (r.sum() - black), level)
    return (vector[0] + down, vector[1] + across), trust, left, max(around(r, r) - grain, 0), same_level


@pytest.mark.parametrize("noise", [0.3, 20.0])
def test_what_a_tile_says_of_fractions_of_a_pixel(noise):
    reference, frame = scene()
    vectors, windows = a_field(reference, frame)
    hand = (2.2, -2.9, 0.01, 30.0, 37.0)
    of_noise = noise_of_tile(noise, 10.0)
    places = vectors.shape[:2]
    seen, trust = np.empty((2, *places)), np.empty((3, *places))
    textured, explained = np.empty(places, np.uint8), np.empty(places, np.uint8)
    observe_tiles(reference, frame, vectors, windows, hand, of_noise, seen, trust, textured, explained, 2)
    for place in np.ndindex(places):
        if windows[place][0] < 0:
            assert not trust[:, *place].any() and not explained[place]
            continue
        tile = TileTwin(reference, frame, ALIGN_TILE_PX, tuple(windows[place]))
        own = tuple(int(value) for value in vectors[place])
        twin = seen_twin(tile, own, of_noise)
        by_hand = tuple(int(value) for value in np.rint(hand_at(hand, *(np.add(windows[place], ALIGN_TILE_PX // 2)))))
        if np.abs(np.subtract(by_hand, own)).max() > 1 and tile.reaches(by_hand):
            other = seen_twin(tile, by_hand, of_noise)
            as_well = twin[2] + of_noise[4] - of_noise[3] + 0.05 * twin[3]
            twin = other if other[2] <= as_well and other[4] else twin
        np.testing.assert_allclose(seen[:, *place], twin[0], atol=1e-9)
        np.testing.assert_allclose(trust[:, *place], twin[1], rtol=1e-9, atol=1e-12)
        assert textured[place] == (twin[3] > of_noise[6])
        assert explained[place] == (twin[2] <= of_noise[4] + 0.4 * twin[3] and twin[4])


def settle_twin(vectors, trust, windows, expected, hand, smoothness, rounds):
    roughness, stray, apart = smoothness
    strays, factor, _ = expected
    rows, columns = vectors.shape[1:]
    own, hoped = np.empty_like(vectors), np.empty_like(vectors)
    for place in np.ndindex(rows, columns):
        middle = np.add(windows[place], ALIGN_TILE_PX // 2)
        own[:, *place] = vectors[:, *place] - hand_at(hand, *middle)
        nearest = np.minimum((np.array(place) + factor // 2) // factor, np.array(strays.shape[1:]) - 1)
        coarser = factor * strays[:, *nearest]
        hoped[:, *place] = coarser * (1 - 1 / (1 + (coarser**2).sum() / apart**2) ** 2)

    def heard(place, before, among):
        (yy, yx, xx), others = trust[:, *place], [(hoped[:, *place], stray)]
        for y, x in ((-1, 0), (0, -1), (0, 1), (1, 0)):
            other = (place[0] + y, place[1] + x)
            if among and 0 <= other[0] < rows and 0 <= other[1] < columns:
                others.append((before[:, *other], roughness))
        far = [1 + ((other - before[:, *place]) ** 2).sum() / apart**2 for other, _ in others]
        weights = [1 / (deviation * far) ** 2 + 1e-9 for (_, deviation), far in zip(others, far, strict=True)]
        matrix = np.array([[yy, yx], [yx, xx]])
        pull = matrix @ own[:, *place] + sum(w * other for w, (other, _) in zip(weights, others, strict=True))
        return np.linalg.solve(matrix + np.eye(2) * sum(weights), pull)

    settled = np.empty_like(vectors)
    for place in np.ndindex(rows, columns):
        settled[:, *place] = heard(place, own, among=False)
    for _ in range(rounds):
        before = settled.copy()
        for place in np.ndindex(rows, columns):
            settled[:, *place] = heard(place, before, among=True)
    return settled


@pytest.mark.parametrize("places", [(1, 1), (2, 1), (6, 7)])
def test_vectors_settle_between_their_own_trust_their_neighbours_and_the_coarser_level(places):
    rng = np.random.default_rng(8)
    vectors = rng.normal(0, 2, (2, *places))
    slopes = rng.normal(0, 4, (2, 2, *places)) * (rng.random(places) < 0.7)
    trust = np.stack([(slopes[i] * slopes[k]).sum(axis=0) for i, k in ((0, 0), (0, 1), (1, 1))])
    windows = rng.integers(0, 90, (*places, 2)).astype(np.int16)
    expected = rng.normal(0, 1, (2, 2, 3)), 4, (0.6, -0.5, 0.001, 40.0, 50.0)
    hand, smoothness = (0.4, -0.7, 0.003, 40.0, 50.0), (0.05, 0.35, 1.0)
    strays = np.empty((2, *places))
    settle_tiles(vectors, trust, windows, *expected, hand, smoothness, 3, strays, 2)
    twin = settle_twin(vectors, trust, windows, expected, hand, smoothness, 3)
    np.testing.assert_allclose(strays, twin, rtol=1e-9, atol=1e-9)

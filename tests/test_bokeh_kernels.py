"""The kernels of the blur against their numpy twins: the twins are the readable specification of what the C++ does."""

import numpy as np
import pytest
from measures.lens_blur import disc, strewn
from measures.lens_scenes import rendered, texture

from isp.bokeh import sides_of
from isp.bokeh_layers import reduced_radius, reduction_for
from isp.grain import colour_mixture
from isp.kernels import bokeh_opening

SUBROWS = 16


def filled(reach, taps):
    """(2 reach + 3, 2 reach + 3) share of each pixel that running sums over the taps of a row give."""
    steps = np.zeros((2 * reach + 1, 2 * reach + 3))
    for row, column, weight in taps:
        steps[row + reach, column + reach] += weight
    return np.cumsum(steps, axis=1)


def polygon(radius, sides, reach):
    """The same by trial: 16 x 64 points in each pixel."""
    y = (np.arange((2 * reach + 1) * SUBROWS) + 0.5) / SUBROWS - reach - 0.5
    x = (np.arange((2 * reach + 1) * 64) + 0.5) / 64 - reach - 0.5
    inside = np.ones((y.size, x.size), bool)
    for ny, nx, distance in sides:
        inside &= ny * y[:, None] + nx * x[None, :] <= distance * radius
    share = inside.reshape(2 * reach + 1, SUBROWS, 2 * reach + 1, 64).mean(axis=(1, 3))
    return share / share.sum()


@pytest.mark.parametrize("radius", [0.6, 1.0, 2.37, 11.0, 40.2])
def test_a_round_opening_has_the_share_of_each_pixel(radius):
    reach, taps = bokeh_opening(radius, [], (0.0, 0.0), False)
    made, true = filled(reach, taps), disc(radius)
    edge = reach - len(true) // 2
    assert made[edge : edge + len(true), edge : edge + len(true)] == pytest.approx(true, abs=0.02 / radius**2)
    assert made.sum() == pytest.approx(1.0, abs=1e-4)


@pytest.mark.parametrize("blades", [5, 6, 7, 8, 9])
def test_a_polygon_has_the_share_of_each_pixel(blades):
    reach, taps = bokeh_opening(9.3, sides_of(blades), (0.0, 0.0), False)
    made = filled(reach, taps)[:, : 2 * reach + 1]
    assert made == pytest.approx(polygon(9.3, sides_of(blades), reach), abs=2e-4)
    _, turned = bokeh_opening(9.3, sides_of(blades), (0.0, 0.0), True)
    assert filled(reach, turned)[:, : 2 * reach + 1] == pytest.approx(made[::-1, ::-1], abs=1e-5)


def test_the_barrel_takes_what_lies_outside_of_it():
    reach, taps = bokeh_opening(20.0, [], (0.0, 0.5), False)
    made, whole = filled(reach, taps), filled(*bokeh_opening(20.0, [], (0.0, 0.0), False))
    _, x = np.indices(made.shape) - reach
    assert made[x < -11].max() < 1e-6
    assert made[x > 11] == pytest.approx(whole[x > 11], abs=1e-6)


def layer_twin(picture, radius):
    """Join pixels, blur by the opening, enlarge, and divide by what a picture of ones gives."""
    reduction = reduction_for(radius)
    height, width = (length // reduction for length in picture.shape[:2])
    light = np.concatenate([picture, np.ones((*picture.shape[:2], 1))], axis=2)
    joined = light.reshape(height, reduction, width, reduction, 4).mean(axis=(1, 3))
    shares = disc(reduced_radius(radius, reduction))
    reach = len(shares) // 2
    padded = np.pad(joined, ((2 * reach, 2 * reach), (2 * reach, 2 * reach), (0, 0)))
    blurred = sum(
        shares[dy, dx] * padded[dy : dy + height + 2 * reach, dx : dx + width + 2 * reach]
        for dy, dx in np.argwhere(shares > 0)
    )
    for axis in (0, 1):
        at = (np.arange(picture.shape[axis]) + 0.5) / reduction - 0.5 + reach
        first = np.floor(at).astype(int)
        part = (at - first).reshape((-1, 1, 1) if axis == 0 else (1, -1, 1))
        blurred = (1 - part) * np.take(blurred, first, axis) + part * np.take(blurred, first + 1, axis)
    return blurred[..., :3] / blurred[..., 3:]


@pytest.mark.parametrize("radius", [1.4, 5.0, 14.0, 30.0])
def test_one_layer_is_joined_blurred_and_enlarged(radius):
    # Up to half of white nothing counts as a light of its own.
    picture = 0.45 * texture((128, 160))
    assert np.abs(rendered(picture, radius) - layer_twin(picture, radius)).max() < 6e-4


def test_small_discs_are_those_of_brute_force():
    picture = 0.45 * texture((60, 80))
    assert np.abs(rendered(picture, 3.0) - strewn(picture, np.full((60, 80), 3.0))).max() < 2e-3


def mixed_bits(number):
    number = np.asarray(number, np.uint32)
    for shift, factor in ((16, 0x7FEB352D), (15, 0x846CA68B)):
        number = (number ^ (number >> np.uint32(shift))) * np.uint32(factor)
    return number ^ (number >> np.uint32(16))


def grain_twin(shape, seed, spread, mixture):
    """(3, H, W): bytes of a hash of the place, added; spread along rows and columns; mixed between colours."""
    height, width = shape
    fields = []
    for colour in range(3):
        rows = mixed_bits(mixed_bits(seed) + np.arange(height + 6, dtype=np.uint32) * np.uint32(4) + np.uint32(colour))
        bits = mixed_bits(rows[:, None] + np.arange(width + 6, dtype=np.uint32)[None, :])
        drawn = (sum((bits >> np.uint32(8 * byte)) & np.uint32(255) for byte in range(4)).astype(float) - 510) / 147.8
        weights = np.array([*spread[:0:-1], *spread])
        for axis in (0, 1):
            drawn = np.apply_along_axis(np.convolve, axis, drawn, weights, "valid")
        fields.append(drawn)
    own, other = mixture
    return np.array([own * field + other * (sum(fields) - field) for field in fields])


def test_grain_is_a_hash_of_the_place():
    spread, noise = (0.95, 0.21, 0.004, 0.0622), ((4e-4, 1e-6), (3e-4, 2e-6), (5e-4, 0.0))
    level, radius, shape = 0.25, 1000.0, (20, 30)
    measured = {"noise": noise, "grain_spread": spread, "grain_alike": 0.6}
    made = rendered(np.full((*shape, 3), level), radius, **measured) - level
    grain = grain_twin(shape, 0, spread, colour_mixture(0.6))
    for colour, (shot, read) in enumerate(noise):
        assert made[..., colour] == pytest.approx(np.sqrt(shot * level + read) * grain[colour], abs=1e-4)

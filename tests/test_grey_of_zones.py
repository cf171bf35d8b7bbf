"""What light an unknown sensor's picture was taken in, by rule."""

import numpy as np
import pytest

from isp.grey_of_zones import doubt, grey_of_zones

LIGHT = np.array([0.6, 1.0, 0.4])


def scene(seed=1, colour=0.3):
    """Zones of every brightness, coloured by so much in log colour, in a light of this colour."""
    generator = np.random.default_rng(seed)
    surfaces = np.exp(generator.normal(-3.0, 0.8, (32, 32, 1)) + generator.normal(0.0, colour, (32, 32, 3)))
    return surfaces * LIGHT


def assert_near(found, tolerance):
    assert np.log(found) == pytest.approx(np.log(LIGHT[[0, 2]]), abs=tolerance)


def test_grey_surfaces_give_the_light_exactly():
    assert_near(grey_of_zones(scene(colour=0.0)), 1e-9)


@pytest.mark.parametrize("seed", range(4))
def test_colours_that_balance_each_other_give_the_light(seed):
    assert_near(grey_of_zones(scene(seed, colour=0.2)), 0.12)


def test_the_answer_turns_with_the_light():
    turned = np.array([1.7, 1.0, 0.5])
    dim = 0.1 * scene()
    assert np.divide(grey_of_zones(dim * turned), grey_of_zones(dim)) == pytest.approx([1.7, 0.5])


def test_a_green_wall_moves_it_less_than_it_moves_the_mean():
    raw = scene(colour=0.05)
    raw[:24] = 0.1 * LIGHT * (0.5, 1.0, 0.5)
    mean = raw.mean(axis=(0, 1))
    moved = np.abs(np.log(grey_of_zones(raw)) - np.log(LIGHT[[0, 2]]))
    assert moved.max() < 0.6 * np.abs(np.log(mean[[0, 2]] / mean[1] / LIGHT[[0, 2]])).max()


def test_a_rose_that_fills_the_picture_is_doubted_and_a_mixed_scene_is_not():
    assert doubt(scene(colour=0.2)) == 0
    rose = 0.2 * LIGHT * (1.5, 0.3, 0.4) * np.ones((32, 32, 1))
    rose[::5, ::7] = 0.4 * LIGHT
    rose[1::5, 3::7] = 0.01 * LIGHT
    assert doubt(rose) == 1


def test_zones_that_say_nothing_are_left_out():
    raw = scene(colour=0.0)
    raw[::3] = np.nan
    assert_near(grey_of_zones(raw), 1e-9)


def test_the_noise_of_a_bare_wall_is_no_edge():
    noise = np.random.default_rng(5).normal(0.0, 0.001, (32, 32, 3)) * (1.0, 0.5, 2.0)
    assert_near(grey_of_zones(0.2 * LIGHT + noise), 6e-3)
    assert doubt(0.2 * LIGHT + noise) == 0


def test_what_the_lens_shades_is_no_edge():
    away = np.linspace(-1, 1, 32)[:, None] ** 2 + np.linspace(-1, 1, 32) ** 2
    shaded = 0.2 * LIGHT * (1 - away[..., None] * (0.3, 0.2, 0.15))
    assert_near(grey_of_zones(shaded), 0.1)
    assert doubt(shaded) == 0


@pytest.mark.parametrize("shape", [(1, 1), (1, 32), (32, 32)])
def test_a_flat_picture_without_edges_is_taken_for_grey(shape):
    assert_near(grey_of_zones(np.broadcast_to(0.2 * LIGHT, (*shape, 3))), 1e-9)


def test_zones_that_hold_clipped_pixels_do_not_count_where_others_do():
    raw = scene(colour=0.0)
    raw[:8] = (0.9, 0.95, 0.9)
    assert_near(grey_of_zones(raw), 1e-9)
    assert grey_of_zones(raw[:8]) == pytest.approx((0.9 / 0.95, 0.9 / 0.95)), "nothing else is there"


def test_the_darkest_zones_do_not_vanish_in_the_norm():
    found = grey_of_zones(scene(colour=0.0) * 1e-60)
    assert np.all(np.isfinite(found))
    assert_near(found, 1e-9)

"""The lens that a portrait draws: as large as the real one's discs, wherever the real focus was."""

from __future__ import annotations

import math

import pytest

from isp.errors import KnobError
from isp.virtual_lens import FARTHEST_TOLD_M, USUAL_M, focus_distance, largest_radius_px

FULL = 4056


def test_an_85_mm_at_f_1_2_focused_at_two_metres_draws_infinity_3_1_mm_large():
    disc_mm = 85.0**2 / (1.2 * (2000.0 - 85.0))
    assert disc_mm == pytest.approx(3.144, abs=1e-3)
    assert 2 * largest_radius_px(1.2, 85.0, 2.0, FULL, 1.0) == pytest.approx(disc_mm / 36.0 * FULL, rel=1e-6)


def test_twice_the_f_number_draws_half_the_disc_and_a_longer_lens_a_larger_one():
    open_wide, closed = (largest_radius_px(f_number, 50.0, 1.5, FULL, 1.0) for f_number in (2.0, 4.0))
    assert open_wide == pytest.approx(2 * closed)
    assert largest_radius_px(2.0, 85.0, 1.5, FULL, 1.0) > 2.5 * open_wide


def test_the_disc_covers_the_same_part_of_the_scene_whatever_the_readout():
    full = largest_radius_px(2.0, 50.0, 1.5, FULL, 1.0)
    binned = largest_radius_px(2.0, 50.0, 1.5, FULL // 2, 1.0)
    cropped = largest_radius_px(2.0, 50.0, 1.5, FULL // 2, 0.5)
    assert binned == pytest.approx(full / 2)
    assert cropped == pytest.approx(full), "a crop has the array's pixels"


def test_nearer_than_portrait_lenses_focus_the_disc_grows_no_more():
    at_its_nearest = largest_radius_px(2.0, 50.0, 0.45, FULL, 1.0)
    assert largest_radius_px(2.0, 50.0, 0.1, FULL, 1.0) == pytest.approx(at_its_nearest)
    assert largest_radius_px(2.0, 50.0, 0.04, FULL, 1.0) == pytest.approx(at_its_nearest), (
        "nearer than its focal length"
    )


def test_the_largest_disc_there_is_fits_the_recipe():
    assert largest_radius_px(0.95, 200.0, 0.1, 20000, 1.0) == 2000.0


@pytest.mark.parametrize("wrong", [0.0, -1.0, math.nan, math.inf])
def test_a_lens_that_cannot_be_is_refused(wrong):
    with pytest.raises(KnobError, match=r"f_number is .* above 0"):
        largest_radius_px(wrong, 50.0, 1.5, FULL, 1.0)
    with pytest.raises(KnobError, match="distance_m is"):
        largest_radius_px(2.0, 50.0, wrong, FULL, 1.0)


def test_a_distance_set_by_hand_wins_over_the_lens_and_the_lens_over_the_usual():
    by_hand = focus_distance(2.0, 3.0)
    assert (by_hand.distance_m, by_hand.source) == (3.0, "hand")
    by_lens = focus_distance(2.0, None)
    assert (by_lens.distance_m, by_lens.source) == (0.5, "lens")
    assert (focus_distance(None, None).distance_m, focus_distance(None, None).source) == (USUAL_M, "usual")


@pytest.mark.parametrize("dioptres", [0.0, -0.1, 0.05])
def test_a_lens_at_infinity_tells_no_more_than_that_it_is_far(dioptres):
    assert focus_distance(dioptres, None).distance_m == FARTHEST_TOLD_M


@pytest.mark.parametrize("nonsense", [math.nan, math.inf, -math.inf])
def test_a_position_that_is_no_number_is_none(nonsense):
    assert focus_distance(nonsense, None).source == "usual"

"""Feet stand on the ground: blur is nothing where they touch it and grows as a lens over a plane has it."""

from __future__ import annotations

import numpy as np
import pytest
from measures.planted import HEIGHT, HORIZON, WIDTH, as_mask, distance_of_row, figure

from isp.bokeh import Bokeh
from isp.errors import FrameError, PipelineError
from isp.ground import NO_GROUND, ROWS, SHORTEST_RAMP, ground_of, radius_of_rows

ONE_ROW = 1.5 / ROWS


def test_a_standing_person_touches_the_ground_with_the_feet():
    near, far, horizon = ground_of(as_mask(figure(feet=0.85, tall=0.7, middle=0.5)))
    assert near == pytest.approx(0.85, abs=ONE_ROW)
    assert far == pytest.approx(0.85, abs=ONE_ROW)
    assert horizon == HORIZON


def test_the_ground_between_two_feet_and_between_two_people_is_sharp():
    one = ground_of(as_mask(figure(feet=0.9, tall=0.7, middle=0.5, far_foot=0.06)))
    assert one[:2] == pytest.approx((0.90, 0.84), abs=ONE_ROW)
    two = ground_of(as_mask(figure(0.92, 0.8, 0.3), figure(0.75, 0.5, 0.75)))
    assert two[:2] == pytest.approx((0.92, 0.75), abs=ONE_ROW)


def test_hands_are_no_feet():
    mask = as_mask(figure(feet=0.9, tall=0.8, middle=0.5))
    without_arms = as_mask(figure(feet=0.9, tall=0.8, middle=0.5, arm=False))
    assert (mask != without_arms).any()
    assert ground_of(mask) == ground_of(without_arms)


def test_specks_and_hairs_of_the_mask_touch_nothing():
    mask = as_mask(figure(feet=0.8, tall=0.7, middle=0.5))
    clean = ground_of(mask)
    mask[-40:-36, 10:20] = 255
    mask[int(0.8 * HEIGHT) : int(0.95 * HEIGHT), WIDTH // 2 - 20] = 255  # a hair: one pixel of 480 rows
    assert ground_of(mask) == clean


def test_a_half_length_portrait_has_no_ground_and_the_same_blur_everywhere():
    ground = ground_of(as_mask(figure(feet=1.6, tall=1.3, middle=0.5)))
    assert ground == NO_GROUND
    assert np.all(radius_of_rows(ground, 40.0) == 40.0)
    assert ground_of(np.full((30, 40), 255, np.uint8)) == NO_GROUND, "a subject that fills the frame"


def test_feet_just_beyond_the_frame_still_stand_on_its_ground():
    near, far, horizon = ground_of(as_mask(figure(feet=1.02, tall=0.9, middle=0.5)))
    assert (near, far, horizon) == (1.0, 1.0, HORIZON)
    radius = radius_of_rows((near, far, horizon), 40.0)
    assert radius[-1] < 0.2 < 39.0 < radius[0]


def test_beside_somebody_cut_by_the_frame_who_stands_behind_has_ground_and_both_are_sharp():
    near, far, _ = ground_of(as_mask(figure(1.5, 1.2, 0.25), figure(0.8, 0.4, 0.75)))
    assert near == 1.0
    assert far == pytest.approx(0.8, abs=ONE_ROW)


def test_blur_on_the_ground_is_that_of_a_lens_over_a_plane():
    feet, largest = 0.82, 50.0
    radius = radius_of_rows((feet, feet, HORIZON), largest)[:, 0]
    y = (np.arange(ROWS) + 0.5) / ROWS
    subject_m = distance_of_row(np.array(feet))
    truth = largest * (1.0 - subject_m / distance_of_row(y))
    assert np.abs(radius - truth).max() < 1e-3
    assert radius[y > feet].max() < 0 < radius[y < feet].min(), "nearer than the feet is before the plane of focus"


@pytest.mark.parametrize("ground", [(0.85, 0.85, 0.5), (0.95, 0.7, 0.45), (0.3, 0.3, 0.05), (0.6, 0.55, 0.3)])
def test_blur_grows_without_a_step_and_is_whole_above_the_horizon(ground):
    near, far, horizon = ground
    radius = radius_of_rows(ground, 60.0)[:, 0]
    y = (np.arange(ROWS) + 0.5) / ROWS
    assert np.all(np.diff(radius) <= 0)
    assert radius.min() >= -60.0, "before the subject it is no larger than behind"
    assert np.abs(np.diff(radius)).max() <= 60.0 / (far - horizon) / ROWS * 1.01
    assert np.all(radius[(y >= far) & (y <= near)] == 0.0)
    assert np.all(radius[y <= horizon] == 60.0)


def test_what_ends_above_a_level_camera_s_horizon_stands_on_nothing():
    assert ground_of(as_mask(figure(feet=0.45, tall=0.3, middle=0.5))) == NO_GROUND
    bird_and_man = ground_of(as_mask(figure(0.3, 0.2, 0.2), figure(0.8, 0.5, 0.7)))
    assert bird_and_man == ground_of(as_mask(figure(0.8, 0.5, 0.7)))


@pytest.mark.parametrize("feet", [0.52, 0.6, 0.7])
def test_with_feet_high_in_the_picture_the_camera_looks_down_and_the_ramp_stays_long(feet):
    _, far, horizon = ground_of(as_mask(figure(feet, tall=0.1, middle=0.5)))
    assert far - horizon >= SHORTEST_RAMP - 1e-9


def test_mask_and_recipe_say_it_again_whatever_the_mask_s_size():
    mask = as_mask(figure(feet=0.85, tall=0.7, middle=0.5))
    planned = Bokeh(largest_px=33.0)
    with pytest.raises(PipelineError, match="plan it and give it"):
        planned.defocus(mask)
    told = planned.with_subject(mask)
    again = Bokeh.from_dict(told.to_dict())
    assert told.with_subject(as_mask(figure(0.6, 0.3, 0.5))) == told, "a stored recipe stays as it is"
    assert np.array_equal(again.defocus(mask).radius_px, told.defocus(mask).radius_px)
    assert told.defocus(mask).subject is mask
    larger = mask.repeat(3, axis=0).repeat(3, axis=1)
    assert ground_of(larger) == pytest.approx(ground_of(mask), abs=ONE_ROW)


@pytest.mark.parametrize(
    ("mask", "said"),
    [
        (np.zeros((20, 30), np.uint8), "no subject"),
        (np.full((20, 30), 127, np.uint8), "no subject"),
        (np.zeros((20, 30), np.float32), r"float32 \(20, 30\)"),
        (np.zeros((20, 30, 3), np.uint8), r"uint8 \(20, 30, 3\)"),
        (np.zeros((0, 30), np.uint8), r"uint8 \(0, 30\)"),
        (None, "NoneType"),
    ],
)
def test_what_is_no_mask_of_a_subject_is_refused(mask, said):
    with pytest.raises(FrameError, match=said):
        ground_of(mask)


def test_the_smallest_mask_is_a_mask():
    assert ground_of(np.full((1, 1), 255, np.uint8)) == NO_GROUND

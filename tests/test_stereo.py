"""Two photos of one moment tell how far things are, and say so when they do not."""

from __future__ import annotations

import re

import numpy as np
import pytest
from scipy import ndimage

from accelerators.errors import MaskError
from accelerators.stereo.depth import defocus_from_pair, measure_disparity
from accelerators.stereo.pair import NoDepth
from isp.bokeh import Bokeh
from isp.errors import PipelineError

cv2 = pytest.importorskip("cv2", reason="OpenCV is not installed: pip install 'nightjar[portrait]'")

LARGEST = 20.0
# Middlebury 2014, Motorcycle, quarter size: by so much the middles of the two pictures lie apart.
MOTORCYCLE_INFINITY_PX = -31.086
WALL, PERSON, POST = 6, 20, 34  # disparities of the drawn scene


@pytest.fixture(scope="module")
def motorcycle():
    """Left and right photo, and the true disparity of the left with NaN where it is not known."""
    data = pytest.importorskip("skimage.data")
    left, right, truth = data.stereo_motorcycle()
    return left, right, np.where(np.isfinite(truth), truth, np.nan)


@pytest.fixture(scope="module")
def measured(motorcycle):
    return measure_disparity(*motorcycle[:2])


def bad_share(disparity, truth, where=True) -> float:
    """Share of places that are off by more than two pixels."""
    known = ~np.isnan(truth) & where
    return float(np.mean(np.abs(disparity - truth)[known] > 2.0))


def drawn_pair(shift_px: float = 0.0, gain: float = 1.0, noise: float = 2.0, sky: bool = True):
    """A wall, a person before it and a post before both; (left, right, truth, mask of the person)."""
    height, width = 260, 400
    generator = np.random.default_rng(5)

    def texture(seed):
        grain = np.random.default_rng(seed).normal(size=(height, width + 80, 3))
        return np.clip(110 + 300 * ndimage.gaussian_filter(grain, (1.2, 1.2, 0)), 0, 255)

    layers = [
        (WALL, texture(1), np.ones((height, width), bool)),
        (PERSON, texture(2), np.zeros((height, width), bool)),
        (POST, texture(3), np.zeros((height, width), bool)),
    ]
    layers[1][2][70:, 150:240] = True
    layers[2][2][120:, 310:330] = True
    left, right, truth = np.zeros((height, width, 3)), np.zeros((height, width, 3)), np.zeros((height, width))
    if sky:
        layers[0][1][:50] = 225.0
    for disparity, colours, place in layers:
        left[place] = colours[:, :width][place]
        truth[place] = disparity
        moved = np.zeros((height, width), bool)
        moved[:, : width - disparity] = place[:, disparity:]
        if disparity == WALL:
            moved[:] = True
        right[moved] = np.roll(colours, -disparity, axis=1)[:, :width][moved]
    right = ndimage.shift(right, (shift_px, 0, 0), order=1, mode="nearest") / gain
    photos = [
        np.clip(photo + generator.normal(0, noise, photo.shape), 0, 255).astype(np.uint8) for photo in (left, right)
    ]
    return *photos, truth, np.where(layers[1][2], 255, 0).astype(np.uint8)


# A real pair with a laser-scanned truth


def test_the_bundled_scene_is_measured_as_it_was_scanned(measured, motorcycle):
    truth = motorcycle[2]
    assert measured.measured.mean() > 0.8
    assert bad_share(measured.values, truth, measured.measured) < 0.06
    assert bad_share(measured.values, truth) < 0.11, "holes and all"
    assert np.isfinite(measured.values).all()


def test_what_only_one_camera_sees_is_said_to_be_unknown_and_is_mostly_filled_from_behind(measured, motorcycle):
    truth = motorcycle[2]
    columns = np.arange(truth.shape[1])
    beyond_the_edge = columns - np.nan_to_num(truth) < -1
    assert beyond_the_edge.mean() > 0.01
    assert measured.measured[beyond_the_edge].mean() < 0.25
    holes = ~measured.measured & ~np.isnan(truth)
    assert np.median(np.abs(measured.values - truth)[holes]) < 2.0


def test_real_depth_gives_the_blur_of_a_lens_focused_at_the_subject(motorcycle):
    left, right, truth = motorcycle
    nearness = truth - MOTORCYCLE_INFINITY_PX
    mask = np.zeros(truth.shape, np.uint8)
    mask[230:360, 130:480] = 255  # engine and rear wheel
    drawn = defocus_from_pair(left, right, mask, Bokeh(largest_px=LARGEST), MOTORCYCLE_INFINITY_PX)
    wanted = LARGEST * (1.0 - nearness / np.nanmedian(nearness[mask > 0]))
    error = np.abs(drawn.radius_px - wanted)[~np.isnan(truth)]
    assert np.median(error) < 0.01 * LARGEST
    assert np.percentile(error, 90) < 0.1 * LARGEST
    assert drawn.subject is mask


def as_drawn(picture: np.ndarray, radius_px: np.ndarray) -> np.ndarray:
    """Each place as the mean over a disc of its own radius, of eight: plain, and the same for all depths."""
    light, out = (picture / 255.0) ** 2.2, np.zeros(picture.shape)
    nearest = np.round(np.abs(radius_px) / LARGEST * 7).astype(int)
    for step in range(int(nearest.max()) + 1):
        reach = LARGEST * step / 7
        y, x = np.mgrid[-int(reach) - 1 : int(reach) + 2, -int(reach) - 1 : int(reach) + 2]
        disc = np.clip(reach + 0.5 - np.hypot(y, x), 0, 1)
        drawn = cv2.filter2D(light, -1, disc / disc.sum(), borderType=cv2.BORDER_REFLECT)
        out[nearest == step] = drawn[nearest == step]
    return 255.0 * out ** (1 / 2.2)


def test_the_picture_drawn_by_measured_depth_is_that_of_scanned_depth(motorcycle, measured):
    left, _, truth = motorcycle
    holes = ndimage.distance_transform_edt(np.isnan(truth), return_distances=False, return_indices=True)
    nearness = {"scanned": truth[tuple(holes)], "measured": measured.values}
    in_focus = np.nanmedian(truth[230:360, 130:480]) - MOTORCYCLE_INFINITY_PX
    drawn = {
        who: as_drawn(left, LARGEST * np.clip(1 - (what - MOTORCYCLE_INFINITY_PX) / in_focus, -1, 1))
        for who, what in nearness.items()
    }

    def decibels(picture):
        return 10 * np.log10(255**2 / np.mean((picture - drawn["scanned"]) ** 2))

    assert decibels(drawn["measured"]) > 29
    assert decibels(drawn["measured"]) > decibels(left) + 6


# A drawn pair


def test_wall_person_and_post_are_behind_in_and_before_the_focus():
    left, right, truth, mask = drawn_pair()
    radius = defocus_from_pair(left, right, mask, Bokeh(largest_px=LARGEST)).radius_px
    inside = {disparity: ndimage.binary_erosion(truth == disparity, iterations=6) for disparity in (WALL, PERSON, POST)}
    assert np.median(radius[inside[WALL]]) == pytest.approx(LARGEST * (1 - WALL / PERSON), abs=0.5)
    assert np.abs(np.median(radius[inside[PERSON]])) < 0.1
    assert np.median(radius[inside[POST]]) == pytest.approx(LARGEST * (1 - POST / PERSON), abs=0.5)
    by_point = defocus_from_pair(left, right, None, Bokeh(largest_px=LARGEST), focus_at=(0.8, 0.8))
    assert np.abs(np.median(by_point.radius_px[inside[POST]])) < 0.3
    assert by_point.subject is None


def test_a_second_camera_on_the_other_side_lower_and_darker_gives_the_same_depth():
    left, right, truth, _ = drawn_pair(shift_px=3.0, gain=1.4)
    found = measure_disparity(left[:, ::-1].copy(), right[:, ::-1].copy())
    assert found.shift_px == pytest.approx(3.0, abs=0.5)
    assert found.gain == pytest.approx(1.4, rel=0.05)
    straight = measure_disparity(*drawn_pair()[:2])
    inside = ~ndimage.binary_dilation(ndimage.laplace(truth) != 0, iterations=4)
    assert bad_share(found.values[:, ::-1], truth, inside) < bad_share(straight.values, truth, inside) + 0.03


def test_a_sky_without_anything_to_see_is_as_far_as_what_it_meets():
    left, right, _, mask = drawn_pair(sky=True)
    found = measure_disparity(left, right)
    sky = np.zeros(mask.shape, bool)
    sky[5:40] = True
    assert found.measured[sky].mean() < 0.5
    assert np.percentile(found.values[sky], 95) < WALL + 2


@pytest.mark.parametrize(
    ("pair", "said"),
    [
        (lambda left, right: (left, left), "too close together"),
        (lambda left, right: (left, right[:, :-4]), "differ in size: 400 x 260 and 396 x 260"),
        (lambda left, right: (left[:40], right[:40]), "needs 64 x 64"),
        (lambda left, right: (left, np.zeros_like(right)), "only 0 places"),
        (lambda left, right: (left, np.roll(right, 30, axis=0)), "looks 1.% of the height past"),
        (lambda left, right: (left, right[::-1].copy()), "places were found|another row"),
        (lambda left, right: (left, ndimage.rotate(right, 6, reshape=False, order=1)), "another row"),
        (lambda left, right: (left, (right / 6).astype(np.uint8)), "times as bright|places were found"),
    ],
    ids=["same", "size", "small", "black", "high", "upside down", "turned", "dark"],
)
def test_a_pair_that_is_none_is_refused_with_the_reason(pair, said):
    answer = measure_disparity(*pair(*drawn_pair()[:2]))
    assert isinstance(answer, NoDepth)
    assert re.search(said, answer.reason), answer.reason


def test_what_is_no_photo_or_mask_is_refused():
    left, right, _, mask = drawn_pair()
    planned = Bokeh(largest_px=LARGEST)
    with pytest.raises(MaskError, match=r"float64 \(260, 400, 3\)"):
        measure_disparity(left / 255.0, right)
    with pytest.raises(MaskError, match=r"uint8 \(100, 100\); for this photo it must be uint8 \(260, 400\)"):
        defocus_from_pair(left, right, mask[:100, :100], planned)
    with pytest.raises(MaskError, match="where to focus"):
        defocus_from_pair(left, right, None, planned)
    with pytest.raises(PipelineError, match="plan it"):
        defocus_from_pair(left, right, mask, Bokeh())


def test_a_subject_that_was_found_in_one_photo_only_has_no_depth():
    left, right, _, mask = drawn_pair()
    unseen = np.zeros_like(mask)
    unseen[2:6, 2:6] = 255
    answer = defocus_from_pair(left, right, unseen, Bokeh(largest_px=LARGEST))
    assert isinstance(answer, NoDepth)
    assert "subject" in answer.reason

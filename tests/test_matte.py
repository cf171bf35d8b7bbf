"""The matte of painted subjects, whose true alpha is known."""

import numpy as np
import pytest
from measures.mattes import judged
from measures.painted_subjects import (
    CLOTH,
    SHAPE,
    SKIN,
    WALL,
    Canvas,
    bust,
    coloured,
    over,
    seen_by_network,
    upsampled,
)

from accelerators.errors import MaskError
from accelerators.matte.matte import make_matte
from accelerators.opencv import opencv

pytest.importorskip("cv2", reason="OpenCV makes the matte: pip install nightjar[portrait]")

BACKGROUND = coloured(*WALL, texture_dn=8, seed=1)


def alpha_of(picture, probability):
    return make_matte(picture, probability).astype(np.float32) / 255


def better_than_raw(truth, picture, probability):
    """(share of the raw score's band error that is left, the matte's quality)."""
    matte = judged(alpha_of(picture, probability), truth)
    raw = judged(upsampled(probability, truth.shape), truth)
    return matte.band_error / raw.band_error, matte


def deep(region, depth_px):
    """The pixels of a bool region that are deeper in it than so many pixels."""
    return opencv().erode(np.uint8(region), np.ones((2 * depth_px + 1,) * 2, np.uint8), borderValue=1) > 0


@pytest.fixture(scope="module")
def portrait():
    """A bust before a wall, and what the network says of it."""
    truth = bust().alpha()
    return over(coloured(*SKIN, texture_dn=6), BACKGROUND, truth), truth, seen_by_network(truth)


@pytest.mark.parametrize("off_px", [(0, 0), (5, -6), (-6, 4)])
def test_the_edge_is_found_where_the_network_is_half_a_cell_beside_it(portrait, off_px):
    picture, truth, _ = portrait
    left, matte = better_than_raw(truth, picture, seen_by_network(truth, off_px))
    assert left < 0.25
    assert matte.boundary > 0.95
    assert matte.overlap > 0.97


def test_the_edge_follows_colour_where_brightness_is_the_same():
    truth = bust().alpha()
    # Rec. 709 luma of both is about 110.
    picture = over(coloured(190, 95, 60), coloured(60, 125, 110, seed=1), truth)
    left, matte = better_than_raw(truth, picture, seen_by_network(truth, (4, 4)))
    assert left < 0.25
    assert matte.boundary > 0.95


def test_hair_is_drawn_strand_by_strand():
    truth = bust()
    random = np.random.default_rng(3)
    for angle in random.uniform(-np.pi, 0, 160):
        y, x, length = np.sin(angle), np.cos(angle), random.uniform(0.21, 0.25)
        truth.line((-0.12 + 0.15 * y, 0.15 * x), (-0.12 + length * y, length * x), width_px=1.2)
    truth = truth.alpha()
    picture = over(coloured(40, 30, 25), coloured(150, 160, 140, texture_dn=6, seed=1), truth)
    probability = seen_by_network(truth)
    left, _ = better_than_raw(truth, picture, probability)
    assert left < 0.35
    hairy = (truth > 0.05) & (truth < 0.95)
    hairy[SHAPE[0] // 2 :] = False
    found = alpha_of(picture, probability)
    # Not merely a soft rim: alpha rises and falls with the strands.
    assert np.corrcoef(found[hairy], truth[hairy])[0, 1] > 0.6


@pytest.fixture(scope="module")
def arm():
    """An arm on the hip: a hole of two cells that the network does not see."""
    closed = bust().disc(0.22, 0.33, 0.11)
    filled = closed.alpha()
    return filled, closed.disc(0.22, 0.33, 0.05, value=0).alpha()


def test_a_hole_between_arm_and_body_opens_where_the_picture_shows_one(arm):
    filled, open_arm = arm
    picture = over(coloured(*CLOTH), coloured(*WALL, seed=1), open_arm)
    hole = deep((filled > 0.9) & (open_arm < 0.1), 3)
    probability = seen_by_network(0.4 * open_arm + 0.6 * filled)
    assert upsampled(probability, SHAPE)[hole].min() > 0.5
    assert alpha_of(picture, probability)[hole].mean() < 0.1


def test_no_hole_opens_where_the_picture_shows_none(arm):
    filled, open_arm = arm
    picture = over(coloured(*CLOTH), coloured(*WALL, seed=1), filled)
    hole = deep((filled > 0.9) & (open_arm < 0.1), 3)
    assert alpha_of(picture, seen_by_network(0.5 * open_arm + 0.5 * filled))[hole].min() > 0.95


def test_glasses_stay_on(portrait):
    picture, _, probability = portrait
    rims = Canvas()
    for x in (-0.075, 0.075):
        rims.disc(-0.14, x, 0.055).disc(-0.14, x, 0.045, value=0)
    rims = rims.line((-0.14, -0.02), (-0.14, 0.02), 3).alpha()
    # Of the wall's own colour, whole inside the face.
    picture = over(BACKGROUND, picture.astype(np.float32), rims)
    assert alpha_of(picture, probability)[rims > 0.5].min() > 0.95


def test_glasses_wider_than_the_head_stay_on(portrait):
    picture, truth, probability = portrait
    bar = Canvas().line((-0.14, -0.23), (-0.14, 0.23), 5).alpha()
    picture = over(coloured(25, 20, 20), picture.astype(np.float32), bar)
    beside = (bar > 0.9) & (truth < 0.1)
    assert alpha_of(picture, probability)[beside].mean() > 0.7


def test_a_hat_stays_on_that_the_network_half_believes():
    head, hat = bust().alpha(), Canvas().box(-0.42, -0.17, -0.25, 0.17).alpha()
    truth = np.maximum(head, hat)
    worn = over(coloured(140, 30, 40), coloured(*SKIN), hat).astype(np.float32)
    picture = over(worn, BACKGROUND, truth)
    probability = seen_by_network(np.maximum(head, 0.5 * hat))
    assert alpha_of(picture, probability)[deep(hat > 0.9, 4)].mean() > 0.95


def test_a_collar_of_the_walls_colour_stays_on(portrait):
    picture, truth, probability = portrait
    collar = Canvas().box(0.12, -0.16, 0.24, 0.16).alpha() * truth
    picture = over(BACKGROUND, picture.astype(np.float32), collar)
    worn = (collar > 0.9) & (upsampled(probability, SHAPE) > 0.95)
    assert worn.sum() > 300
    assert alpha_of(picture, probability)[worn].mean() > 0.95


def test_inside_is_whole_and_outside_is_nothing(portrait):
    picture, truth, probability = portrait
    matte = make_matte(picture, probability)
    assert matte[deep(truth > 0.99, 12)].min() == 255
    assert matte[deep(truth < 0.01, 12)].max() == 0


def test_the_edge_is_feathered_outward(portrait):
    picture, truth, probability = portrait
    found = alpha_of(picture, probability)
    # The first pixels inside the true edge, where the network is right, are not eaten.
    rim = deep(truth > 0.99, 1) & ~deep(truth > 0.99, 3)
    assert found[rim].mean() > 0.95


def test_a_spot_that_the_network_hardly_believes_is_no_speck_of_subject(portrait):
    picture, truth, _ = portrait
    spot = Canvas().disc(-0.3, 0.5, 0.04).alpha()
    picture = over(coloured(*SKIN), picture.astype(np.float32), spot)
    probability = seen_by_network(np.maximum(truth, 0.45 * spot))
    matte = make_matte(picture, probability)
    assert matte[spot > 0].max() == 0


def test_two_people_are_two_pieces():
    truth = np.maximum(Canvas().disc(0.1, -0.45, 0.2).alpha(), Canvas().disc(0.1, 0.4, 0.15).alpha())
    picture = over(coloured(*SKIN, texture_dn=6), BACKGROUND, truth)
    assert judged(alpha_of(picture, seen_by_network(truth)), truth).overlap > 0.97


def test_a_subject_at_the_border_reaches_the_border(portrait):
    picture, truth, probability = portrait
    matte = make_matte(picture, probability)
    assert matte[-1][deep(truth > 0.99, 8)[-1]].min() == 255


@pytest.mark.parametrize("scale", [0.25, 2])
def test_the_same_scene_of_another_size_has_the_same_matte(portrait, scale):
    picture, _, probability = portrait
    cv2, size = opencv(), (SHAPE[1], SHAPE[0])
    other = cv2.resize(
        picture, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
    )
    found = cv2.resize(make_matte(other, probability), size, interpolation=cv2.INTER_AREA)
    assert np.abs(np.int16(found) - make_matte(picture, probability)).mean() < 0.02 * 255


def test_a_class_map_serves_as_well_as_scores(portrait):
    picture, _, probability = portrait
    class_map = np.float32(upsampled(probability, (513, 513)) > 0.5)
    apart = np.abs(np.int16(make_matte(picture, class_map)) - make_matte(picture, probability))
    assert apart.mean() < 0.01 * 255


def test_a_grey_picture_has_a_matte():
    truth = bust().alpha()
    picture = over(coloured(200, 200, 200), coloured(90, 90, 90, texture_dn=8, seed=1), truth)
    grey = np.repeat(picture[..., 1:2], 3, axis=2)
    left, _ = better_than_raw(truth, grey, seen_by_network(truth, (4, -4)))
    assert left < 0.25


def test_twice_the_same_picture_is_twice_the_same_matte(portrait):
    picture, _, probability = portrait
    first = make_matte(picture, probability)
    opencv().setRNGSeed(77)
    before = picture.copy(), probability.copy()
    assert np.array_equal(make_matte(picture, probability), first)
    assert np.array_equal(picture, before[0])
    assert np.array_equal(probability, before[1])


@pytest.mark.parametrize(("sure", "alpha"), [(0.0, 0), (0.3, 0), (1.0, 255), (0.7, 255)])
def test_a_network_that_sees_one_side_only_is_believed(portrait, sure, alpha):
    assert np.all(make_matte(portrait[0], np.full((33, 33), sure, np.float32)) == alpha)


def test_a_picture_of_noise_leaves_the_network_the_word():
    noise = np.random.default_rng(5).integers(0, 256, (*SHAPE, 3)).astype(np.uint8)
    probability = seen_by_network(Canvas().disc(0, 0, 0.06).alpha())
    assert np.count_nonzero(make_matte(noise, probability) >= 128) > 100


@pytest.mark.parametrize("shape", [(1, 1), (1, 300), (300, 1), (2, 2), (3, 5000), (40, 30)])
def test_a_picture_of_any_shape_has_a_matte(shape):
    probability = np.linspace(0, 1, 33, dtype=np.float32)[None, :] * np.ones((33, 1), np.float32)
    ramp = np.linspace(0, 255, shape[1]).astype(np.uint8)
    matte = make_matte(np.broadcast_to(ramp[None, :, None], (*shape, 3)), probability)
    assert matte.shape == shape
    assert matte.dtype == np.uint8
    if shape[1] >= 30:
        assert matte[0, 0] == 0
        assert matte[0, -1] == 255


@pytest.mark.parametrize("value", [0, 255])
def test_a_picture_of_one_colour_leaves_the_network_the_word(value):
    truth = bust().alpha()
    probability = seen_by_network(truth)
    found = alpha_of(np.full((*SHAPE, 3), value, np.uint8), probability)
    assert judged(found, np.float32(upsampled(probability, SHAPE) > 0.5)).overlap > 0.95


@pytest.mark.parametrize(
    ("picture", "says"),
    [
        (np.zeros((40, 30), np.uint8), "repeat a grey one's plane"),
        (np.zeros((40, 30, 4), np.uint8), r"\(40, 30, 4\)"),
        (np.zeros((40, 30, 3), np.float32), "float32"),
        (np.zeros((0, 30, 3), np.uint8), "30 x 0"),
        (np.broadcast_to(np.uint8(0), (40, 40000, 3)), "32766"),
        (None, "8-bit photo"),
    ],
)
def test_a_picture_that_is_none_is_refused(picture, says):
    with pytest.raises(MaskError, match=says):
        make_matte(picture, np.zeros((33, 33), np.float32))


@pytest.mark.parametrize(
    ("probability", "says"),
    [
        (np.full((33, 33), np.nan, np.float32), "nan"),
        (np.full((33, 33), 1.5, np.float32), "1.5"),
        (np.full((33, 33), -0.5, np.float32), "-0.5"),
        (np.zeros((33, 33, 21), np.float32), r"\(33, 33, 21\)"),
        (np.zeros((33, 0), np.float32), r"\(33, 0\)"),
        (np.zeros((33, 33), np.uint8), "uint8"),
        (None, "grid of floats"),
    ],
)
def test_a_probability_that_is_none_is_refused(probability, says):
    with pytest.raises(MaskError, match=says):
        make_matte(np.zeros((40, 30, 3), np.uint8), probability)


def test_a_flag_of_the_coats_colour_beside_somebody_is_not_annexed():
    """The network half sees somebody in it; its colours are theirs; most of it lies far from all that is theirs."""
    somebody, flag = bust().alpha(), Canvas().box(-0.5, -0.66, 0.5, -0.3).alpha()
    picture = over(coloured(*CLOTH), coloured(*WALL), np.maximum(somebody, flag))
    likely = np.maximum(seen_by_network(somebody), 0.4 * seen_by_network(flag))
    alpha = make_matte(picture, likely).astype(np.float32) / 255
    outermost = np.s_[:200, 3:60]
    assert flag[outermost].min() == 1
    assert alpha[outermost].mean() < 0.1
    assert alpha[60:150, 180:220].min() > 0.9, "the head"

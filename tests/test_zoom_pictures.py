"""What a zoomed photo must be worth: beside the truth on the finer grid, and beside the same frames without it."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest
from measures.bursts import hand_held
from measures.passers_by import Ball
from measures.zoom_bars import (
    ALIASING_DB,
    ASTRAY,
    MOVING,
    NOISIER,
    ONCE_DB,
    PHOTOGRAPHS,
    SHARPER,
    STRANGE,
    SWING,
    TWICE_DB,
    WORSE_DB,
    aliasing_fallen_db,
    edge_of,
    flat_patches,
    why_not,
)
from measures.zoom_bursts import LIGHT_K, tripod, zoom_burst
from measures.zoom_quality import ZoomPictures, inner, psnr

from firmware.sensors import load_sensor
from isp.develop import develop
from isp.frames import LinearFrame, RawFrame
from isp.photo import photo_pipeline
from isp.zoom.developing import develop_zoomed

SMALL = (160, 224)
# Of the light given: a photo of the zoom and one of the merged burst must not differ by their white balance.
EVEN_LIGHT = {"white_balance": {"temperature_k": LIGHT_K}, "local_tone": {"strength": 0.0}, "sharpen": {"amount": 0.0}}


def pictures_of(scene: str, frames: int = 8, iso: int = 100, factor: float = 2.0, **more: object) -> ZoomPictures:
    """Skips where this machine does not have the scene's picture."""
    if why := why_not(scene):
        pytest.skip(why)
    return ZoomPictures(zoom_burst(scene, frames, iso, **more), factor)


@cache
def foliage(iso: int = 100) -> ZoomPictures:
    """Several claims are about the same pictures."""
    return pictures_of("texture", iso=iso, shape=SMALL)


def assert_gains(pictures: ZoomPictures, least_db: float) -> None:
    assert pictures.zoomed.story.rung == "measured", pictures.zoomed.story.why
    gains = pictures.gain_db(), pictures.linear_gain_db()
    assert min(gains) >= least_db, gains


@pytest.mark.parametrize("iso", [100, 1600])
def test_twice_as_fine_a_picture_is_nearer_to_the_truth_than_one_enlarged(iso):
    assert_gains(foliage(iso), TWICE_DB[iso])


def test_a_picture_of_the_same_size_is_nearer_to_the_truth_than_a_demosaicked_one():
    assert_gains(ZoomPictures(foliage().case, 1.0), ONCE_DB)


@pytest.mark.slow
def test_a_zoom_by_a_half_gains_too():
    assert_gains(pictures_of("texture", factor=1.5, shape=SMALL), ONCE_DB)


def test_an_edge_is_sharper_and_has_no_outline():
    edge = edge_of(lens_px=0.2, shape=SMALL)
    assert edge["sharper"] >= SHARPER and edge["swing"] <= SWING, edge


def test_waves_too_fine_for_one_frame_no_longer_show_as_coarse_ones():
    assert aliasing_fallen_db(zoom_burst("zone plate")) >= ALIASING_DB


def test_what_moves_is_nowhere_worse_than_in_one_frame():
    worst, place = pictures_of("texture", shape=SMALL, things=[Ball((80, 60), (4, 9), 30)]).worst_block()
    assert worst <= WORSE_DB, place


@pytest.mark.parametrize("iso", [100, 1600])
def test_even_greys_keep_their_light_and_are_as_calm_as_they_say(iso):
    found = flat_patches(pictures_of("steps", iso=iso, shape=SMALL))
    assert found["noisier"] <= NOISIER and found["astray"] <= ASTRAY, found


@pytest.mark.slow
def test_a_sensor_whose_pixels_are_points_is_forgiven():
    """Its pictures are sharper than the solver believes: undone blur that was not there would ring."""
    edge = edge_of(lens_px=0.2, aperture_px=0.0, shape=SMALL)
    assert edge["sharper"] >= 1 and edge["swing"] <= SWING, edge


def test_a_tripod_gives_the_merged_picture_and_says_so():
    pictures = pictures_of("texture", shape=SMALL, poses=tripod(6), frames=6)
    assert pictures.zoomed.story.rung == "plain" and "still" in pictures.zoomed.story.why
    assert isinstance(pictures.zoomed.frame, RawFrame)
    np.testing.assert_array_equal(pictures.zoomed.frame.pixels, pictures.merged.pixels)


def test_the_photo_of_a_zoom_is_sharper_than_the_enlarged_photo_and_as_bright():
    """The whole way: frames, ZoomBurst, the photo path; beside the photo of the merged burst, enlarged."""
    pictures = foliage()
    pipeline, tuning = photo_pipeline(EVEN_LIGHT), load_sensor("imx477").tuning
    assert isinstance(pictures.zoomed.frame, LinearFrame)
    zoomed = develop_zoomed(pictures.zoomed.frame, pipeline, tuning).pixels
    plain = enlarged(develop(pictures.merged, pipeline, tuning).pixels)
    truth = develop_zoomed(as_linear(pictures), pipeline, tuning).pixels
    zoomed, plain, truth = (inner(photo) / 255.0 for photo in (zoomed, plain, truth))
    assert psnr(zoomed, truth) - psnr(plain, truth) >= TWICE_DB[100]
    assert np.abs(zoomed.mean(axis=(0, 1)) - plain.mean(axis=(0, 1))).max() <= 0.01


def as_linear(pictures: ZoomPictures) -> LinearFrame:
    """The truth as a frame with the zoomed one's facts."""
    shot = pictures.zoomed.frame.shot
    counts = pictures.truth * (shot.white_dn - shot.black_dn[0]) + shot.black_dn[0]
    return LinearFrame(np.round(counts).astype(np.uint16), shot, pictures.zoomed.frame.frames_behind)


def enlarged(photo: np.ndarray) -> np.ndarray:
    from isp.zoom.enlarge import enlarged as by_two

    return by_two(photo, (2 * photo.shape[0], 2 * photo.shape[1]))


def test_the_measures_tell_an_enlarged_picture_from_a_measured_one():
    """What must not pass does not: the plain picture in the place of the measured one."""
    pictures = pictures_of("edge chart", frames=2, shape=SMALL)
    pictures.__dict__["measured"] = pictures.plain
    assert pictures.gain_db() == 0 and pictures.linear_gain_db() == 0
    assert pictures.sharpness(pictures.plain)[0] * SHARPER < pictures.sharpness(pictures.truth)[0]


def test_the_finer_truth_averaged_is_what_the_frames_saw():
    """Four finer pixels are one pixel of the frame, whatever the lens: the two truths agree."""
    case = zoom_burst("texture", 2, shape=SMALL, poses=tripod(2))
    fine = case.truth(2, 0).reshape(SMALL[0], 2, SMALL[1], 2, 3).mean(axis=(1, 3))
    assert (fine - case.truth(1, 0))[8:-8, 8:-8].std() < 0.01 * fine.std()
    green = case.burst.clean[0][0::2, 1::2]
    assert np.abs(case.truth(1, 0)[0::2, 1::2, 1] - green).max() < 1e-4


@pytest.mark.slow
@pytest.mark.parametrize("scene", PHOTOGRAPHS)
def test_every_photograph_gains_at_every_iso(scene):
    """The bench has all numbers of frames and sizes for each; here they take turns."""
    for turn, (iso, least) in enumerate(TWICE_DB.items()):
        assert_gains(pictures_of(scene, 8, iso, seed=10 * iso), least)
        if turn == PHOTOGRAPHS.index(scene) % len(TWICE_DB):
            assert_gains(pictures_of(scene, 15, iso, seed=10 * iso + 1), least)
            assert_gains(pictures_of(scene, 8, iso, factor=1.0, seed=iso), ONCE_DB)


@pytest.mark.slow
@pytest.mark.parametrize("scene", ["astronaut", "kodim05", "kodim23"])
@pytest.mark.parametrize("iso", [100, 1600])
def test_nothing_that_moves_makes_a_block_worse(scene, iso):
    for name, things in MOVING.items():
        worst, place = pictures_of(scene, iso=iso, things=things, seed=iso).worst_block()
        assert worst <= WORSE_DB, (name, place)


@pytest.mark.slow
@pytest.mark.parametrize("scene", ["kodim19", "astronaut"])
@pytest.mark.parametrize("strange", STRANGE)
def test_a_lens_sensor_or_hand_that_nobody_told_of_costs_nothing(scene, strange):
    for iso in (100, 1600):
        pictures = pictures_of(scene, iso=iso, **STRANGE[strange])
        assert min(pictures.gain_db(), pictures.linear_gain_db()) >= 0.0


@pytest.mark.slow
def test_a_ball_in_front_of_a_shaken_fence_leaves_no_ghost():
    poses = hand_held(8, 20.0, 0.4, 3)
    worst, place = pictures_of("kodim19", poses=poses, things=[Ball((150, 90), (3, 14), 25)]).worst_block()
    assert worst <= WORSE_DB, place

"""Masks of a live picture: steady in a still scene, moving with their subject, gone when it is."""

from __future__ import annotations

import numpy as np
import pytest
from measures.live_masks import LOOK_NS, Live, flicker, overlap
from scipy import ndimage

from firmware.preview.moving import follow
from firmware.preview.steady_mask import Steadying

pytest.importorskip("cv2", reason="OpenCV is not installed: pip install 'nightjar[portrait]'")

SECOND_NS = 1_000_000_000


@pytest.mark.parametrize("noise", [3.0, 12.0])
def test_a_still_scene_does_not_flicker_however_the_network_wavers(noise):
    live, steadying = Live(noise), Steadying()
    raw, steady = [], []
    for look in range(26):
        raw.append(live.wavering())
        steadying.take(raw[-1], live.luma(), look * LOOK_NS)
        steady.append(steadying.at(look * LOOK_NS).mask)
    assert flicker(raw) > 2.0, "the network wavers"
    assert flicker(steady[10:]) < 0.06 * flicker(raw)
    looks = np.mean([overlap(mask, live.truth()) for mask in raw])
    assert overlap(steady[-1], live.truth()) > max(looks, 0.95), "and nearer to the truth than the looks it is made of"


def test_a_quiet_hand_does_not_make_it_flicker():
    # A thousandth of the width from look to look, on edges as hard as a white shirt's before a dark wall.
    live, steadying, shake = Live(2.0), Steadying(), np.random.default_rng(1)
    raw, steady = [], []
    for look in range(30):
        raw.append(live.wavering(pops=0.0))
        moved = ndimage.shift(live.truth(), shake.normal(0.0, 0.15, 2), order=1, mode="nearest")
        steadying.take(raw[-1], np.uint8(30 + 190 * moved + shake.normal(0, 2, moved.shape)), look * LOOK_NS)
        steady.append(steadying.at(look * LOOK_NS).mask)
    assert flicker(steady[10:]) < 0.1 * flicker(raw)


def test_a_chair_that_is_the_subject_now_and_then_never_is():
    live, steadying, chair = Live(), Steadying(), np.s_[84:110, 124:146]
    taken = []
    for look in range(26):
        steadying.take(live.wavering(pops=0.35 if look else 0.0), live.luma(), look * LOOK_NS)
        taken.append(steadying.at(look * LOOK_NS).mask[chair].mean())
    assert max(taken) < 128
    assert np.abs(np.diff(taken)).mean() < 4


@pytest.mark.parametrize("step_px", [2, 6])
def test_the_mask_moves_with_the_subject(step_px):
    live, steadying = Live(), Steadying()
    for look in range(14):
        moved = max(look - 3, 0) * step_px
        steadying.take(live.wavering(moved, edge_px=0.0, pops=0.0), live.luma(moved), look * LOOK_NS)
        assert overlap(steadying.at(look * LOOK_NS).mask, live.truth(moved)) > 0.94


def test_when_the_camera_turns_the_mask_turns_with_it():
    live, steadying = Live(), Steadying()
    for look in range(6):
        luma, mask = (np.roll(part, 6 * look, axis=1) for part in (live.luma(), live.wavering(edge_px=0.0, pops=0.0)))
        steadying.take(mask, luma, look * LOOK_NS)
    assert overlap(steadying.at(5 * LOOK_NS).mask, np.roll(live.truth(), 30, axis=1)) > 0.94


@pytest.mark.parametrize("noise", [0.0, 3.0, 12.0])
@pytest.mark.parametrize("step_px", [-14, 1, 4, 20])
def test_between_two_looks_the_mask_goes_with_its_subject(noise, step_px):
    live = Live(noise)
    mask, before = (255 * live.truth()).astype(np.uint8), live.luma()
    here = follow(mask, before, live.luma(step_px))
    assert overlap(here, live.truth(step_px)) > max(0.94, overlap(mask, live.truth(step_px)))


def test_between_two_looks_nothing_moves_that_stands_still_or_is_gone():
    for seed in range(5):
        live = Live(8.0, seed)
        mask, before = (255 * live.truth()).astype(np.uint8), live.luma()
        assert follow(mask, before, live.luma()) is mask
        assert follow(mask, before, live.without_subject()) is mask
    flat = np.full(mask.shape, 90, np.uint8)
    assert follow(mask, flat, flat) is mask
    assert follow(np.zeros_like(mask), before, flat) is not None


def test_after_the_subject_left_the_blur_is_gone_within_a_second():
    live, steadying = Live(), Steadying()
    for look in range(5):
        steadying.take(live.wavering(), live.luma(), look * 2 * LOOK_NS)
    left_ns = 8 * LOOK_NS + 1  # just after the last look: the worst moment, at five looks a second
    strengths = []
    for look in range(5, 10):
        steadying.take(None, live.without_subject(), look * 2 * LOOK_NS)
        steady = steadying.at(look * 2 * LOOK_NS)
        strengths.append(steady.strength if steady else 0.0)
    assert strengths[0] == 1.0, "one look without a subject is no reason"
    assert steadying.at(left_ns + SECOND_NS) is None
    assert np.all(np.diff(strengths) <= 0)


def test_blur_fades_in_small_steps():
    live, steadying = Live(), Steadying()
    steadying.take(live.wavering(), live.luma(), 0)
    assert steadying.at(0).strength == 1.0, "the first look is believed"
    for look in (1, 2):
        steadying.take(None, live.without_subject(), look * LOOK_NS)
    frames_ns = [2 * LOOK_NS + frame * SECOND_NS // 30 for frame in range(15)]
    found = [steadying.at(time_ns) for time_ns in frames_ns]
    strengths = [steady.strength if steady else 0.0 for steady in found]
    assert strengths[0] == 1.0
    assert strengths[-1] == 0.0
    assert np.abs(np.diff(strengths)).max() < 0.12


def test_a_mask_that_nobody_renewed_is_not_believed_for_long():
    live, steadying = Live(), Steadying()
    for look in range(3):
        steadying.take(live.wavering(), live.luma(), look * LOOK_NS)
    assert steadying.at(3 * LOOK_NS).strength == 1.0
    assert steadying.at(2 * SECOND_NS) is None


def test_on_a_slow_board_the_blur_stays_between_two_looks():
    live, steadying = Live(), Steadying()
    for look in range(3):
        steadying.take(live.wavering(), live.luma(), look * 2 * SECOND_NS)
    assert steadying.at(5_900_000_000).strength == 1.0

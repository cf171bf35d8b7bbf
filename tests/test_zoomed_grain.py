"""Claims about noise in zoomed photos: the stages that go by it do for larger grains what they do for a sensor's."""

import dataclasses
from functools import cache

import cv2
import numpy as np
import pytest
from measures.exposed import exposed
from measures.half_merged import half_merged
from measures.three_colours import demosaicked

from firmware.sensors import load_sensor
from isp.burst.places import places_of
from isp.chroma_noise import ChromaNoise
from isp.develop import develop
from isp.frames import LinearFrame, RawFrame
from isp.luma_noise import LumaNoise
from isp.photo import photo_pipeline
from isp.plan import plan
from isp.sharpen import Sharpen
from isp.zoom.developing import develop_zoomed

LUMA = np.array([0.299, 0.587, 0.114])
KNOBS = {"white_balance": {"temperature_k": 5000.0}, "colour_fringes": {"enabled": False}}
KNOBS |= {"local_tone": {"strength": 0.0}}
BORDER = 16


def grain(pixels):
    """(luma, clouds of colour): deviations on a flat grey, the second of the colour in the mean of 8 x 8 pixels."""
    flat = pixels[BORDER:-BORDER, BORDER:-BORDER].astype(float)
    flat = flat - flat.mean(axis=(0, 1))
    luma = flat @ LUMA
    rows, columns = (side // 8 for side in luma.shape)
    cells = flat[: 8 * rows, : 8 * columns].reshape(rows, 8, columns, 8, 3).mean(axis=(1, 3))
    return luma.std(), (cells[..., [0, 2]] - (cells @ LUMA)[..., None]).std()


@cache
def flat_pictures(gain):
    """A flat grey of 8 merged exposures: the mosaic's photo enlarged, and the same mosaic as a zoomed picture."""
    tuning = load_sensor("imx477").tuning
    raw = half_merged(np.full((160, 224), 0.2), 224, gain=gain)
    raw = RawFrame(raw.pixels, raw.shot)
    photo = develop(raw, photo_pipeline(KNOBS), tuning)
    enlarged = cv2.resize(photo.pixels, (448, 320), interpolation=cv2.INTER_CUBIC)
    frame = demosaicked(raw, photo.recipe, times=2)
    return enlarged, frame, plan(photo_pipeline(KNOBS), frame, tuning)


def without(recipe, *kinds):
    """The recipe with these stages off."""
    off = {ChromaNoise: {"strength": 0.0}, LumaNoise: {"strength": 0.0}, Sharpen: {"amount": 0.0}}
    for kind in kinds:
        recipe = recipe.with_stage(dataclasses.replace(recipe.stage(kind), **off[kind]))
    return recipe


@pytest.mark.parametrize("gain", [1.0, 16.0])
def test_flat_places_are_as_calm_as_in_the_plain_photo(gain):
    enlarged, frame, recipe = flat_pictures(gain)
    plain, zoomed = grain(enlarged), grain(develop_zoomed(frame, recipe, None).pixels)
    assert zoomed[0] < 1.2 * plain[0] and zoomed[1] < 1.1 * plain[1]


@pytest.mark.parametrize("gain", [4.0, 16.0])
def test_each_stage_does_its_part(gain):
    _, frame, recipe = flat_pictures(gain)
    made = {
        kinds: grain(develop_zoomed(frame, without(recipe, *kinds), None).pixels)
        for kinds in ((), (Sharpen,), (LumaNoise, Sharpen), (ChromaNoise, LumaNoise, Sharpen))
    }
    finished, unsharpened, grainy, coloured = made.values()
    assert grainy[1] < 0.4 * coloured[1]
    assert unsharpened[0] < 0.95 * grainy[0]
    assert finished[0] < 1.1 * unsharpened[0]


def test_texture_of_a_few_deviations_of_the_noise_stays():
    tuning = load_sensor("imx477").tuning
    waves = 0.2 * (1 + 0.25 * np.sin(2 * np.pi * np.arange(160) / 5)) * np.ones((96, 1))
    raw = exposed(waves, gain=4.0)
    frame = demosaicked(raw, plan(photo_pipeline(KNOBS), raw, tuning), times=2)
    recipe = without(plan(photo_pipeline(KNOBS), frame, tuning), Sharpen)
    contrasts = []
    for stages in (recipe, without(recipe, LumaNoise, ChromaNoise)):
        row = (develop_zoomed(frame, stages, None).pixels[BORDER:-BORDER] @ LUMA).mean(axis=0)
        contrasts.append(row[40:280].std())
    assert contrasts[0] > 0.97 * contrasts[1]


def test_where_fewer_frames_are_behind_the_picture_more_noise_is_taken():
    _, frame, recipe = flat_pictures(16.0)
    behind = np.full(places_of(frame.pixels.shape[:2]), 8.0, np.float32)
    behind[:, 5 * behind.shape[1] // 8 :] = 1.0
    uneven = LinearFrame(frame.pixels, frame.shot, behind)
    same = LinearFrame(frame.pixels, frame.shot, np.full_like(behind, 8.0))
    told, untold = (develop_zoomed(one, without(recipe, Sharpen), None).pixels for one in (uneven, same))
    left, right = np.s_[:, : 448 // 2], np.s_[:, 3 * 448 // 4 :]
    np.testing.assert_array_equal(told[left], untold[left])
    assert grain(told[right])[0] < 0.9 * grain(untold[right])[0]

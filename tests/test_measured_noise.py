"""The noise of the very sensor, seen in two frames: a model that is right stays, one that is too small is raised."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from measures.bursts import burst_of
from measures.passers_by import Ball

from isp.burst.align import align
from isp.burst.measured_noise import measured_noise
from isp.burst.pyramid import pyramid_of
from isp.frames import Noise

SHAPE = (384, 512)
HAND = {"path_px": 12.0, "roll_degrees": 0.5}
BALL = {"objects": [Ball((190, 110), (20, 35), 60)]}


def measured(burst, shot=1.0, read=1.0):
    """(shot, read) as found, in what they truly are, where the model says so many times of it."""
    true = burst.frames[0].shot.noise
    told = Noise(true.shot * shot, true.read * read)
    one, other = (
        dataclasses.replace(frame, shot=dataclasses.replace(frame.shot, noise=told)) for frame in burst.frames
    )
    found = measured_noise(one, other, align(pyramid_of(one), pyramid_of(other)).px)
    return found.shot / true.shot, found.read / true.read


@pytest.mark.parametrize(
    ("sensor", "gain"),
    [
        ("imx477", 1.0),
        ("imx708", 16.0),
        pytest.param("imx477", 16.0, marks=pytest.mark.slow),
        pytest.param("imx708", 1.0, marks=pytest.mark.slow),
    ],
)
@pytest.mark.parametrize("motion", [{}, HAND, BALL], ids=["still", "hand", "ball"])
@pytest.mark.parametrize("scene", ["coffee", "texture", "steps", "lamps"])
def test_a_model_that_is_right_is_left_alone(scene, motion, gain, sensor):
    shot, read = measured(burst_of(scene, 2, sensor=sensor, gain=gain, shape=SHAPE, **motion))
    assert 1.0 <= shot <= 1.16
    assert 1.0 <= read <= 1.16


@pytest.mark.parametrize("sensor", ["imx477", "imx708"])
@pytest.mark.parametrize("motion", [{}, HAND], ids=["still", "hand"])
def test_a_module_twice_as_noisy_is_found_so(motion, sensor):
    """In the light, where shot noise rules, and in the dark, where read noise does."""
    bright = burst_of("steps", 2, sensor=sensor, gain=4.0, shape=SHAPE, **motion)
    dark = burst_of("lamps", 2, sensor=sensor, gain=16.0, shape=SHAPE, **motion)
    assert measured(bright, 0.5, 0.5)[0] == pytest.approx(1.0, abs=0.2)
    assert measured(dark, 0.5, 0.5)[1] == pytest.approx(1.0, abs=0.2)


def test_another_scene_raises_the_model_by_its_limit_at_most():
    frames = burst_of("texture", 1, shape=SHAPE).frames + burst_of("coffee", 1, shape=SHAPE).frames
    model = frames[0].shot.noise
    nowhere = np.zeros((SHAPE[0] // 16 + 1, SHAPE[1] // 16 + 1, 2), np.float32)
    found = measured_noise(frames[0], frames[1], nowhere)
    assert found.shot <= 3 * model.shot
    assert found.read <= 3 * model.read

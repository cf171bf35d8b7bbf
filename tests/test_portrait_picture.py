"""One raw frame to two photos: the plain one is mode photo's, and mask and recipe repeat the blurred one."""

from __future__ import annotations

import numpy as np
import pytest
from portrait_bench import astronaut, upright_oval

from firmware.sensors import load_sensor
from isp.bokeh import Bokeh
from isp.develop import develop
from isp.errors import FrameError, KnobError, PipelineError
from isp.photo import PORTRAIT_STAGES, STAGES, photo_pipeline, portrait_pipeline
from isp.pipeline import Pipeline
from isp.portrait import develop_portrait, without_blur

SHAPE = (480, 640)
TUNING = load_sensor("imx219").tuning


@pytest.fixture
def frame():
    return astronaut()


def portrait_of(frame, pipeline, mask, threads=1):
    seen = []

    def find_mask(plain):
        seen.append(plain)
        return mask

    return seen, develop_portrait(frame, pipeline, TUNING, find_mask, threads)


def test_the_plain_photo_and_its_recipe_are_mode_photo_s(frame):
    (plain,), portrait = portrait_of(frame, portrait_pipeline(), None)
    photo = develop(frame, photo_pipeline(), TUNING)
    assert (plain.pixels == photo.pixels).all() and plain.recipe == photo.recipe
    assert portrait.photo is plain and portrait.mask is None


def test_recipe_and_mask_give_the_same_bytes_for_any_number_of_threads(frame):
    _, first = portrait_of(frame, portrait_pipeline({"bokeh": {"f_number": 1.2}}), upright_oval(SHAPE))
    stored = Pipeline.from_dict(first.photo.recipe.to_dict(), PORTRAIT_STAGES)
    _, again = portrait_of(frame, stored, first.mask, threads=3)
    assert (again.photo.pixels == first.photo.pixels).all() and again.photo.recipe == first.photo.recipe


def test_the_stages_of_a_photo_are_known_to_know_nothing_of_the_blur():
    assert "bokeh" not in STAGES and list(PORTRAIT_STAGES).index("bokeh") == list(STAGES).index("local_tone")
    with pytest.raises(KnobError, match="bokeh"):
        Pipeline.from_dict([Bokeh().to_dict()], STAGES)
    assert without_blur(portrait_pipeline()) == photo_pipeline()


def test_a_blur_without_a_mask_is_refused(frame):
    with pytest.raises(PipelineError, match="takes a mask"):
        develop(frame, portrait_pipeline(), TUNING)


@pytest.mark.parametrize(
    "stages", [photo_pipeline().stages, portrait_pipeline().stages[3:], (*portrait_pipeline().stages[:11], Bokeh())]
)
def test_a_pipeline_that_is_no_portrait_s_is_refused(frame, stages):
    with pytest.raises(PipelineError, match=r"from raw over \[bokeh\]"):
        portrait_of(frame, Pipeline(stages), None)


@pytest.mark.parametrize(
    "mask",
    [
        np.zeros((479, 640), np.uint8),
        np.zeros(SHAPE, np.float32),
        np.zeros((*SHAPE, 1), np.uint8),
        [[0] * 640] * 480,
        np.zeros(SHAPE, np.uint8),
    ],
)
def test_what_is_no_mask_of_the_picture_is_refused(frame, mask):
    with pytest.raises(FrameError):
        portrait_of(frame, portrait_pipeline(), mask)

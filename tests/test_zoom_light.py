"""Colours do not change while one zooms: a part of the frame is balanced for the light of all of it."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from measures.zoom_stand_in import StandIn
from night_bench import PATIENCE_S

from firmware.cameras.simulated import simulate
from firmware.darkroom.modes import load_modes
from firmware.darkroom.redevelop import develop_file
from firmware.darkroom.wishes import Wishes
from firmware.files.dng import encode_dng
from firmware.preview.light import SteadyLight
from firmware.sensors import load_sensor
from firmware.settings import ZoomSettings
from isp.photo import photo_pipeline
from isp.plan import plan
from isp.white_balance import WhiteBalance
from isp.zoom.crop import crop_for, cut

FACTOR = 3.0
# Of red or blue against green: two looks at one scene differ by their noise.
ALIKE = 0.01


@pytest.fixture(scope="module")
def tuning():
    return load_sensor("imx219").tuning


@pytest.fixture(scope="module")
def frame(tuning):
    """Its middle is no fair sample of its colours."""
    whole, _ = simulate("coffee", "imx219", 640, 480)
    own, fair = (gains_of(plan(photo_pipeline(), each, tuning)) for each in (middle_of(whole), whole))
    assert np.abs(np.log(own / fair)).max() > 5 * ALIKE
    return whole


def middle_of(frame):
    return cut(frame, crop_for(frame.pixels.shape, FACTOR))


def gains_of(recipe):
    return np.array(recipe.stage(WhiteBalance).gains)


def stored_gains(sidecar: Path):
    recipe = json.loads(sidecar.read_text())["recipe"]
    return np.array(next(stage["gains"] for stage in recipe if stage["stage"] == "white_balance"))


def test_a_zoomed_raw_file_has_the_colours_of_the_whole(frame, tuning, tmp_path):
    dng = tmp_path / "one.DNG"
    dng.write_bytes(b"".join(encode_dng(frame, tuning)))
    wishes = Wishes(tmp_path, load_modes()["zoom"], {}, {}, 93, zoom=ZoomSettings(factor=FACTOR))
    made = develop_file(dng, tmp_path / "one.JPG", wishes)
    assert stored_gains(Path(made.sidecar)) == pytest.approx(gains_of(plan(photo_pipeline(), frame, tuning)), rel=1e-6)


def test_the_live_picture_of_a_part_has_the_colours_of_the_whole(frame, tuning):
    recipe = SteadyLight().recipe(middle_of(frame), photo_pipeline(), tuning, whole=lambda: frame)
    assert gains_of(recipe) == pytest.approx(gains_of(plan(photo_pipeline(), frame, tuning)), rel=1e-6)


@pytest.mark.slow
def test_a_press_that_zooms_has_the_colours_of_one_that_does_not(night):
    bench = night(zoomed=StandIn, zoom=ZoomSettings(factor=FACTOR, frames=2, dim_frames=2))
    gains = {}
    for mode in ("photo", "zoom"):
        accepted = bench.press(mode)
        accepted.done.result(PATIENCE_S)
        gains[mode] = stored_gains(accepted.files.sidecar)
    own = gains_of(plan(photo_pipeline(), middle_of(bench.thread.ring.newest()), load_sensor("imx219").tuning))
    assert np.abs(np.log(own / gains["photo"])).max() > 3 * ALIKE, "the middle has colours of its own"
    assert gains["zoom"] == pytest.approx(gains["photo"], rel=ALIKE)

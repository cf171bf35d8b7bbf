"""Photographs of a sensor that nothing was made for: as an unknown one's, and with a curve from a few grey cards."""

import numpy as np
import pytest
from measures.sensor_never_seen import (
    Photograph,
    angles,
    calibrated,
    found_by_camera,
    grey_world,
    judged_calibrated,
    judged_unknown,
    photographs,
)
from measures.shared_folder import SHARED

from accelerators.published.judged import Summary
from accelerators.white_balance.judge import load_judge
from firmware.sensors import load_sensor
from isp.grey_curve import grey_of, place_of
from isp.light import classical

NO_PHOTOGRAPHS = f"{SHARED / 'data/awb-imx135'} is not there: no photographs of a sensor never seen"


@pytest.fixture(scope="module")
def scenes() -> list[Photograph]:
    return photographs(SHARED) or pytest.skip(NO_PHOTOGRAPHS)


@pytest.fixture(scope="module")
def of_grey_world(scenes):
    return angles(scenes, grey_world)


def assert_meets_the_bars(errors, of_grey_world):
    judges, grey_worlds = Summary.of(errors), Summary.of(of_grey_world)
    assert judges.median <= grey_worlds.median
    assert judges.worst_quarter <= 0.85 * grey_worlds.worst_quarter


@pytest.mark.parametrize("judged", [judged_unknown, judged_calibrated])
def test_the_classical_judge_beats_grey_world(scenes, of_grey_world, judged):
    assert_meets_the_bars(judged(scenes, classical), of_grey_world)


def test_a_foreign_file_is_developed_in_a_better_light_than_grey_worlds(scenes, of_grey_world):
    assert_meets_the_bars(angles(scenes, found_by_camera), of_grey_world)


@pytest.mark.parametrize("judged", [judged_unknown, judged_calibrated])
def test_the_learned_judge_beats_grey_world(scenes, of_grey_world, judged):
    assert_meets_the_bars(judged(scenes, load_judge()), of_grey_world)


@pytest.mark.parametrize("sensor", ["imx219", "imx477", "imx708"])
def test_a_few_greys_under_unknown_lights_find_the_curve_of_a_sensor(sensor):
    tuning = load_sensor(sensor).tuning
    lights_k = np.array([2900.0, 3000, 3300, 4000, 4800, 5500, 5700, 6500])
    found = calibrated(
        np.array([grey_of(k, tint, tuning) for k, tint in zip(lights_k, [0.02, -0.02] * 4, strict=True)])
    )
    wrong = [abs(1e6 / place_of(tuning.grey_at(k), found)[0] - 1e6 / k) for k in lights_k]
    assert np.mean(wrong) < 40.0, "mired: greys say little of where along the curve they lie"

"""How bright a scene is does not depend on which of a sensor's two calibrations said so."""

import math
from dataclasses import replace

import pytest

from accelerators.published.sensors import published_tuning
from accelerators.white_balance.brightness import MOST_LUX, known_lux


@pytest.mark.parametrize("sensor", ["imx219", "imx477", "imx708"])
def test_both_calibrations_of_a_sensor_make_the_same_of_one_exposure(sensor):
    signal = 1e-5
    tunings = [published_tuning(platform, sensor) for platform in ("pisp", "vc4")]
    said = [tuning.lux_of_signal * signal for tuning in tunings]
    found = [known_lux(lux, tuning) for lux, tuning in zip(said, tunings, strict=True)]
    assert found[0] == pytest.approx(found[1])
    assert min(said) <= found[0] * (1 + 1e-9) <= max(said) * (1 + 1e-6)


def test_a_sensor_that_is_not_packaged_is_taken_at_its_word():
    other = replace(published_tuning("pisp", "imx477"), sensor="imx999")
    assert known_lux(300.0, other) == 300.0
    assert known_lux(300.0, replace(published_tuning("pisp", "imx477"), lux_of_signal=None)) == 300.0


@pytest.mark.parametrize("lux", [None, math.nan, math.inf, -1.0])
def test_what_is_no_brightness_is_unknown(lux):
    assert known_lux(lux, published_tuning("pisp", "imx477")) is None


def test_no_scene_is_brighter_than_sun_on_snow():
    assert known_lux(1e9, published_tuning("pisp", "imx477")) == MOST_LUX

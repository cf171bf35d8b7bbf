"""What `make soak` goes by: a leak is found in the noise, noise alone is none, and no press goes missing unseen."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest
from soak.gauges import Reading, read, slope_of
from soak.presses import OF_THE_CAMERA, Outcomes

import firmware

ROUND_S = 20.0
NOISE_MB = 8.0


def readings(megabytes_per_hour: float, count: int = 80, seed: int = 1) -> list[Reading]:
    noise = np.random.default_rng(seed).normal(0.0, NOISE_MB, count)
    moments = ROUND_S * np.arange(count)
    memory = 300.0 + megabytes_per_hour * moments / 3600 + noise
    return [Reading(at, mb, mb, mb, 9, 16, 0, 0.0) for at, mb in zip(moments, memory, strict=True)]


@pytest.mark.parametrize("leak", [0.0, 60.0, -60.0])
def test_the_interval_holds_the_true_slope_in_nearly_all_soaks(leak):
    slopes = [slope_of(readings(leak, seed=seed), "pss_mb") for seed in range(100)]
    held = sum(slope.least <= leak <= slope.most for slope in slopes)
    assert 90 <= held < 100, "an interval that always holds is too wide to find a leak"


def test_a_megabyte_a_minute_is_found_in_half_an_hour():
    assert slope_of(readings(60.0), "pss_mb").least > 5.0


def test_of_a_few_readings_no_interval_is_told():
    assert slope_of(readings(60.0, count=5), "pss_mb").least is None


def test_a_reading_of_this_very_process_is_plausible():
    reading = read(os.getpid(), 0.0)
    assert 10 < reading.private_mb <= reading.rss_mb * 1.05
    assert reading.threads >= 1
    assert reading.descriptors >= 3


def test_a_press_of_which_the_log_says_nothing_is_missed(tmp_path):
    log = tmp_path / "log.txt"
    log.write_text(
        "10:00 INFO  firmware.darkroom: IMG_0001.JPG: mode photo, frames 1\n"
        "10:01 INFO  firmware.darkroom: IMG_0002.JPG: mode night, frames 4\n"
        "10:02 ERROR firmware.body: The press was refused: 3 photos are in work already\n"
        "10:03 INFO  firmware.body: This press ended the burst (merging); it takes no photo of its own.\n"
        "10:04 INFO  half a li"
    )
    outcomes = Outcomes()
    outcomes.read_log(log)
    assert outcomes.missed(pressed=3, for_callers={2}) == 0
    assert outcomes.missed(pressed=4, for_callers={2}) == 1
    with log.open("a") as more:
        more.write("ne: IMG_0003.JPG: mode zoom, frames 5\n")
    outcomes.read_log(log)
    assert outcomes.missed(pressed=4, for_callers={2}) == 0


def test_alarms_are_what_the_camera_says_today():
    """A message that was worded anew would be an alarm that nobody hears."""
    sources = [path.read_text(encoding="utf-8") for path in Path(firmware.__file__).parent.rglob("*.py")]
    assert all(any(words in text for text in sources) for words in OF_THE_CAMERA)

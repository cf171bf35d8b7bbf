"""A minute of `make soak`: too short for slopes, long enough for a missed press, a lost descriptor or a dead thread."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from firmware.demo.bench_daemon import same_code

SOAK = Path(__file__).with_name("soak.py")


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_a_minute_of_every_mode_on_a_busy_machine_misses_no_press_and_loses_nothing():
    done = subprocess.run(
        [sys.executable, SOAK, "--minutes", "1"], env=same_code(), capture_output=True, text=True, timeout=540
    )
    print(done.stdout)
    assert done.returncode == 0, done.stdout + done.stderr

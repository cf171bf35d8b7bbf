"""picamera2 0.3.38 on real libcamera, whose only camera here is the kernel's simulated video device.

It gives no raw frames, so the daemon must refuse it; the life of a camera behind our adapter runs all the same.
"""

from __future__ import annotations

import itertools
from pathlib import Path

import pytest

pytestmark = pytest.mark.vm

TESTS = Path(__file__).parents[1]
SETTINGS = '[camera]\nbackend = "picamera2"\n[buttons]\nlong_press_s = 1.5\n'
REFUSAL = "This camera gives no raw frames. Nightjar needs a Raspberry Pi camera module"
CONTRACT_LIMIT_S = 500.0


@pytest.fixture(scope="module")
def refused(camera):
    """The daemon on a camera without raw frames, once it has tried."""
    camera.start(SETTINGS)
    camera.until(lambda now: now["camera"]["state"] == "no camera")
    return camera


def test_a_camera_without_raw_frames_is_refused_in_status_systemd_and_journal(refused):
    warnings = refused.status()["warnings"]
    assert any(text.startswith(f"no camera: {REFUSAL}") for text in warnings), warnings
    assert f"no camera: {REFUSAL}" in refused.systemd("StatusText")
    assert f"No camera: {REFUSAL}" in refused.machine.journal()
    assert "libcamera v" in refused.machine.journal(), "it was libcamera that was asked"


def test_nothing_takes_its_place(refused):
    status, before = refused.status(), refused.photos()
    assert not status["camera"]["name"]
    assert status["camera"]["frames"] == 0
    shot = refused.machine.ran("nightjar shoot")
    assert shot.returncode != 0
    assert REFUSAL in shot.stdout + shot.stderr
    assert refused.photos() == before


def test_the_light_says_that_there_is_no_camera(refused, board):
    seen = board.light(6.0)
    changes = itertools.pairwise(seen[1:])
    lit_s = [(end_ns - begin_ns) / 1e9 for (level, begin_ns), (_, end_ns) in changes if level == 1]
    # Long flashes, which no other pattern has.
    assert len(lit_s) >= 3, seen
    assert min(lit_s) > 0.3, seen


def test_the_life_of_a_camera_is_the_same_on_libcamera(refused):
    """The very claims of tests/contract, run in the guest as the daemon's own user."""
    machine = refused.machine
    machine.run("systemctl stop nightjar")
    machine.copy(TESTS / "contract", "/run/tests")
    run = (
        "cd /run/tests && setpriv --reuid=nightjar --regid=nightjar --init-groups env HOME=/run/nightjar-tests "
        "TMPDIR=/run/nightjar-tests /opt/nightjar/bin/python -P -m pytest contract -k picamera2 -rA -q "
        "--import-mode=importlib -p no:cacheprovider --timeout 240"
    )
    machine.run("install -d -o nightjar -g nightjar /run/nightjar-tests")
    # The video device's own cable, which a test pulls.
    machine.run("chown nightjar /sys/module/vimc/parameters/silent")
    done = machine.ran(run, limit_s=CONTRACT_LIMIT_S)
    print(done.stdout)
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-2000:]
    assert "skipped" not in done.stdout.splitlines()[-1]

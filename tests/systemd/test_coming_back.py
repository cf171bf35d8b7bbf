"""A camera that hangs is ended by the watchdog, one that crashes is not started in a hurry; both come back alone."""

from __future__ import annotations

import time

import pytest
from machines.installed_camera import SETTINGS, decoded, frozen

pytestmark = pytest.mark.systemd
BACK_BAR_S = 15.0
# The unit's own numbers: so many starts in a minute, then a pause.
STARTS_A_MINUTE = 6
SHORT_PAUSE = "[Timer]\nOnActiveSec=\nOnActiveSec=5\n"
PAUSE_CHANGE = "/etc/systemd/system/nightjar-again.timer.d/short.conf"


@pytest.mark.parametrize("thread", ["camera", "main"])
def test_a_thread_that_hangs_is_ended_by_the_watchdog_and_the_camera_is_back_in_time(camera, thread, capsys):
    before = camera.ask("shoot")["jpeg"]
    began_s = time.monotonic()
    with frozen(camera.thread(thread)):
        camera.container.until("NRestarts", "1", 2 * BACK_BAR_S)
        camera.container.until("ActiveState", "active", 2 * BACK_BAR_S)
        back_s = time.monotonic() - began_s
    with capsys.disabled():
        print(f"\n{thread} frozen: killed and back after {back_s:.1f} s (at most {BACK_BAR_S:g})")
    assert back_s <= BACK_BAR_S
    log = camera.container.log()
    assert "Failed with result 'watchdog'" in log
    assert "Thread 0x" in log, "the journal has no stack of the threads"
    after = camera.ask("shoot")["jpeg"]
    assert decoded(camera.read(after))
    assert after > before


def test_a_crash_is_started_again_at_once(camera):
    camera.container.run("systemctl", "kill", "--signal=SEGV", "--kill-whom=main", "nightjar")
    camera.container.until("NRestarts", "1", BACK_BAR_S)
    camera.container.until("ActiveState", "active", BACK_BAR_S)
    assert camera.ask("shoot")["saved"]


@pytest.fixture
def short_pause(container):
    """A pause of 5 s between two rounds in the place of a minute, for a test that waits for it."""
    container.run("mkdir", "--parents", PAUSE_CHANGE.rpartition("/")[0])
    container.run("tee", PAUSE_CHANGE, given=SHORT_PAUSE)
    container.run("systemctl", "daemon-reload")
    yield
    container.run("rm", PAUSE_CHANGE)
    container.run("systemctl", "daemon-reload")


def test_a_camera_that_cannot_start_is_not_tried_in_a_hurry_and_comes_back_once_it_can(camera, short_pause):
    starts_before = _starts(camera)
    # No such pins here: the daemon refuses to start, each time.
    camera.use(SETTINGS.replace('pin_factory = "none"', 'pin_factory = "lgpio"'))
    camera.container.ran("systemctl", "restart", "nightjar")
    camera.container.until("SubState", "failed", 60)
    assert _starts(camera) - starts_before <= STARTS_A_MINUTE
    assert camera.container.property("ActiveState", "nightjar-again.timer") == "active"
    assert "no Raspberry Pi pins" in camera.container.log()
    # Also where the journal has moved on, and to who may not read it.
    assert "no Raspberry Pi pins" in camera.container.property("StatusText")
    camera.use(SETTINGS)
    camera.container.until("ActiveState", "active", 30)
    assert camera.ask("shoot")["saved"]


def test_a_camera_that_was_stopped_stays_stopped_when_the_timer_comes(camera):
    camera.container.run("systemctl", "stop", "nightjar")
    camera.container.run("systemctl", "start", "nightjar-again.service")
    assert camera.container.property("ActiveState") == "inactive"


def _starts(camera) -> int:
    said = camera.container.run("journalctl", "--unit=nightjar", "--output=cat", "--no-pager")
    return said.count("Starting nightjar.service")

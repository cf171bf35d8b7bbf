"""The service in a booted Debian: it says that it is ready, takes photos, reads its settings anew, loses nothing."""

from __future__ import annotations

import json

import pytest
from machines.installed_camera import SETTINGS, decoded, sidecar

pytestmark = pytest.mark.systemd
# Frames long enough, and enough of them, that a burst can be interrupted.
LONG_BURST = """
[exposure]
fixed_us = 150000
fixed_gain = 8.0
[night]
clean_shadow = 200.0
"""


def test_systemd_hears_ready_and_what_the_camera_is(camera):
    assert camera.container.property("ActiveState") == "active"
    assert camera.container.property("StatusText") == "simulated imx219, mode photo, 0 photos, 0 in work"
    assert camera.container.property("NRestarts") == "0"


def test_the_whole_system_is_up_with_it(camera):
    assert camera.container.run("systemctl", "is-system-running").strip() == "running"


def test_the_doctor_sees_that_picamera2_is_there_and_cannot_be_loaded(camera):
    doctor = ("nightjar", "doctor", "--json", "--set", "camera.backend=picamera2")
    findings = json.loads(camera.container.ran(*doctor).stdout)["findings"]
    library = next(finding for finding in findings if finding["area"] == "camera")
    assert (library["state"], "pykms" in library["message"]) == ("problem", True)
    assert "Raspberry Pi OS" in library["mend"]


def test_a_photo_is_taken_over_the_socket(camera):
    photo = camera.ask("shoot")
    assert photo["saved"]
    assert decoded(camera.read(photo["jpeg"])) == (480, 640, 3)
    assert camera.container.property("StatusText").startswith("simulated imx219, mode photo, 1 photos")


def test_a_reload_changes_the_next_photo_and_keeps_the_process(camera):
    before = camera.pid
    first = camera.ask("shoot")["jpeg"]
    camera.container.run("nightjar", "config", "set", "sharpen.amount", "0.25")
    camera.container.run("systemctl", "reload", "nightjar")
    camera.until(lambda: "Reloaded; changed: sharpen.amount" in camera.container.log(), "the reload")
    second = camera.ask("shoot")["jpeg"]
    assert camera.pid == before
    amounts = [
        next(stage["amount"] for stage in sidecar(camera, jpeg)["recipe"] if stage["stage"] == "sharpen")
        for jpeg in (first, second)
    ]
    assert amounts[0] != 0.25
    assert amounts[1] == 0.25


def test_sigterm_in_the_middle_of_a_burst_loses_nothing_that_was_acknowledged(camera):
    camera.use(SETTINGS + LONG_BURST)
    camera.start()
    promised = [camera.ask("shoot", wait=False)["jpeg"], camera.ask("shoot", mode="night", wait=False)["jpeg"]]
    camera.until(lambda: (camera.ask("status")["burst"] or {}).get("collected", 0) >= 2, "a burst of two frames")
    camera.container.run("systemctl", "stop", "nightjar")
    assert camera.container.property("Result") == "success"
    for jpeg in promised:
        assert decoded(camera.read(jpeg)) == (480, 640, 3)
    burst = sidecar(camera, promised[1])["burst"]
    assert burst["ended"] == "the camera was switched off"
    assert 2 <= burst["collected"] < burst["plan"]["frames"]
    camera.start()
    assert camera.ask("shoot")["jpeg"] > max(promised)

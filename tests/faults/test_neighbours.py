"""Busy neighbours on the processor, and a second daemon."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from firmware.control.client import call

pytestmark = pytest.mark.faults

BUSY = 4
PRESSES = 4


@pytest.fixture
def neighbours():
    """Programs that do nothing but take time."""
    programs = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(BUSY)]
    yield
    for program in programs:
        program.kill()
        program.wait()


def test_with_four_busy_neighbours_no_press_is_missed_and_each_photo_is_of_its_moment(bench, neighbours):
    bench.start({"WATCHDOG_USEC": "10000000"})
    for number in range(1, PRESSES + 1):
        bench.press()
        bench.until(lambda status, number=number: status["photos"]["taken"] == number)
    status = bench.call("status")
    assert status["photos"]["failed"] == 0
    assert (status["state"], status["light"] == "error", status["warnings"]) == ("ready", False, [])
    assert status["camera"]["stalls"] == 0
    for number in range(1, PRESSES + 1):
        facts = json.loads((bench.photos / f"IMG_{number:04d}.json").read_text())
        # Between two frames at most: the board was busy, and frames were lost, but none is of another moment.
        assert abs(facts["numbers"]["press_to_frame_ms"]) < 200
    bench.wait_for("WATCHDOG=1")
    assert "Stuck" not in bench.log


def second(bench, **settings) -> str:
    """Start another daemon that should refuse; what it says. The first goes on."""
    first = bench.process
    bench.launch(**settings)
    assert bench.process.wait(20) == 1
    bench.process = first
    return bench.log


def test_a_second_daemon_on_the_same_socket_is_refused_and_the_first_keeps_it(bench):
    bench.start()
    other = bench.folder / "other"
    log = second(bench, storage__folder=other / "photos", storage__state_folder=other / "state")
    assert f"Another Nightjar answers on {bench.socket}. Stop it with `sudo systemctl stop nightjar`" in log
    assert bench.call("status")["state"] == "ready"
    assert bench.call("shoot")["saved"]


def test_a_second_daemon_on_the_same_card_or_counter_is_refused(bench):
    bench.start()
    other = bench.folder / "other"
    own = {"storage__folder": other / "photos", "storage__state_folder": other / "state"}
    for shared in own:
        apart = {name: folder for name, folder in own.items() if name != shared}
        log = second(bench, control__socket=bench.folder / "other.sock", **apart)
        assert log.count("is in use by another Nightjar: one card, one daemon. Stop it") == 1 + list(own).index(shared)
        assert not (bench.folder / "other.sock").exists()
    assert bench.call("shoot")["number"] == 1


def test_two_daemons_with_everything_of_their_own_both_take_photos(bench):
    bench.start()
    first = bench.process
    other = bench.folder / "other"
    bench.launch(
        storage__folder=other / "photos",
        storage__state_folder=other / "state",
        control__socket=bench.folder / "other.sock",
    )
    bench.wait_for("READY=1")
    assert call(str(bench.folder / "other.sock"), "shoot", {}, 30)["number"] == 1
    assert bench.call("shoot")["number"] == 1
    bench.kill()
    bench.process = first


def test_when_the_first_daemon_is_killed_the_next_takes_over_at_once(bench):
    bench.start()
    number = bench.call("shoot")["number"]
    bench.kill()
    bench.start()
    assert bench.call("shoot")["number"] == number + 1

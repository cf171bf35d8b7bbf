"""systemd hears from a daemon that works, and only from one that works."""

from __future__ import annotations

import logging
import os
import socket
import threading
from pathlib import Path

import pytest

from firmware.camera_thread import CameraThread
from firmware.service.heartbeat import Heartbeats
from firmware.service.log import JournalFormatter
from firmware.service.notify import notify, watchdog_interval_s
from firmware.service.thread_name import tell_kernel
from firmware.service.watchdog import Watchdog
from firmware.settings import Settings


@pytest.fixture
def systemd(monkeypatch):
    """A notify socket at an abstract address, as systemd may give one."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listener:
        listener.bind(f"\0nightjar-test-{os.getpid()}")
        listener.settimeout(5)
        monkeypatch.setenv("NOTIFY_SOCKET", f"@nightjar-test-{os.getpid()}")
        yield lambda: listener.recv(4096).decode()


def test_fields_reach_an_abstract_address_one_a_line(systemd):
    assert notify(READY=1, STATUS="all is\nwell")
    assert systemd() == "READY=1\nSTATUS=all is well"


def test_without_systemd_nothing_is_sent(monkeypatch):
    monkeypatch.delenv("NOTIFY_SOCKET", raising=False)
    assert not notify(READY=1)


def test_a_listener_that_is_gone_does_not_stop_the_camera(monkeypatch, tmp_path):
    monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "gone"))
    assert not notify(READY=1)


def test_the_watchdog_is_for_one_process_only(monkeypatch):
    monkeypatch.setenv("WATCHDOG_USEC", "30000000")
    assert watchdog_interval_s() == 15.0
    monkeypatch.setenv("WATCHDOG_PID", "1")
    assert watchdog_interval_s() is None


def test_a_thread_that_breaks_its_promise_is_named(monkeypatch):
    monkeypatch.delenv("WATCHDOG_USEC", raising=False)
    heartbeats = Heartbeats()
    watchdog = Watchdog(heartbeats, CameraThread(Settings(), heartbeats, lambda: None))
    heartbeats.beat("card", within_s=5, now_s=100.0)
    heartbeats.beat("darkroom", within_s=200, now_s=100.0)
    assert heartbeats.late(now_s=104.0) == []
    assert heartbeats.late(now_s=106.0) == ["card"]
    assert "card" in watchdog.what_is_wrong()  # that was long ago
    heartbeats.forget("card")
    heartbeats.beat("darkroom")
    assert watchdog.what_is_wrong() == ""


def test_a_stuck_thread_silences_the_watchdog(monkeypatch, systemd):
    monkeypatch.setenv("WATCHDOG_USEC", "2")
    heartbeats = Heartbeats()
    watchdog = Watchdog(heartbeats, CameraThread(Settings(), heartbeats, lambda: None))
    heartbeats.beat("card")
    watchdog.feed()
    assert systemd() == "WATCHDOG=1"
    heartbeats.beat("card", within_s=-1)
    watchdog.feed()
    heartbeats.beat("card")
    notify(STATUS="end")
    assert systemd() == "STATUS=end"


def test_every_line_of_a_traceback_carries_its_priority_in_the_journal():
    record = logging.LogRecord("firmware.storage.card", logging.ERROR, "", 0, "two\nlines", None, None)
    assert JournalFormatter("%(name)s: %(message)s").format(record) == "<3>firmware.storage.card: two\n<3>lines"


def test_who_stays_stuck_is_told_to_systemd_once(monkeypatch, systemd):
    monkeypatch.setenv("WATCHDOG_USEC", "2")
    heartbeats = Heartbeats()
    watchdog = Watchdog(heartbeats, CameraThread(Settings(), heartbeats, lambda: None))
    heartbeats.beat("card", within_s=-1)
    for now_s in (100.0, 100.5, 101.5, 102.5):
        watchdog.feed(now_s)
    notify(STATUS="end")
    assert systemd() == "WATCHDOG=trigger\nSTATUS=stuck: no sign of life from the thread card"
    assert systemd() == "STATUS=end"


def test_who_woke_late_and_beats_again_is_not_stuck(monkeypatch, systemd):
    monkeypatch.setenv("WATCHDOG_USEC", "2")
    heartbeats = Heartbeats()
    watchdog = Watchdog(heartbeats, CameraThread(Settings(), heartbeats, lambda: None))
    heartbeats.beat("card", within_s=-1)
    watchdog.feed(100.0)
    heartbeats.beat("card")
    watchdog.feed(101.5)
    assert systemd() == "WATCHDOG=1"


def test_the_kernel_knows_a_thread_by_its_name():
    told = []

    def look():
        tell_kernel()
        told.append(Path(f"/proc/self/task/{threading.get_native_id()}/comm").read_text())

    thread = threading.Thread(target=look, name="a-name-of-more-than-15")
    thread.start()
    thread.join()
    assert told == ["a-name-of-more-\n"]

"""How soon is the camera ready after it is started: the real daemon, with this camera, into a folder of its own."""

from __future__ import annotations

import dataclasses
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from firmware.control.client import call
from firmware.demo.bench_daemon import bench_daemon
from firmware.doctor.examination import WARNING
from firmware.errors import DemoError
from firmware.selftest.bench import Bench
from firmware.selftest.result import Measured, Result, judged
from firmware.settings import TABLES, Settings

AREA = "start"
TITLE = "daemon"
# systemd gives it 90 s; who switched the camera on has long gone away by a tenth of that.
MOST_READY_S = 10.0
MOST_PHOTO_S = 15.0
PHOTO_LIMIT_S = 60.0
SLOW = "see card and speed above; sudo journalctl -u nightjar says what took long"


def check_start(bench: Bench) -> Iterator[Result]:
    """From the start of the program to READY, and to the first photo that is safe."""
    did = "started nightjar run with these settings but without buttons, took one photo, stopped it"
    with tempfile.TemporaryDirectory(prefix="nightjar-selftest-") as folder:
        started = time.perf_counter()
        try:
            with bench_daemon(Path(folder), Path(folder) / "log", _for_the_bench(bench.settings, folder)):
                ready_s = time.perf_counter() - started
                call(str(Path(folder) / "control.sock"), "shoot", {"mode": "photo", "wait": True}, PHOTO_LIMIT_S)
                photo_s = time.perf_counter() - started
        except DemoError as error:
            yield Result(AREA, TITLE, did, (), WARNING, str(error), "sudo journalctl -u nightjar; nightjar doctor")
            return
    measured = [
        Measured("from exec to ready", ready_s, "s", most=MOST_READY_S),
        Measured("from exec to the first photo, whole and safe", photo_s, "s", most=MOST_PHOTO_S),
    ]
    yield judged(AREA, TITLE, did, measured, mend=SLOW)


def _for_the_bench(settings: Settings, folder: str) -> list[str]:
    """The settings that differ from the defaults, and what keeps it apart from the installed camera."""
    changed = [
        f"{table}.{item.name}={_toml(getattr(getattr(settings, table), item.name))}"
        for table, kind in TABLES.items()
        if table != "control"
        for item in dataclasses.fields(kind)
        if getattr(getattr(settings, table), item.name) != item.default
    ]
    return [
        *changed,
        f"camera.backend={settings.camera.backend}",
        "buttons.pin_factory=none",
        f"storage.folder={folder}/photos",
        f"storage.state_folder={folder}/state",
        "storage.free_space_floor_mb=0",
    ]


def _toml(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)

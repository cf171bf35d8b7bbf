"""All checks, in the order in which they make sense; every one of them leaves the board as it found it."""

from __future__ import annotations

import contextlib
import os
import signal
import tempfile
from collections.abc import Callable, Iterable, Iterator

from accelerators.errors import AcceleratorError
from firmware.control.client import RequestRefused, call
from firmware.doctor.examination import PROBLEM, Machine, examine
from firmware.errors import CameraError, ControlError, NightjarError
from firmware.selftest.bench import Bench
from firmware.selftest.checks.heat import check_heat, look_at
from firmware.selftest.result import Result, skipped
from firmware.settings import Settings
from isp.errors import IspError

AREAS = {
    "doctor": "what nightjar doctor finds",
    "modes": "every mode of the sensor, asked for",
    "raw": "raw format, black and white level, noise",
    "frames": "frames lost, jitter, and the frames' clock",
    "press": "from a press to its frame: a wire from the LED's pin to the shutter's",
    "buttons": "each button under your finger: heard, bounce (only where it is named: it waits for you)",
    "light": "from the LED's light to the frame that shows it: white paper before LED and lens",
    "networks": "how long the portraits' network takes, on the processor and on a Coral stick",
    "card": "how fast the card writes",
    "speed": "memory, and developing a frame",
    "start": "from the start of the daemon to its first photo",
    "heat": "temperature and throttling, before and after",
}
HOLD_THE_CAMERA = {"modes", "raw", "frames", "press", "buttons", "light", "speed", "start"}
# Only where they are named.
BY_HAND = {"buttons"}
ASK_LIMIT_S = 5.0
# The camera, and what starts it anew after it gave up.
UNITS = ("nightjar.service", "nightjar-again.timer")
RUNNING = ("active", "activating", "reloading", "deactivating")
# When SSH breaks off, or systemd ends us: light and pins are given back as after Ctrl-C.
STOP = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def run_selftest(bench: Bench, areas: Iterable[str]) -> Iterator[Result]:
    """The results of these areas, as they come. Raises CameraError where the camera is another program's."""
    chosen = [area for area in AREAS if area in set(areas)]
    if HOLD_THE_CAMERA.intersection(chosen):
        refuse_beside_a_daemon(bench.machine, bench.settings)
    with _stopped_once(), _folder_for_lgpio():
        before = look_at(bench.machine)
        stopped_by: dict[str, str] = {}
        for area in chosen:
            bench.doing(AREAS[area])
            if area == "heat":
                yield from check_heat(before, look_at(bench.machine))
            else:
                yield from _as_far_as_it_goes(area, bench, stopped_by)


def refuse_beside_a_daemon(machine: Machine, settings: Settings) -> None:
    """Only one program can have the camera and the pins. Raises CameraError naming the command that frees them."""
    started = [unit for unit in UNITS if machine.ask("systemctl", "show", "-P", "ActiveState", unit) in RUNNING]
    if not started and not _answers(str(machine.at(settings.control.socket))):
        return
    raise CameraError(
        "The camera's daemon runs, or is about to be started, and holds camera and pins. Stop it: sudo systemctl stop "
        f"{' '.join(started or UNITS[:1])}. Then test again, and afterwards: sudo systemctl start nightjar. "
        "`nightjar selftest --only card` and the like need neither."
    )


def _answers(socket: str) -> bool:
    """Whether somebody is there, even if we may not talk to him."""
    try:
        call(socket, "status", {}, ASK_LIMIT_S)
    except RequestRefused:
        return True
    except ControlError as error:
        return "does not run" not in str(error)
    return True


def _as_far_as_it_goes(area: str, bench: Bench, stopped_by: dict[str, str]) -> Iterator[Result]:
    """One area's results; what stops it is a result too, told once, and the other areas go on.

    stopped_by  what stopped areas before this one, and which
    """
    try:
        yield from _check_of(area)(bench)
    except (NightjarError, IspError, AcceleratorError, OSError) as error:
        first = stopped_by.setdefault(str(error), area)
        if first == area:
            yield Result(
                area, "stopped", AREAS[area], (), PROBLEM, str(error), "nightjar doctor; then send this report"
            )
        else:
            yield skipped(area, "stopped", AREAS[area], f"by what stopped {first} too")


def _check_of(area: str) -> Callable[[Bench], Iterable[Result]]:
    """Imported when chosen: a library that is missing for one must not stop the others."""
    if area == "doctor":
        return _doctor
    if area == "modes":
        from firmware.selftest.checks.modes import check_modes as check
    elif area == "raw":
        from firmware.selftest.checks.raw import check_raw as check
    elif area == "frames":
        from firmware.selftest.checks.frames import check_frames as check
    elif area == "press":
        from firmware.selftest.checks.press import check_press as check
    elif area == "buttons":
        from firmware.selftest.checks.buttons import check_buttons_by_hand as check
    elif area == "light":
        from firmware.selftest.checks.light import check_light as check
    elif area == "networks":
        from firmware.selftest.checks.networks import check_networks as check
    elif area == "card":
        from firmware.selftest.checks.card import check_card_speed as check
    elif area == "speed":
        from firmware.selftest.checks.speed import check_speed as check
    else:
        from firmware.selftest.checks.start import check_start as check
    return check


def _doctor(bench: Bench) -> Iterator[Result]:
    """The daemon's own finding is left out: it has to be stopped for this test."""
    for finding in examine(bench.machine):
        if finding.area != "daemon":
            yield Result(
                "doctor", finding.area, "asked nightjar doctor", (), finding.state, finding.message, finding.mend
            )


@contextlib.contextmanager
def _folder_for_lgpio() -> Iterator[None]:
    """lgpio makes a pipe in the working folder and leaves it there (github.com/joan2937/lg issue 12)."""
    with tempfile.TemporaryDirectory(prefix="nightjar-selftest-") as folder:
        before = os.environ.setdefault("LG_WD", folder)
        try:
            yield
        finally:
            if before == folder:
                del os.environ["LG_WD"]


@contextlib.contextmanager
def _stopped_once() -> Iterator[None]:
    """The first of these signals stops the test; another one must not stop what gives everything back."""
    before = {number: signal.getsignal(number) for number in STOP}

    def stop(_number: int, _frame: object) -> None:
        for number in STOP:
            signal.signal(number, signal.SIG_IGN)
        raise KeyboardInterrupt

    for number in STOP:
        signal.signal(number, stop)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)

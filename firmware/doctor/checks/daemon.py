"""Does the camera itself answer, and what does it say?"""

from __future__ import annotations

from collections.abc import Iterator

from firmware.control.client import call
from firmware.doctor.examination import OK, PROBLEM, WARNING, Finding, Machine
from firmware.errors import ControlError
from firmware.service.notify import ENDED

AREA = "daemon"
TIMEOUT_S = 5.0
ASK_IT = "nightjar status says what to do; sudo journalctl -u nightjar tells how it came"


def check_daemon(machine: Machine) -> Iterator[Finding]:
    """Ask over the control socket."""
    try:
        status = call(str(machine.at(machine.settings.control.socket)), "status", {}, TIMEOUT_S)
    except ControlError as error:
        found, _, mend = str(error).partition(". ")
        yield Finding(AREA, WARNING, found, mend)
        yield from _last_words(machine)
        return
    healthy = status["state"] in ("ready", "busy")
    message = f"{status['state']}, mode {status['mode']}, {status['photos']['taken']} photos"
    yield Finding(AREA, OK if healthy else PROBLEM, message, "" if healthy else ASK_IT)
    for warning in status["warnings"]:
        yield Finding(AREA, WARNING, warning, ASK_IT)


def _last_words(machine: Machine) -> Iterator[Finding]:
    """Why the service could not start, or ended: systemd remembers it until the next try."""
    said = machine.ask("systemctl", "show", "--value", "--property=StatusText", "nightjar.service") or ""
    if said.startswith(ENDED):
        found, _, mend = said.removeprefix(ENDED).partition(". ")
        yield Finding(AREA, PROBLEM, f"it ended: {found}", mend or "sudo journalctl -u nightjar")

"""What stands between this machine and a photo, one line each, with the command that mends it.

Imports no numpy, unless a camera module's library is to be tried.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from firmware.settings import Settings

OK, WARNING, PROBLEM = "ok", "warning", "problem"
# The daemon's own user, where the service is installed.
DAEMON = "nightjar"
TOOL_LIMIT_S = 5.0


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at. `mend` is the command or the step that puts it right."""

    area: str
    state: str
    message: str
    mend: str = ""


@dataclass(frozen=True)
class Machine:
    """The machine to look at. `root` is another folder than / in tests; `tools` is the PATH to find programs on."""

    settings: Settings
    root: Path = Path("/")
    tools: str = field(default_factory=lambda: os.environ.get("PATH", os.defpath))
    uid: int = field(default_factory=os.getuid)

    def at(self, path: str) -> Path:
        """A path of the machine."""
        return self.root / path.lstrip("/")

    def text(self, path: str | Path) -> str:
        """A small file's text without the newline; empty where it cannot be read."""
        try:
            return (self.at(path) if isinstance(path, str) else path).read_text(errors="replace").strip("\n\0 ")
        except OSError:
            return ""

    def users(self) -> dict[str, int]:
        """Every user of the machine with its number."""
        lines = (line.split(":") for line in self.text("/etc/passwd").splitlines())
        return {parts[0]: int(parts[2]) for parts in lines if len(parts) > 2 and parts[2].isdigit()}

    def ask(self, *command: str) -> str | None:
        """What a program answers; None where it is not installed, hangs or fails."""
        program = shutil.which(command[0], path=self.tools)
        if program is None:
            return None
        try:
            asked = subprocess.run(
                [program, *command[1:]], capture_output=True, text=True, timeout=TOOL_LIMIT_S, check=False
            )
        except (OSError, subprocess.TimeoutExpired):
            return None
        return asked.stdout.strip() if asked.returncode == 0 else None


Check = Callable[[Machine], Iterable[Finding]]


def examine(machine: Machine) -> list[Finding]:
    """Run every check, in the order in which a camera is built."""
    from firmware.doctor.checks.board import check_clock, check_throttling
    from firmware.doctor.checks.buttons import check_buttons
    from firmware.doctor.checks.camera import check_camera
    from firmware.doctor.checks.card import check_card
    from firmware.doctor.checks.daemon import check_daemon
    from firmware.doctor.checks.edge_tpu import check_edge_tpu
    from firmware.doctor.checks.kernels import check_kernels
    from firmware.doctor.checks.permissions import check_permissions
    from firmware.doctor.checks.portraits import check_portraits
    from firmware.doctor.checks.white_balance import check_white_balance

    checks: tuple[Check, ...] = (
        check_kernels,
        check_camera,
        check_buttons,
        check_card,
        check_permissions,
        check_edge_tpu,
        check_portraits,
        check_white_balance,
        check_clock,
        check_throttling,
        check_daemon,
    )
    return [finding for check in checks for finding in _as_far_as_allowed(check, machine)]


def _as_far_as_allowed(check: Check, machine: Machine) -> Iterator[Finding]:
    """What this user may not look at is a finding too, and the other checks go on."""
    try:
        yield from check(machine)
    except PermissionError as error:
        yield Finding(
            "permissions", WARNING, f"{error.filename} may not be looked at by this user", "sudo nightjar doctor"
        )

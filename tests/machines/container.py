"""A Debian booted in a container: its own systemd, users, devices and network, on this kernel, in about two seconds.

What is written in it goes to an overlay and is gone with it; the root below stays as it was made.
"""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import tempfile
import time
import uuid
from collections.abc import Iterator
from pathlib import Path

from machines.debian import CACHE, host_options, overlaid

BOOT_LIMIT_S = 120.0
COMMAND_LIMIT_S = 120.0
# Long enough not to burden the machine, short enough not to matter.
LOOK_AGAIN_S = 0.05
PATH = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


class CommandFailed(AssertionError):
    """A command in the container ended with another exit code than 0."""


class Container:
    """A booted root. `ran` looks at how a command went, `run` insists that it went well and gives what it said."""

    def __init__(self, tree: Path, leader: int) -> None:
        self.tree = tree
        self.leader = leader

    def ran(self, *command: str, given: str = "", limit_s: float = COMMAND_LIMIT_S) -> subprocess.CompletedProcess[str]:
        """Run a command in the container, as root, and say how it went."""
        return subprocess.run(
            self.entering(*command), input=given, capture_output=True, text=True, errors="replace", timeout=limit_s,
            check=False,
        )  # fmt: skip

    def entering(self, *command: str) -> list[str]:
        """The words that run a command in the container, as root and with nothing of this machine's environment."""
        inside = ["env", "--ignore-environment", "--chdir=/root", PATH, "HOME=/root", "LANG=C.UTF-8"]
        return ["nsenter", f"--target={self.leader}", "--all", "--", *inside, *command]

    def run(self, *command: str, given: str = "", limit_s: float = COMMAND_LIMIT_S) -> str:
        """What the command said. Raises CommandFailed with its errors."""
        done = self.ran(*command, given=given, limit_s=limit_s)
        if done.returncode != 0:
            said = f"{done.stdout}\n{done.stderr}".strip()
            raise CommandFailed(f"{' '.join(command)} ended with {done.returncode}:\n{said}")
        return done.stdout

    def property(self, name: str, unit: str = "nightjar.service") -> str:
        """One property of a unit, as systemd tells it."""
        return self.run("systemctl", "show", "--value", f"--property={name}", unit).strip()

    def until(self, name: str, wanted: str, limit_s: float, unit: str = "nightjar.service") -> float:
        """Wait until a property of the unit has this value; how long that took."""
        began_s = time.monotonic()
        while (found := self.property(name, unit)) != wanted:
            waited_s = time.monotonic() - began_s
            assert waited_s < limit_s, (
                f"{name} of {unit} is {found!r} after {waited_s:.1f} s, not {wanted!r}:\n{self.log()}"
            )
            time.sleep(LOOK_AGAIN_S)
        return time.monotonic() - began_s

    def log(self, unit: str = "nightjar.service") -> str:
        """The end of the unit's journal."""
        return self.ran("journalctl", "--no-pager", "--lines=60", "--output=short-monotonic", f"--unit={unit}").stdout

    def outside(self, pid: int) -> int:
        """The number that a process of the container has out here."""
        for status in Path("/proc").glob("[0-9]*/status"):
            with contextlib.suppress(OSError):
                numbers = _field(status, "NSpid")
                if len(numbers) == 2 and numbers[1] == str(pid) and self._holds(int(numbers[0])):
                    return int(numbers[0])
        raise ProcessLookupError(f"no process {pid} in the container")

    def _holds(self, pid: int) -> bool:
        return os.readlink(f"/proc/{pid}/ns/pid") == os.readlink(f"/proc/{self.leader}/ns/pid")


@contextlib.contextmanager
def booted(root: Path, *, network: bool = False) -> Iterator[Container]:
    """Boot the root. `network` gives it this machine's, and what its pip is told."""
    with contextlib.ExitStack() as at_end:
        # Beside the roots: /tmp may be memory.
        folder = Path(at_end.enter_context(tempfile.TemporaryDirectory(prefix="booted-", dir=CACHE)))
        tree = at_end.enter_context(overlaid(root, folder))
        (tree / "etc/machine-id").write_text(f"{uuid.uuid4().hex}\n")
        if network:
            _close_doors(tree)
        log = at_end.enter_context((folder / "console.log").open("wb"))
        options = host_options() if network else ["--private-network", "--resolv-conf=off"]
        ready = at_end.enter_context(_ready_socket(folder / "ready"))
        process = subprocess.Popen(
            # It ends with these tests, even when they are killed.
            ["setpriv", "--pdeathsig=TERM", "systemd-nspawn", "--quiet", "--boot", "--register=no", "--keep-unit",
             "--notify-ready=yes", "--console=pipe", "--system-call-filter=bpf",
             f"--machine=nightjar-{uuid.uuid4().hex[:8]}",
             f"--directory={tree}", *options],
            # A Pi has the unified hierarchy of control groups; this machine may have another.
            env=os.environ | {"SYSTEMD_NSPAWN_UNIFIED_HIERARCHY": "1", "NOTIFY_SOCKET": ready.getsockname()},
            stdin=subprocess.DEVNULL, stdout=log, stderr=log,
        )  # fmt: skip
        at_end.callback(_end, process)
        leader = _wait_for_boot(ready, process, folder / "console.log")
        # It goes on telling; a socket that nobody reads would stop it.
        ready.close()
        container = Container(tree, leader)
        container.ran("systemctl", "is-system-running", "--wait")
        yield container


def _close_doors(tree: Path) -> None:
    """Nothing of a container answers on this machine's own addresses."""
    for unit in ("ssh.service", "ssh.socket"):
        mask = tree / "etc/systemd/system" / unit
        mask.unlink(missing_ok=True)
        mask.symlink_to("/dev/null")


@contextlib.contextmanager
def _ready_socket(path: Path) -> Iterator[socket.socket]:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listener:
        listener.bind(str(path))
        listener.settimeout(1.0)
        yield listener


def _wait_for_boot(ready: socket.socket, process: subprocess.Popen, log: Path) -> int:
    """The container's first process, once its systemd says that it is up."""
    deadline_s, leader = time.monotonic() + BOOT_LIMIT_S, 0
    while time.monotonic() < deadline_s and process.poll() is None:
        with contextlib.suppress(TimeoutError):
            for line in ready.recv(4096).decode().splitlines():
                name, _, value = line.partition("=")
                leader = int(value) if name == "X_NSPAWN_LEADER_PID" else leader
                if line == "READY=1":
                    return leader or _child_of(process.pid)
    raise AssertionError(f"the container did not boot:\n{log.read_text(errors='replace')[-4000:]}")


def _child_of(pid: int) -> int:
    return int(Path(f"/proc/{pid}/task/{pid}/children").read_text().split()[0])


def _end(process: subprocess.Popen) -> None:
    """Ask systemd in the container to power off; nspawn does that on SIGTERM."""
    process.send_signal(signal.SIGTERM)
    try:
        process.wait(COMMAND_LIMIT_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _field(status: Path, name: str) -> list[str]:
    return next((line.split()[1:] for line in status.read_text().splitlines() if line.startswith(f"{name}:")), [])

"""A virtual machine under QEMU's own emulation (no KVM needed), driven over ssh. Its disk forgets all when it ends."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

from machines.container import CommandFailed
from machines.guest_image import GuestImage

BOOT_LIMIT_S = 300.0
COMMAND_LIMIT_S = 180.0
# How long one try to log in may take: a guest that boots accepts, and answers seconds later.
LOGIN_TRY_S = 20
REFUSED_AGAIN_S = 0.3
# Nobody waits for hardware that is not there; nothing is hidden from an attacker, for there is none.
KERNEL_WORDS = (
    "console=ttyS0 panic=-1 quiet mitigations=off nokaslr random.trust_cpu=on audit=0 apparmor=0 net.ifnames=0 "
    "no_timer_check"
)
# The oldest processor that today's numpy takes: what is newer costs more to emulate.
PROCESSOR = "Westmere"


class VirtualMachine:
    """A booted guest. `ran` looks at how a command went, `run` insists that it went well and gives what it said."""

    def __init__(self, image: GuestImage, folder: Path, port: int, process: subprocess.Popen) -> None:
        self._image = image
        self._folder = folder
        self._port = port
        self._process = process

    def ran(self, command: str, given: str = "", limit_s: float = COMMAND_LIMIT_S) -> subprocess.CompletedProcess[str]:
        """Run a shell command in the guest, as root, and say how it went."""
        return subprocess.run(
            [*self._ssh(), command], input=given, capture_output=True, text=True, errors="replace", timeout=limit_s,
            check=False,
        )  # fmt: skip

    def run(self, command: str, given: str = "", limit_s: float = COMMAND_LIMIT_S) -> str:
        """What the command said. Raises CommandFailed with its errors."""
        done = self.ran(command, given, limit_s)
        if done.returncode != 0:
            said = f"{done.stdout}\n{done.stderr}".strip()
            raise CommandFailed(f"{command} ended with {done.returncode}:\n{said}\n{self.console()}")
        return done.stdout

    def put(self, path: str, text: str) -> None:
        """Write a file in the guest."""
        self.run(f"mkdir -p $(dirname {path}) && cat > {path}", given=text)

    def copy(self, source: Path, path: str) -> None:
        """Copy a file or a folder into the guest."""
        packed = subprocess.run(["tar", "-C", source.parent, "-c", source.name], capture_output=True, check=True)
        unpack = [*self._ssh(), f"mkdir -p {path} && tar -C {path} -x"]
        subprocess.run(unpack, input=packed.stdout, check=True, timeout=COMMAND_LIMIT_S)

    def journal(self, unit: str = "nightjar") -> str:
        """What the unit said since it was started last."""
        return self.run(f"journalctl --no-pager -o cat _SYSTEMD_INVOCATION_ID=$(systemctl show -P InvocationID {unit})")

    def console(self) -> str:
        """The end of what the kernel said."""
        console = self._folder / "console"
        return console.read_text(errors="replace")[-3000:] if console.exists() else ""

    def wait_until_off(self, limit_s: float) -> None:
        """Until it has switched itself off. Raises TimeoutExpired."""
        self._process.wait(limit_s)

    def wait_until_up(self) -> None:
        """Until somebody can log in."""
        deadline_s = time.monotonic() + BOOT_LIMIT_S
        while self.ran("true").returncode != 0:
            assert self._process.poll() is None, f"QEMU ended with {self._process.returncode}: {self._said()}"
            assert time.monotonic() < deadline_s, f"nobody can log in after {BOOT_LIMIT_S:.0f} s:\n{self.console()}"
            time.sleep(REFUSED_AGAIN_S)

    def _said(self) -> str:
        return (self._folder / "qemu.log").read_text(errors="replace") + self.console()

    def _ssh(self) -> list[str]:
        options = {
            "IdentityFile": self._image.key,
            "IdentitiesOnly": "yes",
            "StrictHostKeyChecking": "no",
            "UserKnownHostsFile": "/dev/null",
            "LogLevel": "ERROR",
            "ConnectTimeout": LOGIN_TRY_S,
            # One login for all commands: under emulation it costs seconds.
            "ControlMaster": "auto",
            "ControlPath": self._folder / "ssh",
            "ControlPersist": "yes",
        }
        words = [word for name, value in options.items() for word in ("-o", f"{name}={value}")]
        return ["ssh", "-F", "none", "-p", str(self._port), *words, "root@127.0.0.1"]


@contextlib.contextmanager
def booted(image: GuestImage, folder: Path) -> Iterator[VirtualMachine]:
    """Boot the image; what the guest writes is gone afterwards."""
    port = _free_port()
    with (folder / "qemu.log").open("wb") as log:
        process = subprocess.Popen(_qemu(image, folder, port), stdin=subprocess.DEVNULL, stdout=log, stderr=log)
    machine = VirtualMachine(image, folder, port, process)
    try:
        machine.wait_until_up()
        yield machine
    finally:
        subprocess.run([*machine._ssh()[:-1], "-O", "exit", "root@127.0.0.1"], capture_output=True, check=False)
        process.send_signal(signal.SIGTERM)
        process.wait(30)


def _qemu(image: GuestImage, folder: Path, port: int) -> list[str]:
    return [
        # However the tests end, the machine ends with them.
        "setpriv", "--pdeathsig", "TERM", "qemu-system-x86_64", "-machine", "pc,usb=off",
        "-accel", "tcg,thread=multi,tb-size=512", "-cpu", PROCESSOR,
        "-smp", str(min(2, os.cpu_count() or 1)), "-m", "2048", "-nodefaults", "-display", "none", "-no-reboot",
        "-serial", f"file:{folder / 'console'}",
        "-kernel", str(image.kernel), "-initrd", str(image.initrd), "-append", KERNEL_WORDS,
        "-drive", f"file={image.disk},if=none,id=disk,format=raw,snapshot=on,cache=unsafe",
        "-device", "virtio-blk-pci,drive=disk",
        "-netdev", f"user,id=net,restrict=on,hostfwd=tcp:127.0.0.1:{port}-:22", "-device", "virtio-net-pci,netdev=net",
        "-device", "virtio-rng-pci",
    ]  # fmt: skip


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]

"""Runs inside the camera's sandbox and tries what must not work: python sandbox_tries.py ANSWERS

Writes {attempt: what came of it} as JSON: "done", or the name of the kernel's error.
"""

import ctypes
import errno
import glob
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable

LIBRARY = ctypes.CDLL(None, use_errno=True)
NEW_USER_NAMESPACE = 0x10000000  # CLONE_NEWUSER
RESTART = 0x01234567  # LINUX_REBOOT_CMD_RESTART


def attempt(what: Callable[[], object]) -> str:
    """What came of it."""
    try:
        what()
    except OSError as error:
        return errno.errorcode.get(error.errno, str(error))
    return "done"


def in_c(name: str, *arguments: object) -> Callable[[], None]:
    """A call of the C library that raises its error."""

    def do() -> None:
        if getattr(LIBRARY, name)(*arguments) < 0:
            raise OSError(ctypes.get_errno(), name)

    return do


def write(folder: str) -> Callable[[], None]:
    """Make a file in a folder, and take it away again."""

    def do() -> None:
        path = os.path.join(folder, "tried")
        with open(path, "x"):
            os.unlink(path)

    return do


def open_device(path: str) -> Callable[[], None]:
    """Open a device for reading."""
    return lambda: os.close(os.open(path, os.O_RDONLY | os.O_NONBLOCK))


def listed(folder: str) -> str:
    """What a folder shows."""
    try:
        return "something" if os.listdir(folder) else "nothing"
    except OSError as error:
        return errno.errorcode[error.errno]


def run_as_root() -> None:
    """mount is a setuid program; under no-new-privileges it stays what its caller is."""
    done = subprocess.run(["/usr/bin/mount", "-t", "tmpfs", "tmpfs", "/tmp"], capture_output=True, check=False)
    if done.returncode:
        raise OSError(errno.EPERM, done.stderr.decode())


def make_setuid() -> None:
    """A file that would run as its owner."""
    path = "/var/lib/nightjar/tried-setuid"
    try:
        os.close(os.open(path, os.O_CREAT | os.O_WRONLY, 0o700))
        os.chmod(path, 0o4755)
    finally:
        os.unlink(path)


def write_kernel_setting() -> None:
    """Any of them."""
    with open("/proc/sys/kernel/domainname", "w") as setting:
        setting.write("tried")


ATTEMPTS = {
    "become root": lambda: os.setuid(0),
    "run a program as root": run_as_root,
    "make a program run as root": make_setuid,
    "mount": in_c("mount", b"tmpfs", b"/tmp", b"tmpfs", 0, None),
    "new namespace": in_c("unshare", NEW_USER_NAMESPACE),
    "set the clock": lambda: time.clock_settime(time.CLOCK_REALTIME, time.time()),
    "raise priority to real time": lambda: os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(1)),
    "reboot": in_c("reboot", RESTART),
    "change the host's name": lambda: socket.sethostname("tried"),
    "write a kernel setting": write_kernel_setting,
    "talk over the network": lambda: socket.socket(socket.AF_INET, socket.SOCK_STREAM).close(),
    "raw packets": lambda: socket.socket(socket.AF_PACKET, socket.SOCK_RAW).close(),
    "see process 1": lambda: os.stat("/proc/1/status"),
}


def main(answers: str) -> None:
    """Try all of it."""
    # A filter that kills instead of refusing would show as a missing answer.
    signal.signal(signal.SIGSYS, signal.SIG_DFL)
    tried = {name: attempt(what) for name, what in ATTEMPTS.items()}
    for folder in ("/usr", "/etc", "/etc/nightjar", "/opt/nightjar", "/var/lib", "/var/lib/nightjar", "/run/nightjar"):
        tried[f"write {folder}"] = attempt(write(folder))
    for folder in ("/root", "/home"):
        tried[f"list {folder}"] = listed(folder)
    for path in (*glob.glob("/opt/strange-*"), "/dev/null", "/dev/urandom"):
        tried[f"open {path}"] = attempt(open_device(path))
    with open(answers, "w") as file:
        json.dump(tried, file)


if __name__ == "__main__":
    main(sys.argv[1])

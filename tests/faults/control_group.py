"""A control group for the daemon: how much memory it may have, how fast it may write to one device.

Version 1 where its controllers are mounted, else version 2 (the kernel's admin-guide/cgroup-v1 and cgroup-v2.rst).
"""

from __future__ import annotations

import contextlib
import os
import time
from pathlib import Path

import pytest

ROOT = Path("/sys/fs/cgroup")
PATIENCE_S = 10.0


class ControlGroup:
    """One group of one controller, "memory" or "blkio", which is "io" in version 2. Skips where there is none."""

    def __init__(self, controller: str, name: str) -> None:
        self._is_first = (ROOT / controller / "cgroup.procs").exists()
        top = ROOT / controller if self._is_first else ROOT
        if not self._is_first:
            _enable(controller.removeprefix("blk"))
        self.folder = top / name
        try:
            self.folder.mkdir(exist_ok=True)
        except OSError as error:
            pytest.skip(f"no control group can be made for {controller}: {error}")

    def add(self, pid: int) -> None:
        """This process, and those it will start, are in it from now on."""
        (self.folder / "cgroup.procs").write_text(str(pid))

    def limit_memory(self, most_bytes: int) -> None:
        """Beyond it the kernel ends somebody. No swapping: a Pi's is compressed memory."""
        names = ("memory.limit_in_bytes", "memory.memsw.limit_in_bytes") if self._is_first else ("memory.max",)
        for name in names:
            with contextlib.suppress(FileNotFoundError):
                (self.folder / name).write_text(str(most_bytes))
        if not self._is_first:
            with contextlib.suppress(FileNotFoundError):
                (self.folder / "memory.swap.max").write_text("0")

    def most_used_bytes(self) -> int:
        """What was in use at most, the kernel's copies of files included."""
        return int((self.folder / ("memory.max_usage_in_bytes" if self._is_first else "memory.peak")).read_text())

    def ended_for_want_of_memory(self) -> int:
        """How many processes the kernel ended."""
        file = "memory.oom_control" if self._is_first else "memory.events"
        facts = dict(line.split() for line in (self.folder / file).read_text().splitlines())
        return int(facts["oom_kill"])

    def limit_writing(self, device: str, bytes_per_s: int) -> None:
        """To a device, as "7:0"; 0 takes the limit away."""
        if self._is_first:
            (self.folder / "blkio.throttle.write_bps_device").write_text(f"{device} {bytes_per_s}")
        else:
            (self.folder / "io.max").write_text(f"{device} wbps={bytes_per_s or 'max'}")

    def close(self) -> None:
        """Remove it, once the last process of it is gone."""
        deadline_s = time.monotonic() + PATIENCE_S
        while self.folder.exists():
            try:
                self.folder.rmdir()
            except OSError:
                assert time.monotonic() < deadline_s, f"{self.folder} stays"


def _enable(controller: str) -> None:
    """Version 2: the top group must hand a controller down."""
    if os.geteuid() != 0 or controller not in (ROOT / "cgroup.controllers").read_text().split():
        pytest.skip(f"this machine's control groups have no {controller} controller, or we are not root")
    (ROOT / "cgroup.subtree_control").write_text(f"+{controller}")

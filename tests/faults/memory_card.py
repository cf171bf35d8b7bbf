"""A memory card: a file system of its own in a file, to be filled, write-protected, slowed, pulled and put back."""

from __future__ import annotations

import contextlib
import errno
import os
import shutil
import subprocess
from pathlib import Path

import pytest
from faults.control_group import ControlGroup

# A handful of the bench's photos.
CARD_MB = 24


class MemoryCard:
    """ext4 on a loop device, mounted at `folder`. As root only; `close` leaves nothing mounted.

    image  the file that is the card
    """

    def __init__(self, image: Path, folder: Path, size_mb: int) -> None:
        if os.geteuid() != 0 or not shutil.which("mkfs.ext4"):
            pytest.skip("a memory card of its own needs root and e2fsprogs")
        self.folder = folder
        self._image = image
        self._devices: list[str] = []
        self._slow: ControlGroup | None = None
        folder.mkdir(exist_ok=True)
        self.exchange(size_mb)

    def exchange(self, size_mb: int) -> None:
        """Put a blank one in."""
        image = self._image.with_suffix(f".{len(self._devices)}")
        with image.open("wb") as file:
            file.truncate(size_mb * 1_000_000)
        # No room kept for root: full is full.
        _run("mkfs.ext4", "-q", "-F", "-m", "0", str(image))
        made = subprocess.run(["losetup", "-f", "--show", str(image)], capture_output=True, text=True)
        if made.returncode:
            pytest.skip(f"this machine gives no loop device: {made.stderr.strip()}")
        self._devices.append(made.stdout.strip())
        try:
            self.put()
        except subprocess.CalledProcessError as refusal:
            self.close()
            pytest.skip(f"this machine allows no mount: {refusal.stderr}")

    def put(self) -> None:
        """Push it in."""
        _run("mount", self._devices[-1], str(self.folder))

    def pull(self) -> None:
        """Pull it out, whatever is being written; its folder is an empty one of the system's then."""
        _run("umount", "--lazy", str(self.folder))

    def protect(self, is_protected: bool) -> None:
        """Read-only, or not any more."""
        _run("mount", "-o", f"remount,{'ro' if is_protected else 'rw'}", str(self.folder))

    def fail(self) -> None:
        """ext4 finds the card failing, and will not write to it until it is mounted anew."""
        _run("mount", "-o", "remount,abort", str(self.folder))

    def fill(self) -> None:
        """Somebody else's file takes all the room there is."""
        step = 1 << 20
        with (self.folder / "filler").open("ab", buffering=0) as file:
            while step >= 512:
                try:
                    file.write(bytes(step))
                except OSError as error:
                    assert error.errno == errno.ENOSPC
                    step //= 2

    def make_room(self) -> None:
        """That file is gone."""
        (self.folder / "filler").unlink()

    def slow_down(self, pid: int, bytes_per_s: int) -> None:
        """What this process writes becomes durable so slowly; 0 lets it go as fast as it will."""
        if self._slow is None:
            self._slow = ControlGroup("blkio", f"nightjar-card-{pid}")
        number = (Path("/sys/class/block") / Path(self._devices[-1]).name / "dev").read_text().strip()
        self._slow.limit_writing(number, bytes_per_s)
        self._slow.add(pid)

    def close(self) -> None:
        """Leave nothing mounted and no device behind. Whoever wrote to it has ended."""
        while os.path.ismount(self.folder):
            _run("umount", "--lazy", str(self.folder))
        for device in self._devices:
            with contextlib.suppress(subprocess.CalledProcessError):  # it goes with the last one who uses it
                _run("losetup", "-d", device)
        if self._slow is not None:
            self._slow.close()


def _run(*words: str) -> None:
    subprocess.run(words, check=True, capture_output=True, text=True)

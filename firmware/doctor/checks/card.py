"""Is there room for photos, and may they be written?"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from firmware.doctor.examination import DAEMON, OK, PROBLEM, WARNING, Finding, Machine
from firmware.memory import MEGABYTE

AREA = "card"
# One 12 Mpix photo: DNG, JPEG and sidecar.
PHOTO_MB = 30
FEW_PHOTOS = 50


def check_card(machine: Machine) -> Iterator[Finding]:
    """The photo folder, or the nearest folder above it that exists: there it would be made."""
    folder = machine.at(machine.settings.storage.folder)
    try:
        standing = _nearest(folder)
    except PermissionError:
        mend = f"sudo usermod -aG {machine.settings.control.group} $USER, then log in again; or: sudo nightjar doctor"
        yield Finding(AREA, WARNING, f"{folder} may not be looked at by this user", mend)
        return
    if not standing.is_dir():
        yield Finding(AREA, PROBLEM, f"{standing} is a file", "sudo nightjar config set storage.folder FOLDER")
        return
    kind, options = _mounted(machine, standing)
    if "ro" in options:
        mend = "sudo mount -o remount,rw the card; a card that turns read-only by itself is worn out: replace it"
        yield Finding(AREA, PROBLEM, f"{folder} is on a read-only {kind}", mend)
    else:
        yield _writing(machine, folder, standing, kind)
    yield _space(machine, standing)


def _nearest(folder: Path) -> Path:
    """The folder, or what exists nearest above it. Raises PermissionError where this user may not look."""
    for path in (folder, *folder.parents):
        try:
            path.stat()
        except (FileNotFoundError, NotADirectoryError):
            continue
        return path
    return folder


def _writing(machine: Machine, folder: Path, standing: Path, kind: str) -> Finding:
    """The service writes as its own user; without it whoever asks is the one who would."""
    daemon = machine.users().get(DAEMON)
    if daemon is None or daemon == machine.uid:
        who = "this user"
        may = os.access(standing, os.W_OK | os.X_OK)
        mend = "sudo ./install.sh, which installs the service and makes the folder"
    else:
        who = f"user {DAEMON}"
        status = standing.stat()
        needed = 0o300 if status.st_uid == daemon else 0o003
        may = status.st_mode & needed == needed
        mend = f"sudo install -d -o {DAEMON} -g {DAEMON} -m 750 {folder}"
    if not may:
        return Finding(AREA, WARNING, f"{standing} may not be written by {who}", mend)
    if standing != folder:
        return Finding(AREA, OK, f"{folder} will be made at the first start, on {kind}")
    return Finding(AREA, OK, f"{folder} may be written by {who}, on {kind}")


def _space(machine: Machine, standing: Path) -> Finding:
    found = os.statvfs(standing)
    free_mb = found.f_bavail * found.f_frsize // MEGABYTE
    floor_mb = machine.settings.storage.free_space_floor_mb
    photos = max(0, free_mb - floor_mb) // PHOTO_MB
    mend = "copy photos away and delete them, or take a larger card"
    if photos == 0:
        return Finding(AREA, PROBLEM, f"{free_mb} MB free, and presses are refused below {floor_mb} MB", mend)
    if photos < FEW_PHOTOS:
        return Finding(AREA, WARNING, f"{free_mb} MB free: room for about {photos} photos", mend)
    return Finding(AREA, OK, f"{free_mb} MB free: room for about {photos} photos")


def _mounted(machine: Machine, path: Path) -> tuple[str, list[str]]:
    """File system and mount options at this path: the longest mount point above it wins."""
    inside = "/" + str(path.resolve().relative_to(machine.root.resolve())).removeprefix(".")
    best = ("", "an unknown file system", [])
    for line in machine.text("/proc/mounts").splitlines():
        _, point, kind, options = line.split(" ")[:4]
        point = point.replace("\\040", " ")
        if (inside + "/").startswith(point.rstrip("/") + "/") and len(point) >= len(best[0]):
            best = (point, kind, options.split(","))
    return best[1], best[2]

"""What the control groups of this process leave it of memory: a container, or MemoryMax= in a unit's drop-in.

The kernel ends whoever goes beyond, photos and all; /proc/meminfo knows nothing of it. Source: the kernel's
admin-guide/cgroup-v2.rst, "Memory", and cgroup-v1/memory.rst.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class _Version:
    """How one version of control groups is laid out: below which folder, and the names of its files and facts.

    files  of memory.stat: what is held of files, which the kernel drops before it ends anybody
    """

    folder: str
    limit: str
    used: str
    files: tuple[str, str]


TWO = _Version("", "memory.max", "memory.current", ("active_file", "inactive_file"))
ONE = _Version("memory", "memory.limit_in_bytes", "memory.usage_in_bytes", ("total_active_file", "total_inactive_file"))


def left_in_groups(root: Path = Path("/")) -> int | None:
    """Bytes that this process may still take before one of its groups is full; None where none has a limit.

    root  the machine's files; another folder than / in tests
    """
    try:
        lines = (root / "proc/self/cgroup").read_text().splitlines()
    except OSError:
        return None
    left: list[int] = []
    for line in lines:
        number, controllers, group = line.split(":", 2)
        version = TWO if number == "0" else ONE if "memory" in controllers.split(",") else None
        if version is not None:
            top = root / "sys/fs/cgroup" / version.folder
            left += [_left(folder, version) for folder in _upwards(top, group)]
    known = [bytes_left for bytes_left in left if bytes_left is not None]
    return max(min(known), 0) if known else None


def _upwards(top: Path, group: str) -> list[Path]:
    """The group's folder and those above it: each may have a limit. In a container only the top can be seen."""
    inside = top / group.strip("/")
    return [folder for folder in (inside, *inside.parents) if folder == top or top in folder.parents]


def _left(folder: Path, version: _Version) -> int | None:
    try:
        limit, used = (int((folder / name).read_text()) for name in (version.limit, version.used))
        facts = dict(line.split() for line in (folder / "memory.stat").read_text().splitlines())
        return limit - used + sum(int(facts.get(name, 0)) for name in version.files)
    except (OSError, ValueError):  # no such group, or "max": no limit
        return None

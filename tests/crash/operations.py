"""What a program asked of a file system, as far as a power cut can undo it, and what it told the world meanwhile."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Make:
    """A new, empty file, or a new folder."""

    path: Path
    is_folder: bool = False


@dataclass(frozen=True)
class Write:
    """Bytes into a file that is open; offset None is behind the last ones written since it was opened."""

    path: Path
    data: bytes
    offset: int


@dataclass(frozen=True)
class Truncate:
    """The file ends here from now on."""

    path: Path
    size: int = 0


@dataclass(frozen=True)
class Link:
    """A second name for a file."""

    path: Path
    to: Path


@dataclass(frozen=True)
class Rename:
    """Another name, in one step; what had that name before is gone."""

    path: Path
    to: Path


@dataclass(frozen=True)
class Remove:
    """A name is taken away: of a file, or of an empty folder."""

    path: Path


@dataclass(frozen=True)
class Sync:
    """fsync: what was done to this file or folder before `begun`, counted in operations, is durable.

    begun  None where nothing came between its begin and its end
    """

    path: Path
    begun: int | None = None


@dataclass(frozen=True)
class Told:
    """Somebody was told that these files are there to stay: by an answer, a line of the log, an exit code."""

    paths: tuple[Path, ...]
    words: str = ""


Operation = Make | Write | Truncate | Link | Rename | Remove | Sync | Told

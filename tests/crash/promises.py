"""What may be found of each file, as a recording goes on: what was promised, and what was ever whole under its name."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

from crash.file_system import FileSystem
from crash.operations import Link, Make, Operation, Remove, Rename, Told, Truncate, Write

NUMBER = re.compile(r"IMG_(\d{4})")


class Promises:
    """Follows the running program, beside the model of its file system.

    kept   of each file that somebody was told of: what it held then, and what it was made later
    whole  of each name: what was put there, in whole
    """

    def __init__(self) -> None:
        self.kept: dict[Path, set[str | None]] = {}
        self.whole: dict[Path, set[str]] = {}

    @property
    def photos(self) -> set[int]:
        """The numbers of photos that somebody was told of."""
        return {int(found[1]) for path in self.kept if (found := NUMBER.match(path.name))}

    def follow(self, operation: Operation, system: FileSystem) -> None:
        """After the file system has done this."""
        match operation:
            case Told(paths):
                for path in paths:
                    self.kept[path] = {system.content_of(path).digest}
            case Rename(path, to) | Link(path, to):
                digest = system.content_of(to).digest
                self.whole.setdefault(to, set()).add(digest)
                if to in self.kept:
                    self.kept[to].add(digest)
                if isinstance(operation, Rename) and path in self.kept:
                    self.kept[path].add(None)
            case Remove(path) if path in self.kept:
                self.kept[path].add(None)
            case Write(path) | Truncate(path) | Make(path) if path in self.kept:
                self.kept[path].add(system.content_of(path).digest)

    def broken_by(self, found: Mapping[Path, str]) -> list[str]:
        """What was promised and is not found; `found` are digests."""
        return [
            f"{path} was promised, and is {'gone' if path not in found else 'not what it was'}"
            for path, allowed in self.kept.items()
            if found.get(path) not in allowed
        ]

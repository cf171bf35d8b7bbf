"""The power is cut at every point of a recording, and the camera started on everything that may then be found."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from crash.file_system import FileSystem, State, fingerprint_of
from crash.operations import Operation, Sync
from crash.promises import Promises
from crash.recovery import Site, amiss

SHOWN = 12


@dataclass
class Judged:
    """How many points and states there were, and what was amiss in how many of them."""

    points: int = 0
    states: int = 0
    complaints: Counter[str] = field(default_factory=Counter)
    sample: list[State] = field(default_factory=list)

    def in_words(self) -> str:
        amiss = "".join(f"\n  {count} states: {text}" for text, count in self.complaints.most_common(SHOWN))
        return f"{self.points} cuts, {self.states} states{amiss or ', nothing amiss'}"


def cut_everywhere(
    operations: Iterable[Operation],
    root: Path,
    site_folder: Path,
    before: Mapping[Path, bytes | None] | None = None,
    samples: int = 0,
    **kind: bool,
) -> Judged:
    """Judge every state after every cut. `before` is what was there; `kind` of file system as for FileSystem.

    Cuts right before each fsync are all that there are: what an earlier cut since the last fsync leaves, a later one
    may leave too, and by then no less was promised.
    """
    system, promises, judged, seen = FileSystem([root], **kind), Promises(), Judged(), set()
    for path, data in sorted((before or {}).items()):
        system.keep(path, data)
    site = Site(site_folder, root)

    def cut() -> None:
        judged.points += 1
        for state in system.states(seed=judged.points):
            told = (fingerprint_of(state), len(promises.kept))
            if told in seen:
                continue
            seen.add(told)
            judged.states += 1
            judged.complaints.update(amiss(state, promises, site))
            if samples and judged.states % samples == 0:
                judged.sample.append(state)

    for operation in operations:
        if isinstance(operation, Sync):
            cut()
        system.do(operation)
        promises.follow(operation, system)
    cut()
    site.check_store()
    return judged

"""The power is cut at every point of a recording, and the camera started on everything that may then be found."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
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
    sample: list[tuple[State, dict[Path, set[str | None]]]] = field(default_factory=list)

    def in_words(self) -> str:
        amiss = "".join(f"\n  {count} states: {text}" for text, count in self.complaints.most_common(SHOWN))
        return f"{self.points} cuts, {self.states} states{amiss or ', nothing amiss'}"


def cut_everywhere(
    operations: Iterable[Operation],
    root: Path,
    site_folder: Path,
    before: Mapping[Path, bytes | None] | None = None,
    sample_every: int = 0,
    until_amiss: bool = False,
    first: int = 0,
    judge: Callable[[State, Promises, Site], list[str]] = amiss,
    **kind: bool,
) -> Judged:
    """Judge every state after every cut. `before` is what was there; `kind` of file system as for FileSystem.

    Cuts right before each fsync are all that there are: what an earlier cut since the last fsync leaves, a later one
    may leave too, and by then no less was promised.
    sample_every  so many states, one is kept, with what was promised by then
    until_amiss   the first complaint is enough
    first         operations before this one are done, and no power is cut
    judge         what is wrong with a state, in words
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
            judged.complaints.update(judge(state, promises, site))
            if until_amiss and judged.complaints:
                return
            if sample_every and judged.states % sample_every == 0:
                judged.sample.append((state, {path: set(allowed) for path, allowed in promises.kept.items()}))

    for number, operation in enumerate(operations):
        if isinstance(operation, Sync) and number >= first:
            cut()
        if until_amiss and judged.complaints:
            return judged
        system.do(operation)
        promises.follow(operation, system)
    cut()
    site.check_store()
    return judged

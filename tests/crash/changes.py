"""What a power cut may undo of files and names, and in which ways."""

from __future__ import annotations

import functools
import hashlib
import itertools
import random
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

# So many changes of one file, or of names, are combined in every way; of more, in the ways of `_some_of`.
EXHAUSTIVE_CHANGES = 6
EXHAUSTIVE_NAMES = 10
PREFIXES = 24
RANDOM_WAYS = 12
# So many combinations of several files' contents are made; of more, each file's with the others' at their extremes.
MOST_COMBINED = 200
Item = TypeVar("Item")


@dataclass(frozen=True)
class Content:
    """What a file holds."""

    data: bytes

    @functools.cached_property
    def digest(self) -> str:
        return hashlib.blake2b(self.data, digest_size=20).hexdigest()


FOLDER = None
State = Mapping[Path, Content | None]  # a folder's content is FOLDER


@dataclass(eq=False)
class Change:
    """One thing that a power cut may undo until it is durable. `born` counts the operations before it."""

    born: int
    is_durable: bool = field(default=False, kw_only=True)


@dataclass(eq=False)
class Piece(Change):
    """A piece of one block of a file."""

    offset: int
    data: bytes


@dataclass(eq=False)
class Size(Change):
    """A file's length: at least this, or where it `cuts` exactly this."""

    size: int
    cuts: bool = False


@dataclass(eq=False)
class Names(Change):
    """Names that change together, as (folder, name, node); a node of None takes the name away."""

    changes: tuple[tuple[int, str, int | None], ...]


def content_after(kept: Content, changes: Iterable[Piece | Size]) -> bytes:
    """Bytes beyond the size are on the disk, and nobody sees them."""
    content = bytearray(kept.data)
    size = len(content)
    for change in changes:
        if isinstance(change, Size):
            size = change.size if change.cuts else max(size, change.size)
            if change.cuts:
                del content[size:]
        else:
            content.extend(bytes(max(0, change.offset - len(content))))
            content[change.offset : change.offset + len(change.data)] = change.data
    return bytes(content[:size]) + bytes(max(0, size - len(content)))


def ways(pending: Sequence[Item], most: int, chance: random.Random) -> Iterator[set[Item]]:
    """Which of these were kept: in every way, or where they are too many in some."""
    if len(pending) <= most:
        for count in range(len(pending) + 1):
            yield from map(set, itertools.combinations(pending, count))
    else:
        yield from map(set, _some_of(pending, chance))


def _some_of(pending: Sequence[Item], chance: random.Random) -> Iterator[Sequence[Item]]:
    """None, the first ones, all; all but one; one alone; only sizes, only bytes; some by chance."""
    count = len(pending)
    places = sorted({0, 1, 2, count - 1, *range(0, count, max(1, count // PREFIXES))})
    for place in places:
        yield pending[:place]
        yield [*pending[:place], *pending[place + 1 :]]
        yield [pending[place]]
    yield pending
    yield [change for change in pending if not isinstance(change, Piece)]
    yield [change for change in pending if not isinstance(change, Size)]
    for _ in range(RANDOM_WAYS):
        yield [change for change in pending if chance.random() < 0.5]


def combined(choices: Sequence[Sequence[Content]]) -> Iterator[Sequence[Content]]:
    """Every file's contents with every other's, or where they are too many with the others' first and last."""
    count = 1
    for contents in choices:
        count *= len(contents)
    if count <= MOST_COMBINED:
        yield from itertools.product(*choices)
        return
    for others in (0, -1):
        for place, contents in enumerate(choices):
            for content in contents:
                yield [content if it == place else choice[others] for it, choice in enumerate(choices)]

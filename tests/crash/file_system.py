"""A file system that promises what POSIX promises, and after a power cut has kept no more than that.

The model is that of Pillai et al., "All File Systems Are Not Created Equal: On the Complexity of Crafting
Crash-Consistent Applications", OSDI 2014, section 3: what was not synced is lost or kept, block by block and name by
name, in any order; a file's size may be there before its bytes and its bytes before its size; fsync of a file says
nothing of its name, fsync of a folder nothing of what its files hold. A rename is one step.
Differs: a block that was lost reads as zeros, where a disk may also show what lay there before.
"""

from __future__ import annotations

import functools
import hashlib
import itertools
import random
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

from crash.operations import Link, Make, Operation, Remove, Rename, Sync, Told, Truncate, Write

BLOCK_BYTES = 4096
# So many changes of one file, or of names, are combined in every way; of more, the ways listed at `_some_of`.
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


@dataclass
class Node:
    """A file or a folder: as the running program sees it, what of it is durable, and what was done since.

    live   a file's bytes; None of a folder
    names  of a folder: the nodes in it
    """

    live: bytearray | None
    kept: Content | None
    names: dict[str, int] = field(default_factory=dict)
    changes: list[Piece | Size] = field(default_factory=list)
    may_hold: tuple[tuple, list[Content]] | None = None


class FileSystem:
    """Folders that exist and are durable, and what is done in them from then on.

    rename_is_one_step  False for FAT, where the new name and the end of the old one are two entries
    """

    def __init__(self, roots: Iterable[Path], rename_is_one_step: bool = True) -> None:
        self._nodes: list[Node] = []
        self._names: list[Names] = []
        self._done = 0
        self._rename_is_one_step = rename_is_one_step
        self.roots = {Path(root): self._new_node(None) for root in roots}
        self._kept: dict[int, dict[str, int]] = {node: {} for node in self.roots.values()}

    def keep(self, path: Path, data: bytes | None) -> None:
        """A file or folder that was there, durable, before the recording began."""
        folder, name = self._parent(path)
        node = self._new_node(data)
        self._nodes[folder].names[name] = self._kept[folder][name] = node
        if data is None:
            self._kept[node] = {}

    def do(self, operation: Operation) -> None:
        """Let the running program do this."""
        match operation:
            case Make(path, is_folder):
                self._rename([(*self._parent(path), self._new_node(None if is_folder else b""))])
            case Write(path, data, offset):
                self._write(self.node_of(path), data, offset)
            case Truncate(path, size):
                node = self._nodes[self.node_of(path)]
                _resize(node.live, size)
                node.changes.append(Size(self._done, size, cuts=True))
            case Link(path, to):
                self._rename([(*self._parent(to), self.node_of(path))])
            case Remove(path):
                self._rename([(*self._parent(path), None)])
            case Rename(path, to):
                halves = [(*self._parent(to), self.node_of(path)), (*self._parent(path), None)]
                for together in [halves] if self._rename_is_one_step else [[half] for half in halves]:
                    self._rename(together)
            case Sync(path, begun):
                self._sync(self.node_of(path), self._done if begun is None else begun)
            case Told():
                pass
        self._done += 1

    def node_of(self, path: Path) -> int:
        """Which file or folder has this name now. Raises KeyError where none has."""
        if path in self.roots:
            return self.roots[path]
        folder, name = self._parent(path)
        return self._nodes[folder].names[name]

    def content_of(self, path: Path) -> Content | None:
        """What the running program would read; FOLDER of a folder. Raises KeyError where nothing is."""
        live = self._nodes[self.node_of(path)].live
        return FOLDER if live is None else Content(bytes(live))

    def states(self, seed: int = 0) -> Iterator[State]:
        """What may be found after a power cut now, each state once."""
        seen, chance = set(), random.Random(seed)
        for names in _ways([change for change in self._names if not change.is_durable], EXHAUSTIVE_NAMES, chance):
            tree = self._tree(names)
            files = [node for node in _reached(tree, self.roots.values()) if self._nodes[node].live is not None]
            for chosen in _combined([self._may_hold(node) for node in files]):
                state = self._state(tree, dict(zip(files, chosen, strict=True)))
                fingerprint = fingerprint_of(state)
                if fingerprint not in seen:
                    seen.add(fingerprint)
                    yield state

    def _new_node(self, data: bytes | None) -> int:
        is_folder = data is None
        self._nodes.append(Node(None, None) if is_folder else Node(bytearray(data), Content(data)))
        return len(self._nodes) - 1

    def _parent(self, path: Path) -> tuple[int, str]:
        return self.node_of(path.parent), path.name

    def _rename(self, changes: Sequence[tuple[int, str, int | None]]) -> None:
        _apply({node: it.names for node, it in enumerate(self._nodes)}, changes)
        self._names.append(Names(self._done, tuple(changes)))

    def _write(self, number: int, data: bytes, offset: int) -> None:
        node, end = self._nodes[number], offset + len(data)
        _resize(node.live, max(end, len(node.live)))
        node.live[offset:end] = data
        node.changes.append(Size(self._done, end))
        at = offset
        while at < end:
            piece_end = min(end, at - at % BLOCK_BYTES + BLOCK_BYTES)
            node.changes.append(Piece(self._done, at, data[at - offset : piece_end - offset]))
            at = piece_end

    def _sync(self, number: int, begun: int) -> None:
        node = self._nodes[number]
        for change in node.changes:
            change.is_durable |= change.born < begun
        if all(change.is_durable for change in node.changes):
            node.kept = None if node.live is None else Content(_content(node.kept, node.changes))
            node.changes.clear()
        for change in self._names:
            change.is_durable |= change.born < begun and any(folder == number for folder, _, _ in change.changes)
        while self._names and self._names[0].is_durable:
            _apply(self._kept, self._names.pop(0).changes)

    def _tree(self, names: Iterable[Names]) -> dict[int, dict[str, int]]:
        """The names in each folder, were these kept too."""
        tree = {node: dict(inside) for node, inside in self._kept.items()}
        for change in self._names:
            if change.is_durable or change in names:
                _apply(tree, change.changes)
        return tree

    def _may_hold(self, number: int) -> list[Content]:
        """What this file may hold after a power cut, the less of it the earlier."""
        node = self._nodes[number]
        of_now = (len(node.changes), sum(change.is_durable for change in node.changes), node.kept)
        if node.may_hold is None or node.may_hold[0] != of_now:
            pending = [change for change in node.changes if not change.is_durable]
            ways = _ways(pending, EXHAUSTIVE_CHANGES, random.Random(number))
            found = (_content(node.kept, [it for it in node.changes if it.is_durable or it in way]) for way in ways)
            node.may_hold = of_now, [Content(data) for data in dict.fromkeys(found)] if pending else [node.kept]
        return node.may_hold[1]

    def _state(self, tree: Mapping[int, Mapping[str, int]], contents: Mapping[int, Content]) -> State:
        state: dict[Path, Content | None] = {}
        waiting = list(self.roots.items())
        while waiting:
            path, node = waiting.pop()
            if node in contents:
                state[path] = contents[node]
            else:
                if path not in self.roots:
                    state[path] = FOLDER
                waiting += [(path / name, inside) for name, inside in tree.get(node, {}).items()]
        return state


def fingerprint_of(state: State) -> str:
    """Two states are the same where this is."""
    told = (f"{path}\0{'folder' if content is FOLDER else content.digest}" for path, content in sorted(state.items()))
    return hashlib.blake2b("\0".join(told).encode(), digest_size=20).hexdigest()


def _apply(tree: dict[int, dict[str, int]], changes: Iterable[tuple[int, str, int | None]]) -> None:
    for folder, name, node in changes:
        if node is None:
            tree.setdefault(folder, {}).pop(name, None)
        else:
            tree.setdefault(folder, {})[name] = node


def _resize(live: bytearray, size: int) -> None:
    del live[size:]
    live.extend(bytes(size - len(live)))


def _content(kept: Content, changes: Iterable[Piece | Size]) -> bytes:
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


def _reached(tree: Mapping[int, Mapping[str, int]], roots: Iterable[int]) -> list[int]:
    reached: dict[int, None] = {}
    waiting = list(roots)
    while waiting:
        node = waiting.pop()
        if node not in reached:
            reached[node] = None
            waiting.extend(tree.get(node, {}).values())
    return list(reached)


def _ways(pending: Sequence[Item], most: int, chance: random.Random) -> Iterator[set[Item]]:
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


def _combined(choices: Sequence[Sequence[Content]]) -> Iterator[Sequence[Content]]:
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

"""What a fuzz target is, and what must be true of whatever bytes come to one of the camera's doors.

A door takes the bytes, or refuses them by one of the errors it documents, in words for the person with the camera in
hand. What it takes must then be what its type promises. Nothing else may leave: no other exception, no end of the
process, no hang. The same targets serve the suite (hypothesis, kept seeds) and `make fuzz` (atheris).
"""

from __future__ import annotations

import functools
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

# A refusal is read in a terminal, in the journal and in `nightjar status`; one that repeats megabytes is not.
LONGEST_REFUSAL = 2000


class BrokenPromise(AssertionError):
    """A door took bytes, or refused them, in another way than it promises."""


@dataclass(frozen=True)
class Target:
    """One door.

    name      in `make fuzz TARGET=name` and of its folder of seeds
    grammar   "bytes" or "text": how its files are changed, see `mutation`
    files     the product's own valid files, from which the changed ones are made
    take      hands the bytes to the door and checks what it makes of them
    refusals  what the door documents to raise
    share     of all cases of one `make fuzz`, this many parts
    """

    name: str
    grammar: str
    files: Callable[[], list[bytes]]
    take: Callable[[bytes], object]
    refusals: tuple[type[Exception], ...]
    share: int = 1

    def examine(self, content: bytes) -> bool:
        """Whether the door took it. Raises BrokenPromise, or whatever left the door without being documented."""
        try:
            self.take(content)
        except self.refusals as refusal:
            check_words(str(refusal))
            return False
        return True


def check_words(words: str) -> None:
    """A refusal fits a line or two, and a terminal shows it as it is."""
    if not words.strip():
        raise BrokenPromise("The refusal says nothing.")
    if len(words) > LONGEST_REFUSAL:
        raise BrokenPromise(f"The refusal has {len(words)} letters: {words[:200]}")
    if not words.replace("\n", "").isprintable():
        raise BrokenPromise(f"The refusal holds letters that act on a terminal: {words!r}")


def promise(holds: bool, words: str) -> None:
    """Raises BrokenPromise with these words unless it holds."""
    if not holds:
        raise BrokenPromise(words)


@functools.cache
def _scratch() -> tempfile.TemporaryDirectory:
    # In memory where there is such a folder: most doors are files, and a hundred thousand cases would wear a disk.
    memory = Path("/dev/shm")
    return tempfile.TemporaryDirectory(prefix="nightjar-fuzz-", dir=memory if memory.is_dir() else None)


def scratch_file(name: str, content: bytes | None = None) -> Path:
    """A path in a folder that goes with this process, with this content where some is given."""
    path = Path(_scratch().name) / name
    if content is not None:
        path.write_bytes(content)
    return path

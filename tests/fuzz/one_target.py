"""One target under atheris in a process of its own: `fuzz.py` starts it. Its arguments are libFuzzer's, after the name.

Most changes are ours, which know numbers and tokens; the others are libFuzzer's own, guided by coverage.
"""

from __future__ import annotations

import logging
import random
import resource
import signal
import sys
import warnings

import atheris

# What is imported now is followed by atheris: every branch that a file reaches counts.
with atheris.instrument_imports(include=["firmware", "accelerators", "isp"]):
    from fuzz.targets import TARGETS

from fuzz.mutation import changed

BYTES_OF_ADDRESSES = 3 << 30  # libraries map gigabytes that they never touch; what is touched libFuzzer limits itself
MOST_CHANGES = 3
# Shares of changes. What coverage keeps is soon far from any whole file, and a door refuses that at its first look.
LIBFUZZERS_OWN, FROM_WHOLE_FILES = 0.4, 0.5
LARGE = 2**32


def main() -> None:
    """Fuzz until libFuzzer's own arguments say that it is enough."""
    target = TARGETS[sys.argv[1]]
    files = target.files()
    resource.setrlimit(resource.RLIMIT_AS, (BYTES_OF_ADDRESSES, BYTES_OF_ADDRESSES))
    warnings.simplefilter("ignore")
    logging.disable(logging.CRITICAL)

    def change(content: bytes, most_bytes: int, seed: int) -> bytes:
        draw = random.Random(seed)
        if draw.random() < LIBFUZZERS_OWN:
            return atheris.Mutate(content, most_bytes)
        start = draw.choice(files) if draw.random() < FROM_WHOLE_FILES else content
        changes = [tuple(draw.randrange(LARGE) for _ in range(3)) for _ in range(draw.randint(1, MOST_CHANGES))]
        return changed([start, *files], 0, changes, target.grammar)[:most_bytes]

    def examine(content: bytes) -> None:
        try:
            target.examine(content)
        except BaseException:
            # Atheris takes libFuzzer's signals down first: its clock would end us before the case is written.
            signal.setitimer(signal.ITIMER_REAL, 0)
            raise

    atheris.Setup([sys.argv[0], *sys.argv[2:]], examine, custom_mutator=change)
    atheris.Fuzz()


if __name__ == "__main__":
    main()

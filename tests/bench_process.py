"""The daemon on the bench, in a process of its own."""

from __future__ import annotations

import subprocess
from pathlib import Path

from firmware.demo.bench_daemon import NIGHTJAR


def begin_process(words: list[str], environment: dict[str, str], log: Path) -> subprocess.Popen:
    """`nightjar` with these words."""
    with log.open("ab") as written:
        return subprocess.Popen([*NIGHTJAR, *words], env=environment, stderr=written)

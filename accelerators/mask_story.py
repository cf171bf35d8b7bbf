"""What is remembered while a mask is found: who answered, from which file, and how long each step took."""

from __future__ import annotations

import contextlib
import functools
import hashlib
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np

    from accelerators.models.files import ModelFiles
    from accelerators.runtime.answer import Answer


class Story:
    """What is remembered while a mask is found."""

    def __init__(self) -> None:
        self.facts: dict[str, Any] = {
            "device": None,
            "model": None,
            "model_sha256": None,
            "fell_back": None,
            "without_model": None,
            "ms": {},
        }

    def ending(self, why: str | None = None, subject: dict[str, Any] | None = None) -> dict[str, Any]:
        """All of it, as plain values."""
        return self.facts | {"why": why, "subject": subject}

    def hearing(self, run: Callable[[np.ndarray], Answer], files: ModelFiles) -> Callable[[np.ndarray], Answer]:
        """`run`, and remember who answered."""

        def heard(picture: np.ndarray) -> Answer:
            answer = run(picture)
            spent = self.facts["ms"].get("network", 0.0) + answer.took_ms
            self.facts["ms"]["network"] = round(spent, 1)
            file = next((path for path in (files.cpu, files.edge_tpu) if path and path.name == answer.model), files.cpu)
            self.facts |= {
                "device": answer.device,
                "model": answer.model,
                "model_sha256": _sha256(file, file.stat().st_mtime_ns),
                "fell_back": answer.fell_back or None,
            }
            return answer

        return heard

    @contextlib.contextmanager
    def time(self, step: str) -> Iterator[None]:
        """Within it, the step's wall time is taken."""
        began = time.monotonic()
        yield
        self.facts["ms"][step] = round(1000 * (time.monotonic() - began), 1)


@functools.lru_cache(maxsize=4)
def _sha256(file: Path, _changed_ns: int) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()

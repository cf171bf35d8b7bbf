"""What is remembered while a mask is found: who answered, from which file, and how long each step took."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np

    from accelerators.runtime.answer import Answer


class Story:
    """What is remembered while a mask is found."""

    def __init__(self) -> None:
        self._devices: list[str] = []
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

    def hearing(self, run: Callable[[np.ndarray], Answer]) -> Callable[[np.ndarray], Answer]:
        """`run`, and remember who answered."""

        def heard(picture: np.ndarray) -> Answer:
            answer = run(picture)
            spent = self.facts["ms"].get("network", 0.0) + answer.took_ms
            self.facts["ms"]["network"] = round(spent, 1)
            if answer.device not in self._devices:
                self._devices.append(answer.device)
            self.facts |= {
                "device": " and ".join(self._devices),
                "model": answer.model,
                "model_sha256": answer.sha256 or None,
                # One look in the processor's place is enough to be told, though the device has answered since.
                "fell_back": self.facts["fell_back"] or answer.fell_back or None,
            }
            return answer

        return heard

    @contextlib.contextmanager
    def time(self, step: str) -> Iterator[None]:
        """Within it, the step's wall time is taken."""
        began = time.monotonic()
        yield
        self.facts["ms"][step] = round(1000 * (time.monotonic() - began), 1)

"""What was found in a picture, or why nothing was."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np


@dataclass(frozen=True)
class Subject:
    """What the picture is of.

    probability  (rows, columns) float32, 0 to 1: is this place the subject? A coarse grid (33 x 33 from DeepLab, finer
                 from OpenCV) whose outermost numbers stand at the picture's outermost pixels (align-corners)
    kind         "person", "animal" or "object"
    names        what the network called it, the largest first: ("person", "dog"); ("face",) or ("centre",) for a guess
    confidence   0 to 1; what is below the gate never becomes a Subject
    is_guess     found without a network: the sidecar says so
    """

    probability: np.ndarray
    kind: str
    names: tuple[str, ...]
    confidence: float
    is_guess: bool

    def to_dict(self) -> dict[str, Any]:
        """Plain values for the sidecar."""
        return {
            "kind": self.kind,
            "names": list(self.names),
            "confidence": round(self.confidence, 3),
            "is_guess": self.is_guess,
        }


@dataclass(frozen=True)
class NoSubject:
    """Nothing to keep sharp: the photo is left unblurred. `reason` is a sentence for the sidecar."""

    reason: str

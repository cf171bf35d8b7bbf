"""How real numbers are stored in eight bits.

Source: TensorFlow Lite, "8-bit quantization specification".
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

INT8 = np.iinfo(np.int8)


@dataclass(frozen=True)
class Quantisation:
    """How real numbers are stored in a tensor of int8: real = scale * (stored - zero_point)."""

    scale: float
    zero_point: int

    def stored(self, real: np.ndarray) -> np.ndarray:
        """(...) float32 to int8, the nearest level, clipped at both ends."""
        levels = np.rint(real / np.float32(self.scale)) + np.float32(self.zero_point)
        return np.clip(levels, INT8.min, INT8.max).astype(np.int8)

    def real(self, stored: np.ndarray) -> np.ndarray:
        """(...) int8 to float32."""
        return (stored.astype(np.float32) - np.float32(self.zero_point)) * np.float32(self.scale)

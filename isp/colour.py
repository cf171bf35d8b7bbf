"""From the colours this sensor sees to the colours a person sees: one 3 x 3 matrix for the light's temperature.

The matrix takes balanced camera RGB to linear sRGB and keeps grey grey (its rows sum to 1). Source: libcamera `ccm.cpp`
(linear between the calibrated temperatures). We depart for pixels below black in all three colours: they are black.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

import numpy as np

from isp.frames import LinearImage, Shot
from isp.kernels import Chain
from isp.knobs import knob
from isp.stage import Stage, fact

if TYPE_CHECKING:
    from isp.plan import Scene

# Luminance of linear sRGB (IEC 61966-2-1).
LUMINANCE = np.array([0.2126, 0.7152, 0.0722])


@dataclass(frozen=True)
class Colour(Stage):
    """Apply the sensor's colour matrix."""

    saturation: float = knob(1.0, 0.0, 2.0, "1 is as measured, 0 is black and white")
    matrix: tuple | None = fact("3 x 3 matrix, row by row; empty for an unknown sensor", (9,), -1e3, 1e3)

    takes = LinearImage
    makes = LinearImage

    def plan(self, scene: Scene) -> Self:
        """Take the matrix for the light's temperature."""
        if self.matrix is not None or scene.tuning is None or scene.tables_k is None:
            return self
        matrix = scene.tuning.matrix_at(scene.tables_k)
        # Calibrated rows sum to 1 only to five digits; exactly 1 keeps white exactly white.
        matrix = matrix / matrix.sum(axis=1, keepdims=True)
        return dataclasses.replace(self, matrix=tuple(float(value) for value in matrix.ravel()))

    def complete_matrix(self) -> np.ndarray:
        """(3, 3) float64: the sensor's matrix, then the saturation knob around each colour's own luminance."""
        measured = np.eye(3) if self.matrix is None else np.reshape(self.matrix, (3, 3))
        grey = np.tile(LUMINANCE, (3, 1))
        return (self.saturation * np.eye(3) + (1 - self.saturation) * grey) @ measured

    def add_to(self, chain: Chain, shot: Shot) -> None:
        """See Stage.add_to."""
        if self.matrix is not None or self.saturation != 1:
            chain.colour(self.complete_matrix().ravel().tolist())

"""Give the corners back the light the lens took, and the colour it shifted.

Source: libcamera `alsc.cpp` (tables of the sensor's tuning, interpolated by colour temperature), without its adaptive
part. The tables span the whole pixel array; a cropped or turned frame takes its own window of them. Shading comes after
noise reduction: until then all pixels of one colour have the same gain, so one noise model and one clipping level hold.
We depart at blown pixels where highlights are not rebuilt: they have no colour to correct, so all three colours take
the largest gain.
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


@dataclass(frozen=True)
class Shading(Stage):
    """Multiply each pixel by the gain of its colour at its place."""

    strength: float = knob(1.0, 0.0, 1.0, "0 leaves the corners dark, 1 makes a flat field flat")
    gains: tuple | None = fact(
        "(3, rows, columns) gains of red, green and blue over the whole pixel array", (3, None, None), 0.0, 1e3
    )
    blown: float | None = fact("the level at which blown pixels were cut; empty where they were rebuilt", (), 0.0, 1e6)

    takes = LinearImage
    makes = LinearImage

    def plan(self, scene: Scene) -> Self:
        """Take the table for the light's temperature, and how highlights left the blown pixels."""
        if self.gains is not None or scene.tuning is None or scene.tables_k is None:
            return self
        table = scene.tuning.shading_at(scene.tables_k)
        if table is None:
            return self
        # Float32 is what the kernel computes with; the recipe then holds exactly what was applied.
        exact = np.asarray(table, dtype=np.float32).astype(float)
        gains = tuple(tuple(map(tuple, plane)) for plane in exact.tolist())
        return dataclasses.replace(self, gains=gains, blown=scene.common_white())

    def applied(self) -> np.ndarray | None:
        """(3, rows, columns) float32 gains with the strength in them; None where nothing is applied."""
        if self.gains is None or self.strength == 0:
            return None
        return 1.0 + np.float32(self.strength) * (np.asarray(self.gains, dtype=np.float32) - np.float32(1.0))

    def add_to(self, chain: Chain, shot: Shot) -> None:
        """See Stage.add_to."""
        gains = self.applied()
        if gains is not None:
            chain.shading(*as_seen(gains, shot), self.blown or 0.0)


def as_seen(table: np.ndarray, shot: Shot) -> tuple[np.ndarray, tuple[float, float, float, float]]:
    """A table (..., rows, columns) of the whole pixel array turned as the frame is, and the frame's window in it."""
    left, top, width, height = shot.field_of_view
    if shot.hflip:
        table, left = table[..., ::-1], 1.0 - left - width
    if shot.vflip:
        table, top = table[..., ::-1, :], 1.0 - top - height
    return np.ascontiguousarray(table, dtype=np.float32), (left, top, width, height)

"""Take away speckles of false colour; leave brightness, and its grain, alone.

A sigma filter (Lee 1983, "Digital image smoothing and the sigma filter") on the two colour differences, across and then
down (separable as in Pham and van Vliet 2005): each pixel takes the mean of the neighbours whose colour differs by less
than the noise can explain. The threshold comes from the calibrated noise model, carried through gains, matrix and tone
curve, so clean pictures are left alone by themselves. Luma is not touched.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

import numpy as np

from isp.colour import Colour
from isp.frames import Photo, Shot
from isp.kernels import CHROMA_STEPS, Chain
from isp.knobs import knob
from isp.shading import Shading
from isp.stage import Stage, fact
from isp.tone import WHITE_CODE, Tone
from isp.white_balance import WhiteBalance

if TYPE_CHECKING:
    from isp.plan import Scene

# Two neighbours that differ only by noise lie within this many of its deviations in all but 1 of 200 cases:
# 2.8 times the square root of 2.
ALIKE_DEVIATIONS = 4.0
LUMA = np.array([0.299, 0.587, 0.114])


@dataclass(frozen=True)
class ChromaNoise(Stage):
    """Smooth colour where it varies no more than noise does."""

    strength: float = knob(1.0, 0.0, 4.0, "0 is truly off; 1 is what the noise model asks for")
    thresholds: tuple | None = fact(
        "largest colour difference taken for noise, for 64 steps of luma, in 16-bit codes", (CHROMA_STEPS,), 0.0, 1e9
    )

    takes = Photo
    makes = Photo

    def plan(self, scene: Scene) -> Self:
        """Carry the sensor's noise to the display. Without a noise model there is nothing to go by: off."""
        if self.thresholds is not None or scene.shot.noise is None:
            return self
        deviation = _display_chroma_deviation(scene)
        thresholds = np.round(ALIKE_DEVIATIONS * WHITE_CODE * deviation, 2)
        return dataclasses.replace(self, thresholds=tuple(thresholds.tolist()))

    def add_to(self, chain: Chain, shot: Shot) -> None:
        """See Stage.add_to."""
        if self.strength > 0 and self.thresholds is not None:
            chain.chroma_noise([self.strength * threshold for threshold in self.thresholds])


def _display_chroma_deviation(scene: Scene) -> np.ndarray:
    """(CHROMA_STEPS,) standard deviation of red and blue minus luma of a grey of that luma, display units 0..1."""
    tone = scene.planned(Tone) or Tone()
    gains = np.array((scene.planned(WhiteBalance) or WhiteBalance(gains=(1.0, 1.0, 1.0))).gains)
    shading = scene.planned(Shading)
    lens_gain = 1.0 if shading is None or shading.gains is None else float(np.mean(shading.gains[1]))
    matrix = (scene.planned(Colour) or Colour()).complete_matrix()

    luma = (np.arange(CHROMA_STEPS) + 0.5) / CHROMA_STEPS
    linear = np.interp(luma, tone.curve(np.linspace(0, 1, 4096) ** 2), np.linspace(0, 1, 4096) ** 2)
    raw = linear[:, None] / (gains * lens_gain)
    variance = (scene.shot.noise.shot * raw + scene.shot.noise.read) * (gains * lens_gain) ** 2
    differences = np.stack([matrix[0] - LUMA @ matrix, matrix[2] - LUMA @ matrix])
    return np.sqrt((variance @ (differences**2).T).max(axis=1)) * tone.slope(linear)

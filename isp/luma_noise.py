"""Take a part of the grain, where there is nothing but grain.

A local Wiener filter: each pixel's luma moves towards the mean around it, the less the more the local variance exceeds
what noise alone makes (Lee 1980, "Digital image enhancement and noise filtering by use of local statistics"). Colour
differences stay. We depart on the honest side: on pure grain the filter does not flatten but moves a fixed way that
`strength` limits, and it moves that whole way up to twice the noise's variance, so that a flat patch is
filtered evenly: no worms and no blotches, only finer grain. With a window whose spectrum is nowhere negative, at most
the share `strength` of the grain's power goes at any frequency, and none is added.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

import numpy as np

from isp.frames import LinearImage, Shot
from isp.kernels import Chain
from isp.knobs import knob
from isp.linear_noise import demosaicked_noise, luma_weights, short
from isp.stage import Stage, fact

if TYPE_CHECKING:
    from isp.plan import Scene

# Local variance in variances of the noise. Pure grain gives about 0.9 with a scatter of 0.35, so that nearly all flat
# pixels lie below the first; a sine of 2.5 times the noise's deviation reaches the second. At 1.5 and 3 the grain that
# stays is more patchy (its local variance scatters 1.2 times as much as before, not 1.1), and no detail is gained.
GRAIN_VARIANCES, DETAIL_VARIANCES = 2.0, 4.0
# The window: two box means of three pixels in a row, across and down.
WINDOW = np.array([1, 2, 3, 2, 1]) / 9


@dataclass(frozen=True)
class LumaNoise(Stage):
    """Make grain finer and fainter, edges and texture excepted. Where the noise is unknown nothing is done."""

    strength: float = knob(0.4, 0.0, 1.0, "largest share of the grain's power that may go; 0 is truly off")
    weights: tuple | None = fact("red, green and blue in luma", (3,), -1e3, 1e3)
    noise: tuple | None = fact("variance of luma: for each unit of light, and in the dark", (2,), 0.0, 1e6)

    takes = LinearImage
    makes = LinearImage
    together = ("weights", "noise")
    needs_only_the_shot = True

    @property
    def pull(self) -> float:
        """How far pure grain moves towards its mean; what stays has the square of the rest of its power."""
        return 1.0 - (1.0 - self.strength) ** 0.5

    def plan(self, scene: Scene) -> Self:
        """Carry the sensor's noise to the luma of the photo. Without a noise model there is nothing to go by: off."""
        if self.noise is not None or scene.shot.noise is None:
            return self
        weights = luma_weights(scene)
        noise = demosaicked_noise(scene, weights)
        return dataclasses.replace(self, weights=short(weights), noise=short([noise.shot, noise.read]))

    def add_to(self, chain: Chain, shot: Shot) -> None:
        """See Stage.add_to."""
        if self.strength > 0 and self.noise is not None:
            chain.luma_noise(self.weights, self.noise, self.pull, GRAIN_VARIANCES, DETAIL_VARIANCES)

    def on_grain(self, luma: np.ndarray) -> np.ndarray:
        """What this stage makes of (H, W) luma that is nothing but grain, taking it to repeat beyond its borders."""
        if self.strength == 0 or self.noise is None:
            return luma
        mean = luma
        for axis in (0, 1):
            mean = sum(share * np.roll(mean, step, axis) for share, step in zip(WINDOW, range(-2, 3), strict=True))
        return luma + self.pull * (mean - luma)

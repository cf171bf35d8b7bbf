"""Take away speckles and clouds of false colour; leave brightness, and its grain, alone.

A sigma filter (Lee 1983, "Digital image smoothing and the sigma filter") on two colour differences, right after
demosaicking as in HDR+ (Hasinoff et al. 2016, section 6). It works at half resolution, where the mosaic measured the
colours anyway, first over 5 x 5 cells and then over 5 x 5 cells three apart: what is left of the noise
there is small, so that it can reach far without crossing an edge. Separable as in Pham and van Vliet 2005. Last each
pixel takes the mean of its own cell and the next, as far as they are alike (Kopf et al. 2007, "Joint bilateral
upsampling").

We depart in the colour differences. Luma is the sum that the photo will show as luma, so that it stays exactly as it
is; the two differences are made independent of each other and equally noisy, so that one distance suits both. A
neighbour that is not alike counts by degrees, not by yes or no: no pixel flips. And a pixel is joined by what its cells
say of the place: where they agree, only a very strong colour of its own stays; where its cell lies on an edge, it takes
more from the side that it is on. Cells are not compared by their light: that kept colour noise wherever skin or cloth
has texture (in a face blotches lost 2 dB less), and the edges gained nothing more.
"""

from __future__ import annotations

import dataclasses
import typing
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

import numpy as np

from isp.frames import LinearImage, Shot
from isp.kernels import Chain
from isp.knobs import knob
from isp.linear_noise import demosaicked_noise, luma_weights, short
from isp.stage import Stage, fact
from isp.tone import MID_GREY

if TYPE_CHECKING:
    from isp.plan import Scene

# Squared colour distance at which one half-resolution cell is no longer alike to another, here and below in variances
# of one full-resolution difference. Two cells differ by 3 on average by noise alone, before they are smoothed. At 6
# noise loses 2 dB more and red dots of three pixels lose a twentieth of their colour.
CELL_ALIKE = 4.5
# The same for a pixel and its cells, where these differ: wider blurs edges, tighter leaves specks along them ...
EDGE_ALIKE = 7.0
# ... and where they agree. There a pixel that stands out is nearly always noise, which lies far out now and then: one
# site measures one colour, and red and blue sites are noisy.
CALM_ALIKE = 40.0
# Squared distance of two smoothed cells up to which they agree, by degrees. Half of it leaves more speckles.
CELLS_APART = 0.7
# Product of the ways from a cell to the cells on either side of it, from which on it counts as lying on an edge. In the
# middle between two colours that are three deviations apart it is 2.25.
CELL_BETWEEN = 2.0


@dataclass(frozen=True)
class ChromaNoise(Stage):
    """Smooth colour where it varies no more than noise does. Where the noise is unknown nothing is done."""

    strength: float = knob(1.0, 0.0, 4.0, "0 is truly off; 1 is what the noise model asks for")
    differences: tuple | None = fact(
        "red minus green and blue minus green in the first colour difference, then in the second", (4,), -1e3, 1e3
    )
    colours: tuple | None = fact(
        "what a unit of the first and of the second adds to green, then to blue", (4,), -1e3, 1e3
    )
    noise: tuple | None = fact("variance of either difference: for each unit of light, and in the dark", (2,), 0.0, 1e6)

    takes = LinearImage
    makes = LinearImage
    together = ("differences", "colours", "noise")
    needs_only_the_shot = True
    # How far apart the cells are that the filters look at, one filter after the other.
    steps: typing.ClassVar[tuple[int, ...]] = (1, 3)

    def plan(self, scene: Scene) -> Self:
        """Find the colour differences that suit this photo. Without a noise model there is nothing to go by: off."""
        if self.noise is not None or scene.shot.noise is None:
            return self
        red, blue = np.array([1.0, 0.0, 0.0]), np.array([0.0, 0.0, 1.0])
        luma = luma_weights(scene)
        first = red - luma
        noise = demosaicked_noise(scene, first)
        if noise.shot + noise.read == 0:
            return self
        shear = _covariance(scene, first, blue - luma) / _variance(scene, first)
        second = blue - luma - shear * first
        scale = np.sqrt(_variance(scene, first) / _variance(scene, second))
        # Back to colours: the first is red, and with it `shear` of blue; green makes up for both in luma.
        added = np.array([[1.0, 0.0], [0.0, 0.0], [shear, 1.0 / scale]])
        added[1] = -(luma @ added) / luma[1]
        return dataclasses.replace(
            self,
            # Both differences are 0 for grey: without green's share they are sums of red - green and blue - green.
            differences=short([*first[[0, 2]], *(scale * second)[[0, 2]]]),
            colours=short([*added[1], *added[2]]),
            noise=short([noise.shot, noise.read]),
        )

    def add_to(self, chain: Chain, shot: Shot) -> None:
        """See Stage.add_to."""
        if self.strength > 0 and self.noise is not None:
            noise = [self.strength**2 * variance for variance in self.noise]
            joining = (EDGE_ALIKE, CALM_ALIKE, CELLS_APART, CELL_BETWEEN)
            chain.chroma_noise(self.differences, self.colours, noise, CELL_ALIKE, joining, self.steps)


def _variance(scene: Scene, weights: np.ndarray) -> float:
    """Of a weighted sum of the colours of mid grey; between dark and bright greys the ratios hardly change."""
    noise = demosaicked_noise(scene, weights)
    return noise.shot * MID_GREY + noise.read


def _covariance(scene: Scene, one: np.ndarray, other: np.ndarray) -> float:
    return (_variance(scene, one + other) - _variance(scene, one - other)) / 4

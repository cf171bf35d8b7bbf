"""Where the sensor is blown: rebuild the colours that clipped from those that did not, and end in white.

White balance leaves each colour with a clipping level of its own: the gain. Between the lowest and the highest of them
a light keeps only some of its colours, and left alone it turns: grey to magenta, sky to cyan, lamps to green. So here

- a colour that clips alone becomes the mean of the two others, if that is more than it measured. Of a grey that is the
  truth; of a lamp it is the middle of what is possible, and steady: rings need a jump;
- where a second colour comes near its level too, nobody knows the hue any longer: all three go to the brightest, white.

Nothing becomes darker than measured, and a pixel far from clipping stays as it was. The other two colours are the means
of the nearest pixels. Sources: Zhang and Brainard 2004, "Estimation of saturated pixel values in digital color
imaging" (the colours that did not clip tell of the one that did); Masood, Zhu, Tappen 2009, "Automatic correction of
saturated regions in photographs using cross-channel correlation" (from near pixels). We depart from both: no statistics
are fitted, because a wrong fit shows as a coloured ring, and the plain mean of a grey is grey.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

import numpy as np

from isp.frames import Mosaic, Shot
from isp.kernels import Chain
from isp.knobs import knob
from isp.shading import Shading, as_seen
from isp.stage import Stage, fact
from isp.statistics import CLIP_SHARE
from isp.white_balance import WhiteBalance

if TYPE_CHECKING:
    from isp.plan import Scene

# From this share of its level on a colour counts as blown in part. Half a stop is wide enough that a sky does not turn
# white along an edge, and all darker light stays as it was measured.
NEARLY_BLOWN = 0.5**0.5
# A thousandth of a gain cannot be seen, and keeps the recipe short.
GAIN_DIGITS = 3


@dataclass(frozen=True)
class Highlights(Stage):
    """Give blown lights the colour that is left of them, and white where none is."""

    enabled: bool = knob(True, meaning="off clips all colours where the first one clips: plain white, no detail in it")
    # The earlier, the less a hue turns; the later, the more of a cloud's or a lamp's colour is left.
    whitening: float = knob(
        0.4, 0.1, 0.9, "share of the second colour's level from which light turns white; more keeps lamps coloured"
    )
    clip: tuple | None = fact("where red, green and blue saturate after white balance", (3,), 0.01, 1e6)
    lens: tuple | None = fact(
        "(3, rows, columns) gains that shading will have, over the whole pixel array", (3, None, None), 1e-3, 1e3
    )

    takes = Mosaic
    makes = Mosaic

    def plan(self, scene: Scene) -> Self:
        """Each colour clips at its white-balance gain; shading is taken as it is going to be planned."""
        balance = scene.planned(WhiteBalance)
        if self.clip is not None or balance is None:
            return self
        shading = scene.planned(Shading)
        lens = None if shading is None else shading.applied()
        if lens is not None:
            lens = tuple(tuple(map(tuple, plane)) for plane in np.round(lens.astype(float), GAIN_DIGITS).tolist())
        return dataclasses.replace(self, clip=balance.gains, lens=lens)

    def white(self) -> float:
        """The light of a wholly blown pixel; 1 is where the first colour clips."""
        levels = self.clip or (1.0, 1.0, 1.0)
        return max(levels) if self.enabled else min(levels)

    def add_to(self, chain: Chain, shot: Shot) -> None:
        """See Stage.add_to. Made by hand without levels, every colour clips at 1."""
        clip = self.clip or (1.0, 1.0, 1.0)
        if not self.enabled:
            chain.common_white(min(clip))
            return
        gains = np.ones((3, 2, 2)) if self.lens is None else np.asarray(self.lens)
        shares = (NEARLY_BLOWN, CLIP_SHARE, self.whitening)
        chain.highlights(clip, shares, *divmod(shot.bayer.index("R"), 2), *as_seen(gains, shot))

"""The mosaic's stages for a picture of which all three colours were measured at every pixel.

Levels, white balance and highlights are the same sums with the same knobs; where the mosaic asks a neighbour for
another colour, the pixel asks itself. Three stages have nothing to do. Bad pixels were averaged away or left out when
the frames were joined, and what they left is no longer one pixel wide. Colour fringes are taken off by sampling one
colour of the mosaic elsewhere, and are not measured here: they stay. And nothing has to be demosaicked.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

import numpy as np

from isp.bad_pixels import BadPixels
from isp.colour_fringes import ColourFringes
from isp.demosaic import Demosaic
from isp.frames import LinearFrame, LinearImage, Shot
from isp.highlights import NEARLY_BLOWN, Highlights
from isp.kernels import Chain
from isp.levels import Levels
from isp.shading import as_seen
from isp.stage import Stage
from isp.statistics import CLIP_SHARE
from isp.white_balance import WhiteBalance
from isp.zoom.black import black_of_colours

LEFT_OUT = (BadPixels, ColourFringes, Demosaic)


@dataclass(frozen=True)
class ColourLevels(Levels):
    """Subtract black and divide by the span to white, each colour by its own black level."""

    takes = LinearFrame
    makes = LinearImage

    def add_to(self, chain: Chain, shot: Shot) -> None:
        """See Stage.add_to."""
        black = black_of_colours(shot)
        chain.colour_levels(black, [1.0 / (shot.white_dn - level) for level in black])


@dataclass(frozen=True)
class ColourBalance(WhiteBalance):
    """Multiply red and blue so that a grey card has three equal colours."""

    takes = LinearImage
    makes = LinearImage

    def add_to(self, chain: Chain, shot: Shot) -> None:
        """See Stage.add_to."""
        chain.colour_balance(self.known_gains())


@dataclass(frozen=True)
class ColourHighlights(Highlights):
    """Give blown lights the colour that is left of them: what is known of the other two is the pixel's own."""

    takes = LinearImage
    makes = LinearImage

    def add_to(self, chain: Chain, shot: Shot) -> None:
        """See Stage.add_to and `Highlights`, whose rule this is."""
        clip = self.clip or (1.0, 1.0, 1.0)
        if not self.enabled:
            chain.colour_common_white(min(clip))
            return
        gains = np.ones((3, 2, 2)) if self.lens is None else np.asarray(self.lens)
        chain.colour_highlights(clip, (NEARLY_BLOWN, CLIP_SHARE, self.whitening), *as_seen(gains, shot))


ON_THREE_COLOURS = {Levels: ColourLevels, WhiteBalance: ColourBalance, Highlights: ColourHighlights}


def on_three_colours(stage: Stage) -> Stage | None:
    """The stage as it works on three colours a pixel; None where it has nothing to do."""
    if isinstance(stage, LEFT_OUT):
        return None
    kind = ON_THREE_COLOURS.get(type(stage))
    if kind is None:
        return stage
    return kind(**{field.name: getattr(stage, field.name) for field in dataclasses.fields(stage)})

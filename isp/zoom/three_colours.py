"""The mosaic's stages for a picture of which all three colours were measured at every pixel.

Levels, white balance and highlights are the same sums with the same knobs; where the mosaic asks a neighbour for
another colour, the pixel asks itself, and where it looks for the next sample of a colour, that is the next pixel. Two
stages have nothing to do: bad pixels were left out when the frames were joined, and what they left is no longer one
pixel wide; and nothing has to be demosaicked. Colour noise is smoothed further around, for its clouds grew with the
picture.
"""

from __future__ import annotations

import dataclasses
import typing
from dataclasses import dataclass

import numpy as np

from isp.bad_pixels import BadPixels
from isp.chroma_noise import ChromaNoise
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

LEFT_OUT = (BadPixels, Demosaic)


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


@dataclass(frozen=True)
class ThreeColourFringes(ColourFringes):
    """Scale red and blue about the lens's axis."""

    takes = LinearImage
    makes = LinearImage

    def add_to(self, chain: Chain, shot: Shot) -> None:
        """See Stage.add_to."""
        scales = (self.red_scale or 1.0, 1.0, self.blue_scale or 1.0)
        if self.enabled and self.axis_px is not None and any(scale != 1 for scale in scales):
            chain.three_colour_fringes([scale - 1.0 for scale in scales], self.axis_px)


@dataclass(frozen=True)
class WideChromaNoise(ChromaNoise):
    """Smooth colour as far around as on the sensor: clouds of false colour are twice as large in a zoomed picture."""

    # Without the third filter clouds (the mean of 8 x 8 pixels) keep 1.5 to 1.7 times as much colour as in the photo
    # of the merged mosaic enlarged, with it 0.8 to 1.0 times: flat greys, ISO 100 to 1600. Nine measured zooms of
    # photographs and drawn scenes come 0 to 0.4 dB nearer to the truth.
    steps: typing.ClassVar[tuple[int, ...]] = (1, 3, 6)


ON_THREE_COLOURS = {
    Levels: ColourLevels,
    WhiteBalance: ColourBalance,
    Highlights: ColourHighlights,
    ColourFringes: ThreeColourFringes,
    ChromaNoise: WideChromaNoise,
}


def on_three_colours(stage: Stage) -> Stage | None:
    """The stage as it works on three colours a pixel; None where it has nothing to do."""
    if isinstance(stage, LEFT_OUT):
        return None
    kind = ON_THREE_COLOURS.get(type(stage))
    if kind is None:
        return stage
    return kind(**{field.name: getattr(stage, field.name) for field in dataclasses.fields(stage)})

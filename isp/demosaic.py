"""Every pixel measured one colour; find the other two.

`fast`: Malvar, He, Cutler 2004, "High-quality linear interpolation for demosaicing of Bayer-patterned color images":
bilinear interpolation plus the Laplacian of the colour that was measured, with the paper's gains 1/2, 5/8 and 3/4.

`fine`: green by directional colour differences, weighted by how little they change (Pekkucuksen and Altunbasak 2010,
"Gradient based threshold free color filter array interpolation"); red and blue as a local straight line of green
(Kiku, Monno, Tanaka, Okutomi 2013 and 2014, residual interpolation and its minimised-Laplacian form). Where we depart,
each time because it measured better on saturated pictures or cost less:

- The directional estimate takes less of the other colour's curvature (0.1 instead of 0.25), and differences are
  smoothed over five pixels, not nine: that is what saturated pictures ask for.
- Trust comes from 3 x 3 changes around the green pixels beside the one that is looked for.
- The slope of the straight line is fitted with an instrument, a green that knows less of the red or blue pixel's own
  value: noise that both would share does not pass for colour. Known noise lowers the slope further, to the
  least-squares answer for noisy light. Detail too fine for the red and blue lattice counts as grey, so that fine
  patterns do not turn coloured.
- Each line is drawn towards its neighbours as far as noise explains it: colour is smoothed where there is only noise.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

import numpy as np

from isp.develop import run_stages
from isp.errors import FrameError
from isp.frames import NEUTRAL_SHOT, LinearImage, Mosaic, Noise, Shot
from isp.kernels import Chain
from isp.knobs import knob
from isp.stage import Stage, fact
from isp.white_balance import WhiteBalance

if TYPE_CHECKING:
    from isp.plan import Scene

QUALITIES = ("fine", "fast")
# Taken where nobody knows the noise: that of an IMX477 near ISO 550. Clean pictures lose 0.25 dB by it, and those of
# ISO 1600 0.05 to 0.3 dB, against what the right noise would give.
UNKNOWN_NOISE = (3.5e-4, 0.0)


@dataclass(frozen=True)
class Demosaic(Stage):
    """Interpolate; what was measured stays as it was."""

    quality: str = knob("fine", choices=QUALITIES, meaning="fine follows edges, for stills; fast is for the preview")
    noise: tuple | None = fact("noise of a balanced green value x: variance = first * x + second", (2,), 0.0, 1e9)

    takes = Mosaic
    makes = LinearImage
    needs_only_the_shot = True

    def plan(self, scene: Scene) -> Self:
        """Keep the sensor's noise, as green has it after white balance. Unknown noise stays unknown."""
        if self.noise is not None or scene.shot.noise is None:
            return self
        balance = scene.planned(WhiteBalance)
        green = 1.0 if balance is None or balance.gains is None else balance.gains[1]
        return dataclasses.replace(self, noise=(scene.shot.noise.shot * green, scene.shot.noise.read * green**2))

    def add_to(self, chain: Chain, shot: Shot) -> None:
        """See Stage.add_to."""
        red = divmod(shot.bayer.index("R"), 2)
        if self.quality == "fast":
            chain.demosaic(*red)
        else:
            chain.fine_demosaic(*red, *(self.noise or UNKNOWN_NOISE))


def demosaic(
    mosaic: np.ndarray, pattern: str, quality: str = "fine", noise: Noise | None = None, threads: int = 1
) -> np.ndarray:
    """The three colours of every pixel of a bare array.

    mosaic   (H, W) float32, finite, linear and white-balanced; 0 = black, 1 = saturation; what is beyond stays beyond
    pattern  "RGGB", "BGGR", "GRBG" or "GBRG": the top-left 2 x 2, row by row
    quality  "fine" or "fast"
    noise    of a green value of this mosaic; Noise(0, 0) has none, None is unknown. `fast` does without
    threads  0 takes all processors; any number gives the same bytes
    Returns (H, W, 3) float32, finite; where a colour was measured, exactly the measured value. Raises FrameError for
    another dtype, shape, pattern or noise and for pixels that are not finite, KnobError for another quality.
    """
    if noise is not None and not isinstance(noise, Noise):
        raise FrameError(f"The noise is {noise!r}; it must be Noise(shot, read), or None where it is unknown.")
    stage = Demosaic(quality, None if noise is None else (noise.shot, noise.read))
    shot = dataclasses.replace(NEUTRAL_SHOT, bayer=pattern)
    return run_stages(Mosaic(mosaic, shot), (stage,), threads).pixels

"""A grey picture of a raw frame at its full size, in which noise is the same everywhere.

Every pixel is softened over the four colours around it, so that a colour looks no different where the mosaic measures
it and where it does not. The curve makes noise equal at every brightness (Anscombe 1948, generalised for read noise by
Starck, Murtagh and Bijaoui 1998), as the night's does; its steps are so fine that rounding is nothing.
"""

from __future__ import annotations

import math

import numpy as np

from isp.errors import FrameError
from isp.frames import RawFrame, Shot
from isp.kernels import fine_grey

# Codes for one deviation of the noise, and no more than fit into 16 bits.
FINEST_CODES, MOST_CODES = 64.0, 65000.0
# Share of a pixel's variance that weights of 1 2 1 each way leave.
NOISE_LEFT = (6 / 16) ** 2
# Black noise reaches that many deviations below black; codes begin there.
BELOW_BLACK = 4.0


def fine_grey_of(frame: RawFrame, shot: Shot, threads: int = 0) -> np.ndarray:
    """(H, W) uint16. Bytes are the same for any number of threads.

    shot  the facts to go by: those of the reference, for all frames that are compared with it
    Raises FrameError where its noise is unknown.
    """
    slope, offset, scale, start = _curve(shot)
    black = sum(shot.black_dn) / 4
    grey = np.empty_like(frame.pixels, order="C")
    curve = black, slope / (shot.white_dn - black), offset, scale, start
    fine_grey(np.ascontiguousarray(frame.pixels), curve, grey, threads)
    return grey


def codes_of_noise(shot: Shot) -> float:
    """Variance of one pixel of it, in codes squared. Raises FrameError where the noise is unknown."""
    slope, _, scale, _ = _curve(shot)
    return (scale * slope / 2) ** 2 + 1 / 12  # and rounding's


def _curve(shot: Shot) -> tuple[float, float, float, float]:
    """slope, offset, scale and start: linear light has the code scale * sqrt(light * slope + offset) - start."""
    if shot.noise is None:
        raise FrameError("The noise of the frame is unknown; shifts cannot be refined without. Calibrate the sensor.")
    # The least noise keeps the root finite for a noiseless sensor.
    slope, read_noise = max(shot.noise.shot * NOISE_LEFT, 1e-9), max(shot.noise.read * NOISE_LEFT, 1e-12)
    offset = 0.375 * slope * slope + read_noise
    at_start = math.sqrt(max(offset - BELOW_BLACK * slope * math.sqrt(read_noise), 0.0))
    # One deviation is slope / 2 on the root's scale.
    most = MOST_CODES / (math.sqrt(slope + offset) - at_start)
    scale = min(2 / slope * FINEST_CODES, most)
    return slope, offset, scale, scale * at_start

"""A grey picture of a raw frame at its full size, in which noise is the same everywhere.

Every pixel is softened over the four colours around it, so that a colour looks no different where the mosaic measures
it and where it does not. Colours are balanced before: of fine grey detail the colours of an unbalanced mosaic make slow
false waves, which move otherwise than the picture. The curve makes noise equal at every brightness (Anscombe 1948,
generalised for read noise by Starck, Murtagh and Bijaoui 1998), as the night's does; its steps are so fine that
rounding is nothing.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from isp.errors import FrameError
from isp.frames import RawFrame
from isp.kernels import fine_grey

# Codes for one deviation of the noise, and no more than fit into 16 bits.
FINEST_CODES, MOST_CODES = 64.0, 65000.0
# Coloured light is balanced up to that: more would be all noise.
LARGEST_GAIN = 2.0
# Share of a pixel's variance that weights of 1 2 1 each way leave.
NOISE_LEFT = (6 / 16) ** 2
# Black noise reaches that many deviations below black; codes begin there.
BELOW_BLACK = 4.0


@dataclass(frozen=True)
class FineCurve:
    """How counts become codes: for all frames that are compared.

    gains  of the four positions of a quad, row by row
    black  mean of the balanced counts of black
    bend   slope, offset, scale, start: the code of light, counts above black, is
           scale * sqrt(light * slope + offset) - start
    noise  variance of one pixel's code
    """

    gains: tuple[float, ...]
    black: float
    bend: tuple[float, float, float, float]
    noise: float


def fine_curve(reference: RawFrame) -> FineCurve:
    """What suits this frame. Raises FrameError where its noise is unknown."""
    shot, gains = reference.shot, _gains(reference)
    if shot.noise is None:
        raise FrameError("The noise of the frame is unknown; shifts cannot be refined without. Calibrate the sensor.")
    # Of a balanced value the noise is gain * shot * light + gain^2 * read; the least keeps the root finite without any.
    slope = max(shot.noise.shot * NOISE_LEFT * sum(gains) / 4, 1e-9)
    read_noise = max(shot.noise.read * NOISE_LEFT * sum(gain * gain for gain in gains) / 4, 1e-12)
    offset = 0.375 * slope * slope + read_noise
    at_start = math.sqrt(max(offset - BELOW_BLACK * slope * math.sqrt(read_noise), 0.0))
    # One deviation is slope / 2 on the root's scale.
    most = MOST_CODES / (math.sqrt(max(gains) * slope + offset) - at_start)
    scale = min(2 / slope * FINEST_CODES, most)
    black = sum(gain * level for gain, level in zip(gains, shot.black_dn, strict=True)) / 4
    span = shot.white_dn - sum(shot.black_dn) / 4
    # Rounding adds a twelfth.
    return FineCurve(gains, black, (slope / span, offset, scale, scale * at_start), (scale * slope / 2) ** 2 + 1 / 12)


def fine_grey_of(frame: RawFrame, curve: FineCurve, threads: int = 0) -> np.ndarray:
    """(H, W) uint16. Bytes are the same for any number of threads."""
    grey = np.empty_like(frame.pixels, order="C")
    fine_grey(np.ascontiguousarray(frame.pixels), curve.gains, (curve.black, *curve.bend), grey, threads)
    return grey


def _gains(frame: RawFrame) -> tuple[float, ...]:
    """Of the four positions of a quad: what makes the picture's mean grey."""
    shot, light = frame.shot, {"R": 0.0, "G": 0.0, "B": 0.0}
    for index, letter in enumerate(shot.bayer):
        of_colour = frame.pixels[index // 2 :: 2, index % 2 :: 2]
        mean = int(of_colour.sum(dtype=np.int64)) / of_colour.size - shot.black_dn[index]
        light[letter] += max(mean, 1.0) / (2 if letter == "G" else 1)
    gains = {letter: min(max(light["G"] / light[letter], 1 / LARGEST_GAIN), LARGEST_GAIN) for letter in light}
    return tuple(gains[letter] for letter in shot.bayer)

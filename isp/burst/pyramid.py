"""A grey picture of a raw frame in several sizes: what frames of a burst are aligned on.

Each 2 x 2 quad of the mosaic becomes one grey pixel, so that vectors never mix colours (Hasinoff et al. 2016, "Burst
photography ...", section 4). We depart in the scale: grey is a byte, on the curve that makes the sensor's noise equal
at every brightness (Anscombe 1948, generalised for read noise by Starck, Murtagh and Bijaoui 1998). One threshold then
holds for shadows and lamps, and since a sensor tells apart no more than a few hundred levels of noise, a byte loses
little. Hot and dead pixels stand still while the scene moves, so no grey pixel may leave the range of its neighbours.
"""

from __future__ import annotations

import functools
import math
from dataclasses import dataclass

import numpy as np

from isp.errors import FrameError
from isp.frames import Noise, RawFrame, Shot
from isp.kernels import grey_of_quads, shrink_grey, slope_energy, soften_grey

# From each level to the next coarser one: a pixel is then 2, 8 and 32 quads wide.
FACTORS = (2, 4, 4)
# A level smaller than that is no help: its tiles would be most of the picture.
SMALLEST_PX = 24
# Tiles of 16 and the pixel around them that slopes need; smaller pictures are continued by their edge.
SMALLEST_FINEST_PX = 18
# The table from sums of a quad to codes has at most 16 bits of places: finer steps than a code anyway.
TABLE_BITS = 16
# Rounding to whole codes adds that much variance. Fainter noise than LEAST_NOISE, next to a step, flickers between two
# codes.
ROUNDING, LEAST_NOISE = 1 / 12, 1 / 4
# What is left of the noise's variance on each level, rounding aside: pixels are held within the range of their
# neighbours, softened and averaged. Measured on flat grey of imx477 at ISO 3200 and 12800, where rounding is small.
NOISE_LEFT = (0.124, 0.028, 0.0018, 0.0002)
# Black noise reaches that many deviations below black; codes begin there.
BELOW_BLACK = 4.0


@dataclass(frozen=True)
class Pyramid:
    """Grey pictures of one frame, finest first.

    levels        uint8, levels[0] is (height // 2, width // 2), the others 1/2, 1/8 and 1/32 of it each way; those
                  below SMALLEST_PX are left out
    noise         variance of one pixel of each level, in codes squared
    black         the code of black
    slopes        mean squared slope of the finest picture before it was softened, without the noise's share
    frame_shape   (height, width) of the raw frame
    timestamp_ns  of the frame
    """

    levels: tuple[np.ndarray, ...]
    noise: tuple[float, ...]
    black: float
    slopes: float
    frame_shape: tuple[int, int]
    timestamp_ns: int

    @property
    def scales(self) -> tuple[int, ...]:
        """Raw pixels for one pixel of each level."""
        return tuple(2 * math.prod(FACTORS[:level]) for level in range(len(self.levels)))


def pyramid_of(frame: RawFrame, threads: int = 0) -> Pyramid:
    """The frame's grey pyramid. Bytes are the same for any number of threads; 0 takes all processors.

    Raises FrameError where the frame's noise is unknown: nobody can then tell texture from grain.
    """
    height, width = frame.pixels.shape
    curve = _grey_curve(frame.shot)
    grey = np.empty((height // 2, width // 2), dtype=np.uint8)
    grey_of_quads(np.ascontiguousarray(frame.pixels), curve.codes, curve.shift, grey, threads)
    slopes = slope_energy(grey, threads) / grey.size
    levels, noise = (
        [_at_least(_softened(grey, threads), SMALLEST_FINEST_PX)],
        [_noise_left(0, curve.deviation)],
    )
    for factor in FACTORS:
        shape = tuple(length // factor for length in levels[-1].shape)
        if min(shape) < SMALLEST_PX:
            break
        smaller = np.empty(shape, dtype=np.uint8)
        shrink_grey(levels[-1], factor, smaller, threads)
        levels.append(_softened(smaller, threads))
        noise.append(_noise_left(len(noise), curve.deviation))
    return Pyramid(tuple(levels), tuple(noise), curve.black, slopes, (height, width), frame.shot.timestamp_ns)


def sharpness(pyramid: Pyramid) -> float:
    """How sharp the frame is, to choose among frames of one scene: mean squared slope, in codes squared.

    Noise takes no part, whether known well or not: each slope is multiplied by its neighbour's, which shows the same
    edge and other noise.
    """
    return pyramid.slopes


@dataclass(frozen=True)
class GreyCurve:
    """codes      uint8 table: a quad's sum, shifted right by `shift` bits, is the place in it
    deviation  of the noise of one quad, in codes: the same at every brightness
    black      the code of black
    """

    codes: np.ndarray
    shift: int
    deviation: float
    black: float


def _grey_curve(shot: Shot) -> GreyCurve:
    if shot.noise is None:
        raise FrameError("The noise of the frame is unknown; a burst cannot be aligned without. Calibrate the sensor.")
    return _curve(sum(shot.black_dn), 4 * shot.white_dn, shot.noise)


@functools.lru_cache(maxsize=8)
def _curve(black: float, white: float, noise: Noise) -> GreyCurve:
    largest = math.ceil(white)
    shift = max(0, largest.bit_length() - TABLE_BITS)
    sums = (np.arange((largest >> shift) + 1) + (0.5 if shift else 0.0)) * 2**shift
    linear = (sums - black) / (white - black)
    # A quad's mean has a quarter of the variance. The least noise keeps the root finite for a noiseless sensor.
    shot_noise, read_noise = max(noise.shot / 4, 1e-9), max(noise.read / 4, 1e-12)
    lowest = -BELOW_BLACK * math.sqrt(read_noise)

    def deviations(light: np.ndarray) -> np.ndarray:
        # A product, because the last bit of a power differs between C libraries.
        squared = shot_noise * shot_noise
        return 2 / shot_noise * np.sqrt(np.maximum(shot_noise * light + 0.375 * squared + read_noise, 0.0))

    start, at_black, end = deviations(np.array([lowest, 0.0, 1.0]))
    scale = 255 / (end - start)
    codes = np.clip(np.rint((deviations(linear) - start) * scale), 0, 255).astype(np.uint8)
    return GreyCurve(codes, shift, float(scale), float((at_black - start) * scale))


def _noise_left(level: int, deviation: float) -> float:
    return max(NOISE_LEFT[level] * (deviation * deviation) + ROUNDING, LEAST_NOISE)


def _softened(grey: np.ndarray, threads: int) -> np.ndarray:
    soft = np.empty_like(grey)
    soften_grey(grey, soft, threads)
    return soft


def _at_least(grey: np.ndarray, length: int) -> np.ndarray:
    missing = [max(0, length - have) for have in grey.shape]
    return np.pad(grey, [(0, more) for more in missing], mode="edge") if any(missing) else grey

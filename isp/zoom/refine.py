"""Where each part of the reference lies in another frame, to a few hundredths of a pixel.

Source: Lucas and Kanade 1981, "An iterative image registration technique ...", in the inverse compositional form of
Baker and Matthews 2004, "Lucas-Kanade 20 years on", begun from the night's alignment as in Wronski et al. 2019,
"Handheld multi-frame super-resolution", section 5.1. We depart in the grey, which is the mosaic softened at its full size:
the night's has half of it, and detail that it cannot hold looks like movement, by a tenth of a pixel. And in what is done
with the vectors: most of a picture moves as one, which all its tiles together know far better than each. A tile strays
from that as far as its own pixels, the noise in them and its neighbours say.
"""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np

from isp.burst.align import Shifts
from isp.burst.places import places_of
from isp.errors import FrameError
from isp.frames import RawFrame, Shot
from isp.kernels import FINE_SUMS, fine_grey, fine_tiles, settle_tiles
from isp.zoom.drift import Drift, with_doubt

# More rounds move nothing by a hundredth of a pixel.
ROUNDS = 3
# Codes of grey for one deviation of its noise, and no more than fit: rounding is then nothing beside it.
FINEST_CODES, MOST_CODES = 64.0, 65000.0
# Share of a pixel's variance that weights of 1 2 1 each way leave.
NOISE_LEFT = (6 / 16) ** 2
# Black noise reaches that many deviations below black; codes begin there.
BELOW_BLACK = 4.0
# No noise is so far from its neighbours, in deviations: what is, is a bad pixel.
SLACK = 6.0
# Of softened noise: energy of one picture's slopes in variances of a pixel, by how much of it neighbours are alike (sums
# over a tile scatter as if it had so many fewer pixels), and how much more of it is left where texture is.
SLOPES_OF_NOISE, CLUMP_PX, COARSE_NOISE = 5 / 12, 4.0, 4.0
# Sums that noise makes scatter; up to so many deviations are chance.
CERTAIN = 3.0
# A tile that wants to move farther than that from where the night found it is not sure of either.
FARTHEST_PX = 1.0
# What a tile's vector misses by even without noise: detail too fine for the mosaic looks like movement.
MODEL_ERROR_PX = 0.02
# By about that much neighbours differ beside the drift, and tiles from the drift; what differs by more than APART_PX
# moves by itself.
ROUGHNESS_PX, STRAY_PX, APART_PX = 0.01, 0.03, 0.5
# The places of a cell whose vectors differ by more show two things.
MIXED_PX = 0.75
SETTLING_ROUNDS = 3
# Vectors are whole 1024ths of a pixel, so that the last bits of sums cannot show.
STEPS = 1024


class Refiner:
    """Refines shifts from one reference; keeps its grey, two bytes a pixel."""

    def __init__(self, reference: RawFrame, threads: int = 0) -> None:
        """Raises FrameError where the reference's noise is unknown."""
        self._shot, self._noise = reference.shot, _codes_of_noise(reference.shot)
        self._grey = fine_grey_of(reference, self._shot, threads)

    def refined(self, frame: RawFrame, shifts: Shifts, threads: int = 0) -> Shifts:
        """The same shifts, finer. Bytes are the same for any number of threads.

        shifts  of this frame from the reference, by `isp.burst.align`
        Returns shifts in steps of 1/1024 pixel. `trust` is 0, and the shift its neighbours' and the whole picture's,
        where a tile has no texture above the noise or wants to leave what was found by more than FARTHEST_PX.
        Raises FrameError if the frame has another size, or the shifts are not those of such a frame.
        """
        self._check(frame, shifts)
        greys = self._grey, fine_grey_of(frame, self._shot, threads)
        start = shifts.px.astype(np.float64)
        drift, field = Drift.of_hand(shifts.hand, frame.pixels.shape, start.shape[:2]), start
        for _ in range(ROUNDS):
            sums = np.empty((*start.shape[:2], FINE_SUMS))
            fine_tiles(*greys, field, drift.field, MIXED_PX, sums, threads)
            strays, trust = _own(sums, self._noise)
            near = np.hypot(*np.moveaxis(drift.field - start, -1, 0) + strays) <= FARTHEST_PX
            strays, trust = strays * near, trust * near
            finer = drift.fitted(strays, trust)
            strays = strays - np.moveaxis(finer.field - drift.field, -1, 0)
            drift = finer
            field = drift.field + _settled(strays, trust, start - drift.field, threads)
        return replace(
            shifts,
            px=(np.rint(field * STEPS) / STEPS).astype(np.float32),
            trust=_weaker(trust),
            hand=drift.hand,
        )

    def _check(self, frame: RawFrame, shifts: Shifts) -> None:
        shape = self._grey.shape
        if frame.pixels.shape != shape:
            raise FrameError(f"A frame of {frame.pixels.shape} cannot be refined against a reference of {shape}.")
        if shifts.px.shape != (*places_of(shape), 2):
            raise FrameError(f"Shifts of {shifts.px.shape} do not belong to a frame of {shape}.")
        if not np.isfinite(shifts.px).all():
            raise FrameError("Shifts must be finite; align the frame anew.")


def fine_grey_of(frame: RawFrame, shot: Shot, threads: int = 0) -> np.ndarray:
    """(H, W) uint16 grey of full size on a curve that makes the noise of `shot` equal at every brightness."""
    span, black = shot.white_dn - sum(shot.black_dn) / 4, sum(shot.black_dn) / 4
    per_light, read, scale, start = _curve(shot)
    # In the shadows noise is the least, and a bad pixel shows the most.
    slack = math.ceil(SLACK * span * math.sqrt(max(shot.noise.read, 0.0)))
    grey = np.empty_like(frame.pixels)
    curve = black, per_light / span, read, scale, start
    fine_grey(np.ascontiguousarray(frame.pixels), curve, min(slack, 65535), grey, threads)
    return grey


def _curve(shot: Shot) -> tuple[float, float, float, float]:
    """Of linear light: code = scale * sqrt(light * first + second) - start. Noise deviates by scale * first / 2."""
    if shot.noise is None:
        raise FrameError("The noise of the frame is unknown; shifts cannot be refined without. Calibrate the sensor.")
    # The least noise keeps the root finite for a noiseless sensor.
    shot_noise, read_noise = max(shot.noise.shot * NOISE_LEFT, 1e-9), max(shot.noise.read * NOISE_LEFT, 1e-12)
    offset = 0.375 * shot_noise * shot_noise + read_noise
    below = math.sqrt(max(offset - BELOW_BLACK * shot_noise * math.sqrt(read_noise), 0.0))
    codes = min(FINEST_CODES, MOST_CODES * shot_noise / 2 / (math.sqrt(shot_noise + offset) - below))
    scale = 2 / shot_noise * codes
    return shot_noise, offset, scale, scale * below


def _codes_of_noise(shot: Shot) -> float:
    """Variance of one pixel's grey, in codes squared."""
    shot_noise, _, scale, _ = _curve(shot)
    return (scale * shot_noise / 2) ** 2 + 1 / 12


def _own(sums: np.ndarray, noise: float) -> tuple[np.ndarray, np.ndarray]:
    """What tiles say themselves: strays (2, rows, columns) px, and their information (3, rows, columns) 1 / px squared.

    sums   as `fine_tiles` makes them
    noise  variance of a pixel, in codes squared
    """
    yy, yx, xx, ye, xe, left, pixels = np.moveaxis(sums, -1, 0)
    of_noise = SLOPES_OF_NOISE * noise * pixels
    yy, xx = np.maximum(yy - of_noise, 0.0), np.maximum(xx - of_noise, 0.0)
    doubt = CERTAIN * SLOPES_OF_NOISE * noise * np.sqrt(2 * CLUMP_PX * pixels) + 1e-3
    a, c = yy + doubt, xx + doubt
    whole = a * c - yx * yx
    whole = np.maximum(whole, doubt * doubt)
    strays = np.stack([yx * xe - c * ye, yx * ye - a * xe]) / whole
    # What does not fit is worth less.
    misfit = np.maximum(left / np.maximum(2 * noise * pixels, 1e-9), 1.0)
    share = 1.0 / (2 * COARSE_NOISE * noise * misfit)
    yy, xx = np.maximum(yy - doubt, 0.0), np.maximum(xx - doubt, 0.0)
    most = np.sqrt(yy * xx)
    trust = np.stack([yy, np.clip(yx, -most, most), xx]) * share
    return strays, with_doubt(trust, MODEL_ERROR_PX)


def _settled(strays: np.ndarray, trust: np.ndarray, before: np.ndarray, threads: int) -> np.ndarray:
    """(rows, columns, 2): strays that agree with neighbours, with the drift and, where that strays far, with the start.

    before  (rows, columns, 2), how the start strays from the drift
    """
    out, windows = np.empty_like(strays), np.zeros((*strays.shape[1:], 2), np.int16)
    still = (0.0,) * 5  # strays already are beside the whole picture's movement
    expected = np.ascontiguousarray(np.moveaxis(before, -1, 0)), 1, still
    smoothness = ROUGHNESS_PX, STRAY_PX, APART_PX
    own = np.ascontiguousarray(strays), np.ascontiguousarray(trust), windows
    settle_tiles(*own, *expected, still, smoothness, SETTLING_ROUNDS, out, threads)
    return np.moveaxis(out, 0, -1)


def _weaker(trust: np.ndarray) -> np.ndarray:
    """The smaller eigenvalue of the information, float32."""
    yy, yx, xx = trust
    weaker = (yy + xx) / 2 - np.sqrt(((yy - xx) / 2) ** 2 + yx**2)
    return np.maximum(weaker, 0.0).astype(np.float32)

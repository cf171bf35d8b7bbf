"""When a light went on, by the frames that saw it: the check of their clock that needs no clock but the pin's.

A row in whose exposure a light goes on is lit for what is left of it. Rows are exposed one after the other, and a
frame as a whole is lit for the mean of its rows, each counting by how much the light brightens it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from isp.frames import RawFrame

# Bands of rows; a band of a 64th of the frame is exposed over a millisecond at most.
BANDS = 64
# The light's moment is looked for by halving: 2**-40 of a frame is less than a nanosecond.
HALVINGS = 40
# A frame less lit than this says only that the light came after it; one more lit, before it.
DARK, LIT = 0.05, 0.95


@dataclass(frozen=True)
class Seen:
    """One frame: when its first row's exposure began, how long each row's is, and how bright its bands are."""

    began_ns: int
    exposure_us: float
    bands: np.ndarray


def seen(frame: RawFrame) -> Seen:
    """The frame's bands of rows, from the first read to the last."""
    # Every colour of the filters counts, wherever the light is bright.
    rows = frame.pixels[:, : frame.pixels.shape[1] // 2 * 2].mean(axis=1, dtype=np.float64)
    bands = np.array([band.mean() for band in np.array_split(rows, min(BANDS, len(rows)))])
    return Seen(frame.shot.timestamp_ns, frame.shot.exposure_us or 0.0, bands)


def lit_share(frame: Seen, dark: np.ndarray, bright: np.ndarray) -> float:
    """How much of the light's brightness is in the frame: 0 none of it, 1 all."""
    return float((frame.bands - dark).sum() / (bright - dark).sum())


def strayed_ms(frame: Seen, dark: np.ndarray, bright: np.ndarray, rows_take_s: float, moment_ns: int) -> float:
    """How much later than at `moment_ns` the light went on, by this frame; 0 where the frame does not contradict."""
    share = lit_share(frame, dark, bright)
    exposure_ns, rows_ns = frame.exposure_us * 1e3, rows_take_s * 1e9
    since_ns = moment_ns - frame.began_ns
    if share <= DARK:
        return max(_moment(DARK, bright - dark, exposure_ns, rows_ns) - since_ns, 0.0) / 1e6
    if share >= LIT:
        return min(_moment(LIT, bright - dark, exposure_ns, rows_ns) - since_ns, 0.0) / 1e6
    return (_moment(share, bright - dark, exposure_ns, rows_ns) - since_ns) / 1e6


def _moment(share: float, weights: np.ndarray, exposure_ns: float, rows_ns: float) -> float:
    """Nanoseconds after the frame's beginning at which a light that goes on gives this share."""
    ends = exposure_ns + (np.arange(len(weights)) + 0.5) / len(weights) * rows_ns
    early, late = 0.0, exposure_ns + rows_ns
    for _ in range(HALVINGS):
        middle = (early + late) / 2
        found = (weights * np.clip((ends - middle) / exposure_ns, 0.0, 1.0)).sum() / weights.sum()
        early, late = (middle, late) if found > share else (early, middle)
    return (early + late) / 2

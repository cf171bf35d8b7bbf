"""Where each part of the reference lies in another frame, to a few hundredths of a pixel.

Source: Lucas and Kanade 1981, "An iterative image registration technique ...", in the inverse compositional form of
Baker and Matthews 2004, "Lucas-Kanade 20 years on", begun from the night's alignment as in Wronski et al. 2019,
"Handheld multi-frame super-resolution", section 5.1. We depart in the grey, which is the mosaic softened at its full
size: the night's has half of it, and detail that it cannot hold looks like movement, by a tenth of a pixel. And in what
is done with the vectors: most of a picture moves as one, which all its tiles together know far better than each. A tile
strays from that as far as its own pixels, the noise in them and its neighbours say.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from isp.burst.align import Shifts
from isp.burst.places import places_of
from isp.errors import FrameError
from isp.frames import RawFrame
from isp.kernels import FINE_SUMS, fine_tiles
from isp.zoom.drift import Drift
from isp.zoom.fine_grey import fine_curve, fine_grey_of
from isp.zoom.strays import Strays, likelier, settled, strays_of

# After the night's vectors and the drift alone were looked at. Where the drift no longer moves by NEAR_PX more rounds
# move nothing by a hundredth of a pixel; along an edge the night strays far, and the way back is long.
MOST_ROUNDS, NEAR_PX = 4, 0.1
# The places of a cell whose vectors differ by more, beside the drift, show two things.
MIXED_PX = 0.75
# Vectors are whole 1024ths of a pixel, so that the last bits of sums cannot show.
STEPS = 1024


@dataclass(frozen=True)
class Refined(Shifts):
    """Shifts to hundredths of a pixel.

    known  1 / variance of the whole picture's movement in the direction that is known best, in raw pixels; an edge
           alone tells nothing of the way along itself, and needs not
    """

    known: float


class Refiner:
    """Refines shifts from one reference; keeps its grey, two bytes a pixel."""

    def __init__(self, reference: RawFrame, threads: int = 0) -> None:
        """Raises FrameError where the reference's noise is unknown."""
        self._curve = fine_curve(reference)
        self._grey = fine_grey_of(reference, self._curve, threads)

    def refined(self, frame: RawFrame, shifts: Shifts, threads: int = 0) -> Refined:
        """The same shifts, finer. Bytes are the same for any number of threads.

        shifts  of this frame from the reference, by `isp.burst.align`
        Returns shifts in whole 1024ths of a pixel. `trust` is 0, and the shift that of the whole picture or the
        neighbours, where a tile has no texture above the noise or wants to leave by more than it can tell.
        Raises FrameError if the frame has another size, or the shifts are not those of such a frame.
        """
        self._check(frame, shifts)
        greys = self._grey, fine_grey_of(frame, self._curve, threads)
        start = shifts.px.astype(np.float64)
        drift = Drift.of_hand(shifts.hand, frame.pixels.shape, start.shape[:2])
        by_night = self._seen(greys, start, drift, threads)
        finer = drift.fitted(by_night.px, by_night.trust)
        by_night, drift = by_night.beside(drift.field - finer.field), finer
        seen = likelier(self._seen(greys, drift.field, drift, threads), by_night)
        for _ in range(MOST_ROUNDS):
            seen = self._seen(greys, drift.field + settled(seen), drift, threads).by_itself_as(seen)
            finer = drift.fitted(seen.px, seen.trust)
            further, drift = drift.field - finer.field, finer
            seen = seen.beside(further)
            if np.abs(further).max() < NEAR_PX:
                break
        px = drift.field + settled(seen)
        return Refined(
            px=(np.rint(px * STEPS) / STEPS).astype(np.float32),
            trust=seen.weaker_trust,
            explained=shifts.explained,
            hand=drift.hand,
            known=seen.known,
        )

    def _seen(self, greys: tuple[np.ndarray, np.ndarray], field: np.ndarray, drift: Drift, threads: int) -> Strays:
        sums = np.empty((*field.shape[:2], FINE_SUMS))
        fine_tiles(*greys, field, drift.field, MIXED_PX, sums, threads)
        return strays_of(sums, field - drift.field, self._curve.noise)

    def _check(self, frame: RawFrame, shifts: Shifts) -> None:
        shape = self._grey.shape
        if frame.pixels.shape != shape:
            raise FrameError(f"A frame of {frame.pixels.shape} cannot be refined against a reference of {shape}.")
        if shifts.px.shape != (*places_of(shape), 2):
            raise FrameError(f"Shifts of {shifts.px.shape} do not belong to a frame of {shape}.")
        if not np.isfinite(shifts.px).all():
            raise FrameError("Shifts must be finite; align the frame anew.")

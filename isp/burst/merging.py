"""Frames of a burst become one, in the raw mosaic: what differs by more than noise explains stays the reference's.

For each tile of each frame the difference to the reference is taken, at the shift that the alignment found; the frame
is moved between pixels of one colour by a short filter, so that colours never mix. A cosine transform tells slow
differences from fine ones. Where the difference holds no more energy than the sensor's calibrated noise it is averaged
away, where it holds more it is left out, the same for all four colour planes.

Source: Hasinoff et al. 2016, "Burst photography for high dynamic range and low-light imaging on mobile cameras",
section 5, and Liba et al. 2019, "Handheld mobile photography in very low light", section 3.3 (strength by mismatch,
count of frames behind each place). We depart so: the difference is transformed, not both tiles, and by a cosine
transform, which has no jump at the tile's border; its energy is compared with noise over neighbouring frequencies and
all colours, and only tiles that differ somewhere are judged strictly, so that a still scene loses next to nothing;
blocks that differ are left out before the transform, which would spread them, but only their edges where that is
enough, so that the dark beside a lamp is merged; and a tile that matches nowhere does not count at all, instead of
counting as the reference once more.
"""

from __future__ import annotations

import dataclasses
import enum
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from isp.burst.between_pixels import between_pixels, noise_left
from isp.burst.flaws import find_bad_pixels
from isp.burst.measured_noise import measured_noise
from isp.burst.places import TILE_PX, places_of
from isp.errors import FrameError
from isp.frames import Noise, RawFrame, Shot
from isp.kernels import MERGE_BANDS, MergeFacts

if TYPE_CHECKING:
    from isp.burst.align import Shifts

LARGEST_COUNT = 65535
# Counts are whole numbers: rounding alone scatters them by that variance. A noise model without read noise would else
# expect none at all in black parts, and any difference be infinitely too large.
ROUNDING = 1 / 12
# Larger than any picture, and small enough for whole numbers.
FURTHEST_PX = 65536


class Rung(enum.Enum):
    """How a tile is judged: each frequency by itself, or, for small processors, all of it at once.

    The cheap rung needs no transform, and gives up a tile where the full one keeps what matches in it.
    Source: the spatial merge of Brooks' hdr-plus (2016), a weight for each tile from its distance to the reference.
    Differs: the distance is measured in noise, and for slow differences apart.
    """

    FREQUENCIES = "frequencies"
    PLACES = "places"


@dataclass(frozen=True)
class Limits:
    """What is taken for noise. An excess is energy beyond what noise explains, as a share of that.

    block_excess   above it a block of 8 x 8 pixels loses weight (noise alone: 1 of 5000 blocks)
    block_loss     how fast
    edge           but first its edges do: where so many times the range of a pixel and its neighbours is more than the
                   pixel's noise, a small error of the shift shows (noise alone spans three deviations)
    still, moved   a tile whose largest excess, over neighbouring frequencies, is below `still` is averaged as it is;
                   from `moved` on each frequency is judged by itself
    slow           the excess of the slowest quarter of the frequencies each way, all together, counts so many times: 64
                   values scatter little, and an object that is fainter than the noise shows there first
    excess         above it a frequency of such a tile loses weight
    loss           how fast
    place_excess   on the cheap rung: above it, in 64 values, a whole tile loses weight
    gross, calm    a tile that keeps less than `gross` of its frequencies does not count; from `calm` on it counts fully
    """

    block_excess: float = 0.75
    block_loss: float = 30.0
    edge: float = 0.22
    still: float = 0.9
    moved: float = 1.15
    slow: float = 2.4
    excess: float = 0.1
    loss: float = 20.0
    place_excess: float = 0.4
    gross: float = 0.6
    calm: float = 0.9


DEFAULT_LIMITS = Limits()


@dataclass(frozen=True)
class Share:
    """What was taken of a frame.

    map   (rows, columns) float32 at the places: 0 nothing, 1 all of it
    """

    map: np.ndarray

    @property
    def mean(self) -> float:
        """Over the whole picture."""
        return float(self.map.mean(dtype=np.float64))


class Merging:
    """One reference and what other frames of the burst add to it. Memory does not grow with their number."""

    def __init__(
        self, reference: RawFrame, threads: int = 0, rung: Rung = Rung.FREQUENCIES, limits: Limits = DEFAULT_LIMITS
    ) -> None:
        if reference.shot.noise is None:
            raise FrameError("The merge needs the noise model of the sensor, and this frame has none.")
        self.reference = reference
        self.frames = 1
        self._threads, self._rung, self._limits = threads, rung, limits
        self._pixels = np.ascontiguousarray(reference.pixels)
        self._bad_pixels = find_bad_pixels(reference, threads)
        self._expect(reference.shot.noise)
        places = places_of(reference.pixels.shape)
        self._difference = np.zeros(reference.pixels.shape, np.float32)
        self._weight = np.zeros(places, np.float32)
        self._kept = np.zeros((*places, MERGE_BANDS, MERGE_BANDS), np.float32)
        self._squares = np.zeros(places, np.float32)

    def add(self, frame: RawFrame, shifts: Shifts) -> Share:
        """Merge one more frame. The same frames in the same order give the same bytes, for any number of threads.

        Raises FrameError if the shifts are no numbers, or further than any picture is wide.
        """
        if not np.all(np.abs(shifts.px) <= FURTHEST_PX):
            raise FrameError(f"The frame's shifts hold NaN or more than {FURTHEST_PX} pixels; align it again.")
        if self.frames == 1:
            self._expect(measured_noise(self.reference, frame, shifts.px))
        share = np.empty(self._weight.shape, np.float32)
        moved = np.ascontiguousarray(shifts.px, dtype=np.float32)
        self._facts.add_frame(
            self._pixels, np.ascontiguousarray(frame.pixels), moved, *self._gathered, share, self._threads
        )
        self.frames += 1
        return Share(share)

    def merged(self) -> RawFrame:
        """The picture so far, in counts so fine that noise below black survives; its Shot says what noise is left."""
        shot = self.reference.shot
        factor = int(LARGEST_COUNT // shot.white_dn)
        pixels = np.empty_like(self._pixels)
        self._facts.write_merged(self._pixels, *self._gathered, factor, pixels, self._threads)
        variance = self._variance()
        left = float(np.median(variance))
        facts = {
            "black_dn": tuple(level * factor for level in shot.black_dn),
            "white_dn": shot.white_dn * factor,
            "noise": Noise(self._noise.shot * left, self._noise.read * left),
            "frames": self.frames,
        }
        return RawFrame(pixels, dataclasses.replace(shot, **facts), np.clip(1.0 / variance, 1.0, self.frames))

    def _expect(self, noise: Noise) -> None:
        """Judge by this noise from now on."""
        self._noise = noise
        shot = dataclasses.replace(self.reference.shot, noise=noise)
        self._facts = MergeFacts(**merge_numbers(shot, self._rung, self._limits))
        self._facts.bad_pixels(self._bad_pixels, *self._pixels.shape)

    @property
    def _gathered(self) -> tuple[np.ndarray, ...]:
        return self._difference, self._weight, self._kept, self._squares

    def _variance(self) -> np.ndarray:
        """(rows, columns) float32: noise left, as a share of one frame's. Each frequency is a mean of its own weights.

        Moving a frame between pixels takes some of its finest noise too, so hand-held flats have a little less than
        one over the number of frames.
        """
        whole = 1.0 + self._weight
        own = whole[..., None, None] - self._kept  # the reference's own weight
        return (np.mean(own**2, axis=(2, 3)) + self._squares) / whole**2


def merge_numbers(shot: Shot, rung: Rung, limits: Limits) -> dict[str, Any]:
    """What the kernels are told of a burst, by the names that MergeFacts has for it."""
    span = shot.white_dn - sum(shot.black_dn) / 4
    noise = [shot.noise.shot * span, max(shot.noise.read * span * span, ROUNDING)]
    phase = 2 * math.pi * (np.arange(TILE_PX) + 0.5) / TILE_PX
    window = np.round(0.5 - 0.5 * np.cos(phase), 6).astype(np.float32)
    return {
        "black": shot.black_dn,
        "white": shot.white_dn,
        "noise": noise,
        "by_frequency": rung is Rung.FREQUENCIES,
        "limits": dataclasses.astuple(limits),
        "between": between_pixels(),
        "noise_left": noise_left(),
        "window": window.tolist(),
    }

"""Tables for a picture at another size: which pixels along an axis each new one sums, and how much of each.

Source: Keys 1981, "Cubic convolution interpolation for digital image processing" (a = -1/2, as Matlab and Pillow have
it); Duchon 1979, "Lanczos filtering in one and two dimensions" (three lobes). Where the new picture is smaller the
filter is stretched by as much, so that nothing finer than it can show is left. Beyond the edges lies the picture's
mirror image, its edge pixels twice, as in Matlab's imresize.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

import numpy as np

# Steps that weights are rounded to, so that a processor's own sine leaves no trace; 255 times what is lost is far below
# half a level.
STEPS = 2**20


class Filter(Enum):
    """How a pixel's neighbours are weighed; the value is how far away they may be, in pixels."""

    BICUBIC = 2
    LANCZOS = 3


@dataclass(frozen=True)
class Taps:
    """Along one axis: new pixel i is the sum of weights[i] times the old ones from starts[i] on.

    starts   (count,) int32
    weights  (count, each) float32, each row of them sums to exactly 1
    """

    starts: np.ndarray
    weights: np.ndarray

    def __getitem__(self, part: slice) -> Taps:
        """Some of the new pixels."""
        return Taps(self.starts[part], self.weights[part])


def taps_for(length: int, new_length: int, kind: Filter) -> Taps:
    """The table from `length` pixels to `new_length`, both at least 1; their outer edges stay where they are."""
    stretch = max(length / new_length, 1.0)
    reach = kind.value * stretch
    centres = (np.arange(new_length) + 0.5) * (length / new_length) - 0.5
    first = np.ceil(centres - reach).astype(np.int64)
    places = first[:, np.newaxis] + np.arange(int(np.floor(2 * reach)) + 1)
    weights = _weight((places - centres[:, np.newaxis]) / stretch, kind)
    return _rounded(*_mirrored(places, weights, length))


def _weight(distance: np.ndarray, kind: Filter) -> np.ndarray:
    far = np.abs(distance)
    if kind is Filter.LANCZOS:
        return np.where(far < kind.value, np.sinc(far) * np.sinc(far / kind.value), 0.0)
    near = (1.5 * far - 2.5) * far * far + 1
    outer = ((-0.5 * far + 2.5) * far - 4) * far + 2
    return np.where(far <= 1, near, np.where(far < kind.value, outer, 0.0))


def _mirrored(places: np.ndarray, weights: np.ndarray, length: int) -> tuple[np.ndarray, np.ndarray]:
    """Starts and weights where all places exist: those beyond an edge are added to their mirror images."""
    folded = places % (2 * length)
    folded = np.minimum(folded, 2 * length - 1 - folded)
    each = min(places.shape[1], length)
    starts = np.clip(np.where(weights != 0, folded, length).min(axis=1), 0, length - each)
    gathered = np.zeros((len(places), each))
    np.add.at(gathered, (np.arange(len(places))[:, np.newaxis], _within(folded - starts[:, np.newaxis], each)), weights)
    return starts, gathered


def _within(offsets: np.ndarray, each: int) -> np.ndarray:
    """Only places of no weight can lie beyond the table; they may stay anywhere."""
    return np.clip(offsets, 0, each - 1)


def _rounded(starts: np.ndarray, weights: np.ndarray) -> Taps:
    steps = np.rint(weights / weights.sum(axis=1, keepdims=True) * STEPS)
    # What is rounded off is given back where it matters least.
    largest = np.abs(steps).argmax(axis=1)
    steps[np.arange(len(steps)), largest] += STEPS - steps.sum(axis=1)
    used = (steps != 0).any(axis=0)
    last = len(used) - int(used[::-1].argmax())
    return Taps(starts.astype(np.int32), np.ascontiguousarray(steps[:, :last] / STEPS, np.float32))

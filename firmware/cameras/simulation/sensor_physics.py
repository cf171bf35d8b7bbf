"""From a scene's light to counts: colour answer, lens shading, colour filters, noise, converter.

The facts are libcamera's tuning tables used backwards: what its processing would undo is done here. Source of the noise
model: Foi et al. 2008, "Practical Poissonian-Gaussian noise modeling and fitting for single-image raw-data". Differs:
the Poisson part is drawn as a Gaussian of the same variance, as the merge and denoise stages assume.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from firmware.cameras.simulation.bad_pixels import BadPixels
from firmware.cameras.simulation.lens import drawn_larger
from firmware.cameras.simulation.quick_noise import QuickNoise
from isp.frames import Noise
from isp.tuning import Tuning

STRIP_ROWS = 64  # a strip of floats stays in the cache while noise, gain and rounding pass over it


@dataclass(frozen=True)
class Converter:
    """What the sensor's converter gives: counts of `bits`, black included, low-aligned."""

    black_dn: int
    white_dn: int

    @classmethod
    def of(cls, tuning: Tuning, bits: int) -> Converter:
        """The converter of a readout mode."""
        return cls(black_dn=int(tuning.black_16bit) >> (16 - bits), white_dn=2**bits - 1)

    @property
    def span_dn(self) -> int:
        """Counts between black and saturation."""
        return self.white_dn - self.black_dn


def camera_matrix(tuning: Tuning, illuminant_k: float) -> np.ndarray:
    """(3, 3): linear sRGB -> camera RGB before white balance. Grey (1, 1, 1) becomes (r/g, 1, b/g)."""
    red, blue = tuning.grey_at(illuminant_k)
    return np.diag([red, 1.0, blue]) @ np.linalg.inv(tuning.matrix_at(illuminant_k))


def flipped_order(bayer: str, hflip: bool, vflip: bool) -> str:
    """The Bayer order that a flipped readout of even size has; flipping twice gives the first again."""
    rows = [bayer[:2], bayer[2:]]
    rows = [row[::-1] for row in rows] if hflip else rows
    return "".join(rows[::-1] if vflip else rows)


def light_on_pixels(
    planes: Iterable[np.ndarray],
    shape: tuple[int, int],
    bayer: str,
    tuning: Tuning,
    illuminant_k: float,
    field_of_view: tuple[float, float, float, float] = (0.0, 0.0, 1.0, 1.0),
    colour_fringes: float = 0.0,
    first_row: int = 0,
) -> np.ndarray:
    """(rows, W) float32: signal of each pixel; a white reflector gives an unshaded green pixel 1.

    planes          red, green and blue of linear sRGB, one after the other: a band of the frame's rows, or all
    shape           (H, W) of the whole frame
    bayer           order of the unflipped pixel array
    colour_fringes  the lens draws red by this share larger than green, and blue smaller; asks for all rows
    first_row       of the band, even
    """
    matrix = camera_matrix(tuning, illuminant_k).astype(np.float32)
    scale_of = {"R": 1.0 + colour_fringes, "G": 1.0, "B": 1.0 - colour_fringes}
    by_place: dict[tuple[int, int], np.ndarray] = {}
    for column, plane in zip(matrix.T, planes, strict=True):
        for place, letter in _positions(bayer):
            part = column["RGB".index(letter)] * drawn_larger(plane, scale_of[letter], field_of_view, *place)
            by_place[place] = np.add(by_place[place], part, out=part) if place in by_place else part
    light = np.empty(plane.shape, dtype=np.float32)
    shading = tuning.shading_at(illuminant_k)
    for (y, x), letter in _positions(bayer):
        # No filter passes less than no light; saturated colours outside the camera's gamut end here.
        seen = np.maximum(by_place[y, x], 0.0, out=by_place[y, x])
        if shading is not None:
            rows, columns = np.s_[first_row + y : first_row + len(light) : 2], np.s_[x::2]
            seen /= shading_on_pixels(shading["RGB".index(letter)], shape, field_of_view, rows, columns)
        light[y::2, x::2] = seen
    return light


def shading_on_pixels(
    table: np.ndarray,
    shape: tuple[int, int],
    field_of_view: tuple[float, float, float, float],
    rows: slice = np.s_[:],
    columns: slice = np.s_[:],
) -> np.ndarray:
    """The gain table at pixel centres: bilinear, cell centres at +0.5 over the whole array, held at the edges."""
    left, top, width, height = field_of_view
    y, down = _cells(top + height * (np.arange(shape[0])[rows] + 0.5) / shape[0], table.shape[0])
    x, across = _cells(left + width * (np.arange(shape[1])[columns] + 0.5) / shape[1], table.shape[1])
    table = table.astype(np.float32)
    stretched = table[:, x] * (1 - across) + table[:, x + 1] * across
    before, after = stretched[y], stretched[y + 1]
    before *= (1 - down)[:, None]
    after *= down[:, None]
    return np.add(before, after, out=before)


def read_out(
    light: np.ndarray,
    signal: float,
    noise: Noise | None,
    converter: Converter,
    flaws: BadPixels,
    generator: np.random.Generator | QuickNoise,
) -> np.ndarray:
    """(H, W) uint16 counts of one exposure. `signal` turns light into shares of saturation; noise None draws none."""
    height, width = light.shape
    counts = np.empty(light.shape, dtype=np.uint16)
    scratch = np.empty((2, STRIP_ROWS, width), dtype=np.float32)
    for top in range(0, height, STRIP_ROWS):
        strip = light[top : top + STRIP_ROWS]
        pixels, drawn = scratch[0, : len(strip)], scratch[1, : len(strip)]
        np.multiply(strip, np.float32(signal), out=pixels)
        first, last = np.searchsorted(flaws.hot, (top * width, (top + len(strip)) * width))
        pixels.reshape(-1)[flaws.hot[first:last] - top * width] += flaws.hot_levels[first:last]
        if noise is not None:
            pixels += _draw_noise(pixels, noise, converter, generator, drawn)
        pixels *= np.float32(converter.span_dn)
        pixels += np.float32(converter.black_dn + 0.5)  # the half makes the cast below round
        np.clip(pixels, 0.0, np.float32(converter.white_dn), out=pixels)
        counts[top : top + len(strip)] = pixels
    return counts


def _draw_noise(
    pixels: np.ndarray,
    noise: Noise,
    converter: Converter,
    generator: np.random.Generator | QuickNoise,
    drawn: np.ndarray,
) -> np.ndarray:
    # The model's read noise holds the converter's rounding, which the real rounding below adds by itself.
    read = max(0.0, noise.read - 1 / 12 / converter.span_dn**2)
    deviation = pixels * np.float32(noise.shot)
    deviation += np.float32(read)
    np.sqrt(deviation, out=deviation)
    generator.standard_normal(out=drawn, dtype=np.float32)
    drawn *= deviation
    return drawn


def _positions(bayer: str) -> list[tuple[tuple[int, int], str]]:
    return [(divmod(index, 2), letter) for index, letter in enumerate(bayer)]


def _cells(places: np.ndarray, cells: int) -> tuple[np.ndarray, np.ndarray]:
    """For places 0..1: the cell before each, and float32 how far it is on the way to the next."""
    at = np.clip(places * cells - 0.5, 0, cells - 1)
    before = np.minimum(at.astype(np.intp), cells - 2)
    return before, (at - before).astype(np.float32)

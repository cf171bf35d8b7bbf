"""How near to the truth pictures at twice the size are that were reduced beforehand: by the product, and by other ways.

The protocol of the literature since Timofte et al. 2013: bicubic reduction without aliases, rounded to 8 bits; peak
signal over noise of luma, edges cut off, averaged over pictures.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, fields
from pathlib import Path

import numpy as np

from accelerators.training.layers import Filter
from accelerators.training.upscaling.photographs import Photograph, photographs_of
from accelerators.training.upscaling.writing import halo_px
from accelerators.upscaling.upscaler import Upscaler
from isp.zoom.projection import FACTOR, difference_rms, enlarged_twice, projected, reduced_by_half
from isp.zoom.resample import resampled

WHITE = 255.0


@dataclass(frozen=True)
class Protocol:
    """How one set is measured: `studio` luma is 16 to 235; so many pixels at all edges do not count."""

    folder: str
    name: str
    studio: bool
    border_px: int


KODAK = Protocol("kodak24", "Kodak 24", False, 4)
# As wide as the factor, and luma in steps 16 to 235, as the literature has it.
SETS = (
    Protocol("set5", "Set5", True, 2),
    Protocol("set14", "Set14", True, 2),
    Protocol("cbsd68", "BSD68", True, 2),
)


@dataclass(frozen=True)
class Figures:
    """Of a picture, or means of several: decibels, and how far the result reduced is from what was given, in levels."""

    bicubic_db: float
    lanczos_db: float
    floats_db: float
    int8_db: float
    given_back_rms: float


def measured(
    photographs: Iterable[Photograph], protocol: Protocol, layers: Sequence[Filter], upscaler: Upscaler
) -> dict[str, Figures]:
    """By the pictures' names. `upscaler` runs the int8 file of these `layers`."""
    return {photograph.name: _figures(photograph.luma, protocol, layers, upscaler) for photograph in photographs}


def measured_sets(shared: Path, layers: Sequence[Filter], upscaler: Upscaler) -> dict[str, dict[str, Figures]]:
    """By the names of SETS, which taught nothing."""
    return {
        protocol.name: measured(photographs_of(shared, protocol.folder, protocol.studio), protocol, layers, upscaler)
        for protocol in SETS
    }


def mean(figures: Iterable[Figures]) -> Figures:
    """Of decibels and levels as they are, as the literature averages."""
    rows = [[getattr(one, field.name) for field in fields(Figures)] for one in figures]
    return Figures(*(float(value) for value in np.mean(rows, axis=0)))


def halved(luma: np.ndarray) -> np.ndarray:
    """(H, W) uint8 to half the size each way, uint8."""
    return _in_8_bits(reduced_by_half(luma.astype(np.float32)))


def upscaled_luma(upscaler: Upscaler, small: np.ndarray) -> np.ndarray:
    """(h, w) uint8 to (2h, 2w) uint8: what the camera makes of a grey photo."""
    return upscaler.upscaled(np.repeat(small[:, :, np.newaxis], 3, axis=2))[:, :, 0]


def upscaled_by_floats(layers: Sequence[Filter], small: np.ndarray) -> np.ndarray:
    """The same before anything is rounded to int8."""
    halo = halo_px(layers)
    values = np.pad(small, halo, mode="symmetric")[np.newaxis, :, :, np.newaxis] / WHITE
    for layer in layers:
        values = layer(values)
    height, width = small.shape
    fine = values.reshape(height, width, FACTOR, FACTOR).transpose(0, 2, 1, 3)
    added = fine.reshape(FACTOR * height, FACTOR * width).astype(np.float32) * np.float32(WHITE)
    return _in_8_bits(projected(enlarged_twice(small) + added, small))


def psnr_db(made: np.ndarray, truth: np.ndarray, border_px: int) -> float:
    """Peak signal over noise of two uint8 pictures without their borders."""
    inner = slice(border_px, -border_px)
    errors = made[inner, inner].astype(np.float64) - truth[inner, inner]
    return float(10 * np.log10(WHITE**2 / np.mean(np.square(errors))))


def _figures(truth: np.ndarray, protocol: Protocol, layers: Sequence[Filter], upscaler: Upscaler) -> Figures:
    small = halved(truth)
    drawn = upscaled_luma(upscaler, small)
    ways: tuple[Callable[[], np.ndarray], ...] = (
        lambda: _in_8_bits(enlarged_twice(small)),
        lambda: resampled(small, truth.shape),
        lambda: upscaled_by_floats(layers, small),
        lambda: drawn,
    )
    decibels = [psnr_db(way(), truth, protocol.border_px) for way in ways]
    return Figures(*decibels, difference_rms(drawn, small))


def _in_8_bits(picture: np.ndarray) -> np.ndarray:
    return np.clip(np.rint(picture), 0, WHITE).astype(np.uint8)

"""How sharp is a slanted edge, and how far does it swing beyond its two sides?

Source: ISO 12233:2017, annex D (e-SFR): a straight line through the edge places of the rows, pixels projected along it
into bins of a quarter pixel, difference, Hamming window, Fourier transform, correction for the difference. Differs: the
bins' own width is corrected too, so that an edge known by formula comes out as its formula says.
"""

from __future__ import annotations

from math import erf

import numpy as np

BINS_PER_PX = 4
# Half the width of the piece around the edge that is transformed: wide enough for any blur a photo survives.
HALF_WIDTH_PX = 24


def blurred_edge(
    low: float, high: float, blur_px: float, shape: tuple[int, int] = (260, 120), degrees: float = 5.0
) -> np.ndarray:
    """An edge through the middle as the formula gives it: a Gaussian lens and pixels that average over their area."""
    rows, columns = np.mgrid[: shape[0], : shape[1]]
    slant = np.radians(degrees)
    distance = (columns - shape[1] / 2) * np.cos(slant) - (rows - shape[0] / 2) * np.sin(slant)
    sigma = np.sqrt(blur_px**2 + 1 / 12)
    return low + (high - low) * (0.5 + 0.5 * np.vectorize(erf)(distance / sigma / np.sqrt(2)))


def edge_spread(picture: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(places_px, values): the edge's profile, four points a pixel.

    picture  (H, W) linear light; one nearly vertical edge (2 to 15 degrees), flat on both sides
    Raises ValueError if bins stay empty: too few rows for the slant.
    """
    rows = np.arange(picture.shape[0])
    line = np.polyfit(rows, _edge_of_rows(picture), 1)
    line = np.polyfit(rows, _edge_of_rows(picture, np.polyval(line, rows)), 1)
    columns = np.arange(picture.shape[1])
    # Distance across the edge, not along the row.
    distance = (columns[None, :] - np.polyval(line, rows)[:, None]) * np.cos(np.arctan(line[0]))
    bins = np.round(distance * BINS_PER_PX).astype(int) + HALF_WIDTH_PX * BINS_PER_PX
    count = 2 * HALF_WIDTH_PX * BINS_PER_PX + 1
    inside = (bins >= 0) & (bins < count)
    filled = np.bincount(bins[inside], minlength=count)
    if np.any(filled == 0):
        raise ValueError("some quarter-pixel bins hold no pixel: give a taller piece or more slant")
    values = np.bincount(bins[inside], picture[inside], minlength=count) / filled
    return (np.arange(count) / BINS_PER_PX) - HALF_WIDTH_PX, values


def mtf(picture: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(cycles per pixel, contrast 0..1) of a slanted edge; see `edge_spread`."""
    _, profile = edge_spread(picture)
    line_spread = np.diff(profile)
    line_spread = line_spread * np.hamming(len(line_spread))
    spectrum = np.abs(np.fft.rfft(line_spread))
    frequency = np.fft.rfftfreq(len(line_spread), 1 / BINS_PER_PX)
    # One box for the bin, one for the difference between neighbouring bins: both a quarter pixel wide.
    return frequency, spectrum / spectrum[0] / np.sinc(frequency / BINS_PER_PX) ** 2


def mtf50(picture: np.ndarray) -> float:
    """The frequency in cycles per pixel where contrast first falls to one half."""
    frequency, contrast = mtf(picture)
    below = int(np.argmax(contrast < 0.5))
    before, after = contrast[below - 1], contrast[below]
    return float(np.interp(0.5, [after, before], [frequency[below], frequency[below - 1]]))


def overshoot(picture: np.ndarray) -> tuple[float, float]:
    """(dark, bright): how far the profile swings beyond its flat sides, as shares of the step."""
    _, profile = edge_spread(picture)
    flat = len(profile) // 6
    first, last = profile[:flat].mean(), profile[-flat:].mean()
    low, high = min(first, last), max(first, last)
    return float((low - profile.min()) / (high - low)), float((profile.max() - high) / (high - low))


def _edge_of_rows(picture: np.ndarray, near: np.ndarray | None = None) -> np.ndarray:
    """Where each row's edge lies: the centre of gravity of its differences, in pixels."""
    steps = np.diff(picture, axis=1)
    places = np.arange(steps.shape[1]) + 0.5
    weights = np.ones_like(steps)
    if near is not None:
        away = np.abs(places[None, :] - near[:, None])
        weights = np.where(away < HALF_WIDTH_PX / 2, 0.54 + 0.46 * np.cos(2 * np.pi * away / HALF_WIDTH_PX), 0.0)
    weighted = steps * weights
    return (weighted * places).sum(axis=1) / weighted.sum(axis=1)

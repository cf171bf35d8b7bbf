"""How a photo's grain looks in linear light: how strong, how large, how coloured.

White noise of the sensor went through demosaicking, which spreads it, and through the noise stages, which take some,
mostly of its colour. What that leaves is not derived but measured, on two greys with this photo's noise that go through
the very stages that are planned (see `isp.linear_noise`). What is blurred gets grain of the same measures back, so that
no part of the photo looks like plastic beside the other.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from isp.burst.uneven_noise import noise_times
from isp.chroma_noise import ChromaNoise
from isp.colour import Colour
from isp.frames import NEUTRAL_SHOT, LinearImage, Shot
from isp.linear_noise import GREYS, demosaicked_greys, short
from isp.luma_noise import LumaNoise
from isp.shading import as_seen

if TYPE_CHECKING:
    from isp.plan import Scene

# So many pixels away neighbours still know of one another; what is left beyond is under 3 %.
REACH_PX = 3
# Cells of a map of the grain's strength over the picture; lens shading is smoother than that.
MAP_SHAPE = (24, 32)
# Four digits of a spread or a correlation are more than anybody sees, and any processor's sums give the same.
DIGITS = 4


@dataclass(frozen=True)
class Grain:
    """What `Bokeh` keeps of a photo's grain.

    noise         (3, 2) of red, green, blue: variance = first * light + second
    grain_spread  (4,) of one grain over the pixels of its row, and of its column: its own, the next ones' to both sides
    grain_alike   correlation of two colours' grain
    """

    noise: tuple[tuple[float, float], ...]
    grain_spread: tuple[float, ...]
    grain_alike: float


def grain_of_photo(scene: Scene) -> Grain | None:
    """The grain of the photo after Colour; None where the sensor's noise is unknown, or there is none."""
    greys = demosaicked_greys(scene)
    if greys is None:
        return None
    stages = [stage for kind in (ChromaNoise, LumaNoise, Colour) if (stage := scene.planned(kind)) is not None]
    grains = [_without_mean(_through(stages, grey)) for grey in greys]
    variances = [grain.var(axis=(0, 1)) for grain in grains]
    if not min(variance.min() for variance in variances) > 0:
        return None
    shot = np.maximum((variances[1] - variances[0]) / (GREYS[1] - GREYS[0]), 0.0)
    read = np.maximum(variances[0] - shot * GREYS[0], 0.0)
    scaled = grains[0] / np.sqrt(variances[0])
    pairs = [np.mean(scaled[..., one] * scaled[..., other]) for one, other in ((0, 1), (0, 2), (1, 2))]
    return Grain(
        noise=tuple(short(pair) for pair in zip(shot, read, strict=True)),
        grain_spread=spread_of(scaled),
        grain_alike=round(float(np.clip(np.mean(pairs), 0.0, 1.0)), DIGITS),
    )


def spread_of(grain: np.ndarray) -> tuple[float, ...]:
    """How white noise must be spread, along rows and then along columns, to look like this grain.

    grain  (rows, columns, 3) of variance 1, repeating beyond its borders
    Returns the shares of a pixel and of the next REACH_PX to both sides; their squares add to 1. The shares have the
    square root of the grain's spectrum, and no phase.
    """
    steps = range(1, REACH_PX + 1)
    alike = [np.mean([np.mean(grain * np.roll(grain, step, axis)) for axis in (0, 1)]) for step in steps]
    turns = 2 * np.pi * np.arange(64) / 64
    spectrum = 1 + 2 * sum(share * np.cos(step * turns) for share, step in zip(alike, steps, strict=True))
    amplitude = np.sqrt(np.maximum(spectrum, 0.0))
    shares = np.array([np.mean(amplitude * np.cos(step * turns)) for step in range(REACH_PX + 1)])
    shares /= np.sqrt(shares[0] ** 2 + 2 * np.sum(shares[1:] ** 2))
    return tuple(round(float(share), DIGITS) for share in shares)


def colour_mixture(alike: float) -> tuple[float, float]:
    """What a colour gets of its own grain and of each other colour's, for this correlation and variance 1."""
    together, apart = np.sqrt(1 + 2 * alike), np.sqrt(1 - alike)
    return round(float(together + 2 * apart) / 3, DIGITS), round(float(together - apart) / 3, DIGITS)


def grain_over_picture(
    lens_noise: tuple[tuple[float, ...], ...] | None, shot: Shot, frames_behind: np.ndarray | None
) -> np.ndarray:
    """MAP_SHAPE float32: how many times the grain of the middle each place has, from shading and from merging.

    lens_noise     the same over the whole pixel array, from shading; None where it is even
    frames_behind  as in `RawFrame`
    """
    times = np.ones(MAP_SHAPE)
    if lens_noise is not None:
        seen, (left, top, width, height) = as_seen(np.asarray(lens_noise), shot)
        times = times * _sampled(seen, (top, left), (height, width))
    variances = noise_times(frames_behind)
    if variances is not None:
        times = times * np.sqrt(_sampled(variances, (0.0, 0.0), (1.0, 1.0)))
    return times.astype(np.float32)


def _sampled(table: np.ndarray, corner: tuple[float, float], size: tuple[float, float]) -> np.ndarray:
    """A window of a table of equal cells, (y, x) shares of it, at the middles of MAP_SHAPE cells; linear between."""
    for axis in (0, 1):
        cells, length = MAP_SHAPE[axis], table.shape[axis]
        at = (corner[axis] + size[axis] * (np.arange(cells) + 0.5) / cells) * length - 0.5
        at = np.clip(at, 0, length - 1)
        first = np.minimum(at.astype(int), length - 1)
        part = np.expand_dims(at - first, 1 - axis)
        second = np.minimum(first + 1, length - 1)
        table = (1 - part) * np.take(table, first, axis) + part * np.take(table, second, axis)
    return table


def _through(stages: list, grey: np.ndarray) -> np.ndarray:
    from isp.develop import run_stages

    picture = LinearImage(grey.astype(np.float32), NEUTRAL_SHOT)
    return (run_stages(picture, stages) if stages else picture).pixels.astype(float)


def _without_mean(picture: np.ndarray) -> np.ndarray:
    return picture - picture.mean(axis=(0, 1))

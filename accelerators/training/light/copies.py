"""A labelled scene once more, as it might have been: cut, relit, noisy, through another module, before another sensor.

As "Augmentation that matters": a light moves all greys along the sensor's curve, and the label with it. Daylight is
relit little, for the light on a scene says much about daylight and a copy must not teach the contrary. The copies are
for the network of clues alone: for histograms that are centred on each candidate a light that moves is no news, and
measured so (errors grow by 0.5 mired).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from accelerators.white_balance.candidates import COARSE_MIRED, MIRED, UNIT_MIRED, Candidates
from accelerators.white_balance.zones import JudgedZones, log_colours

# Standard deviation in mired by which a copy's light is another, below the first lux and from the second on.
RELIT_LUX, RELIT_MIRED = (500.0, 2500.0), (20.0, 6.0)
# How far modules of one sensor lie apart, and greys of one temperature across the curve; both in natural log.
MODULE_SPREAD, TINT_SPREAD = 0.015, 0.025
# Of a zone's mean, as a share of it.
ZONE_NOISE = 0.02
# Lux of one scene differs so much between tunings and lenses, in natural log.
LUX_SPREAD = 0.35
# A copy is cut to at least these shares of the rows and columns.
LEAST_CUT = 2 / 3
MOST = 1e3
# Towards green and away from it: both other colours alike.
TINT = np.array([0.7071, 0.7071])


@dataclass(frozen=True)
class Scene:
    """What the clues are taken from; `mired` is the true place on the curve."""

    zones: JudgedZones
    candidates: Candidates
    lux: float
    mired: float


def copied(scene: Scene, other: Candidates | None, generator: np.random.Generator) -> Scene:
    """The scene once more; before another sensor if one is given."""
    to = other or scene.candidates
    away = generator.normal() * np.interp(np.log(scene.lux + 1.0), np.log(RELIT_LUX), RELIT_MIRED)
    ends = max(scene.candidates.ends[0], to.ends[0]), min(scene.candidates.ends[1], to.ends[1])
    mired = float(np.clip(scene.mired + away, *ends))
    colours = scene.zones.colours.astype(np.float64)
    beside = log_colours(colours, MOST) - _grey(scene.candidates, scene.mired)
    if other is not None:
        beside = beside @ np.linalg.inv(_axes(scene.candidates, scene.mired)).T @ _axes(to, mired).T
    logs = beside + _grey(to, mired) + generator.normal(0, MODULE_SPREAD, 2) + generator.normal(0, TINT_SPREAD) * TINT
    green = colours[..., 1]
    colours = np.stack([np.exp(logs[..., 0]) * green, green, np.exp(logs[..., 1]) * green], axis=-1)
    part = _cut(scene.zones.share.shape, generator)
    noisy = colours[part] * np.exp(generator.normal(0, ZONE_NOISE, colours[part].shape))
    zones = JudgedZones(noisy.astype(np.float32), scene.zones.share[part])
    return Scene(zones, to, scene.lux * float(np.exp(generator.normal(0, LUX_SPREAD))), mired)


def _cut(shape: tuple[int, int], generator: np.random.Generator) -> tuple[slice, slice]:
    sizes = [int(generator.integers(int(size * LEAST_CUT), size + 1)) for size in shape]
    begins = [int(generator.integers(0, size - cut + 1)) for size, cut in zip(shape, sizes, strict=True)]
    return tuple(slice(begin, begin + cut) for begin, cut in zip(begins, sizes, strict=True))


def _grey(candidates: Candidates, mired: float) -> np.ndarray:
    """(2,) ln (red/green, blue/green) of grey in this light."""
    return np.array([np.interp(mired, MIRED, axis) for axis in candidates.greys.T])


def _axes(candidates: Candidates, mired: float) -> np.ndarray:
    """(2, 2) columns: one mired along the curve, and towards green."""
    along = [np.interp(mired, COARSE_MIRED, axis) / UNIT_MIRED for axis in candidates.along.T]
    return np.stack([along, TINT], axis=1)

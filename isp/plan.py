"""Before the pixels are touched: find out about the light on a small picture and fill in every stage's facts."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

import numpy as np

from isp.errors import KnobError
from isp.frames import RawFrame, Shot
from isp.pipeline import Pipeline
from isp.stage import Stage
from isp.statistics import Zones, measure
from isp.tuning import Tuning
from isp.white_balance import WhiteBalance

# Zones darker than this share of saturation have more noise than colour.
DARKEST_ZONE = 0.004
# A zone votes for the light when its log colour lies this near the curve; no real light strays further from it.
NEAR_THE_CURVE = 0.2
# How far the answer may leave the curve, in log colour: about libcamera's `transverse` range at mid curve.
TINT_ALLOWED = 0.04
# Lens shading depends on the light's temperature and the measured temperature on shading: two rounds settle it.
ROUNDS = 3


@dataclass(frozen=True)
class Scene:
    """What stages plan from.

    grey           (red/green, blue/green) of a grey thing in this light
    temperature_k  the light's temperature; None where the sensor has no curve
    stages         the stages planned so far
    """

    shot: Shot
    tuning: Tuning | None
    grey: tuple[float, float]
    temperature_k: float | None
    stages: tuple[Stage, ...] = ()

    def planned(self, kind: type[Stage]) -> Stage | None:
        """The planned stage of this kind, or None."""
        return next((stage for stage in self.stages if isinstance(stage, kind)), None)


def plan(pipeline: Pipeline, frame: RawFrame, tuning: Tuning | None) -> Pipeline:
    """The pipeline with all facts of this frame. Facts it already holds are kept: a stored recipe stays as it is."""
    scene = find_light(frame, tuning, pipeline.stage(WhiteBalance) or WhiteBalance())
    stages: list[Stage] = []
    for stage in pipeline.stages:
        stages.append(stage.plan(dataclasses.replace(scene, stages=tuple(stages))))
    return Pipeline(tuple(stages))


def find_light(frame: RawFrame, tuning: Tuning | None, knobs: WhiteBalance) -> Scene:
    """The colour of the light, by the white-balance knobs: fixed, from the camera, or measured."""
    shot = frame.shot
    curve = None if tuning is None or len(tuning.grey_curve) == 0 else _dense_curve(tuning)
    if knobs.gains is not None:
        return Scene(shot, tuning, (knobs.gains[1] / knobs.gains[0], knobs.gains[1] / knobs.gains[2]), knobs.light_k)
    if knobs.temperature_k is not None:
        if curve is None:
            raise KnobError(
                f"[white_balance] temperature_k needs a calibrated sensor, and this is {shot.sensor!r}. Leave it unset."
            )
        return Scene(shot, tuning, tuning.grey_at(knobs.temperature_k), knobs.temperature_k)
    if knobs.source == "camera" and shot.colour_gains is not None:
        grey = (1.0 / shot.colour_gains[0], 1.0 / shot.colour_gains[1])
        temperature = shot.temperature_k or (None if curve is None else _nearest(curve, np.log(grey))[0])
        return Scene(shot, tuning, grey, temperature)
    zones = measure(frame)
    if curve is None:
        return Scene(shot, tuning, _grey_world(_usable(zones)), None)
    return Scene(shot, tuning, *_grey_on_curve(zones, tuning, curve, shot))


def _usable(zones: Zones) -> np.ndarray:
    """(n, 3) means of the zones that are neither dark nor mostly blown."""
    means = zones.means[(zones.used > 0.5) & np.all(np.nan_to_num(zones.means) > DARKEST_ZONE, axis=-1)]
    return means if len(means) else np.ones((1, 3))


def _grey_world(means: np.ndarray) -> tuple[float, float]:
    red, green, blue = means.mean(axis=0)
    return float(red / green), float(blue / green)


def _grey_on_curve(zones: Zones, tuning: Tuning, curve: np.ndarray, shot: Shot) -> tuple[tuple[float, float], float]:
    """Mean log colour of the zones near the curve, pulled to within a little of it; and the temperature there."""
    temperature = 5000.0
    for _ in range(ROUNDS):
        means = _usable(_without_shading(zones, tuning, temperature, shot))
        colours = np.log(np.stack([means[:, 0] / means[:, 1], means[:, 2] / means[:, 1]], axis=1))
        distances = np.linalg.norm(colours[:, None] - curve[None, :, 1:], axis=-1).min(axis=1)
        near = colours[distances < NEAR_THE_CURVE]
        vote = (near if len(near) > 0.05 * len(colours) else colours).mean(axis=0)
        temperature, nearest = _nearest(curve, vote)
    stray = vote - nearest
    stray *= min(1.0, TINT_ALLOWED / max(float(np.linalg.norm(stray)), 1e-9))
    red, blue = np.exp(nearest + stray)
    return (float(red), float(blue)), temperature


def _without_shading(zones: Zones, tuning: Tuning, temperature_k: float, shot: Shot) -> Zones:
    """The zones with lens shading undone, as far as zone centres tell."""
    table = tuning.shading_at(temperature_k)
    if table is None:
        return zones
    left, top, width, height = shot.field_of_view
    rows, columns = zones.means.shape[:2]
    down = top + (np.arange(rows) + 0.5) / rows * height
    across = left + (np.arange(columns) + 0.5) / columns * width
    down = 1.0 - down if shot.vflip else down
    across = 1.0 - across if shot.hflip else across
    row = np.clip((down * table.shape[1]).astype(int), 0, table.shape[1] - 1)
    column = np.clip((across * table.shape[2]).astype(int), 0, table.shape[2] - 1)
    return Zones(zones.means * np.moveaxis(table, 0, -1)[np.ix_(row, column)], zones.used)


def _dense_curve(tuning: Tuning) -> np.ndarray:
    """(n, 3) temperature, log red/green, log blue/green; even steps of reciprocal temperature."""
    temperatures = tuning.grey_curve[:, 0]
    dense = 1e6 / np.linspace(1e6 / temperatures[0], 1e6 / temperatures[-1], 400)
    greys = np.array([tuning.grey_at(temperature) for temperature in dense])
    return np.column_stack([dense, np.log(greys)])


def _nearest(curve: np.ndarray, log_colour: np.ndarray) -> tuple[float, np.ndarray]:
    """Temperature and log colour of the curve's nearest point."""
    index = int(np.argmin(np.linalg.norm(curve[:, 1:] - log_colour, axis=1)))
    return float(curve[index, 0]), curve[index, 1:]

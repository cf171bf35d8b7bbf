"""Before the pixels are touched: fill in every stage's facts from the light and the sensor's tuning."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from isp.errors import FrameError, KnobError
from isp.frames import RawFrame, Shot
from isp.highlights import Highlights
from isp.light import grey_edge, grey_on_curve, temperature_of
from isp.pipeline import Pipeline
from isp.stage import Stage
from isp.statistics import measure, sample, shrink
from isp.tuning import Tuning
from isp.white_balance import WhiteBalance


@dataclass(frozen=True)
class Scene:
    """What stages plan from.

    grey           (red/green, blue/green) of a grey thing in this light
    temperature_k  the light's temperature; None where the sensor has no curve
    small          gives the scene in small as `isp.statistics.shrink` makes it; made when a stage first asks for it
    places         gives small places of it as `isp.statistics.sample` picks them, likewise
    stages         the stages planned so far
    ahead          the stages after this one, with their knobs
    frame          the whole raw picture; None where only its facts are at hand
    """

    shot: Shot
    tuning: Tuning | None
    grey: tuple[float, float]
    temperature_k: float | None
    small: Callable[[], np.ndarray]
    places: Callable[[], np.ndarray]
    stages: tuple[Stage, ...] = ()
    ahead: tuple[Stage, ...] = ()
    frame: RawFrame | None = None

    def planned(self, kind: type[Stage]) -> Stage | None:
        """The stage of this kind as it is planned for this photo, before or behind the one that asks; or None."""
        found = next((stage for stage in (*self.stages, *self.ahead) if isinstance(stage, kind)), None)
        return found.plan(self) if found in self.ahead else found

    def common_white(self) -> float | None:
        """The level at which all colours are cut, where highlights are not rebuilt; else None."""
        highlights = self.planned(Highlights)
        return highlights.white() if highlights is not None and not highlights.enabled else None


def plan(pipeline: Pipeline, frame: RawFrame, tuning: Tuning | None) -> Pipeline:
    """The pipeline with all facts of this frame. Facts it already holds are kept: a stored recipe stays as it is."""
    light = find_light(frame, tuning, pipeline.stage(WhiteBalance) or WhiteBalance())
    small, places = (functools.cache(functools.partial(make, frame)) for make in (shrink, sample))
    scene = Scene(frame.shot, tuning, *light, small, places, frame=frame)
    stages: list[Stage] = []
    for index, stage in enumerate(pipeline.stages, start=1):
        stages.append(stage.plan(dataclasses.replace(scene, stages=tuple(stages), ahead=pipeline.stages[index:])))
    return Pipeline(tuple(stages))


def scene_without_picture(shot: Shot) -> Scene:
    """What a stage that is called alone can plan from: the facts of the shot, in grey light, without a tuning."""

    def missing() -> np.ndarray:
        raise FrameError("There is no picture of the scene to plan from.")

    return Scene(shot, tuning=None, grey=(1.0, 1.0), temperature_k=None, small=missing, places=missing)


def find_light(frame: RawFrame, tuning: Tuning | None, knobs: WhiteBalance) -> tuple[tuple[float, float], float | None]:
    """Grey and temperature of the light: the recipe's, fixed by hand, the camera's own, or measured in the scene."""
    shot = frame.shot
    calibrated = tuning is not None and len(tuning.grey_curve) > 0
    if knobs.gains is not None:
        red, green, blue = knobs.gains
        return (green / red, green / blue), knobs.light_k
    if knobs.temperature_k is not None:
        if not calibrated:
            raise KnobError(
                f"[white_balance] temperature_k needs a calibrated sensor, and this is {shot.sensor!r}. Leave it unset."
            )
        return tuning.grey_at(knobs.temperature_k), knobs.temperature_k
    # Without a curve the scene alone is a weak witness: gains that the camera itself measured are better.
    if shot.colour_gains is not None and (knobs.source == "camera" or not calibrated):
        grey = (1.0 / shot.colour_gains[0], 1.0 / shot.colour_gains[1])
        temperature = shot.temperature_k or (temperature_of(grey, tuning) if calibrated else None)
        return grey, temperature
    if not calibrated:
        return grey_edge(frame), None
    return grey_on_curve(measure(frame), tuning, shot)

"""Before the pixels are touched: fill in every stage's facts from the light and the sensor's tuning."""

from __future__ import annotations

import dataclasses
import functools
import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from isp.errors import FrameError, KnobError
from isp.frames import LinearFrame, RawFrame, Shot
from isp.grey_curve import UNFILTERED_K, WITHOUT_FILTER, grey_of, grey_told, place_of, with_curve
from isp.grey_edge import grey_edge
from isp.grey_of_zones import doubt
from isp.highlights import Highlights
from isp.light import classical
from isp.light_estimate import Judge, LightEstimate
from isp.light_statistics import gather
from isp.pipeline import Pipeline
from isp.stage import Stage
from isp.statistics import sample, shrink
from isp.tuning import Tuning
from isp.white_balance import PRESETS, WhiteBalance
from isp.zoom.as_mosaic import as_mosaic


@dataclass(frozen=True)
class Scene:
    """What stages plan from.

    light   the colour of its light, and how well that is known
    small   gives the scene in small as `isp.statistics.shrink` makes it; made when a stage first asks for it
    places  gives small places of it as `isp.statistics.sample` picks them, likewise
    stages  the stages planned so far
    ahead   the stages after this one, with their knobs
    frame   the whole raw picture; None where only its facts are at hand
    """

    shot: Shot
    tuning: Tuning | None
    light: LightEstimate
    small: Callable[[], np.ndarray]
    places: Callable[[], np.ndarray]
    stages: tuple[Stage, ...] = ()
    ahead: tuple[Stage, ...] = ()
    frame: RawFrame | None = None

    @property
    def grey(self) -> tuple[float, float]:
        """(red/green, blue/green) of a grey thing in this light."""
        return self.light.grey

    @property
    def temperature_k(self) -> float | None:
        """The light's temperature; None where the sensor has no curve."""
        return self.light.temperature_k

    @property
    def tables_k(self) -> float | None:
        """The temperature for which the tuning's tables are taken: the light's; without infrared filter a fixed one."""
        unfiltered = self.temperature_k is None and self.shot.sensor.endswith(WITHOUT_FILTER)
        return UNFILTERED_K if unfiltered else self.temperature_k

    def planned(self, kind: type[Stage]) -> Stage | None:
        """The stage of this kind as it is planned for this photo, before or behind the one that asks; or None."""
        found = next((stage for stage in (*self.stages, *self.ahead) if isinstance(stage, kind)), None)
        return found.plan(self) if found in self.ahead else found

    def common_white(self) -> float | None:
        """The level at which all colours are cut, where highlights are not rebuilt; else None."""
        highlights = self.planned(Highlights)
        return highlights.white() if highlights is not None and not highlights.enabled else None


def plan(
    pipeline: Pipeline, frame: RawFrame | LinearFrame, tuning: Tuning | None, judge: Judge | None = None
) -> Pipeline:
    """The pipeline with all facts of this frame. Facts it already holds are kept: a stored recipe stays as it is.

    judge  says what colour the light is, where [white_balance] leaves that to what was learned; None: judged by rule
    """
    mosaic = as_mosaic(frame) if isinstance(frame, LinearFrame) else frame
    light = find_light(mosaic, tuning, pipeline.stage(WhiteBalance) or WhiteBalance(), judge)
    small, places = (functools.cache(functools.partial(make, mosaic)) for make in (shrink, sample))
    scene = Scene(frame.shot, tuning, light, small, places, frame=mosaic)
    stages: list[Stage] = []
    for index, stage in enumerate(pipeline.stages, start=1):
        stages.append(stage.plan(dataclasses.replace(scene, stages=tuple(stages), ahead=pipeline.stages[index:])))
    return Pipeline(tuple(stages))


def scene_without_picture(shot: Shot) -> Scene:
    """What a stage that is called alone can plan from: the facts of the shot, in grey light, without a tuning."""

    def missing() -> np.ndarray:
        raise FrameError("There is no picture of the scene to plan from.")

    return Scene(shot, None, LightEstimate((1.0, 1.0), None, source="hand"), small=missing, places=missing)


def find_light(
    frame: RawFrame, tuning: Tuning | None, knobs: WhiteBalance, judge: Judge | None = None
) -> LightEstimate:
    """The recipe's light; else the one that was told; else the one that is judged, greener by the knob's tint."""
    if knobs.gains is not None:
        return knobs.light()
    known = with_curve(tuning)
    told = _told(frame.shot, known, knobs)
    light = told or _judged(frame, tuning, knobs.source, judge)
    return _greener(light, knobs.tint / 100.0, known)


def _told(shot: Shot, tuning: Tuning | None, knobs: WhiteBalance) -> LightEstimate | None:
    """The light that somebody fixed, by the most exact of the knobs; None where all are unset."""
    if knobs.custom_red is not None:
        grey = (knobs.custom_red, knobs.custom_blue)
        return _placed(grey, tuning, source="custom", why="Measured from a grey card.")
    if knobs.temperature_k is None and knobs.preset == "auto":
        return None
    key = "preset" if knobs.temperature_k is None else "temperature_k"
    if tuning is None:
        raise KnobError(
            f"[white_balance] {key} needs a calibrated sensor, and this is {shot.sensor!r}. Leave it unset, or measure "
            "a grey card."
        )
    temperature_k, tint = PRESETS[knobs.preset] if key == "preset" else (knobs.temperature_k, 0.0)
    why = f"The preset {knobs.preset}." if key == "preset" else "Fixed by hand."
    grey = grey_told(temperature_k, tint / 100.0, tuning)
    return LightEstimate(grey, temperature_k, tint / 100.0, source="hand", why=why)


def _judged(frame: RawFrame, tuning: Tuning | None, source: str, judge: Judge | None) -> LightEstimate:
    """The light as it looks in the scene, or as the camera saw it."""
    shot, known = frame.shot, with_curve(tuning)
    # Without a curve the scene alone is a weak witness: gains that the camera itself measured are better. Without an
    # infrared filter the camera goes by the scene too.
    unmeasured = known is None and not shot.sensor.endswith(WITHOUT_FILTER)
    if shot.colour_gains is not None and (source == "camera" or unmeasured):
        grey = (1.0 / shot.colour_gains[0], 1.0 / shot.colour_gains[1])
        found = _placed(grey, known, source="camera", why="The camera's own gains.")
        return dataclasses.replace(found, temperature_k=shot.temperature_k or found.temperature_k)
    if unmeasured:
        return _unmeasured(frame)
    chosen = classical if judge is None or known is None or source != "learned" else judge
    light = chosen(gather(frame, tuning))
    # Asked for, and not there: on with the scene, but not without a word.
    return dataclasses.replace(light, why=f"The camera gave no gains. {light.why}") if source == "camera" else light


def _unmeasured(frame: RawFrame) -> LightEstimate:
    """The light on a sensor of which nothing is known: what zones say, and fine edges where one colour fills them."""
    statistics = gather(frame, None)
    light = classical(statistics)
    share = doubt(statistics.raw_colours()) if light.source == "classical" else 0.0
    edges = grey_edge(frame) if share > 0 else None
    if edges is None:
        return light
    red, blue = np.exp((1 - share) * np.log(light.grey) + share * np.log(edges))
    why = "Nothing is known of this sensor, and one colour fills the picture: the colour of edges is taken for grey."
    return dataclasses.replace(light, grey=(float(red), float(blue)), why=why)


def _placed(grey: tuple[float, float], tuning: Tuning | None, source: str, why: str) -> LightEstimate:
    """A light of which only the grey is known."""
    temperature_k, tint = (None, 0.0) if tuning is None else place_of(grey, tuning)
    return LightEstimate(grey, temperature_k, tint, source=source, why=why)


def _greener(light: LightEstimate, tint: float, tuning: Tuning | None) -> LightEstimate:
    """The light with more tint. Without a curve red and blue fall alike: most curves cross green there."""
    if tint == 0:
        return light
    if tuning is None or light.temperature_k is None:
        less = math.exp(-tint / math.sqrt(2.0))
        return dataclasses.replace(light, grey=(light.grey[0] * less, light.grey[1] * less), tint=light.tint + tint)
    moved = [
        there / here
        for there, here in zip(
            grey_of(light.temperature_k, tint, tuning), tuning.grey_at(light.temperature_k), strict=True
        )
    ]
    grey = (light.grey[0] * moved[0], light.grey[1] * moved[1])
    return dataclasses.replace(light, grey=grey, tint=light.tint + tint)

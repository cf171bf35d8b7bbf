"""The preview's recipe: the photo's own, but with a light that changes slowly, so that colour does not jump.

A photo is planned from its frame alone. That takes as long as developing a small frame, and two plans of one scene
differ a little: the picture would pump. So a preview is planned twice a second, or when the exposure changes, and the
recipe's light goes to the measured one in small steps. Between two plans of one exposure the brightest light that the
tone curve must show stays what it was, unless it changed by more than the eye sees. What a person chose or locked is
there with the next picture.

The preview leaves the lens's colour fringes alone: to measure them takes longer than to develop the frame.
"""

from __future__ import annotations

import dataclasses
import functools
import math
from collections.abc import Callable

import numpy as np

from firmware.preview.following import FollowedLight
from isp.colour_fringes import ColourFringes
from isp.demosaic import Demosaic
from isp.frames import RawFrame
from isp.grey_curve import grey_of, place_of, with_curve
from isp.light_estimate import JUDGED, Judge, LightEstimate
from isp.pipeline import Pipeline
from isp.plan import Scene, find_light, plan
from isp.statistics import sample, shrink
from isp.tone import Tone
from isp.tuning import Tuning
from isp.white_balance import WhiteBalance

# Light changes when a lamp is switched or the camera turned; who looks notices after about half a second.
MEASURE_EVERY_NS = 500_000_000
# After this long 63 % of the way is gone: libcamera's own pace, a twentieth of the way per frame at 30 per second.
SETTLING_NS = 667_000_000
# Of red or blue against green: a change of 1 % cannot be seen, and a still scene keeps its colour.
JUST_VISIBLE = 0.01
# Between two pictures: a step of five is seen. In log colour where nobody knows the temperature, about as much.
LARGEST_STEP_MIRED, LARGEST_STEP = 4.0, 0.02
# Farther away than so many steps it is another light, and all the way there a slow preview is as fast as one of 30
# pictures a second: from lamplight to daylight in two seconds or three.
FAR_STEPS, STEP_NS = 9.0, 33_000_000
# Pictures that are farther apart are looked at one by one, and each is shown in its own light.
APART_NS = 1_500_000_000
# So much higher or lower the brightest light of a scene moves its upper tones by two codes at most.
JUST_BRIGHTER_EV = 0.1


class SteadyLight:
    """Plans frame after frame of one camera. One thread uses it."""

    def __init__(self) -> None:
        self._followed = FollowedLight()
        self._hurries = False
        self._measured_ns = 0
        self._planned_ns = 0
        self._goal: LightEstimate | None = None
        self._light: LightEstimate | None = None
        self._recipe: Pipeline | None = None
        self._asked: tuple | None = None
        self._wanted: tuple | None = None

    def recipe(
        self,
        frame: RawFrame,
        pipeline: Pipeline,
        tuning: Tuning | None,
        judge: Judge | None = None,
        whole: Callable[[], RawFrame] | None = None,
    ) -> Pipeline:
        """`pipeline` with all facts of this frame, its light on the way to the one measured last.

        judge  of the light; None takes the classical one
        whole  gives the frame of which this one is a part, when the light is looked for; None where it is all
        Raises FrameError or KnobError as planning a photo does.
        """
        now_ns = frame.shot.timestamp_ns
        knobs = pipeline.stage(WhiteBalance) or WhiteBalance()
        if not self._goes_on(now_ns, (knobs, judge, id(tuning))):
            self._followed, self._goal, self._light, self._hurries = FollowedLight(), None, None, False
        asked = _asked(frame, pipeline, tuning)
        due = self._goal is None or not 0 <= now_ns - self._measured_ns < MEASURE_EVERY_NS
        if due:
            self._measure(frame if whole is None else whole(), tuning, knobs, judge)
        light, self._planned_ns = self._moved(now_ns, tuning), now_ns
        if due or light != self._light or self._recipe is None or asked != self._asked:
            # Another exposure is another picture: nothing of the last one holds.
            kept = self._recipe if self._asked == asked else None
            self._recipe = _planned(light, frame, pipeline, tuning, kept)
        self._light, self._asked = light, asked
        return self._recipe

    def _goes_on(self, now_ns: int, wanted: tuple) -> bool:
        """False where nothing of the last light holds: somebody chose another one, or nobody looked for long."""
        before, self._wanted = self._wanted, wanted
        return before == wanted and 0 <= now_ns - self._planned_ns <= APART_NS

    def _measure(self, frame: RawFrame, tuning: Tuning | None, knobs: WhiteBalance, judge: Judge | None) -> None:
        measured = find_light(frame, tuning, knobs, judge)
        self._measured_ns = frame.shot.timestamp_ns
        if measured.source == "daylight" and self._goal is not None:
            return  # Nothing could be seen: that is no news of the light.
        self._goal = measured
        if measured.source in JUDGED:
            self._goal = _coloured(measured, self._followed.take(measured, tuning, self._measured_ns), tuning)

    def _moved(self, now_ns: int, tuning: Tuning | None) -> LightEstimate:
        before, goal = self._light, self._goal
        if before is None or goal.source not in JUDGED:
            return goal
        if np.abs(np.log(goal.grey) - np.log(before.grey)).max() <= JUST_VISIBLE:
            self._hurries = False
            return before
        passed_ns, apart = max(now_ns - self._planned_ns, 0), _steps_between(before, goal)
        self._hurries = self._hurries or apart > FAR_STEPS
        steps = max(passed_ns / STEP_NS, 1.0) if self._hurries else 1.0
        share = 1.0 - math.exp(-passed_ns / SETTLING_NS)
        return _between(before, goal, min(share, steps / apart), tuning)


def _coloured(light: LightEstimate, colour: np.ndarray, tuning: Tuning | None) -> LightEstimate:
    """The light with this log colour, and the temperature and tint that belong to it."""
    if np.array_equal(colour, np.log(light.grey)):
        return light
    red, blue = np.exp(colour)
    grey, curve = (float(red), float(blue)), with_curve(tuning)
    if light.temperature_k is None or curve is None:
        return dataclasses.replace(light, grey=grey)
    temperature_k, tint = place_of(grey, curve)
    return dataclasses.replace(light, grey=grey, temperature_k=temperature_k, tint=tint)


def _steps_between(before: LightEstimate, after: LightEstimate) -> float:
    """How many of the largest steps two lights lie apart."""
    if before.temperature_k is None or after.temperature_k is None:
        return float(np.abs(np.log(after.grey) - np.log(before.grey)).max()) / LARGEST_STEP
    return max(abs(1e6 / after.temperature_k - 1e6 / before.temperature_k) / LARGEST_STEP_MIRED, 1e-9)


def _between(before: LightEstimate, after: LightEstimate, share: float, tuning: Tuning | None) -> LightEstimate:
    """This share of the way from one light to another: along the curve, where lights are, not across what none is."""
    colours, curve = np.log([before.grey, after.grey]), with_curve(tuning)
    shares = np.array([1.0 - share, share])
    if curve is None or before.temperature_k is None or after.temperature_k is None:
        red, blue = np.exp(shares @ colours)
        return dataclasses.replace(after, grey=(float(red), float(blue)))
    mired = [1e6 / before.temperature_k, 1e6 / after.temperature_k]
    ends = np.log([grey_of(light.temperature_k, light.tint, curve) for light in (before, after)])
    temperature_k, tint = 1e6 / float(shares @ mired), float(shares @ [before.tint, after.tint])
    # What a light differs from its own place by, beyond the curve's ends, it goes on to differ by.
    red, blue = np.array(grey_of(temperature_k, tint, curve)) * np.exp(shares @ (colours - ends))
    return dataclasses.replace(after, grey=(float(red), float(blue)), temperature_k=temperature_k, tint=tint)


def _asked(frame: RawFrame, pipeline: Pipeline, tuning: Tuning | None) -> tuple:
    """What a recipe holds for, beside its light. A tuning is told from another by being another."""
    shot = frame.shot
    exposure = (shot.exposure_us, shot.analogue_gain, shot.noise, shot.black_dn, shot.field_of_view)
    return (pipeline, id(tuning), frame.pixels.shape, *exposure)


def _planned(
    light: LightEstimate, frame: RawFrame, pipeline: Pipeline, tuning: Tuning | None, kept: Pipeline | None
) -> Pipeline:
    """The pipeline in this light; its brightest light is the kept recipe's where the two look alike."""
    # A stage that is planned stays as it is: the white balance first, and the others' planning goes by it.
    scene = Scene(frame.shot, tuning, light, *(functools.partial(make, frame) for make in (shrink, sample)))
    quick = for_preview(pipeline)
    balance = quick.stage(WhiteBalance)
    recipe = plan(quick if balance is None else quick.with_stage(balance.plan(scene)), frame, tuning)
    tone, before = recipe.stage(Tone), None if kept is None else kept.stage(Tone)
    if tone is None or before is None or not tone.brightest or not before.brightest:
        return recipe
    if abs(math.log2(tone.brightest / before.brightest)) > JUST_BRIGHTER_EV:
        return recipe
    calm = dataclasses.replace(tone, brightest=before.brightest)
    return recipe.with_stage(calm)


@functools.lru_cache(maxsize=4)
def for_preview(pipeline: Pipeline) -> Pipeline:
    """The pipeline with what a preview does: the fast demosaic, and no measuring of colour fringes."""
    quick = {Demosaic: {"quality": "fast"}, ColourFringes: {"enabled": False}}
    return Pipeline(tuple(dataclasses.replace(stage, **quick.get(type(stage), {})) for stage in pipeline.stages))

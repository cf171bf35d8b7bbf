"""The preview's recipe: the photo's own, but with a light that changes slowly, so that colour does not jump.

A photo is planned from its frame alone. That takes as long as developing a small frame, and two plans of one scene
differ a little: the picture would pump. So a preview is planned twice a second, or when the exposure changes, and the
recipe's light goes to the measured one in small steps. Between two plans of one exposure the brightest light that the
tone curve must show stays what it was, unless it changed by more than the eye sees.

The preview leaves the lens's colour fringes alone: to measure them takes longer than to develop the frame.
"""

from __future__ import annotations

import dataclasses
import functools
import math
from dataclasses import dataclass

from isp.colour_fringes import ColourFringes
from isp.demosaic import Demosaic
from isp.frames import RawFrame
from isp.light_estimate import LightEstimate
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
# So much higher or lower the brightest light of a scene moves its upper tones by two codes at most.
JUST_BRIGHTER_EV = 0.1


@dataclass(frozen=True)
class Light:
    """Natural logarithms of red/green and blue/green of a grey thing, and 1e6 / temperature where that is known."""

    red: float
    blue: float
    mired: float | None

    @classmethod
    def measured(cls, frame: RawFrame, tuning: Tuning | None, knobs: WhiteBalance) -> Light:
        """As a photo of this frame would have it."""
        found = find_light(frame, tuning, knobs)
        red, blue = map(math.log, found.grey)
        return cls(red, blue, None if found.temperature_k is None else 1e6 / found.temperature_k)

    def scene(self, frame: RawFrame, tuning: Tuning | None) -> Scene:
        """The frame in this light, for a stage to plan from."""
        grey = (math.exp(self.red), math.exp(self.blue))
        temperature_k = None if self.mired is None else 1e6 / self.mired
        light = LightEstimate(grey, temperature_k, source="classical")
        return Scene(frame.shot, tuning, light, *(functools.partial(make, frame) for make in (shrink, sample)))

    def towards(self, goal: Light, share: float) -> Light:
        """This share of the way; a temperature that is known on one side only jumps."""
        known = None not in (self.mired, goal.mired)
        return Light(
            self.red + share * (goal.red - self.red),
            self.blue + share * (goal.blue - self.blue),
            self.mired + share * (goal.mired - self.mired) if known else goal.mired,
        )

    def looks_like(self, other: Light) -> bool:
        """True when nobody could tell the two apart."""
        return max(abs(self.red - other.red), abs(self.blue - other.blue)) <= JUST_VISIBLE


class SteadyLight:
    """Plans frame after frame of one camera. One thread uses it."""

    def __init__(self) -> None:
        self._measured_ns = 0
        self._planned_ns = 0
        self._goal: Light | None = None
        self._light: Light | None = None
        self._recipe: Pipeline | None = None
        self._asked: tuple | None = None

    def recipe(self, frame: RawFrame, pipeline: Pipeline, tuning: Tuning | None) -> Pipeline:
        """`pipeline` with all facts of this frame, its light on the way to the one measured last.

        Raises FrameError or KnobError as planning a photo does.
        """
        now_ns = frame.shot.timestamp_ns
        asked = _asked(frame, pipeline, tuning)
        due = self._goal is None or not 0 <= now_ns - self._measured_ns < MEASURE_EVERY_NS
        if due:
            self._goal = Light.measured(frame, tuning, pipeline.stage(WhiteBalance) or WhiteBalance())
            self._measured_ns = now_ns
        light, self._planned_ns = self._moved(now_ns), now_ns
        if due or light != self._light or self._recipe is None or asked != self._asked:
            # Another exposure is another picture: nothing of the last one holds.
            kept = self._recipe if self._asked == asked else None
            self._recipe = _planned(light, frame, pipeline, tuning, kept)
        self._light, self._asked = light, asked
        return self._recipe

    def _moved(self, now_ns: int) -> Light:
        if self._light is None:
            return self._goal
        if self._light.looks_like(self._goal):
            return self._light
        share = 1.0 - math.exp(-max(now_ns - self._planned_ns, 0) / SETTLING_NS)
        return self._light.towards(self._goal, share)


def _asked(frame: RawFrame, pipeline: Pipeline, tuning: Tuning | None) -> tuple:
    """What a recipe holds for, beside its light. A tuning is told from another by being another."""
    shot = frame.shot
    exposure = (shot.exposure_us, shot.analogue_gain, shot.noise, shot.black_dn, shot.field_of_view)
    return (pipeline, id(tuning), frame.pixels.shape, *exposure)


def _planned(
    light: Light, frame: RawFrame, pipeline: Pipeline, tuning: Tuning | None, kept: Pipeline | None
) -> Pipeline:
    """The pipeline in this light; its brightest light is the kept recipe's where the two look alike."""
    # A stage that is planned stays as it is: the white balance first, and the others' planning goes by it.
    scene = light.scene(frame, tuning)
    steady = (stage.plan(scene) if isinstance(stage, WhiteBalance) else stage for stage in for_preview(pipeline).stages)
    recipe = plan(Pipeline(tuple(steady)), frame, tuning)
    tone, before = recipe.stage(Tone), None if kept is None else kept.stage(Tone)
    if tone is None or before is None or not tone.brightest or not before.brightest:
        return recipe
    if abs(math.log2(tone.brightest / before.brightest)) > JUST_BRIGHTER_EV:
        return recipe
    calm = dataclasses.replace(tone, brightest=before.brightest)
    return Pipeline(tuple(calm if stage is tone else stage for stage in recipe.stages))


@functools.lru_cache(maxsize=4)
def for_preview(pipeline: Pipeline) -> Pipeline:
    """The pipeline with what a preview does: the fast demosaic, and no measuring of colour fringes."""
    quick = {Demosaic: {"quality": "fast"}, ColourFringes: {"enabled": False}}
    return Pipeline(tuple(dataclasses.replace(stage, **quick.get(type(stage), {})) for stage in pipeline.stages))

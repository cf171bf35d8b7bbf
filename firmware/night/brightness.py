"""Developing gives back the light that a burst's frames were denied."""

from __future__ import annotations

import dataclasses
import math

from firmware.night.plan import BurstPlan
from isp.frames import RawFrame
from isp.pipeline import Pipeline
from isp.tone import LARGEST_EV, Tone
from isp.tuning import Tuning


def brighten_ev(plan: BurstPlan | None, frame: RawFrame) -> float:
    """Stops by which developing makes up for what the frames lack of the metered light.

    What was held back for the lamps comes back whole. What the dark denied comes back as far as the merge paid for it:
    the noise of n frames is n^-1/2 of one's.
    """
    shot = frame.shot
    if plan is None or shot.exposure_us is None or shot.analogue_gain is None:
        return 0.0
    # To a hundredth: what the sensor rounds is not meant.
    missing_ev = round(math.log2(plan.wanted_us / (shot.exposure_us * shot.analogue_gain)), 2)
    return min(max(missing_ev, 0.0), plan.held_back_ev + 0.5 * math.log2(shot.frames))


def brightened(pipeline: Pipeline, by_ev: float, tuning: Tuning | None) -> Pipeline:
    """The pipeline with so many stops more exposure, as far as its tone curve goes.

    A look that goes by the scene's own light makes up for any exposure by itself, where the tuning knows that light.
    """
    tone = pipeline.stage(Tone)
    if tone is None:
        return pipeline
    knows_light = tuning is not None and tuning.lux_of_signal is not None
    exposure_ev = tone.exposure_ev + (1 - tone.scene_light * knows_light) * by_ev
    if exposure_ev == tone.exposure_ev:
        return pipeline
    exposure_ev = min(exposure_ev, LARGEST_EV)
    brighter = dataclasses.replace(tone, exposure_ev=exposure_ev)
    return pipeline.with_stage(brighter)

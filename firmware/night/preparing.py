"""From a press to its plan: what the ring's frames say, and what the camera can do."""

from __future__ import annotations

from collections.abc import Callable

from firmware.camera_thread import CameraThread
from firmware.night.metering import limits_for, measure_light
from firmware.night.pace import frames_to_compare, measure_pace
from firmware.night.plan import BurstPlan, plan_burst
from firmware.night.press import BurstPress
from firmware.zoom.taking import plan_for_zoom


def plan_for(press: BurstPress, camera: CameraThread, go_on: Callable[[], bool]) -> BurstPlan | None:
    """The plan of this press; None for a sensor whose exposure or noise nobody knows.

    go_on  False ends the waiting for frames to compare; the plan is made of what is known then
    """
    shot, settings = press.frame.shot, press.settings
    if shot.noise is None or not shot.exposure_us or not shot.analogue_gain:
        return None
    light = measure_light(press.frame, settings.exposure.compensation_ev)
    limits = limits_for(camera.exposure_limits, settings.exposure, shot)
    compared = frames_to_compare(camera.ring, camera.frame_limit_s, go_on)
    pace = measure_pace(compared, settings.darkroom.threads)
    if press.zoom is not None:
        return plan_for_zoom(press, camera, light, pace, limits)
    return plan_burst(light, pace, limits, settings.night)

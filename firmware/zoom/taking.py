"""What a zoomed burst does otherwise than one of night mode: its plan, its merge, and what is left where it fails."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from firmware.camera_thread import CameraThread
from firmware.night.taken import Taken
from firmware.zoom.memory import room_for_frames
from firmware.zoom.plan import plan_zoom
from firmware.zoom.press import ZoomPress
from isp.zoom.crop import cut

if TYPE_CHECKING:
    from firmware.cameras.base import ExposureLimits
    from firmware.night.plan import BurstPlan, Light, Pace
    from firmware.night.press import BurstPress
    from isp.zoom.zoom_burst import ZoomBurst

NewZoomBurst = Callable[[ZoomPress, int], "ZoomBurst"]


def new_zoom_burst(zoom: ZoomPress, threads: int) -> ZoomBurst:
    """Imported with the first such burst: it must not delay the camera's start."""
    from isp.zoom.zoom_burst import ZoomBurst

    return ZoomBurst(zoom.factor, zoom.crop, threads)


def plan_for_zoom(
    press: BurstPress, camera: CameraThread, light: Light, pace: Pace, limits: ExposureLimits
) -> BurstPlan:
    """The plan of a press in a mode that zooms."""
    zoom, settings, ring = press.zoom, press.settings, camera.ring
    most = max(settings.zoom.frames, settings.zoom.dim_frames)
    promised = camera.photos_to_come_bytes(ring)
    room = room_for_frames(zoom.crop, zoom.factor, ring.frame_bytes, promised, most)
    return plan_zoom(light, pace, limits, zoom.factor, settings.zoom, settings.night, room)


def of_one_frame(press: BurstPress, why: str) -> Taken:
    """The crop of the frame at hand, where no burst came of the press; its raw file keeps the whole frame."""
    from isp.zoom.zoomed import ZoomStory  # it brings the merge with it

    zoom = press.zoom
    return Taken(cut(press.frame, zoom.crop), press.frame, ZoomStory.of_plain(zoom.factor, zoom.crop, 1.0, why))

"""The control socket's method `zoom`, and the zoom button: show, choose, a step on, back to what the settings say."""

from __future__ import annotations

import logging
from typing import Any

from firmware.camera_thread import CameraThread
from firmware.errors import PressRefused
from firmware.shooting import Shooting
from isp.errors import FrameError
from isp.zoom.crop import SMALLEST, crop_for

logger = logging.getLogger(__name__)


class ZoomRequests:
    """Answers with what holds afterwards. A choice is in force with the next press and the next preview picture."""

    def __init__(self, shooting: Shooting, camera: CameraThread) -> None:
        self._shooting = shooting
        self._camera = camera

    def answer(self, factor: float | None, reset: bool = False) -> dict[str, Any]:
        """Choose this factor, or go back to the settings'; without either only tell.

        Raises ZoomError for what is no zoom, FrameError where so small a part of this camera's frames is no picture.
        """
        chosen = self._shooting.zoom
        if reset:
            chosen.reset()
        elif factor is not None:
            frame = self._camera.newest()
            if frame is not None:
                crop_for(frame.pixels.shape, factor)
            chosen.choose(factor)
        return self.report()

    def press(self) -> None:
        """The button: from another mode it goes to the one that zooms; there, and from no zoom at all, a step on."""
        shooting = self._shooting
        look = shooting.look
        try:
            mode = shooting.zooming_mode()
        except PressRefused as refusal:
            logger.error("The zoom button does nothing: %s", refusal)
            return
        settings, zooms = look.settings.zoom, shooting.mode in look.zooms
        if zooms or shooting.zoom.factor(settings) == SMALLEST:
            shooting.zoom.choose_next(settings)
        if not zooms:
            shooting.mode = mode
        logger.info("Mode %s, zoom %g", mode, shooting.zoom.factor(settings))

    def hold(self) -> None:
        """The button, held: all of the frame again."""
        self._shooting.zoom.choose(SMALLEST)
        logger.info("Zoom %g", SMALLEST)

    def report(self) -> dict[str, Any]:
        """Plain values for `nightjar zoom` and `nightjar status`.

        crop, size  of a photo as (height, width), of the frames that come; None before the first
        amiss       why a photo with this zoom would be refused
        """
        shooting, frame = self._shooting, self._camera.newest()
        look = shooting.look
        factor = shooting.zoom.factor(look.settings.zoom)
        told: dict[str, Any] = {
            "factor": factor,
            "chosen": shooting.zoom.is_chosen,
            "mode": shooting.mode,
            "on": shooting.mode in look.zooms,
            "crop": None,
            "size": None,
            "amiss": None,
            "trouble": shooting.zoom.trouble or None,
        }
        if frame is None:
            return told
        try:
            crop = crop_for(frame.pixels.shape, factor)
        except FrameError as error:
            return told | {"amiss": str(error)}
        return told | {"crop": [crop.height, crop.width], "size": list(crop.zoomed_shape(factor))}

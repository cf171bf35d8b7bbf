"""The thread that develops the ring's newest frames for the eye, and what it says of itself."""

from __future__ import annotations

import functools
import logging
import threading
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from firmware.camera_thread import CameraThread
from firmware.errors import PreviewError
from firmware.memory import MEGABYTE, available_bytes
from firmware.preview.pace import Pace
from firmware.preview.portrait import ON_REQUEST_S, PortraitView
from firmware.preview.priority import give_way
from firmware.preview.shown import Shown
from firmware.preview.tally import Tally
from firmware.ring import frame_time_ns
from firmware.shooting import Shooting
from isp.bokeh import Bokeh
from isp.frames import RawFrame
from isp.pipeline import Pipeline
from isp.tone import Tone
from isp.zoom.crop import cut

if TYPE_CHECKING:
    from firmware.preview.light import SteadyLight
    from firmware.preview.mask_thread import FindMask
    from firmware.preview.picture import Picture, SmallFrames

logger = logging.getLogger(__name__)

Develop = Callable[[RawFrame, Pipeline, "Picture"], None]

# Waiting for a frame or for photos to be done, it looks around this often.
LOOK_S = 0.5
# The first picture after turning on comes with the next frame; a camera that is slower is worth a message.
FIRST_PICTURE_S = 2.0
# Off, it runs only while somebody waits for a picture: then the next frame will do, whichever it is.
ON_REQUEST_PER_SECOND = 60
# What failed is tried again: the next frame, the next mode or more free memory may mend it.
AFTER_FAILURE_S = 5.0


def develop_picture(frame: RawFrame, recipe: Pipeline, out: Picture) -> None:
    """See `firmware.preview.picture`. It is imported with the first picture: it must not delay the camera's start."""
    from firmware.preview import picture

    picture.develop_picture(frame, recipe, out)


class Preview:
    """Develops at `frames_per_second` while no photo is in work. `view` and `report` are for any thread.

    With 0 it is off: a picture is developed when `view` asks for one, and its memory is given back.

    develop          makes a picture of a small frame; another one may be given
    after_failure_s  until it is tried again
    find_mask        finds the subject in modes that blur; see `firmware.preview.mask_thread`
    """

    def __init__(
        self,
        frames_per_second: int,
        camera: CameraThread,
        shooting: Shooting,
        develop: Develop = develop_picture,
        after_failure_s: float = AFTER_FAILURE_S,
        find_mask: FindMask | None = None,
    ) -> None:
        self._wanted = frames_per_second
        self._viewers = 0
        self._camera = camera
        self._shooting = shooting
        self._develop = develop
        self._after_failure_s = after_failure_s
        self._portrait = PortraitView(find_mask, shooting.wait_until_done)
        self._tally = Tally()
        self._trouble = ""
        self._closing = False
        # Something happened: a picture, a failure, another rate, the end.
        self._news = threading.Condition()
        # Held while a picture is exchanged or encoded: the memory of the one being encoded is not drawn over.
        self._showing = threading.Lock()
        self._shown: Shown | None = None
        self._spare: Picture | None = None
        self._thread = threading.Thread(target=self._run, name="preview", daemon=True)

    def start(self) -> None:
        """Begin. Called once frames flow."""
        self._thread.start()

    def use_rate(self, frames_per_second: int) -> None:
        """Another rate from the next frame on; 0 stops and gives the memory back."""
        with self._news:
            self._wanted, self._trouble = frames_per_second, ""
            self._news.notify_all()

    def close(self, timeout_s: float) -> None:
        """End after the frame in work."""
        with self._news:
            self._closing = True
            self._news.notify_all()
        if self._thread.is_alive():
            self._thread.join(timeout_s)
        self._portrait.rest(timeout_s)

    def view(self) -> dict[str, Any]:
        """The newest picture as a JPEG in base64, and facts of its frame. Raises PreviewError when there is none."""
        self._refuse_without_camera()
        with self._news:
            self._viewers += 1
            self._news.notify_all()
        try:
            with self._news:
                self._news.wait_for(lambda: self._shown or self._trouble, FIRST_PICTURE_S)
                if self._trouble:
                    raise PreviewError(f"The preview failed, and photos go on without it: {self._trouble}")
            self._refuse_without_camera()
            with self._showing:
                if self._shown is None:
                    raise PreviewError("The preview has no picture yet. Try again in a moment; see `nightjar status`.")
                return self._shown.as_answer()
        finally:
            with self._news:
                self._viewers -= 1
                self._forget_when_off()
                self._news.notify_all()

    def report(self) -> dict[str, Any]:
        """Plain values for `nightjar status`."""
        wanted, shown = self._wanted, self._shown
        rate, core_share = self._tally.rates(time.monotonic()) if wanted else (0.0, 0.0)
        return {
            "state": self._state(),
            "reason": self._trouble or None,
            "frames_per_second": wanted,
            "developed_per_second": round(rate, 2),
            "core_share": round(core_share, 3),
            "developed": self._tally.developed,
            "dropped": self._tally.dropped,
            "shape": list(shown.size) if shown else None,
            "frame_age_s": shown.frame_age_s() if shown else None,
            "portrait": shown.portrait if shown else None,
        }

    def _state(self) -> str:
        if not self._wanted:
            return "off"
        if self._trouble:
            return "failed"
        return "on" if self._shown else "starting"

    def _refuse_without_camera(self) -> None:
        report = self._camera.report
        if report.state != "streaming":
            reason = f": {report.reason}" if report.reason else "."
            raise PreviewError(f"The camera is not ready ({report.state}){reason}")

    def _run(self) -> None:
        give_way()
        while rate := self._rate_when_on():
            try:
                self._follow(rate)
            except Exception as error:  # boundary: a preview that fails must not cost a photo
                self._failed(rate, error)

    def _rate_when_on(self) -> int:
        """The rate, once it is above 0; 0 at the end."""
        with self._news:
            self._forget_when_off()
            self._news.wait_for(lambda: self._rate() or self._closing)
            return 0 if self._closing else self._rate()

    def _forget_when_off(self) -> None:
        """Called with the news held. Who asks next gets a newer picture, and the memory is free until then."""
        if not self._rate():
            self._trouble = ""
            self._portrait.rest()
            with self._showing:
                self._shown = self._spare = None

    def _rate(self) -> int:
        return self._wanted or (ON_REQUEST_PER_SECOND if self._viewers else 0)

    def _goes_on(self, rate: int) -> bool:
        return self._rate() == rate and not self._closing

    def _follow(self, rate: int) -> None:
        """Develop at this rate until another one is wanted."""
        from firmware.preview.light import SteadyLight
        from firmware.preview.picture import SmallFrames

        logger.info("Preview: %d pictures per second wanted", self._wanted)
        pace, light, small, whole = Pace(rate), SteadyLight(), SmallFrames(), SmallFrames()
        seen = taken = 0
        spent_s = time.thread_time()
        while self._goes_on(rate):
            seen, frame = self._next_frame(seen)
            if frame is not None and pace.wants(frame_time_ns(frame)):
                self._draw(frame, light, small, whole)
                dropped = pace.take(frame_time_ns(frame), passed=seen - taken - 1)
                before_s, spent_s, taken = spent_s, time.thread_time(), seen
                self._tally.count(time.monotonic(), spent_s - before_s, dropped)
            frame = None  # 24 MB that the ring may need before the next frame is there

    def _next_frame(self, seen: int) -> tuple[int, RawFrame | None]:
        """How many frames came, and the newest while no photo is in work; (seen, None) when it is time to look around.

        Photos come first: a frame that comes while one is in work is left alone.
        """
        ring = self._camera.ring
        if ring is None:
            with self._news:
                self._news.wait(LOOK_S)
        elif self._shooting.wait_until_done(LOOK_S):
            came = ring.newer(seen, LOOK_S)
            if came is not None and not self._shooting.waiting:
                return came
        return seen, None

    def _draw(self, frame: RawFrame, light: SteadyLight, small: SmallFrames, whole: SmallFrames) -> None:
        from firmware.preview.picture import memory_bytes, room_for, size_of, size_with_zoom, stretched

        if self._shown is None:
            self._require_memory(memory_bytes(frame.pixels.shape))
        look, mode = self._shooting.look, self._shooting.mode
        self._shooting.check_mode(mode)
        zoom = self._shooting.zoom_of(frame, mode, look)
        small_frame = small(frame if zoom is None else cut(frame, zoom.crop))
        tuning = self._shooting.tuning_of(frame, look.settings)
        balance = self._shooting.balance_of(frame, mode, look)
        # The light of a part is that of all, as in the photo.
        all_of_it = None if zoom is None else functools.partial(whole, frame)
        recipe = light.recipe(small_frame, balance.pipeline(look.pipelines[mode]), tuning, balance.judge, all_of_it)
        picture = room_for(small_frame, self._spare)
        self._develop(small_frame, recipe, picture)
        portrait = self._blur(picture, recipe, frame_time_ns(frame))
        factor = None if zoom is None else zoom.factor
        if zoom is not None:
            picture = stretched(picture, size_with_zoom(frame.pixels.shape, zoom.crop.zoomed_shape(zoom.factor)))
        shown = Shown(picture, small_frame.shot, frame_time_ns(frame), size_of(picture), portrait, factor)
        with self._showing:
            self._spare, self._shown = self._shown and self._shown.picture, shown
        with self._news:
            self._trouble = ""
            self._news.notify_all()

    def _blur(self, picture: Picture, recipe: Pipeline, time_ns: int) -> dict[str, Any] | None:
        """In modes that blur, as far as the subject is known; what came of it."""
        from firmware.preview.blur import blur_bytes

        bokeh, tone = recipe.stage(Bokeh), recipe.stage(Tone)
        if bokeh is None:
            self._portrait.rest()
            return None
        if self._portrait.is_resting:
            self._require_memory(blur_bytes(picture.size))
        patience_s = 0.0 if self._wanted else ON_REQUEST_S
        return self._portrait.draw(picture, bokeh, tone, time_ns, patience_s)

    def _require_memory(self, needed_bytes: int) -> None:
        """A picture to look at must not take what the ring and the photos in work were promised."""
        available, promised_bytes = available_bytes(), self._camera.memory_to_come_bytes(self._camera.ring)
        if available is not None and available < promised_bytes + needed_bytes:
            raise PreviewError(
                f"It takes {needed_bytes / MEGABYTE:.0f} MB, and beside ring and photos "
                f"{max(available - promised_bytes, 0) / MEGABYTE:.0f} MB of memory are free. Lower [ring] memory_mb."
            )

    def _failed(self, rate: int, error: Exception) -> None:
        reason = str(error) or repr(error)
        with self._news:
            if reason != self._trouble:
                logger.error("The preview failed, and photos go on without it: %s", reason, exc_info=error)
            self._trouble = reason
            self._news.notify_all()
            self._news.wait_for(lambda: not self._goes_on(rate), self._after_failure_s)

"""The thread that takes bursts: it plans, has the camera expose, merges each frame as it comes, and hands on one frame.

A burst of night mode is merged whole; one that is zoomed, only the part that the photo shows.

The first frame's raw file is durable under the photo's own name long before the merge is done; the merged one takes its
place in one step. Whatever goes wrong on the way, there is a photo: of the frames at hand, or of one.
"""

from __future__ import annotations

import dataclasses
import importlib
import logging
import threading
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from firmware.camera_thread import CameraThread
from firmware.darkroom.darkroom import Darkroom
from firmware.errors import PressRefused, StorageError
from firmware.night.board import Board
from firmware.night.press import BurstPress
from firmware.night.saving import Saving
from firmware.night.taken import Taken
from firmware.service.heap import give_back
from firmware.service.heartbeat import Heartbeats
from firmware.service.worker import Worker
from firmware.zoom.taking import NewZoomBurst, new_zoom_burst, of_one_frame
from isp.errors import FrameError
from isp.frames import RawFrame

if TYPE_CHECKING:
    from firmware.night.collecting import Collecting
    from firmware.settings import Settings
    from firmware.storage.card import Card
    from firmware.storage.card_writer import CardWriter
    from firmware.zoom.upscaling import Upscaling
    from isp.burst.streaming import NightBurst
    from isp.zoom.zoom_burst import ZoomBurst

logger = logging.getLogger(__name__)

# Planning, or aligning and merging one 12 Mpix frame, takes the slowest board some seconds; beyond this it hangs.
FRAME_LIMIT_S = 60.0
# The merged frame's raw file, and the JPEG at its largest.
TO_COME_BYTES_PER_PIXEL = 5
# The zoomed picture's raw file has three colours a pixel.
ZOOMED_TO_COME_BYTES_PER_PIXEL = 9
# What a zoomed burst measured is put together when all have come: 6 s of a desktop's core for 12 Mpix, many times that
# on the slowest board.
FINISH_LIMIT_S = 300.0
NAME = "night"


def new_merge(settings: Settings) -> NightBurst:
    """Imported with the first burst: it must not delay the camera's start."""
    from firmware.night.rungs import RUNGS
    from isp.burst.streaming import NightBurst

    return NightBurst(settings.darkroom.threads, RUNGS[settings.night.merge])


class Night:
    """One burst at a time; `begin` and `end` are for any thread.

    board   watched during a burst
    merge   makes what frames are given to; another one may be given
    zoomed  the same, for bursts that are zoomed
    """

    def __init__(
        self,
        camera: CameraThread,
        card: Card,
        writer: CardWriter,
        darkroom: Darkroom,
        heartbeats: Heartbeats,
        changed: Callable[[], None],
        board: Board | None = None,
        merge: Callable[[Settings], NightBurst] = new_merge,
        zoomed: NewZoomBurst = new_zoom_burst,
        upscaling: Upscaling | None = None,
    ) -> None:
        self._camera = camera
        self._card = card
        self._writer = writer
        self._saving = Saving(writer, darkroom, upscaling)
        self._heartbeats = heartbeats
        self._changed = changed
        self._board = board or Board()
        self._merge = merge
        self._zoomed = zoomed
        self._lock = threading.Lock()
        self._press: BurstPress | None = None
        self._closing = ""
        self._presses: Worker[BurstPress] = Worker(NAME, heartbeats, FRAME_LIMIT_S, self._work, _fetch_tools, give_back)

    def start(self) -> None:
        """Begin to take bursts. Its tools are loaded first, while the camera opens."""
        self._presses.start()

    def close(self, timeout_s: float) -> None:
        """Finish the burst in work, then end."""
        self._presses.close(timeout_s)

    def begin(self, press: BurstPress) -> None:
        """Take a burst. Its `files` may follow. Raises PressRefused while another one is in work."""
        with self._lock:
            if self._press is not None:
                raise PressRefused(f"The last burst is not done ({self._press.in_words}); press again in a moment.")
            self._press = press
            if self._closing:
                press.end(self._closing)
        self._saving.keep_first_of(press)
        self._presses.queue.put(press)

    def end(self, why: str) -> BurstPress | None:
        """End the burst that is being collected with the frames at hand; None if there is none."""
        with self._lock:
            press = self._press
            if press is None or not press.is_collecting:
                return None
            press.end(why)
            return press

    def end_all(self, why: str) -> None:
        """From now on no burst is longer than the frames at hand: the daemon stops."""
        self._closing = why
        self.end(why)

    def report(self) -> dict[str, Any] | None:
        """The burst in work as plain values, or None."""
        press = self._press
        return press.report() if press else None

    def _work(self, press: BurstPress) -> None:
        facts: dict[str, Any] = {}
        taken = self._taken(press, facts)
        # Else who pressed has been told that the card gave no number.
        if self._writer.finished(press.files, NAME, FRAME_LIMIT_S) is None:
            self._writer.finished(press.kept, NAME, FRAME_LIMIT_S)
            self._hand_on(press, taken, facts)
        with self._lock:
            self._press = None
        self._changed()

    def _hand_on(self, press: BurstPress, taken: Taken, facts: dict[str, Any]) -> None:
        try:
            self._saving.hand_on(press, taken, facts)
        except Exception as error:  # boundary: one failing photo must not stop the camera
            logger.exception("%s failed after its burst", press.files.result().jpeg.name)
            if press.zoom is None or taken.raw is press.frame:
                self._saving.give_up(press, error)
                return
            facts["failed"] = str(error) or repr(error)
            self._hand_on(press, _of_one_frame(press, facts), facts)

    def _taken(self, press: BurstPress, facts: dict[str, Any]) -> Taken:
        """The merged frame, or one measured frame when that fails; `facts` is filled for the sidecar."""
        taken = None
        try:
            taken = self._merged(press, facts)
        except Exception as error:  # boundary: a burst that fails must not cost the photo
            logger.exception("The burst failed; the photo is made of one frame")
            facts["failed"] = str(error) or repr(error)
        finally:
            self._camera.give_exposure_back()
        press.is_collecting = False
        if not press.first.done():
            press.first.set_result(press.frame)  # no frame of the burst came
        return _of_one_frame(press, facts) if taken is None else taken

    def _merged(self, press: BurstPress, facts: dict[str, Any]) -> Taken | None:
        """The burst as one frame; None when not even one came."""
        from firmware.night.collecting import Collecting
        from firmware.night.preparing import plan_for

        plan = plan_for(press, self._camera, lambda: not self._why_end(press))
        if plan is None:
            facts["ended"] = "the sensor is unknown, and so is its noise: one frame was taken"
            return None
        press.plan = plan
        facts["plan"] = plan.to_dict()
        logger.info("Burst: %s", "; ".join(plan.reasons))
        self._camera.borrow_exposure(plan.exposure_us, plan.analogue_gain)
        since_ns = press.press_ns - int(press.settings.night.before_press_s * 1e9)
        collecting = Collecting(self._camera, plan, since_ns, press.settings, lambda: self._why_end(press))
        zoom = press.zoom
        burst = self._merge(press.settings) if zoom is None else self._zoomed(zoom, press.settings.darkroom.threads)
        try:
            while (frame := collecting.next_frame()) is not None:
                self._take(press, frame, collecting, burst)
                del frame  # 24 MB that the ring may need before the next one is there
        finally:
            facts |= {"planned": plan.frames, "ended": collecting.ended or None, **collecting.counts.to_dict()}
        press.is_collecting = False
        self._camera.give_exposure_back()
        self._changed()
        if not press.collected:
            return None
        self._heartbeats.beat(NAME, within_s=FINISH_LIMIT_S)
        return _finished(press, burst, facts)

    def _take(self, press: BurstPress, frame: RawFrame, collecting: Collecting, burst: NightBurst | ZoomBurst) -> None:
        self._heartbeats.beat(NAME, within_s=FRAME_LIMIT_S)
        try:
            burst.add(frame)
        except FrameError as refusal:  # it changes nothing: the burst goes on without this frame
            logger.warning("The burst goes on without a frame: %s", refusal)
            collecting.leave_out(str(refusal))
            return
        press.collected = collecting.counts.collected
        if not press.first.done():
            press.frame = frame
            press.first.set_result(frame)
        self._changed()

    def _why_end(self, press: BurstPress) -> str:
        """Asked while frames are awaited, several times a second."""
        self._heartbeats.beat(NAME, within_s=FRAME_LIMIT_S)
        return press.why_end or self._board.trouble(press.settings.night.hottest_c) or self._card_trouble(press)

    def _card_trouble(self, press: BurstPress) -> str:
        """A card that fills up, or refuses the first frame, will not take the merged one: better a photo soon."""
        kept = press.kept
        to_come = TO_COME_BYTES_PER_PIXEL if press.zoom is None else ZOOMED_TO_COME_BYTES_PER_PIXEL
        try:
            self._card.check_space(to_come * press.frame.pixels.size)
            if kept.done():
                kept.result()
        except StorageError as error:
            return f"the card: {error}"
        return ""


def _finished(press: BurstPress, burst: NightBurst | ZoomBurst, facts: dict[str, Any]) -> Taken:
    """What the frames came to."""
    made = burst.finish()
    stories = made.story if press.zoom is None else made.frames
    facts["frames"] = [dataclasses.asdict(story) for story in stories]
    if press.zoom is not None:
        return Taken(made.frame, made.frame, made.story)
    frame = press.frame if press.collected == 1 else made.frame
    return Taken(frame, frame)


def _of_one_frame(press: BurstPress, facts: Mapping[str, Any]) -> Taken:
    """No burst came of the press: the frame at hand."""
    if press.zoom is None:
        return Taken(press.frame, press.frame)
    reason = facts.get("failed") or facts.get("ended") or "no frame came"
    return of_one_frame(press, f"The photo is made of one frame: {reason.rstrip('.')}.")


def _fetch_tools() -> None:
    """Import now what the first burst would wait for."""
    names = ("firmware.night.collecting", "firmware.night.preparing", "firmware.files.dng")
    for name in (*names, "isp.burst.streaming", "isp.zoom.zoom_burst"):
        importlib.import_module(name)

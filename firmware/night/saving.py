"""A burst's frames on their way to card and darkroom: the first at once, the merged one in its place."""

from __future__ import annotations

import contextlib
from concurrent.futures import Future
from typing import TYPE_CHECKING, Any

from firmware.darkroom.darkroom import Darkroom, Job, encode_raw, in_light_of, plan_photo
from firmware.errors import StorageError
from firmware.night.press import BurstPress
from firmware.storage.card_writer import CardWriter
from isp.frames import Burst, LinearFrame, RawFrame
from isp.zoom.crop import cut

if TYPE_CHECKING:
    from firmware.darkroom.developing import ZoomWishes
    from firmware.night.taken import Taken
    from firmware.zoom.upscaling import Upscaling
    from isp.pipeline import Pipeline


class Saving:
    """Losing power between two steps leaves a whole raw file under the photo's name, once the first frame is there.

    upscaling  the network for what a zoomed burst did not measure
    """

    def __init__(self, writer: CardWriter, darkroom: Darkroom, upscaling: Upscaling | None = None) -> None:
        self._writer = writer
        self._darkroom = darkroom
        self._upscaling = upscaling

    def keep_first_of(self, press: BurstPress) -> None:
        """Have the first frame written as soon as both it and the photo's name are there; `press.kept` then says so."""
        press.files.add_done_callback(lambda _: press.first.add_done_callback(lambda _: self._keep_first(press)))

    def hand_on(self, press: BurstPress, taken: Taken, facts: dict[str, Any]) -> None:
        """The burst as one frame, to the card and to the darkroom. Waits until the first frame is safe, or is not."""
        files, frame = press.files.result(), taken.frame
        planned = _planned(press, frame)
        raw_done: Future | None = None
        if press.settings.storage.dng:
            raw_done, not_kept = press.kept, press.kept.exception()
            if not_kept is None:
                facts["press_to_first_dng_ms"] = round((press.kept.result() - press.press_ns) / 1e6, 3)
            if taken.raw is not press.first.result() or not_kept is not None:
                save = self._writer.replace if not_kept is None else self._writer.write
                raw_done = save(files.dng, encode_raw(taken.raw, press.tuning, planned))
        job = Job(
            press_ns=press.press_ns,
            mode=press.mode,
            burst=Burst((frame,)),
            files=files,
            pipeline=planned,
            tuning=press.tuning,
            threads=press.settings.darkroom.threads,
            jpeg_quality=press.settings.storage.jpeg_quality,
            raw_done=raw_done,
            of_burst=facts,
            zoom=None if taken.zoom is None else self._zoom_wishes(press, taken),
            done=press.done,
        )
        self._darkroom.take(job)

    def _zoom_wishes(self, press: BurstPress, taken: Taken) -> ZoomWishes:
        from firmware.darkroom.developing import ZoomWishes
        from firmware.zoom.making import ZoomWork

        work = ZoomWork.of_burst(taken.zoom, self._upscaling if press.settings.zoom.learned else None)
        if taken.raw is press.frame:  # there is no other
            return ZoomWishes(work)
        spare = cut(press.frame, press.zoom.crop)
        return ZoomWishes(work, spare, _as_bright(press, spare), press.judge)

    def give_up(self, press: BurstPress, error: Exception) -> None:
        """There will be no photo, only the first frame's raw file, where it was written."""
        self._darkroom.give_up(press.files.result(), press.done, error)

    def _keep_first(self, press: BurstPress) -> None:
        """In the thread of whichever of the two came later."""
        if press.files.exception() is not None:
            return
        if not press.settings.storage.dng:
            press.kept.set_result(None)
            return
        frame = press.first.result()
        with contextlib.ExitStack() as on_failure:
            on_failure.callback(press.kept.set_exception, StorageError("The first frame could not be encoded."))
            raw = encode_raw(frame, press.tuning, _planned(press, frame))
            on_failure.pop_all()
        self._writer.write(press.files.result().dng, raw).add_done_callback(lambda done: _pass_on(done, press.kept))


def _planned(press: BurstPress, frame: RawFrame | LinearFrame) -> Pipeline:
    return plan_photo(_as_bright(press, frame), frame, press.tuning, press.judge)


def _as_bright(press: BurstPress, frame: RawFrame | LinearFrame) -> Pipeline:
    """The pipeline that gives this frame the light it was denied."""
    from firmware.night.brightness import brighten_ev, brightened

    return brightened(_lit(press), brighten_ev(press.plan, frame), press.tuning)


def _lit(press: BurstPress) -> Pipeline:
    """What shows a part of the frame is balanced as all of it."""
    if press.zoom is None:
        return press.pipeline
    return in_light_of(press.frame, press.pipeline, press.tuning, press.judge)


def _pass_on(done: Future, to: Future) -> None:
    if done.exception() is not None:
        to.set_exception(done.exception())
    else:
        to.set_result(done.result())

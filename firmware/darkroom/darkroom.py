"""One photo at a time, away from the camera thread: the measurement is made durable first, then it is developed.

A photo is acknowledged (its future is done) when all its files are durable. When developing fails the DNG stays, and
`nightjar develop` makes the photo from it later.
"""

from __future__ import annotations

import contextlib
import importlib
import logging
import time
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from firmware.ring import frame_time_ns
from firmware.service.heap import give_back
from firmware.service.heartbeat import Heartbeats
from firmware.service.worker import Worker
from firmware.storage.card_writer import CardWriter
from isp.errors import IspError
from isp.frames import Burst, RawFrame

if TYPE_CHECKING:
    from firmware.darkroom.developing import PortraitWishes, ZoomWishes
    from firmware.portrait.making import Made
    from firmware.storage.photo_name import PhotoName
    from isp.light_estimate import Judge
    from isp.pipeline import Pipeline
    from isp.tuning import Tuning

logger = logging.getLogger(__name__)

# A 12 Mpix photo takes the slowest board some ten seconds; beyond this developing hangs, and the watchdog may act.
DEVELOP_LIMIT_S = 180.0
NAME = "darkroom"


@dataclass(frozen=True)
class Job:
    """One accepted press and everything its photo needs. `done` gives the photo's report, or raises what went wrong.

    of_burst  for the sidecar, of a photo that many frames were taken for: what was planned and what became of it
    portrait  None where nothing is to be blurred
    zoom      None where nothing is to be zoomed
    """

    press_ns: int
    mode: str
    burst: Burst
    files: PhotoName
    pipeline: Pipeline
    tuning: Tuning | None
    threads: int
    jpeg_quality: int
    raw_done: Future | None
    of_burst: Mapping[str, Any] | None = None
    portrait: PortraitWishes | None = None
    zoom: ZoomWishes | None = None
    done: Future = field(default_factory=Future)


@dataclass
class Tally:
    """What became of the photos since the start."""

    taken: int = 0
    failed: int = 0
    last: str = ""
    last_press_to_saved_ms: float | None = None
    last_error: str = ""
    saved_s: float = float("-inf")
    failed_s: float = float("-inf")


class Darkroom:
    """Takes jobs in order. A job that fails is logged and counted; the next one is developed as if nothing were."""

    def __init__(self, writer: CardWriter, heartbeats: Heartbeats, changed: Callable[[], None]) -> None:
        self.tally = Tally()
        self._writer = writer
        self._changed = changed
        self._jobs: Worker[Job] = Worker(NAME, heartbeats, DEVELOP_LIMIT_S, self._work, _fetch_tools, give_back)

    def start(self) -> None:
        """Begin to develop. Its tools are loaded first, while the camera opens."""
        self._jobs.start()

    def take(self, job: Job) -> None:
        """Queue one photo; how many may wait is the shooting path's decision."""
        self._jobs.queue.put(job)

    def give_up(self, files: PhotoName, done: Future, error: Exception) -> None:
        """A photo that failed, here or on its way here, is counted, and who waits for it is told."""
        self.tally.failed += 1
        self.tally.failed_s = time.monotonic()
        self.tally.last_error = f"{files.jpeg.name}: {error}"
        done.set_exception(error)

    def close(self, timeout_s: float) -> None:
        """Finish what is queued, then end."""
        self._jobs.close(timeout_s)

    def _work(self, job: Job) -> None:
        try:
            report = self._make(job)
        except Exception as error:  # boundary: one failing photo must not stop the camera
            logger.exception("%s failed in the darkroom", job.files.jpeg.name)
            self.give_up(job.files, job.done, error)
        else:
            self.tally.taken += 1
            self.tally.last = str(job.files.jpeg)
            self.tally.last_press_to_saved_ms = report["press_to_saved_ms"]
            self.tally.saved_s = time.monotonic()
            job.done.set_result(report)
        self._changed()

    def _make(self, job: Job) -> dict[str, Any]:
        """All files of one photo, in the order in which losing power hurts least."""
        from firmware.files.jpeg import encode_jpeg
        from firmware.files.sidecar import encode_sidecar
        from firmware.portrait.entry import without_refused
        from firmware.white_balance.story import light_of

        numbers = {"press_to_frame_ms": _ms_between(job.press_ns, frame_time_ns(job.burst.reference_frame))}
        raw_refused = None if job.raw_done is None else self._refusal(job.raw_done)
        if job.raw_done is not None and raw_refused is None:
            numbers["press_to_dng_ms"] = _ms_between(job.press_ns, job.raw_done.result())
        began_ns = time.monotonic_ns()
        made = self._develop(job)
        jpeg = encode_jpeg(made.photo, job.jpeg_quality, made.zoom and made.zoom["asked"])
        numbers["develop_ms"] = _ms_between(began_ns, time.monotonic_ns())
        # One after the other: a photo whose JPEG is there has all it came with.
        writes = {path: self._writer.write(path, data) for path, data in made.files}
        beside = {path: self._refusal(done) for path, done in writes.items()}
        of_burst = job.of_burst
        if of_burst is not None and raw_refused is not None:
            of_burst = {**of_burst, "raw_not_written": str(raw_refused)}  # the first frame's raw file may be there
        entry = without_refused(made.entry, beside) if job.portrait is not None else None
        sidecar = encode_sidecar(made.photo, numbers, job.jpeg_quality, job.mode, of_burst, entry, made.zoom)
        has_raw = job.raw_done is not None and raw_refused is None
        saved = self._save({job.files.sidecar: sidecar, job.files.jpeg: jpeg}, has_raw)
        for refusal in (raw_refused, *beside.values(), *map(self._refusal, saved.values())):
            if refusal is not None:
                # A full card may still hold the small JPEG, but what was promised is more than that.
                raise refusal
        numbers["press_to_saved_ms"] = _ms_between(job.press_ns, saved[job.files.jpeg].result())
        light = light_of(made.photo.recipe)
        _log_photo(job, numbers, entry, light, made.zoom)
        return _report(job, numbers, entry, made) | {"light": light}

    def _save(self, recipe_and_photo: Mapping[Path, bytes], has_raw: bool) -> Mapping[Path, Future]:
        """The recipe first: with it a raw file whose JPEG was cut off still gives that very photo. Without a raw file
        nobody can follow it, and the photo goes first."""
        files = recipe_and_photo.items() if has_raw else reversed(recipe_and_photo.items())
        return {path: self._writer.write(path, data) for path, data in files}

    def _develop(self, job: Job) -> Made:
        from firmware.darkroom.developing import develop_job

        with contextlib.ExitStack() as on_failure:
            if job.raw_done is None:
                on_failure.callback(self._keep_raw, job)
            made = develop_job(job)
            on_failure.pop_all()
        return made

    def _keep_raw(self, job: Job) -> None:
        """[storage] dng = false, but there is no photo: the measurement is all there is, and is not thrown away."""
        logger.error("%s: developing failed, so the raw measurement is kept", job.files.dng.name)
        raw = encode_raw(job.burst.reference_frame, job.tuning, job.pipeline)
        self._written(self._writer.write(job.files.dng, raw))

    def _refusal(self, done: Future) -> BaseException | None:
        """Wait for a file; why the card did not take it."""
        return self._writer.finished(done, NAME, DEVELOP_LIMIT_S)

    def _written(self, done: Future) -> int:
        """Wait for a file; when it was durable. Raises why it is not."""
        refusal = self._refusal(done)
        if refusal is not None:
            raise refusal
        return done.result()


def _fetch_tools() -> None:
    """Import now what the first photo would wait for: half a second, many times that from a slow card."""
    for name in ("firmware.darkroom.developing", "firmware.files.dng", "firmware.files.jpeg", "firmware.files.sidecar"):
        importlib.import_module(name)


def plan_photo(pipeline: Pipeline, frame: RawFrame, tuning: Tuning | None, judge: Judge | None = None) -> Pipeline:
    """Find out about the light once, for the DNG and the photo alike.

    judge  of the light, where the pipeline leaves it to be judged; None takes the classical one
    A pipeline that cannot be planned stays as it is: developing says why, when the measurement is safe on the card.
    """
    from isp.plan import plan

    try:
        return plan(pipeline, frame, tuning, judge)
    except IspError:
        return pipeline


def in_light_of(whole: RawFrame, pipeline: Pipeline, tuning: Tuning | None, judge: Judge | None = None) -> Pipeline:
    """The pipeline with its white balance planned, from a frame of which the photo shows a part.

    A part knows less of the light than the whole, and its colours would change while one zooms.
    """
    from isp.pipeline import Pipeline
    from isp.white_balance import WhiteBalance

    balance = pipeline.stage(WhiteBalance)
    if balance is None:
        return pipeline
    return pipeline.with_stage(*plan_photo(Pipeline((balance,)), whole, tuning, judge).stages)


def encode_raw(frame: RawFrame, tuning: Tuning | None, planned: Pipeline) -> list:
    """The DNG of a frame, in parts, so that the pixels are not copied.

    It says which grey the photo was balanced for and how much it was brightened: without that, editors show lamplight
    orange, and a night that was exposed for its lamps dark.
    """
    from firmware.files.dng import encode_dng
    from isp.tone import Tone
    from isp.white_balance import WhiteBalance

    balance, tone = planned.stage(WhiteBalance), planned.stage(Tone)
    exposure_ev = 0.0 if tone is None else tone.stops
    if balance is None or balance.gains is None:
        return encode_dng(frame, tuning, exposure_ev=exposure_ev)
    red, green, blue = balance.gains
    return encode_dng(frame, tuning, (green / red, 1.0, green / blue), exposure_ev)


def _ms_between(from_ns: int, to_ns: int) -> float:
    return round((to_ns - from_ns) / 1e6, 3)


def _report(job: Job, numbers: dict[str, float], entry: Mapping[str, Any] | None, made: Made) -> dict[str, Any]:
    portrait = {} if entry is None else {"blurred": entry["blurred"], "why": entry["why"]}
    return {
        "number": job.files.number,
        "jpeg": str(job.files.jpeg),
        "dng": None if job.raw_done is None else str(job.files.dng),
        "sidecar": str(job.files.sidecar),
        "mode": job.mode,
        **portrait,
        "beside": [str(path) for path, _ in made.files],
        **({} if made.zoom is None else {"zoom": made.zoom}),
        **numbers,
    }


def _log_photo(
    job: Job,
    numbers: dict[str, float],
    entry: Mapping[str, Any] | None,
    light: Mapping[str, Any] | None,
    zoom: Mapping[str, Any] | None,
) -> None:
    from firmware.portrait.entry import in_words
    from firmware.white_balance import story
    from firmware.zoom import entry as zooming

    shot = job.burst.reference_frame.shot
    stories = (
        light and f"light {story.in_words(light)}",
        entry and in_words(entry),
        zoom and zooming.in_words(zoom),
    )
    logger.info(
        "%s: mode %s, frames %d, %s x%s, frame %+.1f ms from the press, developed in %.0f ms, saved after %.0f ms%s",
        job.files.jpeg.name,
        job.mode,
        shot.frames,
        "exposure unknown" if shot.exposure_us is None else f"{shot.exposure_us:.0f} us",
        "?" if shot.analogue_gain is None else f"{shot.analogue_gain:.2f}",
        numbers["press_to_frame_ms"],
        numbers["develop_ms"],
        numbers["press_to_saved_ms"],
        "".join(f"; {told}" for told in stories if told),
    )

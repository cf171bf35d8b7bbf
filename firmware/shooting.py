"""From a press to a job in the darkroom. A press that cannot become a photo is refused at once, with the reason."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from firmware.camera_thread import CameraThread
from firmware.darkroom.darkroom import Darkroom, Job, encode_raw, plan_photo
from firmware.darkroom.memory import check_photo_room
from firmware.errors import BurstEnded, PressRefused
from firmware.look import Look
from firmware.night.memory import check_room
from firmware.night.night import Night
from firmware.night.press import BurstPress
from firmware.photos_in_work import PhotosInWork
from firmware.portrait.masks import Masks
from firmware.sensors import load_sensor
from firmware.settings import Settings
from firmware.storage.card_writer import CardWriter
from firmware.storage.photo_size import most_bytes
from firmware.white_balance.balances import Balance, Balances
from firmware.zoom.chosen import ChosenZoom, check_zoom
from firmware.zoom.memory import check_zoom_room
from firmware.zoom.press import ZoomPress
from isp.frames import UNKNOWN_SENSOR, Burst, RawFrame
from isp.zoom.crop import crop_for

if TYPE_CHECKING:
    from firmware.darkroom.developing import PortraitWishes
    from firmware.storage.card import Card
    from firmware.storage.photo_name import PhotoName
    from isp.light_estimate import LightEstimate
    from isp.tuning import Tuning


@dataclass(frozen=True)
class Chosen:
    """A press and the frame of its moment. It counts as waiting until `Shooting.accept` has made a photo of it.

    balance  what its white balance goes by; another choice meanwhile is for the next press
    burst    the burst that began with the press, in the modes that take one
    """

    press_ns: int
    mode: str
    look: Look
    frame: RawFrame
    balance: Balance
    burst: BurstPress | None = None


@dataclass(frozen=True)
class Accepted:
    """A press that becomes a photo: its files, and the future that is done when they are durable."""

    files: PhotoName
    done: Future


class Shooting:
    """Accepts presses, from buttons and socket alike, and knows how many photos are not yet done."""

    def __init__(
        self,
        look: Look,
        camera: CameraThread,
        card: Card,
        writer: CardWriter,
        darkroom: Darkroom,
        night: Night,
        changed: Callable[[], None],
        masks: Masks | None = None,
        balances: Balances | None = None,
        zoom: ChosenZoom | None = None,
    ) -> None:
        self.look = look
        self.zoom = zoom or ChosenZoom(look.settings.storage.state_folder)
        self.balances = balances or Balances(look.settings.storage.state_folder)
        self._masks = masks or Masks(look.settings.accelerator)
        self._mode = look.settings.darkroom.mode
        self._camera = camera
        self._card = card
        self._writer = writer
        self._darkroom = darkroom
        self._night = night
        self._in_work = PhotosInWork(changed)
        self.accepted_s = float("-inf")
        self._tunings: dict[str, Tuning | None] = {}

    @property
    def mode(self) -> str:
        """The mode of the next press that names none."""
        return self._mode

    @mode.setter
    def mode(self, name: str) -> None:
        self._mode = name
        self.get_ready()

    def get_ready(self) -> None:
        """Load now, beside everything else, what the first press in this mode would wait for."""
        self.balances.judging.warm_up()
        if self.look.is_portrait(self._mode):
            self._masks.warm_up()

    @property
    def waiting(self) -> int:
        """Photos accepted and not yet done."""
        return self._in_work.count

    @property
    def burst(self) -> dict[str, Any] | None:
        """How far the burst in work is; None when there is none."""
        return self._night.report()

    def press(self, time_ns: int, mode: str | None = None, zoom: float | None = None) -> Accepted:
        """Take the photo of this moment. Raises what `choose` and `accept` raise when there will be none."""
        return self.accept(self.choose(time_ns, mode, zoom))

    def choose(self, time_ns: int, mode: str | None = None, zoom: float | None = None) -> Chosen:
        """The frame of this moment, out of the ring before newer ones push it out. The card is asked only for room.

        zoom  how far, for this photo only; without a mode it is taken in one that zooms
        Raises PressRefused, ZoomError, CameraStalled or StorageError when there will be no photo; BurstEnded when the
        press ended a burst.
        """
        look = self.look
        mode = mode or (self.mode if zoom is None else self.zooming_mode())
        self.check_mode(mode)
        if zoom is not None:
            check_zoom(zoom)
            if mode not in look.zooms:
                raise PressRefused(f"Mode {mode} does not zoom. Name no mode, or {self.zooming_mode()}.")
        self._end_burst()
        self._require_frames()
        self._in_work.enter(look.settings.darkroom.queue)
        with self._in_work.leaving_if_refused():
            takes_burst, ring = look.takes_burst(mode), self._camera.ring
            zooming = self.zoom_of(ring.newest(), mode, look, zoom)
            self._check_room(takes_burst, look.is_portrait(mode), zooming)
            nearest = ring.nearest_of_any if takes_burst else ring.nearest
            frame = nearest(time_ns, self._camera.frame_limit_s)
            balance = self.balance_of(frame, mode, look)
            burst = self._begin_burst(time_ns, mode, look, frame, balance, zooming) if takes_burst else None
        return Chosen(time_ns, mode, look, frame, balance, burst)

    def accept(self, chosen: Chosen) -> Accepted:
        """Give the photo its number, durable, and hand it to card and darkroom. A slow card takes seconds for it.

        Raises StorageError, or what is wrong with the sensor's facts, when there will be no photo.
        """
        if chosen.burst is not None:
            return self._accept_burst(chosen.burst)
        with self._in_work.leaving_if_refused():
            job = self._job(chosen)
        job.done.add_done_callback(lambda _: self._in_work.leave())
        self._darkroom.take(job)
        self.accepted_s = time.monotonic()
        return Accepted(job.files, job.done)

    def check_mode(self, mode: str) -> None:
        """Raises PressRefused naming the modes when there is none of this name."""
        if mode not in self.look.pipelines:
            raise PressRefused(f"There is no mode {mode!r}. Modes: {', '.join(self.look.pipelines)}.")

    def zooming_mode(self) -> str:
        """The camera's own mode where it zooms, else the first that does. Raises PressRefused where none does."""
        zooms = [name for name in (self.mode, *self.look.pipelines) if name in self.look.zooms]
        if not zooms:
            raise PressRefused("No mode zooms; configs/modes.toml needs one with zoom = true.")
        return zooms[0]

    def zoom_of(self, frame: RawFrame, mode: str, look: Look, factor: float | None = None) -> ZoomPress | None:
        """How far a photo of this frame is zoomed, and which part that is; None in modes that do not zoom.

        factor  in the place of the one that was chosen
        Raises FrameError where that part would be too small.
        """
        if mode not in look.zooms:
            return None
        factor = self.zoom.factor(look.settings.zoom) if factor is None else float(factor)
        return ZoomPress(factor, crop_for(frame.pixels.shape, factor))

    def tuning_of(self, frame: RawFrame, settings: Settings) -> Tuning | None:
        """Tables of the frame's sensor, read once; None for an unknown sensor."""
        sensor = frame.shot.sensor
        if sensor not in self._tunings:
            unknown = sensor == UNKNOWN_SENSOR
            self._tunings[sensor] = None if unknown else load_sensor(sensor, settings.camera.tuning).tuning
        return self._tunings[sensor]

    def eye(self) -> tuple[str | None, Tuning | None]:
        """The sensor of the frames that come, and its tuning; None before the first."""
        frame = self._camera.newest()
        return (None, None) if frame is None else (frame.shot.sensor, self.tuning_of(frame, self.look.settings))

    def balance_of(self, frame: RawFrame, mode: str, look: Look) -> Balance:
        """What the white balance of a photo of this frame goes by now."""
        return self.balances.of(mode, frame.shot.sensor, self.tuning_of(frame, look.settings))

    def light_of(self, frame: RawFrame, mode: str, balance: Balance | None = None) -> LightEstimate:
        """The light as a photo of this frame would have it.

        balance  what it goes by; None for what is in force
        """
        from isp.plan import find_light
        from isp.white_balance import WhiteBalance

        look = self.look
        balance = balance or self.balance_of(frame, mode, look)
        knobs = balance.pipeline(look.pipelines[mode]).stage(WhiteBalance) or WhiteBalance()
        return find_light(frame, self.tuning_of(frame, look.settings), knobs, balance.judge)

    def next_mode(self) -> str:
        """Go to the mode after this one, in the order of configs/modes.toml; after the last comes the first."""
        names = list(self.look.pipelines)
        self.mode = names[(names.index(self.mode) + 1) % len(names)] if self.mode in names else names[0]
        return self.mode

    def end_bursts(self) -> None:
        """The daemon stops: a burst is finished with the frames at hand."""
        self._night.end_all("the camera was switched off")

    def refuse_more(self) -> None:
        """The daemon stops: what was accepted is finished, nothing new is taken."""
        self._in_work.refuse_more()

    def wait_until_done(self, timeout_s: float) -> bool:
        """True when every accepted photo is done within the time."""
        return self._in_work.wait_until_done(timeout_s)

    def _check_room(self, takes_burst: bool, is_portrait: bool, zoom: ZoomPress | None) -> None:
        ring, is_zoomed = self._camera.ring, zoom is not None
        if is_zoomed:
            promised = self._camera.photos_to_come_bytes(ring)
            check_zoom_room(zoom.crop, zoom.factor, ring.frame_bytes, promised)
        elif takes_burst:
            check_room(self._camera.memory_to_come_bytes(ring))
        else:
            check_photo_room(self._camera.photo_to_come_bytes(ring))
        shape = ring.newest().pixels.shape
        kind = {"is_portrait": is_portrait, "takes_burst": takes_burst, "is_zoomed": is_zoomed}
        self._card.check_space(most_bytes(shape, **kind))

    def _end_burst(self) -> None:
        ended = self._night.end("a second press")
        if ended is not None:
            raise BurstEnded(f"This press ended the burst ({ended.in_words}); it takes no photo of its own.")

    def _begin_burst(
        self, time_ns: int, mode: str, look: Look, frame: RawFrame, balance: Balance, zoom: ZoomPress | None
    ) -> BurstPress:
        tuning = self.tuning_of(frame, look.settings)
        pipeline = balance.pipeline(look.pipelines[mode])
        burst = BurstPress(time_ns, mode, look.settings, pipeline, tuning, frame, balance.judge, zoom)
        self._night.begin(burst)
        return burst

    def _accept_burst(self, burst: BurstPress) -> Accepted:
        with self._in_work.leaving_if_refused():
            try:
                files = self._card.reserve()
            except OSError as error:  # StorageError is one
                burst.end("the card gives no number")
                burst.files.set_exception(error)
                raise
        burst.done.add_done_callback(lambda _: self._in_work.leave())
        burst.files.set_result(files)
        self.accepted_s = time.monotonic()
        return Accepted(files, burst.done)

    def _require_frames(self) -> None:
        report = self._camera.report
        if report.state != "streaming":
            reason = f": {report.reason}" if report.reason else "."
            raise PressRefused(f"The camera is not ready ({report.state}){reason}")

    def _job(self, chosen: Chosen) -> Job:
        settings, frame = chosen.look.settings, chosen.frame
        tuning = self.tuning_of(frame, settings)
        wanted = chosen.balance.pipeline(chosen.look.pipelines[chosen.mode])
        pipeline = plan_photo(wanted, frame, tuning, chosen.balance.judge)
        raw = encode_raw(frame, tuning, pipeline) if settings.storage.dng else None
        files = self._card.reserve()
        return Job(
            press_ns=chosen.press_ns,
            mode=chosen.mode,
            burst=Burst((frame,)),
            files=files,
            pipeline=pipeline,
            tuning=tuning,
            threads=settings.darkroom.threads,
            jpeg_quality=settings.storage.jpeg_quality,
            raw_done=None if raw is None else self._writer.write(files.dng, raw),
            portrait=self._wishes(settings) if chosen.look.is_portrait(chosen.mode) else None,
        )

    def _wishes(self, settings: Settings) -> PortraitWishes:
        from firmware.darkroom.developing import PortraitWishes

        self._masks.warm_up()  # beside the developing that comes first
        wanted = settings.portrait
        return PortraitWishes(lambda picture: self._masks.find(picture, wanted), wanted)

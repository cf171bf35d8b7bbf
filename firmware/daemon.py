"""`nightjar run`: builds the threads, waits for signals, feeds the watchdog, and ends without losing a photo."""

from __future__ import annotations

import faulthandler
import logging
import queue
import signal
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from firmware.body.button_actions import ButtonActions
from firmware.body.buttons import Buttons
from firmware.body.power import power_off
from firmware.body.status_light import StatusLight
from firmware.camera_thread import CameraThread
from firmware.cameras.base import Camera, open_camera
from firmware.control.methods import bench_handlers, request_handlers
from firmware.control.server import ControlServer
from firmware.darkroom.darkroom import Darkroom
from firmware.look import Look
from firmware.night.board import Board
from firmware.night.night import Night
from firmware.portrait.masks import NAME as PORTRAITS
from firmware.portrait.masks import Masks, check_device
from firmware.preview.preview import Preview
from firmware.service.board_watch import BoardWatch
from firmware.service.card_report import CardReport
from firmware.service.heap import share_arenas
from firmware.service.heartbeat import BEAT_S, Heartbeats
from firmware.service.log import set_up_log
from firmware.service.notify import notify
from firmware.service.reloading import Change, Reloading, build_pipelines, burst_modes, zoom_modes
from firmware.service.status import DaemonStatus, unfinished_in_words
from firmware.service.watchdog import Watchdog
from firmware.settings import Settings
from firmware.settings_in_force import SettingsFiles
from firmware.shooting import Shooting
from firmware.storage.card import Card
from firmware.storage.card_writer import CardWriter
from firmware.white_balance.balances import Balances
from firmware.white_balance.judging import NAME as WHITE_BALANCE
from firmware.white_balance.requests import WhiteBalanceRequests
from firmware.zoom.chosen import ChosenZoom
from firmware.zoom.requests import ZoomRequests
from firmware.zoom.upscaling import Upscaling

logger = logging.getLogger(__name__)

# A camera that has not said yes or no by now is reported, and the socket answers meanwhile.
READY_LIMIT_S = 10.0
# Accepted photos get this long after SIGTERM, and after every piece that a slow card takes; systemd is told to wait.
FINISH_LIMIT_S = 90.0
# What each part gets to end in; systemd is told of all nine together.
CLOSE_LIMIT_S = 3.0
CLOSING_USEC = int(9 * CLOSE_LIMIT_S * 1e6)
SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)


class Daemon:
    """The running camera. `files` are read anew for SIGHUP."""

    def __init__(
        self,
        settings: Settings,
        files: SettingsFiles | None = None,
        opener: Callable[[Settings], Camera] = open_camera,
    ) -> None:
        self._reloading = Reloading(settings, files, self._use, self._wake)
        # Signals, changes of state and ends of threads all wake the main thread through this; None is "look around".
        self._events: queue.SimpleQueue[signal.Signals | None] = queue.SimpleQueue()
        self._broken: str = ""
        self._started_s = time.monotonic()
        self._told = self._shown = ""
        self._heartbeats = heartbeats = Heartbeats()
        self._card = Card(settings.storage)
        self._writer = CardWriter(self._card, heartbeats)
        look = Look(settings, build_pipelines(settings), burst_modes(), zoom_modes())
        takes_bursts = bool(look.bursts or look.zooms)
        self._camera = CameraThread(settings, heartbeats, self._wake, opener, takes_bursts)
        self._darkroom = Darkroom(self._writer, heartbeats, self._wake)
        self._upscaling = Upscaling(settings.accelerator)
        parts = (self._camera, self._card, self._writer, self._darkroom)
        board = Board(Path(settings.board.sysfs))
        self._board = BoardWatch(board, settings.night.hottest_c)
        self._night = Night(*parts, heartbeats, self._wake, board, upscaling=self._upscaling)
        self._masks = Masks(settings.accelerator)
        self._balances = Balances(settings.storage.state_folder)
        self._zoom = ChosenZoom(settings.storage.state_folder)
        asks = (self._masks, self._balances, self._zoom)
        self._shooting = Shooting(look, *parts, self._night, self._wake, *asks)
        self._shooting.check_mode(settings.darkroom.mode)
        self._preview = Preview(
            settings.preview.frames_per_second,
            self._camera,
            self._shooting,
            find_mask=lambda picture: self._masks.look(picture, self._shooting.look.settings.portrait),
        )
        card = CardReport(self._card, self._writer, lambda: self._shooting.look.settings.storage)
        told = (self._reloading, self._shooting, self._darkroom, self._masks, self._preview, card)
        zoom = ZoomRequests(self._shooting, self._camera)
        self._status = DaemonStatus(self._camera, *told, heartbeats, zoom.report, self._upscaling.report, self._board)
        self._actions = ButtonActions(self._shooting, heartbeats, self._status.refused, self._long_press, zoom)
        balance = WhiteBalanceRequests(self._shooting, self._camera, self._card)
        asked = (self._status.to_dict, self._reloading.reload, self._preview.view, balance.answer, zoom.answer)
        handlers = request_handlers(self._shooting, *asked)
        if settings.buttons.pin_factory == "mock":
            handlers |= bench_handlers(lambda button, level: self._buttons.drive(button, level))
        self._control = ControlServer(settings.control, handlers, heartbeats)
        self._watchdog = Watchdog(heartbeats, self._camera)
        self._buttons: Buttons | None = None
        self._light: StatusLight | None = None

    def run(self) -> int:
        """Be the camera until told to stop. Returns the exit code; raises what makes starting impossible."""
        before = {number: signal.signal(number, self._on_signal) for number in SIGNALS}
        hook_before, threading.excepthook = threading.excepthook, self._on_dead_thread
        try:
            self._start()
            self._attend()
            code = self._stop()
            if self._camera.failure is not None:
                raise self._camera.failure
            return code
        finally:
            self._close()
            threading.excepthook = hook_before
            for number, handler in before.items():
                signal.signal(number, handler)

    def _start(self) -> None:
        self._card.open()
        self._balances.open()
        self._zoom.open()
        self._status.unfinished = self._card.unfinished()
        if self._status.unfinished:
            logger.warning(unfinished_in_words(self._status.unfinished))
        self._control.open()
        self._camera.start()
        buttons = self._reloading.settings.buttons
        self._light = StatusLight(buttons)
        self._buttons = Buttons(buttons, self._actions.events, self._heartbeats)
        # Last, what the first photo would wait for: it is fetched while the camera opens.
        for part in (self._writer, self._actions, self._control, self._darkroom, self._night):
            part.start()

    def _attend(self) -> None:
        """The main loop: until a signal says stop, or the camera or a thread is broken for good."""
        while not self._broken and self._camera.failure is None:
            self._look_around()
            try:
                event = self._events.get(timeout=self._watchdog.look_s)
            except queue.Empty:
                continue
            if event == signal.SIGHUP:
                self._reloading.on_signal()
            elif event is not None:
                logger.info("%s: finishing what was accepted", event.name)
                return

    def _look_around(self) -> None:
        self._watchdog.feed()
        self._board.look()
        self._show(self._status.light())
        if not self._status.ready and self._is_ready():
            self._status.ready = True
            logger.info("Ready after %.2f s: %s", time.monotonic() - self._started_s, self._status.in_words())
            notify(READY=1, STATUS=self._status.in_words())
            self._preview.start()
            self._shooting.get_ready()
            self._reloading.keep()
            self._wake()
        self._reloading.look()
        words = self._status.in_words()
        if words != self._told:
            self._told = words
            notify(STATUS=words)

    def _show(self, pattern: str) -> None:
        """Begin a pattern once; showing it again would begin it anew."""
        if pattern != self._shown:
            self._shown = pattern
            self._light.show(pattern)

    def _is_ready(self) -> bool:
        """Ready is the first frame in the ring. Without a camera the daemon is ready to say so."""
        late = time.monotonic() - self._started_s > READY_LIMIT_S
        return late or self._camera.report.state in ("streaming", "no camera")

    def _stop(self) -> int:
        """Finish the accepted photos, telling systemd to wait; a second signal gives them up."""
        self._status.stopping = True
        notify(STOPPING=1, STATUS="finishing the last photos")
        self._buttons.close()
        self._shooting.end_bursts()
        self._actions.close(CLOSE_LIMIT_S)
        self._shooting.refuse_more()
        began_s = time.monotonic()
        while not self._shooting.wait_until_done(BEAT_S / 2):
            finishing = f"finishing the last photos, {self._shooting.waiting} to go. {self._writer.slowness()}"
            notify(EXTEND_TIMEOUT_USEC=CLOSING_USEC, STATUS=finishing)
            self._watchdog.feed()
            self._show("busy")
            if self._told_again() or time.monotonic() - max(began_s, self._writer.moved_s) > FINISH_LIMIT_S:
                # A raw file that was whole is told of at the next start.
                logger.error("%d photos are given up, with what is not on the card yet.", self._shooting.waiting)
                return 1
        return 1 if self._broken else 0

    def _told_again(self) -> bool:
        while not self._events.empty():
            if self._events.get() in (signal.SIGTERM, signal.SIGINT):
                return True
        return False

    def _close(self) -> None:
        self._camera.close(CLOSE_LIMIT_S)
        for part in (self._preview, self._actions, self._night, self._darkroom, self._writer, self._control):
            part.close(CLOSE_LIMIT_S)
        self._masks.close()
        if self._buttons is not None:
            self._buttons.close()
        if self._light is not None:
            self._light.close()
        self._card.close()
        logger.info("Stopped")

    def _use(self, wanted: Settings, change: Change) -> None:
        """Hand the settings that can change to the parts. Raises what is wrong with them, before anything changes."""
        settings, before = change.settings, self._reloading.settings
        pipelines = build_pipelines(settings)
        check_device(settings.accelerator)
        self._shooting.check_mode(wanted.darkroom.mode)  # It waits for a restart, which must not fail then.
        if settings.exposure != before.exposure:
            self._camera.set_exposure(settings.exposure.fixed_us, settings.exposure.fixed_gain)
        set_up_log(settings.log.level)
        self._buttons.use_times(settings.buttons)
        self._card.set_floor(settings.storage.free_space_floor_mb)
        if settings.preview != before.preview:
            self._preview.use_rate(settings.preview.frames_per_second)
        self._board.use(settings.night.hottest_c)
        self._masks.use(settings.accelerator)
        self._upscaling.use(settings.accelerator)
        self._balances.judging.try_again()
        self._shooting.look = Look(settings, pipelines, burst_modes(), zoom_modes())

    def _long_press(self) -> None:
        if not self._reloading.settings.buttons.power_off:
            self._status.refused("switching off by button is not allowed; [buttons] power_off = true allows it")
            logger.info("Long press: switching off is not allowed; [buttons] power_off = true allows it")
        elif power_off():
            logger.info("logind switches the board off")

    def _on_signal(self, number: int, _frame: Any) -> None:
        self._events.put(signal.Signals(number))

    def _on_dead_thread(self, death: threading.ExceptHookArgs) -> None:
        """A thread that dies is a defect: end, so that systemd starts a whole camera instead of half a one."""
        name = death.thread.name if death.thread else "unknown"
        logger.critical("The thread %s died", name, exc_info=(death.exc_type, death.exc_value, death.exc_traceback))
        # Nobody's photo depends on these.
        if name not in ("caller", "preview", "preview-masks", PORTRAITS, WHITE_BALANCE):
            self._broken = name
            self._wake()

    def _wake(self) -> None:
        self._events.put(None)


def run_daemon(settings: Settings, files: SettingsFiles | None = None) -> int:
    """`nightjar run`: set up the log, be the camera, return the exit code."""
    set_up_log(settings.log.level)
    # What each thread was at goes to the journal when the watchdog, or a crash in a library, ends the process.
    faulthandler.enable()
    share_arenas()
    return Daemon(settings, files).run()

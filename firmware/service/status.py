"""What the daemon knows of itself, as plain values for the control socket, the journal and the status light."""

from __future__ import annotations

import os
import pwd
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from firmware.camera_thread import CameraThread, frame_age_s
from firmware.darkroom.darkroom import Darkroom
from firmware.portrait.masks import Masks
from firmware.preview.preview import Preview
from firmware.service.board_watch import BoardWatch
from firmware.service.card_report import CardReport
from firmware.service.heartbeat import Heartbeats
from firmware.service.reloading import Reloading
from firmware.shooting import Shooting
from firmware.version import VERSION
from firmware.wall_clock import not_set_in_words
from firmware.white_balance.story import amiss

# A refused press is shown this long, a saved photo that long: enough to see it with the camera in the hand.
REFUSED_SHOWS_S = 2.0
SAVED_SHOWS_S = 1.0


class DaemonStatus:
    """Gathers the parts' own reports; it keeps only what no part knows."""

    def __init__(
        self,
        camera: CameraThread,
        reloading: Reloading,
        shooting: Shooting,
        darkroom: Darkroom,
        masks: Masks,
        preview: Preview,
        card: CardReport,
        heartbeats: Heartbeats,
        zoom: Callable[[], dict[str, Any]],
        upscaling: Callable[[], dict[str, Any]],
        board: BoardWatch,
    ) -> None:
        self.ready = False
        self.stopping = False
        self.unfinished: list[Path] = []
        self._camera = camera
        self._reloading = reloading
        self._shooting = shooting
        self._darkroom = darkroom
        self._masks = masks
        self._preview = preview
        self._card = card
        self._heartbeats = heartbeats
        self._zoom = zoom
        self._upscaling = upscaling
        self._board = board
        self._started_s = time.monotonic()
        self._refusal = ""
        self._refused_s = float("-inf")

    def refused(self, reason: str) -> None:
        """A press was refused: the light says so for a moment."""
        self._refusal, self._refused_s = reason, time.monotonic()

    def state(self) -> str:
        """One word or two for the whole camera."""
        if self.stopping:
            return "stopping"
        report = self._camera.report
        if report.state != "streaming":
            return report.state
        return "busy" if self._shooting.waiting else self._card.state() or "ready"

    def light(self) -> str:
        """The pattern of the status light."""
        now_s, tally = time.monotonic(), self._darkroom.tally
        if self.stopping:
            return "busy" if self._shooting.waiting else "off"
        burst = self._shooting.burst
        trouble = self._camera.report.state in ("no camera", "stalled")
        if trouble or now_s - max(self._refused_s, tally.failed_s) < REFUSED_SHOWS_S:
            return "error"
        if burst is not None and burst["state"] != "merging":
            return "collecting"
        if self._shooting.waiting or not self.ready:
            return "busy"
        return "saved" if now_s - tally.saved_s < SAVED_SHOWS_S else "ready"

    def in_words(self) -> str:
        """For systemd's status line."""
        report, tally = self._camera.report, self._darkroom.tally
        if report.state != "streaming":
            return f"{report.state}: {report.reason}" if report.reason else report.state
        burst, card = self._shooting.burst, self._card.in_words()
        return (
            f"{report.name} {report.sensor}, mode {self._shooting.mode}, {tally.taken} photos, "
            f"{self._shooting.waiting} in work"
            + (f", {tally.failed} failed" if tally.failed else "")
            + (f", {burst['state']} a burst" if burst else "")
            + (", settings wrong" if self._reloading.trouble else "")
            + (", leaving out bad frames" if report.leaves_out else "")
            + (f", {self._board.trouble.partition(':')[0]}" if self._board.trouble else "")
            + (f". {card}" if card else "")
        )

    def to_dict(self) -> dict[str, Any]:
        """Everything, for `nightjar status`."""
        tally, ring, shooting = self._darkroom.tally, self._camera.ring, self._shooting
        card, preview, accelerator = self._card.to_dict(), self._preview.report(), self._masks.report()
        balance, zoom, upscaling = self._balance_dict(), self._zoom(), self._upscaling()
        return {
            "version": VERSION,
            "state": self.state(),
            "ready": self.ready,
            "light": self.light(),
            "camera": self._camera_dict(),
            "ring": {"frames": len(ring) if ring else 0, "capacity": ring.capacity if ring else 0},
            "mode": shooting.mode,
            "modes": list(shooting.look.pipelines),
            "photos": {
                "taken": tally.taken,
                "last": tally.last or None,
                "last_press_to_saved_ms": tally.last_press_to_saved_ms,
                "queue": shooting.waiting,
                "failed": tally.failed,
            },
            "burst": shooting.burst,
            "zoom": zoom | {"network": upscaling},
            "white_balance": balance,
            "accelerator": accelerator,
            "preview": preview,
            "card": card,
            "board": {"temperature_c": self._board.temperature_c, "trouble": self._board.trouble or None},
            "warnings": [
                *self._card.warnings(card),
                *self._warnings(preview, accelerator),
                *amiss(balance),
                *_amiss_of_zoom(zoom, upscaling),
            ],
            "threads": self._heartbeats.ages_s(),
            "uptime_s": round(time.monotonic() - self._started_s, 1),
            "settings_not_reloaded": list(self._reloading.not_reloaded),
        }

    def _camera_dict(self) -> dict[str, Any]:
        report, ring = self._camera.report, self._camera.ring
        frame, age_s = self._camera.newest(), frame_age_s(ring)
        return {
            "state": report.state,
            "reason": report.reason or None,
            "name": report.name or None,
            "sensor": report.sensor or None,
            "shape": list(frame.pixels.shape) if frame else None,
            "frame_age_s": None if age_s is None else round(age_s, 3),
            "frames": ring.pushed if ring else 0,
            "stalls": report.stalls,
            "torn": report.torn,
            "repeated": report.repeated,
            "exposure_us": frame.shot.exposure_us if frame else None,
            "analogue_gain": frame.shot.analogue_gain if frame else None,
        }

    def _balance_dict(self) -> dict[str, Any]:
        shooting = self._shooting
        return shooting.balances.report([shooting.mode], *shooting.eye(), shooting.look.pipelines)

    def _warnings(self, preview: dict[str, Any], accelerator: dict[str, Any]) -> list[str]:
        report, tally, settings = self._camera.report, self._darkroom.tally, self._reloading
        device = accelerator["device"] or {}
        unfinished = still_unfinished(self.unfinished)
        missed = device.get("last_fault") if device.get("breaker", "closed") != "closed" else device.get("fell_back")
        clock = not_set_in_words()
        known = {
            f"{report.state}: {report.reason}": report.state in ("no camera", "stalled"),
            f"The camera fell silent {report.stalls} times and was reopened.": report.stalls
            and report.state == "streaming",
            report.left_out_in_words: report.leaves_out,
            clock: clock,
            self._board.in_words: self._board.trouble,
            f"The last press was refused: {self._refusal}": self._refused_s > self._shooting.accepted_s,
            f"{tally.failed} photos failed, the last: {tally.last_error}": tally.failed,
            f"The preview failed, and photos go on without it: {preview['reason']}": preview["reason"],
            f"Portraits go without a network: {accelerator['lacking']}": accelerator["lacking"],
            f"The processor answers in the Edge TPU's place: {missed}": missed,
            unfinished_in_words(unfinished): unfinished,
            settings.trouble: settings.trouble,
            f"Changed but in force only after a restart: {', '.join(settings.not_reloaded)}": settings.not_reloaded,
        }
        return [text for text, holds in known.items() if holds]


def _amiss_of_zoom(zoom: dict[str, Any], network: dict[str, Any]) -> Iterator[str]:
    if zoom["on"] and zoom["amiss"]:
        yield f"Zoom: photos will be refused: {zoom['amiss']}"
    if network["lacking"]:
        yield f"Zoom: what is not measured is enlarged without a network: {network['lacking']}"
    if zoom["trouble"]:
        yield zoom["trouble"]


def still_unfinished(raw_files: list[Path]) -> list[Path]:
    """Those that nobody has developed or taken away since the start. A card that cannot be asked has none."""
    return [path for path in raw_files if os.path.exists(path) and not os.path.exists(path.with_suffix(".JPG"))]


def unfinished_in_words(paths: list[Path]) -> str:
    """Which photos were cut off before their JPEG, and how to make it now, beside the raw file as all others are."""
    if not paths:
        return ""
    folder = paths[0].parent
    together = [str(path) for path in paths if path.parent == folder]
    names = " ".join(together[:5]) + (" ..." if len(together) > 5 else "")
    # Only the daemon's own user may write beside its photos, whoever reads this.
    try:
        user = pwd.getpwuid(os.getuid()).pw_name
    except KeyError:  # a number without a name, as containers have them
        user = f"'#{os.getuid()}'"
    many = "1 photo was" if len(paths) == 1 else f"{len(paths)} photos were"
    return f"{many} cut off before developing: run `sudo -u {user} nightjar develop {names} -o {folder}`"

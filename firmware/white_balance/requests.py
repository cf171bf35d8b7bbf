"""The control socket's method `white_balance`: show, choose, lock, measure a card. In force with the next frame."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from typing import Any

from firmware.camera_thread import CameraThread
from firmware.control.json_rpc import ParamsError
from firmware.errors import WhiteBalanceError
from firmware.shooting import Shooting
from firmware.storage.card import Card
from firmware.white_balance.card import newest_raw, read_card
from firmware.white_balance.choice import Choice
from firmware.white_balance.kept import GreyCard, checked_file, checked_grey, checked_sensor
from firmware.white_balance.story import in_words, story_of
from isp.light_estimate import TOLD

# A burst and its developing take that long on the slowest board; the grey card may be in it.
PHOTO_LIMIT_S = 120.0
ACTIONS = ("show", "choose", "card", "lock", "unlock", "reset")


class WhiteBalanceRequests:
    """Answers each with what holds afterwards, and with the light as a photo of the newest frame would have it."""

    def __init__(self, shooting: Shooting, camera: CameraThread, card: Card) -> None:
        self._shooting = shooting
        self._balances = shooting.balances
        self._camera = camera
        self._card = card
        self._does: Mapping[str, Callable[..., None]] = {
            "show": lambda *_: None,
            "choose": self._choose,
            "card": self._measure,
            "lock": self._lock,
            "unlock": lambda mode, _: self._balances.unlock(mode),
            "reset": lambda mode, _: self._balances.reset(mode),
        }

    def answer(self, action: str, mode: str | None, given: Mapping[str, Any]) -> dict[str, Any]:
        """Do one of ACTIONS in this mode, or with None in all that have no wish of their own.

        given  choose: `choice` in words, empty for the last one, and `tint`; card: `grey`, `sensor` and `file`, or
               nothing for the newest photo
        Raises WhiteBalanceError, PressRefused for an unknown mode, and what measuring a card raises.
        """
        if action not in ACTIONS:
            raise ParamsError(f"action = {action!r}; allowed: {', '.join(ACTIONS)}.")
        if mode is not None:
            self._shooting.check_mode(mode)
        self._does[action](mode, given)
        return self.report(mode or self._shooting.mode)

    def report(self, mode: str) -> dict[str, Any]:
        """What holds in every mode, and the light of the newest frame in this one."""
        frame = self._camera.newest()
        pipelines = self._shooting.look.pipelines
        told = self._balances.report(list(pipelines), *self._shooting.eye(), pipelines)
        light = None if frame is None else story_of(self._shooting.light_of(frame, mode))
        return told | {"mode": self._shooting.mode, "light_in": mode, "light": light}

    def _choose(self, mode: str | None, given: Mapping[str, Any]) -> None:
        tint = given["tint"]
        if not given["choice"] and self._balances.is_locked(mode):
            raise WhiteBalanceError(
                "The light is locked, with the tint that it has. Say what the tint is for, which ends the lock: "
                f"nightjar wb auto --tint {tint:g}"
            )
        before = self._balances.chosen(mode)
        choice = Choice.of_words(given["choice"], tint) if given["choice"] else dataclasses.replace(before, tint=tint)
        self._balances.choose(choice, mode, *self._shooting.eye())

    def _measure(self, mode: str | None, given: Mapping[str, Any]) -> None:
        if given["grey"] is not None:
            sensor = checked_sensor(given["sensor"])
            card = GreyCard(checked_grey(given["grey"]), checked_file(given["file"] or ""))
        else:
            if not self._shooting.wait_until_done(PHOTO_LIMIT_S):
                raise WhiteBalanceError("The last photo is still in work. Try again in a moment.")
            sensor, card = read_card(newest_raw(self._card), self._shooting.look.settings.camera.tuning)
        here, _ = self._shooting.eye()
        if here is not None and sensor != here:
            raise WhiteBalanceError(
                f"{card.file} was taken with {sensor}, and this camera has {here}, to which the same card has another "
                "colour. Photograph the card with this camera."
            )
        self._balances.keep_card(sensor, card, mode)

    def _lock(self, mode: str | None, _: Mapping[str, Any]) -> None:
        frame = self._camera.newest()
        if frame is None:
            raise WhiteBalanceError("There is no frame yet whose light could be locked; see `nightjar status`.")
        shown = mode or self._shooting.mode
        # What is locked is judged anew, and holds until that is a light.
        anew = self._balances.unlocked(shown, *self._shooting.eye()) if self._balances.is_locked(mode) else None
        light = self._shooting.light_of(frame, shown, anew)
        if light.source in TOLD:
            raise WhiteBalanceError(
                f"There is nothing to lock, the white balance is fixed: {in_words(story_of(light))} A lock is for "
                "`nightjar wb auto`."
            )
        if light.source == "daylight":
            raise WhiteBalanceError(f"There is no light to lock: {light.why}")
        self._balances.lock(light, frame.shot.sensor, mode)

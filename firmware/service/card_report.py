"""What the daemon says of its card: how much room there is, whether it is slow, and what to do when it is gone."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from firmware.errors import StorageError
from firmware.memory import MEGABYTE
from firmware.settings import StorageSettings
from firmware.storage.card import Card
from firmware.storage.card_writer import CardWriter

# Less is nothing to tell a person of.
SILENT_S = 2.0


class CardReport:
    """For `nightjar status` and systemd's status line. Whoever asks is answered at once, even where the card hangs.

    settings  those in force now
    """

    def __init__(self, card: Card, writer: CardWriter, settings: Callable[[], StorageSettings]) -> None:
        self._card = card
        self._writer = writer
        self._settings = settings

    def to_dict(self) -> dict[str, Any]:
        """Plain values."""
        told = {"free_mb": None, "folder": self._settings().folder, "trouble": None}
        try:
            told["free_mb"] = self._card.free_bytes() // MEGABYTE
        except StorageError as error:
            told["trouble"] = str(error)
        return told

    def state(self) -> str:
        """What is the matter, in two words; empty where a press will become a photo."""
        told = self.to_dict()
        if told["trouble"]:
            return "no card"
        if self._is_full(told):
            return "card full"
        return "card fails" if self._writer.last_refusal else ""

    def in_words(self) -> str:
        """What a photographer must know in a line; empty where all is well."""
        told = self.warnings(self.to_dict())
        if not told and self._writer.last_refusal:
            told = [f"The last file was not saved. {self._writer.last_refusal}"]
        return "; ".join(told)

    def warnings(self, told: dict[str, Any]) -> list[str]:
        """What is amiss, and what to do. `told` is what `to_dict` said."""
        return [*self._refusing(told), *self._slow()]

    def _is_full(self, told: dict[str, Any]) -> bool:
        return told["free_mb"] < self._settings().free_space_floor_mb

    def _refusing(self, told: dict[str, Any]) -> Iterator[str]:
        if told["trouble"]:
            yield f"No photos can be saved. {told['trouble']}"
        elif self._is_full(told):
            yield f"{told['free_mb']} MB free: presses are refused. Make room in {told['folder']}."

    def _slow(self) -> Iterator[str]:
        if (silent_s := self._card.silent_s) > SILENT_S:
            yield f"The card has not answered for {silent_s:.0f} s. See: sudo dmesg | tail"
        if slowness := self._writer.slowness():
            yield slowness

"""What is kept of the white balance from one day to the next: `white-balance.json` in the state folder.

A choice or a lock is of all modes, or of one mode, which then goes its own way. A grey card is of one sensor: what
another sensor reads of the same card is another colour.
"""

from __future__ import annotations

import dataclasses
import json
import re
import stat
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

from firmware.errors import StorageError, WhiteBalanceError
from firmware.storage.durable import write_over
from firmware.white_balance.choice import Choice, is_within
from isp.plain_values import read_json

FILE = "white-balance.json"
FORMAT = 1
# Some hundred modes and sensors; what is larger is not ours.
LARGEST_BYTES = 1_000_000
# The range of `isp.white_balance`'s knobs of a grey card; a test compares the two.
MOST_GREY = 50.0
SENSOR_NAME = re.compile(r"[a-z0-9_]{1,64}")
LONGEST_NAME = 255  # of a file, as file systems have it
SHOWN = 80  # letters of what is refused


@dataclass(frozen=True)
class GreyCard:
    """What a sensor read of a grey card: (red/green, blue/green), and in which file."""

    grey: tuple[float, float]
    file: str

    @classmethod
    def from_dict(cls, stored: Any) -> Self:
        """Raises WhiteBalanceError for what is none."""
        card = _filled(cls, stored)
        return cls(checked_grey(card.grey), checked_file(card.file))


@dataclass(frozen=True)
class Lock:
    """A light that is held: the fields of an `isp.light_estimate.LightEstimate`, and the sensor that it is of."""

    sensor: str
    light: Mapping[str, Any]

    @classmethod
    def from_dict(cls, stored: Any) -> Self:
        """Raises WhiteBalanceError for what is none."""
        lock = _filled(cls, stored)
        if not isinstance(lock.light, Mapping):
            raise WhiteBalanceError(f"A lock holds {lock.light!r}; it must hold a light.")
        checked_sensor(lock.sensor)
        checked_grey(lock.light.get("grey"))
        return lock


@dataclass(frozen=True)
class Wish:
    """What was asked for, in all modes or in one; None where nothing was."""

    choice: Choice | None = None
    lock: Lock | None = None

    @classmethod
    def from_dict(cls, stored: Any) -> Self:
        """Raises WhiteBalanceError for what is none."""
        wish = _filled(cls, stored)
        return cls(
            None if wish.choice is None else Choice.from_dict(wish.choice),
            None if wish.lock is None else Lock.from_dict(wish.lock),
        )


NOTHING = Wish()


@dataclass(frozen=True)
class Kept:
    """Everything that is kept.

    general  of all modes that have no wish of their own
    modes    by the mode's name
    cards    by the sensor's name
    """

    general: Wish = NOTHING
    modes: Mapping[str, Wish] = field(default_factory=dict)
    cards: Mapping[str, GreyCard] = field(default_factory=dict)

    def own(self, mode: str | None) -> Wish:
        """What was asked for this mode alone, or with None for all."""
        return self.general if mode is None else self.modes.get(mode, NOTHING)

    def wish_of(self, mode: str) -> Wish:
        """What holds in this mode. A choice of its own goes before a lock of all; a lock alone leaves theirs."""
        own = self.own(mode)
        if own == NOTHING:
            return self.general
        return dataclasses.replace(own, choice=own.choice or self.general.choice)

    def with_wish(self, mode: str | None, wish: Wish) -> Kept:
        """Another wish for this mode, or with None for all."""
        if mode is None:
            return dataclasses.replace(self, general=wish)
        others = {name: other for name, other in self.modes.items() if name != mode}
        return dataclasses.replace(self, modes=others if wish == NOTHING else others | {mode: wish})

    def with_card(self, sensor: str, card: GreyCard) -> Kept:
        """A card for this sensor, in the place of its last one."""
        return dataclasses.replace(self, cards={**self.cards, sensor: card})


def read_kept(file: Path) -> Kept:
    """What the file holds; nothing where there is no file. Raises WhiteBalanceError saying what is wrong with it."""
    try:
        facts = file.stat()
        if not stat.S_ISREG(facts.st_mode) or facts.st_size > LARGEST_BYTES:
            raise WhiteBalanceError(f"it is no file of at most {LARGEST_BYTES} bytes.")
        stored = read_json(file.read_bytes())
    except FileNotFoundError:
        return Kept()
    except OSError as error:
        raise WhiteBalanceError(f"it cannot be read: {error.strerror}.") from None
    except ValueError as error:  # json's and Unicode's errors are ValueErrors
        if isinstance(error, WhiteBalanceError):
            raise
        raise WhiteBalanceError(f"it is not JSON: {error}.") from None
    if not isinstance(stored, dict) or stored.pop("format", None) != FORMAT:
        raise WhiteBalanceError(f"it is not of format {FORMAT}.")
    kept = _filled(Kept, stored)
    return Kept(
        Wish.from_dict(kept.general),
        {name: Wish.from_dict(wish) for name, wish in _table(kept.modes).items()},
        {checked_sensor(name): GreyCard.from_dict(card) for name, card in _table(kept.cards).items()},
    )


def write_kept(file: Path, kept: Kept) -> None:
    """Durable before this returns. Raises StorageError."""
    try:
        write_over(file, json.dumps({"format": FORMAT, **dataclasses.asdict(kept)}, indent=1).encode() + b"\n")
    except OSError as error:
        raise StorageError(f"{file} cannot be written: {error.strerror}.") from None


def checked_grey(grey: Any) -> tuple[float, float]:
    """(red/green, blue/green). Raises WhiteBalanceError for what no card can read."""
    fits = (
        isinstance(grey, list | tuple)
        and len(grey) == 2
        and all(is_within(part, 1 / MOST_GREY, MOST_GREY) for part in grey)
    )
    if not fits:
        raise WhiteBalanceError(
            f"A grey of {grey!r} is none: it must be two numbers, red/green and blue/green, {1 / MOST_GREY:g} to "
            f"{MOST_GREY:g}."
        )
    return float(grey[0]), float(grey[1])


def checked_sensor(name: Any) -> str:
    """Raises WhiteBalanceError for what is no sensor's name."""
    if not isinstance(name, str) or not SENSOR_NAME.fullmatch(name):
        raise WhiteBalanceError(f"{repr(name)[:SHOWN]} is no sensor's name; they are like imx219.")
    return name


def checked_file(name: Any) -> str:
    """Raises WhiteBalanceError for what is no file's name."""
    if not isinstance(name, str) or len(name) > LONGEST_NAME or not name.isprintable():
        raise WhiteBalanceError(f"{repr(name)[:SHOWN]} is no file's name: text of at most {LONGEST_NAME} letters.")
    return name


def _table(stored: Any) -> Mapping[str, Any]:
    if not isinstance(stored, Mapping):
        raise WhiteBalanceError(f"{stored!r} is no table.")
    return stored


def _filled(kind: type, stored: Any) -> Any:
    """The dataclass with these fields, not yet looked into."""
    names = {item.name for item in dataclasses.fields(kind)}
    if not isinstance(stored, Mapping) or set(stored) != names:
        raise WhiteBalanceError(f"{stored!r} is not a {kind.__name__}, which has {', '.join(sorted(names))}.")
    return kind(**stored)

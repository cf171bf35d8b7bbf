"""What the camera keeps from one day to the next, and what it learned: small files that a power cut may have torn."""

from __future__ import annotations

import shutil

from fuzz.target import Target, promise, scratch_file

from accelerators.errors import ModelError
from accelerators.models.catalogue import CATALOGUE, read_catalogue
from accelerators.white_balance.judge import FOLDER as LIGHT_FOLDER
from accelerators.white_balance.light_file import read_numbers
from firmware.errors import StorageError, WhiteBalanceError, ZoomError
from firmware.settings import StorageSettings
from firmware.storage.card import Card
from firmware.storage.photo_name import COUNTER
from firmware.white_balance import kept as white_balance
from firmware.white_balance.choice import Choice
from firmware.white_balance.kept import GreyCard, Kept, Wish
from firmware.white_balance.locked import check_locks, lock_of
from firmware.zoom import chosen as zoom
from isp.light_estimate import LightEstimate


def white_balances() -> list[bytes]:
    sure = ((100.0, 0.1), (0.1, 0.01))
    light = LightEstimate((0.5, 0.6), 5000.0, 0.01, sure, "learned", 0.7, "It looks like daylight.")
    wish = Wish(Choice("auto"), lock_of(light, "imx477"))
    full = Kept(wish, {"night": Wish(Choice("custom"))}, {"imx477": GreyCard((0.5, 0.6), "card.DNG")})
    files = []
    for kept in (Kept(), full):
        white_balance.write_kept(scratch_file("white-balance.json"), kept)
        files.append(scratch_file("white-balance.json").read_bytes())
    return files


def take_white_balance(content: bytes) -> None:
    """As `Balances.open` reads it: a lock's light is looked into as well."""
    kept = white_balance.read_kept(scratch_file("white-balance.json", content))
    check_locks(kept)
    white_balance.write_kept(scratch_file("again.json"), kept)
    again = white_balance.read_kept(scratch_file("again.json"))
    promise(repr(again) == repr(kept), "What was read is not what comes back once it is written.")


def zooms() -> list[bytes]:
    return [b'{"format": 1, "factor": 1.5}\n', b'{"format": 1, "factor": null}\n']


def take_zoom(content: bytes) -> None:
    factor = zoom.read_kept(scratch_file("zoom.json", content))
    promise(factor is None or 1 <= factor <= 3, f"A zoom of {factor} was kept.")


def counters() -> list[bytes]:
    return [b"1\n", b"12345\n", b"999999999\n"]


def take_counter(content: bytes) -> None:
    """Whatever the counter holds, the next photo has a name that none has yet."""
    card_folder, state = scratch_file("card"), scratch_file("state")
    state.mkdir(exist_ok=True)
    (state / COUNTER).write_bytes(content)
    card = Card(StorageSettings(folder=str(card_folder), state_folder=str(state), free_space_floor_mb=0))
    try:
        card.open()
        promise(not card.reserve().jpeg.exists(), "A name was given twice.")
    finally:
        card.close()
        shutil.rmtree(card_folder)


def light_files() -> list[bytes]:
    return [(LIGHT_FOLDER / "light.json").read_bytes()]


def take_light(content: bytes) -> None:
    promise(read_numbers(scratch_file("light.json", content)) is not None, "There are no numbers.")


def catalogues() -> list[bytes]:
    return [CATALOGUE.read_bytes()]


def take_catalogue(content: bytes) -> None:
    for model in read_catalogue(scratch_file("models.toml", content)).values():
        promise(all(file.bytes > 0 and "/" not in file.name for file in model.published), "A file has no name or size.")


KEPT_TARGETS = [
    Target("white-balance", "text", white_balances, take_white_balance, (WhiteBalanceError,), 4),
    Target("zoom", "text", zooms, take_zoom, (ZoomError,), 3),
    Target("photo-number", "text", counters, take_counter, (StorageError,), 1),
    Target("light-numbers", "text", light_files, take_light, (ModelError,), 2),
    Target("catalogue", "text", catalogues, take_catalogue, (ModelError,), 3),
]

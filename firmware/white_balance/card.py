"""A grey card in a photo: which raw file holds it, and what the sensor read of it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from firmware.errors import WhiteBalanceError
from firmware.sensors import load_sensor
from firmware.white_balance.kept import GreyCard
from isp.frames import UNKNOWN_SENSOR

if TYPE_CHECKING:
    from firmware.storage.card import Card

# What lies beside the raw measurement, under the same name.
DEVELOPED = (".jpg", ".jpeg", ".json")


def newest_raw(card: Card) -> Path:
    """The raw file of the newest photo on the card. Raises WhiteBalanceError where it is gone: an older one would be
    another picture, without anybody noticing."""
    newest = card.newest()
    if newest is None:
        raise WhiteBalanceError("There is no photo on the card. Fill the middle of a photo with a grey card first.")
    if not newest.dng.is_file():
        raise WhiteBalanceError(
            f"The newest photo, {newest.jpeg.name}, has no raw file {newest.dng.name} beside it: it was moved, or "
            "[storage] dng is false. Photograph the card again, or name a raw file."
        )
    return newest.dng


def raw_beside(file: Path) -> Path:
    """The raw file itself; of a JPEG or a sidecar the DNG beside it. Raises WhiteBalanceError where there is none."""
    if file.suffix.lower() not in DEVELOPED:
        return file
    raws = [file.with_suffix(ending) for ending in (".DNG", ".dng")]
    there = [raw for raw in raws if raw.is_file()]
    if not there:
        raise WhiteBalanceError(
            f"{file} has no raw file {raws[0].name} beside it, and a grey card is measured in raw: in the JPEG it is "
            "balanced already."
        )
    return there[0]


def read_card(file: Path, tuning: str) -> tuple[str, GreyCard]:
    """The sensor, and what it read of the card in the middle of this raw file.

    tuning  as in [camera]
    Raises what reading the file does; FrameError for what is no grey card: clipped, dark, uneven, strongly coloured.
    """
    from firmware.files.raw_files import read_raw
    from isp.grey_card import measure_grey

    frame = read_raw(file)
    sensor = frame.shot.sensor
    known = None if sensor == UNKNOWN_SENSOR else load_sensor(sensor, tuning).tuning
    red, blue = measure_grey(frame, known)
    return sensor, GreyCard((float(red), float(blue)), file.name)

"""Our own DNG back: the same pixels, and the same Shot and frames behind a merge to the last digit."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from firmware.errors import RawFileError
from firmware.files.dng import CFA, CFA_NUMBER, LINEAR_RAW, PRIVATE_FORMAT, PRIVATE_MARK
from firmware.files.frames_behind import unpack_frames_behind
from firmware.files.shot_facts import shot_from_facts
from firmware.files.tiff import TiffReader, whole_numbers
from isp.frames import LinearFrame, RawFrame
from isp.plain_values import read_json

# What `encode_dng` always writes of a mosaic and of three colours: bits, compression, photometric, samples per pixel.
MOSAIC = {258: (16,), 259: (1,), 262: (CFA,), 277: (1,)}
THREE_COLOURS = {258: (16, 16, 16), 259: (1,), 262: (LINEAR_RAW,), 277: (3,), 284: (1,)}


def read_nightjar_dng(path: Path) -> RawFrame | LinearFrame | None:
    """The frame, or None if the file is not ours (or another program has rewritten it): LibRaw's turn.

    Raises RawFileError for a DNG of ours that is truncated or damaged.
    """
    with path.open("rb") as file:
        reader = TiffReader.open(file)
        if reader is None or reader.order != "<":
            return None
        try:
            tags = reader.directory(reader.first)
        except RawFileError:
            return None  # Other cameras' directories can be longer than ours ever are.
        private = _private(tags)
        if not private.startswith(PRIVATE_MARK):
            return None
        layout = next((layout for layout in (MOSAIC, THREE_COLOURS) if layout.items() <= tags.items()), None)
        if layout is None:
            return None  # Compressed by an editor, say.
        stored = _stored(path, private[len(PRIVATE_MARK) :])
        shot = shot_from_facts(stored.get("shot"))
        if layout is MOSAIC and tags.get(33422) != tuple(CFA_NUMBER[letter] for letter in shot.bayer):
            raise RawFileError(f"{path} is damaged: its colour filter tag contradicts the stored {shot.bayer}.")
        pixels, behind = _pixels(path, reader, tags, *layout[277]), stored.get("frames_behind")
        kind = RawFrame if layout is MOSAIC else LinearFrame
        return kind(pixels, shot, None if behind is None else unpack_frames_behind(behind, pixels.shape[:2]))


def _private(tags: dict[int, Any]) -> bytes:
    """What only Nightjar reads; empty where the tag is missing or holds other numbers than bytes."""
    values = tags.get(50740)
    return bytes(values) if isinstance(values, tuple) and set(values) <= set(range(256)) else b""


def _stored(path: Path, text: bytes) -> dict[str, Any]:
    try:
        stored = read_json(text)
    except ValueError as error:  # bad UTF-8 is a ValueError; so is a number of 5000 digits
        raise RawFileError(f"{path} is damaged: its stored facts are not JSON ({error}).") from None
    found = stored.get("format") if isinstance(stored, dict) else None
    if found != PRIVATE_FORMAT:
        raise RawFileError(f"{path} stores format {found!r}; this version reads {PRIVATE_FORMAT}. Update Nightjar.")
    return stored


def _pixels(path: Path, reader: TiffReader, tags: dict[int, Any], samples: int) -> np.ndarray:
    """The strip, read straight into one array; nothing is allocated that the file does not hold."""
    try:
        (width,), (height,), (offset,), (length,) = (whole_numbers(tags, tag) for tag in (256, 257, 273, 279))
    except ValueError:
        raise RawFileError(f"{path} is damaged: its size or the place of its pixels is missing.") from None
    if length != 2 * samples * width * height:
        raise RawFileError(f"{path} is damaged: {width} x {height} pixels do not fill {length} bytes.")
    if offset + length > reader.size:
        raise RawFileError(
            f"{path} is truncated: its pixels end at byte {offset + length}, the file at {reader.size}. Copy it again."
        )
    reader.file.seek(offset)
    pixels = np.fromfile(reader.file, dtype="<u2", count=samples * width * height)
    shape = (height, width) if samples == 1 else (height, width, samples)
    return pixels.reshape(shape).astype(np.uint16, copy=False)

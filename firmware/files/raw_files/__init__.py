"""Raw files in: our own DNG exactly as it was, foreign raws through LibRaw, headerless .raw with its .toml of facts.

Whatever bytes come, the answer is a frame or a RawFileError that names the file, what was found and what to do.
"""

from __future__ import annotations

import re
from pathlib import Path

from firmware.errors import RawFileError
from isp.errors import FrameError
from isp.frames import LinearFrame, RawFrame

# What cameras name their raw files, and our own two kinds.
SUFFIXES = (".dng", ".raw", ".nef", ".nrw", ".cr2", ".cr3", ".crw", ".arw", ".sr2", ".srf", ".raf", ".orf", ".rw2")
SUFFIXES += (".rwl", ".pef", ".srw", ".erf", ".mrw", ".kdc", ".dcr", ".3fr", ".iiq")


def read_raw(path: Path | str) -> RawFrame:
    """The sensor's frame in this file. Raises RawFileError, for a zoomed picture too: that is no frame of a sensor."""
    frame = read_frame(path)
    if not isinstance(frame, RawFrame):
        raise RawFileError(
            f"{path} is a zoomed picture with three colours a pixel, made of many frames; here a sensor's own frame is "
            "needed. `nightjar develop` turns it into a photo."
        )
    return frame


def read_frame(path: Path | str) -> RawFrame | LinearFrame:
    """The frame in this file, or the zoomed picture that was made of many. Raises RawFileError."""
    path = Path(path)
    try:
        if not path.is_file():
            found = "a folder" if path.is_dir() else "not a file" if path.exists() else "not there"
            raise RawFileError(f"{path} is {found}. Name a raw file: .dng, .raw beside its .toml, .nef, .cr2, ...")
        return _read(path)
    except OSError as error:
        raise RawFileError(f"{path} cannot be read: {error.strerror or error}.") from error
    except FrameError as error:
        raise RawFileError(f"{path} holds no usable frame: {error}") from error


def list_raw_files(folder: Path) -> list[Path]:
    """The raw files right inside a folder, in order of name; hidden ones are somebody's half-written files.

    Numbers in names count as numbers: frame9.dng comes before frame10.dng.
    """
    found = (
        path
        for path in folder.iterdir()
        if path.suffix.lower() in SUFFIXES and not path.name.startswith(".") and path.is_file()
    )
    return sorted(found, key=lambda path: (_words_and_numbers(path.name), path.name))


def _words_and_numbers(name: str) -> list[str | int]:
    """Split so that words always stand beside words, and numbers beside numbers."""
    return [int(part) if part.isdecimal() else part for part in re.split(r"(\d+)", name)]


def _read(path: Path) -> RawFrame | LinearFrame:
    if path.suffix.lower() == ".raw":
        from firmware.files.raw_files.headerless import read_headerless

        return read_headerless(path)
    from firmware.files.raw_files.nightjar_dng import read_nightjar_dng

    frame = read_nightjar_dng(path)
    if frame is not None:
        return frame
    from firmware.files.raw_files.foreign import read_foreign

    return read_foreign(path)

"""Other cameras' raw files, through LibRaw in a process of its own: a file that ends LibRaw must not end the camera.

The process is started with the first such file and serves all others. It may take so much time and memory for a file;
one that dies or takes longer is replaced with the next file, and that file is refused.
"""

from __future__ import annotations

import os
import socket
import sys
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from accelerators.errors import DeviceError
from accelerators.runtime.messages import MOST_TEXT, Garbled, pair, receive, send
from accelerators.runtime.process import ChildProcess
from firmware.errors import RawFileError
from firmware.files.shot_facts import shot_from_facts
from firmware.files.tiff import TiffReader, whole_numbers
from isp.frames import RawFrame

# TIFF tags: where pixels begin, and how many bytes they take.
STRIPS_AND_TILES = ((273, 279), (324, 325))
SUB_DIRECTORIES = 330
# Cameras have previews, the raw picture and its masks; a damaged file can claim a million.
MOST_SUB_DIRECTORIES = 8
# 60 Mpix that are packed well take a Pi Zero some ten seconds, and starting Python a few.
READ_S = 40.0
# Between a process's last word and its end.
DYING_S = 0.5


class LibRawProcess:
    """Reads raw files elsewhere. For any thread; they take turns.

    program  the command that is started, our own where none is given; tests bring programs that misbehave
    read_s   how long a file may take
    """

    def __init__(self, program: Sequence[str] = (), read_s: float = READ_S) -> None:
        self._program, self._read_s = program or _own_program(), read_s
        self._turn = threading.Lock()
        self._process: ChildProcess | None = None
        self._channel: socket.socket | None = None
        self._pixels = -1

    @property
    def pid(self) -> int | None:
        """Of the process that lives now."""
        return None if self._process is None else self._process.pid

    def read(self, path: Path) -> RawFrame:
        """The frame in the file. Raises RawFileError, and FrameError for facts that cannot be."""
        with self._turn:
            try:
                answer = self._answer(os.path.abspath(path))
            except TimeoutError:
                raise self._gave_up(path, f"LibRaw took longer than {self._read_s:g} s") from None
            except (Garbled, OSError, DeviceError) as error:
                raise self._gave_up(path, f"LibRaw's process failed: {error}") from None
            if answer is None:
                raise self._gave_up(path, "LibRaw's process ended", DYING_S)
            if isinstance(answer.get("refused"), str):
                raise RawFileError(answer["refused"][:MOST_TEXT])
            pixels = self._received(answer.get("shape"))
            if pixels is None:
                raise self._gave_up(path, "LibRaw's process answered nonsense")
        return RawFrame(pixels, shot_from_facts(answer.get("shot")))

    def close(self) -> None:
        """End the process; the next file starts another."""
        with self._turn:
            self._end()

    def _answer(self, path: str) -> dict[str, Any] | None:
        """What it says of the file; None where it ended. One that lived before may have died of something else."""
        if self._process is not None:
            try:
                answer = self._asked(path)
                if answer is not None:
                    return answer
            except TimeoutError:
                raise
            except OSError:
                pass  # it died since the last file
            self._end()
        self._start()
        return self._asked(path)

    def _asked(self, path: str) -> dict[str, Any] | None:
        send(self._channel, path=path)
        return receive(self._channel, self._read_s)

    def _start(self) -> None:
        self._channel, theirs = pair()
        self._pixels = os.memfd_create("nightjar-raw", os.MFD_CLOEXEC)
        descriptors = {"channel": theirs.fileno(), "pixels": self._pixels}
        try:
            self._process = ChildProcess(self._program, descriptors, tuple(descriptors.values()))
        finally:
            theirs.close()

    def _received(self, shape: Any) -> np.ndarray | None:
        """The pixels that the process wrote; None where they are not as it says."""
        is_shape = isinstance(shape, list) and len(shape) == 2 and all(type(side) is int and side > 0 for side in shape)
        # Nothing is taken that was not written: the numbers may be anything.
        if not is_shape or 2 * shape[0] * shape[1] != os.fstat(self._pixels).st_size:
            return None
        pixels = np.empty(shape, np.uint16)
        with open(os.dup(self._pixels), "rb") as written:
            written.seek(0)
            found = written.readinto(memoryview(pixels).cast("B"))
        os.ftruncate(self._pixels, 0)  # or they would lie there until the next file
        self._process.tidy()
        return pixels if found == pixels.nbytes else None

    def _gave_up(self, path: Path, why: str, patience_s: float = 0.0) -> RawFileError:
        said = self._end(patience_s)
        details = f" ({said})" if said else ""
        return RawFileError(
            f"{path} cannot be read: {why}{details}. It is damaged: copy it again, or convert it to DNG."
        )

    def _end(self, patience_s: float = 0.0) -> str:
        """How it ended, and what it said last."""
        if self._channel is not None:
            self._channel.close()
            os.close(self._pixels)
        said = "" if self._process is None else self._process.end(patience_s)
        self._process = self._channel = None
        return said


def read_foreign(path: Path) -> RawFrame:
    """The frame in a raw file that LibRaw opens. Raises RawFileError."""
    _refuse_truncated(path)
    return LIBRAW.read(path)


def _own_program() -> list[str]:
    """The command that starts `libraw_child.py` with the Python and the modules of this process."""
    # An empty entry is the working folder; -P keeps Python from adding it.
    ours = Path(__file__).resolve().parents[3]
    folders = [os.path.abspath(folder) for folder in (*sys.path, str(ours)) if folder]
    start = f"import sys; sys.path[:] = {folders!r}; from firmware.files.raw_files.libraw_child import main; main()"
    return [sys.executable, "-P", "-c", start]


# One for this process; it starts nothing before there is a file for it.
LIBRAW = LibRawProcess()


def _refuse_truncated(path: Path) -> None:
    """LibRaw fills the missing end of an uncompressed file with zeros and says nothing; most raws are TIFFs inside."""
    with path.open("rb") as file:
        reader = TiffReader.open(file)
        end = 0 if reader is None else _end_of_pixels(reader)
        if reader is not None and end > reader.size:
            raise RawFileError(
                f"{path} is truncated: its pixels end at byte {end}, the file at {reader.size}. Copy it again."
            )


def _end_of_pixels(reader: TiffReader) -> int:
    """The last byte that strips or tiles claim; 0 where the directories cannot be followed: LibRaw knows more kinds."""
    try:
        main = reader.directory(reader.first)
        below = whole_numbers(main, SUB_DIRECTORIES)[:MOST_SUB_DIRECTORIES]
        directories = [main, *(reader.directory(offset) for offset in below)]
    except RawFileError:
        return 0
    return max(
        (
            start + length
            for tags in directories
            for starts, lengths in STRIPS_AND_TILES
            for start, length in zip(whole_numbers(tags, starts), whole_numbers(tags, lengths), strict=False)
        ),
        default=0,
    )

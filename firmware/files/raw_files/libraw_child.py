"""The process in which LibRaw reads: asked for one file after the other until its parent is gone. See `foreign.py`."""

from __future__ import annotations

import json
import os
import resource
import socket
import sys
from pathlib import Path

from accelerators.runtime.lifeline import live_with_parent
from accelerators.runtime.messages import MOST_TEXT, receive, send
from firmware.errors import RawFileError
from firmware.files.raw_files.libraw import read_with_libraw
from isp.errors import FrameError
from isp.frames import RawFrame

# Above what is mapped at the start. LibRaw holds a 100 Mpix file, its pixels and some of its own: below 1 GB.
MOST_BYTES = 2 << 30
PAGES_MAPPED = 0  # of /proc/self/statm


def main() -> None:
    """Answer until the parent closes the channel."""
    task = json.loads(sys.argv[1])
    live_with_parent(task["lifeline"])
    _limit_memory()
    with socket.socket(fileno=task["channel"]) as channel:
        while (request := receive(channel, None)) is not None:
            try:
                frame = read_with_libraw(Path(request["path"]))
                _write(frame, task["pixels"])
            except (RawFileError, FrameError) as error:
                send(channel, refused=str(error)[:MOST_TEXT])
            else:
                send(channel, shape=list(frame.pixels.shape), shot=frame.shot.to_dict())


def _write(frame: RawFrame, descriptor: int) -> None:
    os.ftruncate(descriptor, 0)
    with open(os.dup(descriptor), "wb") as pixels:
        pixels.seek(0)
        pixels.write(memoryview(frame.pixels).cast("B"))


def _limit_memory() -> None:
    """A file that claims gigabytes is refused by its size, and not by the end of the camera."""
    mapped = int(Path("/proc/self/statm").read_text().split()[PAGES_MAPPED]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (mapped + MOST_BYTES, mapped + MOST_BYTES))


if __name__ == "__main__":
    main()

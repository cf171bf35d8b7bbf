"""Merge the frames of a folder as they would arrive, one at a time, in a fresh process; print the peak memory in MB.

    python -m firmware.bench.streaming_memory FOLDER

Counts from before the first frame is read: the frames that arrive, the merge, and the merged frame.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np

from isp.burst.streaming import NightBurst
from isp.frames import RawFrame, Shot


def save_frames(frames: list[RawFrame], folder: Path) -> None:
    """Write frames so that another process can read one after the other without a raw library."""
    for number, frame in enumerate(frames):
        np.save(folder / f"{number:02}.npy", frame.pixels)
        (folder / f"{number:02}.json").write_text(json.dumps(frame.shot.to_dict()))


def main() -> None:
    """See above."""
    before = _kilobytes("VmRSS")
    night = NightBurst(threads=1)
    for file in sorted(Path(sys.argv[1]).glob("*.npy")):
        night.add(RawFrame(np.load(file), Shot.from_dict(json.loads(file.with_suffix(".json").read_text()))))
    night.finish()
    print((_kilobytes("VmHWM") - before) / 1024)


def _kilobytes(name: str) -> int:
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith(name + ":"):
            return int(line.split()[1])
    raise OSError(f"/proc/self/status has no {name}")


if __name__ == "__main__":
    main()

"""A zoomed burst in a fresh process, frames read one after the other; prints the peak memory above imports in MB."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np
from memory import kilobytes

from isp.frames import RawFrame, Shot
from isp.zoom.crop import Crop
from isp.zoom.zoom_burst import ZoomBurst


def main() -> None:
    files = sorted(Path(sys.argv[1]).glob("*.npy"))
    crop = Crop(0, 0, *np.load(files[0], mmap_mode="r").shape)
    before = kilobytes("VmRSS")
    burst = ZoomBurst(2.0, crop, threads=1)
    for file in files:
        burst.add(RawFrame(np.load(file), Shot.from_dict(json.loads(file.with_suffix(".json").read_text()))))
    burst.finish()
    print((kilobytes("VmHWM") - before) / 1024)


if __name__ == "__main__":
    main()

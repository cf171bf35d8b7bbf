"""How fast the processor does a photo's work: memory copied, and one frame of the mode in use developed."""

from __future__ import annotations

import os
import statistics
import time
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from firmware.darkroom.modes import load_modes, mode_pipeline
from firmware.files.jpeg import encode_jpeg
from firmware.memory import MEGABYTE, available_bytes
from firmware.selftest.bench import Bench, camera_of, next_frame
from firmware.selftest.result import Measured, Result, judged, skipped
from firmware.sensors import load_sensor
from isp.develop import develop
from isp.frames import UNKNOWN_SENSOR, RawFrame

if TYPE_CHECKING:
    import numpy as np

AREA = "speed"
MODE = "photo"
REPEATS, QUICK_REPEATS = 5, 2
# The ring copies each frame once; below this copying alone takes a tenth of a Zero 2 W's time at 10 frames a second.
LEAST_COPY_MB_S = 1000.0
# A person waits for the photo before taking the next; the queue holds four.
MOST_DEVELOPING_S = 10.0


def check_speed(bench: Bench) -> Iterator[Result]:
    """A frame of the mode in use, copied and developed."""
    with camera_of(bench) as camera:
        frame = next_frame(camera, bench)
    repeats = QUICK_REPEATS if bench.quick else REPEATS
    yield _copying(frame.pixels, repeats)
    yield _developing(frame, bench, repeats)


def _copying(pixels: np.ndarray, repeats: int) -> Result:
    import numpy as np

    target = np.empty_like(pixels)
    took_s = _median_s(lambda: np.copyto(target, pixels), repeats + 1)
    available = available_bytes()
    measured = [Measured("frame copied", pixels.nbytes / MEGABYTE / took_s, "MB/s", least=LEAST_COPY_MB_S)]
    if available is not None:
        measured.append(Measured("memory that is free", available / MEGABYTE, "MB"))
    return judged(AREA, "memory", "copied one raw frame in memory", measured, mend="see heat, and what else runs: top")


def _developing(frame: RawFrame, bench: Bench, repeats: int) -> Result:
    did = f"developed one frame in mode {MODE} with every processor, and made a JPEG of it"
    if frame.shot.sensor == UNKNOWN_SENSOR:
        return skipped(AREA, "developing", did, "nothing is known of the sensor whose frames are replayed")
    tuning = load_sensor(frame.shot.sensor, bench.settings.camera.tuning).tuning
    pipeline = mode_pipeline(load_modes()[MODE], bench.settings.pictures)
    threads, quality = bench.settings.darkroom.threads, bench.settings.storage.jpeg_quality
    photo = develop(frame, pipeline, tuning, threads)  # and the first time caches are cold
    height, width = frame.pixels.shape
    measured = [
        Measured("size of the frame", f"{width} x {height}", "px"),
        Measured("processors", os.cpu_count() or 1),
        Measured(
            "developed in",
            _median_s(lambda: develop(frame, pipeline, tuning, threads), repeats),
            "s",
            most=MOST_DEVELOPING_S,
        ),
        Measured("JPEG in", _median_s(lambda: encode_jpeg(photo, quality), repeats), "s"),
    ]
    return judged(AREA, "developing", did, measured, mend="choose a smaller mode: [camera] width_px and height_px")


def _median_s(work: Callable[[], object], repeats: int) -> float:
    return statistics.median(_timed_s(work) for _ in range(repeats))


def _timed_s(work: Callable[[], object]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started

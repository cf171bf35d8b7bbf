"""Do frames come at the mode's pace, each once and none lost, and do they carry the clock that presses carry?"""

from __future__ import annotations

import statistics
import time
from collections.abc import Iterator

from firmware.camera_thread import frames_on_their_way
from firmware.cameras.base import Camera
from firmware.cameras.whole_frames import WHAT_TO_DO, WholeFrames
from firmware.doctor.examination import PROBLEM, WARNING
from firmware.errors import FrameRepeated, FrameTorn
from firmware.selftest.bench import MOST_TORN, Bench, camera_of, exposed, next_frame
from firmware.selftest.frame_series import Arrival, Series
from firmware.selftest.result import Measured, Result, judged
from isp.frames import RawFrame

AREA = "frames"
FRAMES, LONGEST_S = 300, 10.0
QUICK_FRAMES, QUICK_LONGEST_S = 60, 2.0
FEWEST_FRAMES = 10
# A press finds its frame all the same where one in a hundred is lost: the neighbour is one interval away.
MOST_LOST = 0.01
# Of the interval: more than that is not the sensor's clock but ours.
MOST_JITTER = 0.1
# Both clocks hang on crystals, good to 100 ppm; in ten seconds scheduling adds more than that.
MOST_DRIFT_PPM = 2000.0
COMPUTED = "these frames are computed by a program, at its own pace; that says nothing of a board"
LOST_MEND = (
    "end what else runs (top shows it), choose a smaller mode ([camera] width_px) or fewer "
    "[camera] frames_per_second; on a Pi 4 more [camera] buffer_count"
)


def check_frames(bench: Bench) -> Iterator[Result]:
    """One series of frames; what their times say of the pace, and of the clock."""
    with camera_of(bench) as camera:
        series = _series(bench, camera)
        limits = camera.exposure_limits
    if len(series.frames) < FEWEST_FRAMES:
        why = f"{series.torn} of {series.torn + len(series.frames)} frames were torn"
        yield Result(AREA, "pace", "took frames in a row", (), PROBLEM, why, WHAT_TO_DO)
        return
    asked_s = series.interval_s if limits is None else limits.shortest_frame_s
    yield _pace(bench, series, asked_s)
    yield _clock(series)


def _series(bench: Bench, camera: Camera) -> Series:
    """Frames of an exposure that leaves the mode its full pace."""
    limits = camera.exposure_limits
    first = next_frame(camera, bench)
    if limits is not None:
        shot = first.shot
        short_us = min(shot.exposure_us, limits.shortest_frame_s * 5e5)
        exposed(camera, bench, short_us, shot.analogue_gain)
    wanted, longest_s = (QUICK_FRAMES, QUICK_LONGEST_S) if bench.quick else (FRAMES, LONGEST_S)
    whole = WholeFrames(frames_on_their_way(bench.settings), camera.is_noisy)
    arrivals: list[Arrival] = []
    torn = repeated = 0
    started_s = time.monotonic()
    while len(arrivals) < wanted and (len(arrivals) < FEWEST_FRAMES or time.monotonic() - started_s < longest_s):
        try:
            frame = camera.next_frame(camera.frame_interval_s + bench.settings.camera.frame_timeout_s)
            arrivals.append(_arrival(frame))
            whole.check(frame)
        except FrameTorn:
            torn += 1
        except FrameRepeated:
            repeated += 1
        if torn > MOST_TORN:
            break
    return Series(arrivals, camera.frame_interval_s, torn, repeated)


def _arrival(frame: RawFrame) -> Arrival:
    return Arrival(frame.shot.timestamp_ns, frame.shot.exposure_us or 0.0, time.monotonic_ns())


def _pace(bench: Bench, series: Series, asked_s: float) -> Result:
    did = f"took {len(series.frames)} frames in a row and looked at the times between them"
    asked_ms = asked_s * 1e3
    measured = [
        Measured("interval of the mode", asked_ms, "ms"),
        Measured("interval found", series.pace_ms, "ms", asked_ms * 0.95, asked_ms * 1.05),
        Measured("jitter, 19 times in 20", series.jitter_ms, "ms", most=MOST_JITTER * asked_ms),
        Measured("frames lost", series.lost),
        Measured("of all", series.lost_share * 100, "%", most=MOST_LOST * 100),
        Measured("frames that came twice", series.repeated, "", most=0),
        Measured("frames that came torn", series.torn, "", most=0),
    ]
    why, missed = (COMPUTED, WARNING) if bench.is_computed else ("", PROBLEM)
    mend = WHAT_TO_DO if series.torn + series.repeated else LOST_MEND
    return judged(AREA, "pace", did, measured, missed, why, mend)


def _drift_bar(series: Series) -> tuple[float, float] | tuple[()]:
    """None for a short series, in which a frame that was fetched late looks like drift."""
    passed_s = (series.frames[-1].arrived_ns - series.frames[0].arrived_ns) / 1e9
    return (-MOST_DRIFT_PPM, MOST_DRIFT_PPM) if passed_s > LONGEST_S / 2 else ()


def _clock(series: Series) -> Result:
    did = "compared each frame's time stamp with CLOCK_MONOTONIC, which presses carry, on its arrival"
    ages = series.ages_ms
    interval_ms = series.interval_s * 1e3
    asleep_s = time.clock_gettime(time.CLOCK_BOOTTIME) - time.clock_gettime(time.CLOCK_MONOTONIC)
    measured = [
        Measured("youngest frame on arrival", min(ages), "ms", least=0.0),
        Measured("age of the median frame", statistics.median(ages), "ms", most=5 * interval_ms + 100),
        Measured("oldest frame on arrival", max(ages), "ms"),
        Measured("drift of the frames' clock", series.drift_ppm, "ppm", *_drift_bar(series)),
        Measured("asleep since the start", asleep_s, "s", most=0.001),
    ]
    why = "photos may be of another moment than the press"
    mend = "restart the board (a board that slept has two clocks); if it stays, send this report"
    return judged(AREA, "clock", did, measured, PROBLEM, why, mend)

"""Every mode of the sensor is asked for; what was granted is written down, and what was not is named."""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Iterator

from firmware.cameras.base import Camera, ModeFacts
from firmware.doctor.examination import OK, PROBLEM, WARNING
from firmware.errors import CameraError, CameraHung
from firmware.selftest.bench import Bench, camera_of, next_frame
from firmware.selftest.result import Measured, Result, judged, skipped
from firmware.sensors import SensorMode, load_sensor

AREA = "modes"
LISTING = "opened the camera and asked for its list of modes"
FRAMES, QUICK_FRAMES = 20, 6
# So short that every mode can go at its full pace.
EXPOSURE_US = 2000
# Our list of modes gives whole frames a second, libcamera rounds to whole lines.
PACE = 0.05
SLOW = "the camera, or who takes its frames, cannot keep this mode's pace: see frames"


def check_modes(bench: Bench) -> Iterator[Result]:
    """The sensor first, then each of its modes."""
    camera = bench.opener(bench.settings)
    try:
        camera.start()
        name, offered, granted = camera.sensor, camera.offered, camera.granted
    except CameraError as error:
        if not camera.offered:
            raise
        # A sensor that nobody measured: its modes are what we need to know of it.
        yield Result(AREA, "sensor", LISTING, tuple(_numbered(camera.offered)), PROBLEM, str(error), "send this report")
        return
    finally:
        camera.close()
    if not offered:
        yield skipped(AREA, "modes", LISTING, f"it has one only: {_in_words(granted)}")
        return
    known = load_sensor(name, bench.settings.camera.tuning).modes
    yield _listed(name, offered, known)
    for mode in known:
        bench.doing(f"mode {mode.width} x {mode.height}")
        yield _asked_for(bench, mode)


def _numbered(offered: tuple[ModeFacts, ...]) -> list[Measured]:
    modes = [Measured(f"mode {number}", _in_words(mode)) for number, mode in enumerate(offered, 1)]
    return [Measured("modes listed", len(modes)), *modes]


def _listed(name: str, offered: tuple[ModeFacts, ...], known: tuple[SensorMode, ...]) -> Result:
    sizes = {(mode.width, mode.height, mode.bits) for mode in known}
    strange = [mode for mode in offered if (mode.width, mode.height, mode.bits) not in sizes]
    measured = [Measured("sensor", name), *_numbered(offered)]
    if not strange:
        return Result(AREA, "sensor", LISTING, tuple(measured))
    why = f"Nightjar does not know the noise of {'; '.join(map(_in_words, strange))}, and will refuse that"
    # A sensor that lists a mode twice, in 8 bit too, is common and no harm.
    harmless = all(any((mode.width, mode.height) == size[:2] for size in sizes) for mode in strange)
    mend = f"send this report, so that they can be added to configs/sensors/{name}.toml"
    return Result(AREA, "sensor", LISTING, tuple(measured), OK if harmless else WARNING, why, mend)


def _asked_for(bench: Bench, mode: SensorMode) -> Result:
    title = f"{mode.width} x {mode.height} at {mode.bits} bit"
    did = f"asked for {title}, {mode.frames_per_second:g} frames a second, at {EXPOSURE_US / 1000:g} ms"
    short = dataclasses.replace(bench.settings.exposure, fixed_us=EXPOSURE_US, fixed_gain=0.0)
    of_mode = bench.with_camera(width_px=mode.width, height_px=mode.height, frames_per_second=0.0)
    of_mode = dataclasses.replace(of_mode, settings=dataclasses.replace(of_mode.settings, exposure=short))
    try:
        with camera_of(of_mode) as camera:
            return _granted(of_mode, mode, camera, title, did)
    except CameraHung:
        raise
    except CameraError as error:
        return Result(AREA, title, did, (), PROBLEM, f"not granted: {error}", "send this report")


def _granted(bench: Bench, mode: SensorMode, camera: Camera, title: str, did: str) -> Result:
    frames = [next_frame(camera, bench).shot for _ in range(QUICK_FRAMES if bench.quick else FRAMES)]
    granted, rows = camera.granted, camera.frame_shape
    apart = [(after.timestamp_ns - before.timestamp_ns) / 1e9 for before, after in itertools.pairwise(frames)]
    arrived = len(apart) / max(sum(apart), 1e-9)
    measured = [
        Measured("granted", _in_words(granted)),
        Measured("frames delivered", f"{rows[1]} x {rows[0]}", "px"),
        Measured("exposure of the last frame", frames[-1].exposure_us / 1000, "ms"),
        Measured("pace", _pace(apart, 1 / mode.frames_per_second), "frames/s", *_around(mode.frames_per_second)),
        Measured("frames taken", arrived, "frames/s"),
    ]
    if (granted.width, granted.height, granted.bits) != (mode.width, mode.height, mode.bits):
        return Result(AREA, title, did, tuple(measured), PROBLEM, "another mode was granted", "send this report")
    return judged(AREA, title, did, measured, why=SLOW, mend="send this report")


def _pace(apart_s: list[float], expected_s: float) -> float:
    """Frames a second of the sensor, though some were not taken: the shortest gap, of one or of a few intervals."""
    shortest = min((gap for gap in apart_s if gap > 0), default=float("inf"))
    return max(1, round(shortest / expected_s)) / shortest if shortest < float("inf") else 0.0


def _around(frames_per_second: float) -> tuple[float, float]:
    return frames_per_second * (1 - PACE), frames_per_second * (1 + PACE)


def _in_words(mode: ModeFacts) -> str:
    bits = f", {mode.bits} bit" if mode.bits else ""
    return f"{mode.width} x {mode.height}{bits}, {mode.raw_format}, {mode.frames_per_second:.4g} frames/s"

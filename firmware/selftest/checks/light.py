"""Do frames show the moment that they claim? The LED lights the scene, and the frames say when it went on."""

from __future__ import annotations

import statistics
import time
from collections.abc import Iterator
from typing import Any

import numpy as np

from firmware.camera_thread import frames_on_their_way
from firmware.cameras.base import Camera
from firmware.doctor.examination import PROBLEM
from firmware.selftest.bench import Bench, camera_of, exposed, metered, next_frame
from firmware.selftest.checks.press import NO_PINS, TAKE_PINS
from firmware.selftest.light_moment import DARK, LIT, Seen, lit_share, seen, strayed_ms
from firmware.selftest.loop import lit
from firmware.selftest.result import Measured, Result, judged, skipped

AREA = "light"
TITLE = "LED to frame"
FLASHES, QUICK_FLASHES = 8, 3
LOOKED_AT = 5
# The light must stand out of what frames differ by anyway.
LEAST_CONTRAST = 10.0
# Exposed so long at most, and an interval's half: in short exposures the light's moment is told more finely.
LONGEST_US = 20_000.0
# The golden ratio's share of an exposure between flashes: the light goes on at places all over it.
APART = 0.618
PAPER = "LED close before white paper, the paper fills the picture, the room dim; see nightjar selftest --wiring"
WRONG_CLOCK = "send this report: the time stamps of this camera do not mean what Nightjar takes them for"

# The moment of the pin, and the frames around it.
Flash = tuple[int, list[Seen]]


def check_light(bench: Bench) -> Iterator[Result]:
    """Dark, bright, and then the light goes on at moments all over a frame."""
    did = "lit the scene with the status LED and compared the moment with the one that the frames show"
    if bench.settings.buttons.pin_factory == "none":
        yield skipped(AREA, TITLE, did, NO_PINS, TAKE_PINS)
        return
    with lit(bench.settings.buttons) as led, camera_of(bench) as camera:
        if camera.exposure_limits is None:
            yield skipped(AREA, TITLE, did, "nobody can set this camera's exposure")
            return
        yield _measured(bench, camera, led, did)


def _measured(bench: Bench, camera: Camera, led: Any, did: str) -> Result:
    led.on()
    shot = metered(camera, bench).shot
    short_us = min(shot.exposure_us, LONGEST_US, camera.exposure_limits.shortest_frame_s * 5e5)
    gain = shot.analogue_gain * shot.exposure_us / short_us
    if exposed(camera, bench, short_us, gain) is None:
        return Result(AREA, TITLE, did, (), PROBLEM, "the exposure that was asked for was not given", "see raw")
    brights = _steady(bench, camera)
    led.off()
    darks = _steady(bench, camera)
    dark, bright = (np.mean([frame.bands for frame in frames], axis=0) for frames in (darks, brights))
    noise = statistics.stdev(frame.bands.mean() for frame in darks)
    contrast = float((bright - dark).mean()) / max(noise, 1e-3)
    if contrast < LEAST_CONTRAST:
        return skipped(AREA, TITLE, did, f"the LED is not seen: {contrast:.1f} times what frames differ by", PAPER)
    flashes = QUICK_FLASHES if bench.quick else FLASHES
    frames = [_flash(bench, camera, led, number) for number in range(flashes)]
    return _judged(camera, frames, dark, bright, did, contrast)


def _steady(bench: Bench, camera: Camera) -> list[Seen]:
    """Frames after the light was switched, those already exposed left out."""
    first = next_frame(camera, bench, time.monotonic_ns())
    return [seen(first), *(seen(next_frame(camera, bench)) for _ in range(LOOKED_AT - 1))]


def _flash(bench: Bench, camera: Camera, led: Any, number: int) -> Flash:
    """From dark: the light goes on, in the exposure of a frame to come."""
    led.off()
    frames = [_steady(bench, camera)[-1]]
    exposed_ns = frames[0].exposure_us * 1e3 + camera.granted.rows_take_s * 1e9
    into_ns = frames[0].began_ns + APART * number % 1 * exposed_ns
    interval_ns, now_ns = camera.frame_interval_s * 1e9, time.monotonic_ns()
    time.sleep(((into_ns - now_ns) % interval_ns) / 1e9)
    before_ns = time.monotonic_ns()
    led.on()
    moment_ns = (before_ns + time.monotonic_ns()) // 2
    for _ in range(frames_on_their_way(bench.settings)):
        frames.append(seen(next_frame(camera, bench)))
        if frames[-1].began_ns > moment_ns:
            break
    return moment_ns, frames


def _judged(
    camera: Camera, flashes: list[Flash], dark: np.ndarray, bright: np.ndarray, did: str, contrast: float
) -> Result:
    rows_take_s, interval_ms = camera.granted.rows_take_s, camera.frame_interval_s * 1e3
    strays = [
        max((strayed_ms(frame, dark, bright, rows_take_s, moment) for frame in frames), key=abs)
        for moment, frames in flashes
    ]
    shares = [lit_share(frame, dark, bright) for _, frames in flashes for frame in frames]
    measured = [
        Measured("flashes", len(flashes)),
        Measured("the light against what frames differ by", contrast, "times", least=LEAST_CONTRAST),
        Measured("frames in whose exposure it went on", sum(DARK < share < LIT for share in shares)),
        Measured("exposure", flashes[0][1][0].exposure_us / 1e3, "ms"),
        Measured("rows are read within", rows_take_s * 1e3, "ms"),
        Measured("seen later than lit, median", statistics.median(strays), "ms", -interval_ms / 2, interval_ms / 2),
        Measured("the farthest", max(strays, key=abs), "ms", -interval_ms, interval_ms),
    ]
    return judged(AREA, TITLE, did, measured, PROBLEM, "photos show another moment than they claim", WRONG_CLOCK)

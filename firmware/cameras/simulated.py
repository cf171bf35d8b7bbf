"""A camera without hardware: a physical sensor that looks at a scene, at its real pace, and knows the truth."""

from __future__ import annotations

import dataclasses
import threading
import time
from collections import OrderedDict
from typing import Any

from firmware.cameras.base import ExposureLimits, ModeFacts
from firmware.cameras.metering import brighter_by, green_levels
from firmware.cameras.simulation.cable import OUT, SILENT, Cable
from firmware.cameras.simulation.exposure import Exposure, Limits, damped
from firmware.cameras.simulation.frame_clock import FrameClock
from firmware.cameras.simulation.scenes import scene_names
from firmware.cameras.simulation.world import Moment, Truth, World
from firmware.errors import CameraError, CameraStalled
from firmware.sensors import SensorMode
from firmware.settings import CameraSettings, ExposureSettings, Settings, SimulatedSettings
from isp.frames import RawFrame

__all__ = ["SimulatedCamera", "Truth", "scene_names", "simulate"]

REMEMBERED_FRAMES = 1000  # whose truth can be asked for; only a few numbers each


class SimulatedCamera:
    """Fulfils `firmware.cameras.base.Camera`. Frames are computed only when asked for; the clock runs on regardless."""

    name = "simulated"

    def __init__(self, settings: Settings) -> None:
        self._world = World(settings)
        self._metering = settings.exposure
        self._stall_after = settings.simulated.stall_after_frames
        self._cable = Cable(settings.simulated.cable)
        self.is_noisy = settings.simulated.noise
        rate = settings.camera.frames_per_second
        self._interval_ns = _shortest_interval_ns(self._world, rate)
        self._limits = dataclasses.replace(
            Limits.of(self._world.sensor, settings.exposure, self._interval_ns / 1000 if rate else 0.0),
            fixed_us=self._allowed_us(settings.exposure.fixed_us),
            fixed_gain=self._allowed_gain(settings.exposure.fixed_gain),
        )
        self._clock: FrameClock | None = None
        self._closed = threading.Event()
        self._began_ns = 0
        self._delivered = 0
        self._moments: OrderedDict[int, Moment] = OrderedDict()

    @property
    def sensor(self) -> str:
        """Name of the sensor."""
        return self._world.sensor.name

    @property
    def frame_shape(self) -> tuple[int, int]:
        """(height, width) of the frames that will come."""
        return self._world.shape

    @property
    def frame_interval_s(self) -> float:
        """Expected seconds between frames, the exposure included."""
        return (self._interval_ns if self._clock is None else self._clock.interval_ns) / 1e9

    @property
    def exposure_limits(self) -> ExposureLimits:
        """What `set_exposure` can be asked for."""
        sensor = self._world.sensor
        return ExposureLimits(sensor.exposure_us, sensor.analogue_gain, self._interval_ns / 1e9)

    @property
    def granted(self) -> ModeFacts:
        """The mode that was really given."""
        return self._facts(self._world.mode)

    @property
    def offered(self) -> tuple[ModeFacts, ...]:
        """Every mode of the sensor."""
        return tuple(self._facts(mode) for mode in self._world.sensor.modes)

    def start(self) -> None:
        """Draw the scene, meter it, and let the frames run."""
        self._cable.require_plugged_in()
        exposure = self._world.meter(self._limits, self._metering.compensation_ev)
        self._closed.clear()
        now_ns = time.monotonic_ns()
        self._began_ns = self._began_ns or now_ns
        number = 0 if self._clock is None else self._clock.number + 1
        self._clock = FrameClock(number, now_ns, exposure, self._interval_ns)
        self._delivered = 0

    def next_frame(self, timeout_s: float, not_before_ns: int | None = None) -> RawFrame:
        """The next frame; with `not_before_ns` the first whose exposure began at or after it.

        Who asks too late gets the newest finished frame; those before it are lost, as in a real camera.
        """
        deadline_ns = time.monotonic_ns() + int(timeout_s * 1e9)
        clock = self._running_clock()
        clock.catch_up(time.monotonic_ns())
        if not_before_ns is not None:
            clock.go_to_start(not_before_ns)
        fault = self._cable.fault(clock.number)
        stuck = self._asked_to_stall(fault)
        self._wait_until(deadline_ns if stuck else min(clock.ended_ns, deadline_ns))
        if stuck or clock.ended_ns > deadline_ns:
            raise CameraStalled(
                f"The simulated {self.sensor} gave no frame within {timeout_s:g} s. "
                + (stuck or "The exposure may be longer.")
            )
        frame = self._expose(clock)
        clock.step()
        self._meter(frame)
        return self._cable.carried(frame, fault)

    def set_exposure(self, exposure_us: int, analogue_gain: float) -> None:
        """Fix exposure and gain from one of the next frames on; 0 hands either back to metering."""
        self._limits = dataclasses.replace(
            self._limits, fixed_us=self._allowed_us(exposure_us), fixed_gain=self._allowed_gain(analogue_gain)
        )
        if self._clock is not None:
            wanted = self._limits.split(self._clock.last_requested.product_us)
            self._clock.request(wanted, time.monotonic_ns())

    def recover(self) -> None:
        """After CameraStalled: stream again."""
        self.close()
        self.start()

    def close(self) -> None:
        """Stop; whoever waits for a frame is told. Safe to call twice."""
        self._closed.set()

    def truth(self, frame: RawFrame) -> Truth:
        """What a frame of this camera would be without lens and sensor. Raises CameraError for any other frame."""
        moment = self._moments.get(frame.shot.timestamp_ns)
        if moment is None:
            raise CameraError(
                f"The frame of {frame.shot.timestamp_ns} ns is not one of this camera's last {REMEMBERED_FRAMES}."
            )
        return self._world.truth(moment)

    def _facts(self, mode: SensorMode) -> ModeFacts:
        raw_format = f"S{self._world.bayer}{mode.bits}"
        return ModeFacts(mode.width, mode.height, mode.bits, raw_format, mode.frames_per_second)

    def _running_clock(self) -> FrameClock:
        if self._clock is None or self._closed.is_set():
            raise CameraError("The simulated camera is closed. Call start() first.")
        return self._clock

    def _asked_to_stall(self, fault: str) -> str:
        """What asks for silence, in words; empty when nothing does."""
        if fault in (OUT, SILENT):
            return f"Its ribbon cable is {fault} ([simulated] cable)."
        if 0 < self._stall_after <= self._delivered:
            return "[simulated] stall_after_frames asks for that."
        return ""

    def _wait_until(self, instant_ns: int) -> None:
        if self._closed.wait(max(0.0, (instant_ns - time.monotonic_ns()) / 1e9)):
            raise CameraError("The simulated camera was closed while a frame was awaited.")

    def _expose(self, clock: FrameClock) -> RawFrame:
        middle_ns = clock.began_ns + clock.exposure.exposure_us * 500
        moment = Moment(clock.number, (middle_ns - self._began_ns) / 1e9, clock.exposure)
        wall_time_ns = time.time_ns() - (time.monotonic_ns() - clock.began_ns)
        frame = self._world.frame(moment, clock.began_ns, wall_time_ns)
        self._moments[clock.began_ns] = moment
        if len(self._moments) > REMEMBERED_FRAMES:
            self._moments.popitem(last=False)
        self._delivered += 1
        return frame

    def _meter(self, frame: RawFrame) -> None:
        if self._limits.is_fixed():
            return
        shot, converter = frame.shot, self._world.converter
        levels = (green_levels(frame.pixels, shot.bayer) - converter.black_dn) / converter.span_dn
        factor = brighter_by(levels, self._metering.compensation_ev)
        before = self._clock.last_requested
        wanted_us = damped(before.product_us, shot.exposure_us * shot.analogue_gain * factor)
        wanted = self._limits.split(wanted_us)
        if wanted_us != before.product_us and wanted != before:
            self._clock.request(wanted, time.monotonic_ns())

    def _allowed_us(self, exposure_us: int) -> int:
        low, high = self._world.sensor.exposure_us
        return min(max(int(exposure_us), low), high) if exposure_us else 0

    def _allowed_gain(self, gain: float) -> float:
        low, high = self._world.sensor.analogue_gain
        return float(min(max(gain, low), high)) if gain else 0.0


def simulate(
    scene: str,
    sensor: str = "imx477",
    width_px: int = 0,
    height_px: int = 0,
    *,
    frame_number: int = 0,
    exposure_us: int = 0,
    analogue_gain: float = 0.0,
    hflip: bool = False,
    vflip: bool = False,
    **simulated: Any,
) -> tuple[RawFrame, Truth]:
    """One frame and its truth, without a clock: the same arguments give the same frame.

    exposure_us, analogue_gain   0 meters, as at the start of a camera
    simulated                    any knob of [simulated]: illuminant_k, lux, noise, bad_pixels, bayer, seed ...
    """
    settings = Settings(
        camera=CameraSettings(width_px=width_px, height_px=height_px, hflip=hflip, vflip=vflip),
        simulated=SimulatedSettings(scene=scene, sensor=sensor, **simulated),
    )
    world = World(settings)
    limits = dataclasses.replace(
        Limits.of(world.sensor, ExposureSettings()), fixed_us=exposure_us, fixed_gain=analogue_gain
    )
    exposure = Exposure(exposure_us, analogue_gain) if limits.is_fixed() else world.meter(limits, 0.0)
    interval_ns = max(_shortest_interval_ns(world, 0.0), exposure.exposure_us * 1000)
    began_ns = frame_number * interval_ns
    moment = Moment(frame_number, (began_ns + exposure.exposure_us * 500) / 1e9, exposure)
    return world.frame(moment, began_ns, began_ns), world.truth(moment)


def _shortest_interval_ns(world: World, frames_per_second: float) -> int:
    """The mode's own pace, or the slower one that was asked for."""
    fastest = world.mode.frames_per_second
    return round(1e9 / min(frames_per_second or fastest, fastest))

"""From what libcamera says of a frame to the Shot that travels with it. No libcamera is needed here.

Names and units: libcamera `src/libcamera/control_ids_core.yaml`; which of them a Raspberry Pi sends: `ipa/rpi/common/
ipa_base.cpp`. SensorTimestamp is the moment the first row begins to be read out, which is the *end* of its exposure
(github.com/raspberrypi/picamera2 issue 821); a Shot's timestamp is the start.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from firmware.cameras.raw_formats import LEFT_ALIGNED, RawFormat
from firmware.errors import CameraError
from firmware.sensors import Sensor, SensorMode
from isp.errors import FrameError
from isp.frames import Shot


@dataclass(frozen=True)
class Readout:
    """What stays the same from frame to frame: the sensor, how it is read out, and how the frame lies on it.

    hflip, vflip   the sensor is read backwards, so that the frame is mirrored against the pixel array
    field_of_view  (left, top, width, height) as fractions of the pixel array
    """

    sensor: Sensor
    mode: SensorMode
    raw_format: RawFormat
    field_of_view: tuple[float, float, float, float]
    hflip: bool
    vflip: bool


def shot_from_metadata(metadata: Mapping[str, Any], readout: Readout, clock_offset_ns: int) -> Shot:
    """The facts of one frame. Raises CameraError naming the facts that libcamera did not send.

    clock_offset_ns  time.time_ns() - time.monotonic_ns(); used for the label only where FrameWallClock is not sent
    """
    require(metadata, "SensorTimestamp", "ExposureTime", "AnalogueGain", "SensorBlackLevels")
    exposure_us = float(metadata["ExposureTime"])
    gain = float(metadata["AnalogueGain"])
    end_ns = int(metadata["SensorTimestamp"])
    wall_end_ns = int(metadata.get("FrameWallClock", end_ns + clock_offset_ns))
    exposure_ns = round(exposure_us * 1000)
    try:
        return Shot(
            sensor=readout.sensor.name,
            bayer=readout.raw_format.bayer,
            black_dn=black_levels(metadata["SensorBlackLevels"], readout.raw_format),
            white_dn=float(readout.raw_format.white_dn(readout.mode.bits)),
            timestamp_ns=end_ns - exposure_ns,
            wall_time_ns=wall_end_ns - exposure_ns,
            exposure_us=exposure_us,
            analogue_gain=gain,
            noise=readout.sensor.noise_at(gain, readout.mode),
            field_of_view=readout.field_of_view,
            hflip=readout.hflip,
            vflip=readout.vflip,
            colour_gains=_pair(metadata.get("ColourGains")),
            temperature_k=_number(metadata.get("ColourTemperature")),
            lens_position=_number(metadata.get("LensPosition")),
            lux=_number(metadata.get("Lux")),
        )
    except FrameError as error:
        raise CameraError(f"The camera sent a frame with impossible facts: {error}") from None


def require(metadata: Mapping[str, Any], *names: str) -> None:
    """Raise CameraError naming every fact that is missing."""
    missing = [name for name in names if metadata.get(name) is None]
    if missing:
        raise CameraError(
            f"The camera sent a frame without {', '.join(missing)}; a photo needs them. Bring libcamera up to date: "
            "sudo apt full-upgrade."
        )


def black_levels(levels_16bit: Any, raw_format: RawFormat) -> tuple[float, float, float, float]:
    """Four levels, one for each position of the top-left 2x2, from libcamera's R, Gr, Gb, B on a 16-bit scale.

    Gr is the green that shares its row with red. The Pi 5's front end brings all channels to the lowest black level
    before the raw frame is written (libcamera `ipa/rpi/pisp/pisp.cpp`, SetBla): left-aligned frames have one level.
    """
    levels = [float(level) for level in levels_16bit]
    if len(levels) != 4:
        raise CameraError(f"The camera sent {len(levels)} black levels; there must be four: R, Gr, Gb, B.")
    if raw_format.packing is LEFT_ALIGNED:
        levels = [min(levels)] * 4
    red, green_by_red, green_by_blue, blue = (raw_format.from_16bit(level) for level in levels)
    red_row = raw_format.bayer.index("R") // 2
    greens = (green_by_red, green_by_blue) if red_row == 0 else (green_by_blue, green_by_red)
    level_of = {"R": (red, red), "B": (blue, blue), "G": greens}
    top_left, top_right, bottom_left, bottom_right = (
        level_of[colour][position // 2] for position, colour in enumerate(raw_format.bayer)
    )
    return top_left, top_right, bottom_left, bottom_right


def field_of_view(crop: tuple[int, int, int, int], pixel_array: tuple[int, int]) -> tuple[float, float, float, float]:
    """The readout mode's crop (x, y, width, height in sensor pixels) as fractions of the whole pixel array."""
    left, top, width, height = crop
    full_width, full_height = pixel_array
    if min(full_width, full_height, width, height) <= 0 or left + width > full_width or top + height > full_height:
        raise CameraError(
            f"The readout {tuple(crop)} does not lie on the sensor's {full_width} x {full_height} pixels."
        )
    return left / full_width, top / full_height, width / full_width, height / full_height


def flips(hflip: bool, vflip: bool, rotation: int) -> tuple[bool, bool]:
    """Whether the sensor is read backwards. A module mounted upside down (rotation 180) is turned upright by libcamera.

    Source: libcamera `src/libcamera/sensor/camera_sensor.cpp`, computeTransform.
    """
    if rotation not in (0, 180):
        raise CameraError(f"The camera module is mounted at {rotation} degrees; Nightjar knows 0 and 180.")
    turned = rotation == 180
    return hflip != turned, vflip != turned


def clock_offset_ns() -> int:
    """Wall clock minus the sensor's clock, now."""
    return time.time_ns() - time.monotonic_ns()


def _number(value: Any) -> float | None:
    return None if value is None else float(value)


def _pair(value: Any) -> tuple[float, float] | None:
    """Two gains; libcamera sends zeros where its white balance has chosen none."""
    return None if value is None or min(value) <= 0 else (float(value[0]), float(value[1]))

"""What we ask of picamera2, worked out without it: the readout mode, the preview's size, the controls of exposure.

Names of modes and controls as picamera2 0.3.38 gives and takes them (`picamera2.py`: sensor_modes, camera_controls).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from firmware.cameras.base import ExposureLimits, ModeFacts
from firmware.errors import CameraError
from firmware.sensors import Sensor, SensorMode
from firmware.settings import ExposureSettings

PREVIEW_WIDTH = 640
# Shorter than any sensor's frame; libcamera raises it to what the mode can do. picamera2's own stills use it too.
SHORTEST_FRAME_US = 100
# Longer than any exposure: a fixed exposure is clipped by this limit, never by that of video.
LONGEST_FRAME_US = 1_000_000_000


def choose_mode(modes: Sequence[Mapping[str, Any]], width: int, height: int) -> Mapping[str, Any]:
    """The sensor mode of this size with the most bits; 0 x 0 is the largest. Raises CameraError listing the sizes."""
    raw_modes = [mode for mode in modes if "bit_depth" in mode and "size" in mode]
    if not raw_modes:
        raise CameraError(
            "This camera gives no raw frames. Nightjar needs a Raspberry Pi camera module on the ribbon cable; USB "
            "cameras do not work."
        )
    wanted = [mode for mode in raw_modes if (0, 0) == (width, height) or tuple(mode["size"]) == (width, height)]
    if not wanted:
        sizes = ", ".join(dict.fromkeys(f"{mode['size'][0]} x {mode['size'][1]}" for mode in raw_modes))
        raise CameraError(
            f"[camera] asks for {width} x {height}; this module has {sizes}. Set width_px and height_px, or 0 for the "
            "largest."
        )
    return max(wanted, key=lambda mode: (mode["size"][0] * mode["size"][1], mode["bit_depth"]))


def offered_modes(modes: Sequence[Mapping[str, Any]]) -> tuple[ModeFacts, ...]:
    """What libcamera lists; fps is the fastest that each mode can be."""
    raw_modes = [mode for mode in modes if "bit_depth" in mode and "size" in mode]
    return tuple(
        ModeFacts(*mode["size"], mode["bit_depth"], str(mode.get("unpacked", "")), float(mode.get("fps", 0.0)))
        for mode in raw_modes
    )


def measured_mode(sensor: Sensor, size: tuple[int, int], bits: int) -> SensorMode:
    """The facts (binning, so noise) of the mode the camera is in. Raises CameraError if nobody measured them."""
    for mode in sensor.modes:
        if (mode.width, mode.height, mode.bits) == (*size, bits):
            return mode
    known = ", ".join(f"{mode.width} x {mode.height} at {mode.bits} bit" for mode in sensor.modes)
    raise CameraError(
        f"The camera is read out as {size[0]} x {size[1]} at {bits} bit, whose noise is not known for {sensor.name}. "
        f"Known: {known}. Set [camera] width_px and height_px, or add the mode to configs/sensors/{sensor.name}.toml."
    )


def preview_size(raw_size: tuple[int, int]) -> tuple[int, int]:
    """A small main stream of the raw's shape: a full one costs 18 MB a buffer as YUV420 and nobody looks at it."""
    width, height = raw_size
    scale = min(1.0, PREVIEW_WIDTH / width)
    return round(width * scale / 2) * 2, round(height * scale / 2) * 2


def exposure_controls(
    exposure_us: int, gain: float, settings: ExposureSettings, frames_per_second: float
) -> dict[str, Any]:
    """Controls that fix exposure and gain; 0 hands either back to libcamera's metering, as picamera2 does."""
    shortest = round(1e6 / frames_per_second) if frames_per_second else SHORTEST_FRAME_US
    longest = LONGEST_FRAME_US if exposure_us else max(settings.longest_us, shortest)
    return {
        "ExposureTime": int(exposure_us),
        "AnalogueGain": float(gain),
        "FrameDurationLimits": (shortest, longest),
    }


def exposure_limits(
    advertised: Mapping[str, tuple[Any, Any, Any]], sensor: Sensor, mode: SensorMode, frames_per_second: float
) -> ExposureLimits:
    """What may be asked for: libcamera's own limits where it knows them, and never more than the sensor's."""

    def within(name: str, of_sensor: tuple[float, float]) -> tuple[float, float]:
        low, high, _ = advertised.get(name, (0, 0, 0))
        # A limit of 0 means that libcamera does not know one.
        return max(low, of_sensor[0]), min(high or of_sensor[1], of_sensor[1])

    fastest = mode.frames_per_second
    return ExposureLimits(
        exposure_us=within("ExposureTime", sensor.exposure_us),
        analogue_gain=within("AnalogueGain", sensor.analogue_gain),
        shortest_frame_s=1.0 / min(frames_per_second or fastest, fastest),
    )


def still_controls(settings: ExposureSettings, frames_per_second: float) -> dict[str, Any]:
    """All controls of the configuration, so that the first frame already has them."""
    metering = not settings.fixed_us and not settings.fixed_gain
    return {
        **exposure_controls(settings.fixed_us, settings.fixed_gain, settings, frames_per_second),
        "ExposureValue": settings.compensation_ev,
        **({"AeEnable": True} if metering else {}),
    }


def metering_warnings(settings: ExposureSettings, mode_frames_per_second: float) -> list[str]:
    """Limits of [exposure] that libcamera has no control for: its metering reads them from its tuning file."""
    warnings = []
    if settings.largest_gain != ExposureSettings().largest_gain:
        warnings.append("[exposure] largest_gain is not followed: libcamera's metering has its own limit of gain")
    if settings.longest_us * mode_frames_per_second < 1e6:
        warnings.append(
            f"[exposure] longest_us = {settings.longest_us} is shorter than this mode's frame; libcamera's metering "
            f"may go up to {1e6 / mode_frames_per_second:.0f} us"
        )
    return warnings


def checked_controls(
    wanted: Mapping[str, Any], advertised: Mapping[str, tuple[Any, Any, Any]], check_range: bool
) -> dict[str, Any]:
    """The controls if the camera has each of them. Raises CameraError naming what is missing or out of range.

    check_range  the advertised ranges belong to the mode in use; before it is configured they are another mode's
    """
    missing = [name for name in wanted if name not in advertised]
    if missing:
        raise CameraError(
            f"This camera does not let exposure be set: {', '.join(missing)} missing. Nightjar knows Raspberry Pi "
            "camera modules."
        )
    for name in ("ExposureTime", "AnalogueGain"):
        value = wanted.get(name)
        low, high, _ = advertised.get(name, (0, 0, 0))
        # A limit of 0 means that libcamera does not know one.
        if check_range and value and not (low <= value and (not high or value <= high)):
            raise CameraError(f"{name} {value:g} is not possible in this mode; allowed: {low:g} to {high:g}.")
    return dict(wanted)

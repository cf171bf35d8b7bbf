"""A Raspberry Pi camera module through picamera2 0.3.38, the only file that imports it.

Frames are copied out and their request goes back at once: picamera2 has `buffer_count` of them, and each one kept is
one the camera cannot fill. MappedArray shows the camera's own memory, so that dropping the stride is the only copy;
`make_array` would be a second one, 24 MB a frame at 12 megapixels.

An unplugged camera raises nothing in picamera2, frames just stop (libcamera cancels the requests, picamera2 drops
them): that is why every wait here has a number.
"""

from __future__ import annotations

import atexit
import contextlib
import logging
from collections.abc import Callable
from concurrent.futures import CancelledError
from dataclasses import dataclass
from typing import Any

import numpy as np

from firmware.cameras.base import ExposureLimits, ModeFacts
from firmware.cameras.bounded import DEVICE_ERRORS, bounded
from firmware.cameras.pi_errors import NOT_INSTALLED, explain
from firmware.cameras.pi_metadata import Readout, clock_offset_ns, field_of_view, flips, shot_from_metadata
from firmware.cameras.pi_readout import (
    checked_controls,
    choose_mode,
    exposure_controls,
    exposure_limits,
    measured_mode,
    metering_warnings,
    offered_modes,
    preview_size,
    still_controls,
)
from firmware.cameras.raw_formats import parse_raw_format, unpack
from firmware.cameras.whole_frames import WHAT_TO_DO
from firmware.errors import CameraError, CameraStalled, FrameTorn, SettingsError
from firmware.sensors import load_sensor, module_name
from firmware.settings import Settings
from isp.errors import TuningError
from isp.frames import RawFrame

logger = logging.getLogger(__name__)

# Listing the modes configures the camera once for each: about 1 s on a Pi 5, several on a Zero 2 W.
OPEN_TIMEOUT_S = 30.0
CLOSE_TIMEOUT_S = 10.0
# A frame that completed just as the wait ended is handed over by picamera2's event loop within one turn of it.
LATE_FRAME_S = 1.0


@dataclass(frozen=True)
class Library:
    """The three names of picamera2 and libcamera that are used here."""

    Picamera2: Callable[..., Any]
    MappedArray: Callable[..., Any]
    Transform: Callable[..., Any]


def import_library() -> Library:
    """Import picamera2. Raises CameraError that says how to install it."""
    try:
        from libcamera import Transform
        from picamera2 import MappedArray, Picamera2
    except (ImportError, ValueError) as error:  # ValueError: its C extensions were built for another numpy
        raise CameraError(NOT_INSTALLED.format(error)) from error
    return Library(Picamera2, MappedArray, Transform)


class PiCamera:
    """Raw frames of a camera module. See `firmware.cameras.base.Camera`."""

    name = "picamera2"
    is_noisy = True

    def __init__(self, settings: Settings, load_library: Callable[[], Library] = import_library) -> None:
        self.sensor = ""
        self._settings = settings
        self._load_library = load_library
        self._library: Library | None = None
        self._device: Any = None
        self._readout: Readout | None = None
        self._offered: tuple[ModeFacts, ...] = ()
        self._frame_interval_s = 0.0

    def start(self) -> None:
        """Open and stream. Raises CameraError that says what to do."""
        if self._device is not None:
            raise CameraError("The camera is already open.")
        self._library = self._load_library()
        self._open()

    @property
    def frame_shape(self) -> tuple[int, int]:
        """(height, width) of the raw frames."""
        return self._require_open().mode.height, self._require_open().mode.width

    @property
    def frame_interval_s(self) -> float:
        """Seconds between frames as the last one had them; before the first, from the mode and the fixed exposure."""
        self._require_open()
        return self._frame_interval_s

    @property
    def exposure_limits(self) -> ExposureLimits:
        """What `set_exposure` can be asked for, as libcamera advertises it for the mode in use."""
        readout = self._require_open()
        rate = self._settings.camera.frames_per_second
        return exposure_limits(self._device.camera_controls, readout.sensor, readout.mode, rate)

    @property
    def granted(self) -> ModeFacts:
        """The mode that was really given. Rows are read one after the other, all of them within a frame."""
        readout = self._require_open()
        mode, rate = readout.mode, readout.mode.frames_per_second
        return ModeFacts(mode.width, mode.height, mode.bits, readout.raw_format.name, rate, 1.0 / rate)

    @property
    def offered(self) -> tuple[ModeFacts, ...]:
        """Every mode that libcamera listed, whether Nightjar knows its noise or not; also where opening failed then."""
        return self._offered

    def next_frame(self, timeout_s: float, not_before_ns: int | None = None) -> RawFrame:
        """The next frame, or the first whose exposure began at `not_before_ns` or later; the pixels are a copy."""
        readout, device = self._require_open(), self._device
        job = device.capture_request(wait=False, flush=not_before_ns)
        try:
            request = device.wait(job, timeout=timeout_s)
        except (TimeoutError, CancelledError):
            self._withdraw(job)
            raise CameraStalled(
                f"No frame for {timeout_s:g} s. The ribbon cable may have slipped; the camera must be opened again."
            ) from None
        except KeyError as error:
            raise CameraError(f"The camera sends frames without {error}; it cannot say when they were taken.") from None
        try:
            return self._frame(request, readout)
        finally:
            _give_back(request)

    def set_exposure(self, exposure_us: int, analogue_gain: float) -> None:
        """Fix exposure and gain; 0 hands either back to metering. The frames' own facts say from which one on."""
        self._require_open()
        wanted = exposure_controls(
            exposure_us, analogue_gain, self._settings.exposure, self._settings.camera.frames_per_second
        )
        self._device.set_controls(checked_controls(wanted, self._device.camera_controls, check_range=True))

    def recover(self) -> None:
        """Drop what is stuck, close, open anew. Raises CameraError if it cannot, CameraHung if only a restart helps."""
        logger.warning("opening the camera again")
        device, self._device = self._device, None
        if device is not None:
            _shut(device)
        if self._library is None:
            raise CameraError("The camera was never started.")
        self._open()

    def close(self) -> None:
        """Stop and free the camera; what fails on the way out is logged, for nobody can mend it now."""
        device, self._device = self._device, None
        if device is None:
            return
        try:
            _shut(device)
        except CameraError as error:
            logger.error("closing the camera: %s", error)

    def _open(self) -> None:
        try:
            self._device, self._readout = bounded(OPEN_TIMEOUT_S, "Opening the camera", self._opened)
        except CameraError:
            raise
        except DEVICE_ERRORS as error:
            raise CameraError(explain(error, self._settings.camera)) from error
        mode, fixed_us = self._readout.mode, self._settings.exposure.fixed_us
        self.sensor = self._readout.sensor.name
        self._frame_interval_s = max(1 / mode.frames_per_second, fixed_us / 1e6)

    def _opened(self) -> tuple[Any, Readout]:
        camera = self._settings.camera
        own_tuning = camera.tuning if camera.tuning not in ("auto", "packaged") else None
        device = self._library.Picamera2(camera.number, tuning=own_tuning)
        # picamera2 closes again when Python ends, without a limit: a camera that hangs would keep the process alive.
        atexit.unregister(device.close)
        try:
            mode = self._configure(device)
            readout = self._read_back(device, mode)
            device.start()
        except DEVICE_ERRORS:
            _shut(device)
            raise
        return device, readout

    def _configure(self, device: Any) -> dict[str, Any]:
        """Ask for raw frames; returns the sensor mode asked for."""
        camera, exposure = self._settings.camera, self._settings.exposure
        modes = device.sensor_modes
        self._offered = offered_modes(modes)
        mode = choose_mode(modes, camera.width_px, camera.height_px)
        controls = still_controls(exposure, camera.frames_per_second)
        configuration = device.create_still_configuration(
            main={"format": "YUV420", "size": preview_size(mode["size"])},
            raw={"format": mode["unpacked"], "size": mode["size"]},
            transform=self._library.Transform(hflip=camera.hflip, vflip=camera.vflip),
            buffer_count=camera.buffer_count,
            controls=checked_controls(controls, device.camera_controls, check_range=False),
            queue=True,
            sensor={"output_size": mode["size"], "bit_depth": mode["bit_depth"]},
        )
        device.configure(configuration)
        checked_controls(controls, device.camera_controls, check_range=True)
        for warning in metering_warnings(exposure, mode["fps"]):
            logger.warning(warning)
        return mode

    def _read_back(self, device: Any, mode: dict[str, Any]) -> Readout:
        """What we really got: picamera2 adjusts formats in silence."""
        configuration = device.camera_configuration()
        raw = configuration["raw"]
        if raw is None:
            raise CameraError("picamera2 gives no raw frames from this camera; it is no Raspberry Pi camera module.")
        size, bits = tuple(raw["size"]), configuration["sensor"]["bit_depth"]
        logger.info("raw %s, %d x %d, stride %d bytes, sensor at %d bit", raw["format"], *size, raw["stride"], bits)
        raw_format = parse_raw_format(raw["format"])
        raw_format.require_bits(bits)
        if size != tuple(mode["size"]):
            raise CameraError(
                f"Asked for raw frames of {mode['size']}, got {size}. Set [camera] width_px and height_px."
            )
        camera, transform = self._settings.camera, configuration["transform"]
        if (bool(transform.hflip), bool(transform.vflip)) != (camera.hflip, camera.vflip):
            raise CameraError("This sensor cannot mirror the picture. Set [camera] hflip = false and vflip = false.")
        properties = device.camera_properties
        try:
            sensor = load_sensor(module_name(properties["Model"], camera.noir), tuning=camera.tuning)
        except (SettingsError, TuningError) as error:
            raise CameraError(f"The camera module calls itself {properties['Model']}. {error}") from error
        hflip, vflip = flips(camera.hflip, camera.vflip, properties.get("Rotation", 0))
        return Readout(
            sensor=sensor,
            mode=measured_mode(sensor, size, bits),
            raw_format=raw_format,
            field_of_view=field_of_view(mode["crop_limits"], properties["PixelArraySize"]),
            hflip=hflip,
            vflip=vflip,
        )

    def _frame(self, request: Any, readout: Readout) -> RawFrame:
        _require_whole(request)
        metadata = request.get_metadata()
        shot = shot_from_metadata(metadata, readout, clock_offset_ns())
        frame = RawFrame(self._copied(request, readout), shot)
        self._frame_interval_s = metadata.get("FrameDuration", self._frame_interval_s * 1e6) / 1e6
        return frame

    def _copied(self, request: Any, readout: Readout) -> np.ndarray:
        try:
            with self._library.MappedArray(request, "raw", write=False) as mapped:
                return unpack(mapped.array, readout.raw_format, readout.mode.width, readout.mode.height)
        except CameraError:
            raise
        except (RuntimeError, OSError, ValueError) as error:
            raise CameraError(f"A frame could not be read from the camera's memory: {error}.") from error

    def _withdraw(self, job: Any) -> None:
        """Take the waiting job back. Left in picamera2's queue it would block everything behind it, stop() included."""
        self._device.cancel_all_and_flush()
        with contextlib.suppress(TimeoutError, CancelledError):
            _give_back(self._device.wait(job, timeout=LATE_FRAME_S))

    def _require_open(self) -> Readout:
        if self._device is None or self._readout is None:
            raise CameraError("The camera is closed.")
        return self._readout


def _require_whole(request: Any) -> None:
    """picamera2 looks at the status of one of the request's pictures, which need not be the raw one."""
    status = request.request.buffers[request.stream_map["raw"]].metadata.status
    if status.name != "Success":
        raise FrameTorn(f"libcamera says of a frame: {status.name}. {WHAT_TO_DO}")


def _give_back(request: Any) -> None:
    try:
        request.release()
    except (RuntimeError, OSError) as error:
        raise CameraError(f"The camera does not take its buffer back: {error}. It must be opened again.") from error


def _shut(device: Any) -> None:
    """Cancel, stop, close, in this order. A step that fails is logged; one that hangs raises CameraHung."""
    steps = (("Cancelling", device.cancel_all_and_flush), ("Stopping", device.stop), ("Closing", device.close))
    for what, step in steps:
        try:
            bounded(CLOSE_TIMEOUT_S, f"{what} the camera", step)
        except CameraError:
            raise
        except DEVICE_ERRORS as error:
            logger.warning("%s the camera: %s", what.lower(), error)

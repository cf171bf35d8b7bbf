"""Every camera that can run here, for the claims that hold for all of them."""

from __future__ import annotations

import importlib.util
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from firmware.cameras.base import open_camera
from firmware.cameras.picamera2 import PiCamera
from firmware.files.dng import encode_dng
from firmware.settings import CameraSettings, ReplaySettings, Settings, SimulatedSettings
from isp.frames import Noise, RawFrame, Shot

SIZE = (640, 480)
# Of those that are not real: fast, so that nobody waits for them.
FRAMES_PER_SECOND = 50.0
# The virtual machine's video device has this; a camera module's ribbon cable would have to be pulled.
VIDEO_DEVICE = Path("/sys/module/vimc/parameters/silent")


@dataclass(frozen=True)
class Processed:
    """A frame of which only pixels and time are known: there is no raw one of it."""

    pixels: np.ndarray
    shot: Any


class ProcessedFrames(PiCamera):
    """Our own way with picamera2, but for what it asks of a frame: libcamera gives raw frames on a Raspberry Pi only.

    Opening, waiting, stalls, giving back, stopping, closing and opening again are PiCamera's own.
    """

    def _configure(self, device: Any) -> dict[str, Any]:
        wanted = {"format": "BGR888", "size": SIZE}
        device.configure(device.create_still_configuration(main=wanted, buffer_count=4, queue=True))
        return {"size": SIZE}

    def _read_back(self, device: Any, mode: dict[str, Any]) -> Any:
        width, height = device.camera_configuration()["main"]["size"]
        sensor = SimpleNamespace(name=device.camera_properties["Model"])
        return SimpleNamespace(sensor=sensor, mode=SimpleNamespace(width=width, height=height, frames_per_second=1.0))

    def _frame(self, request: Any, readout: Any) -> Processed:
        buffer = request.request.buffers[request.stream_map["main"]]
        assert buffer.metadata.status.name == "Success"
        with self._library.MappedArray(request, "main", write=False) as mapped:
            pixels = mapped.array.copy()
        return Processed(pixels, SimpleNamespace(timestamp_ns=request.get_metadata()["SensorTimestamp"]))


@dataclass(frozen=True)
class Cable:
    """What the camera hangs on: a file whose content makes the device itself silent while it streams.

    longest_wait_s  within that a frame of this camera comes, if any comes
    """

    path: Path
    well: str
    slipped: str
    longest_wait_s: float

    def slip(self) -> None:
        """No more frames from now on."""
        self.path.write_text(self.slipped)

    def sit_well(self) -> None:
        """Frames again, for who opens the camera anew."""
        self.path.write_text(self.well)


def simulated(folder):
    wanted = CameraSettings(
        backend="simulated", width_px=SIZE[0], height_px=SIZE[1], frames_per_second=FRAMES_PER_SECOND
    )
    sensor = SimulatedSettings(sensor="imx219", scene="grey", cable=str(folder / "cable"))
    (folder / "cable").write_text("fine\n")
    return open_camera(Settings(camera=wanted, simulated=sensor))


def replay(folder):
    shot = Shot(
        sensor="imx477", bayer="RGGB", black_dn=(256.0,) * 4, white_dn=4095.0, timestamp_ns=1, wall_time_ns=1,
        exposure_us=1000.0, analogue_gain=1.0, noise=Noise(1e-4, 1e-7),
    )  # fmt: skip
    for number in (1, 2):
        frame = RawFrame(np.full((480, 640), 1000 * number, np.uint16), shot)
        (folder / f"IMG_000{number}.DNG").write_bytes(b"".join(encode_dng(frame, None)))
    wanted = ReplaySettings(folder=str(folder), frames_per_second=FRAMES_PER_SECOND)
    return open_camera(Settings(camera=CameraSettings(backend="replay"), replay=wanted))


def picamera2(_folder):
    if importlib.util.find_spec("libcamera") is None:
        pytest.skip("libcamera is not installed here; in the virtual machine it is (make test-vm)")
    from libcamera import CameraManager

    if not CameraManager.singleton().cameras:
        pytest.skip("libcamera sees no camera here; in the virtual machine it does (make test-vm)")
    return ProcessedFrames(Settings())


CAMERAS = {"simulated": simulated, "replay": replay, "picamera2": picamera2}


@pytest.fixture(params=CAMERAS)
def camera(request, tmp_path):
    """A camera that was made and not started."""
    made = CAMERAS[request.param](tmp_path)
    yield made
    made.close()


@pytest.fixture
def started(camera):
    """A camera that streams."""
    camera.start()
    return camera


@pytest.fixture
def cable(request, camera, tmp_path):
    """The cable of this camera; it sits well before and afterwards."""
    kind = request.node.callspec.params["camera"]
    if kind == "replay":
        pytest.skip("recorded files hang on no cable")
    if kind == "picamera2" and not VIDEO_DEVICE.exists():
        pytest.skip("only the virtual machine's video device falls silent when told (make test-vm)")
    of_kind = {
        "simulated": Cable(tmp_path / "cable", "fine\n", "silent\n", 0.15),
        "picamera2": Cable(VIDEO_DEVICE, "N", "Y", 15.0),
    }
    yield of_kind[kind]
    of_kind[kind].sit_well()

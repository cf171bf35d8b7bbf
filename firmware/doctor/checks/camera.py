"""Is there a camera, and can it be read?"""

from __future__ import annotations

import sys
from collections.abc import Iterator

from firmware.doctor.examination import OK, PROBLEM, Finding, Machine
from firmware.paths import SENSORS

AREA = "camera"


def check_camera(machine: Machine) -> Iterator[Finding]:
    """By the chosen backend."""
    backend = machine.settings.camera.backend
    if backend == "simulated":
        yield from _simulated(machine)
    elif backend == "replay":
        yield _replay(machine)
    else:
        yield _library()
        yield _module(machine)


def _simulated(machine: Machine) -> Iterator[Finding]:
    from firmware.cameras.simulation.scenes import scene_names

    wanted, scenes = machine.settings.simulated, scene_names()
    listed = f"scenes at hand: {', '.join(scenes)}"
    if wanted.scene in scenes:
        yield Finding(AREA, OK, f"simulated {wanted.sensor} looks at {wanted.scene}; {listed}")
    else:
        mend = f"sudo {sys.prefix}/bin/pip install scikit-image, or: sudo nightjar config set simulated.scene chart"
        yield Finding(AREA, PROBLEM, f"the scene '{wanted.scene}' is not at hand; {listed}", mend)
    if not (SENSORS / f"{wanted.sensor.removesuffix('_noir')}.toml").is_file():
        yield _no_sensor_file(wanted.sensor)


def _replay(machine: Machine) -> Finding:
    from firmware.errors import NightjarError
    from firmware.files.raw_files import list_raw_files

    folder = machine.at(machine.settings.replay.folder)
    mend = "sudo nightjar config set replay.folder FOLDER"
    if not machine.settings.replay.folder or not folder.is_dir():
        return Finding(AREA, PROBLEM, f"replay has no folder to play ({machine.settings.replay.folder!r})", mend)
    try:
        files = list_raw_files(folder)
    except (NightjarError, OSError) as error:
        return Finding(AREA, PROBLEM, f"{folder}: {error}", mend)
    if not files:
        return Finding(AREA, PROBLEM, f"{folder} holds no raw file", mend)
    return Finding(AREA, OK, f"replay of {len(files)} raw files in {folder}")


def _library() -> Finding:
    """By the daemon's own import: that all of it is installed does not say that it can be loaded."""
    from firmware.cameras.picamera2 import import_library
    from firmware.errors import CameraError

    try:
        import_library()
    except CameraError as error:
        found, _, mend = str(error).partition(". ")
        return Finding(AREA, PROBLEM, found, mend)
    return Finding(AREA, OK, "picamera2 and libcamera are installed")


def _module(machine: Machine) -> Finding:
    """The kernel names each camera module it found, e.g. "imx477 10-001a"."""
    names = sorted(machine.at("/sys/class/video4linux").glob("v4l-subdev*/name"))
    sensors = {path.stem for path in SENSORS.glob("*.toml")}
    found = [machine.text(path).split(" ")[0] for path in names]
    # An autofocus lens and the receiver are listed beside the sensor.
    modules = [name for name in found if name.removesuffix("_noir") in sensors]
    others = [name for name in found if name.startswith(("imx", "ov")) and name not in modules]
    if modules:
        return Finding(AREA, OK, f"the kernel found {', '.join(modules)}")
    if others:
        return _no_sensor_file(others[0])
    mend = "switch off, seat the cable at both ends, switch on; or: sudo nightjar config set camera.backend simulated"
    return Finding(AREA, PROBLEM, "the kernel found no camera module", mend)


def _no_sensor_file(sensor: str) -> Finding:
    known = ", ".join(sorted(path.stem for path in SENSORS.glob("*.toml")))
    mend = f"write {SENSORS}/{sensor}.toml; the others there show how"
    return Finding(AREA, PROBLEM, f"there are no measured facts of the sensor {sensor} (known: {known})", mend)

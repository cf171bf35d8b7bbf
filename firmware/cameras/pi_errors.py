"""What picamera2's errors mean to the person with the camera in hand."""

from __future__ import annotations

import errno

from firmware.settings import CameraSettings

OR_SIMULATE = 'To run without a camera module, set [camera] backend = "simulated".'
NOT_INSTALLED = (
    "picamera2 cannot be imported ({}). On Raspberry Pi OS: sudo apt install python3-picamera2, and make the virtual "
    "environment with python3 -m venv --system-site-packages .venv (libcamera's Python binding comes from apt only). "
    "Plain Debian lacks pykms, a part that picamera2 insists on: there is no camera module without Raspberry Pi OS. "
    + OR_SIMULATE
)


def explain(error: BaseException, camera: CameraSettings) -> str:
    """What was found, and what to do. picamera2 wraps errors in general ones, so the whole chain is read."""
    chain = _chain(error)
    found = "; because ".join(str(link) or type(link).__name__ for link in chain)
    codes = {link.errno for link in chain if isinstance(link, OSError)}
    if errno.ENOMEM in codes or "Cannot allocate memory" in found:
        return (
            f"Not enough camera memory (CMA) for {camera.buffer_count} buffers ({found}). Set [camera] buffer_count "
            "lower (3 at least), or choose a smaller width_px and height_px; if it stays, restart the Pi."
        )
    if errno.EACCES in codes or errno.EPERM in codes:
        return f"No permission for the camera ({found}). Run: sudo usermod -aG video $USER, then log in again."
    if errno.EBUSY in codes or "busy" in found.lower() or "acquire" in found.lower():
        return (
            f"Another program holds the camera ({found}). Only one can: find it with sudo fuser -v /dev/media*, "
            "end it, and start again."
        )
    if "No camera number" in found or "not found" in found:
        return (
            f"No camera module number {camera.number} ({found}). Switch the Pi off, check that the ribbon cable sits "
            "straight and deep in both connectors, contacts facing the right way; then rpicam-hello --list-cameras "
            f"must show it (as a user in the group video). {OR_SIMULATE}"
        )
    return f"The camera cannot be opened: {found}. Check it with rpicam-hello. {OR_SIMULATE}"


def _chain(error: BaseException | None) -> list[BaseException]:
    links = []
    while error is not None and error not in links:
        links.append(error)
        error = error.__cause__
    return links

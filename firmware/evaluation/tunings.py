"""The tables of a published picture's sensor: packaged ones, with which it was rendered, else an installed tuning."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from accelerators.published.sensors import published_tuning
from firmware.sensors import LIBCAMERA_FOLDERS, read_libcamera_tuning
from isp.tuning import Tuning


def tuning_of(platform: str, sensor: str, folders: Sequence[Path] = LIBCAMERA_FOLDERS) -> Tuning | None:
    """None where neither has the sensor, or its tuning has no curve: then no temperature can be compared.

    The packaged table comes first: an installed tuning may be newer than the one the picture was rendered with.
    Raises TuningError where an installed file is malformed.
    """
    packaged = published_tuning(platform, sensor)
    if packaged is not None:
        return packaged
    for folder in folders:
        file = folder / platform / f"{sensor}.json"
        if file.is_file():
            installed = read_libcamera_tuning(file, sensor)
            return installed if len(installed.grey_curve) else None
    return None

"""One labelled picture: what its name says, and its pixels as the statistics that a light is judged from.

A name is photographer,sensor,scene,true_K,lux,camera_K.png: the temperature that a person found on the sensor's curve,
the light on the scene, and what the camera's own Bayesian estimator had answered.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from accelerators.errors import PictureError
from accelerators.published.png import read_rgb16
from isp.light_statistics import LightStatistics
from isp.tuning import Tuning

# (rows, columns) of the zones tell which image processor a picture was made for: the Pi 5's, or the older ones'.
PLATFORM_OF = {(32, 32): "pisp", (12, 16): "vc4"}
# The published error is between temperatures held to these ends.
LABELS_K = (2800.0, 7600.0)
NAME = "photographer,sensor,scene,true_K,lux,camera_K.png"
SUFFIX = ".png"


@dataclass(frozen=True)
class LabelledPicture:
    """zones (rows, columns, 3) uint16 as published; temperatures in K."""

    path: Path
    photographer: str
    sensor: str
    scene: str
    true_k: float
    lux: float
    camera_k: float
    zones: np.ndarray

    @property
    def platform(self) -> str:
        """pisp or vc4."""
        return PLATFORM_OF[self.zones.shape[:2]]

    @property
    def true_mired(self) -> float:
        """The label, held to the ends."""
        return mired(self.true_k)

    @property
    def camera_error(self) -> float:
        """How far the camera's own answer was off, in mired."""
        return abs(mired(self.camera_k) - self.true_mired)

    def statistics(self, tuning: Tuning) -> LightStatistics:
        """What a judge sees of it."""
        return LightStatistics(self.zones, self.lux, tuning)


def mired(temperature_k: float) -> float:
    """Reciprocal megakelvin, held to the ends of the labels first."""
    return 1e6 / min(max(temperature_k, LABELS_K[0]), LABELS_K[1])


def read_picture(path: Path) -> LabelledPicture:
    """Raises PictureError that says what of the name or of the file is not as published."""
    if not path.stem.isprintable():
        raise PictureError(f"{str(path)!r}: its name has letters that cannot be printed. Names are {NAME}.")
    parts = path.stem.split(",")
    if len(parts) != 6:
        raise PictureError(f"{path}: its name has {len(parts)} parts between commas; 6 are published: {NAME}.")
    photographer, sensor, scene, *numbers = parts
    if not re.fullmatch(r"[a-z0-9_]{1,64}", sensor):
        raise PictureError(f"{path}: {sensor!r} is no sensor's name; they are like imx477. Names are {NAME}.")
    asked = zip(numbers, ("true_K", "lux", "camera_K"), strict=True)
    true_k, lux, camera_k = (_number(path, written, what) for written, what in asked)
    zones = read_rgb16(path, tuple(PLATFORM_OF))
    return LabelledPicture(path, photographer, sensor, scene, true_k, lux, camera_k, zones)


def read_pictures(paths: Iterable[Path]) -> tuple[list[LabelledPicture], list[str]]:
    """Those that are as published, and one sentence for each of the others."""
    pictures, faults = [], []
    for path in paths:
        try:
            pictures.append(read_picture(path))
        except PictureError as error:
            faults.append(str(error))
    return pictures, faults


def pictures_in(folder: Path) -> list[Path]:
    """Every PNG below a folder in the order of their names; hidden ones, which other systems leave behind, are not.

    Raises PictureError where there is no such folder, or no picture in it.
    """
    if not folder.is_dir():
        what = "is a file" if folder.exists() else "does not exist"
        raise PictureError(f"{folder} {what}. Name a folder of pictures called {NAME}.")
    found = sorted(
        path
        for path in folder.rglob("*")
        if path.suffix.lower() == SUFFIX and path.is_file() and not path.name.startswith(".")
    )
    if not found:
        raise PictureError(f"{folder} holds no PNG picture, nor do its subfolders. They are called {NAME}.")
    return found


def _number(path: Path, written: str, what: str) -> float:
    """A number of the name. Light may be 0 where it was rounded; a temperature may not."""
    try:
        number = float(written)
    except ValueError:
        number = math.nan
    if not math.isfinite(number) or number < 0 or (number == 0 and what != "lux"):
        kind = "a number, 0 or more" if what == "lux" else "a temperature in K above 0"
        raise PictureError(f"{path}: {what} is {written!r}; it must be {kind}. Names are {NAME}.")
    return number

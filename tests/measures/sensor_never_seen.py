"""Light on photographs of a sensor that nothing here was made for: Sony IMX135, field scenes of the Intel-TAU set.

The pictures are linear and carry the true light. The usual error of colour constancy is an angle between lights; the
usual rivals are grey world (Buchsbaum 1980) and shades of grey with norm 6 (Finlayson and Trezzi 2004).
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np

from isp.frames import NEUTRAL_SHOT, RawFrame
from isp.grey_edge import grey_edge

WHITE_DN = 65535.0
# A pixel of this brightness has a clipped channel: its colour is no more that of the scene.
CLIPPED = 0.98
MINKOWSKI = 6.0


@dataclass(frozen=True)
class Photograph:
    """picture  (256, 384, 3) float64 linear red, green, blue, 1 = white; grey: true (red/green, blue/green)."""

    name: str
    picture: np.ndarray
    grey: np.ndarray

    @cached_property
    def frame(self) -> RawFrame:
        """The picture as an unknown sensor reads it: each pixel a quad of the mosaic."""
        counts = np.round(self.picture * WHITE_DN).astype(np.uint16)
        mosaic = np.empty((2 * counts.shape[0], 2 * counts.shape[1]), dtype=np.uint16)
        for (y, x), colour in zip(np.ndindex(2, 2), (0, 1, 1, 2), strict=True):
            mosaic[y::2, x::2] = counts[..., colour]
        return RawFrame(mosaic, NEUTRAL_SHOT)


def photographs(shared: Path) -> list[Photograph]:
    """All that lie under `shared`; none where the folder is not at hand."""
    import cv2

    found = []
    for path in sorted((shared / "data/awb-imx135").glob("*.png")):
        light = np.array(json.loads(path.with_suffix(".json").read_text())["illuminant_color_raw"])
        picture = cv2.imread(str(path), cv2.IMREAD_UNCHANGED)[..., ::-1] / WHITE_DN
        found.append(Photograph(path.stem, picture, light[[0, 2]] / light[1]))
    return found


def grey_world(photograph: Photograph) -> np.ndarray:
    """(2,) red/green and blue/green of the mean of what is not clipped."""
    mean = _unclipped(photograph.picture).mean(axis=0)
    return mean[[0, 2]] / mean[1]


def shades_of_grey(photograph: Photograph) -> np.ndarray:
    """(2,) the same of a mean in which bright pixels count more."""
    mean = (_unclipped(photograph.picture) ** MINKOWSKI).mean(axis=0) ** (1 / MINKOWSKI)
    return mean[[0, 2]] / mean[1]


def edges(photograph: Photograph) -> np.ndarray:
    """(2,) what the camera answers today for a sensor without a curve."""
    return np.array(grey_edge(photograph.frame))


def angle(found: np.ndarray, true: np.ndarray) -> float:
    """Degrees between two lights as vectors (red, green, blue)."""
    one, other = (np.array([red, 1.0, blue]) for red, blue in (found, true))
    return float(np.degrees(np.arccos(min(one @ other / np.linalg.norm(one) / np.linalg.norm(other), 1.0))))


def angles(scenes: list[Photograph], estimate: Callable[[Photograph], np.ndarray]) -> np.ndarray:
    """(n,) error of an estimator in degrees."""
    return np.array([angle(estimate(scene), scene.grey) for scene in scenes])


def worst_quarter(errors: np.ndarray) -> float:
    """Mean of the largest quarter."""
    return float(np.sort(errors)[-max(1, round(len(errors) / 4)) :].mean())


def _unclipped(picture: np.ndarray) -> np.ndarray:
    pixels = picture.reshape(-1, 3)
    whole = pixels[pixels.max(axis=1) < CLIPPED]
    return whole if len(whole) else pixels

"""Light on photographs of a sensor that nothing here was made for: Sony IMX135, field scenes of the Intel-TAU set.

The pictures are linear and carry the true light. The usual error of colour constancy is an angle between lights; the
usual rivals are grey world (Buchsbaum 1980), shades of grey with norm 6 (Finlayson and Trezzi 2004), and grey edge.

A judge gets them in two ways: as an unknown sensor's, and as those of a sensor that was calibrated by its owner with
half of them: the curve that other sensors have on average, moved to where the grey cards of that half lie, and the
others' mean colour matrices. The other half is judged, then they change places. Nobody knows the light in lux.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
from measures.light_errors import angle

from firmware.sensors import load_sensor
from isp.frames import NEUTRAL_SHOT, RawFrame
from isp.light_estimate import Judge
from isp.light_statistics import LightStatistics, gather, render
from isp.plan import find_light
from isp.tuning import Tuning
from isp.white_balance import WhiteBalance

WHITE_DN = 65535.0
# A pixel of this brightness has a clipped channel: its colour is no more that of the scene.
CLIPPED = 0.98
MINKOWSKI = 6.0
OTHER_SENSORS = ("imx219", "imx477", "imx708", "ov5647")
# From a shaded blue sky to a candle-like lamp; beyond what was measured the curve goes on straight.
CURVE_MIRED = np.linspace(125.0, 430.0, 24)
CALIBRATION_ROUNDS = 50


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
    """(2,) of the differences between neighbouring pixels: grey edge, first order, same norm (van de Weijer 2007)."""
    whole = np.where((photograph.picture.max(axis=-1) < CLIPPED)[..., None], photograph.picture, np.nan)
    changes = np.concatenate([np.diff(whole, axis=axis).reshape(-1, 3) for axis in (0, 1)])
    mean = np.nanmean(np.abs(changes) ** MINKOWSKI, axis=0) ** (1 / MINKOWSKI)
    return mean[[0, 2]] / mean[1]


def found_by_camera(photograph: Photograph) -> np.ndarray:
    """(2,) what developing answers for such a file from an unknown camera."""
    return np.array(find_light(photograph.frame, None, WhiteBalance()).grey)


def judged_unknown(photographs: list[Photograph], judge: Judge) -> np.ndarray:
    """(n,) error in degrees of a judge who knows nothing of the sensor."""
    return angles(photographs, lambda photograph: judge(gather(photograph.frame, None)).grey)


def judged_calibrated(photographs: list[Photograph], judge: Judge) -> np.ndarray:
    """(n,) error in degrees where every second one calibrated the sensor for the others."""
    errors = np.empty(len(photographs))
    for half in (0, 1):
        tuning = calibrated(np.array([photograph.grey for photograph in photographs[half::2]]))
        errors[1 - half :: 2] = angles(
            photographs[1 - half :: 2], lambda photograph, tuning=tuning: judge(_statistics(photograph, tuning)).grey
        )
    return errors


def calibrated(greys: np.ndarray) -> Tuning:
    """The tuning of a sensor of which only (n, 2) greys, red/green and blue/green, under unknown lights are known."""
    others = [load_sensor(sensor).tuning for sensor in OTHER_SENSORS]
    curves = np.array([_long_curve(tuning) for tuning in others])
    shape = (curves - curves.mean(axis=1, keepdims=True)).mean(axis=0)
    cards = np.log(greys)
    moved = cards.mean(axis=0)
    # The nearest point for each card, then the curve to where they are on average (Besl and McKay 1992).
    for _ in range(CALIBRATION_ROUNDS):
        away = cards[:, None] - (shape + moved)
        nearest = np.linalg.norm(away, axis=2).argmin(axis=1)
        moved = moved + away[np.arange(len(cards)), nearest].mean(axis=0)
    kelvins = 1e6 / CURVE_MIRED[::-1]
    matrices = tuple((k, np.mean([tuning.matrix_at(k) for tuning in others], axis=0)) for k in kelvins)
    return dataclasses.replace(
        others[0],
        sensor="imx135",
        source="greys of half of the photographs",
        grey_curve=np.column_stack([kelvins, np.exp(shape + moved)[::-1]]),
        matrices=matrices,
        red_shading=(),
        blue_shading=(),
        luminance_shading=None,
        lux_of_signal=None,
        sensitivity=(1.0, 1.0),
    )


def _long_curve(tuning: Tuning) -> np.ndarray:
    """(24, 2) log grey at CURVE_MIRED."""
    mired, greys = 1e6 / tuning.grey_curve[::-1, 0], np.log(tuning.grey_curve[::-1, 1:])
    slopes = (greys[[1, -1]] - greys[[0, -2]]) / (mired[[1, -1]] - mired[[0, -2]])[:, None]
    inside = np.column_stack([np.interp(CURVE_MIRED, mired, axis) for axis in greys.T])
    cooler = np.minimum(CURVE_MIRED - mired[0], 0.0)[:, None] * slopes[0]
    return inside + cooler + np.maximum(CURVE_MIRED - mired[-1], 0.0)[:, None] * slopes[1]


def _statistics(photograph: Photograph, tuning: Tuning) -> LightStatistics:
    raw = gather(photograph.frame, None).zones / WHITE_DN
    return LightStatistics(render(raw, tuning), None, tuning)


def angles(scenes: list[Photograph], estimate: Callable[[Photograph], np.ndarray]) -> np.ndarray:
    """(n,) error of an estimator in degrees."""
    return np.array([angle(estimate(scene), scene.grey) for scene in scenes])


def _unclipped(picture: np.ndarray) -> np.ndarray:
    pixels = picture.reshape(-1, 3)
    whole = pixels[pixels.max(axis=1) < CLIPPED]
    return whole if len(whole) else pixels

"""The colour tags of a DNG, from the sensor's tuning.

Source: Adobe DNG Specification 1.4, chapter 6 "Mapping Camera Color Space to CIE XYZ Space". Ours:

The tuning knows, at a colour temperature T, what a grey card reads, grey(T) = (r/g, 1, b/g), and a matrix CCM(T) from
camera RGB balanced by 1/grey(T) to linear sRGB, whose white is D65. So light that reached the sensor was, as XYZ:

    XYZ = Adapt(D65 -> white(T)) . sRGB_to_XYZ . CCM(T) . diag(1 / grey(T)) . camera

ColorMatrix(T) is the inverse of it: scene XYZ under that light to unbalanced camera. Other writers leave Adapt out,
which is right at D65 only; with it white(T) gives exactly grey(T), as the specification asks.
ForwardMatrix(T) takes balanced camera to XYZ under D50: Adapt(D65 -> D50) . sRGB_to_XYZ . CCM(T).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from isp.frames import Shot
from isp.tuning import Tuning

# IEC 61966-2-1: linear sRGB to XYZ, white (0.9505, 1, 1.0890).
SRGB_TO_XYZ = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])
WHITE_D65 = SRGB_TO_XYZ.sum(axis=1)
# ICC.1:2010, the profile connection space.
WHITE_D50 = np.array([0.9642, 1.0, 0.8249])
# CIE 015: illuminant A, the light bulb.
WHITE_A = np.array([1.09850, 1.0, 0.35585])
# Lam 1985, sharpened cone responses.
BRADFORD = np.array([[0.8951, 0.2664, -0.1614], [-0.7502, 1.7135, 0.0367], [0.0389, -0.0685, 1.0296]])


@dataclass(frozen=True)
class Illuminant:
    """A light at which a DNG carries matrices; `code` is Exif's LightSource."""

    code: int
    temperature_k: float
    white: np.ndarray


STANDARD_A = Illuminant(17, 2856.0, WHITE_A)
DAYLIGHT = Illuminant(21, 6504.0, WHITE_D65)


def adaptation(source: np.ndarray, target: np.ndarray) -> np.ndarray:
    """(3, 3) Bradford matrix: colours seen under the white `source` as they look under `target`."""
    cones = (BRADFORD @ target) / (BRADFORD @ source)
    return np.linalg.inv(BRADFORD) @ np.diag(cones) @ BRADFORD


def has_colour(tuning: Tuning | None) -> bool:
    """Whether the tuning knows enough for matrices: a colour matrix and what grey looks like."""
    return tuning is not None and bool(tuning.matrices) and len(tuning.grey_curve) > 0


def colour_matrix(tuning: Tuning, light: Illuminant) -> np.ndarray:
    """(3, 3) scene XYZ under this light -> unbalanced camera RGB."""
    red, blue = tuning.grey_at(light.temperature_k)
    balanced_to_xyz = adaptation(WHITE_D65, light.white) @ SRGB_TO_XYZ @ _neutral_matrix(tuning, light)
    return np.linalg.inv(balanced_to_xyz @ np.diag([1 / red, 1.0, 1 / blue]))


def forward_matrix(tuning: Tuning, light: Illuminant) -> np.ndarray:
    """(3, 3) balanced camera RGB -> XYZ under D50."""
    matrix = adaptation(WHITE_D65, WHITE_D50) @ SRGB_TO_XYZ @ _neutral_matrix(tuning, light)
    # The rounded constants miss D50 by 1e-4; the specification wants grey to land on it.
    return np.diag(WHITE_D50 / matrix.sum(axis=1)) @ matrix


def as_shot_neutral(
    shot: Shot, tuning: Tuning | None, neutral: tuple[float, float, float] | None
) -> tuple[float, float, float] | None:
    """What a grey card read in this light, green = 1; None if nobody has measured or chosen it.

    `neutral`, which the photo was balanced for, goes before what the camera or its temperature say.
    """
    if neutral is not None:
        return neutral
    if shot.colour_gains is not None and min(shot.colour_gains) > 0:
        red, blue = shot.colour_gains
        return 1 / red, 1.0, 1 / blue
    if shot.temperature_k is not None and tuning is not None and len(tuning.grey_curve) > 0:
        red, blue = tuning.grey_at(shot.temperature_k)
        return red, 1.0, blue
    return None


def _neutral_matrix(tuning: Tuning, light: Illuminant) -> np.ndarray:
    """The tuning's matrix with rows that sum to 1 exactly (its five digits miss by 1e-5)."""
    matrix = tuning.matrix_at(light.temperature_k)
    return matrix / matrix.sum(axis=1, keepdims=True)

"""Depth in layers: how many, how large their blur, and at what size of the picture each is drawn.

Layers are blended linearly in radius, so that a ramp shows no steps. A wide blur needs no fine pixels: each layer is
drawn on a picture made smaller, and enlarged again, as Kraus and Strengert 2007 do ("Depth-of-field rendering by
pyramidal image processing"); that is why a large radius costs no more than a small one. We depart from them in the
blur itself, which is the true opening at every size.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

# A disc of less leaves its pixel alone.
SHARP_PX = 0.5
# One radius to the next; a light's disc does not depend on it, and at 1.3 ramps of fine texture begin to differ.
RATIO = 1.2
# Pixels are joined as long as the disc's radius stays as long as this in joined pixels. At 6 scenes of known depth
# come 0.4 dB nearer to brute force, and 10 px cost more than 60.
LEAST_REDUCED_PX = 5.0
LARGEST_REDUCTION = 64


@dataclass(frozen=True)
class LayerNumbers:
    """One layer as the kernel takes it.

    radius     signed, in pixels of the picture
    reduction  so many pixels are joined across and down
    reduced    radius of the opening in joined pixels
    share      (rise, rise_at, fall, fall_at): what of a pixel of radius r belongs to the layer is
               min(rise * r + rise_at, fall * r + fall_at), between 0 and 1
    """

    radius: float
    reduction: int
    reduced: float
    share: tuple[float, float, float, float]


def radii_up_to(largest_px: float) -> list[float]:
    """Radii of the layers from the plane of focus to this one, which is among them; none where all is sharp."""
    if largest_px <= SHARP_PX:
        return []
    radii = [largest_px]
    while radii[-1] / RATIO >= 2 * SHARP_PX:
        radii.append(radii[-1] / RATIO)
    return [round(radius, 4) for radius in reversed(radii)]


def layers_up_to(largest_px: float, sign: int) -> list[LayerNumbers]:
    """The layers behind (sign 1) or before (-1) the plane of focus, from it outwards."""
    radii = [SHARP_PX, *radii_up_to(largest_px)]
    layers = []
    for index, radius in enumerate(radii[1:], start=1):
        rise, rise_at = _line(radii[index - 1], radius)
        last = index + 1 == len(radii)
        fall, fall_at = (0.0, 1.0) if last else _line(radii[index + 1], radius)
        reduction = reduction_for(radius)
        layers.append(
            LayerNumbers(
                sign * radius,
                reduction,
                reduced_radius(radius, reduction),
                (sign * rise, rise_at, sign * fall, fall_at),
            )
        )
    return layers


def in_focus_share(behind_px: float, before_px: float) -> tuple[float, float, float, float]:
    """What of a pixel stays as it is, where these are the largest radii to both sides; see LayerNumbers."""
    behind, before = radii_up_to(behind_px), radii_up_to(before_px)
    fall = _line(behind[0], SHARP_PX) if behind else (0.0, 1.0)
    rise = _line(-before[0], -SHARP_PX) if before else (0.0, 1.0)
    return (*rise, *fall)


def reduction_for(radius_px: float) -> int:
    """How many pixels may become one, a power of 2."""
    reduction = 1
    while reduction < LARGEST_REDUCTION and radius_px / (2 * reduction) >= LEAST_REDUCED_PX:
        reduction *= 2
    return reduction


def reduced_radius(radius_px: float, reduction: int) -> float:
    """The opening that, with what joining and enlarging blur by themselves, blurs as much as this radius.

    A disc has the variance r^2 / 4 along each axis; joining n pixels and drawing lines between the joined ones add
    (n^2 - 1) / 12 and n^2 / 6.
    """
    added = (reduction**2 - 1) / 12 + (reduction**2 / 6 if reduction > 1 else 0.0)
    return round(math.sqrt(radius_px**2 - 4 * added) / reduction, 4)


def _line(nothing_at: float, all_at: float) -> tuple[float, float]:
    """(slope, offset) of the line that is 0 here and 1 there."""
    slope = 1.0 / (all_at - nothing_at)
    return round(slope, 7), round(-nothing_at * slope, 7)

"""How large a full-frame lens would draw a point at infinity: the measure of all blur in a portrait.

A thin lens of focal length f and opening f/N, focused at s, draws infinity as a disc of diameter f^2 / (N (s - f)) on
the film (any optics book; Wadhwa et al. 2018, "Synthetic depth-of-field with a single-camera mobile phone", eq. 1).
The film is 36 mm wide and shows what the whole pixel array sees: a crop of the array is a crop of the film.

Differs: the drawn lens focuses no nearer than portrait lenses do, however near the real one is; and no farther than
a small camera's focus can tell from infinity.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from isp.errors import KnobError

FULL_FRAME_MM = 36.0
# Portrait lenses draw a thing at an eighth of its size at most; nearer, blur would swallow the picture.
LARGEST_MAGNIFICATION = 1 / 8
# Focused here, a small camera (4.7 mm, f/1.8) is sharp from half of this to infinity: beyond, its focus tells nothing.
FARTHEST_TOLD_M = 5.0
# Where nobody knows: head and shoulders to hips, as most portraits are taken.
USUAL_M = 1.5
# What `Bokeh.largest_px` allows.
MOST_PX = 2000.0


@dataclass(frozen=True)
class FocusDistance:
    """How far the subject is, and who says so: "hand" (the knob), "lens" (autofocus) or "usual" (nobody)."""

    distance_m: float
    source: str


def focus_distance(lens_position: float | None, distance_m: float | None) -> FocusDistance:
    """What was set by hand, else where the lens was focused, else the usual distance.

    lens_position  `Shot.lens_position`: dioptres, 0 is infinity; None where the lens cannot move
    distance_m     the knob; None where it is not set
    """
    if distance_m is not None:
        return FocusDistance(float(distance_m), "hand")
    if lens_position is None or not math.isfinite(lens_position):
        return FocusDistance(USUAL_M, "usual")
    return FocusDistance(1.0 / max(lens_position, 1.0 / FARTHEST_TOLD_M), "lens")


def largest_radius_px(
    f_number: float, lens_mm: float, distance_m: float, frame_width_px: int, field_of_view_width: float
) -> float:
    """Radius of the disc of a point at infinity, in pixels of this frame; what lies nearer has a smaller one.

    lens_mm              focal length on full frame
    distance_m           to the subject
    field_of_view_width  share of the pixel array's width that the frame shows (`Shot.field_of_view[2]`)
    Raises KnobError for what is not above 0 and finite.
    """
    facts = {
        "f_number": f_number,
        "lens_mm": lens_mm,
        "distance_m": distance_m,
        "frame_width_px": frame_width_px,
        "field_of_view_width": field_of_view_width,
    }
    for name, value in facts.items():
        if not (math.isfinite(value) and value > 0):
            raise KnobError(f"{name} is {value!r}; a lens needs a finite number above 0.")
    nearest_mm = lens_mm * (1.0 + 1.0 / LARGEST_MAGNIFICATION)
    distance_mm = max(1000.0 * distance_m, nearest_mm)
    disc_mm = lens_mm**2 / (f_number * (distance_mm - lens_mm))
    px_per_mm = frame_width_px / (FULL_FRAME_MM * field_of_view_width)
    return min(disc_mm / 2.0 * px_per_mm, MOST_PX)

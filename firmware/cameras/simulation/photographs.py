"""scikit-image's bundled photographs, taken back to linear light and enlarged to the frame.

The files are opened by path: importing scikit-image takes seconds, and nothing of it is needed but the pictures.
"""

from __future__ import annotations

import importlib.util
import math
from collections.abc import Iterator
from functools import cache, partial
from pathlib import Path

import numpy as np

from firmware.cameras.simulation.view import View

# Scene name -> file in skimage/data.
FILES = {
    "astronaut": "astronaut.png",
    "chelsea": "chelsea.png",
    "coffee": "coffee.png",
    "rocket": "rocket.jpg",
    "page": "page.png",
    "text": "text.png",
}
MENDING_COMMAND = "pip install 'scikit-image>=0.22'"
EDGE_MARGIN = 4  # picture points beyond the frame's edge that the resampling filter reads


def photographs_at_hand() -> list[str]:
    """Names of the photographs whose files are installed."""
    folder = picture_folder()
    return [] if folder is None else [name for name, file in FILES.items() if (folder / file).is_file()]


def picture_folder() -> Path | None:
    """Where scikit-image keeps its pictures; None when it is not installed."""
    found = importlib.util.find_spec("skimage")
    return None if found is None or found.origin is None else Path(found.origin).parent / "data"


def draw_photograph(name: str, view: View) -> Iterator[np.ndarray]:
    """Red, green and blue (drawn rows, width) float32 planes, one after the other."""
    source = _linear_planes(name)
    box = _box(source.shape[1:], view)
    enlarge = partial(_enlarge, view=view, box=box)
    if len(source) == 1:
        plane = enlarge(source[0])
        return iter((plane, plane, plane))
    return (enlarge(plane) for plane in source)


def _enlarge(plane: np.ndarray, view: View, box: tuple[float, float, float, float]) -> np.ndarray:
    """Bicubic, through a box with fractions of a point, so a shift by a fraction of a pixel is exact."""
    from PIL import Image

    top, left, bottom, right = box
    height, width = plane.shape
    rows = view.drawn_rows
    points_per_px = (bottom - top) / view.height
    # A shaken view can look past the picture's edge; there it continues as its own mirror image.
    beyond = max(0.0, -top, -left, bottom - height, right - width)
    margin = math.ceil(beyond) + EDGE_MARGIN if beyond > 0 else 0
    padded = np.pad(plane, margin, mode="symmetric") if margin else plane
    enlarged = Image.fromarray(padded).resize(
        (view.width, len(rows)),
        Image.Resampling.BICUBIC,
        box=(
            left + margin,
            top + margin + rows.start * points_per_px,
            right + margin,
            top + margin + rows.stop * points_per_px,
        ),
    )
    # The filter's undershoot beside a hard edge would be light below zero.
    return np.maximum(np.asarray(enlarged), 0.0)


def _box(size: tuple[int, int], view: View) -> tuple[float, float, float, float]:
    """(top, left, bottom, right) of the picture's part that fills the frame, moved against the shift."""
    height, width = size
    points_per_px = min(height / view.height, width / view.width)
    shown_height, shown_width = view.height * points_per_px, view.width * points_per_px
    top = (height - shown_height) / 2 - view.shift_px[0] * points_per_px
    left = (width - shown_width) / 2 - view.shift_px[1] * points_per_px
    return top, left, top + shown_height, left + shown_width


@cache
def _linear_planes(name: str) -> np.ndarray:
    """(1 or 3, height, width) float32 linear light of the file, by the inverse of IEC 61966-2-1's curve."""
    from PIL import Image

    with Image.open(picture_folder() / FILES[name]) as picture:
        encoded = np.atleast_3d(np.asarray(picture))
    levels = np.arange(256) / 255.0
    curve = np.where(levels <= 0.04045, levels / 12.92, ((levels + 0.055) / 1.055) ** 2.4).astype(np.float32)
    return np.ascontiguousarray(curve[encoded].transpose(2, 0, 1))

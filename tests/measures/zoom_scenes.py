"""Scenes for zoomed bursts, as a sensor with twice the pixels each way would see them.

A photograph's pixel is one such finer pixel. What the coarser sensor's pixels see follows from that: the aperture of
one is as wide as two finer ones'. Source of the split: the sampled aperture of width a has the spectrum sinc(a f), and
sinc(a f) / sinc(a f / 2) = cos(pi a f / 2).
"""

from __future__ import annotations

import numpy as np
from measures.scenery import FINER, Scenery, grey_steps, kodak_folder, linear_light, mirrored, texture

from firmware.cameras.simulation.photographs import FILES, picture_folder
from firmware.cameras.simulation.scenes import find_scene
from firmware.cameras.simulation.view import View

LIGHT_K = 5000.0
GREYS = (0.1, 0.9)  # of the drawn edge and waves
SLANT_DEGREES = 5.0
# Of the edge's chart: from the middle so much of the height is nothing but the edge, and so many finer pixels each way.
EDGE_HIGH, EDGE_WIDE_PX = 0.6, 64
# The zone plate's waves reach so many cycles a pixel at the nearer edge of the frame: the end of what pixels see.
FINEST = 1.0


def fine_points(name: str, shape: tuple[int, int], margin_px: int) -> np.ndarray:
    """(3, FINER * (height + 2 margin), ...) float32: what pixels half as wide see, before the lens has blurred it.

    name  "kodim01" to 24, a photograph of scikit-image, a scene of the simulated camera, or one that is drawn here
    """
    tall = tuple(FINER * (length + 2 * margin_px) for length in shape)
    drawn = {
        "edge alone": slanted_edge,
        "edge chart": edge_chart,
        "zone plate": zone_plate,
        "texture": texture,
        "steps": grey_steps,
    }
    if name in drawn:
        inner = tuple(FINER * length for length in shape)
        picture = drawn[name](inner if name in ("zone plate", "steps") else tall)
    elif name.startswith("kodim"):
        picture = linear_light(kodak_folder() / f"{name}.png")
    elif name in FILES:
        picture = linear_light(picture_folder() / FILES[name])
    else:
        return np.stack(list(find_scene(name)(View(*tall, LIGHT_K)))).astype(np.float32)
    planes = np.atleast_3d(picture).transpose(2, 0, 1).astype(np.float32)
    rows, columns = (mirrored(length, wide) for length, wide in zip(planes.shape[1:], tall, strict=True))
    return np.broadcast_to(planes[:, rows[:, None], columns], (3, *tall))


def seen_through(points: np.ndarray, margin_px: int, lens_px: float, aperture_px: float, factor: float) -> Scenery:
    """The scene for pixels of which `factor` lie on one of the frame's: 1 is the frame's own, FINER the points' own.

    lens_px      deviation of the lens's blur, in pixels of the frame
    aperture_px  width of the part of a frame's pixel that sees: 1 is all of it, 0 a point
    """
    finest, seen = aperture_px / FINER, aperture_px / factor
    planes = []
    for plane in points:
        spectrum = np.fft.rfft2(np.asarray(plane, np.float32))
        for waves in (np.fft.fftfreq(plane.shape[0])[:, None], np.fft.rfftfreq(plane.shape[1])):
            per_px = waves * FINER
            passed = (
                np.exp(-2 * np.square(np.pi * lens_px * per_px)) * np.sinc(seen * per_px) / np.sinc(finest * per_px)
            )
            # From values to coefficients of the cubic spline through them.
            spectrum = spectrum * (passed * 3 / (2 + np.cos(2 * np.pi * waves))).astype(np.float32)
        planes.append(np.fft.irfft2(spectrum, plane.shape).astype(np.float32))
    return Scenery(np.stack(planes), margin_px)


def slanted_edge(shape: tuple[int, int], degrees: float = SLANT_DEGREES) -> np.ndarray:
    """(H, W) of a dark and a bright half, as pixels that average over their area see them; upright but for a slant."""
    rows, columns = np.mgrid[: shape[0], : shape[1]] + 0.5
    slant = np.radians(degrees)
    distance = (columns - shape[1] / 2) * np.cos(slant) - (rows - shape[0] / 2) * np.sin(slant)
    return GREYS[0] + (GREYS[1] - GREYS[0]) * np.clip(distance + 0.5, 0, 1)


def edge_chart(shape: tuple[int, int]) -> np.ndarray:
    """(H, W): the slanted edge in the middle of detail that tells how the hand moved, as on a printed chart."""
    picture, detail = slanted_edge(shape), texture(shape)
    down, across = (np.abs(np.arange(length) + 0.5 - length / 2) for length in shape)
    beside = (down[:, None] > EDGE_HIGH * shape[0] / 2) | (across > EDGE_WIDE_PX)
    return np.where(beside, detail, picture)


def zone_plate(shape: tuple[int, int]) -> np.ndarray:
    """(H, W) of rings, ever finer outwards: FINEST cycles a frame's pixel at the nearer edge, as fine as points go."""
    rows, columns = (np.arange(length) + 0.5 - length / 2 for length in shape)
    distance = np.hypot(rows[:, None], columns)
    wave = np.cos(np.pi * (FINEST / FINER) * np.square(distance) / (min(shape) / 2))
    fading = np.clip((min(shape) / 2 - distance) / (0.02 * min(shape)), 0, 1)
    return sum(GREYS) / 2 + (GREYS[1] - GREYS[0]) / 2 * wave * fading


def zone_frequency(shape: tuple[int, int]) -> np.ndarray:
    """(H, W) cycles a frame's pixel of `zone_plate`'s waves at each point of a picture of any size of it."""
    rows, columns = ((np.arange(length) + 0.5 - length / 2) / (min(shape) / 2) for length in shape)
    return FINEST * np.hypot(rows[:, None], columns)

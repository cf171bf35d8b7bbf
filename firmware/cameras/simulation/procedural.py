"""Scenes drawn from formulas: known everywhere, exactly, and anti-aliased. 1.0 is a perfect white reflector."""

from __future__ import annotations

import numpy as np

from firmware.cameras.simulation.view import View, covered_half_plane

GREY_CARD = 0.18
FLAT_LEVEL = 0.5
EDGE_ANGLE_DEGREES = 5.0  # ISO 12233's slanted edge
EDGE_DARK, EDGE_BRIGHT = 0.06, 0.30  # their mean is a grey card
ZONE_PLATE_MEAN, ZONE_PLATE_SWING = 0.18, 0.15
# Rings fade out just before Nyquist: beyond it there is nothing a sensor could be asked to show.
ZONE_PLATE_FADE = (0.45, 0.5)


def draw_grey(view: View) -> np.ndarray:
    """An 18 % grey card that fills the frame."""
    return np.broadcast_to(np.float32(GREY_CARD), (3, *view.drawn_shape))


def draw_flat(view: View) -> np.ndarray:
    """One even tone, brighter than the grey card."""
    return np.broadcast_to(np.float32(FLAT_LEVEL), (3, *view.drawn_shape))


def draw_edge(view: View) -> np.ndarray:
    """An edge slanted by 5 degrees through the middle: dark on the left, bright on the right."""
    middle = (view.height / 2, view.width / 2)
    share = covered_half_plane(view.rows(), view.columns(), middle, np.radians(EDGE_ANGLE_DEGREES))
    return _grey(EDGE_DARK + np.float32(EDGE_BRIGHT - EDGE_DARK) * share)


def draw_zoneplate(view: View) -> np.ndarray:
    """Rings whose frequency rises from the middle to half a cycle per pixel at the nearer edge."""
    y, x = view.rows() - np.float32(view.height / 2), view.columns() - np.float32(view.width / 2)
    cycles_per_px = np.float32(0.5 / (min(view.height, view.width) / 2))  # and per pixel of distance
    frequency = np.hypot(y, x) * cycles_per_px
    low, high = ZONE_PLATE_FADE
    kept = np.clip((high - frequency) / np.float32(high - low), 0.0, 1.0)
    # A pixel's square averages the wave over itself; that mean has a closed form.
    kept *= np.sinc(y * cycles_per_px) * np.sinc(x * cycles_per_px)
    rings = np.cos(np.float32(np.pi) * frequency * frequency / cycles_per_px) * kept
    return _grey((ZONE_PLATE_MEAN + np.float32(ZONE_PLATE_SWING) * rings).astype(np.float32))


def _grey(plane: np.ndarray) -> np.ndarray:
    return np.broadcast_to(plane, (3, *plane.shape))

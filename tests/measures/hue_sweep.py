"""Patches of every hue, to be exposed from well below clipping to far beyond it."""

from __future__ import annotations

import colorsys

import numpy as np
from measures.colour_difference import chroma_vector
from measures.exposed import exposed

from firmware.cameras.simulation.sensor_physics import camera_matrix
from firmware.sensors import load_sensor
from isp.frames import RawFrame

PATCH_PX = 12


def hue_patches(ev: float, sensor: str, light_k: float, patch_px: int = PATCH_PX, noise: bool = False) -> RawFrame:
    """48 patches of all hues, pale and strong, each with its brightest raw colour so many stops from clipping.

    Without noise a dark raw colour is rounded to whole counts, the same ones all over its patch: some degrees of hue.
    """
    colours = [colorsys.hsv_to_rgb(hue / 24, strength, 1.0) for strength in (0.4, 0.8) for hue in range(24)]
    raw = np.maximum(np.array(colours) @ camera_matrix(load_sensor(sensor).tuning, light_k).T, 0)
    rows = (colours / raw.max(axis=1, keepdims=True)).reshape(6, 8, 3) * 2.0**ev
    return exposed(rows.repeat(patch_px, 0).repeat(patch_px, 1), sensor, light_k=light_k, noise=noise)


def hues_of(light: np.ndarray) -> np.ndarray:
    """(48,) complex hue and chroma of the patches in linear light that a photo of them shows."""
    side = light.shape[0] // 6
    patches, inner = light.reshape(6, side, 8, side, 3), slice(4, side - 4)
    return chroma_vector(patches[:, inner, :, inner].mean(axis=(1, 3)).reshape(48, 3))

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


def hue_patches(ev: float, sensor: str, light_k: float) -> RawFrame:
    """48 patches of all hues, pale and strong, each with its brightest raw colour so many stops from clipping."""
    colours = [colorsys.hsv_to_rgb(hue / 24, strength, 1.0) for strength in (0.4, 0.8) for hue in range(24)]
    raw = np.maximum(np.array(colours) @ camera_matrix(load_sensor(sensor).tuning, light_k).T, 0)
    rows = (colours / raw.max(axis=1, keepdims=True)).reshape(6, 8, 3) * 2.0**ev
    return exposed(rows.repeat(PATCH_PX, 0).repeat(PATCH_PX, 1), sensor, light_k=light_k, noise=False)


def hues_of(light: np.ndarray) -> np.ndarray:
    """(48,) complex hue and chroma of the patches in linear light that a photo of them shows."""
    patches = light.reshape(6, PATCH_PX, 8, PATCH_PX, 3)
    return chroma_vector(patches[:, 4:8, :, 4:8].mean(axis=(1, 3)).reshape(48, 3))

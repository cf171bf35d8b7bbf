"""Pictures that can be looked at from anywhere: sampled between their points without losing sharpness.

A picture is kept at twice the resolution of the frames, as coefficients of cubic splines: at most a quarter of a cycle
per point is left in it, where a cubic spline shows a wave within 1 % (Thevenaz, Blu and Unser 2000, "Interpolation
revisited"). So frames of a burst are equally sharp wherever the hand has moved.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
from measures.shared_folder import SHARED

from firmware.cameras.simulation.photographs import FILES, picture_folder
from firmware.cameras.simulation.scenes import find_scene
from firmware.cameras.simulation.view import View
from isp.tone import decode_srgb

FINER = 2  # points per pixel
LIGHT_K = 5000.0
# A good lens on pixels of 1.5 um: 0.29 of the contrast is left at half a cycle per pixel.
LENS_PX = 0.5
# What the simulated camera does to a photograph of 512 rows in its 3 Mpix mode.
ENLARGED = 2.0
STEPS = (0.02, 0.05, 0.1, 0.18, 0.3, 0.45, 0.6, 0.75)  # grey patches, from deep shadow to light


@dataclass(frozen=True)
class Scenery:
    """(3, FINER height, FINER width) float32 spline coefficients; `margin_px` lies around what a still frame shows."""

    coefficients: np.ndarray
    margin_px: int

    def at(self, colour: int, y: np.ndarray, x: np.ndarray) -> np.ndarray:
        """Light of one colour at places in pixels; (0, 0) is the top left corner of a still frame. Held at the ends."""
        plane = self.coefficients[colour]
        rows, down = _taps(y, self.margin_px, plane.shape[0])
        columns, across = _taps(x, self.margin_px, plane.shape[1])
        points, light = plane.reshape(-1), 0.0
        for row, weight in zip(rows, down, strict=True):
            row = row * plane.shape[1]
            light += weight * sum(share * points[row + column] for column, share in zip(columns, across, strict=True))
        return light

    def in_colours(self, matrix: np.ndarray) -> Scenery:
        """The same scenery in other primaries."""
        mixed = np.tensordot(matrix.astype(np.float32), self.coefficients, 1)
        return Scenery(mixed, self.margin_px)


def photograph(
    picture: np.ndarray, shape: tuple[int, int], margin_px: int, lens_px: float = 0.0, enlarged: float = 1.0
) -> Scenery:
    """(H, W) or (H, W, 3) linear light, mirrored beyond its edges; a pixel of it is `enlarged` pixels of the frame."""
    finer = round(FINER * enlarged)
    planes = np.atleast_3d(picture).transpose(2, 0, 1).astype(np.float32)
    wanted = [-(-FINER * (length + 2 * margin_px) // finer) for length in shape]
    rows, columns = (mirrored(length, wide) for length, wide in zip(planes.shape[1:], wanted, strict=True))
    planes = np.broadcast_to(planes[:, rows[:, None], columns], (3, len(rows), len(columns)))
    return Scenery(np.stack([_spline(plane, finer, lens_px) for plane in planes]), margin_px)


def drawn(name: str, shape: tuple[int, int], margin_px: int, lens_px: float = 0.0, light_k: float = LIGHT_K) -> Scenery:
    """A scene of the simulated camera that is drawn from formulas, at its size and that of the margin."""
    height, width = (FINER * (length + 2 * margin_px) for length in shape)
    planes = np.stack(list(find_scene(name)(View(height, width, light_k))))
    return Scenery(np.stack([_spline(plane, 1, lens_px) for plane in planes]), margin_px)


def scenery(
    name: str, shape: tuple[int, int], margin_px: int = 64, lens_px: float = LENS_PX, enlarged: float = ENLARGED
) -> Scenery:
    """By name: "texture", "steps", a photograph of `photographs_at_hand`, "kodim01" to 24, or a drawn scene.

    lens_px   deviation of the lens's own blur; 0 shows photographs as sharp as their files, sharper than any lens draws
    enlarged  pixels of the frame for one of a photograph
    """
    pictures = {"texture": texture, "steps": grey_steps}
    if name in pictures:
        return photograph(pictures[name](shape), shape, margin_px, lens_px, enlarged if name == "texture" else 1.0)
    if name.startswith("kodim"):
        return photograph(linear_light(kodak_folder() / f"{name}.png"), shape, margin_px, lens_px, enlarged)
    if name in FILES:
        return photograph(linear_light(picture_folder() / FILES[name]), shape, margin_px, lens_px, enlarged)
    return drawn(name, shape, margin_px, lens_px)


def kodak_folder() -> Path:
    """Where the shared Kodak photographs are, if they are anywhere."""
    return SHARED / "data" / "kodak24"


def texture(shape: tuple[int, int], seed: int = 1) -> np.ndarray:
    """(H, W) of detail at all scales, like foliage: amplitude falls with frequency; 0.15 in the middle."""
    rng = np.random.default_rng(seed)
    frequency = np.hypot(np.fft.fftfreq(shape[0])[:, None], np.fft.rfftfreq(shape[1]))
    spectrum = np.fft.rfft2(rng.standard_normal(shape)) / np.maximum(frequency, 1 / 64)
    spectrum *= frequency < 0.4  # a lens shows no more
    detail = np.fft.irfft2(spectrum, shape)
    return 0.18 * np.exp2(np.clip(detail / detail.std(), -3, 2)) / 1.2


def grey_steps(shape: tuple[int, int]) -> np.ndarray:
    """(H, W) of even grey patches in two rows, each row the other way round."""
    row = np.asarray(STEPS)[np.arange(shape[1]) * len(STEPS) // shape[1]]
    return np.where(np.arange(shape[0])[:, None] < shape[0] / 2, row, row[::-1])


@cache
def linear_light(file: Path) -> np.ndarray:
    """(H, W) or (H, W, 3) float32 linear light of a picture's file."""
    from PIL import Image

    with Image.open(file) as picture:
        return decode_srgb(np.asarray(picture) / np.float32(255)).astype(np.float32)


def mirrored(length: int, wanted: int) -> np.ndarray:
    """Indices into a picture's axis that put its middle in the middle and mirror it beyond."""
    folded = (np.arange(wanted) + (length - wanted) // 2) % (2 * length)
    return np.minimum(folded, 2 * length - 1 - folded)


def _spline(plane: np.ndarray, finer: int, lens_px: float) -> np.ndarray:
    """Coefficients of the cubic spline through a plane, made `finer` times finer without losing or adding any wave.

    What is drawn finely already (finer = 1) is first averaged over a whole pixel, as a sensor does.
    """
    height, width = plane.shape
    tall, wide = finer * height, finer * width
    spectrum = np.fft.rfft2(np.asarray(plane, np.float32))
    if finer > 1:
        whole = np.zeros((tall, wide // 2 + 1), spectrum.dtype)
        half, bands = height // 2, width // 2
        whole[:half, :bands], whole[-half:, :bands] = spectrum[:half, :bands], spectrum[-half:, :bands]
        spectrum = whole * finer**2
    down, across = np.fft.fftfreq(tall)[:, None], np.fft.rfftfreq(wide)
    for frequency in (down, across):
        if finer == 1:
            spectrum = spectrum * np.cos(np.pi * frequency).astype(
                np.float32
            )  # from half a pixel's width to a whole one's
        lens = np.exp(-2 * np.square(np.pi * lens_px * FINER * frequency))
        spectrum = spectrum * (lens * 3 / (2 + np.cos(2 * np.pi * frequency))).astype(np.float32)
    # A finer grid's points lie a part of a pixel before and behind the pixel's centre.
    before = (finer - 1) / 2
    spectrum = spectrum * np.exp(-2j * np.pi * before * (down + across)).astype(np.complex64)
    return np.fft.irfft2(spectrum, (tall, wide)).astype(np.float32)


def _taps(places: np.ndarray, margin: int, count: int) -> tuple[list[np.ndarray], list[np.ndarray]]:
    """The four points around each place and the cubic B-spline's weights for them."""
    at = np.clip((places + margin) * FINER - 0.5, 1, count - 3)
    before = at.astype(np.intp)
    t = (at - before).astype(np.float32)
    weights = [(1 - t) ** 3 / 6, 2 / 3 - t * t * (2 - t) / 2, 2 / 3 - (1 - t) ** 2 * (1 + t) / 2, t**3 / 6]
    return [before + tap for tap in (-1, 0, 1, 2)], weights

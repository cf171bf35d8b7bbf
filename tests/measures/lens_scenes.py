"""Pictures whose blur is known: a subject on a wall, lights in the dark, walls at several depths, ramps."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import skimage
from measures.lens_blur import linear
from PIL import Image

from isp.bokeh import Bokeh
from isp.defocus import Defocus
from isp.frames import NEUTRAL_SHOT, LinearImage

RED, GREY = np.array([0.6, 0.05, 0.04]), np.array([0.3, 0.3, 0.3])
# Disparities of skimage's motorcycle that are not known.
FAR_DISPARITY_PX = 7.0


def rendered(pixels, radius_px, subject=None, threads=2, **knobs) -> np.ndarray:
    """What Bokeh makes of an array; one number for the radius is the same everywhere."""
    radius = np.broadcast_to(np.asarray(radius_px, np.float32), np.shape(radius_px) or (2, 2))
    picture = LinearImage(np.ascontiguousarray(pixels, np.float32), NEUTRAL_SHOT)
    return Bokeh(**knobs).render(picture, Defocus(np.ascontiguousarray(radius), subject), threads).pixels


def round_subject(shape: tuple[int, int], radius_px: float, soft_px: float) -> np.ndarray:
    """(H, W) uint8 mask of a disc in the middle, whose edge is so many pixels wide."""
    y, x = np.indices(shape)
    distance = np.hypot(y - shape[0] / 2.1, x - shape[1] / 1.9)
    return np.round(255 * np.clip((radius_px - distance) / soft_px + 0.5, 0, 1)).astype(np.uint8)


def mixed(mask: np.ndarray, subject: np.ndarray, behind: np.ndarray) -> np.ndarray:
    """The subject before what is behind it, each (3,) or (H, W, 3)."""
    share = mask[..., None] / 255
    return share * subject + (1 - share) * behind


def lamp(light, at=(150, 150), shape=(300, 300), dark=0.01) -> np.ndarray:
    """One lit pixel in the dark."""
    picture = np.full((*shape, 3), dark)
    picture[at] = light
    return picture


def texture(shape: tuple[int, int], seed: int = 1) -> np.ndarray:
    """(H, W, 3) light with detail of all sizes."""
    rng = np.random.default_rng(seed)
    picture = np.zeros((*shape, 3))
    for size in (1, 4, 16, 64):
        cells = rng.random((shape[0] // size + 1, shape[1] // size + 1, 3))
        picture += np.kron(cells, np.ones((size, size, 1)))[: shape[0], : shape[1]] / 4
    return picture**2


def motorcycle() -> tuple[np.ndarray, np.ndarray]:
    """(300, 400, 3) light and (300, 400) disparity in pixels of scikit-image's motorcycle."""
    data, place = Path(skimage.__file__).parent / "data", np.s_[100:400, 200:600]
    light = linear(np.asarray(Image.open(data / "motorcycle_left.png"))[..., :3])
    disparity = np.load(data / "motorcycle_disp.npz")["arr_0"]
    return light[place], np.where(np.isfinite(disparity), disparity, FAR_DISPARITY_PX)[place].astype(np.float32)


def depth_scenes() -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """name -> (light, radius_px at full size): the motorcycle focused at three depths, a ramp, and three walls."""
    light, disparity = motorcycle()
    scenes = {
        f"motorcycle, {name} in focus": (light, ((focus - disparity) * strength).astype(np.float32))
        for name, focus, strength in (("front", 60, 0.6), ("middle", 40, 0.7), ("back", 25, 0.5))
    }
    picture = texture((120, 160))
    ramp = np.broadcast_to(np.linspace(-8, 24, 120, dtype=np.float32)[:, None], (120, 160))
    walls = np.full((120, 160), 18, np.float32)
    walls[40:, 20:70] = 0
    walls[70:, 110:] = -9
    return scenes | {"ramp": (picture, ramp), "three walls": (picture, walls)}

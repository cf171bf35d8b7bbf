"""How different two colours look, and in which direction: CIELAB with CIEDE2000, and hue in Oklab.

Sources: Sharma, Wu, Dalal 2005, "The CIEDE2000 color-difference formula" (its published pairs check the sum); Ottosson
2020, "A perceptual color space for image processing" (Oklab; its hue holds better than CIELAB's in blue).
"""

from __future__ import annotations

import numpy as np

from isp.tone import decode_srgb

SRGB_TO_XYZ = np.array(
    [[0.4124564, 0.3575761, 0.1804375], [0.2126729, 0.7151522, 0.0721750], [0.0193339, 0.1191920, 0.9503041]]
)
LINEAR_TO_CONES = np.array(
    [
        [0.4122214708, 0.5363325363, 0.0514459929],
        [0.2119034982, 0.6806995451, 0.1073969566],
        [0.0883024619, 0.2817188376, 0.6299787005],
    ]
)
CONES_TO_OKLAB = np.array(
    [
        [0.2104542553, 0.7936177850, -0.0040720468],
        [1.9779984951, -2.4285922050, 0.4505937099],
        [0.0259040371, 0.7827717662, -0.8086757660],
    ]
)


def lab(linear: np.ndarray) -> np.ndarray:
    """(..., 3) CIELAB of linear sRGB for an eye adapted to white (1, 1, 1)."""
    shares = linear @ (SRGB_TO_XYZ / SRGB_TO_XYZ.sum(axis=1, keepdims=True)).T
    cubic = np.where(shares > 216 / 24389, np.cbrt(shares), (24389 / 27 * shares + 16) / 116)
    x, y, z = np.moveaxis(cubic, -1, 0)
    return np.stack([116 * y - 16, 500 * (x - y), 200 * (y - z)], axis=-1)


def lab_of_photo(codes: np.ndarray) -> np.ndarray:
    """(..., 3) CIELAB of uint8 or uint16 sRGB codes."""
    return lab(decode_srgb(codes / float(np.iinfo(codes.dtype).max)))


def oklab(linear: np.ndarray) -> np.ndarray:
    """(..., 3) Oklab of linear sRGB: lightness, green-red, blue-yellow."""
    return np.cbrt(linear @ LINEAR_TO_CONES.T) @ CONES_TO_OKLAB.T


def chroma_vector(linear: np.ndarray) -> np.ndarray:
    """(...) complex: Oklab's a + b i; its angle is the hue, its length the chroma (sRGB's red has 0.26)."""
    colours = oklab(linear)
    return colours[..., 1] + 1j * colours[..., 2]


def delta_e_2000(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """(...) CIEDE2000 between (..., 3) CIELAB colours; 1 is just visible side by side."""
    lightness = np.stack([first[..., 0], second[..., 0]])
    a, b = (np.stack([first[..., i], second[..., i]]) for i in (1, 2))
    mean_chroma = np.hypot(a, b).mean(axis=0)
    a = a * (1.5 - 0.5 * np.sqrt(mean_chroma**7 / (mean_chroma**7 + 25.0**7)))
    chroma, hue = np.hypot(a, b), np.degrees(np.arctan2(b, a)) % 360

    grey = chroma.prod(axis=0) == 0
    turn = np.where(grey, 0.0, (hue[1] - hue[0] + 180) % 360 - 180)
    hue_step = 2 * np.sqrt(chroma.prod(axis=0)) * np.sin(np.radians(turn / 2))
    mean_hue = np.where(grey, hue.sum(axis=0), (hue[0] + turn / 2) % 360)
    mean_lightness, mean_chroma = lightness.mean(axis=0), chroma.mean(axis=0)

    def wave(factor: float, offset: float) -> np.ndarray:
        return np.cos(np.radians(factor * mean_hue + offset))

    spread = 1 - 0.17 * wave(1, -30) + 0.24 * wave(2, 0) + 0.32 * wave(3, 6) - 0.20 * wave(4, -63)
    away = (mean_lightness - 50) ** 2
    lightness_part = (lightness[1] - lightness[0]) / (1 + 0.015 * away / np.sqrt(20 + away))
    chroma_part = (chroma[1] - chroma[0]) / (1 + 0.045 * mean_chroma)
    hue_part = hue_step / (1 + 0.015 * mean_chroma * spread)
    blue = 60 * np.exp(-(((mean_hue - 275) / 25) ** 2))
    rotation = -np.sin(np.radians(blue)) * 2 * np.sqrt(mean_chroma**7 / (mean_chroma**7 + 25.0**7))
    return np.sqrt(lightness_part**2 + chroma_part**2 + hue_part**2 + rotation * chroma_part * hue_part)

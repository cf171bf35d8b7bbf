"""Gains of red, green and blue that make their detail alike, for demosaicking and for what colours have in common.

Source: van de Weijer, Gevers and Gijsenij 2007, "Edge-based color constancy"; Finlayson and Trezzi 2004, "Shades of
gray". Ours is how the two are weighed: edges of what is clipped tell nothing, for they are as high in all colours.
"""

from __future__ import annotations

import math

import numpy as np

from isp.frames import RawFrame, Shot

# Gains of red, green and blue that most sensors need in daylight, and what no light needs.
DAYLIGHT = (1.9, 1.0, 1.6)
# Detail below this, as a share of saturation squared, is none: then it is daylight.
LEAST_ENERGY = 1e-7
LARGEST_GAIN = 4.0
# A place of which a colour holds more of saturation may be clipped.
CLIPPED = 0.9


def balance(merged: RawFrame) -> np.ndarray:
    """(3,) float32 gains of red, green and blue: those that the camera chose.

    Where it chose none, those that make differences of neighbours as large in all colours: most edges are grey. By as
    much of the picture's detail as may be clipped, its mean colour tells instead, that of the roots, in which lamps
    count for less.
    """
    if merged.shot.colour_gains is not None:
        red, blue = merged.shot.colour_gains
        return np.array([red, 1.0, blue], np.float32)
    planes = _light(merged)
    telling = np.max(planes, axis=0) < CLIPPED
    energy, roots, every = dict.fromkeys("RGB", 0.0), dict.fromkeys("RGB", 0.0), 0.0
    for letter, light in zip(merged.shot.bayer, planes, strict=True):
        share = 2 if letter == "G" else 1
        energy[letter] += _detail(light, telling, merged.shot) / share
        roots[letter] += float((np.sqrt(np.maximum(light, 0)) * telling).mean(dtype=np.float64)) / share
        if letter == "G":
            every += _detail(light, np.ones_like(telling), merged.shot) / share
    trusted = min((energy["G"] + LEAST_ENERGY) / (every + LEAST_ENERGY), 1.0)
    gains = []
    for letter, usual in zip("RGB", DAYLIGHT, strict=True):
        edges = math.sqrt((energy["G"] + LEAST_ENERGY) / (energy[letter] + LEAST_ENERGY / usual**2))
        mean = ((roots["G"] + LEAST_ENERGY) / (roots[letter] + LEAST_ENERGY / math.sqrt(usual))) ** 2
        gains.append(edges**trusted * mean ** (1 - trusted))
    # So rounded they do not depend on how sums were added.
    return np.round(np.clip(gains, 1 / LARGEST_GAIN, LARGEST_GAIN), 3).astype(np.float32)


def _light(merged: RawFrame) -> np.ndarray:
    """(4, H / 2, W / 2) float32: the four places of the Bayer pattern apart, 0 is black and 1 saturation."""
    black = sum(merged.shot.black_dn) / 4
    planes = [merged.pixels[top::2, left::2] for top in (0, 1) for left in (0, 1)]
    return (np.stack(planes) - np.float32(black)) / np.float32(merged.shot.white_dn - black)


def _detail(light: np.ndarray, telling: np.ndarray, shot: Shot) -> float:
    """Mean square of differences of neighbours of one colour beside the noise's, of those of which both tell."""
    noise = 2 * (shot.noise.shot * max(float(light.mean(dtype=np.float64)), 0.0) + shot.noise.read)
    found = 0.0
    for here, beside in ((np.s_[1:], np.s_[:-1]), (np.s_[:, 1:], np.s_[:, :-1])):
        squares = np.square(light[here] - light[beside]) - np.float32(noise)
        found += float((squares * (telling[here] & telling[beside])).mean(dtype=np.float64)) / 2
    return max(found, 0.0)

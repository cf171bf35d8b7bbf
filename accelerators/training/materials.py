"""What surfaces of rooms, streets and gardens are made of, as reflectances over 400 to 700 nm.

Sources: CIE 224:2017, 99 real things (skin, leaves, cloth, paint, plastics, print), and colour charts, by
colour-science; Jacques 2013 for skin's two dyes. The rest are the plain shapes that such materials have: paint is white
with a little dye, wood, brick and soil rise towards red, leaves have a green hill between two bands of chlorophyll.
"""

from __future__ import annotations

import numpy as np

from accelerators.training.spectra import WAVELENGTHS_NM, measured_things

KINDS = ("neutral", "paint", "wood", "brick", "earth", "foliage", "skin", "cloth", "thing")


def material(kind: str, generator: np.random.Generator) -> np.ndarray:
    """(61,) reflectance of one of KINDS, drawn anew each time, 0.01 to 0.97."""
    return np.clip(_MAKERS[kind](generator), 0.01, 0.97)


def _neutral(generator: np.random.Generator) -> np.ndarray:
    """Concrete, metal, paper, asphalt, white walls: nearly flat, most of them a little warm with dust and age."""
    tilt = generator.normal(0.09, 0.1)
    return _level(generator, 0.04, 0.9) * (1 + tilt * (WAVELENGTHS_NM - 550) / 150)


def _paint(generator: np.random.Generator) -> np.ndarray:
    """A wall: mostly white with some dye in it, rarely much."""
    dye = _thing(generator)
    share = generator.beta(1.3, 3.0)
    return generator.uniform(0.6, 0.9) * (dye / dye.max()) ** share


def _wood(generator: np.random.Generator) -> np.ndarray:
    return _rising(generator, middle_nm=(540, 600), width_nm=(35, 70), low=(0.15, 0.5), high=(0.15, 0.6))


def _brick(generator: np.random.Generator) -> np.ndarray:
    return _rising(generator, middle_nm=(565, 605), width_nm=(12, 30), low=(0.2, 0.5), high=(0.2, 0.5))


def _earth(generator: np.random.Generator) -> np.ndarray:
    return _rising(generator, middle_nm=(540, 610), width_nm=(45, 90), low=(0.25, 0.6), high=(0.1, 0.45))


def _rising(generator: np.random.Generator, middle_nm, width_nm, low, high) -> np.ndarray:
    """Dark in blue (`low`, a share of `high`), bright in red."""
    slope = 1 / (1 + np.exp((generator.uniform(*middle_nm) - WAVELENGTHS_NM) / generator.uniform(*width_nm)))
    floor = generator.uniform(*low)
    return generator.uniform(*high) * (floor + (1 - floor) * slope)


def _foliage(generator: np.random.Generator) -> np.ndarray:
    """Leaves and grass: the hill at 550 nm, the red edge at its place; yellow ones have less chlorophyll."""
    dye = generator.uniform(0.5, 2.2)
    red = np.exp(-(((WAVELENGTHS_NM - 672) / 26) ** 2)) + 0.55 * np.exp(-(((WAVELENGTHS_NM - 625) / 35) ** 2))
    blue = 1.1 / (1 + np.exp((WAVELENGTHS_NM - 505) / 11))
    edge = 1 / (1 + np.exp((708 - WAVELENGTHS_NM) / 9))
    leaf = np.exp(-dye * (1.1 + blue + red)) * 0.85
    return generator.uniform(0.6, 1.1) * (0.015 + leaf + 0.3 * edge)


def _skin(generator: np.random.Generator) -> np.ndarray:
    """Melanin over blood: from very light to very dark people."""
    melanin = generator.uniform(0.05, 1.5) * (WAVELENGTHS_NM / 550) ** -2.2
    bands = np.exp(-(((WAVELENGTHS_NM - 542) / 13) ** 2)) + np.exp(-(((WAVELENGTHS_NM - 577) / 10) ** 2))
    soret = np.exp(-(((WAVELENGTHS_NM - 415) / 35) ** 2))
    red_edge = 1 / (1 + np.exp((WAVELENGTHS_NM - 592) / 8))
    blood = generator.uniform(0.35, 0.6) * (0.3 * bands + 0.8 * soret + red_edge)
    return 0.75 * np.exp(-melanin - blood)


def _cloth(generator: np.random.Generator) -> np.ndarray:
    """Clothes and curtains: black, grey, white and blue more often than not."""
    if generator.random() < 0.35:
        return _neutral(generator)
    return _thing(generator) ** generator.uniform(0.4, 1.1) * generator.uniform(0.3, 1.0)


def _thing(generator: np.random.Generator) -> np.ndarray:
    """Anything with a colour of its own: one of the measured things, or two mixed as dyes mix."""
    first, second = measured_things()[generator.integers(0, len(measured_things()), 2)]
    share = generator.beta(0.4, 0.4)
    return first**share * second ** (1 - share)


def _level(generator: np.random.Generator, darkest: float, lightest: float) -> float:
    return float(np.exp(generator.uniform(np.log(darkest), np.log(lightest))))


_MAKERS = {
    "neutral": _neutral,
    "paint": _paint,
    "wood": _wood,
    "brick": _brick,
    "earth": _earth,
    "foliage": _foliage,
    "skin": _skin,
    "cloth": _cloth,
    "thing": _thing,
}

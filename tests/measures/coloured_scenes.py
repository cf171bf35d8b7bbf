"""Scenes of almost one colour, in which grey world takes the colour of the thing for that of the light.

A green wall, a blue sky, a red curtain, skin near by: each with the little else that such pictures have, under three
lights, by the simulated cameras: colour filters, lens shading, noise, clipping. Reflectances are measured ones of the
colour chart; a clear sky is daylight of 14000 K, seen where the sun gives 5500 K.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np
from measures.exposed import WHOLE, exposed
from measures.light_errors import angle, grey_world
from measures.spectral_camera import SIMULATION, spectra

from firmware.cameras.simulation.illuminants import light_spectrum, linear_srgb
from firmware.sensors import load_sensor
from isp.light_estimate import Judge
from isp.light_statistics import LightStatistics, gather

SIZE = (192, 256)
SENSORS = ("imx219", "imx477", "imx708", "ov5647")
# Temperature and lux of a lamp, an office, a window; and of an evening's, a clear and an overcast sky's light.
INDOORS = ((2850.0, 60.0), (4100.0, 300.0), (6500.0, 2000.0))
OUTDOORS = ((4300.0, 2000.0), (5500.0, 20000.0), (6500.0, 8000.0))
MOST_SIGNAL = 0.5  # of saturation, of the picture's brighter part
UNEVEN = 0.3  # deviation of the light over the picture, natural log


@dataclass(frozen=True)
class ColouredScene:
    """statistics as the judge gets them; grey: true (red/green, blue/green)."""

    name: str
    sensor: str
    light_k: float
    statistics: LightStatistics
    grey: tuple[float, float]


def coloured_scenes(sensors: Iterable[str] = SENSORS) -> list[ColouredScene]:
    """Every scene under its three lights on each sensor."""
    return [
        _taken(name, sensor, light_k, lux)
        for sensor in sensors
        for name, (_, _, lights) in SCENES.items()
        for light_k, lux in lights
    ]


def mean_angles(
    scenes: list[ColouredScene], estimate: Callable[[LightStatistics], tuple[float, float]]
) -> dict[str, float]:
    """Mean error in degrees of each kind of scene."""
    errors: dict[str, list[float]] = {}
    for scene in scenes:
        errors.setdefault(scene.name, []).append(angle(estimate(scene.statistics), scene.grey))
    return {name: float(np.mean(angles)) for name, angles in errors.items()}


def print_coloured(judges: dict[str, Judge]) -> dict[str, dict[str, float]]:
    """Print the table of judges beside grey world; the bar is half of grey world's error."""
    scenes = coloured_scenes()
    estimates = {"grey world": grey_world, **{name: _greys_of(judge) for name, judge in judges.items()}}
    table = {name: mean_angles(scenes, estimate) for name, estimate in estimates.items()}
    print(f"\nscenes of one colour, {len(scenes)} pictures: mean angular error in degrees")
    print(f"  {'':16}" + "".join(f"{name:>16}" for name in SCENES))
    for name, errors in table.items():
        print(f"  {name:16}" + "".join(f"{errors[scene]:16.2f}" for scene in SCENES))
    return table


def _greys_of(judge: Judge) -> Callable[[LightStatistics], tuple[float, float]]:
    return lambda statistics: judge(statistics).grey


def _taken(name: str, sensor: str, light_k: float, lux: float) -> ColouredScene:
    materials, places, _ = SCENES[name]
    generator = np.random.default_rng([ord(letter) for letter in name])
    colours = linear_srgb(np.array([_reflectance(material) for material in materials]), light_k)
    picture = colours[places()] * _uneven(generator)[..., None]
    picture *= MOST_SIGNAL / np.quantile(picture.max(axis=-1), 0.95)
    frame = exposed(picture.astype(np.float32), sensor, light_k=light_k, field_of_view=WHOLE)
    frame = dataclasses.replace(frame, shot=dataclasses.replace(frame.shot, lux=lux))
    tuning = load_sensor(sensor).tuning
    return ColouredScene(name, sensor, light_k, gather(frame, tuning), tuning.grey_at(light_k))


def _reflectance(material: str) -> np.ndarray:
    """(31,) of a chip of the chart, of two chips mixed ("green+white"), or of the sky."""
    if material == "sky":
        ratio = light_spectrum(14000.0) / light_spectrum(5500.0)
        return 0.4 * ratio / ratio.mean()
    chips = spectra(SIMULATION / "chart_reflectances.csv")
    return np.mean([chips[name] for name in material.split("+")], axis=0)


def _uneven(generator: np.random.Generator) -> np.ndarray:
    """(H, W) light that falls off slowly, and grain of surfaces, around 1."""
    coarse, fine = (
        generator.standard_normal((side, side)).repeat(-(-SIZE[0] // side), 0).repeat(-(-SIZE[1] // side), 1)
        for side in (4, 48)
    )
    y, x = _coordinates()
    slow = generator.normal() * (y - 0.5) + generator.normal() * (x - 0.5)
    return np.exp(UNEVEN * (slow * 2 + 0.2 * coarse[: SIZE[0], : SIZE[1]] + 0.3 * fine[: SIZE[0], : SIZE[1]]))


def _coordinates() -> tuple[np.ndarray, np.ndarray]:
    y, x = np.mgrid[: SIZE[0], : SIZE[1]]
    return (y + 0.5) / SIZE[0], (x + 0.5) / SIZE[1]


def _wall() -> np.ndarray:
    """A wall with a skirting, a wooden floor, a framed print."""
    y, x = _coordinates()
    places = np.where(y > 0.93, 2, np.where(y > 0.90, 1, 0))
    places[(np.abs(y - 0.35) < 0.09) & (np.abs(x - 0.7) < 0.08)] = 1
    places[(np.abs(y - 0.35) < 0.06) & (np.abs(x - 0.7) < 0.05)] = 3
    return places


def _sky() -> np.ndarray:
    """A sky over trees and a house."""
    y, x = _coordinates()
    places = np.where(y > 0.88 + 0.03 * np.sin(9 * x), 1, 0)
    places[(y > 0.82) & (np.abs(x - 0.3) < 0.08)] = 2
    places[(y > 0.86) & (np.abs(x - 0.3) < 0.07)] = 3
    return places


def _curtain() -> np.ndarray:
    """A curtain, a strip of wall beside it, the floor."""
    y, x = _coordinates()
    return np.where(y > 0.93, 1, np.where(x > 0.95, 2, 0))


def _face() -> np.ndarray:
    """A face that fills the picture: skin, hair, an eye, lips, a shirt."""
    y, x = _coordinates()
    places = np.where(y < 0.1, 1, 0)
    places[np.hypot((y - 0.4) / 0.05, (x - 0.35) / 0.09) < 1] = 2
    places[np.hypot((y - 0.4) / 0.04, (x - 0.35) / 0.03) < 1] = 1
    places[np.hypot((y - 0.72) / 0.04, (x - 0.5) / 0.12) < 1] = 3
    places[(y > 0.9) & (np.abs(x - 0.5) < 0.4)] = 4
    return places


# Name: materials by number, where they are, and the lights.
SCENES = {
    "green wall": (("green+yellow green", "white", "dark skin+orange yellow", "purplish blue"), _wall, INDOORS),
    "blue sky": (("sky", "foliage", "moderate red", "neutral 6.5"), _sky, OUTDOORS),
    "red curtain": (("red", "dark skin+orange yellow", "white"), _curtain, INDOORS),
    "skin close-up": (("light skin", "black 2", "white", "moderate red", "neutral 5"), _face, INDOORS),
}

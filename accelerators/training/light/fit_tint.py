"""What the nearly grey zones say of the light's tint, learned from simulated scenes: no published label has one.

Ridge regression; half of the scenes teach, and the other half tell how far off the answers are.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from accelerators.published.pictures import LabelledPicture
from accelerators.published.sensors import published_tuning
from accelerators.training.scenery import SimulatedScene, simulate
from accelerators.training.spectra import QUANTUM_EFFICIENCIES, SpectralSensor
from accelerators.white_balance.tint import tint_numbers, tint_of
from accelerators.white_balance.zones import judged
from isp.grey_curve import grey_of, place_of
from isp.light_estimate import Judge
from isp.light_statistics import LightStatistics

SCENES_OF_EACH = 800
SHAPE = (32, 32)
PLATFORM = "pisp"
SEED = 5
# In the numbers' own spread: as if as many scenes again had said nothing, for simulated ones are no real ones.
SMALL = 1.0


@dataclass(frozen=True)
class Tint:
    """weights (6,) and middle: see `accelerators.white_balance.tint`. The rest is from scenes that taught nothing.

    deviation           root of the mean square of what is left of the tint, natural log
    before_deg, after_deg  mean angle to the true grey, on the curve and with the tint
    middle_simulated    what the middle would be by simulated scenes alone
    """

    weights: np.ndarray
    middle: float
    deviation: float
    before_deg: float
    after_deg: float
    middle_simulated: float


def simulated_scenes(shared: Path, of_each: int = SCENES_OF_EACH) -> list[SimulatedScene]:
    """So many scenes of each sensor whose spectra are known."""
    generator = np.random.default_rng(SEED)
    scenes = []
    for name in sorted(QUANTUM_EFFICIENCIES):
        sensor = SpectralSensor.fitted(published_tuning(PLATFORM, name), shared / "data/pi-spectra")
        scenes += [simulate(sensor, SHAPE, generator) for _ in range(of_each)]
    return scenes


def fit_tint(scenes: Sequence[SimulatedScene], pictures: Sequence[LabelledPicture], judge: Judge) -> Tint:
    """What to make of the zones near the light that this judge finds; of its answers only the temperature counts.

    The middle is set by labelled pictures: a sensor's curve runs where lights are, so their tints are 0 on average, and
    what the weights say beyond that is of their leaves and lawns, of which simulated scenes have fewer.
    """
    lit = [scene for scene in scenes if judged(scene.known.statistics).say_something]
    found_k = [judge(scene.known.statistics).temperature_k for scene in lit]
    numbers = np.array([_numbers(scene.known.statistics, k) for scene, k in zip(lit, found_k, strict=True)])
    tints = np.array([place_of(scene.known.grey, scene.known.tuning)[1] for scene in lit])
    weights, simulated = _ridge(numbers[::2], tints[::2])
    middle = -float(np.mean([_of_labelled(picture) @ weights for picture in pictures]))
    answers = np.array([tint_of(row, weights, middle) for row in numbers[1::2]])
    before, after = (
        float(np.mean([_angle_deg(*row) for row in zip(lit[1::2], found_k[1::2], said, strict=True)]))
        for said in (np.zeros(len(answers)), answers)
    )
    deviation = float(np.sqrt(((answers - tints[1::2]) ** 2).mean()))
    return Tint(weights, middle, deviation, before, after, simulated)


def _numbers(statistics: LightStatistics, temperature_k: float) -> np.ndarray:
    return tint_numbers(judged(statistics), temperature_k, statistics.tuning)


def _of_labelled(picture: LabelledPicture) -> np.ndarray:
    return _numbers(picture.statistics(published_tuning(picture.platform, picture.sensor)), picture.true_k)


def _angle_deg(scene: SimulatedScene, temperature_k: float, tint: float) -> float:
    """Between the true grey and the one that was found."""
    pairs = scene.known.grey, grey_of(temperature_k, tint, scene.known.tuning)
    true, found = (np.array([red, 1.0, blue]) for red, blue in pairs)
    cosine = true @ found / (np.linalg.norm(true) * np.linalg.norm(found))
    return float(np.degrees(np.arccos(min(cosine, 1.0))))


def _ridge(numbers: np.ndarray, tints: np.ndarray) -> tuple[np.ndarray, float]:
    mean, spread = numbers.mean(axis=0), numbers.std(axis=0)
    scaled = (numbers - mean) / spread
    held = scaled.T @ scaled + SMALL * len(scaled) * np.eye(scaled.shape[1])
    weights = np.linalg.solve(held, scaled.T @ (tints - tints.mean())) / spread
    return weights, float(tints.mean() - mean @ weights)

"""What the nearly grey zones say of the light's tint, learned from simulated scenes: no published label has one.

Ridge regression; half of the scenes teach, and the other half tell how far off the answers are.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from accelerators.published.sensors import published_tuning
from accelerators.training.scenery import SimulatedScene, simulate
from accelerators.training.spectra import QUANTUM_EFFICIENCIES, SpectralSensor
from accelerators.white_balance.tint import tint_numbers, tint_of
from accelerators.white_balance.zones import judged
from isp.grey_curve import place_of
from isp.light_estimate import Judge

SCENES_OF_EACH = 800
SHAPE = (32, 32)
PLATFORM = "pisp"
SEED = 5
# In the numbers' own spread: each is as if so large a share of the scenes had said nothing.
SMALL = 0.02


@dataclass(frozen=True)
class Tint:
    """weights (6,) and middle: see `accelerators.white_balance.tint`. Errors in natural log, on the other scenes.

    deviation  root of the mean square of what is left
    before     mean absolute tint, which is the error of whoever knows nothing of tint
    after      mean absolute error
    """

    weights: np.ndarray
    middle: float
    deviation: float
    before: float
    after: float


def simulated_scenes(shared: Path, of_each: int = SCENES_OF_EACH) -> list[SimulatedScene]:
    """So many scenes of each sensor whose spectra are known."""
    generator = np.random.default_rng(SEED)
    scenes = []
    for name in sorted(QUANTUM_EFFICIENCIES):
        sensor = SpectralSensor.fitted(published_tuning(PLATFORM, name), shared / "data/pi-spectra")
        scenes += [simulate(sensor, SHAPE, generator) for _ in range(of_each)]
    return scenes


def fit_tint(scenes: list[SimulatedScene], judge: Judge) -> Tint:
    """What to make of the zones near the light that this judge finds; of its answers only the temperature counts."""
    rows, truths = [], []
    for scene in scenes:
        statistics = scene.known.statistics
        zones = judged(statistics)
        if zones.say_something:
            rows.append(tint_numbers(zones, judge(statistics).temperature_k, statistics.tuning))
            truths.append(place_of(scene.known.grey, statistics.tuning)[1])
    numbers, tints = np.array(rows), np.array(truths)
    weights, middle = _ridge(numbers[::2], tints[::2])
    found = np.array([tint_of(row, weights, middle) for row in numbers[1::2]])
    left = found - tints[1::2]
    before, after = (float(np.abs(array).mean()) for array in (tints[1::2], left))
    return Tint(weights, middle, float(np.sqrt((left**2).mean())), before, after)


def _ridge(numbers: np.ndarray, tints: np.ndarray) -> tuple[np.ndarray, float]:
    mean, spread = numbers.mean(axis=0), numbers.std(axis=0)
    scaled = (numbers - mean) / spread
    held = scaled.T @ scaled + SMALL * len(scaled) * np.eye(scaled.shape[1])
    weights = np.linalg.solve(held, scaled.T @ (tints - tints.mean())) / spread
    return weights, float(tints.mean() - mean @ weights)

"""Labelled pictures as the two networks see them, computed with the camera's own code."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from accelerators.errors import PictureError
from accelerators.published.pictures import PLATFORM_OF, LabelledPicture, pictures_in, read_pictures
from accelerators.published.sensors import published_tuning
from accelerators.training.light.copies import Scene, copied
from accelerators.white_balance.brightness import known_lux
from accelerators.white_balance.candidates import Candidates
from accelerators.white_balance.clues import clues
from accelerators.white_balance.presence import presence
from accelerators.white_balance.zones import judged

COPIES = 4
# Every so many of the copies is seen by another sensor of the same platform.
OTHER_SENSOR_EVERY = 3
SEED = 1
PLATFORMS = tuple(PLATFORM_OF.values())
# A photographer's pictures count together by their number to this: many of one place say little more than some.
LESS_FOR_MANY = 0.3


@dataclass(frozen=True)
class Examples:
    """One row for each picture, and of clues one for each of its versions: itself, then its copies.

    lux          (n,) as the judge takes it
    presence     (n, 63, 675) float16
    on_curve     (n, 63) bool
    clues        (n, versions, 32, features) float16
    clues_curve  (n, versions, 32) bool
    clues_mired  (n, versions) float32, the truth
    """

    pictures: tuple[LabelledPicture, ...]
    lux: np.ndarray
    presence: np.ndarray
    on_curve: np.ndarray
    clues: np.ndarray
    clues_curve: np.ndarray
    clues_mired: np.ndarray

    def without(self, photographers: Sequence[str]) -> Examples:
        """The examples of everybody else."""
        kept = np.array([picture.photographer not in photographers for picture in self.pictures])
        pictures = tuple(picture for picture, keep in zip(self.pictures, kept, strict=True) if keep)
        rest = (self.lux, self.presence, self.on_curve, self.clues, self.clues_curve, self.clues_mired)
        return Examples(pictures, *(array[kept] for array in rest))

    @property
    def mired(self) -> np.ndarray:
        """(n,) the true lights."""
        return np.array([picture.true_mired for picture in self.pictures])

    @property
    def weights(self) -> np.ndarray:
        """(n,) float32 how much each picture counts, 1 on average of each platform."""
        counts = Counter((picture.platform, picture.photographer) for picture in self.pictures)
        raw = np.array([counts[picture.platform, picture.photographer] ** -LESS_FOR_MANY for picture in self.pictures])
        platforms = np.array([picture.platform for picture in self.pictures])
        for platform in set(platforms):
            raw[platforms == platform] /= raw[platforms == platform].mean()
        return raw.astype(np.float32)


def labelled_pictures(shared: Path) -> list[LabelledPicture]:
    """All of the published ones, in the order of their names. Raises PictureError where one cannot be read."""
    pictures, faults = read_pictures(pictures_in(shared / "data/pi-awb"))
    if faults:
        raise PictureError(f"{len(faults)} pictures cannot be read. The first: {faults[0]}")
    return pictures


def examples_of(pictures: Sequence[LabelledPicture], copies: int = COPIES) -> Examples:
    """What is learned from these pictures. The same pictures in the same order give the same numbers."""
    sensors = sorted({(picture.platform, picture.sensor) for picture in pictures})
    tunings = {key: published_tuning(*key) for key in sensors}
    candidates = {key: Candidates.of(tunings[key]) for key in sensors}
    generator = np.random.default_rng(SEED)
    rows = []
    for picture in pictures:
        key = picture.platform, picture.sensor
        others = [candidates[other] for other in sensors if other[0] == picture.platform]
        zones = judged(picture.statistics(tunings[key]))
        lux = known_lux(picture.lux, tunings[key])
        scene = Scene(zones, candidates[key], lux, picture.true_mired)
        versions = [scene, *(_copy(scene, number, others, generator) for number in range(copies))]
        rows.append(
            (
                lux,
                presence(zones, candidates[key]).astype(np.float16),
                candidates[key].on_curve,
                np.stack([clues(one.zones, one.candidates, one.lux) for one in versions]).astype(np.float16),
                np.stack([one.candidates.coarse_on_curve for one in versions]),
                np.array([one.mired for one in versions], np.float32),
            )
        )
    return Examples(tuple(pictures), *(np.stack(column) for column in zip(*rows, strict=True)))


def _copy(scene: Scene, number: int, others: list[Candidates], generator: np.random.Generator) -> Scene:
    elsewhere = number % OTHER_SENSOR_EVERY == OTHER_SENSOR_EVERY - 1
    return copied(scene, others[generator.integers(len(others))] if elsewhere else None, generator)

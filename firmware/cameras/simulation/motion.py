"""What moves: the hand that holds the camera, and one object in the scene."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import numpy as np

from firmware.cameras.simulation.view import View, covered_disc

# Hand tremor lies between slow drift and about 8 Hz; each band carries the same share of the speed.
TREMOR_HZ = (0.5, 8.0)
TREMOR_BANDS = 12
OBJECT_RADIUS = 0.07  # of the frame's shorter side
OBJECT_COLOUR = np.array([0.55, 0.22, 0.06])  # an orange ball
OBJECT_SLOPE = 0.37  # pixels down for each pixel across, so that both directions move


@dataclass(frozen=True)
class HandPath:
    """A smooth random path: sines of random phase whose speed has this root mean square in pixels per second."""

    rms_px_per_s: float
    seed: int
    _bands: tuple[np.ndarray, np.ndarray, np.ndarray] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        generator = np.random.default_rng([self.seed, 1])
        low, high = TREMOR_HZ
        angular = 2 * math.pi * low * (high / low) ** generator.uniform(0, 1, (2, TREMOR_BANDS))
        # A sine a*sin(wt) has the mean square speed (aw)^2 / 2; the two axes and all bands add up to the square of rms.
        amplitude = self.rms_px_per_s / (angular * math.sqrt(TREMOR_BANDS))
        phase = generator.uniform(0, 2 * math.pi, (2, TREMOR_BANDS))
        object.__setattr__(self, "_bands", (angular, amplitude, phase))

    def shift_at(self, time_s: float) -> tuple[float, float]:
        """(y, x) in pixels since time 0."""
        if self.rms_px_per_s == 0:
            return (0.0, 0.0)
        angular, amplitude, phase = self._bands
        moved = (amplitude * (np.sin(angular * time_s + phase) - np.sin(phase))).sum(axis=1)
        return (float(moved[0]), float(moved[1]))


@dataclass(frozen=True)
class MovingBall:
    """A patterned ball that crosses the frame and turns round at its edges, `px_per_frame` in every frame."""

    px_per_frame: float
    height: int
    width: int

    @property
    def radius_px(self) -> float:
        """Its radius."""
        return OBJECT_RADIUS * min(self.height, self.width)

    def centre_at(self, number: int) -> tuple[float, float]:
        """(y, x) of its centre in frame `number`, in pixels from the top left corner."""
        step = self.px_per_frame / math.hypot(1.0, OBJECT_SLOPE)
        return (
            _bounce(self.height / 2 + number * step * OBJECT_SLOPE, self.radius_px, self.height - self.radius_px),
            _bounce(self.width / 2 + number * step, self.radius_px, self.width - self.radius_px),
        )

    def paint(self, picture: np.ndarray, view: View, centre: tuple[float, float]) -> None:
        """Draw it over a (3, height, width) picture; the pattern moves with it."""
        rows, columns = view.rows(), view.columns()
        y = np.searchsorted(rows[:, 0], (centre[0] - self.radius_px - 1, centre[0] + self.radius_px + 1))
        x = np.searchsorted(columns[0], (centre[1] - self.radius_px - 1, centre[1] + self.radius_px + 1))
        near = (slice(*y), slice(*x))
        rows, columns = rows[near[0]], columns[:, near[1]]
        share = covered_disc(rows, columns, centre, self.radius_px)
        wave = np.float32(2 * math.pi / (self.radius_px / 2))
        pattern = 0.7 + 0.3 * np.sin((rows - centre[0]) * wave) * np.sin((columns - centre[1]) * wave)
        for plane, level in zip(picture, OBJECT_COLOUR, strict=True):
            plane[near] += share * (np.float32(level) * pattern - plane[near])


def _bounce(position: float, low: float, high: float) -> float:
    """A position folded between two walls."""
    span = high - low
    folded = (position - low) % (2 * span)
    return low + min(folded, 2 * span - folded)

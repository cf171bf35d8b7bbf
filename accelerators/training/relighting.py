"""The same scene in another light, and by another sensor: more scenes from each that somebody labelled.

556 pictures are learned by heart; what they show is not. A sensor's reading of a scene is, but for a little, that of a
grey card times the surfaces' own colour (von Kries 1902), and grey is known in every light: the label for this one, the
sensor's measured curve for others. What the little is, its colour matrices know: a surface goes to the display's
colours by that of the old light and back by that of the new, or by another sensor's. On simulated surfaces the error in
log colour is .042, against .046 without matrices, from light to light, and .050 against .068 from sensor to sensor.
All is done before the clipping of the published format and clipped again after it; what was blown stays blown.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from accelerators.training.zones import stretched
from isp.grey_curve import grey_of, place_of
from isp.light_statistics import WHITE, LightStatistics, render, unrendered
from isp.tuning import Tuning

# A zone this near to white in the published picture is no measurement: it is white in any light.
BLOWN = 0.98
# Standard deviations of how lights of one scene differ from those of its like.
TINT_SPREAD = 0.02
# The same scene in the tunings of two platforms has lux apart by so much, in natural log.
LUX_SPREAD = 0.4
BRIGHTNESS_SPREAD = 0.3
# Modules of one sensor model differ by about this in red and blue, in natural log (libcamera's sensitivity is 5 %).
MODULE_SPREAD = 0.02
SMALLEST_CROP = 0.6
# Variance of a zone's mean: read noise and patterns, and shot noise per unit of light. Little, but dark zones are dark.
READ_NOISE, SHOT_NOISE = 4e-8, 2e-6


@dataclass(frozen=True)
class KnownLight:
    """A scene whose light somebody measured; grey is (red/green, blue/green) of a grey card in it."""

    statistics: LightStatistics
    grey: tuple[float, float]

    @property
    def tuning(self) -> Tuning:
        """The sensor's; relighting needs its curve."""
        if self.statistics.tuning is None:
            raise ValueError("A scene of an unknown sensor cannot be relit: it has no curve of greys to go along.")
        return self.statistics.tuning


def relit(scene: KnownLight, temperature_k: float, tint: float = 0.0) -> KnownLight:
    """The scene in a light at this place beside its sensor's curve."""
    return _shown(scene, scene.tuning, temperature_k, tint)


def seen_by(scene: KnownLight, tuning: Tuning) -> KnownLight:
    """The scene as another sensor would have shown it, in a light of the same temperature and tint."""
    return _shown(scene, tuning, *place_of(scene.grey, scene.tuning))


def taken_again(scene: KnownLight, generator: np.random.Generator) -> KnownLight:
    """The scene in its own light: nearer or mirrored, exposed otherwise, by another module, with noise."""
    raw = unrendered(scene.statistics.zones, scene.tuning)
    blown = _blown(scene)[..., None].astype(float)
    both = _framed(np.concatenate([raw, blown], axis=-1), generator)
    module = np.exp(generator.normal(0.0, MODULE_SPREAD, 2))
    raw = both[..., :3] * np.exp(generator.normal(0.0, BRIGHTNESS_SPREAD)) * np.insert(module, 1, 1.0)
    raw = raw + generator.standard_normal(raw.shape) * np.sqrt(READ_NOISE + SHOT_NOISE * np.maximum(raw, 0.0))
    raw = np.where(both[..., 3:] > 0.5, 1.0, raw)
    lux = scene.statistics.lux
    lux = None if lux is None else float(lux * np.exp(generator.normal(0.0, LUX_SPREAD)))
    grey = (float(scene.grey[0] * module[0]), float(scene.grey[1] * module[1]))
    return KnownLight(LightStatistics(render(raw, scene.tuning), lux, scene.tuning), grey)


def somewhere_else(scene: KnownLight, spread_mired: float, generator: np.random.Generator) -> KnownLight:
    """The scene in a light drawn around its own: so far along the curve, and a little off it."""
    temperature_k, tint = place_of(scene.grey, scene.tuning)
    ends = 1e6 / scene.tuning.grey_curve[[-1, 0], 0]
    mired = float(np.clip(1e6 / temperature_k + generator.normal(0.0, spread_mired), *ends))
    return relit(scene, 1e6 / mired, tint + generator.normal(0.0, TINT_SPREAD))


def _shown(scene: KnownLight, tuning: Tuning, temperature_k: float, tint: float) -> KnownLight:
    """The scene's surfaces in this light before the sensor with this tuning."""
    before_k, _ = place_of(scene.grey, scene.tuning)
    surfaces = unrendered(scene.statistics.zones, scene.tuning) / _neutral(scene.grey)
    to_other = np.linalg.inv(tuning.matrix_at(temperature_k)) @ scene.tuning.matrix_at(before_k)
    grey = grey_of(temperature_k, tint, tuning)
    # A colour that the other sensor's filters cannot read ends at none.
    raw = np.maximum(surfaces @ to_other.T, 0.0) * _neutral(grey)
    zones = render(np.where(_blown(scene)[..., None], 1.0, raw), tuning)
    return KnownLight(replace(scene.statistics, zones=zones, tuning=tuning), grey)


def _neutral(grey: tuple[float, float]) -> np.ndarray:
    return np.array([grey[0], 1.0, grey[1]])


def _blown(scene: KnownLight) -> np.ndarray:
    """(rows, columns) bool: the sensor's green was at its end, or several colours were."""
    rendered = scene.statistics.zones / WHITE
    return (rendered >= BLOWN).sum(axis=-1) >= 2


def _framed(zones: np.ndarray, generator: np.random.Generator) -> np.ndarray:
    """A part of the picture, stretched to the same number of zones, and perhaps mirrored."""
    share = generator.uniform(SMALLEST_CROP, 1.0)
    top, left = generator.uniform(0.0, 1.0 - share, 2)
    part = stretched(zones, (top, left, share), zones.shape[:2])
    return part[:, ::-1] if generator.random() < 0.5 else part

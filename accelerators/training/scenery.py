"""Pictures of rooms, streets and gardens as the zones of a camera see them, with the truth about their light.

No photographs: a few surfaces painted over each other, texture and shade on them, glints, windows and lamps, and one
light or two. What matters for judging light is there: which colours stand beside each other, how much of each, and how
bright. Their constants were set so that the zones of many scenes are spread around grey as those of the published
pictures are (median distance .19 in log colour against .21, mean of log blue/green -.13 against -.11).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from accelerators.training.painting import PICTURE_PX, Painting, painted, smooth_noise, uneven
from accelerators.training.spectra import WAVELENGTHS_NM, SpectralSensor, lamps, thermal_light
from accelerators.training.zones import averaged
from isp.light_statistics import LightStatistics, render
from isp.tuning import Tuning

# How often each is photographed.
SHARES = {"room": 0.36, "landscape": 0.18, "street": 0.18, "close": 0.14, "people": 0.14}
OUTDOORS = ("landscape", "street")
ANYWHERE = ("close", "people")
LAMP_SHARES = (0.33, 0.42, 0.25)
FILAMENTS_K = (2400.0, 3300.0)
WHITE_LEDS = ("LED-B", "PHOS-1", "PHOS-3", "PHOS-4", "Phosphor")
TUBES = ("FL1", "FL2", "FL7", "FL8", "FL9", "FL3.", "F32", "F40")
# Lamps of one sort differ in green by so much from each other, and daylight from day to day, in natural log.
LAMP_TINT, DAYLIGHT_TINT = 0.02, 0.012
OVERCAST = 0.4  # of skies in pictures
# From haze near the sun to deep blue.
BLUE_SKY_MIRED = (40.0, 140.0)
ONE_LIGHT_OUTDOORS, ONE_LIGHT_INDOORS = 0.4, 0.6
SHADE_IN_SUN = (0.12, 0.35)  # light of the sky beside that of sun and sky
WHITE_CARD = np.ones((1, len(WAVELENGTHS_NM)))
GLINT = 0.06  # of the light, mirrored by a thing of gloss 1
MOST_BOUNCED = 0.35  # in a small coloured room
# Median green of well-exposed pictures, as a share of saturation, and its spread in natural log: as in published ones.
MEDIAN_SIGNAL, SIGNAL_SPREAD = 0.09, 0.5
MOST_VEIL = 0.03  # of the mean light, spread over the picture by a plain lens
# In light below this the read-out shows in a zone's mean, by this share of saturation.
DARK_LUX, DARK_NOISE = 30.0, 0.0008


@dataclass(frozen=True)
class KnownLight:
    """Statistics of a scene, and (red/green, blue/green) of a grey card in its light."""

    statistics: LightStatistics
    grey: tuple[float, float]

    @property
    def tuning(self) -> Tuning:
        """The sensor's."""
        return self.statistics.tuning


@dataclass(frozen=True)
class SimulatedScene:
    """known  the statistics, and grey in the light that most of the picture has; kind: which scenery."""

    known: KnownLight
    kind: str


def simulate(sensor: SpectralSensor, shape: tuple[int, int], generator: np.random.Generator) -> SimulatedScene:
    """One scene as this sensor's statistics show it; `shape` is (32, 32) or (12, 16)."""
    kind = str(generator.choice(list(SHARES), p=list(SHARES.values())))
    outdoors = kind in OUTDOORS or (kind in ANYWHERE and generator.random() < 0.4)
    lux = _lux(outdoors, generator)
    painting = painted(kind, generator)
    lights = [_with_bounce(light, painting, generator) for light in _lights(outdoors, lux, generator)]
    strengths = _strengths(outdoors, generator)
    picture = _lit(painting, lights, strengths, sensor, generator)
    card = sum(np.median(s) * sensor.colours(WHITE_CARD, light)[0] for s, light in zip(strengths, lights, strict=True))
    zones = _as_published(picture, sensor, lux, shape, generator)
    grey = (float(card[0] / card[1]), float(card[2] / card[1]))
    return SimulatedScene(KnownLight(LightStatistics(zones, lux, sensor.tuning), grey), kind)


def _lit(
    painting: Painting,
    lights: list[np.ndarray],
    strengths: tuple[np.ndarray, np.ndarray],
    sensor: SpectralSensor,
    generator: np.random.Generator,
) -> np.ndarray:
    """(H, W, 3) raw light of the surfaces under both lights, of glints, and of what shines by itself."""
    shade = uneven(generator, 0.45)
    picture = np.zeros((*painting.labels.shape, 3))
    for light, part in zip(lights, strengths, strict=True):
        colours, glint = sensor.colours(painting.reflectances, light), sensor.colours(WHITE_CARD, light)[0]
        shine = painting.gloss[painting.labels] * uneven(generator, 1.2) * GLINT
        picture += (colours[painting.labels] * shade[..., None] + glint * shine[..., None]) * part[..., None]
    for index, shape in painting.luminous.items():
        there = painting.labels == index
        power, level = _own_light(shape, lights[0], generator)
        picture[there] = sensor.colours(WHITE_CARD, power)[0] * level * uneven(generator, 0.1)[there][:, None]
    return picture


def _with_bounce(light: np.ndarray, painting: Painting, generator: np.random.Generator) -> np.ndarray:
    """Light that comes back from walls and lawns has their colour."""
    bounced, around = generator.uniform(0.0, MOST_BOUNCED), painting.around()
    return light * (1 - bounced + bounced * around / around.mean())


def _lux(outdoors: bool, generator: np.random.Generator) -> float:
    middle, spread = (np.log(4000.0), 1.2) if outdoors else (np.log(110.0), 1.5)
    return float(np.clip(np.exp(generator.normal(middle, spread)), 2.0, 60000.0))


def _lights(outdoors: bool, lux: float, generator: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """The light of most of the scene and the one of the rest; both have the same green."""
    if outdoors:
        sun = 1e6 / generator.normal(*((178.0, 12.0) if lux > 500 else (165.0, 25.0)))
        sky = 1e6 / generator.uniform(70.0, 150.0)
        return _daylight(sun, generator), _daylight(sky, generator)
    by_window = generator.random() < 0.35
    day = _daylight(1e6 / generator.normal(170.0, 22.0), generator)
    return (day, _lamp(generator)) if by_window else (_lamp(generator), day)


def _daylight(temperature_k: float, generator: np.random.Generator) -> np.ndarray:
    """Daylight is a little greener or pinker from day to day."""
    power = thermal_light(float(np.clip(temperature_k, 4000.0, 20000.0)))
    return _greened(power, generator.normal(0.0, DAYLIGHT_TINT))


def _lamp(generator: np.random.Generator) -> np.ndarray:
    """A filament, a white LED or a fluorescent lamp, as common as they are; sometimes two sorts on one ceiling."""
    sort = generator.choice(("filament", "led", "tube"), p=LAMP_SHARES)
    if sort == "filament":
        return thermal_light(generator.uniform(*FILAMENTS_K))
    known = [power for name, power in lamps().items() if name.startswith(WHITE_LEDS if sort == "led" else TUBES)]
    first, second = (known[index] for index in generator.integers(0, len(known), 2))
    part = generator.random() if sort == "led" else 1.0
    return _greened(first * part + second * (1 - part), generator.normal(0.0, LAMP_TINT))


def _greened(power: np.ndarray, tint: float) -> np.ndarray:
    hill = np.exp(-(((np.linspace(400.0, 700.0, len(power)) - 550.0) / 50.0) ** 2))
    power = power * np.exp(tint * hill)
    return power / power.mean()


def _own_light(shape: str, main: np.ndarray, generator: np.random.Generator) -> tuple[np.ndarray, float]:
    """Spectrum of what shines by itself, and how bright it is beside a white surface."""
    if shape == "lamp":
        return main, generator.uniform(3.0, 60.0)
    if shape == "window":
        return _daylight(1e6 / generator.uniform(110.0, 190.0), generator), generator.uniform(0.8, 12.0)
    if generator.random() < OVERCAST:
        return main, generator.uniform(0.6, 3.0)
    return _daylight(1e6 / generator.uniform(*BLUE_SKY_MIRED), generator), generator.uniform(0.25, 1.2)


def _strengths(outdoors: bool, generator: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """(H, W) of both lights at each place: sun and shade outdoors, the two ends of a room by a window."""
    nothing = np.zeros((PICTURE_PX, PICTURE_PX))
    if generator.random() < (ONE_LIGHT_OUTDOORS if outdoors else ONE_LIGHT_INDOORS):
        return nothing + 1.0, nothing
    if outdoors:
        in_shade = 1 / (1 + np.exp(-(smooth_noise(generator, 4) - generator.uniform(-0.5, 2.0)) * 6))
        return 1 - in_shade, generator.uniform(*SHADE_IN_SUN) * (0.3 + 0.7 * in_shade)
    second = generator.uniform(0.1, 0.6) / (1 + np.exp(-2.0 * smooth_noise(generator, 2)))
    return 1 - second, second


def _as_published(
    picture: np.ndarray, sensor: SpectralSensor, lux: float, shape: tuple[int, int], generator: np.random.Generator
) -> np.ndarray:
    """(rows, columns, 3) uint16: exposed, clipped, averaged, rendered for 5000 K and clipped again."""
    median = np.exp(generator.normal(np.log(MEDIAN_SIGNAL), SIGNAL_SPREAD))
    exposed = picture * (median / np.median(picture[..., 1]))
    veil = exposed.mean(axis=(0, 1)) * generator.uniform(0.0, MOST_VEIL)
    means = averaged(np.clip(exposed + veil, 0.0, 1.0), shape)
    # Little is left of noise in a zone's mean, but the dark ones of a dark scene have some, and black is never exact.
    noise = DARK_NOISE * min(1.0, DARK_LUX / lux) + DARK_NOISE / 8
    return render(means + generator.normal(0, noise, means.shape) + generator.normal(0, noise / 4, 3), sensor.tuning)

"""Pictures of rooms, streets and gardens as the zones of a camera see them, with the truth about their light.

Not a photograph: a few surfaces painted over each other with the areas that walls, floors, lawns, skies and things have,
texture and shade on them, glints, windows and lamps, and one light or two. What matters for judging light is there:
which colours stand beside each other, how much of each, and how bright.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from accelerators.training.materials import blue_of_sky, material
from accelerators.training.spectra import SpectralSensor, lamps, thermal_light

PICTURE_PX = 128  # a side; a zone of 32 is 4 x 4 of these: edges fall inside zones, as they do
RENDERED_FOR_K = 5000.0


@dataclass(frozen=True)
class SimulatedScene:
    """zones   (rows, columns, 3) uint16 in the published format
    grey      (red/green, blue/green) of a grey card in the light that most of the picture has
    lux       light on the scene
    kind      which scenery
    """

    zones: np.ndarray
    grey: np.ndarray
    lux: float
    kind: str


# Painted from back to front: shape, how many (from, to), materials to draw from, and size as a share of the picture.
SCENERIES = {
    "room": (
        ("wall", (1, 3), ("paint", "paint", "paint", "neutral", "wood"), (1.0, 1.0)),
        ("floor", (1, 1), ("wood", "wood", "cloth", "earth"), (0.15, 0.5)),
        ("box", (2, 7), ("wood", "wood", "cloth", "paint", "cloth", "neutral"), (0.1, 0.5)),
        ("window", (0, 1), (), (0.1, 0.35)),
        ("box", (3, 16), ("thing", "neutral", "cloth"), (0.02, 0.12)),
        ("blob", (0, 2), ("skin",), (0.03, 0.15)),
        ("blob", (0, 2), ("foliage",), (0.03, 0.2)),
        ("lamp", (0, 1), (), (0.02, 0.07)),
    ),
    "landscape": (
        ("sky", (1, 1), (), (1.0, 1.0)),
        ("hills", (1, 1), ("foliage", "earth"), (0.3, 0.8)),
        ("floor", (1, 2), ("foliage", "foliage", "earth", "neutral"), (0.2, 0.7)),
        ("blob", (0, 8), ("foliage",), (0.05, 0.5)),
        ("box", (0, 2), ("paint", "brick", "neutral", "wood"), (0.05, 0.3)),
        ("blob", (0, 4), ("thing", "skin", "cloth"), (0.01, 0.06)),
    ),
    "street": (
        ("sky", (1, 1), (), (1.0, 1.0)),
        ("box", (2, 7), ("brick", "paint", "neutral", "neutral"), (0.25, 0.9)),
        ("floor", (1, 2), ("neutral", "neutral", "earth"), (0.2, 0.5)),
        ("box", (4, 20), ("neutral", "thing", "cloth", "paint"), (0.02, 0.15)),
        ("blob", (0, 4), ("foliage",), (0.05, 0.3)),
    ),
    "close": (
        ("wall", (1, 1), ("paint", "wood", "foliage", "cloth", "thing", "neutral", "earth", "brick"), (1.0, 1.0)),
        ("blob", (1, 4), ("thing", "skin", "cloth", "foliage", "neutral", "wood"), (0.2, 0.8)),
        ("box", (0, 5), ("thing", "neutral", "paint"), (0.03, 0.3)),
    ),
    "people": (
        ("wall", (1, 2), ("paint", "neutral", "foliage", "wood", "brick"), (1.0, 1.0)),
        ("box", (0, 6), ("wood", "thing", "neutral", "cloth"), (0.1, 0.4)),
        ("blob", (1, 4), ("cloth",), (0.2, 0.5)),
        ("blob", (1, 6), ("skin",), (0.06, 0.4)),
        ("window", (0, 1), (), (0.1, 0.3)),
    ),
}
OUTDOORS = ("landscape", "street")


def simulate(sensor: SpectralSensor, shape: tuple[int, int], generator: np.random.Generator) -> SimulatedScene:
    """One scene as this sensor's statistics show it; `shape` is (32, 32) or (12, 16)."""
    kind = str(generator.choice(list(SCENERIES), p=(0.36, 0.18, 0.18, 0.14, 0.14)))
    outdoors = kind in OUTDOORS or (kind in ("close", "people") and generator.random() < 0.4)
    lux = _lux(outdoors, generator)
    main, second = _lights(outdoors, lux, generator)
    labels, spectra, own_light, gloss = _painted(kind, main, generator)
    # Light that comes back from walls and lawns has their colour.
    around = (spectra * np.bincount(labels.ravel(), minlength=len(spectra))[:, None]).sum(0) / labels.size
    bounced = generator.uniform(0.0, 0.35)
    main, second = (light * (1 - bounced + bounced * around / around.mean()) for light in (main, second))
    share, shade = _share_of_second(outdoors, generator), _shade(generator, 0.45)
    white = np.ones((1, spectra.shape[1]))
    picture = np.zeros((*labels.shape, 3))
    for light, part in ((main, 1 - share), (second, share)):
        colours, glint = sensor.colours(spectra, light), sensor.colours(white, light)[0]
        shine = gloss[labels] * _shade(generator, 1.2) * 0.06
        picture += (colours[labels] * shade[..., None] + glint * shine[..., None]) * part[..., None]
    for index, (power, level) in own_light.items():
        there = labels == index
        picture[there] = sensor.colours(white, power)[0] * level * _shade(generator, 0.1)[there][:, None]
    seen = [sensor.grey(light) for light in (main, second)]
    most = float(np.median(share))
    greens = 1.0
    grey = (seen[0] * (1 - most) + seen[1] * most) / greens
    return SimulatedScene(_as_published(picture, sensor, lux, shape, generator), grey, lux, kind)


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
    return _greened(power, generator.normal(0.0, 0.012))


def _lamp(generator: np.random.Generator) -> np.ndarray:
    """A filament, a white LED or a fluorescent lamp, as common as they are; sometimes two sorts on one ceiling."""
    names = list(lamps())
    pick = generator.random()
    if pick < 0.33:
        return thermal_light(generator.uniform(2400.0, 3300.0))
    if pick < 0.75:
        wanted = [n for n in names if n.startswith(("LED-B", "PHOS-1", "PHOS-3", "PHOS-4", "Phosphor"))]
        first, second = (lamps()[n] for n in generator.choice(wanted, 2))
        part = generator.random()
        return _greened(first * part + second * (1 - part), generator.normal(0.0, 0.02))
    modern = [n for n in names if n.startswith(("FL7", "FL8", "FL9", "FL1", "FL2", "FL3.", "F32", "F40"))]
    return _greened(lamps()[str(generator.choice(modern))], generator.normal(0.0, 0.01))


def _greened(power: np.ndarray, tint: float) -> np.ndarray:
    hill = np.exp(-(((np.linspace(400.0, 700.0, len(power)) - 550.0) / 50.0) ** 2))
    power = power * np.exp(tint * hill)
    return power / power.mean()


def _painted(kind: str, main: np.ndarray, generator: np.random.Generator):
    """Which surface each pixel shows (H, W), the surfaces' spectra (n, 61), which of them shine, and their gloss (n,)."""
    labels = np.zeros((PICTURE_PX, PICTURE_PX), dtype=int)
    spectra, own_light, gloss = [material("neutral", generator)], {}, [0.0]
    for shape, (fewest, most), kinds, sizes in SCENERIES[kind]:
        for _ in range(generator.integers(fewest, most + 1)):
            where = _where(shape, float(generator.uniform(*sizes)), generator)
            # Real surfaces are of two materials: leaf and branch, print and paper, board and joint.
            speckled = where & (_noise(generator, 6) > generator.uniform(0.8, 4.0))
            for mask in (where, speckled):
                labels[mask] = len(spectra)
                sort = str(generator.choice(kinds)) if kinds else "neutral"
                spectra.append(material(sort, generator))
                gloss.append(float(generator.exponential(0.25)) if sort in ("thing", "wood", "neutral") else 0.02)
                if not kinds:
                    own_light[len(spectra) - 1] = _own_light(shape, main, generator)
                    break
    return labels, np.array(spectra), own_light, np.array(gloss)


def _own_light(shape: str, main: np.ndarray, generator: np.random.Generator) -> tuple[np.ndarray, float]:
    """Spectrum of what shines by itself, and how bright it is beside a white surface."""
    if shape == "lamp":
        return main, generator.uniform(3.0, 60.0)
    if shape == "window":
        return _daylight(1e6 / generator.uniform(110.0, 190.0), generator), generator.uniform(0.8, 12.0)
    clouds = generator.random() < 0.4
    return (
        (main, generator.uniform(0.6, 3.0))
        if clouds
        else (_daylight(blue_of_sky(generator), generator), generator.uniform(0.25, 1.2))
    )


def _where(shape: str, size: float, generator: np.random.Generator) -> np.ndarray:
    """(H, W) bool: the pixels of one shape."""
    y, x = (np.mgrid[:PICTURE_PX, :PICTURE_PX] + 0.5) / PICTURE_PX
    if shape in ("sky", "wall"):
        return np.ones_like(y, dtype=bool) if size >= 1.0 and generator.random() < 0.6 else x > generator.random()
    if shape in ("floor", "hills"):
        edge = _noise(generator, 24) * (0.06 if shape == "hills" else 0.0)
        return y + edge > 1 - size + generator.normal(0.0, 0.15) * (x - 0.5)
    middle_y, middle_x = generator.uniform(0.1, 0.9), generator.uniform(0, 1)
    high, wide = size * np.exp(generator.normal(0, 0.4, 2))
    if shape in ("blob", "lamp"):
        return np.hypot((y - middle_y) / high, (x - middle_x) / wide) * 2 < 1 + 0.25 * _noise(generator, 12)
    return (np.abs(y - middle_y) < high / 2) & (np.abs(x - middle_x) < wide / 2)


def _share_of_second(outdoors: bool, generator: np.random.Generator) -> np.ndarray:
    """(H, W) how much of each place's light is the second one's: shade outdoors, the far end of a room by a window."""
    if outdoors:
        if generator.random() < 0.4:
            return np.full((PICTURE_PX, PICTURE_PX), 0.0)
        in_shade = 1 / (1 + np.exp(-(_noise(generator, 30) - generator.uniform(-0.5, 2.0)) * 6))
        return 0.1 + 0.9 * in_shade
    if generator.random() < 0.6:
        return np.full((PICTURE_PX, PICTURE_PX), 0.0)
    return generator.uniform(0.1, 0.6) / (1 + np.exp(-_noise(generator, 60) * 2.0))


def _shade(generator: np.random.Generator, spread: float) -> np.ndarray:
    """(H, W) unevenness of light and surface: slow falling off, and grain. Around 1."""
    return np.exp(_noise(generator, 48) * spread * 0.8 + _noise(generator, 6) * spread * 0.3)


def _noise(generator: np.random.Generator, grain_px: int) -> np.ndarray:
    """(H, W) smooth noise of mean 0 and deviation about 1, with hills this wide."""
    side = max(2, PICTURE_PX // grain_px + 2)
    coarse = generator.standard_normal((side, side))
    place = np.linspace(0, side - 1.001, PICTURE_PX)
    low, part = place.astype(int), place % 1
    part = part * part * (3 - 2 * part)
    rows = coarse[low] * (1 - part)[:, None] + coarse[low + 1] * part[:, None]
    return (rows[:, low] * (1 - part) + rows[:, low + 1] * part) * 1.35


def _as_published(
    picture: np.ndarray, sensor: SpectralSensor, lux: float, shape: tuple[int, int], generator: np.random.Generator
) -> np.ndarray:
    """(rows, columns, 3) uint16: exposed, clipped, averaged, rendered for 5000 K and clipped again."""
    rows, columns = shape
    exposed = picture * (np.exp(generator.normal(np.log(0.09), 0.5)) / np.median(picture[..., 1]))
    veil = exposed.mean(axis=(0, 1)) * generator.uniform(0.0, 0.03)
    exposed = np.clip(exposed + veil, 0.0, 1.0)
    down, across = (np.linspace(0, PICTURE_PX, n + 1).astype(int) for n in (rows, columns))
    sums = np.add.reduceat(np.add.reduceat(exposed, down[:-1], axis=0), across[:-1], axis=1)
    means = sums / (np.diff(down)[:, None, None] * np.diff(across)[None, :, None])
    # Little is left of noise in a zone's mean, but the dark ones of a dark scene have some, and black is never exact.
    deep = 0.0008 * min(1.0, 30.0 / lux)
    means = means + generator.normal(0, deep + 1e-4, means.shape) + generator.normal(0, 1e-4 + deep / 4, 3)
    red, blue = sensor.tuning.grey_at(RENDERED_FOR_K)
    balanced = np.clip(np.clip(means, 0, 1) / (red, 1.0, blue), 0, 1)
    rendered = np.clip(balanced @ sensor.tuning.matrix_at(RENDERED_FOR_K).T, 0, 1)
    return (rendered * 65535.0).astype(np.uint16)

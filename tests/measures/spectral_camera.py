"""A camera known by its spectra: what it measures of any material in any light, and its calibration.

Its calibration is made as a real camera's is: a few papers under a few lights, none of which the tests look at. A
module's own tuning is no such thing: it was measured behind another lens and filter than these spectra.
"""

from __future__ import annotations

import csv
from functools import cache
from pathlib import Path

import numpy as np

from firmware.cameras.simulation.chart import CARD_REFLECTANCE, chart_patches
from firmware.cameras.simulation.illuminants import light_spectrum
from firmware.files.dng_colour import SRGB_TO_XYZ, WHITE_D65, adaptation
from firmware.sensors import load_sensor
from isp.frames import RawFrame, Shot
from isp.tuning import Tuning

SIMULATION = Path(__file__).parents[2] / "firmware/cameras/simulation/data"
WAVELENGTHS_NM = np.arange(400.0, 701.0, 10.0)
# The published spectra have no infrared filter in them. A dichroic one of such cameras: half of the light at 650 nm.
FILTER_HALF_NM, FILTER_WIDTH_NM = 650.0, 10.0
CALIBRATED_K = (2400.0, 2800.0, 3400.0, 4200.0, 5500.0, 7500.0)
EXPOSURE = 0.9  # green of a perfect white, as a share of saturation


@cache
def spectra(path: Path) -> dict[str, np.ndarray]:
    """Name -> (31,) values at 400, 410 ... 700 nm of a table with a row for each name."""
    lines = (line for line in path.read_text().splitlines() if not line.startswith("#"))
    _, *rows = csv.reader(lines)
    return {name: np.array([float(value) for value in values]) for name, *values in rows}


def light(name: str) -> np.ndarray:
    """(31,) relative power of a CIE light: A, D50, D65, LED-B1 or LED-B3."""
    kelvin = {"A": 2856.0, "D50": 5003.0, "D65": 6504.0}
    own = Path(__file__).parent / "data/spectra.csv"
    return light_spectrum(kelvin[name]) if name in kelvin else spectra(own)[name]


def chart() -> np.ndarray:
    """(24, 31) reflectances of the colour chart."""
    return np.array(list(spectra(SIMULATION / "chart_reflectances.csv").values()))


def seen_by_eye(reflectances: np.ndarray, power: np.ndarray) -> np.ndarray:
    """(n, 3) linear sRGB for an eye adapted to this light; a perfect white is (1, 1, 1)."""
    rows = (SIMULATION / "observer_and_daylight.csv").read_text().splitlines()
    observer = np.array([[float(cell) for cell in row.split(",")[1:4]] for row in rows if row[:1].isdigit()])
    weights = observer * power[:, None] / (power @ observer[:, 1])
    to_srgb = np.linalg.inv(SRGB_TO_XYZ) @ adaptation(weights.sum(axis=0), WHITE_D65)
    return reflectances @ weights @ to_srgb.T


def responses(table: Path) -> np.ndarray:
    """(31, 3) answer of red, green and blue to unit power, from quantum efficiencies (wavelength, r, g, b)."""
    rows = [line.split(",") for line in table.read_text().splitlines() if line[:1].isdigit()]
    measured = np.array(rows, dtype=float)
    efficiency = np.stack([np.interp(WAVELENGTHS_NM, measured[:, 0], measured[:, c]) for c in (1, 2, 3)], axis=1)
    infrared = 1.0 / (1.0 + np.exp((WAVELENGTHS_NM - FILTER_HALF_NM) / FILTER_WIDTH_NM))
    # Electrons are counted, and a watt of red light has more photons than one of blue.
    return efficiency * (infrared * WAVELENGTHS_NM)[:, None]


def measured_colours(reflectances: np.ndarray, power: np.ndarray, response: np.ndarray) -> np.ndarray:
    """(n, 3) raw red, green and blue; green of a perfect white is 1."""
    raw = reflectances @ (response * power[:, None])
    return raw / (response[:, 1] @ power)


def calibrated(response: np.ndarray) -> Tuning:
    """The tuning of a sensor with this response: what grey looks like and which matrix suits, light by light.

    Least squares over the CIE's fourteen test colours; each matrix keeps grey grey.
    """
    own = spectra(Path(__file__).parent / "data/spectra.csv")
    papers = np.array([values for name, values in own.items() if name.startswith("TCS")])
    greys, matrices = [], []
    for kelvin in CALIBRATED_K:
        power = light_spectrum(kelvin)
        grey = measured_colours(np.ones((1, 31)), power, response)[0]
        colours, wanted = measured_colours(papers, power, response) / grey, seen_by_eye(papers, power)
        differences = colours[:, [0, 2]] - colours[:, [1]]
        red, blue = np.linalg.lstsq(differences, wanted - colours[:, [1]], rcond=None)[0]
        greys += [kelvin, grey[0], grey[2]]
        matrices.append({"ct": kelvin, "ccm": np.stack([red, 1 - red - blue, blue], axis=1).ravel()})
    algorithms = {
        "rpi.noise": {"reference_constant": 0, "reference_slope": 2.6},
        "rpi.awb": {"ct_curve": greys},
        "rpi.ccm": {"ccms": matrices},
    }
    return Tuning.from_algorithms("imx219", "calibrated from spectra", algorithms)


def chart_frame(power: np.ndarray, response: np.ndarray, size: tuple[int, int] = (240, 336)) -> RawFrame:
    """The chart on black card, as this camera sees it in this light, with the noise of an imx219 at gain 1."""
    sensor = load_sensor("imx219")
    mode = sensor.modes[0]
    noise = sensor.noise_at(1.0, mode)
    card = measured_colours(np.full((1, 31), CARD_REFLECTANCE), power, response)[0]
    picture = np.broadcast_to(card, (*size, 3)).copy()
    colours = measured_colours(chart(), power, response)
    for colour, box in zip(colours, chart_patches(*size).values(), strict=True):
        top, left, bottom, right = np.round(box).astype(int)
        picture[top:bottom, left:right] = colour
    picture *= EXPOSURE
    mosaic = np.empty(size)
    for index, letter in enumerate(sensor.bayer):
        y, x = divmod(index, 2)
        mosaic[y::2, x::2] = picture[y::2, x::2, "RGB".index(letter)]
    grain = np.random.default_rng(219).standard_normal(size) * np.sqrt(noise.shot * mosaic + noise.read)
    black, white = 64.0, 1023.0
    counts = np.clip(np.round((mosaic + grain) * (white - black) + black), 0, white).astype(np.uint16)
    shot = Shot("imx219", sensor.bayer, (black,) * 4, white, 0, 0, 1000.0, 1.0, noise)
    return RawFrame(counts, shot)

"""A sensor known by its spectra: what it reads of any material in any light.

Sources: quantum efficiencies of IMX219 and OV5647 (raspicam-spectra, MIT; sensor and colour filters only); CIE
illuminants and measured lamps (colour-science, BSD-3). What the published efficiencies lack, the infrared filter and
the lens, is fitted so that grey follows the sensor's own measured `ct_curve`. What the fit leaves, a few percent, is
taken out by a factor for each temperature, so that a daylight or a filament lies on the curve exactly; lamps that are
neither keep their own distance from it.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path

import numpy as np

from isp.daylight import COOLEST_DAYLIGHT_K, parts_of_daylight
from isp.tuning import Tuning

# Fluorescent lamps have lines: ten nanometres would blur their colour.
WAVELENGTHS_NM = np.arange(400.0, 701.0, 5.0)
QUANTUM_EFFICIENCIES = {"imx219": "IMX219.csv", "ov5647": "OV5647_QE.csv"}
SECOND_RADIATION_CONSTANT_NM_K = 1.438777e7
# Half of the light passes at these wavelengths, and so wide is the slope: a usual dichroic, where the fit begins.
FIRST_FILTER = np.array([650.0, 12.0, 395.0, 8.0, 0.0])
# How far each may be from there and still be a filter that is made: soft walls of the fit.
FILTER_SPREAD = np.array([15.0, 8.0, 12.0, 5.0, 0.4])
FIT_ROUNDS = 15
# A module's curve was measured under lamps that are thermal to about this, in log colour.
CURVE_PRECISION = 0.03
# Of the lamps measured by NIST: the white ones that are sold for homes and offices.
OTHER_LAMPS = (
    "Luxeon WW 2880",
    "PHOS-1",
    "PHOS-2",
    "PHOS-3",
    "PHOS-4",
    "Phosphor LED YAG",
    "F32T8/TL830 (Triphosphor)",
    "F32T8/TL841 (Triphosphor)",
    "F32T8/TL850 (Triphosphor)",
    "F40/C50 (Broadband FL)",
)
LOCUS_K = 1e6 / np.linspace(1e6 / 2000, 1e6 / 16000, 100)


def thermal_light(temperature_k: float) -> np.ndarray:
    """(61,) relative power of a filament, or from 4000 to 25000 K of daylight (CIE 15); 1 at 560 nm."""
    if temperature_k < COOLEST_DAYLIGHT_K:
        exponent = SECOND_RADIATION_CONSTANT_NM_K / (WAVELENGTHS_NM * temperature_k)
        power = (560.0 / WAVELENGTHS_NM) ** 5 / np.expm1(exponent)
    else:
        power = parts_of_daylight(temperature_k) @ _daylight_components()
    return power / np.interp(560.0, WAVELENGTHS_NM, power)


@cache
def _daylight_components() -> np.ndarray:
    """(3, 61) mean daylight and its two ways to vary."""
    from colour.colorimetry import SDS_BASIS_FUNCTIONS_CIE_ILLUMINANT_D_SERIES as components

    return np.array([sampled(components[name]) for name in ("S0", "S1", "S2")])


@cache
def lamps() -> dict[str, np.ndarray]:
    """Name -> (61,) relative power of the lamps people live with; green light of each is the same."""
    import colour

    illuminants = colour.SDS_ILLUMINANTS
    chosen = {name: illuminants[name] for name in illuminants if name.startswith(("FL", "LED"))}
    chosen |= {name: colour.SDS_LIGHT_SOURCES[name] for name in OTHER_LAMPS}
    return {name: sampled(power) / sampled(power).mean() for name, power in chosen.items()}


@cache
def measured_things() -> np.ndarray:
    """(n, 61) measured reflectances: 99 things of CIE 224 and the chips of three charts."""
    import colour
    from colour.quality.cfi2017 import load_TCS_CIE2017

    table = load_TCS_CIE2017(colour.SpectralShape(380, 780, 5))
    things = [np.interp(WAVELENGTHS_NM, table.wavelengths, thing) for thing in table.values.T]
    charts = [colour.SDS_COLOURCHECKERS[name] for name in ("BabelColor Average", "ISO 17321-1", "PMC")]
    chips = [sampled(chip) for chart in charts for chip in chart.values()]
    return np.clip(np.vstack([things, chips]), 0.01, 0.97)


@dataclass(frozen=True)
class SpectralSensor:
    """What a sensor behind its lens and filter answers to light.

    tuning    the module's own; grey under thermal light lies on its curve
    response  (61, 3) answer of red, green and blue to unit power
    """

    tuning: Tuning
    response: np.ndarray

    @classmethod
    def fitted(cls, tuning: Tuning, spectra: Path) -> SpectralSensor:
        """The sensor of this tuning, from its efficiencies in the folder `spectra`; its filter fitted to the curve."""
        efficiency = _efficiencies(spectra / QUANTUM_EFFICIENCIES[tuning.sensor])
        return cls(tuning, efficiency * _filter(_fit(efficiency, tuning.grey_curve))[:, None])

    def colours(self, reflectances: np.ndarray, power: np.ndarray) -> np.ndarray:
        """(n, 3) raw red, green and blue of (n, 61) reflectances; a white's green is 1."""
        raw = reflectances @ (self.response * power[:, None]) / (self.response[:, 1] @ power)
        return raw * self._correction_of(power)

    def grey(self, power: np.ndarray) -> np.ndarray:
        """(2,) red/green and blue/green of grey in this light."""
        return self.colours(np.ones((1, len(WAVELENGTHS_NM))), power)[0, [0, 2]]

    def _correction_of(self, power: np.ndarray) -> np.ndarray:
        """(3,) what the fit left of a thermal light of this one's temperature, as factors."""
        greys, corrections = self._locus
        here = self.response.T @ power
        distance = np.linalg.norm(np.log(here[[0, 2]] / here[1]) - greys, axis=1)
        return corrections[int(np.argmin(distance))]

    @cached_property
    def _locus(self) -> tuple[np.ndarray, np.ndarray]:
        """Log grey of thermal lights (100, 2), and the factors to the measured curve (100, 3)."""
        seen = np.array([thermal_light(k) @ self.response for k in LOCUS_K])
        greys = seen[:, [0, 2]] / seen[:, 1:2]
        factors = np.array([self.tuning.grey_at(k) for k in LOCUS_K])
        # Beyond its ends the curve is silent: there the last factor goes on.
        ends = np.clip(LOCUS_K, self.tuning.grey_curve[0, 0], self.tuning.grey_curve[-1, 0])
        inside = np.array([thermal_light(k) @ self.response for k in ends])
        factors = factors / (inside[:, [0, 2]] / inside[:, 1:2])
        return np.log(greys), np.insert(factors, 1, 1.0, axis=1)


def _fit(efficiency: np.ndarray, curve: np.ndarray) -> np.ndarray:
    """(5,) the filter's numbers: damped Gauss-Newton on the curve's log colours, held near usual filters."""
    lights = np.array([thermal_light(k) for k in curve[:, 0]])
    wanted = np.log(curve[:, 1:])

    def misses(steps: np.ndarray) -> np.ndarray:
        seen = lights @ (efficiency * _filter(FIRST_FILTER + steps * FILTER_SPREAD)[:, None])
        return np.r_[((np.log(seen[:, [0, 2]] / seen[:, 1:2]) - wanted) / CURVE_PRECISION).ravel(), steps]

    steps, damping = np.zeros(len(FIRST_FILTER)), 1.0
    for _ in range(FIT_ROUNDS):
        here = misses(steps)
        slope = np.stack([(misses(steps + 1e-4 * axis) - here) / 1e-4 for axis in np.eye(len(steps))], axis=1)
        step = np.linalg.solve(slope.T @ slope + damping * np.eye(len(steps)), -slope.T @ here)
        better = np.sum(misses(steps + step) ** 2) < np.sum(here**2)
        steps, damping = (steps + step, damping / 3) if better else (steps, damping * 4)
    return FIRST_FILTER + steps * FILTER_SPREAD


def _filter(numbers: np.ndarray) -> np.ndarray:
    """(61,) what infrared filter and lens let through: two edges, and a tilt between them."""
    red_nm, red_width_nm, blue_nm, blue_width_nm, tilt = numbers
    red = 1.0 / (1.0 + np.exp((WAVELENGTHS_NM - red_nm) / max(red_width_nm, 1.0)))
    blue = 1.0 / (1.0 + np.exp((blue_nm - WAVELENGTHS_NM) / max(blue_width_nm, 1.0)))
    return red * blue * np.exp(tilt * (WAVELENGTHS_NM - 550.0) / 150.0)


def _efficiencies(table: Path) -> np.ndarray:
    """(61, 3) answer to unit power: electrons are counted, and a watt of red light has more photons than of blue."""
    rows = [line.split(",") for line in table.read_text().splitlines() if line[:1].isdigit()]
    measured = np.array(rows, dtype=float)
    efficiency = np.stack([np.interp(WAVELENGTHS_NM, measured[:, 0], measured[:, c]) for c in (1, 2, 3)], axis=1)
    return efficiency * WAVELENGTHS_NM[:, None]


def sampled(distribution) -> np.ndarray:
    """(61,) values of a measured spectrum, linear between its samples, held at its ends."""
    return np.interp(WAVELENGTHS_NM, distribution.wavelengths, distribution.values)

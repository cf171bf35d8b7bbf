"""What was measured of a sensor model: black, noise, colour of grey, colour matrices, lens shading.

The tables are libcamera's Raspberry Pi tuning (BSD-2-Clause, Raspberry Pi Ltd), copied into `configs/sensors/` or
read from an installed tuning file. Source of the recipes: libcamera `src/ipa/rpi/controller/rpi/{alsc,ccm,noise}.cpp`.
We leave out libcamera's adaptive shading step: it needs statistics of the moment, and a photo should not.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from isp.errors import TuningError
from isp.frames import Noise

# libcamera's tuner writes 1.4 times the slope it measured (ctt/algorithms/noise.py), so its denoiser errs on the strong
# side. We want the physical value.
NOISE_SLOPE_MARGIN = 1.4
SIXTEEN_BIT = 65535.0
LARGEST_GAIN = 64.0  # of any sensor here
# What no light and no sensor has is damage, and would cost each photo. libcamera's tables have 2300 to 9505 K, red and
# blue of grey 0.2 to 1.1, in matrices -2 to 3.2, determinants of 2.3 to 10.9, and shading up to 4. Where a matrix has
# a determinant of 0 colours fall together.
LIGHTS_K = (500.0, 1e5)
MOST_RATIO, MOST_IN_MATRIX, LEAST_DETERMINANT, MOST_SHADED = 50.0, 100.0, 0.01, 30.0


@dataclass(frozen=True)
class Tuning:
    """Measured tables of one sensor model.

    black_16bit     black level on a 16-bit scale
    noise_constant  standard deviation at black, 16-bit scale, gain 1
    noise_slope     standard deviation = constant + slope * sqrt(level), margin already removed
    grey_curve      (n, 3): temperature in K, red/green and blue/green of a grey card; () if never calibrated
    matrices        (temperature_k, (3, 3)) colour matrices, balanced camera RGB -> linear sRGB
    red_shading, blue_shading   (temperature_k, (rows, columns)) relative to green
    luminance_shading           (rows, columns) or None; already carries its strength
    tone_curve      (n, 2): linear light and display value, both 0..1, the look its makers chose; () if there is none
    lux_of_signal   lux of a scene whose mean green saturates at 1 us and gain 1; None if never calibrated
    sensitivity     (red, blue) of the module that was tuned; published statistics have it in their gains,
                    though greys lie on `grey_curve` without it (see `isp.light_statistics`)
    """

    sensor: str
    source: str
    black_16bit: float
    noise_constant: float
    noise_slope: float
    grey_curve: np.ndarray
    matrices: tuple[tuple[float, np.ndarray], ...]
    red_shading: tuple[tuple[float, np.ndarray], ...]
    blue_shading: tuple[tuple[float, np.ndarray], ...]
    luminance_shading: np.ndarray | None
    tone_curve: np.ndarray
    lux_of_signal: float | None = None
    sensitivity: tuple[float, float] = (1.0, 1.0)

    @classmethod
    def from_algorithms(cls, sensor: str, source: str, algorithms: Mapping[str, Mapping[str, Any]]) -> Tuning:
        """Read the tables of `{"rpi.awb": {...}, ...}`. Raises TuningError naming the table that is malformed."""
        try:
            made = cls(
                sensor=sensor,
                source=source,
                black_16bit=float(algorithms.get("rpi.black_level", {}).get("black_level", 4096)),
                noise_constant=float(algorithms["rpi.noise"]["reference_constant"]),
                noise_slope=float(algorithms["rpi.noise"]["reference_slope"]) / NOISE_SLOPE_MARGIN,
                grey_curve=_triples(algorithms.get("rpi.awb", {}).get("ct_curve", ())),
                matrices=_matrices(algorithms.get("rpi.ccm", {}).get("ccms", ())),
                **_shading_tables(algorithms.get("rpi.alsc", {})),
                tone_curve=_tone_curve(algorithms.get("rpi.contrast", {}).get("gamma_curve", ())),
                lux_of_signal=_lux_of_signal(algorithms.get("rpi.lux")),
                sensitivity=_sensitivity(algorithms.get("rpi.awb", {})),
            )
            made.noise_at(LARGEST_GAIN)  # refuses noise that no photo could be planned with
        except KeyError as error:
            raise TuningError(f"{source}: the tuning of {sensor} lacks {error}.") from None
        except (TypeError, ValueError, AttributeError, ArithmeticError) as error:
            raise TuningError(f"{source}: the tuning of {sensor} is malformed: {error}.") from None
        return made

    @classmethod
    def from_libcamera(cls, sensor: str, source: str, document: Mapping[str, Any]) -> Tuning:
        """Read a parsed libcamera tuning file, version 2 (a list of algorithms) or version 1 (a flat table)."""
        listed = document.get("algorithms")
        try:
            algorithms = (
                document if listed is None else {name: body for entry in listed for name, body in entry.items()}
            )
        except (TypeError, AttributeError):
            raise TuningError(f"{source}: algorithms is not a list of tables.") from None
        return cls.from_algorithms(sensor, source, algorithms)

    def grey_at(self, temperature_k: float) -> tuple[float, float]:
        """(red/green, blue/green) of a grey card under light of this temperature; clamped at the curve's ends."""
        if len(self.grey_curve) == 0:
            raise TuningError(f"{self.source}: {self.sensor} has no colour-temperature curve.")
        temperatures, red, blue = self.grey_curve.T
        return float(np.interp(temperature_k, temperatures, red)), float(np.interp(temperature_k, temperatures, blue))

    def matrix_at(self, temperature_k: float) -> np.ndarray:
        """(3, 3) float64 colour matrix, linear between the calibrated temperatures, clamped at the ends."""
        if not self.matrices:
            return np.eye(3)
        return _between(self.matrices, temperature_k)

    def shading_at(self, temperature_k: float) -> np.ndarray | None:
        """(3, rows, columns) float64 gains for red, green, blue over the whole pixel array; None without tables.

        gain_R = Cr / min(Cr) * L, gain_G = L, gain_B = Cb / min(Cb) * L (alsc.cpp).
        """
        if self.luminance_shading is None:
            return None
        luminance = self.luminance_shading
        red, blue = (
            np.ones_like(luminance) if not tables else _between(tables, temperature_k)
            for tables in (self.red_shading, self.blue_shading)
        )
        return np.stack([red / red.min() * luminance, luminance, blue / blue.min() * luminance])

    def noise_at(self, analogue_gain: float, binning: float = 1.0, read_noise_dn: float = 0.0, bits: int = 12) -> Noise:
        """Noise of linear pixels (0..1). `binning` 2 means 2 x 2 pixels averaged: half the standard deviation.

        `read_noise_dn` is counts of a `bits` wide ADC at gain 1, added to what the tuning knows; the ADC's own rounding
        (1/12 count squared) is always there.
        """
        span = SIXTEEN_BIT - self.black_16bit
        count = 2.0 ** (16 - bits) / span
        shot = self.noise_slope**2 / span * analogue_gain / binning**2
        read = ((self.noise_constant / span) ** 2 + (read_noise_dn * count) ** 2) * analogue_gain**2 / binning**2
        return Noise(shot=shot, read=read + count**2 / 12)


def _between(anchors: tuple[tuple[float, np.ndarray], ...], temperature_k: float) -> np.ndarray:
    """Linear interpolation of whole tables between calibrated temperatures, clamped at the ends."""
    temperatures = [anchor for anchor, _ in anchors]
    upper = int(np.searchsorted(temperatures, temperature_k))
    if upper == 0:
        return anchors[0][1]
    if upper == len(anchors):
        return anchors[-1][1]
    (cool, below), (warm, above) = anchors[upper - 1], anchors[upper]
    share = (temperature_k - cool) / (warm - cool)
    return below * (1 - share) + above * share


def _triples(flat: Any) -> np.ndarray:
    curve = np.asarray(flat, dtype=np.float64).reshape(-1, 3)
    ratios = curve[:, 1:]
    if not np.all((ratios >= 1 / MOST_RATIO) & (ratios <= MOST_RATIO)) or np.any(np.diff(curve[:, 0]) <= 0):
        raise ValueError(
            "ct_curve must be triples (temperature, r, b) with rising temperatures; r and b lie in "
            f"{1 / MOST_RATIO:g} to {MOST_RATIO:g}"
        )
    for temperature_k in curve[:, 0]:
        _light_k(temperature_k)
    return curve


def _light_k(written: Any) -> float:
    temperature_k = float(written)
    if not LIGHTS_K[0] <= temperature_k <= LIGHTS_K[1]:
        raise ValueError(f"a light of {temperature_k:g} K is none; {LIGHTS_K[0]:g} to {LIGHTS_K[1]:g} K are known")
    return temperature_k


def _sensitivity(awb: Mapping[str, Any]) -> tuple[float, float]:
    red, blue = (float(awb.get(f"sensitivity_{colour}", 1.0)) for colour in "rb")
    if not all(1 / MOST_RATIO <= of <= MOST_RATIO for of in (red, blue)):
        raise ValueError(
            f"sensitivity_r and sensitivity_b are {red:g} and {blue:g}; {1 / MOST_RATIO:g} to {MOST_RATIO:g} are known"
        )
    return red, blue


def _tone_curve(flat: Any) -> np.ndarray:
    curve = np.asarray(flat, dtype=np.float64).reshape(-1, 2) / SIXTEEN_BIT
    rising = np.all(np.diff(curve[:, 0]) > 0) and np.all(np.diff(curve[:, 1]) >= 0)
    if not np.all(np.isfinite(curve)) or not rising or (len(curve) and curve.max() > 1):
        raise ValueError("gamma_curve must be rising pairs (light, display) from 0 to 65535")
    return curve


def _lux_of_signal(reference: Mapping[str, Any] | None) -> float | None:
    """A scene under `reference_lux` had the mean `reference_Y` (16 bits, black removed) at this shutter and gain."""
    if reference is None:
        return None
    product_us = float(reference["reference_shutter_speed"]) * float(reference["reference_gain"])
    lux = float(reference["reference_lux"]) * product_us / (float(reference["reference_Y"]) / SIXTEEN_BIT)
    if not 0 < lux < np.inf:
        raise ValueError(f"rpi.lux gives {lux:g}; all of its numbers must be above 0")
    return lux


def _matrices(entries: Any) -> tuple[tuple[float, np.ndarray], ...]:
    read = [(_light_k(entry["ct"]), np.asarray(entry["ccm"], dtype=np.float64).reshape(3, 3)) for entry in entries]
    if not all(np.all(np.abs(matrix) <= MOST_IN_MATRIX) for _, matrix in read):
        raise ValueError(f"a colour matrix holds a number that is not finite, or beyond {MOST_IN_MATRIX:g}")
    if flat := [temperature_k for temperature_k, matrix in read if np.linalg.det(matrix) < LEAST_DETERMINANT]:
        raise ValueError(f"the colour matrix of {flat[0]:g} K cannot be undone: it makes one colour of many")
    return tuple(sorted(read, key=lambda entry: entry[0]))


def _shading_tables(alsc: Mapping[str, Any]) -> dict[str, Any]:
    """The tables are square on PiSP (32 x 32) and 12 rows of 16 on VC4; nothing else says which."""

    def grid(flat: Any) -> np.ndarray:
        table = np.asarray(flat, dtype=np.float64)
        shape = {192: (12, 16), 1024: (32, 32)}.get(table.size)
        if shape is None:
            raise ValueError(f"a shading table has {table.size} values; 192 or 1024 values are known")
        return in_range(table.reshape(shape))

    def in_range(table: np.ndarray) -> np.ndarray:
        if not (table.min() > 0 and table.max() <= MOST_SHADED * min(table.min(), 1.0)):
            raise ValueError(f"a shading table must lie above 0, its values within {MOST_SHADED:g} of one another")
        return table

    def by_temperature(entries: Any) -> tuple[tuple[float, np.ndarray], ...]:
        read = [(_light_k(entry["ct"]), grid(entry["table"])) for entry in entries]
        return tuple(sorted(read, key=lambda entry: entry[0]))

    luminance = alsc.get("luminance_lut")
    strength = float(alsc.get("luminance_strength", 1.0))
    if not 0 <= strength <= MOST_SHADED:
        raise ValueError(f"luminance_strength is {strength:g}; it must be a share, as a rule 0 to 1")
    return {
        "red_shading": by_temperature(alsc.get("calibrations_Cr", ())),
        "blue_shading": by_temperature(alsc.get("calibrations_Cb", ())),
        "luminance_shading": None if luminance is None else in_range((grid(luminance) - 1.0) * strength + 1.0),
    }

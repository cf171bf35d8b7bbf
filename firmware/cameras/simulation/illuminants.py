"""Light of a colour temperature, and the colours that reflectances have under it.

Sources: Planck's law; CIE publication 15 (D series, CIE 1931 observer); Lam 1985 (Bradford adaptation); IEC 61966-2-1.
Differs: spectra run from 400 to 700 nm by 10 nm. White is summed over the same samples, so a grey stays grey.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

import numpy as np

from firmware.files.dng_colour import SRGB_TO_XYZ, WHITE_D65, adaptation
from isp.daylight import COOLEST_DAYLIGHT_K, parts_of_daylight

DATA = Path(__file__).parent / "data"

SECOND_RADIATION_CONSTANT_NM_K = 1.438777e7


def light_spectrum(temperature_k: float) -> np.ndarray:
    """(31,) relative power at 400, 410 ... 700 nm: daylight from 4000 K on, a black body below."""
    wavelength_nm, _, daylight = _spectral_tables()
    if temperature_k < COOLEST_DAYLIGHT_K:
        exponent = SECOND_RADIATION_CONSTANT_NM_K / (wavelength_nm * temperature_k)
        return (560.0 / wavelength_nm) ** 5 / np.expm1(exponent)
    return daylight @ parts_of_daylight(temperature_k)


def linear_srgb(reflectances: np.ndarray, temperature_k: float) -> np.ndarray:
    """(n, 3) linear sRGB of (n, 31) reflectances under this light, as an eye adapted to it sees them.

    A perfect reflector is (1, 1, 1). Colours outside sRGB keep their negative parts.
    """
    _, observer, _ = _spectral_tables()
    light = light_spectrum(temperature_k)
    weights = observer * light[:, None] / (light @ observer[:, 1])
    to_srgb = np.linalg.inv(SRGB_TO_XYZ) @ adaptation(weights.sum(axis=0), WHITE_D65)
    return reflectances @ weights @ to_srgb.T


@cache
def _spectral_tables() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Wavelengths (31,), observer (31, 3) and daylight basis (31, 3)."""
    table = np.array(
        [
            [float(cell) for cell in line.split(",")]
            for line in (DATA / "observer_and_daylight.csv").read_text().splitlines()
            if line[:1].isdigit()
        ]
    )
    return table[:, 0], table[:, 1:4], table[:, 4:7]

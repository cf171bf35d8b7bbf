"""What colour is a glowing body? The warmth of lamps as a display shows it.

Source: Kang, Moon, Hong, Lee, Cho, Kim 2002, "Design of advanced color temperature control system for HDTV
applications": cubics for the place of a black body in the CIE 1931 diagram; then linear sRGB by IEC 61966-2-1.
"""

from __future__ import annotations

import numpy as np

DISPLAY_WHITE_K = 6504.0  # as near to D65 as a black body comes
COLDEST_K, HOTTEST_K = 1667.0, 25000.0  # between these the cubics hold
# Cubics of x over 1000 / temperature, below and from 4000 K; and of y over x, below 2222 K, below and from 4000 K.
X_WARM, X_COLD = (-0.2661239, -0.2343589, 0.8776956, 0.179910), (-3.0258469, 2.1070379, 0.2226347, 0.240390)
Y_GLOWING = (-1.1063814, -1.34811020, 2.18555832, -0.20219683)
Y_WARM = (-0.9549476, -1.37418593, 2.09137015, -0.16748867)
Y_COLD = (3.0817580, -5.87338670, 3.75112997, -0.37001483)
XYZ_TO_SRGB = np.array([[3.2406, -1.5372, -0.4986], [-0.9689, 1.8758, 0.0415], [0.0557, -0.2040, 1.0570]])


def colour_of_black_body(temperature_k: float) -> np.ndarray:
    """(3,) linear sRGB, float64, of a black body; 1, 1, 1 at DISPLAY_WHITE_K. Below 1900 K blue is negative."""
    return _linear_srgb(temperature_k) / _linear_srgb(DISPLAY_WHITE_K)


def _linear_srgb(temperature_k: float) -> np.ndarray:
    kelvin = min(max(temperature_k, COLDEST_K), HOTTEST_K)
    x = float(np.polyval(X_WARM if kelvin < 4000 else X_COLD, 1000.0 / kelvin))
    y = float(np.polyval(Y_GLOWING if kelvin < 2222 else Y_WARM if kelvin < 4000 else Y_COLD, x))
    return XYZ_TO_SRGB @ np.array([x / y, 1.0, (1.0 - x - y) / y])

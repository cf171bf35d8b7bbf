"""What the colour of the light is judged from: a picture of 32 x 32 zones, the scene's brightness, the sensor.

The format is the one in which Raspberry Pi Ltd publishes labelled pictures (raspberrypi/awb_nn, `converter.py`, BSD-3):
zone means of linear light after black level and lens shading, clipped at white, rendered with the gains and the colour
matrix of 5000 K, clipped again, 16 bits. So what a network was trained on is what it sees in the camera.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from isp.tuning import Tuning

# The gains, the matrix and the shading tables of this light are in every published picture.
RENDERED_FOR_K = 5000.0
# Of the Pi 5's front end. The Pi 4's statistics have 12 rows and 16 columns; both are published.
ZONE_ROWS = ZONE_COLUMNS = 32


@dataclass(frozen=True)
class LightStatistics:
    """zones   (rows, columns, 3) uint16, the published format; upright as the sensor reads
    lux     light on the scene; None where nobody knows
    tuning  the sensor's; None for an unknown sensor: then `zones` are the sensor's own colours, unrendered
    """

    zones: np.ndarray
    lux: float | None
    tuning: Tuning | None

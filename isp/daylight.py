"""What daylight is made of: how much of each of its three measured parts it has at a colour temperature.

Source: CIE publication 15, the D series, defined from 4000 K up; spectra of the parts S0, S1 and S2 are the caller's.
"""

from __future__ import annotations

import numpy as np

# Below it a lamp's filament is the better model.
COOLEST_DAYLIGHT_K = 4000.0


def parts_of_daylight(temperature_k: float) -> np.ndarray:
    """(3,) of S0, S1 and S2; the first is 1."""
    inverse = 1e3 / temperature_k
    if temperature_k <= 7000.0:
        x = 0.244063 + 0.09911 * inverse + 2.9678 * inverse**2 - 4.6070 * inverse**3
    else:
        x = 0.237040 + 0.24748 * inverse + 1.9018 * inverse**2 - 2.0064 * inverse**3
    y = -3.000 * x * x + 2.870 * x - 0.275
    scale = 0.0241 + 0.2562 * x - 0.7341 * y
    return np.array([1.0, (-1.3515 - 1.7703 * x + 5.9114 * y) / scale, (0.0300 - 31.4424 * x + 30.0717 * y) / scale])

"""Sharpen: unsharp mask on luma, after the tone curve, because that is where the eye judges it.

detail = luma - Gaussian(luma); the same detail is added to red, green and blue, so that edges get no colour.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from isp.frames import Photo, Shot
from isp.kernels import LONGEST_BLUR_PX, Chain
from isp.knobs import knob
from isp.stage import Stage


@dataclass(frozen=True)
class Sharpen(Stage):
    """Unsharp mask on luma."""

    amount: float = knob(0.5, 0.0, 2.0, "0 leaves the picture alone")
    radius_px: float = knob(1.0, 0.3, 5.0, "Gaussian sigma in output pixels")

    takes = Photo
    makes = Photo

    def add_to(self, chain: Chain, shot: Shot) -> None:
        """See Stage.add_to."""
        if self.amount > 0:
            chain.sharpen(gaussian_taps(self.radius_px).tolist(), self.amount)


def gaussian_taps(sigma_px: float) -> np.ndarray:
    """Half of a normalised Gaussian kernel, centre first, out to three sigma, float32."""
    reach = min(int(np.ceil(3.0 * sigma_px)), LONGEST_BLUR_PX - 1)
    weights = np.exp(-0.5 * (np.arange(reach + 1) / sigma_px) ** 2)
    # Rounded so that the last bit of exp does not depend on the processor.
    return np.round(weights / (weights[0] + 2 * weights[1:].sum()), 7).astype(np.float32)

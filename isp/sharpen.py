"""Sharpen: give edges and texture back what lens and demosaicking blurred; leave the grain as it is.

An unsharp mask on luma, after the tone curve, because that is where the eye judges it, with two brakes. The first is a
gate: detail is added only where the blurred picture changes by more than noise can explain (as in Ramponi and Polesel
1998, "Rational unsharp masking technique", but judged on a pixel and its neighbours in the blurred picture, so that a
single noisy pixel opens nothing). The noise is that of the calibrated model. The second is a limiter: no pixel leaves
its neighbours' range by more than a small share of it, so that an edge becomes steeper and is not outlined; and no
colour that was between black and white before ends at 0 or 255, for those belong to what holds no light and to what is
blown. The same detail is added to red, green and blue, so that edges get no colour.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

import numpy as np

from isp.frames import Photo, Shot
from isp.kernels import GRAIN_STEPS, LONGEST_BLUR_PX, Chain
from isp.knobs import knob
from isp.local_tone import LocalTone
from isp.noise import luma_noise_at
from isp.shading import Shading, as_seen
from isp.stage import Stage, fact
from isp.tone import MID_GREY, WHITE_CODE, Tone

if TYPE_CHECKING:
    from isp.plan import Scene

# How far luma noise of deviation 1 ranges over a pixel and its four neighbours, on average, after a Gaussian blur of
# this sigma. Measured on flat greys of the simulated imx477, imx708 and imx219, which agree within 15 %.
BLUR_PX = (0.3, 0.4, 0.5, 0.6, 0.8, 1.0, 1.4, 2.0, 3.0, 5.0)
RANGE_OF_NOISE = (2.05, 1.80, 1.41, 1.11, 0.77, 0.57, 0.34, 0.18, 0.088, 0.033)
# In units of that range: noise alone passes the first once in 8 pixels and the second once in two thousand.
GATE_OPENS, GATE_OPEN = 1.5, 3.0
# What is held for noise where a foreign raw says nothing of it: one step of the 8-bit photo.
UNKNOWN_GRAIN_CODES = 257.0
# Less than any change of display codes: with leave_grain = 0 the gate stands open.
NO_GRAIN_CODES = 1e-3


@dataclass(frozen=True)
class Sharpen(Stage):
    """Unsharp mask on luma, gated by noise and limited by the neighbours."""

    amount: float = knob(1.0, 0.0, 2.0, "0 leaves the picture alone")
    radius_px: float = knob(0.8, 0.3, 5.0, "Gaussian sigma in output pixels")
    overshoot: float = knob(0.05, 0.0, 1.0, "how far a pixel may pass its neighbours, as a share of their range")
    leave_grain: float = knob(1.0, 0.0, 4.0, "0 sharpens the grain too; 1 leaves what the noise model explains")
    grain: tuple | None = fact("luma noise for 64 steps of luma, 16-bit codes", (GRAIN_STEPS,), 0.0, 1e9)
    lens_noise: tuple | None = fact(
        "(rows, columns) times as much noise there over the whole pixel array, from shading", (None, None), 1e-3, 1e3
    )

    takes = Photo
    makes = Photo
    needs_only_the_shot = True

    def plan(self, scene: Scene) -> Self:
        """Carry the sensor's noise to the display. Unknown noise stays unknown."""
        if self.grain is not None or scene.shot.noise is None:
            return self
        return dataclasses.replace(self, grain=tuple(_grain(scene).tolist()), lens_noise=lens_noise_over_array(scene))

    def add_to(self, chain: Chain, shot: Shot) -> None:
        """See Stage.add_to."""
        if self.amount == 0:
            return
        lens_noise = np.ones((2, 2)) if self.lens_noise is None else np.asarray(self.lens_noise)
        calm, window = as_seen((1.0 / lens_noise).astype(np.float32), shot)
        chain.sharpen(
            gaussian_taps(self.radius_px).tolist(),
            self.amount,
            self.sensitivity().tolist(),
            GATE_OPENS / (GATE_OPEN - GATE_OPENS),
            self.overshoot,
            calm,
            window,
        )

    def sensitivity(self) -> np.ndarray:
        """(GRAIN_STEPS,) float32: the share of the gate that one display code of change opens, by luma."""
        grain = np.full(GRAIN_STEPS, UNKNOWN_GRAIN_CODES) if self.grain is None else np.asarray(self.grain)
        held_back = np.maximum(self.leave_grain * grain, NO_GRAIN_CODES)
        noise = np.interp(self.radius_px, BLUR_PX, RANGE_OF_NOISE) * held_back
        return (1.0 / (noise * (GATE_OPEN - GATE_OPENS))).astype(np.float32)


def gaussian_taps(sigma_px: float) -> np.ndarray:
    """Half of a normalised Gaussian kernel, centre first, out to two and a half sigma, float32."""
    reach = min(int(np.ceil(2.5 * sigma_px)), LONGEST_BLUR_PX - 1)
    weights = np.exp(-0.5 * (np.arange(reach + 1) / sigma_px) ** 2)
    # Rounded so that the last bit of exp does not depend on the processor.
    return np.round(weights / (weights[0] + 2 * weights[1:].sum()), 7).astype(np.float32)


def _grain(scene: Scene) -> np.ndarray:
    """(GRAIN_STEPS,) deviation of luma on a grey in the middle of the pixel array, 16-bit codes."""
    tone = scene.planned(Tone) or Tone()
    luma = (np.arange(GRAIN_STEPS) + 0.5) / GRAIN_STEPS
    light = np.linspace(0, 1, 4096) ** 2
    shown = np.interp(luma, tone.curve(light), light)
    seen = _light_before_lift(scene, shown)
    noise = luma_noise_at(scene, seen)
    # The noise model knows the tone curve at the light that was seen; the lift takes it elsewhere on that curve.
    lifted = shown / seen * tone.slope(shown) / np.maximum(tone.slope(seen), 1e-9)
    return np.round(WHITE_CODE * noise * lifted, 2)


def _light_before_lift(scene: Scene, shown: np.ndarray) -> np.ndarray:
    """The light that local tone turned into this light where it lifts most: there is the most noise."""
    local = scene.planned(LocalTone)
    if local is None or not local.strength or not local.largest_lift_ev or local.shares is None:
        return shown
    light = 2.0 ** np.linspace(-16, 0, 1025)
    shares = np.max(local.shares, axis=(1, 2))
    lift_ev = local.largest_lift_ev * np.interp(local.from_ev - np.log2(light), range(len(shares) + 1), [0.0, *shares])
    return np.interp(shown, np.maximum.accumulate(light * 2.0**lift_ev), light)


def lens_noise_over_array(scene: Scene) -> tuple | None:
    """How many times the middle's noise a mid grey has at each cell of the shading table."""
    shading = scene.planned(Shading)
    gains = None if shading is None else shading.applied()
    if gains is None:
        return None
    green = gains[1].astype(float)
    deviation = np.sqrt(scene.shot.noise.shot * MID_GREY * green + scene.shot.noise.read * green**2)
    middle = deviation[deviation.shape[0] // 2, deviation.shape[1] // 2]
    if middle == 0:
        return None
    return tuple(map(tuple, np.clip(np.round(deviation / middle, 4), 1e-3, 1e3).tolist()))

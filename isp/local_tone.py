"""Lift the shadows that a display would hide, region by region, where the scene holds more stops than a display shows.

The gain follows the light of a *region*, not of a pixel, so that the texture inside a dark room keeps its contrast; it
changes where the light of the picture changes, so that no halo runs along a window frame. Source: Chen, Paris, Durand
2007, "Real-time edge-aware image processing with the bilateral grid" (section 4.1, the bilateral filter); Durand and
Dorsey 2002, "Fast bilateral filtering for the display of high-dynamic-range images" (change the base, keep the detail).
We depart in these: the grid is built from the small picture and holds the finished lift, which each pixel reads at its
own place and light; where the region holds no such light, a pixel counts as its own region, so thin and rare things get
no halo either; light rises with light everywhere, no tone is ever reversed; and there is no cut of highlights: what the
sensor did not clip lies in the upper codes already, where a cut could only take contrast away.

What a pixel gets, for whoever computes it elsewhere: let v be the largest of its red, green and blue (linear, 1 =
saturation) and d = max(0, from_ev - log2 v), the stops below the light under which lifting begins. `shares` are given
for d = 1, 2 ... 7 at the centres of the cells of a coarse grid; they are 0 at d = 0, straight between whole d, constant
beyond 7, bilinear between cell centres and constant outside them. All three colours are multiplied by
2 ** (largest_lift_ev * share). From `from_ev` up, shown just below middle grey, the gain is exactly 1, and no lifted
pixel comes out above it.
"""

from __future__ import annotations

import dataclasses
import functools
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

import numpy as np

from isp.colour import Colour
from isp.develop import run_stages
from isp.frames import LinearImage, Shot
from isp.kernels import LIFT_LEVELS, Chain
from isp.knobs import knob
from isp.linear_noise import demosaicked_noise, luma_weights
from isp.shading import Shading
from isp.stage import Stage, fact
from isp.tone import encode_srgb, stops_of
from isp.white_balance import WhiteBalance

if TYPE_CHECKING:
    from isp.plan import Scene

# Just below middle grey (0.18): metering put that in its place, and it stays there with all that is brighter.
FROM_EV = -2.5
# Six stops below white a display in a lit room shows next to nothing (34 of 255 codes), and ten and a half below white
# lie three counts of a 12-bit converter: what is between them is hidden. By degrees, within a stop around either.
HIDDEN_EV, BLACK_EV = -6.0, -10.5
# The mean of what was hidden is lifted to here: 49 codes, still dark, but plain to see.
SHOWN_EV = -5.0
# Black things are in every picture. Only where the hidden share goes beyond the first is there a lift, from the second
# on all of it.
HIDDEN_SHARE = (0.05, 0.20)
# Metering brings the mean to 0.18, or to half of that to spare highlights. A frame that came out as dark as the first
# was taken in the dark, and stays so; from the second on shadows are dark only because highlights were spared.
METERED_MEAN = (0.03, 0.08)
# Stops of lift for each stop of darkness between regions: half their difference remains.
LIFT_PER_STOP = 0.5
# ... and within a region, from level to level, at most this: a stop of light stays a fifth of a stop at least.
STEEPEST = 0.8
# Where noise allows darker regions less lift, it falls by at most so much a stop: more would raise contrast there.
TOE = 0.3

# About square cells for 4:3, each a twelfth of the picture wide; what a cell says reaches its neighbours.
ROWS, COLUMNS = 9, 12
REACH_CELLS = 2.0
# Light that differs by less belongs to one region, by 2.5 times as much to another. Texture is mostly less; the edges
# that show halos are mostly more.
ALIKE_EV = 0.5
# A pixel whose region holds less than this share of such light counts as its own region.
OWN_REGION = 0.1
BINS_EV = np.arange(-13.0, 1.0, 0.25)  # of the histograms; a quarter stop is well below ALIKE_EV
LEVELS_EV = FROM_EV - np.arange(1, LIFT_LEVELS + 1)


@dataclass(frozen=True)
class LocalTone(Stage):
    """Bring light into deep shadows of scenes that a display cannot show as they are; leave all others alone."""

    strength: float = knob(1.0, 0.0, 1.0, "0 is truly off; 1 lifts hidden shadows to where a display shows them")
    shadow_lift_ev: float = knob(3.0, 0.0, 4.0, "no shadow is lifted by more stops")
    noise_codes: float = knob(8.0, 0.0, 50.0, "nor by so many that its grain exceeds this, in 8-bit codes")
    begins_ev: float | None = fact("log2 of the light under which lifting begins; none: -2.5", (), -16.0, 8.0)
    largest_lift_ev: float | None = fact("the largest lift in this photo, in stops; 0 changes nothing", (), 0.0, 4.0)
    shares: tuple | None = fact(
        "share of the largest lift, for 1 to 7 stops below where lifting begins, on a grid over the picture",
        (LIFT_LEVELS, None, None),
        0.0,
        1.0,
    )

    takes = LinearImage
    makes = LinearImage

    def plan(self, scene: Scene) -> Self:
        """Decide from the scene in small how much its shadows need, and where."""
        if self.largest_lift_ev is not None or self.strength == 0:
            return self
        if min(scene.small().shape[:2]) < 2:  # a few pixels have no regions
            return dataclasses.replace(self, largest_lift_ev=0.0)
        # Shadows are judged by where the tone curve will show them.
        shown_ev = stops_of(scene)
        light_ev = np.maximum(_light_of_cells(scene) + shown_ev, BINS_EV[0])
        wanted_ev = self.strength * min(lift_needed(light_ev), self.shadow_lift_ev)
        limits = lift_limits(scene, self.noise_codes, shown_ev)
        lifts = lift_grid(light_ev, wanted_ev, limits) if wanted_ev > 0 else np.zeros((LIFT_LEVELS, 2, 2))
        # A hundredth of a stop is invisible, and the recipe stays short.
        largest = float(np.round(lifts.max(), 2))
        if largest == 0:
            return dataclasses.replace(self, largest_lift_ev=0.0)
        shares = np.round(np.minimum(lifts / largest, 1.0), 3)
        tuples = tuple(tuple(map(tuple, plane)) for plane in shares.tolist())
        begins_ev = FROM_EV - shown_ev if shown_ev else None
        return dataclasses.replace(self, begins_ev=begins_ev, largest_lift_ev=largest, shares=tuples)

    @property
    def from_ev(self) -> float:
        """Log2 of the light under which lifting begins."""
        return FROM_EV if self.begins_ev is None else self.begins_ev

    def bends(self) -> tuple[np.ndarray, float] | None:
        """What the kernel adds up: how much the slope of the lift falls at each level, and the light it begins under.

        (LIFT_LEVELS, rows, columns) float32, and log2 of light; None where nothing is lifted.
        """
        if self.strength == 0 or not self.largest_lift_ev or self.shares is None:
            return None
        slopes = np.diff(self.largest_lift_ev * np.asarray(self.shares), axis=0, prepend=0.0)
        bends = -np.diff(slopes, axis=0, append=0.0)
        return np.ascontiguousarray(bends, dtype=np.float32), self.from_ev

    def add_to(self, chain: Chain, shot: Shot) -> None:
        """See Stage.add_to."""
        bends = self.bends()
        if bends is not None:
            chain.local_tone(*bends)


def lift_needed(light_ev: np.ndarray) -> float:
    """Stops that would bring the hidden shadows to where a display shows them; 0 where little is hidden.

    light_ev  light of the cells of a small picture, log2, 0 = saturation
    """
    hidden = np.clip(HIDDEN_EV + 0.5 - light_ev, 0.0, 1.0) * np.clip(light_ev - BLACK_EV + 0.5, 0.0, 1.0)
    of_scene = _rising(float(hidden.mean()), *HIDDEN_SHARE)
    of_metering = _rising(float(np.minimum(2.0**light_ev, 1.0).mean()), *METERED_MEAN)
    if of_scene * of_metering == 0:
        return 0.0
    return of_scene * of_metering * (SHOWN_EV - float(np.average(light_ev, weights=hidden)))


def lift_limits(scene: Scene, noise_codes: float, shown_ev: float = 0.0) -> np.ndarray:
    """(len(BINS_EV),) stops by which a grey of that light may be lifted until its grain is seen; no model, no limit.

    The grain of luma on the plain sRGB curve, where the lens is corrected as on average, before luma noise reduction.
    What that gains is not spent here: lifts larger by as much left the texture of a dark sofa a tenth flatter.
    With `shown_ev` both light and lift are what the tone curve shows, so many stops brighter than exposed.
    """
    noise = demosaicked_noise(scene, luma_weights(scene))
    if noise is None:
        return np.full(len(BINS_EV), np.inf)
    shading = scene.planned(Shading)
    lens = None if shading is None else shading.applied()
    lens_gain = 1.0 if lens is None else float(np.mean(lens[1], dtype=np.float64))
    light, shown_gain = 2.0**BINS_EV, 2.0**shown_ev
    variance = noise.shot * light * lens_gain * shown_gain + noise.read * (lens_gain * shown_gain) ** 2
    lifts = np.arange(0.0, 4.01, 0.05)
    shown = light[:, None] * 2.0**lifts
    slope = (encode_srgb(shown * 1.001) - encode_srgb(shown * 0.999)) / (shown * 0.002)
    grain = 255 * slope * 2.0**lifts * np.sqrt(variance)[:, None]
    limits = lifts[np.maximum((grain <= noise_codes).sum(axis=1) - 1, 0)]
    # From the darkest up, no steeper than the toe.
    toe = TOE * BINS_EV
    return toe + np.minimum.accumulate(limits - toe)


def lift_grid(light_ev: np.ndarray, largest_ev: float, limits: np.ndarray) -> np.ndarray:
    """(LIFT_LEVELS, ROWS, COLUMNS) stops of lift for light of LEVELS_EV at each place.

    light_ev    (rows, columns) light of the cells of a small picture, log2
    largest_ev  no lift is larger
    limits      (len(BINS_EV),) nor larger than this for a region of that light
    """
    base = _light_of_regions(light_ev)
    lifts = np.clip(LIFT_PER_STOP * (FROM_EV - base), 0.0, largest_ev)
    lifts = np.minimum(lifts, np.interp(base, BINS_EV, limits))
    brighter = np.zeros(lifts.shape[1:])
    for level in lifts:
        np.minimum(level, brighter + STEEPEST, out=level)
        brighter = level
    return lifts


def _light_of_regions(light_ev: np.ndarray) -> np.ndarray:
    """(LIFT_LEVELS, ROWS, COLUMNS): mean light around a place of what is about as bright as each level, log2."""
    rows, columns = light_ev.shape
    bins = np.clip(np.searchsorted(BINS_EV, light_ev, side="right") - 1, 0, len(BINS_EV) - 1)
    cell = (np.arange(rows) * ROWS // rows)[:, None] * COLUMNS + np.arange(columns) * COLUMNS // columns
    size = ROWS * COLUMNS * len(BINS_EV)
    histograms = np.bincount((cell * len(BINS_EV) + bins).ravel(), minlength=size).astype(np.float64)
    histograms = histograms.reshape(ROWS, COLUMNS, len(BINS_EV))
    across = np.einsum("xc,rcb->rxb", _nearness(COLUMNS), histograms)
    spread = np.einsum("yr,rxb->yxb", _nearness(ROWS), across)
    spread /= spread.sum(axis=-1, keepdims=True)
    centres = BINS_EV + 0.125
    alike = np.exp(-0.5 * ((LEVELS_EV[:, None] - centres) / ALIKE_EV) ** 2)
    mass = np.einsum("lb,yxb->lyx", alike, spread) + OWN_REGION
    light = np.einsum("lb,yxb->lyx", alike * centres, spread) + OWN_REGION * LEVELS_EV[:, None, None]
    return light / mass


def _light_of_cells(scene: Scene) -> np.ndarray:
    """(rows, columns) log2 of the strongest colour of each cell, balanced, shaded and matched as this stage gets it."""
    balanced = (scene.small() * _white_balance_gains(scene)).astype(np.float32)
    stages = [stage for stage in (scene.planned(Shading), scene.planned(Colour)) if stage is not None]
    matched = run_stages(LinearImage(balanced, scene.shot), stages, threads=1).pixels if stages else balanced
    strongest = functools.reduce(np.maximum, np.moveaxis(matched, -1, 0))
    return np.log2(np.maximum(strongest.astype(np.float64), 2.0 ** BINS_EV[0]))


def _white_balance_gains(scene: Scene) -> np.ndarray:
    return np.array((scene.planned(WhiteBalance) or WhiteBalance(gains=(1.0, 1.0, 1.0))).gains)


def _nearness(cells: int) -> np.ndarray:
    """(cells, cells) how much one cell tells of another."""
    away = np.arange(cells)[:, None] - np.arange(cells)
    return np.exp(-0.5 * (away / REACH_CELLS) ** 2)


def _rising(value: float, low: float, high: float) -> float:
    """0 up to `low`, 1 from `high`, smooth between."""
    share = min(max((value - low) / (high - low), 0.0), 1.0)
    return share * share * (3.0 - 2.0 * share)

"""How much noise is left in a measured zoom: flat grey is sent through the very same search.

How far the search follows the samples depends on how many there are, where they lie and how noisy they are; no formula
is shorter than trying it. Two even greys, with the burst's own shifts and noise, take one tile.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

import numpy as np

from isp.burst.places import places_of
from isp.frames import Noise, RawFrame, Shot
from isp.zoom.measured import Aligned, Plain, plain_of, super_resolve

# Shares of saturation that are tried: a shadow, where read noise counts, and a light grey, where it does not.
LEVELS = (0.03, 0.4)
# Pixels of the frames tried, each way, one half for each level, and how far from their edges nothing is judged.
SIDE_PX, EDGE_PX = 192, 24
LARGEST_COUNT = 65535
# Counts of the sensor are whole numbers, which scatters them too.
ROUNDING = 1 / 12
SEED = 1


def noise_left(plain: Plain, frames: Sequence[Aligned], noise: Noise, factor: float, threads: int = 0) -> Noise:
    """Noise of a green value where all frames are believed.

    plain, frames, noise, factor   what `isp.zoom.measured.super_resolve` is given
    """
    shot = _grey_shot(frames[0].frame.shot, noise)
    moved = [np.median(aligned.lying.reshape(-1, 2), axis=0) for aligned in frames]
    light = _greys(shot, plain.gains)
    rng = np.random.Generator(np.random.SFC64(SEED))
    span = frames[0].frame.shot.white_dn - frames[0].frame.shot.black_dn[0]
    deviation = np.sqrt(noise.shot * light + noise.read + ROUNDING / span**2)
    grains = [rng.standard_normal(light.shape) * deviation for _ in frames]
    merged = _merged(grains, moved) * np.sqrt(_merged_share(plain.shot.noise, noise, light) * len(frames))
    shape = light.shape
    still, full = np.zeros((*places_of(shape), 2), np.float32), np.full([side // 2 for side in shape], 255, np.uint8)
    taken = [
        Aligned(_frame(light + grain, shot), still + np.float32(away), full)
        for grain, away in zip(grains, moved, strict=True)
    ]
    merged_shot = dataclasses.replace(shot, noise=plain.shot.noise)
    none = np.empty((0, 2), np.int32)
    start = plain_of(_frame(light + merged, merged_shot), plain.gains, noise, none, threads)
    found = super_resolve(start, taken, noise, factor, none, threads)
    green = (found.pixels[..., 1] - found.shot.black_dn[0]) / (found.shot.white_dn - found.shot.black_dn[0])
    edge, middle = round(EDGE_PX * factor), green.shape[1] // 2
    halves = green[edge:-edge, edge : middle - edge], green[edge:-edge, middle + edge : -edge]
    dark, bright = (np.var(half, dtype=np.float64) for half in halves)
    slope = max((bright - dark) / (LEVELS[1] - LEVELS[0]), 0.0)
    return Noise(float(f"{slope:.4g}"), float(f"{max(dark - slope * LEVELS[0], 0.0):.4g}"))


def _grey_shot(shot: Shot, noise: Noise) -> Shot:
    """Facts of frames in the finest counts there are, with room below black for noise."""
    black = LARGEST_COUNT / 8
    return dataclasses.replace(shot, black_dn=(black,) * 4, white_dn=float(LARGEST_COUNT), noise=noise)


def _greys(shot: Shot, gains: np.ndarray) -> np.ndarray:
    """(SIDE_PX, SIDE_PX) light of the two greys, left and right, as the colours see them."""
    light = np.empty((SIDE_PX, SIDE_PX))
    for index, letter in enumerate(shot.bayer):
        top, left = divmod(index, 2)
        share = gains["RGB".index(letter)]
        light[top::2, left : SIDE_PX // 2 : 2] = LEVELS[0] / share
        light[top::2, SIDE_PX // 2 + left :: 2] = LEVELS[1] / share
    return light


def _merged(grains: list[np.ndarray], moved: list[np.ndarray]) -> np.ndarray:
    """What the merge makes of the frames' noise: each is moved by whole steps of a colour."""
    steps = [2 * np.rint(away / 2).astype(int) for away in moved]
    return np.mean([np.roll(grain, tuple(step), (0, 1)) for grain, step in zip(grains, steps, strict=True)], axis=0)


def _merged_share(merged: Noise, noise: Noise, light: np.ndarray) -> np.ndarray:
    """What the merge left of one frame's variance."""
    return (merged.shot * light + merged.read) / (noise.shot * light + noise.read)


def _frame(light: np.ndarray, shot: Shot) -> RawFrame:
    black = shot.black_dn[0]
    counts = np.rint(black + light * (shot.white_dn - black))
    return RawFrame(np.clip(counts, 0, LARGEST_COUNT).astype(np.uint16), shot)

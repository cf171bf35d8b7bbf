"""A still night: its frames, and what a perfect merge of them gives, so that the look is judged apart from merging."""

from __future__ import annotations

import dataclasses

import numpy as np

from firmware.cameras.simulated import simulate
from isp.burst.places import places_of
from isp.frames import Noise, RawFrame

# What a hand holds still, and as much gain as is worth having.
LONGEST_US, LARGEST_GAIN = 200_000, 16.0


def merged(frames: list[RawFrame]) -> RawFrame:
    """The mean of still frames, in 16 bits: as many times less noise as there are frames."""
    shot, count = frames[0].shot, len(frames)
    scale = 65535 // round(shot.white_dn)
    mean = np.mean([frame.pixels for frame in frames], axis=0) * scale
    finer = dataclasses.replace(
        shot,
        black_dn=tuple(level * scale for level in shot.black_dn),
        white_dn=shot.white_dn * scale,
        noise=Noise(shot.noise.shot / count, shot.noise.read / count),
        frames=count,
    )
    behind = np.full(places_of(mean.shape), count, dtype=np.float32)
    return RawFrame(np.round(mean).astype(np.uint16), finer, behind)


def night(
    scene: str, lux: float, sensor: str, size: tuple[int, int], *, frames: int = 8, darker_ev: float = 0.7, **knobs
) -> tuple[list[RawFrame], np.ndarray]:
    """Still frames of a scene in this light, so much darker than metered, and (H, W, 3) linear truth.

    Metered in good light and lengthened as far as LONGEST_US and LARGEST_GAIN allow.
    """
    well_lit, _ = simulate(scene, sensor, *size, **knobs)
    product_us = well_lit.shot.exposure_us * well_lit.shot.analogue_gain * well_lit.shot.lux / lux / 2.0**darker_ev
    exposure_us = min(product_us, LONGEST_US)
    facts = dict(lux=lux, exposure_us=round(exposure_us), analogue_gain=min(product_us / exposure_us, LARGEST_GAIN))
    shots = [simulate(scene, sensor, *size, frame_number=number, **facts, **knobs) for number in range(frames)]
    return [frame for frame, _ in shots], shots[0][1].linear

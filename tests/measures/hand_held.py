"""Bursts of a scene that is known at every point, so that any movement of the camera is exact; and how good a merge is.

A scene is a function of rows and columns in pixels of the unmoved frame, anywhere between them, giving linear sRGB.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from measures.exposed import MIDDLE
from measures.merge_quality import decibels, linear, worst_block

from firmware.cameras.simulation.bad_pixels import scatter_bad_pixels
from firmware.cameras.simulation.sensor_physics import Converter, light_on_pixels, read_out
from firmware.sensors import load_sensor
from isp.burst.align import Shifts
from isp.burst.hand import Hand
from isp.burst.places import PITCH_PX, places_of
from isp.frames import RawFrame, Shot

Scene = Callable[[np.ndarray, np.ndarray], np.ndarray]


@dataclass(frozen=True)
class Move:
    """Where the camera has gone: the picture moves by (down, across) pixels and turns around its middle."""

    down: float = 0.0
    across: float = 0.0
    degrees: float = 0.0

    def forth(self, y: np.ndarray, x: np.ndarray, shape: tuple[int, int]) -> tuple[np.ndarray, np.ndarray]:
        """Where in the moved frame that lies which was at (y, x)."""
        cosine, sine, middle_y, middle_x = self._turn(shape)
        y, x = y - middle_y, x - middle_x
        return cosine * y - sine * x + middle_y + self.down, sine * y + cosine * x + middle_x + self.across

    def back(self, y: np.ndarray, x: np.ndarray, shape: tuple[int, int]) -> tuple[np.ndarray, np.ndarray]:
        """What of the unmoved frame the moved one shows at (y, x)."""
        cosine, sine, middle_y, middle_x = self._turn(shape)
        y, x = y - middle_y - self.down, x - middle_x - self.across
        return cosine * y + sine * x + middle_y, cosine * x - sine * y + middle_x

    def _turn(self, shape: tuple[int, int]) -> tuple[float, float, float, float]:
        angle = math.radians(self.degrees)
        return math.cos(angle), math.sin(angle), (shape[0] - 1) / 2, (shape[1] - 1) / 2


def hand_path(frames: int, seed: int, reach_px: float = 30.0, degrees: float = 0.5) -> list[Move]:
    """A hand that drifts away from the first frame, by fractions of pixels, turning as it goes."""
    rng = np.random.default_rng(seed)
    moves = [Move()]
    for number in range(1, frames):
        angle, away = rng.uniform(0, 2 * math.pi), reach_px * number / (frames - 1)
        moves.append(Move(away * math.sin(angle), away * math.cos(angle), rng.uniform(-degrees, degrees)))
    return moves


def textured(seed: int = 1, finest: float = 0.12, contrast: float = 0.5, waves: int = 24) -> Scene:
    """Waves of all directions up to `finest` per pixel, the fine ones weaker; the colours do not go together."""
    rng = np.random.default_rng(seed)
    per_pixel = rng.uniform(0.01, finest, waves)
    angle, phase = rng.uniform(0, 2 * math.pi, waves), rng.uniform(0, 2 * math.pi, (waves, 3))
    height = 1 / per_pixel / math.sqrt(np.sum(0.5 / per_pixel**2))

    def draw(y: np.ndarray, x: np.ndarray) -> np.ndarray:
        y, x = y.astype(np.float32), x.astype(np.float32)
        picture = np.zeros((3, *np.broadcast_shapes(y.shape, x.shape)), np.float32)
        for wave in range(waves):
            turns = 2 * math.pi * per_pixel[wave]
            along = np.float32(turns * math.sin(angle[wave])) * y + np.float32(turns * math.cos(angle[wave])) * x
            sine, cosine = np.float32(height[wave]) * np.sin(along), np.float32(height[wave]) * np.cos(along)
            for colour in range(3):
                shift = 0.3 * phase[wave, colour]
                picture[colour] += np.float32(math.cos(shift)) * sine + np.float32(math.sin(shift)) * cosine
        return np.clip(0.3 * (1 + contrast * np.moveaxis(picture, 0, -1)), 0.01, 0.95)

    return draw


def flat(level: float = 0.3) -> Scene:
    """The same grey everywhere."""
    return lambda y, x: np.full((*np.broadcast_shapes(y.shape, x.shape), 3), level)


def drawn(scene: Scene, shape: tuple[int, int], move: Move = Move()) -> np.ndarray:
    """(H, W, 3) linear sRGB: the scene as the moved camera sees it."""
    y, x = np.meshgrid(np.arange(shape[0], dtype=float), np.arange(shape[1], dtype=float), indexing="ij")
    return scene(*move.back(y, x, shape)).astype(np.float32)


def true_shifts(shape: tuple[int, int], move: Move = Move()) -> Shifts:
    """What a perfect alignment would find."""
    rows, columns = places_of(shape)
    y, x = np.meshgrid(PITCH_PX * np.arange(rows) - 0.5, PITCH_PX * np.arange(columns) - 0.5, indexing="ij")
    there_y, there_x = move.forth(y, x, shape)
    px = np.stack([there_y - y, there_x - x], axis=-1).astype(np.float32)
    hand = Hand(
        shift_px=(move.down, move.across),
        turn=-math.radians(move.degrees),
        middle_px=((shape[0] - 1) / 2, (shape[1] - 1) / 2),
    )
    return Shifts(px=px, trust=np.ones((rows, columns), np.float32), explained=1.0, hand=hand)


def exposure(
    picture: np.ndarray,
    number: int = 0,
    *,
    sensor: str = "imx477",
    gain: float = 8.0,
    seed: int = 1,
    bad_pixels: float = 0.0,
) -> tuple[RawFrame, np.ndarray]:
    """The raw frame of (H, W, 3) linear sRGB, and (H, W) float64 the light it measures: 0 black, 1 saturation."""
    facts = _facts_of(sensor)
    mode = facts.modes[0]
    model, converter = facts.noise_at(gain, mode), Converter.of(facts.tuning, mode.bits)
    shape = picture.shape[:2]
    planes = [np.ascontiguousarray(picture[..., colour]) for colour in range(3)]
    light = light_on_pixels(planes, shape, facts.bayer, facts.tuning, 5000.0, MIDDLE)
    truth = np.clip(light.astype(np.float64), 0.0, 1.0)
    flaws = scatter_bad_pixels(bad_pixels, shape, seed)
    light.reshape(-1)[flaws.dead] *= flaws.dead_answers
    generator = np.random.Generator(np.random.SFC64([seed, number]))
    shot = Shot(
        sensor=facts.name,
        bayer=facts.bayer,
        black_dn=(float(converter.black_dn),) * 4,
        white_dn=float(converter.white_dn),
        timestamp_ns=1000 * (number + 1),
        wall_time_ns=0,
        exposure_us=10000.0,
        analogue_gain=gain,
        noise=model,
        field_of_view=MIDDLE,
    )
    return RawFrame(read_out(light, 1.0, model, converter, flaws, generator), shot), truth


def gained_db(merged: RawFrame, reference: RawFrame, truth: np.ndarray, where: tuple = np.s_[:]) -> float:
    """By how much the merged mosaic is nearer to the truth than the reference."""
    error, before = (np.square((linear(frame) - truth)[where]) for frame in (merged, reference))
    return decibels(error, before)


def worst_block_db(merged: RawFrame, reference: RawFrame, truth: np.ndarray) -> float:
    """By how much the merge is worse than the reference in the worst 32 x 32 block, at any half block's place."""
    error, before = (np.square(linear(frame) - truth) for frame in (merged, reference))
    return worst_block(error, before, reference)[0]


def ghost_share(merged: RawFrame, truth: np.ndarray, others: Sequence[np.ndarray]) -> float:
    """How much of another frame's object shows in the merge: 0 nothing, 1 all of it; the worst of all others."""
    error = linear(merged) - truth
    shares = [0.0]
    for other in others:
        change = other - truth
        if np.any(change):
            shares.append(float(np.sum(error * change) / np.sum(change**2)))
    return max(shares)


_facts_of = functools.cache(load_sensor)

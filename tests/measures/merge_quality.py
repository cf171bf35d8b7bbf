"""How much better is a merged frame than its reference frame, and is it anywhere worse? Judged against the truth."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from measures.bursts import TrueBurst

from isp.burst.places import PITCH_PX
from isp.frames import RawFrame

BLOCK_PX = 32
# A local contrast from quad to quad of this many times the quads' noise is texture; below the lower one it is flat.
TEXTURED, FLAT = 1.0, 0.25
# Fainter differences between frames than this share of saturation are not an object.
OBJECT = 0.002


@dataclass(frozen=True)
class MergeQuality:
    """What became of a burst.

    gain_db        PSNR of the merged mosaic above that of the reference frame, both against the truth: all pixels
    textured_db    the same where the truth's contrast is above the noise, among what all frames show; nan if nothing is
    flat_db        the same where it is far below the noise
    worst_block_db by how much the worst block of 32 x 32 is worse than in the reference frame; below 0 it is better
    worst_at       (y, x) of that block's top left pixel
    correlation    of the error with what the other frames show otherwise, 0..1: a ghost's signature
    chance         standard deviation of that correlation where there is nothing but noise
    leak           the share of one other frame's object that is left in the merged frame, of the worst frame
    """

    gain_db: float
    textured_db: float
    flat_db: float
    worst_block_db: float
    worst_at: tuple[int, int]
    correlation: float
    chance: float
    leak: float

    def line(self) -> str:
        """For tables."""
        return (
            f"{self.gain_db:6.2f} dB  textured {self.textured_db:6.2f}  flat {self.flat_db:6.2f}  "
            f"worst block {self.worst_block_db:+6.2f} at {self.worst_at!s:12}  "
            f"ghost {100 * self.correlation:5.2f} % (chance {100 * self.chance:4.2f})  leak {100 * self.leak:5.2f} %"
        )


def linear(frame: RawFrame) -> np.ndarray:
    """(H, W) float32: 0 = black, 1 = saturation."""
    black = np.asarray(frame.shot.black_dn, np.float32).reshape(2, 2)
    height, width = frame.pixels.shape
    black = np.tile(black, (-(-height // 2), -(-width // 2)))[:height, :width]
    return (frame.pixels - black) / (np.float32(frame.shot.white_dn) - black)


def reference_of(burst: TrueBurst, merged: RawFrame) -> int:
    """Number of the frame that the merged one looks like: it carries its timestamp."""
    return [frame.shot.timestamp_ns for frame in burst.frames].index(merged.shot.timestamp_ns)


def judged(burst: TrueBurst, merged: RawFrame, ghosts: bool = True) -> MergeQuality:
    """The merged frame beside its reference. Without `ghosts` those figures are 0 (they take long)."""
    number = reference_of(burst, merged)
    truth, reference = burst.clean[number], burst.frames[number]
    error, before = (np.square(linear(frame) - truth, dtype=np.float64) for frame in (merged, reference))
    contrast = contrast_in_noise(truth, reference)
    seen = seen_by_all(burst, number)
    worst, at = worst_block(error, before, reference)
    correlation, chance, leak = ghost(burst, linear(merged) - truth, number) if ghosts else (0.0, 0.0, 0.0)
    return MergeQuality(
        gain_db=decibels(error, before),
        textured_db=decibels(error, before, seen & (contrast >= TEXTURED)),
        flat_db=decibels(error, before, seen & (contrast <= FLAT)),
        worst_block_db=worst,
        worst_at=at,
        correlation=correlation,
        chance=chance,
        leak=leak,
    )


def decibels(error: np.ndarray, before: np.ndarray, where: np.ndarray | None = None) -> float:
    """By how much squared errors became less, in dB; nan where hardly a pixel is left to tell."""
    if where is not None:
        error, before = error[where], before[where]
    return float(10 * np.log10(before.mean() / error.mean())) if error.size >= BLOCK_PX**2 else float("nan")


def contrast_in_noise(truth: np.ndarray, frame: RawFrame) -> np.ndarray:
    """(H, W): root mean square step between 2 x 2 quads around each pixel, in units of the quads' noise."""
    quads = _quads(truth)
    noise = frame.shot.noise
    variance = (noise.shot * np.maximum(quads, 0) + noise.read) / 4
    down, across = np.gradient(quads)
    steps = _box_means(np.square(down) + np.square(across), 9) / _box_means(variance, 9)
    return np.sqrt(np.maximum(steps, 0)).repeat(2, axis=0).repeat(2, axis=1)


def seen_by_all(burst: TrueBurst, reference: int) -> np.ndarray:
    """(H, W) bool: what every frame shows, half a tile inside its edges."""
    shifts = np.stack([burst.shifts_from(reference, number) for number in range(len(burst.frames))])
    inside = []
    for axis, length in enumerate(burst.eye.shape):
        first = PITCH_PX + max(0.0, -shifts[..., axis].min())
        last = length - PITCH_PX - max(0.0, shifts[..., axis].max())
        inside.append((np.arange(length) >= first) & (np.arange(length) < last))
    return inside[0][:, None] & inside[1]


def worst_block(error: np.ndarray, before: np.ndarray, reference: RawFrame) -> tuple[float, tuple[int, int]]:
    """(dB, (y, x)) of the block that lost most. Blocks overlap by half; what rounding explains is no loss."""
    rounding = 1 / 12 / (reference.shot.white_dn - max(reference.shot.black_dn)) ** 2
    now, then = (_blocks(squares) + rounding for squares in (error, before))
    lost = 10 * np.log10(now / then)
    row, column = np.unravel_index(np.argmax(lost), lost.shape)
    return float(lost[row, column]), (int(row) * BLOCK_PX // 2, int(column) * BLOCK_PX // 2)


def ghost(burst: TrueBurst, residual: np.ndarray, reference: int) -> tuple[float, float, float]:
    """Of a (H, W) residual: correlation with all others' objects together, its chance, largest share of one of them.

    Where the hand moved, detail that interpolation softened is no ghost; that part of the residual is set aside.
    """
    detail = _detail(burst.clean[reference])
    together, leaks = np.zeros_like(residual), [0.0]
    for number, pose in enumerate(burst.poses):
        # Without a hand the frames themselves tell, blurred and black ones too.
        still = pose == burst.poses[reference]
        other = burst.clean[number] if still else burst.as_if(reference, number)
        alone = other - burst.clean[reference]
        there = np.abs(alone) >= OBJECT
        together[there] += alone[there]
        if number != reference and there.any():
            here, objects = _beside(None if still else detail[there], residual[there], alone[there])
            leaks.append(abs(here @ objects) / (objects @ objects))
    there = together != 0
    if not there.any():
        return 0.0, 0.0, 0.0
    moved = any(pose != burst.poses[0] for pose in burst.poses)
    here, objects = _beside(detail[there] if moved else None, residual[there], together[there])
    energy = np.square(objects)
    correlation = abs(here @ objects) / np.sqrt((here @ here) * energy.sum())
    return float(correlation), float(np.sqrt(energy @ energy) / energy.sum()), float(max(leaks))


def _detail(truth: np.ndarray) -> np.ndarray:
    """(H, W): what of a mosaic is finer than a few pixels of one colour."""
    detail = np.empty_like(truth)
    for top, left in ((0, 0), (0, 1), (1, 0), (1, 1)):
        plane = truth[top::2, left::2]
        detail[top::2, left::2] = plane - _box_means(plane, 5)
    return detail


def _beside(detail: np.ndarray | None, *values: np.ndarray) -> list[np.ndarray]:
    """The values without what of them goes with the detail."""
    values = [value.astype(np.float64) for value in values]
    if detail is None:
        return values
    detail = detail.astype(np.float64)
    return [value - detail * ((value @ detail) / max(detail @ detail, 1e-12)) for value in values]


def aligned_average(burst: TrueBurst, reference: int = 0, frames: Sequence[int] | None = None) -> np.ndarray:
    """(H, W) float32 linear: the plain mean of all frames, each moved back by its true shift to the nearest quad.

    What a merge must equal where nothing moves, and must not be where something does.
    """
    height, width = burst.eye.shape
    total = np.zeros(burst.eye.shape, np.float32)
    numbers = range(len(burst.frames)) if frames is None else frames
    for number in numbers:
        shifts = 2 * np.round(burst.shifts_from(reference, number) / 2).astype(np.intp)
        # The place nearest to each pixel.
        y, x = (((np.arange(length) + PITCH_PX // 2) // PITCH_PX) for length in (height, width))
        near = shifts[y[:, None], x]
        rows = _held(np.arange(height)[:, None] + near[..., 0], height)
        columns = _held(np.arange(width) + near[..., 1], width)
        total += linear(burst.frames[number])[rows, columns]
    return total / len(numbers)


def as_raw(picture: np.ndarray, like: RawFrame, finer: int = 15) -> RawFrame:
    """A linear picture as counts on a finer scale, with the facts of `like`."""
    from dataclasses import replace

    black, white = like.shot.black_dn[0] * finer, like.shot.white_dn * finer
    counts = np.clip(np.round(picture * (white - black) + black), 0, 65535).astype(np.uint16)
    return RawFrame(counts, replace(like.shot, black_dn=(black,) * 4, white_dn=white))


def _held(at: np.ndarray, length: int) -> np.ndarray:
    """Indices held inside the frame, at their own colour."""
    return np.where(at < 0, at % 2, np.where(at >= length, length - 2 + at % 2, at))


def _quads(mosaic: np.ndarray) -> np.ndarray:
    height, width = mosaic.shape
    return mosaic.reshape(height // 2, 2, width // 2, 2).mean(axis=(1, 3))


def _blocks(squares: np.ndarray) -> np.ndarray:
    """Means of all whole blocks, half a block apart."""
    half = BLOCK_PX // 2
    height, width = (length // half for length in squares.shape)
    halves = squares[: height * half, : width * half].reshape(height, half, width, half).mean(axis=(1, 3))
    return (halves[:-1, :-1] + halves[1:, :-1] + halves[:-1, 1:] + halves[1:, 1:]) / 4


def _box_means(plane: np.ndarray, side: int) -> np.ndarray:
    """Mean over a square of `side` (odd) around each pixel; the edges repeat."""
    reach = side // 2
    sums = np.pad(np.pad(plane.astype(np.float64), reach, mode="edge"), ((1, 0), (1, 0))).cumsum(0).cumsum(1)
    return (sums[side:, side:] - sums[:-side, side:] - sums[side:, :-side] + sums[:-side, :-side]) / side**2

"""Simulated bursts with their truth, for measuring night mode where there is no tests folder."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from firmware.cameras.simulated import simulate
from firmware.sensors import Sensor, SensorMode, load_sensor
from isp.frames import RawFrame

GAIN = 16.0
# How far the hand has moved the picture by the end of the burst, as far as the simulated hand can.
PATH_PX = 30.0
FASTEST_PX_PER_S = 100.0
BLOCK_PX = 32


@dataclass(frozen=True)
class NightScene:
    """One burst that can be taken frame by frame; the same frames every time."""

    scene: str
    sensor: Sensor
    mode: SensorMode
    frames: int
    hand_held: bool
    _exposure: dict[str, Any] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        metered, _ = simulate(self.scene, self.sensor.name, self.mode.width, self.mode.height)
        product_us = metered.shot.exposure_us * metered.shot.analogue_gain
        exposure = {"exposure_us": max(1, round(product_us / GAIN)), "analogue_gain": GAIN}
        object.__setattr__(self, "_exposure", exposure)

    def frame(self, number: int, noise: bool = True) -> RawFrame:
        """Frame `number`; without noise it is the truth of the other."""
        burst_s = self.frames / self.mode.frames_per_second
        shake = min(PATH_PX / burst_s, FASTEST_PX_PER_S) if self.hand_held else 0.0
        frame, _ = simulate(
            self.scene,
            self.sensor.name,
            self.mode.width,
            self.mode.height,
            frame_number=number,
            handshake_px=shake,
            bad_pixels=0.0,
            noise=noise,
            **self._exposure,
        )
        return frame

    def taken(self, drawn: Callable[[], None]) -> list[RawFrame]:
        """All frames; `drawn` is told of each."""
        frames = []
        for number in range(self.frames):
            frames.append(self.frame(number))
            drawn()
        return frames


def mode_of_size(sensor: str, megapixels: float) -> tuple[Sensor, SensorMode]:
    """The sensor, and its mode whose size comes nearest."""
    facts = load_sensor(sensor)
    return facts, min(facts.modes, key=lambda mode: abs(mode.width * mode.height / 1e6 - megapixels))


def gain_over(merged: RawFrame, reference: RawFrame, truth: RawFrame) -> tuple[float, float]:
    """(PSNR gain, worst block of 32 x 32 px) of a merged frame over its reference, in dB; above 0 is better in both."""
    clean = _linear(truth)
    squares = [np.square(_linear(frame) - clean, dtype=np.float64) for frame in (reference, merged)]
    # What lies below the converter's step in both is no difference.
    step = 1 / 12 / (reference.shot.white_dn - reference.shot.black_dn[0]) ** 2
    before, after = (_block_means(square) + step for square in squares)
    return (
        float(10 * np.log10(squares[0].mean() / squares[1].mean())),
        float(10 * np.log10(np.min(before / after))),
    )


def _linear(frame: RawFrame) -> np.ndarray:
    black = frame.shot.black_dn[0]
    return (frame.pixels - np.float32(black)) / np.float32(frame.shot.white_dn - black)


def _block_means(plane: np.ndarray) -> np.ndarray:
    height, width = (length // BLOCK_PX for length in plane.shape)
    whole = plane[: height * BLOCK_PX, : width * BLOCK_PX]
    return whole.reshape(height, BLOCK_PX, width, BLOCK_PX).mean(axis=(1, 3))

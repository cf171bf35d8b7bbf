"""Hand-held bursts for a zoom, and their truth on a finer grid: what a sensor with smaller pixels would have seen."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from measures.bursts import FRAME_NS, Pose, TrueBurst, burst_of, hand_held
from measures.passers_by import Ball, Lamp, Occluder
from measures.zoom_scenes import fine_points, seen_through

from firmware.cameras.simulation.motion import HandPath
from firmware.cameras.simulation.sensor_physics import camera_matrix, shading_on_pixels
from firmware.sensors import load_sensor
from isp.frames import RawFrame
from isp.zoom.crop import Crop

LIGHT, LIGHT_K = 0.7, 5000.0
LENS_PX = 0.35  # a sharp lens in its middle: half of the contrast is left at half a cycle per pixel
PATH_PX, ROLL_DEGREES = 8.0, 0.15  # a still hand's way in a third of a second
MARGIN_PX = 24  # beyond the frame, for the hand and the filters
ISO_OF_GAIN_1 = 100


@dataclass(frozen=True)
class SeenBroadly:
    """Something that moves, seen by pixels whose sensitive part is `width_px` wide: `thing` itself is drawn sharply."""

    thing: Ball | Occluder | Lamp
    width_px: float

    @property
    def colour(self) -> tuple[float, float, float]:
        """Its colour."""
        return self.thing.colour

    def shown(self, number: int, y: np.ndarray, x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """The mean of four points of the pixel; see `passers_by`."""
        away = np.float32(self.width_px / 4)
        points = [self.thing.shown(number, y + down, x + across) for down in (-away, away) for across in (-away, away)]
        return tuple(np.mean(shares, axis=0, dtype=np.float32) for shares in zip(*points, strict=True))


@dataclass(frozen=True)
class ZoomCase:
    """A burst for the zoom, and all that is known of it. Colours are the camera's own, 0..1 of saturation."""

    burst: TrueBurst
    points: np.ndarray  # see `zoom_scenes.fine_points`
    lens_px: float
    aperture_px: float
    things: Sequence[Ball | Occluder | Lamp]

    @property
    def crop(self) -> Crop:
        """All of the frame: for tests a crop is a frame."""
        return Crop(0, 0, *self.burst.eye.shape)

    @cached_property
    def gains(self) -> np.ndarray:
        """(3,) float32: what the camera's colours are multiplied by to make white white."""
        red, blue = self.burst.eye.facts.tuning.grey_at(LIGHT_K)
        return np.array([1 / red, 1.0, 1 / blue], np.float32)

    def numbered(self, frame: RawFrame) -> int:
        """Of the burst's frames, the one whose moment and place this picture shows."""
        return [each.shot.timestamp_ns for each in self.burst.frames].index(frame.shot.timestamp_ns)

    def truth(self, factor: float, number: int) -> np.ndarray:
        """(factor H, factor W, 3) float32: what pixels that are `factor` times as fine would see of frame `number`."""
        eye, pose = self.burst.eye, self.burst.poses[number]
        shape = tuple(round(length * factor) for length in eye.shape)
        matrix = camera_matrix(eye.facts.tuning, LIGHT_K)
        scene = seen_through(self.points, MARGIN_PX, self.lens_px, self.aperture_px, factor).in_colours(matrix)
        y, x = ((np.arange(length, dtype=np.float32) + 0.5) / np.float32(factor) for length in shape)
        y, x = (place.astype(np.float32) for place in pose.seen(y[:, None], x[None, :], eye.middle))
        shading = eye.facts.tuning.shading_at(LIGHT_K)
        truth = np.empty((*shape, 3), np.float32)
        for colour in range(3):
            seen = scene.at(colour, y, x)
            for thing in self.things:
                covered, given = SeenBroadly(thing, self.aperture_px / factor).shown(number, y, x)
                seen += given * np.float32(matrix[colour] @ thing.colour) - covered * seen
            if shading is not None:
                seen /= shading_on_pixels(shading[colour], shape, eye.field_of_view)
            truth[..., colour] = seen
        return np.clip(truth * np.float32(eye.light), 0, 1)


def zoom_burst(
    scene: str,
    frames: int = 8,
    iso: int = 100,
    *,
    lens_px: float = LENS_PX,
    aperture_px: float = 1.0,
    shape: tuple[int, int] = (256, 384),
    light: float = LIGHT,
    poses: Sequence[Pose] | None = None,
    things: Sequence[Ball | Occluder | Lamp] = (),
    noise_told: float = 1.0,
    seed: int = 1,
    **more: object,
) -> ZoomCase:
    """A burst of imx477 frames of a scene of `zoom_scenes`.

    aperture_px  width of the part of a pixel that sees: 1 as on a good sensor, 0 as where pictures are point-sampled
    noise_told   the frames say that their noise is so many times what it is (deviation)
    more         as `measures.bursts.burst_of` has it
    """
    poses = poses or hand_held(frames, PATH_PX, ROLL_DEGREES, seed)
    points = fine_points(scene, shape, MARGIN_PX)
    seen = seen_through(points, MARGIN_PX, lens_px, aperture_px, factor=1)
    objects = [SeenBroadly(thing, aperture_px) for thing in things]
    burst = burst_of(
        seen, frames, poses=poses, objects=objects, gain=iso / ISO_OF_GAIN_1, light=light, shape=shape,
        light_k=LIGHT_K, seed=seed, **more,
    )  # fmt: skip
    burst = replace(burst, frames=[_told(frame, noise_told) for frame in burst.frames])
    return ZoomCase(burst, points, lens_px, aperture_px, things)


def tremor(frames: int, px_per_s: float, seed: int, exposed: float = 0.0) -> list[Pose]:
    """The path of the simulated camera's hand, at the speed of video; `exposed` is the share of the time it blurs."""
    hand, every_s = HandPath(px_per_s, seed), FRAME_NS / 1e9
    poses = []
    for number in range(frames):
        middle_s, half_s = number * every_s, exposed * every_s / 2
        before, after = (np.array(hand.shift_at(middle_s + moment)) for moment in (-half_s, half_s))
        poses.append(Pose(hand.shift_at(middle_s), smear_px=tuple(float(way) for way in after - before)))
    return poses


def shaken(poses: Sequence[Pose], smears_px: Mapping[int, tuple[float, float]]) -> list[Pose]:
    """The same path, but while these frames were exposed the hand moved on by so much."""
    return [replace(pose, smear_px=smears_px.get(number, (0.0, 0.0))) for number, pose in enumerate(poses)]


def tripod(frames: int) -> list[Pose]:
    """Nothing moves."""
    return [Pose()] * frames


def _told(frame: RawFrame, times: float) -> RawFrame:
    """With this noise, and with the white balance that a camera tells: the peers are given the same."""
    noise = frame.shot.noise
    other = replace(noise, shot=noise.shot * times**2, read=noise.read * times**2)
    red, blue = load_sensor(frame.shot.sensor).tuning.grey_at(LIGHT_K)
    return RawFrame(frame.pixels, replace(frame.shot, noise=other, colour_gains=(1 / red, 1 / blue)))

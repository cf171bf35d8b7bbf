"""Bursts of raw frames with their truth: what each would be without noise, and where the hand had moved it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from measures.exposed import MIDDLE
from measures.passers_by import Ball, Lamp, Occluder
from measures.scenery import ENLARGED, LENS_PX, Scenery, scenery

from firmware.cameras.simulation.bad_pixels import scatter_bad_pixels
from firmware.cameras.simulation.sensor_physics import Converter, camera_matrix, read_out, shading_on_pixels
from firmware.sensors import Sensor, load_sensor
from isp.burst.places import PITCH_PX, places_of
from isp.frames import RawFrame, Shot

SHAPE = (768, 1024)
FRAME_NS = 40_000_000  # from one frame to the next: 25 frames per second
TREMOR_BANDS = 4
SMEAR_MOMENTS = 5  # so many pictures in one are as good as a smooth smear of up to two pixels


@dataclass(frozen=True)
class Pose:
    """Where the hand holds the camera: the picture lies moved by (y, x) px and turned about the frame's middle.

    While the frame is exposed it moves on by `smear_px` (y, x), half of it before that place and half after it.
    """

    moved_px: tuple[float, float] = (0.0, 0.0)
    roll_degrees: float = 0.0
    smear_px: tuple[float, float] = (0.0, 0.0)

    def moments(self) -> list[Pose]:
        """Where the hand is during the exposure, evenly spread."""
        if self.smear_px == (0.0, 0.0):
            return [self]
        parts = [(moment + 0.5) / SMEAR_MOMENTS - 0.5 for moment in range(SMEAR_MOMENTS)]
        moved = [
            tuple(at + part * smear for at, smear in zip(self.moved_px, self.smear_px, strict=True)) for part in parts
        ]
        return [Pose(each, self.roll_degrees) for each in moved]

    def seen(self, y: np.ndarray, x: np.ndarray, middle: tuple[float, float]) -> tuple[np.ndarray, np.ndarray]:
        """The places of the scene that are seen at these places of the frame."""
        down, across = y - (self.moved_px[0] + middle[0]), x - (self.moved_px[1] + middle[1])
        cosine, sine = np.cos(np.radians(self.roll_degrees)), np.sin(np.radians(self.roll_degrees))
        return cosine * down + sine * across + middle[0], cosine * across - sine * down + middle[1]

    def shown(self, y: np.ndarray, x: np.ndarray, middle: tuple[float, float]) -> tuple[np.ndarray, np.ndarray]:
        """The places of the frame that show these places of the scene."""
        down, across = y - middle[0], x - middle[1]
        cosine, sine = np.cos(np.radians(self.roll_degrees)), np.sin(np.radians(self.roll_degrees))
        return (
            cosine * down - sine * across + middle[0] + self.moved_px[0],
            cosine * across + sine * down + middle[1] + self.moved_px[1],
        )


@dataclass(frozen=True)
class Eye:
    """Sensor and lens: what a pose and a moment of the scene give as light on the pixels."""

    scene: Scenery  # in the camera's own colours
    objects: Sequence[Ball | Occluder | Lamp]
    facts: Sensor
    shape: tuple[int, int]
    light: float
    light_k: float
    field_of_view: tuple[float, float, float, float]

    @property
    def middle(self) -> tuple[float, float]:
        """(y, x) of the frame's middle."""
        return self.shape[0] / 2, self.shape[1] / 2

    def light_at(self, pose: Pose, number: int) -> np.ndarray:
        """(H, W) float32: signal of each pixel, 1 = saturation and more beyond; objects as they are in that frame."""
        return np.mean([self._light_in(moment, number) for moment in pose.moments()], axis=0, dtype=np.float32)

    def _light_in(self, pose: Pose, number: int) -> np.ndarray:
        matrix = camera_matrix(self.facts.tuning, self.light_k)
        shading = self.facts.tuning.shading_at(self.light_k)
        light = np.empty(self.shape, np.float32)
        for index, letter in enumerate(self.facts.bayer):
            top, left = divmod(index, 2)
            rows, columns = np.s_[top::2], np.s_[left::2]
            y = (np.arange(self.shape[0])[rows] + 0.5)[:, None]
            x = (np.arange(self.shape[1])[columns] + 0.5)[None, :]
            y, x = (place.astype(np.float32) for place in pose.seen(y, x, self.middle))
            colour = "RGB".index(letter)
            seen = self.scene.at(colour, y, x)
            for thing in self.objects:
                covered, given = thing.shown(number, y, x)
                seen += given * np.float32(matrix[colour] @ thing.colour) - covered * seen
            if shading is not None:
                seen /= shading_on_pixels(shading[colour], self.shape, self.field_of_view, rows, columns)
            light[rows, columns] = seen
        return np.maximum(light * np.float32(self.light), 0)


@dataclass(frozen=True)
class TrueBurst:
    """Frames and their truth.

    frames  raw frames, in the order of their timestamps
    clean   of each frame: (H, W) float32 linear light without noise and hot pixels, 0 = black, 1 = saturation
    poses   of each frame: where the hand held the camera
    """

    frames: list[RawFrame]
    clean: list[np.ndarray]
    poses: list[Pose]
    eye: Eye

    @cached_property
    def shifts(self) -> list[np.ndarray]:
        """Of each frame: the true shifts from frame 0, see `shifts_from`."""
        return [self.shifts_from(0, number) for number in range(len(self.frames))]

    def shifts_from(self, reference: int, number: int) -> np.ndarray:
        """(rows, columns, 2) float32 at the places: what the reference shows at (y, x) lies at (y + dy, x + dx)."""
        rows, columns = places_of(self.eye.shape)
        y, x = np.mgrid[: rows * PITCH_PX : PITCH_PX, : columns * PITCH_PX : PITCH_PX].astype(np.float64)
        seen = self.poses[reference].seen(y, x, self.eye.middle)
        lies = self.poses[number].shown(*seen, self.eye.middle)
        return np.stack([lies[0] - y, lies[1] - x], axis=-1).astype(np.float32)

    def as_if(self, reference: int, number: int) -> np.ndarray:
        """(H, W) clean light of the reference if the objects had been as they are in frame `number`."""
        return np.minimum(self.eye.light_at(self.poses[reference], number), 1.0)


def hand_held(frames: int, path_px: float, roll_degrees: float, seed: int) -> list[Pose]:
    """A smooth random path: the farthest frame lies `path_px` from the first, the farthest roll is `roll_degrees`."""
    rng = np.random.default_rng([seed, 7])
    turns = rng.uniform(0.2, 1.6, (3, TREMOR_BANDS, 1))  # of each wave during the burst
    waves = np.sin(2 * np.pi * (turns * np.linspace(0, 1, frames) + rng.uniform(0, 1, (3, TREMOR_BANDS, 1))))
    away = (waves / turns).sum(axis=1)
    away -= away[:, :1]
    farthest = max(np.hypot(away[0], away[1]).max(), 1e-9)
    moved, rolled = away[:2] * (path_px / farthest), away[2] * (roll_degrees / max(np.abs(away[2]).max(), 1e-9))
    return [Pose((float(y), float(x)), float(roll)) for y, x, roll in zip(*moved, rolled, strict=True)]


def burst_of(
    scene: str | Scenery,
    frames: int,
    *,
    path_px: float = 0.0,
    roll_degrees: float = 0.0,
    poses: Sequence[Pose] | None = None,
    objects: Sequence[Ball | Occluder | Lamp] = (),
    sensor: str = "imx477",
    gain: float = 16.0,
    light: float = 0.5,
    lens_px: float = LENS_PX,
    enlarged: float = ENLARGED,
    shape: tuple[int, int] = SHAPE,
    blurred: Mapping[int, int] | None = None,
    black: Sequence[int] = (),
    hot: Mapping[int, float] | None = None,
    bad_pixels: float = 0.0,
    light_k: float = 5000.0,
    field_of_view: tuple[float, float, float, float] = MIDDLE,
    seed: int = 1,
) -> TrueBurst:
    """A burst of the sensor's largest mode, cut to `shape` (even).

    scene       a name of `scenery`, or a Scenery of this shape
    path_px     how far the farthest frame lies from the first; or give the `poses` themselves
    light       signal of a white reflector on a green pixel; 1 saturates it
    lens_px, enlarged   see `scenery`; 1.0 is as sharp as a mosaic can be, 2.0 as the simulated camera shows photographs
    blurred     frame number -> how many pixels its picture was smeared sideways while it was exposed
    black       numbers of frames that saw nothing
    hot         frame number -> share of its pixels that are bad in it alone
    bad_pixels  share of pixels that are bad in all frames
    """
    facts = load_sensor(sensor)
    poses = list(poses or hand_held(frames, path_px, roll_degrees, seed))
    seen = scenery(scene, shape, _margin(shape, poses), lens_px, enlarged) if isinstance(scene, str) else scene
    seen = seen.in_colours(camera_matrix(facts.tuning, light_k))
    eye = Eye(seen, objects, facts, shape, light, light_k, field_of_view)
    lights = _lights(eye, poses, blurred or {}, black)
    taken = [
        _taken(light, eye, number, gain, bad_pixels, (hot or {}).get(number, 0.0), seed)
        for number, light in enumerate(lights)
    ]
    return TrueBurst(taken, [np.minimum(light, 1.0) for light in lights], poses, eye)


def _margin(shape: tuple[int, int], poses: Sequence[Pose]) -> int:
    """How far beyond a still frame the poses look, in pixels, and a little more for the filters."""
    moved = max(max(map(abs, pose.moved_px)) for pose in poses)
    rolled = max(abs(np.sin(np.radians(pose.roll_degrees))) for pose in poses) * max(shape) / 2
    return int(np.ceil(moved + rolled)) + 8


def _lights(eye: Eye, poses: Sequence[Pose], blurred: Mapping[int, int], black: Sequence[int]) -> list[np.ndarray]:
    """Light on the pixels in each frame; where nothing has moved it is looked at once."""
    lights: list[np.ndarray] = []
    for number, pose in enumerate(poses):
        same = lights and not eye.objects and pose == poses[0]
        lights.append(lights[0] if same else eye.light_at(pose, number))
    for number, smear_px in blurred.items():
        places = range(-(smear_px // 4), smear_px // 4 + 1)  # in steps of 2 px: colours keep their pixels
        lights[number] = np.mean([np.roll(lights[number], 2 * place, axis=1) for place in places], axis=0)
    for number in black:
        lights[number] = np.zeros_like(lights[number])
    return lights


def _taken(light: np.ndarray, eye: Eye, number: int, gain: float, bad_pixels: float, hot: float, seed: int) -> RawFrame:
    mode = eye.facts.modes[0]
    converter = Converter.of(eye.facts.tuning, mode.bits)
    noise = eye.facts.noise_at(gain, mode)
    flaws = scatter_bad_pixels(hot or bad_pixels, eye.shape, seed + 1000 * number if hot else seed)
    if len(flaws.dead):
        light = light.copy()
        light.reshape(-1)[flaws.dead] *= flaws.dead_answers
    counts = read_out(light, 1.0, noise, converter, flaws, np.random.Generator(np.random.SFC64([seed, number])))
    shot = Shot(
        sensor=eye.facts.name,
        bayer=eye.facts.bayer,
        black_dn=(float(converter.black_dn),) * 4,
        white_dn=float(converter.white_dn),
        timestamp_ns=FRAME_NS * (number + 1),
        wall_time_ns=FRAME_NS * (number + 1),
        exposure_us=FRAME_NS / 1000 * 0.9,
        analogue_gain=gain,
        noise=noise,
        field_of_view=eye.field_of_view,
    )
    return RawFrame(counts, shot)

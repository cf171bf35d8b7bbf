"""Linear frames whose truth is known: what a sensor reads that measures all three colours at every pixel."""

from __future__ import annotations

import dataclasses

import cv2
import numpy as np
from measures.exposed import exposed

from isp.demosaic import Demosaic
from isp.develop import run_stages
from isp.frames import LinearFrame, Noise, RawFrame
from isp.pipeline import Pipeline
from isp.white_balance import WhiteBalance

# What a merge writes: finer counts than the sensor's.
BLACK_DN, WHITE_DN = 4096.0, 65535.0


def three_colours(picture: np.ndarray, sensor: str = "imx477", **light: object) -> LinearFrame:
    """Any light as such a frame: every pixel is a quad of a sensor with twice the pixels each way.

    picture, light  as in `measures.exposed`. Green is the mean of two, and its noise with it
    """
    quads = exposed(picture.repeat(2, axis=0).repeat(2, axis=1), sensor, **light)
    shot, counts = quads.shot, quads.pixels.astype(np.float64)
    finer = (WHITE_DN - BLACK_DN) / (shot.white_dn - shot.black_dn[0])
    of_letter = {letter: [] for letter in "RGB"}
    for position, letter in enumerate(shot.bayer):
        y, x = divmod(position, 2)
        of_letter[letter].append((counts[y::2, x::2] - shot.black_dn[position]) * finer + BLACK_DN)
    colours = np.stack([np.mean(of_letter[letter], axis=0) for letter in "RGB"], axis=-1)
    finer_shot = dataclasses.replace(
        shot,
        black_dn=(BLACK_DN,) * 4,
        white_dn=WHITE_DN,
        noise=Noise(shot.noise.shot / 2, shot.noise.read / 2),
    )
    return LinearFrame(np.clip(np.rint(colours), 0, 65535).astype(np.uint16), finer_shot)


def demosaicked(frame: RawFrame, recipe: Pipeline, times: int = 1) -> LinearFrame:
    """The frame as the stages of this recipe demosaic it, in counts before white balance; so many times as large.

    Twice as large it is what a burst makes of a place where it finds nothing to measure.
    """
    end = 1 + next(at for at, stage in enumerate(recipe.stages) if isinstance(stage, WhiteBalance))
    balanced = run_stages(frame, recipe.stages[:end])
    linear = run_stages(balanced, (recipe.stage(Demosaic),)).pixels / np.array(recipe.stage(WhiteBalance).gains)
    if times > 1:
        height, width = frame.pixels.shape
        linear = cv2.resize(linear, (times * width, times * height), interpolation=cv2.INTER_CUBIC)
    counts = np.clip(np.rint(linear * (WHITE_DN - BLACK_DN) + BLACK_DN), 0, 65535).astype(np.uint16)
    shot = dataclasses.replace(frame.shot, black_dn=(BLACK_DN,) * 4, white_dn=WHITE_DN)
    return LinearFrame(counts, shot, frame.frames_behind if times == 1 else None)

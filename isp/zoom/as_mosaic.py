"""A picture with three colours a pixel as a sensor of its size would have measured it: for what looks at mosaics."""

from __future__ import annotations

import dataclasses

import numpy as np

from isp.frames import LinearFrame, RawFrame
from isp.zoom.black import black_of_colours


def as_mosaic(frame: LinearFrame) -> RawFrame:
    """Of every pixel the colour of its place in the Bayer order; a copy, a third of the frame."""
    shot = frame.shot
    black = black_of_colours(shot)
    colours = ["RGB".index(letter) for letter in shot.bayer]
    mosaic = np.empty(frame.pixels.shape[:2], np.uint16)
    for position, colour in enumerate(colours):
        y, x = divmod(position, 2)
        mosaic[y::2, x::2] = frame.pixels[y::2, x::2, colour]
    return RawFrame(
        mosaic, dataclasses.replace(shot, black_dn=tuple(black[colour] for colour in colours)), frame.frames_behind
    )

"""Detail between the pixels of one frame, measured by all frames of a burst together.

Of all pictures twice as fine, the one is looked for that explains every sample of every frame: seen through a raw
pixel's aperture, at the place where the hand held it and in the one colour of that sample, it should be what was
counted, as far as noise lets one know. Where the samples leave it open, neighbours should differ no more than they do
in the plain picture (the merged burst, demosaicked and enlarged), and colours should change together. That is a problem
of least squares; it is begun with the plain picture and followed for some rounds, tile by tile.

Source: Elad and Hel-Or 2001, "A fast super-resolution reconstruction algorithm for pure translational motion and common
space-invariant blur"; Farsiu, Elad and Milanfar 2006, "Multiframe demosaicing and super-resolution of color images"
(samples of single colours, the luma and chroma terms). The rounds are Chebyshev's iteration (Golub and Varga 1961) with
a diagonal preconditioner: its steps are known beforehand, so a tile needs to know nothing of the others. We depart in
the weights: how smooth the picture should be is taken from the plain picture place by place, and each sample is doubted
as far as an error of its place would change it. Trust in frames is worked out before; where fewer than three are behind
a place, or what they say remains unexplained, the picture fades to the plain one, which is no worse than the merge.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from isp.bad_pixels import BadPixels
from isp.demosaic import demosaic
from isp.develop import run_stages
from isp.errors import FrameError
from isp.frames import Noise, RawFrame, Shot
from isp.kernels import ZOOM_FINER, ZoomFacts
from isp.levels import Levels
from isp.zoom.crop import MEASURED_AT_MOST, SMALLEST, Crop, even
from isp.zoom.robustness import on_drift

# Rounds, and the least part of the spectrum they are made for, as a share of the largest: what lies below is hardly
# measured, and would take many rounds.
ROUNDS, LEAST_OF_SPECTRUM = 12, 0.015
# Waves too fine for one frame are told by small differences between frames: they take more.
PATIENT_ROUNDS, LEAST_OF_PATIENT = 20, 0.01
# An alignment that is right still misses by so much; edges are doubted accordingly.
DOUBT_PX = 0.03
# Where the plain picture is smooth, squared differences of neighbours are still so much, as a share of the light and in
# variances of its noise. Both grow with the light as noise does, so that what is left of it is alike in all.
LEAST_OF_LIGHT, NOISE_LEAST = 1.2e-4, 2.0
# What enlarging leaves of the plain picture's noise in squared differences of neighbours.
NOISE_SHARE = 0.1
# How strictly that is asked, as shares of the noise: of grey, and of differences of colours, which change less.
GREY, COLOURS = 0.3, 1.0
# Counts from so much of saturation on are clipped or nearly so.
CLIPPED, BLOWN = 0.99, 0.95
# Misses of the samples around a place, in variances: from the first number on frames showed different things, from the
# second on nothing is believed. Of all samples together, and of the reference's, which are few.
UNEXPLAINED = (1.5, 2.5, 2.0, 4.0)
# The same of any single frame where all are asked that the plain picture did not agree with, errors of places so large
# allowed for (raw px): the search leaves much unexplained in waves too fine for one frame, another thing far more.
CONTRADICTED = (30.0, 45.0, 0.05)
# Some noise there always is: a camera that says it has none in black (DNGs of others do) would divide by nothing.
LEAST_READ = 1e-10
# Black noise reaches that many deviations below black.
BELOW_BLACK = 4.0
LARGEST_COUNT = 65535


@dataclass(frozen=True)
class Plain:
    """The merged burst as it is demosaicked: what the search begins with.

    picture  (3, H, W) float32: the camera's red, green and blue, each times its gain; 0 = black
    gains    (3,) float32 that balance the colours, so that their detail is alike
    shot     of the merged frame
    """

    picture: np.ndarray
    gains: np.ndarray
    shot: Shot


@dataclass(frozen=True)
class Aligned:
    """A frame, and where it may be believed.

    lying  (rows, columns, 2) float32 at the places: where its pixels lie in the reference, see `isp.zoom.where`
    trust  (H / 2, W / 2) uint8, for each 2 x 2 of its own pixels: 255 is full, 0 none
    """

    frame: RawFrame
    lying: np.ndarray
    trust: np.ndarray


@dataclass(frozen=True)
class Measured:
    """pixels  (h, w, 3) uint16 counts of the camera's red, green and blue
    shot    their facts; the noise is a green value's
    behind  (H / 2, W / 2) float32: how many frames are behind each 2 x 2 of what is shown of the reference
    """

    pixels: np.ndarray
    shot: Shot
    behind: np.ndarray


def super_resolve(
    plain: Plain,
    frames: Sequence[Aligned],
    noise: Noise,
    factor: float,
    bad_pixels: np.ndarray,
    threads: int = 0,
    shown: Crop | None = None,
) -> Measured:
    """The picture that explains all frames, `factor` times as large.

    plain       what the night merge made of them, in the pose of the reference
    frames      the reference too; it lies where it lies
    noise       of one frame
    bad_pixels  (count, 2) int32, as `isp.burst.flaws` finds them
    shown       the part of the frames that becomes the picture; None is all
    Any number of threads gives the same bytes. Raises FrameError for a factor that is not 1 to 2.
    """
    if not SMALLEST <= factor <= MEASURED_AT_MOST:
        raise FrameError(f"Detail is measured for a zoom of {SMALLEST:g} to {MEASURED_AT_MOST:g}, not {factor!r}.")
    shape = plain.picture.shape[1:]
    bad = np.zeros(shape, np.uint8)
    bad[bad_pixels[:, 0], bad_pixels[:, 1]] = 1
    shot = _one_black(plain.shot)
    shown = shown or Crop(0, 0, *shape)
    rows, columns = (
        _taps_from(before, length, even(length * factor))
        for before, length in ((shown.top, shown.height), (shown.left, shown.width))
    )
    pixels = np.empty((len(rows[0]), len(columns[0]), 3), np.uint16)
    behind = np.zeros((shape[0] // 2, shape[1] // 2), np.float32)
    facts = ZoomFacts(**zoom_numbers(frames[0].frame.shot, noise, plain.shot.noise, plain.gains))
    black = shot.black_dn[0]
    # No light is less than none; only noise is seen below black.
    lowest = max(black - BELOW_BLACK * math.sqrt(plain.shot.noise.read) * (shot.white_dn - black), 0.0)
    facts.solve(
        plain.picture,
        bad,
        [np.ascontiguousarray(aligned.frame.pixels) for aligned in frames],
        [aligned.lying for aligned in frames],
        [aligned.trust for aligned in frames],
        [on_drift(aligned.lying).astype(np.uint8) for aligned in frames],
        *rows,
        *columns,
        (black, shot.white_dn - black, lowest, shot.white_dn),
        pixels,
        behind,
        threads,
    )
    seen = behind[shown.top // 2 :, shown.left // 2 :][: shown.height // 2, : shown.width // 2]
    return Measured(pixels, shot, seen)


def taps(length: int, new_length: int) -> tuple[np.ndarray, np.ndarray]:
    """First fine pixel (new_length,) int32 and weights (new_length, taps) float32: the mean of what a pixel covers."""
    fine = ZOOM_FINER * length
    edges = np.arange(new_length + 1) * (fine / new_length)
    starts = np.minimum(np.floor(edges[:-1] + 1e-6).astype(np.int32), fine - 1)
    reach = math.ceil(fine / new_length - 1e-6) + (0 if fine % new_length == 0 else 1)
    at = starts[:, None] + np.arange(reach)
    covered = np.minimum(at + 1, edges[1:, None]) - np.maximum(at, edges[:-1, None])
    covered = np.where(covered > 1e-6, covered, 0.0)
    weights = covered / covered.sum(axis=1, keepdims=True)
    # Of a fine pixel that is covered in part, that part does not lie in its middle: put right what this moves.
    away = np.where(covered > 0, at + 0.5 - (edges[:-1, None] + edges[1:, None]) / 2, 0.0)
    even = np.where(covered > 0, away - away.sum(axis=1, keepdims=True) / (covered > 0).sum(axis=1, keepdims=True), 0.0)
    spread = np.maximum((even * away).sum(axis=1, keepdims=True), 1e-9)
    weights = weights - even * (weights * away).sum(axis=1, keepdims=True) / spread
    return starts, np.round(weights, 6).astype(np.float32)


def _taps_from(first: int, length: int, new_length: int) -> tuple[np.ndarray, np.ndarray]:
    """As `taps`, of a line that begins with that raw pixel."""
    starts, weights = taps(length, new_length)
    return starts + np.int32(ZOOM_FINER * first), weights


def zoom_numbers(shot: Shot, noise: Noise, plain_noise: Noise, gains: np.ndarray) -> dict:
    """What the kernels are told, by the names that ZoomFacts has for it."""
    black = sum(shot.black_dn) / 4
    span = shot.white_dn - black
    return {
        "red": divmod(shot.bayer.index("R"), 2),
        "black": shot.black_dn,
        "span": span,
        "clipped": black + CLIPPED * span,
        "gains": gains.tolist(),
        # Counts are whole numbers: that alone scatters them.
        "noise": (noise.shot, max(noise.read, 1 / 12 / span**2)),
        "plain_noise": (plain_noise.shot, max(plain_noise.read, LEAST_READ)),
        "doubt": DOUBT_PX**2,
        "blown": BLOWN,
        "unexplained": UNEXPLAINED,
        "contradicted": CONTRADICTED,
        "prior": (LEAST_OF_LIGHT, NOISE_SHARE, NOISE_LEAST, GREY, COLOURS),
        "rounds": chebyshev(ROUNDS, LEAST_OF_SPECTRUM),
        "patient_rounds": chebyshev(PATIENT_ROUNDS, LEAST_OF_PATIENT),
    }


def chebyshev(rounds: int, least: float) -> list[tuple[float, float]]:
    """For each round: the share of the step before that is kept, and the length of the new one.

    For a spectrum from `least` to 1.
    """
    middle, half = (1 + least) / 2, (1 - least) / 2
    slope = middle / half
    steps, before = [(0.0, 1 / middle)], 1 / slope
    for _ in range(rounds - 1):
        now = 1 / (2 * slope - before)
        steps.append((now * before, 2 * now / half))
        before = now
    return [(round(kept, 6), round(length, 6)) for kept, length in steps]


def plain_of(merged: RawFrame, gains: np.ndarray, noise: Noise, bad_pixels: np.ndarray, threads: int = 0) -> Plain:
    """The merged burst, demosaicked.

    gains       see `balance`
    noise       of one frame: demosaicking goes by it, since where things move there is but one behind the picture
    bad_pixels  (count, 2) int32: these are mended, no others
    """
    mosaic = run_stages(merged, (Levels(),), threads).pixels
    if len(bad_pixels):
        mended = run_stages(merged, (Levels(), BadPixels()), threads).pixels
        rows, columns = bad_pixels.T
        mosaic[rows, columns] = mended[rows, columns]
    for index, letter in enumerate(merged.shot.bayer):
        top, left = divmod(index, 2)
        mosaic[top::2, left::2] *= gains["RGB".index(letter)]
    picture = demosaic(mosaic, merged.shot.bayer, "fine", noise, threads)
    return Plain(np.ascontiguousarray(picture.transpose(2, 0, 1)), gains, merged.shot)


def _one_black(shot: Shot) -> Shot:
    """The facts of the result: counts as fine as the merge's, and one black for all."""
    return dataclasses.replace(shot, black_dn=(sum(shot.black_dn) / 4,) * 4)

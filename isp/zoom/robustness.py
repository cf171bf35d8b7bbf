"""How far the samples of a frame can be believed to show what the reference shows.

What moved by itself, was covered, lit up or was aligned wrongly must not be solved for: a sample is compared with what
the burst's plain picture (merged, demosaicked) shows at its place. It may miss that by its noise, and where the picture
has fine detail by some of it, since that is what the plain picture cannot tell. What misses more, around a place
together, is something else. Where the alignment finds different movements side by side, one of them is wrong for the
samples between, and less is left to fine detail.

Source: Wronski et al. 2019, "Handheld multi-frame super-resolution", section 5.2 (differences beside noise and beside
the local spread of the reference). We depart so: each sample is compared with its own colour of a full picture, not
with a picture of half the size, whose aliasing looks like motion; the spread is that of one-pixel differences, which
see a pattern of two pixels too; and energies around a place are compared, which fine things that moved do not leave
alone as they leave means; means are asked only for light that changed.
"""

from __future__ import annotations

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from isp.burst.places import places_of
from isp.errors import FrameError
from isp.frames import Noise, RawFrame, Shot
from isp.kernels import TrustFacts, slopes_of_quads

# Of a difference to the next pixel, the plain picture is wrong by so much between its pixels: measured on bursts that
# are aligned exactly, one place in fifty then has more than NEAR's middle, and of places that show something else all
# but a few in a hundred.
DETAIL_MISSED = 0.4
# ... and by no more where shifts beside each other differ: something slow and fine moves there by itself, or a depth
# ends. Shifts that differ by less than the first of APART_PX, beside the turn of the hand, belong together.
DETAIL_APART, APART_PX = 0.15, (0.15, 0.4)
# Limits of mean squared misses in units of what is expected, over 6 x 6 and 10 x 10 pixels: full trust, none. By noise
# alone one place in forty exceeds the first of them.
NEAR, WIDE = (1.2, 1.8), (1.1, 1.6)
# Light that fell on texture alters all samples alike, which energies beside the texture's do not tell, but the mean
# over 10 x 10 and over 14 x 14 pixels does: limits of its square in units of its variance. One right place of a
# thousand exceeds the first.
LEAN = (7.0, 14.0)
# Lamps on the mains and exposures in whole lines make all light differ by so much from frame to frame, and that shows
# nowhere; the rim of a lamp's light does from 3 in 100 on.
FLICKER = 0.005
# So many times those limits nothing reaches that is right. Its rim may be less plain: 4 pixels around are left out too.
CERTAIN = 2.0
# Where false coarse waves of too fine detail lie, means stray too, but not so many times the limit.
FOREIGN, FALSE_LIGHT = 4.0, 0.01
# What is with the whole picture, each way: an alignment that is right misses by less, and what moves by itself leaves
# that within a few frames.
DRIFT_PX = 0.15
# What is no place lies apart from all others.
NOWHERE_PX = 1e6
# Counts are whole numbers: that alone scatters them.
ROUNDING = 1 / 12


class Trust:
    """Compares frames with the plain picture of their burst."""

    def __init__(self, plain: np.ndarray, gains: np.ndarray, shot: Shot, noise: Noise, threads: int = 0) -> None:
        """
        plain   (3, H, W) float32, the merged burst demosaicked: linear red, green, blue, each times its gain; H, W even
        gains   (3,) float32
        shot    of the frames
        noise   of one frame
        """
        self._plain, self._shot = plain, shot
        self._slopes = np.empty((3, plain.shape[1] // 2, plain.shape[2] // 2), np.float32)
        slopes_of_quads(plain, self._slopes, threads)
        self._facts = TrustFacts(**trust_numbers(shot, noise, gains))

    def in_frame(self, frame: RawFrame, lying: np.ndarray, threads: int = 0) -> np.ndarray:
        """(H / 2, W / 2) uint8 for each 2 x 2 of the frame's own pixels: 255 is full trust, 2 and less none.

        With 2 the plain picture does not agree, but detail that is too fine for it would not either; with 1 the light
        itself differs, with 0 so much that something else is there for certain.

        lying  (rows, columns, 2) float32 at the places: where its pixels lie in the reference, see `isp.zoom.where`
        Bytes are the same for any number of threads. Raises FrameError if the frame or its places have another size.
        """
        shape = self._plain.shape[1:]
        if frame.pixels.shape != shape or lying.shape != (*places_of(shape), 2):
            raise FrameError(f"A frame of {frame.pixels.shape} cannot be compared with a picture of {shape}.")
        trust = np.empty(self._slopes.shape[1:], np.uint8)
        counts, places = np.ascontiguousarray(frame.pixels), np.ascontiguousarray(lying, np.float32)
        self._facts.trust_in_frame(self._plain, self._slopes, counts, places, slack(places), trust, threads)
        return trust


def slack(lying: np.ndarray) -> np.ndarray:
    """(rows, columns) float32 at the places: of the plain picture's squared slopes, what is left to fine detail."""
    first, last = APART_PX
    apart = np.clip((spread_px(lying) - first) / (last - first), 0.0, 1.0)
    return np.square(DETAIL_MISSED + apart * (DETAIL_APART - DETAIL_MISSED)).astype(np.float32)


def spread_px(lying: np.ndarray) -> np.ndarray:
    """(rows, columns): how far the shifts of a place and those beside it differ, beside the turn of the picture."""
    around = _around(_beside_turn(lying.astype(np.float64)))
    return np.hypot(*np.moveaxis(np.ptp(around, axis=(3, 4)), -1, 0))


def on_drift(lying: np.ndarray) -> np.ndarray:
    """(rows, columns) bool: the places that move with the whole picture, and those beside them too.

    The whole picture may turn, and wobble from row to row as a rolling shutter makes it.
    """
    rest = _beside_turn(lying.astype(np.float64))
    rest = rest - np.median(rest, axis=1, keepdims=True)
    return np.abs(_around(rest)).max(axis=(2, 3, 4)) <= DRIFT_PX


def _beside_turn(field: np.ndarray) -> np.ndarray:
    """What a field of (rows, columns, 2) holds beside even steps from row to row and from column to column."""
    field = np.nan_to_num(field, nan=NOWHERE_PX, posinf=NOWHERE_PX, neginf=NOWHERE_PX)
    for axis in (0, 1):
        steps = np.median(np.diff(field, axis=axis), axis=(0, 1))
        field = field - np.expand_dims(np.arange(field.shape[axis]), 1 - axis)[..., None] * steps
    return field


def _around(field: np.ndarray) -> np.ndarray:
    """(rows, columns, 2, 3, 3): each place and those beside it."""
    return sliding_window_view(np.pad(field, ((1, 1), (1, 1), (0, 0)), mode="edge"), (3, 3), axis=(0, 1))


def trust_numbers(shot: Shot, noise: Noise, gains: np.ndarray) -> dict:
    """What the kernels are told, by the names that TrustFacts has for it."""
    span = shot.white_dn - sum(shot.black_dn) / 4
    return {
        "red": divmod(shot.bayer.index("R"), 2),
        "black": shot.black_dn,
        "span": span,
        "gains": gains.tolist(),
        "noise": (noise.shot, max(noise.read, ROUNDING / span**2)),
        "near": NEAR,
        "wide": WIDE,
        "lean": LEAN,
        "flicker": FLICKER,
        "certain": CERTAIN,
        "foreign": FOREIGN,
        "false_light": FALSE_LIGHT,
    }

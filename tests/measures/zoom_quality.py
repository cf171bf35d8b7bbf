"""How good is a zoomed picture? Beside the truth on the finer grid, and beside what the same frames give without it.

Three pictures are made of a burst, all in the camera's own colours, 0..1 of saturation, (H, W, 3) float32:
measured  by the product's own door, `isp.zoom.zoom_burst.ZoomBurst`
plain     the merged burst, demosaicked `fine`, enlarged bicubically
single    the reference frame alone, demosaicked `fine`, enlarged bicubically
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from measures.edges import mtf50, overshoot
from measures.merge_quality import linear
from measures.zoom_bursts import ZoomCase
from measures.zoom_scenes import EDGE_HIGH, EDGE_WIDE_PX

from isp.burst.streaming import NightBurst
from isp.demosaic import demosaic
from isp.frames import LinearFrame, RawFrame
from isp.tone import encode_srgb
from isp.zoom.resample import resampled
from isp.zoom.taps import Filter
from isp.zoom.zoom_burst import ZoomBurst
from isp.zoom.zoomed import Zoomed

BLOCK_PX = 32
BORDER_PX = 24  # of the finer picture: what some frames do not show is not judged
LUMA = np.array([0.299, 0.587, 0.114], np.float32)
# Errors below this are nobody's loss: a quarter of a step of eight bits.
UNSEEN = (0.25 / 255) ** 2
EDGE_PX = 52  # beside the edge that is looked at; the hand has moved the chart a little
BEYOND, END = 0.55, 0.85  # cycles per pixel of one frame: from beyond what it can carry to where the lens ends


@dataclass(frozen=True)
class ZoomPictures:
    """One burst and its three pictures, of `factor` times the frame."""

    case: ZoomCase
    factor: float = 2.0
    threads: int = 1

    @cached_property
    def zoomed(self) -> Zoomed:
        """What the product makes of the frames."""
        burst = ZoomBurst(self.factor, self.case.crop, self.threads)
        for frame in self.case.burst.frames:
            burst.add(frame)
        return burst.finish()

    @cached_property
    def merged(self) -> RawFrame:
        """What night mode makes of them."""
        night = NightBurst(self.threads)
        for frame in self.case.burst.frames:
            night.add(frame)
        return night.finish().frame

    @property
    def reference(self) -> int:
        """Number of the frame that the pictures look like."""
        return self.case.numbered(self.merged)

    @cached_property
    def measured(self) -> np.ndarray:
        """See above. Where nothing was measured, what the product then shows: its plain rung."""
        frame = self.zoomed.frame
        return linear_colours(frame) if isinstance(frame, LinearFrame) else self._enlarged(frame)

    @cached_property
    def plain(self) -> np.ndarray:
        """See above."""
        return self._enlarged(self.merged)

    @cached_property
    def single(self) -> np.ndarray:
        """See above."""
        return self._enlarged(self.case.burst.frames[self.reference])

    @cached_property
    def truth(self) -> np.ndarray:
        """What there was to be seen."""
        return self.case.truth(self.factor, self.reference)

    def _enlarged(self, frame: RawFrame) -> np.ndarray:
        picture = demosaicked(frame, self.case.gains)
        shape = self.truth.shape[:2]
        return picture if picture.shape[:2] == shape else resampled(picture, shape, Filter.BICUBIC)

    def shown(self, picture: np.ndarray) -> np.ndarray:
        """The picture white balanced and encoded for a display, without the border."""
        return inner(encode_srgb(np.clip(picture * self.case.gains, 0, 1)))

    def gain_db(self, over: str = "plain") -> float:
        """PSNR of the measured picture above another's, as they are displayed."""
        return psnr(self.shown(self.measured), self.shown(self.truth)) - psnr(
            self.shown(getattr(self, over)), self.shown(self.truth)
        )

    def linear_gain_db(self, over: str = "plain") -> float:
        """The same in linear light of the camera's colours."""
        truth = inner(self.truth)
        return psnr(inner(self.measured), truth) - psnr(inner(getattr(self, over)), truth)

    def worst_block(self, over: str = "single", displayed: bool = True) -> tuple[float, tuple[int, int]]:
        """(dB, (y, x)): by how much the worst block of 32 x 32 is worse than the other picture's, and where it lies."""
        seen = self.shown if displayed else inner
        truth = seen(self.truth)
        errors = [
            blocks(np.square(seen(picture) - truth, dtype=np.float64).mean(axis=-1)) + UNSEEN
            for picture in (self.measured, getattr(self, over))
        ]
        lost = 10 * np.log10(errors[0] / errors[1])
        row, column = np.unravel_index(np.argmax(lost), lost.shape)
        return float(lost[row, column]), tuple(int(at) * BLOCK_PX // 2 + BORDER_PX for at in (row, column))

    def false_colour_db(self, name: str) -> float:
        """Energy of that picture's error in colour: what is left of it, displayed, without what all colours share."""
        error = self.shown(getattr(self, name)) - self.shown(self.truth)
        return float(10 * np.log10(np.square(error - (error @ LUMA)[..., None], dtype=np.float64).mean()))

    def sharpness(self, picture: np.ndarray) -> tuple[float, float]:
        """(MTF50 in cycles a pixel, larger overshoot as a share of the step) of a slanted edge's green, linear."""
        high, wide = picture.shape[:2]
        tall = round(EDGE_HIGH * high / 2) - EDGE_WIDE_PX // 4
        green = picture[high // 2 - tall : high // 2 + tall, wide // 2 - EDGE_PX : wide // 2 + EDGE_PX, 1].astype(
            np.float64
        )
        return mtf50(green), max(overshoot(green))

    def aliasing(self, picture: np.ndarray, frequency: np.ndarray) -> float:
        """Mean energy beyond one frame's Nyquist that is no detail: at wrong frequencies, or of false colour.

        Of each block of 16 x 16 of a grey scene whose `frequency` (cycles a pixel of the frame) lies there, what of
        luma is neither even nor the truth's own wave at any phase and contrast, and all that is no grey. Displayed.
        """
        there = inner(frequency)
        shown, truth = self.shown(picture) @ LUMA, self.shown(self.truth) @ LUMA
        colour = inner(picture * self.case.gains)
        strange = np.square(colour - colour.mean(axis=-1, keepdims=True)).mean(axis=-1)
        side, found = BLOCK_PX // 2, []
        across = _quadrature(truth)
        for top in range(0, there.shape[0] - side + 1, side):
            for left in range(0, there.shape[1] - side + 1, side):
                block = np.s_[top : top + side, left : left + side]
                if there[block].min() >= BEYOND and there[block].max() <= END:
                    waves = [np.ones(side * side), truth[block].ravel(), *(each[block].ravel() for each in across)]
                    values = shown[block].ravel()
                    explained, *_ = np.linalg.lstsq(np.stack(waves, axis=1), values, rcond=None)
                    rest = values - np.stack(waves, axis=1) @ explained
                    found.append(np.square(rest).mean() + strange[block].mean())
        return float(np.mean(found))


def _quadrature(wave: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Its slopes down and across: a wave moved by a quarter of its length."""
    return np.gradient(wave)[0], np.gradient(wave)[1]


def linear_colours(frame: LinearFrame) -> np.ndarray:
    """(H, W, 3) float32: 0 = black, 1 = saturation."""
    black = np.float32(sum(frame.shot.black_dn) / 4)
    return (frame.pixels - black) / (np.float32(frame.shot.white_dn) - black)


def demosaicked(frame: RawFrame, gains: np.ndarray) -> np.ndarray:
    """(H, W, 3) float32 camera colours of a mosaic, by our own `fine`, in the balance that it works in."""
    mosaic = linear(frame)
    for index, letter in enumerate(frame.shot.bayer):
        top, left = divmod(index, 2)
        mosaic[top::2, left::2] *= gains["RGB".index(letter)]
    return demosaic(mosaic.astype(np.float32), frame.shot.bayer, "fine", frame.shot.noise) / gains


def inner(picture: np.ndarray) -> np.ndarray:
    """Without the border."""
    return picture[BORDER_PX:-BORDER_PX, BORDER_PX:-BORDER_PX]


def psnr(picture: np.ndarray, truth: np.ndarray) -> float:
    """dB below full scale."""
    return float(-10 * np.log10(np.square(picture.astype(np.float64) - truth).mean()))


def blocks(squares: np.ndarray) -> np.ndarray:
    """Means of all whole blocks of 32 x 32, half a block apart."""
    half = BLOCK_PX // 2
    height, width = (length // half for length in squares.shape)
    halves = squares[: height * half, : width * half].reshape(height, half, width, half).mean(axis=(1, 3))
    return (halves[:-1, :-1] + halves[1:, :-1] + halves[:-1, 1:] + halves[1:, 1:]) / 4

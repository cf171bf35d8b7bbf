"""A zoomed burst as it arrives: the night's alignment and merge of the crops, and then the detail between their pixels.

Frames are cut, with a margin, aligned and merged as they come, as at night; their crops are kept, so that at the end
all can be asked for what the merged picture cannot show. See `isp.zoom.measured`.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from isp.burst.align import Shifts
from isp.burst.flaws import find_bad_pixels
from isp.burst.measured_noise import measured_noise
from isp.burst.places import PITCH_PX, places_of
from isp.burst.streaming import WHOLE_SHARE, FrameStory, Merged, NightBurst
from isp.frames import LinearFrame, RawFrame
from isp.zoom.balance import balance
from isp.zoom.crop import MEASURED_AT_MOST, Crop, check_factor, cut, with_margin, within
from isp.zoom.diversity import measured_diversity
from isp.zoom.measured import Aligned, Measured, plain_of, super_resolve
from isp.zoom.noise_left import noise_left
from isp.zoom.refine import Refiner
from isp.zoom.robustness import Trust
from isp.zoom.where import lying, steadied
from isp.zoom.zoomed import Diversity, Zoomed, ZoomStory

# Crops that are kept: more frames still make the merged picture calmer, but hardly show more detail.
KEPT_AT_MOST = 24
# Where fewer frames are behind a place it shows the merged picture.
BEHIND_DETAIL = 2.0
# A picture of which less was measured is no measured zoom.
LEAST_MEASURED = 0.05
FULL = 255
# Frames beside the reference in which bad pixels are looked for.
OTHERS_ASKED = 2


class ZoomBurst:
    """Collects frames of a burst for one zoom. Mirrors `NightBurst`: what is refused (FrameError) changes nothing."""

    def __init__(self, factor: float, crop: Crop, threads: int = 0) -> None:
        """`factor` is what was asked, 1 to 3; detail is measured for up to 2. Raises FrameError for another."""
        self._asked = check_factor(factor)
        self._crop, self._threads = crop, threads
        # What is cut out of the frames: what the hand brings in from beside the crop is measured, too.
        self._larger: Crop | None = None
        self._kept = Kept(threads)
        self._night = NightBurst(threads, watch=self._kept)

    def __len__(self) -> int:
        """Frames taken so far, those that were left out included."""
        return len(self._night)

    def add(self, frame: RawFrame) -> FrameStory:
        """Take the next frame, whole. Raises FrameError if it does not belong to this burst or holds no such part."""
        larger = self._larger or with_margin(self._crop, frame.pixels.shape)
        told = self._night.add(cut(frame, larger))
        self._larger = larger
        return told

    def finish(self) -> Zoomed:
        """The picture from what has come so far. Raises FrameError if nothing has."""
        merged = self._night.finish()
        shifts = [shifts for _, shifts in self._kept.others]
        diversity = measured_diversity(shifts) if shifts else None
        why = _why_plain(merged, diversity)
        if why:
            return self._plain(merged, diversity, why)
        measured, shares = self._measured(merged.frame)
        share = float(np.mean(measured.behind >= BEHIND_DETAIL))
        if share < LEAST_MEASURED:
            why = "The frames show something else than the reference nearly everywhere, so none but it was used."
            return self._plain(merged, diversity, why)
        behind = np.clip(measured.behind, 1.0, measured.shot.frames)
        picture = LinearFrame(measured.pixels, measured.shot, at_places(behind, measured.pixels.shape[:2]))
        story = self._story(min(self._asked, MEASURED_AT_MOST), "measured", share, float(np.median(behind)), diversity)
        return Zoomed(picture, _retold(merged.story, shares), story)

    def _measured(self, merged: RawFrame) -> tuple[Measured, dict[int, float]]:
        """The picture, and by timestamp how much of each frame was believed."""
        kept, threads = self._kept, self._threads
        reference, bad_pixels = kept.reference, self._bad_pixels()
        noise = measured_noise(reference, kept.others[0][0], kept.others[0][1].px)
        plain = plain_of(merged, balance(merged), noise, bad_pixels, threads)
        still = np.zeros((*places_of(merged.pixels.shape), 2), np.float32)
        full = np.full([length // 2 for length in merged.pixels.shape], FULL, np.uint8)
        frames, shares = [Aligned(reference, still, full)], {}
        judge = Trust(plain.picture, plain.gains, reference.shot, noise, threads)
        for frame, shifts in kept.others:
            where = lying(steadied(shifts))
            trust = judge.in_frame(frame, where, threads)
            shares[frame.shot.timestamp_ns] = float(trust.mean(dtype=np.float64) / FULL)
            frames.append(Aligned(frame, where, trust))
        factor = min(self._asked, MEASURED_AT_MOST)
        shown = within(self._crop, self._larger)
        measured = super_resolve(plain, frames, noise, factor, bad_pixels, threads, shown)
        left = noise_left(plain, frames, noise, factor, threads)
        field = cut(merged, shown).shot.field_of_view
        return replace(measured, shot=replace(measured.shot, noise=left, field_of_view=field)), shares

    def _bad_pixels(self) -> np.ndarray:
        """(count, 2) int32 of pixels that are bad in two frames: those stay in their places, texture does not."""
        frames = [self._kept.reference, *(frame for frame, _ in self._kept.others[-OTHERS_ASKED:])]
        found = np.concatenate([find_bad_pixels(frame, self._threads) for frame in frames])
        places, times = np.unique(found, axis=0, return_counts=True)
        return np.ascontiguousarray(places[times > 1])

    def _plain(self, merged: Merged, diversity: Diversity | None, why: str) -> Zoomed:
        frame = cut(merged.frame, within(self._crop, self._larger))
        behind = frame.frames_behind
        median = 1.0 if behind is None else float(np.median(behind))
        return Zoomed(frame, merged.story, self._story(1.0, "plain", 0.0, median, diversity, why))

    def _story(
        self, factor: float, rung: str, share: float, behind: float, diversity: Diversity | None, why: str = ""
    ) -> ZoomStory:
        return ZoomStory(self._asked, factor, self._crop, rung, share, behind, diversity, why)


class Kept:
    """The crops that were merged, and where they lie. See `isp.burst.streaming.Watch`."""

    def __init__(self, threads: int) -> None:
        self.reference: RawFrame | None = None
        self.others: list[tuple[RawFrame, Shifts]] = []
        self._threads = threads
        self._refiner: Refiner | None = None

    def begun(self, reference: RawFrame) -> None:
        """See Watch."""
        self.reference, self.others = reference, []
        self._refiner = Refiner(reference, self._threads)

    def merged(self, frame: RawFrame, shifts: Shifts) -> None:
        """See Watch."""
        if len(self.others) < KEPT_AT_MOST:
            self.others.append((frame, self._refiner.refined(frame, shifts, self._threads)))


def _why_plain(merged: Merged, diversity: Diversity | None) -> str:
    """What speaks against looking for detail; empty if nothing does."""
    if len(merged.story) == 1:
        return "One frame alone has no detail between its pixels."
    if diversity is None:
        return "No other frame shows what the reference shows."
    if not diversity.enough:
        return "The camera stood too still: all frames see the same points, so there is no detail between them."
    return ""


def _retold(story: tuple[FrameStory, ...], shares: dict[int, float]) -> tuple[FrameStory, ...]:
    """What became of the frames that were asked for detail: how much of each was believed."""
    return tuple(
        replace(told, share=shares[told.timestamp_ns], why=_why_share(shares[told.timestamp_ns]))
        if told.timestamp_ns in shares
        else told
        for told in story
    )


def _why_share(share: float) -> str:
    return "" if share >= WHOLE_SHARE else "Parts of it show something else than the reference."


def at_places(behind: np.ndarray, shape: tuple[int, int]) -> np.ndarray:
    """(rows, columns) float32 at the places of a picture of `shape`: the mean around each of a map of the whole of it.

    behind  (h, w) float32
    """
    lines = behind.astype(np.float64)
    for axis, length in enumerate(shape):
        # Sums up to each line; a place's tile reaches one step each way, as far as there is picture.
        sums = np.concatenate([np.zeros_like(lines.take([0], axis)), np.cumsum(lines, axis)], axis)
        middle = np.arange(-(-length // PITCH_PX) + 1) * PITCH_PX * (lines.shape[axis] / length)
        reach = PITCH_PX * lines.shape[axis] / length
        first = np.clip(np.rint(middle - reach), 0, lines.shape[axis] - 1).astype(int)
        end = np.maximum(np.clip(np.rint(middle + reach), 1, lines.shape[axis]).astype(int), first + 1)
        counts = (end - first).reshape((-1, 1) if axis == 0 else (1, -1))
        lines = (sums.take(end, axis) - sums.take(first, axis)) / counts
    return lines.astype(np.float32)

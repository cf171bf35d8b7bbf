"""A zoomed burst without super-resolution, for tests of the camera around it: real crops, really merged, enlarged."""

from __future__ import annotations

import dataclasses

import numpy as np

from firmware.settings import AcceleratorSettings
from firmware.zoom.press import ZoomPress
from firmware.zoom.upscaling import Upscaling
from isp.burst.streaming import NightBurst
from isp.frames import LinearFrame, RawFrame
from isp.zoom.crop import MEASURED_AT_MOST, Crop, cut
from isp.zoom.resample import resampled
from isp.zoom.taps import Filter
from isp.zoom.zoomed import Diversity, Zoomed, ZoomStory

# What the sidecar says of the network below.
TOLD = {"model": "doubling.tflite", "model_sha256": "ab" * 32, "device": "cpu"}
STILL = Diversity(1 / 16, 1, False)
MOVED = Diversity(0.75, 6, True)


class StandIn:
    """Adds and finishes as `isp.zoom.zoom_burst.ZoomBurst` does; `moves` says whether a hand or a tripod held it."""

    moves = True

    def __init__(self, zoom: ZoomPress, threads: int) -> None:
        self.factor, self.crop = zoom.factor, zoom.crop
        self._burst = NightBurst(threads)

    def __len__(self) -> int:
        return len(self._burst)

    def add(self, frame: RawFrame):
        return self._burst.add(cut(frame, self.crop))

    def finish(self) -> Zoomed:
        merged = self._burst.finish()
        if len(self) == 1 or not self.moves:
            why = "The camera stood still." if len(self) > 1 else "There was one frame."
            story = ZoomStory(self.factor, 1.0, self.crop, "plain", 0.0, float(len(self)), STILL, why)
            return Zoomed(merged.frame, merged.story, story)
        factor = min(self.factor, MEASURED_AT_MOST)
        frame = enlarged_frame(merged.frame, self.crop, factor)
        story = ZoomStory(self.factor, factor, self.crop, "measured", 0.9, float(len(self)), MOVED)
        return Zoomed(frame, merged.story, story)


class OnTripod(StandIn):
    """Has nothing between the pixels."""

    moves = False


def enlarged_frame(merged: RawFrame, crop: Crop, factor: float) -> LinearFrame:
    """Each colour of the mosaic, enlarged by itself."""
    planes = {"R": [], "G": [], "B": []}
    for number, colour in enumerate(merged.shot.bayer):
        planes[colour].append(merged.pixels[number // 2 :: 2, number % 2 :: 2].astype(np.float32))
    shape = crop.zoomed_shape(factor)
    colours = [resampled(np.mean(planes[name], axis=0), shape, Filter.BICUBIC) for name in "RGB"]
    pixels = np.clip(np.rint(np.dstack(colours)), 0, 65535).astype(np.uint16)
    return LinearFrame(pixels, dataclasses.replace(merged.shot, black_dn=(float(np.mean(merged.shot.black_dn)),) * 4))


class Doubling:
    """A network that repeats each pixel."""

    def __init__(self, digest: str = TOLD["model_sha256"]) -> None:
        self.told = TOLD | {"model_sha256": digest}

    def upscaled(self, pixels: np.ndarray) -> np.ndarray:
        return pixels.repeat(2, axis=0).repeat(2, axis=1)

    def close(self) -> None:
        """Nothing was started."""


def doubling(**changes) -> Upscaling:
    """It answers."""
    return Upscaling(AcceleratorSettings(), lambda _: Doubling(**changes))


def broken() -> Upscaling:
    """There is nothing that could run it."""

    def load(settings: AcceleratorSettings) -> Doubling:
        raise ImportError("no LiteRT runtime")

    return Upscaling(AcceleratorSettings(), load)

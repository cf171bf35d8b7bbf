"""A photo at twice its size: a classical enlargement, fine detail of its brightness by a small network, and the photo.

The network (accelerators/training/upscaling) says for each of four new pixels how much brighter it is than bicubic
interpolation has it; source: Shi et al. 2016, "Real-Time Single Image and Video Super-Resolution Using an Efficient
Sub-Pixel Convolutional Neural Network", section 3, and Kim et al. 2016 for the residual. Colours are enlarged
classically. Differs: what comes out is then held to the photo, see `isp/zoom/projection.py`; reduced again it is the
photo, so nothing that was seen is changed.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

from accelerators.errors import PictureError
from accelerators.runtime.accelerator import DEADLINE_S, THREADS, Accelerator
from accelerators.runtime.litert import runtime
from accelerators.upscaling.luma import luma_of
from accelerators.upscaling.network_file import FOLDER, UpscalingFiles, upscaling_files
from isp.zoom.projection import FACTOR, REACH_PX, WHITE, enlarged_twice, projected

# 24 Mpix become 96, of which Python alone holds 290 MB; the largest sensors here have 64 Mpix, and no zoom of them is
# asked for in one piece.
MOST_PX = 24_000_000
LONGEST_PX = 16_384

Progress = Callable[[int, int], None]


class Upscaler:
    """A network that is ready. Safe to use from several threads; pictures take turns. See `load_upscaler`."""

    def __init__(self, files: UpscalingFiles, accelerator: Accelerator, threads: int) -> None:
        self._files, self._accelerator, self._threads = files, accelerator, threads
        self._turn = threading.Lock()
        self._devices: dict[str, None] = {}
        self._fell_back = ""

    def upscaled(self, pixels: np.ndarray, progress: Progress | None = None) -> np.ndarray:
        """A photo at twice its size each way.

        pixels    (H, W, 3) uint8 sRGB, up to MOST_PX pixels
        progress  called with the tiles that are done, and their number
        Returns (2H, 2W, 3) uint8. Beside it and the photo it takes a byte a pixel, and 25 kB for each of W; the
        bytes are the same for any number of threads and on any device of one kind.
        Raises PictureError for another picture, DeviceError when nothing can answer.
        """
        check_picture(pixels)
        with self._turn:
            self._devices, self._fell_back = {}, ""
            made = np.empty((FACTOR * pixels.shape[0], FACTOR * pixels.shape[1], 3), np.uint8)
            done, kept_from, kept = 0, 0, np.empty((0, made.shape[1]), np.float32)
            for bottom, detail in self._detail(luma_of(pixels), progress or (lambda done, of: None)):
                kept = np.concatenate([kept, detail])
                # Rows near the next strip wait for its detail.
                ready = bottom if bottom == len(pixels) else bottom - REACH_PX
                if ready > done:
                    made[FACTOR * done : FACTOR * ready] = self._rows(pixels, kept, kept_from, (done, ready))
                    cut = max(ready - REACH_PX, 0) - kept_from
                    done, kept_from, kept = ready, kept_from + cut, kept[FACTOR * cut :]
            return made

    @property
    def told(self) -> dict[str, Any]:
        """Plain values for the sidecar: who drew the last picture's detail."""
        told = {"model": self._files.files.cpu.name, "model_sha256": self._files.sha256}
        told |= {"device": "+".join(self._devices)}
        return told | ({"fell_back": self._fell_back} if self._fell_back else {})

    def close(self) -> None:
        """Give the device back."""
        self._accelerator.close()

    def _detail(self, luma: np.ndarray, progress: Progress) -> Iterator[tuple[int, np.ndarray]]:
        """Strip by strip from the top: the measured row after it, and what is to be added to bicubic interpolation.

        luma  (H, W) uint8
        Yields (2 * rows, 2W) float32, -255 to 255.
        """
        tiling, (height, width) = self._files.tiling, luma.shape
        high, wide = tiling.inner
        tops, lefts = tiling.starts(height, 0), tiling.starts(width, 1)
        for row, top in enumerate(tops):
            strip = np.empty((FACTOR * high, FACTOR * max(width, wide)), np.float32)
            for column, left in enumerate(lefts):
                strip[:, FACTOR * left : FACTOR * (left + wide)] = self._drawn(tiling.tile(luma, top, left))
                progress(row * len(lefts) + column + 1, len(tops) * len(lefts))
            begin, bottom = row * high, min((row + 1) * high, height)
            yield bottom, strip[FACTOR * (begin - top) : FACTOR * (bottom - top), : FACTOR * width]

    def _drawn(self, tile: np.ndarray) -> np.ndarray:
        """(2h, 2w) float32 of a tile's inner part."""
        answer = self._accelerator.run(tile)
        self._devices[answer.device] = None
        self._fell_back = self._fell_back or answer.fell_back
        high, wide, _ = answer.values.shape
        fine = answer.values.reshape(high, wide, FACTOR, FACTOR).transpose(0, 2, 1, 3)
        return fine.reshape(FACTOR * high, FACTOR * wide) * np.float32(WHITE)

    def _rows(self, pixels: np.ndarray, detail: np.ndarray, first: int, rows: tuple[int, int]) -> np.ndarray:
        """The finished rows that belong to some measured ones; `detail` begins with the measured row `first`."""
        begin, end = max(rows[0] - REACH_PX, 0), min(rows[1] + REACH_PX, len(pixels))
        measured = pixels[begin:end]
        drawn = enlarged_twice(measured, self._threads)
        drawn += detail[FACTOR * (begin - first) : FACTOR * (end - first), :, np.newaxis]
        drawn = projected(drawn, measured, self._threads)[FACTOR * (rows[0] - begin) : FACTOR * (rows[1] - begin)]
        return (np.clip(drawn, 0.0, WHITE) + np.float32(0.5)).astype(np.uint8)


def load_upscaler(
    device: str = "auto",
    threads: int = THREADS,
    deadline_s: float = DEADLINE_S,
    library: str = "",
    folder: Path = FOLDER,
) -> Upscaler:
    """The network, ready to work. `device`, `threads`, `deadline_s` and `library` are as in `Accelerator`.

    Raises ModelError where the network is missing or damaged, RuntimeMissing without LiteRT, DeviceError for a device
    that cannot be; an Edge TPU that fails later is replaced by the CPU.
    """
    runtime()
    files = upscaling_files(folder)
    return Upscaler(files, Accelerator(files.files, device, threads, deadline_s, library), threads)


@contextlib.contextmanager
def opened_upscaler(**means: Any) -> Iterator[Upscaler]:
    """As `load_upscaler`, and closed at the end."""
    upscaler = load_upscaler(**means)
    try:
        yield upscaler
    finally:
        upscaler.close()


def check_picture(pixels: np.ndarray) -> None:
    """Raises PictureError unless this is a picture that can be upscaled."""
    if not isinstance(pixels, np.ndarray) or pixels.dtype != np.uint8 or pixels.ndim != 3 or pixels.shape[2] != 3:
        found = f"{pixels.dtype} {pixels.shape}" if isinstance(pixels, np.ndarray) else type(pixels).__name__
        raise PictureError(f"A picture is {found}; uint8 (H, W, 3) in sRGB is needed.")
    height, width, _ = pixels.shape
    if not (0 < height * width <= MOST_PX and max(height, width) <= LONGEST_PX):
        raise PictureError(
            f"A picture of {width} x {height} pixels cannot be upscaled; it must have 1 to {MOST_PX // 10**6} Mpix and "
            f"no side beyond {LONGEST_PX}. Cut it first."
        )

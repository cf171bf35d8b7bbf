"""Every intermediate of a development as a PNG to look at: `nightjar develop --show-steps`.

Linear pictures are display-encoded (sRGB curve), mosaics drawn as grey; what lies outside 0..1 is clipped here, in the
drawing only. Of a merged picture the first drawing shows how many frames back each place.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from firmware.errors import StorageError
from firmware.files.png import encode_png
from isp.burst.places import PITCH_PX
from isp.frames import LinearFrame, LinearImage, Mosaic, Photo, RawFrame
from isp.stage import Picture, Stage
from isp.tone import encode_srgb

SRGB_STEPS = 4096


class StepPictures:
    """A watcher for `isp.develop.develop`: writes FOLDER/01-levels.png, 02-bad_pixels.png, ..."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.files: list[Path] = []
        self._stages = 0

    def begin(self, frame: RawFrame | LinearFrame) -> None:
        """Draw what the picture begins with: FOLDER/00-frames_behind-1_to_8.png, black to white, if it is merged."""
        if frame.frames_behind is not None:
            pixels = drawn_frames_behind(frame.frames_behind, frame.shot.frames, frame.pixels.shape[:2])
            self._write(f"00-frames_behind-1_to_{frame.shot.frames}.png", pixels)

    def __call__(self, stage: Stage, picture: Picture) -> None:
        """Draw what this stage made."""
        self._stages += 1
        self._write(f"{self._stages:02d}-{stage.table_name()}.png", drawn(picture))

    def _write(self, name: str, pixels: np.ndarray) -> None:
        file = self.folder / name
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            file.write_bytes(encode_png(pixels))
        except OSError as error:
            raise StorageError(f"{file} cannot be written: {error.strerror}.") from None
        self.files.append(file)


def drawn_frames_behind(behind: np.ndarray, frames: int, shape: tuple[int, int]) -> np.ndarray:
    """(height, width) uint8 of a map at the places: black where one frame backs the picture, white where all do."""
    share = np.clip((behind - 1) / max(frames - 1, 1), 0, 1)
    for axis, length in enumerate(shape):
        places = np.arange(share.shape[axis]) * PITCH_PX
        share = np.apply_along_axis(
            lambda line, at=places, n=length: np.interp(np.arange(n) + 0.5, at, line), axis, share
        )
    return np.rint(255 * share).astype(np.uint8)


def drawn(picture: Picture) -> np.ndarray:
    """The picture as uint8, (H, W) for mosaics and (H, W, 3) for colour."""
    if isinstance(picture, Photo):
        return picture.pixels if picture.pixels.dtype == np.uint8 else (picture.pixels >> 8).astype(np.uint8)
    if isinstance(picture, RawFrame):
        black = np.float32(min(picture.shot.black_dn))
        return _display((picture.pixels - black) / np.float32(picture.shot.white_dn - black))
    if isinstance(picture, Mosaic | LinearImage):
        return _display(picture.pixels)
    raise TypeError(f"{type(picture).__name__} is no picture.")


def _display(linear: np.ndarray) -> np.ndarray:
    """Linear 0..1 to 8-bit sRGB through a table; fine enough for looking."""
    table = np.rint(encode_srgb(np.linspace(0.0, 1.0, SRGB_STEPS)) * 255).astype(np.uint8)
    # Not-a-number draws as black: the picture still shows where it is.
    tidy = np.nan_to_num(linear, nan=0.0, posinf=1.0, neginf=0.0)
    return table[(np.clip(tidy, 0.0, 1.0) * (SRGB_STEPS - 1)).astype(np.uint16)]

"""One picture at a larger size, and the story of it: learned or plain, by whom, and how true to what was there."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from accelerators.errors import AcceleratorError, DeviceError
from firmware.errors import SettingsError
from firmware.memory import MEGABYTE, available_bytes
from firmware.settings import AcceleratorSettings
from firmware.zoom.entry import LEARNED, PLAIN
from firmware.zoom.upscaling import load_learned
from isp.zoom.crop import LARGEST
from isp.zoom.enlarge import enlarged
from isp.zoom.projection import FACTOR, difference_rms

if TYPE_CHECKING:
    from accelerators.upscaling.upscaler import Upscaler

# Larger than any print is looked at; the network takes a quarter of it.
MOST_MADE_PX = 96_000_000
# Of a picture's pixel: itself and its luma; of each new one: itself, and what Pillow writes it from.
BYTES_BEFORE, BYTES_MADE = 4, 7
# Python, LiteRT and the strips in work.
BESIDE_BYTES = 100 * MEGABYTE


@dataclass(frozen=True)
class Enlarged:
    """pixels  (H, W, 3) uint8
    story   plain values for the JSON beside the picture
    """

    pixels: np.ndarray
    story: dict[str, Any]


def check_enlargement(factor: float) -> float:
    """Raises SettingsError unless pictures are made larger by this factor."""
    if not (math.isfinite(factor) and 1 < factor <= LARGEST):
        raise SettingsError(f"A factor of {factor:g} is not allowed; it must be above 1, up to {LARGEST:g}.")
    return factor


def most_px(factor: float, meminfo: Path = Path("/proc/meminfo")) -> int:
    """Pixels that a picture may have for this factor, with the memory that is free; it becomes twice as large first."""
    most = int(MOST_MADE_PX / max(factor, FACTOR) ** 2)
    available = available_bytes(meminfo)
    if available is None:
        return most
    twice = 3 * FACTOR**2 if factor != FACTOR else 0
    return max(min(most, int((available - BESIDE_BYTES) / (BYTES_BEFORE + BYTES_MADE * factor**2 + twice))), 0)


def opened(settings: AcceleratorSettings) -> tuple[Upscaler | None, str]:
    """The network; or None, and why there is none. Raises SettingsError for a device that cannot be."""
    from firmware.portrait.masks import check_device

    check_device(settings)
    try:
        return load_learned(settings), ""
    except AcceleratorError as error:
        return None, str(error)


def enlarge(
    pixels: np.ndarray,
    factor: float,
    upscaler: Upscaler | None,
    why_plain: str = "",
    progress: Callable[[int, int], None] | None = None,
) -> Enlarged:
    """A picture at `factor` times its size each way.

    pixels     (H, W, 3) uint8
    upscaler   draws detail; None: the classical enlargement alone, and `why_plain` says why
    progress   called with what is done of the detail, and how much that is
    A device that nothing can replace ends as the classical enlargement, and the story says so.
    """
    shape = tuple(max(round(side * factor), 1) for side in pixels.shape[:2])
    story: dict[str, Any] = {"factor": factor, "size": list(shape), "size_before": list(pixels.shape[:2])}
    made = None
    if upscaler is not None:
        try:
            made = upscaler.upscaled(pixels, progress)
            story |= {"rung": LEARNED} | upscaler.told
        except DeviceError as error:
            why_plain = str(error)
    if made is None:
        made, story = pixels, story | {"rung": PLAIN, "why": why_plain}
    if made.shape[:2] != shape:
        made = enlarged(made, shape)
    # Reduced to its former size it should be what it was.
    return Enlarged(made, story | {"rms_of_reduced": round(difference_rms(made, pixels), 3)})

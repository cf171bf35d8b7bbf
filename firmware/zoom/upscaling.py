"""The network that enlarges what no burst measured, loaded when a photo first needs it; where it fails, it is said."""

from __future__ import annotations

import contextlib
import logging
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from accelerators.errors import AcceleratorError
from firmware.errors import ZoomError
from firmware.memory import MEGABYTE, MEMINFO, lack_in_words
from firmware.settings import AcceleratorSettings

if TYPE_CHECKING:
    import numpy as np

    from accelerators.upscaling.upscaler import Upscaler as LearnedUpscaler

logger = logging.getLogger(__name__)

# What files and runtimes raise, beside our own: a network that fails must not cost the photo.
FAILURES = (AcceleratorError, ZoomError, ImportError, OSError, RuntimeError, ValueError)
FAILURES += (AttributeError, TypeError, LookupError, ArithmeticError, MemoryError)
# Of the small picture: the large one's twelve bytes, and luma; and what is held of rows on their way, for each column.
BYTES_PER_PIXEL, BYTES_PER_COLUMN = 13, 25_000
# The network and its runtime.
BESIDE_BYTES = 64 * MEGABYTE


class Upscaler(Protocol):
    """What `accelerators.upscaling.upscaler.load_upscaler` gives; `told` is a story as `Upscaled` has it."""

    told: Mapping[str, Any]

    def upscaled(self, pixels: np.ndarray) -> np.ndarray:
        """(2H, 2W, 3) uint8 of (H, W, 3) uint8."""

    def close(self) -> None:
        """End what it started."""


@dataclass(frozen=True)
class Upscaled:
    """pixels  (2H, 2W, 3) uint8
    story   plain values: `model` and `model_sha256`, `device`
    """

    pixels: np.ndarray
    story: Mapping[str, Any]


class Upscaling:
    """For any thread, one picture at a time. Making one of these imports nothing heavy and opens nothing.

    The network is open only while it draws: few photos need it, and portraits may want the same Edge TPU.

    load  gives the upscaler
    """

    def __init__(self, settings: AcceleratorSettings, load: Callable[[AcceleratorSettings], Upscaler] | None = None):
        self._settings = settings
        self._load = load or load_learned
        self._lock = threading.Lock()
        self._lacking = ""

    def __call__(self, pixels: np.ndarray, meminfo: Path = MEMINFO) -> Upscaled:
        """Twice the height and width. Raises one of FAILURES; a later picture tries anew."""
        with self._lock:
            try:
                _check_memory(pixels, meminfo)
                with contextlib.closing(self._load(self._settings)) as upscaler:
                    made = Upscaled(upscaler.upscaled(pixels), dict(upscaler.told))
            except FAILURES as error:
                self._lacking = in_words(error)
                logger.warning("No network enlarges the picture: %s", self._lacking)
                raise
            self._lacking = ""
            return made

    def use(self, settings: AcceleratorSettings) -> None:
        """The settings were read again: another device may serve from the next picture on."""
        self._settings, self._lacking = settings, ""

    def report(self) -> dict[str, Any]:
        """Plain values for `nightjar status`; `lacking` says why the last picture went without the network."""
        return {"lacking": self._lacking or None}


def load_learned(settings: AcceleratorSettings) -> LearnedUpscaler:
    """The network that came with the package. Raises AcceleratorError."""
    from accelerators.upscaling.upscaler import load_upscaler

    return load_upscaler(settings.device, settings.threads, settings.deadline_s, settings.library)


def in_words(error: BaseException) -> str:
    """What went wrong, without a full stop. Of its own a KeyError says no more than the key."""
    ours = isinstance(error, AcceleratorError | ZoomError)
    return (str(error) if ours else f"{type(error).__name__}: {error}").rstrip(".: ")


def _check_memory(pixels: np.ndarray, meminfo: Path) -> None:
    height, width = pixels.shape[:2]
    needed = height * width * BYTES_PER_PIXEL + width * BYTES_PER_COLUMN + BESIDE_BYTES
    if lack := lack_in_words("it", needed, meminfo):
        raise ZoomError(f"{lack}: lower [ring] memory_mb, or enlarge the photo elsewhere: nightjar upscale")

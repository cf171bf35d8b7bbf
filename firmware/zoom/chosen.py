"""How far the camera zooms: what button or command chose, kept from one day to the next, else what the settings say."""

from __future__ import annotations

import json
import logging
import stat
import threading
from pathlib import Path

from firmware.errors import StorageError, ZoomError
from firmware.settings import ZoomSettings
from firmware.storage.durable import sweep, write_over
from isp.errors import FrameError
from isp.plain_values import read_json
from isp.zoom.crop import LARGEST, SMALLEST, check_factor

logger = logging.getLogger(__name__)

FILE = "zoom.json"
FORMAT = 1
# What is larger is not ours.
LARGEST_BYTES = 10_000
# Where the zoom button stops; beyond the last comes the first.
STEPS = (1.0, 1.5, 2.0, 3.0)


class ChosenZoom:
    """For any thread. A choice is in force with the next press and the next preview picture, and durable.

    trouble  why it is not as it was chosen, or not kept; empty where all is well
    """

    def __init__(self, state_folder: Path | str) -> None:
        self.trouble = ""
        self._file = Path(state_folder) / FILE
        self._changing = threading.Lock()
        self._factor: float | None = None

    def open(self) -> None:
        """Read what was kept. A damaged file counts for nothing, and that is said until the next choice."""
        sweep(self._file)
        try:
            self._factor = read_kept(self._file)
        except ZoomError as error:
            self.trouble = f"{self._file} is damaged, the settings' zoom holds; choose with `nightjar zoom`: {error}"
            logger.warning(self.trouble)

    @property
    def is_chosen(self) -> bool:
        """False where the settings say how far."""
        return self._factor is not None

    def factor(self, settings: ZoomSettings) -> float:
        """How far now."""
        chosen = self._factor
        return settings.factor if chosen is None else chosen

    def choose(self, factor: float) -> None:
        """From now on. Raises ZoomError for what is no zoom."""
        self._keep(check_zoom(factor))

    def choose_next(self, settings: ZoomSettings) -> float:
        """The button's next step; it is given back."""
        now = self.factor(settings)
        self._keep(next((step for step in STEPS if step > now), STEPS[0]))
        return self.factor(settings)

    def reset(self) -> None:
        """Back to what the settings say."""
        self._keep(None)

    def _keep(self, factor: float | None) -> None:
        with self._changing:
            self._factor = factor
            try:
                write_kept(self._file, factor)
            except StorageError as error:
                self.trouble = f"The zoom holds until the camera is switched off, it was not kept: {error}"
                logger.error(self.trouble)
            else:
                self.trouble = ""


def check_zoom(factor: object) -> float:
    """Raises ZoomError for what is no zoom: words, too far, not a number."""
    try:
        return check_factor(factor)
    except FrameError:
        raise ZoomError(
            f"A zoom of {factor!r:.40} is not allowed; it must be a number, {SMALLEST:g} to {LARGEST:g}."
        ) from None


def read_kept(file: Path) -> float | None:
    """What the file holds; None where nothing was chosen. Raises ZoomError saying what is wrong with it."""
    try:
        facts = file.stat()
        if not stat.S_ISREG(facts.st_mode) or facts.st_size > LARGEST_BYTES:
            raise ZoomError(f"it is no file of at most {LARGEST_BYTES} bytes.")
        stored = read_json(file.read_bytes())
    except FileNotFoundError:
        return None
    except OSError as error:
        raise ZoomError(f"it cannot be read: {error.strerror}.") from None
    except ValueError as error:  # json's and Unicode's errors are ValueErrors
        if isinstance(error, ZoomError):
            raise
        raise ZoomError(f"it is not JSON: {error}.") from None
    if not isinstance(stored, dict) or set(stored) != {"format", "factor"} or stored["format"] != FORMAT:
        raise ZoomError(f"it is not of format {FORMAT}.")
    return None if stored["factor"] is None else check_zoom(stored["factor"])


def write_kept(file: Path, factor: float | None) -> None:
    """Durable before this returns. Raises StorageError."""
    try:
        write_over(file, json.dumps({"format": FORMAT, "factor": factor}).encode() + b"\n")
    except OSError as error:
        raise StorageError(f"{file} cannot be written: {error.strerror}.") from None

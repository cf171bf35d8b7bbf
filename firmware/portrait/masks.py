"""The daemon's one accelerator: loaded when somebody first wants a portrait, warmed up away from the shutter."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any

from firmware.errors import SettingsError
from firmware.settings import AcceleratorSettings, PortraitSettings

if TYPE_CHECKING:
    import numpy as np

    from accelerators.masking import Found, Gate, Masking, NoSubject

NAME = "portraits"


class Masks:
    """Finds masks for darkroom and preview. Making one of these imports nothing heavy and opens nothing.

    Raises SettingsError for a device that cannot be.
    """

    def __init__(self, settings: AcceleratorSettings) -> None:
        check_device(settings)
        self._settings = settings
        self._lock = threading.Lock()
        self._masking: Masking | None = None
        self._is_closed = False

    def warm_up(self) -> None:
        """Somebody may soon want a portrait. Returns at once; what takes seconds from a slow card goes on beside."""
        with self._lock:
            if self._masking is None and not self._is_closed:
                threading.Thread(target=self._made().warm_up, name=NAME, daemon=True).start()

    def find(self, picture: np.ndarray, settings: PortraitSettings) -> Found:
        """The mask of a (H, W, 3) uint8 picture, or why there is none."""
        with self._lock:
            masking = self._made()
        return masking.find(picture, gate_of(settings))

    def look(self, picture: np.ndarray, settings: PortraitSettings) -> np.ndarray | NoSubject:
        """The mask of a small picture for the preview. Raises AcceleratorError where no network answers."""
        with self._lock:
            masking = self._made()
        return masking.look(picture, gate_of(settings))

    def use(self, settings: AcceleratorSettings) -> None:
        """The settings were read again: another device or model serves from the next portrait on."""
        with self._lock:
            if settings == self._settings:
                return
            self._settings = settings
            before, self._masking = self._masking, None
        if before is not None:
            before.close()
            self.warm_up()

    def report(self) -> dict[str, Any]:
        """Plain values for `nightjar status`; `lacking` says why portraits go without a network."""
        masking = self._masking
        if masking is None:
            return {"state": "off", "model": self._settings.model, "lacking": None, "device": None}
        return masking.report()

    def close(self) -> None:
        """End the device's process. Whoever is at work with it finishes first."""
        with self._lock:
            self._is_closed = True
            masking, self._masking = self._masking, None
        if masking is not None:
            masking.close()

    def _made(self) -> Masking:
        if self._masking is None:
            self._masking = new_masking(self._settings)
        return self._masking


def check_device(settings: AcceleratorSettings) -> None:
    """Raises SettingsError for a device that cannot be; whether it is there shows when it is asked."""
    from accelerators.errors import DeviceError
    from accelerators.runtime.devices import read_device

    try:
        read_device(settings.device)
    except DeviceError as error:
        raise SettingsError(f"[accelerator] device: {error}") from None


def new_masking(settings: AcceleratorSettings) -> Masking:
    """What finds masks, from the settings; nothing is loaded yet but numpy. Raises SettingsError."""
    from accelerators.masking import Masking, Means

    check_device(settings)
    return Masking(
        Means(
            model=settings.model,
            folder=Path(settings.models_folder).absolute(),  # so that a message says where that is
            device=settings.device,
            threads=settings.threads,
            deadline_s=settings.deadline_s,
            library=settings.library,
        )
    )


def gate_of(settings: PortraitSettings) -> Gate:
    """What may be a subject, from the settings."""
    from accelerators.masking import Gate

    return Gate(settings.least_confidence, settings.objects, settings.without_model == "guess")

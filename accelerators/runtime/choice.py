"""Which device is to be used now, and whether all that it needs is there; looked at again as things are plugged in."""

from __future__ import annotations

import logging
from collections.abc import Callable
from pathlib import Path

from accelerators.errors import DeviceError, ModelError
from accelerators.models.files import ModelFiles
from accelerators.runtime.devices import LIBRARY, Device, choose, find_library, no_stick, sticks
from accelerators.runtime.model import picture_shape
from accelerators.runtime.model_file import ModelFile, read_model

logger = logging.getLogger(__name__)

# How long "auto" believes that no stick was plugged in.
LOOK_AGAIN_S = 5.0


class Choice:
    """The device in use, and why. `wanted`, `files`, `library`, `root` and `clock` are as in `Accelerator`."""

    def __init__(self, wanted: Device, files: ModelFiles, library: str, root: Path, clock: Callable[[], float]) -> None:
        self.wanted, self._files, self._named, self._root, self._clock = wanted, files, library, root, clock
        self.device, self.why = wanted, ""
        self._library: str | None = None
        self._look_again = 0.0
        self._stick_is_gone = False

    def look(self) -> Device:
        """The device for the next picture.

        A stick once chosen stays so: that it was pulled out later is a fault, and each picture says so.
        """
        now = self._clock()
        finds_none = self.wanted.kind == "auto" and self.device.kind == "cpu"
        if not self.why or (finds_none and now >= self._look_again):
            self._look_again = now + LOOK_AGAIN_S
            self._library = find_library(self._named, self._root)
            plugged_in = sticks(self._root) if self.wanted.kind == "auto" else ()
            self.device, self.why = choose(self.wanted, self._files, self._library, plugged_in)
        return self.device

    def is_back(self) -> bool:
        """True when a stick that was gone is there again. Raises DeviceError while it is gone.

        Seen without a child, which takes a second to start on a small board, and without a rest afterwards.
        """
        if self.device.kind != "usb":
            return False
        was_gone, self._stick_is_gone = self._stick_is_gone, not sticks(self._root)
        if not self._stick_is_gone:
            return was_gone
        if not was_gone:
            logger.warning("The CPU takes over: %s", no_stick(self._root))
        raise DeviceError(no_stick(self._root))

    def parts(self) -> tuple[ModelFile, str]:
        """The checked model file for the device, and libedgetpu. Raises ModelError or DeviceError for what lacks."""
        if not self.device.is_edge_tpu:
            return self._fitting(self._files.cpu), ""
        if self._files.edge_tpu is None:
            raise ModelError(f"Model {self._files.name} has no file compiled for the Edge TPU")
        if self._library is None:
            where = self._named or LIBRARY
            raise DeviceError(f'{where} is not there: install libedgetpu1-std, or set device = "cpu"')
        return self._fitting(self._files.edge_tpu), self._library

    def _fitting(self, path: Path) -> ModelFile:
        file = read_model(path, self._files.uncut)
        shape, wanted = picture_shape(file), self._files.picture_shape
        if shape != wanted:
            raise ModelError(f"{path} takes a picture of {shape}, but model {self._files.name} one of {wanted}")
        return file

"""One network on one device: a picture goes in, real numbers come out."""

from __future__ import annotations

import logging
import threading
from pathlib import Path
from typing import Any

import numpy as np

from accelerators.errors import DeviceError, ModelError
from accelerators.runtime.litert import Runtime, runtime
from accelerators.runtime.model_file import ModelFile, Tensor, read_model

logger = logging.getLogger(__name__)

# Of a picture: grey, or red, green and blue.
CHANNELS = (1, 3)


class Model:
    """A .tflite file with one picture as its input. Safe to use from several threads; they take turns.

    path      of the file
    threads   that LiteRT works with on the CPU
    delegate  of the Edge TPU, from `load_delegate`; None for the CPU
    library   the LiteRT that the delegate came from
    uncut     the file is cut at its scores first
    Raises ModelError when the file is damaged or not of this kind, RuntimeMissing when there is no LiteRT.
    """

    def __init__(
        self,
        path: Path,
        threads: int = 1,
        delegate: object | None = None,
        library: Runtime | None = None,
        uncut: bool = False,
    ) -> None:
        self.file = read_model(path, uncut)
        self.picture_shape = picture_shape(self.file)
        self.output_shape = output_shape(self.file)
        if delegate is None and self.file.is_for_edge_tpu:
            raise ModelError(
                f"{path} is compiled for the Edge TPU, the CPU cannot run it. Take its twin without _edgetpu."
            )
        self._library = library or runtime()
        self._threads = threads
        self._delegate = delegate
        self._turn = threading.Lock()
        # XNNPACK takes over what it can; some older files it accepts and then fails to prepare.
        self.has_xnnpack = True
        self._interpreter = self._opened()

    def run(self, picture: np.ndarray) -> np.ndarray:
        """What the network says about a picture.

        picture  (h, w, channels) uint8, 0 to 255, whatever the network's own quantisation; or float32 with the real
                 numbers that the network was trained on. A network without quantisation takes float32 only.
        Returns the first output without its batch axis, float32, dequantised; class numbers as they are.
        Raises ModelError when the picture does not fit or the answer has holes, DeviceError when the device fails.
        """
        stored = _stored(picture, self.file.inputs[0], self.picture_shape, self.file.path)
        with self._turn:
            raw = self._invoked(stored)
        if raw.shape != self.file.outputs[0].shape:
            raise ModelError(
                f"{self.file.path} says that it gives {self.file.outputs[0].shape}, but gives {raw.shape}."
            )
        return _real(raw.reshape(self.output_shape), self.file.outputs[0], self.file.path)

    def _invoked(self, stored: np.ndarray) -> np.ndarray:
        try:
            return self._answer(stored)
        except RuntimeError as error:
            if not (self.has_xnnpack and _is_xnnpack(error)):
                raise DeviceError(f"{self.file.path.name} cannot be run: {_one_line(error)}") from None
        self._interpreter = self._opened_plain()
        return self._answer(stored)

    def _answer(self, stored: np.ndarray) -> np.ndarray:
        self._interpreter.set_tensor(self._interpreter.get_input_details()[0]["index"], stored[np.newaxis])
        self._interpreter.invoke()
        return self._interpreter.get_tensor(self._interpreter.get_output_details()[0]["index"])

    def _opened(self) -> Any:
        try:
            return self._allocated()
        except (RuntimeError, ValueError, SystemError) as error:
            if _is_xnnpack(error):
                return self._opened_plain()
            raise _refused(self.file, error) from None

    def _opened_plain(self) -> Any:
        logger.info("%s: XNNPACK fails, going on without it", self.file.path.name)
        self.has_xnnpack = False
        try:
            return self._allocated(experimental_op_resolver_type=self._library.plain)
        except (RuntimeError, ValueError, SystemError) as error:
            raise _refused(self.file, error) from None

    def _allocated(self, **options: Any) -> Any:
        # From the bytes that were checked: the file may be replaced meanwhile.
        interpreter = self._library.interpreter(
            model_content=self.file.content,
            num_threads=self._threads,
            experimental_delegates=[self._delegate] if self._delegate is not None else None,
            **options,
        )
        interpreter.allocate_tensors()
        return interpreter


def picture_shape(file: ModelFile) -> tuple[int, int, int]:
    """(height, width, channels) of the picture a model takes. Raises ModelError when it takes something else."""
    shape = file.inputs[0].shape
    if len(file.inputs) != 1 or len(shape) != 4 or shape[0] != 1 or shape[3] not in CHANNELS:
        found = ", ".join(str(list(tensor.shape)) for tensor in file.inputs)
        raise ModelError(f"{file.path} takes {found}; allowed is one picture, [1, height, width, 1 or 3].")
    if file.inputs[0].dtype not in ("uint8", "int8", "float32"):
        raise ModelError(f"{file.path} takes {file.inputs[0].dtype}; allowed are uint8, int8 and float32.")
    return shape[1:]


def output_shape(file: ModelFile) -> tuple[int, ...]:
    """Shape of the first output without its batch axis."""
    shape = file.outputs[0].shape
    return shape[1:] if len(shape) > 1 and shape[0] == 1 else shape


def limits(tensor: Tensor) -> tuple[float, float]:
    """The least and the largest real number that a tensor can hold."""
    if tensor.dtype in ("float32", "float16") or not tensor.scale:
        return -np.inf, np.inf
    kind = np.iinfo(tensor.dtype)
    return tensor.scale * (kind.min - tensor.zero_point), tensor.scale * (kind.max - tensor.zero_point)


def _stored(picture: np.ndarray, tensor: Tensor, shape: tuple[int, int, int], path: Path) -> np.ndarray:
    if not isinstance(picture, np.ndarray) or picture.shape != shape:
        found = getattr(picture, "shape", type(picture).__name__)
        raise ModelError(f"{path.name} takes a picture of shape {shape}, not {found}.")
    if picture.dtype == np.uint8 and tensor.dtype in ("uint8", "int8"):
        # int8 is uint8 with its zero in the middle; 0 to 255 are the ends of the model's range either way.
        return picture if tensor.dtype == "uint8" else (picture ^ 0x80).view(np.int8)
    if picture.dtype == np.float32:
        if not np.isfinite(picture).all():
            raise ModelError(f"The picture for {path.name} has NaN or infinite numbers.")
        if not tensor.scale:
            return picture
        kind = np.iinfo(tensor.dtype)
        levels = np.rint(picture / np.float32(tensor.scale)) + tensor.zero_point
        return np.clip(levels, kind.min, kind.max).astype(tensor.dtype)
    allowed = "float32" if tensor.dtype == "float32" else "uint8 or float32"
    raise ModelError(f"{path.name} takes a picture of {allowed}, not {picture.dtype}.")


def _real(raw: np.ndarray, tensor: Tensor, path: Path) -> np.ndarray:
    values = raw.astype(np.float32)
    if tensor.scale and tensor.dtype in ("uint8", "int8", "int16"):
        values = (values - np.float32(tensor.zero_point)) * np.float32(tensor.scale)
    if not np.isfinite(values).all():
        raise ModelError(f"{path.name} answered with NaN or infinite numbers: the file is damaged or not for this.")
    return values


def _is_xnnpack(error: Exception) -> bool:
    return "xnnpack" in str(error).lower()


def _refused(file: ModelFile, error: Exception) -> ModelError:
    return ModelError(f"{file.path} cannot be loaded: {_one_line(error)}")


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split())

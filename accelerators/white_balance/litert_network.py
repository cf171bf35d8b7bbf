"""The white balance's network in LiteRT, with the kernels that define int8 arithmetic.

The faster ones round sums otherwise, each in its own way and differently from processor to processor; here that would
gain parts of a millisecond, and cost that a photo's colours are the same on each camera and without LiteRT.
"""

from __future__ import annotations

import threading

import numpy as np

from accelerators.errors import ModelError
from accelerators.runtime.litert import runtime
from accelerators.white_balance.network_file import NetworkFile


class LiteRtNetwork:
    """Runs a checked file. Safe to use from several threads; they take turns.

    Raises RuntimeMissing where LiteRT is not installed, ModelError where it refuses the file.
    """

    def __init__(self, file: NetworkFile) -> None:
        library = runtime()
        self._turn = threading.Lock()
        try:
            # From the bytes that were checked: the file may be replaced meanwhile.
            self._interpreter = library.interpreter(
                model_content=file.content, num_threads=1, experimental_op_resolver_type=library.reference
            )
            self._interpreter.allocate_tensors()
        except (RuntimeError, ValueError) as error:
            raise ModelError(f"{file.path}: LiteRT refuses it: {' '.join(str(error).split())}") from None
        self._input = self._interpreter.get_input_details()[0]["index"]
        self._output = self._interpreter.get_output_details()[0]["index"]

    def __call__(self, stored: np.ndarray) -> np.ndarray:
        """(candidates, features) int8 to (candidates, roundings) int8."""
        with self._turn:
            self._interpreter.set_tensor(self._input, stored[np.newaxis, np.newaxis])
            self._interpreter.invoke()
            return self._interpreter.get_tensor(self._output)[0, 0]

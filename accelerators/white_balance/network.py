"""The network that gives each candidate for the light a score: by LiteRT where it is installed, by numpy otherwise.

Both run the same file with the same integer arithmetic and give the same bits.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Protocol

import numpy as np

from accelerators.errors import ModelError, RuntimeMissing
from accelerators.white_balance.network_file import NetworkFile, read_network

Runs = Literal["auto", "litert", "numpy"]


class Runner(Protocol):
    """Takes what is stored for the first layer, (candidates, features) int8; gives (candidates, roundings) int8."""

    def __call__(self, stored: np.ndarray) -> np.ndarray: ...


@dataclass(frozen=True)
class Network:
    """A network that is ready. Safe to use from several threads.

    runs_in  "litert" or "numpy"
    why      why not LiteRT; empty where it is
    """

    file: NetworkFile
    runs_in: str
    why: str
    _run: Runner

    @property
    def candidates(self) -> int:
        """How many rows of features it takes."""
        return self.file.candidates

    def scores(self, features: np.ndarray) -> np.ndarray:
        """How much speaks for each candidate.

        features  (candidates, features) float32, finite; beyond the range seen in training they count as its ends
        Returns (candidates,) float32, natural logarithms up to a constant. Raises ModelError for other features.
        """
        return self.file.scores(self._run(self.file.stored(features)))


def load_network(path: Path, runs_in: Runs = "auto") -> Network:
    """Read a network.

    runs_in  "litert" or "numpy"; "auto" takes LiteRT where it is installed
    Raises ModelError where the file is missing or damaged, RuntimeMissing where LiteRT is asked for and not there.
    """
    if runs_in not in ("auto", "litert", "numpy"):
        raise ModelError(f"A network runs in auto, litert or numpy, not in {runs_in!r}.")
    file = read_network(path)
    if runs_in == "numpy":
        return Network(file, "numpy", "numpy was asked for", _in_numpy(file))
    try:
        from accelerators.white_balance.litert_network import LiteRtNetwork

        return Network(file, "litert", "", LiteRtNetwork(file))
    except RuntimeMissing as missing:
        if runs_in == "litert":
            raise
        return Network(file, "numpy", str(missing), _in_numpy(file))


def _in_numpy(file: NetworkFile) -> Runner:
    def run(stored: np.ndarray) -> np.ndarray:
        for layer in file.layers:
            stored = layer(stored)
        return stored

    return run

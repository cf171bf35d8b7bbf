"""Would a .tflite run on the Edge TPU as a whole? Operator by operator, without compiler and without device.

The compiler makes one piece for the Edge TPU: from the start to the operators that it cannot map. What needs their
results runs on the CPU, however simple it is. In a compiled file that piece is one operator of Google's own, and what
is left beside it is what left the Edge TPU. So the rules here can be tried on files of which both forms exist: on the
14 found, they name the same operators as the compiler left.
"""

from __future__ import annotations

import stat
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from accelerators.errors import ModelError
from accelerators.models.edge_tpu_rules import doubt, refusal
from accelerators.models.graph import Graph, Operator, read_graph

COMPILED = "edgetpu-custom-op"
# A picture in floats is quantised on the CPU first; that alone does not end the Edge TPU's part.
CONVERSIONS = ("CAST", "QUANTIZE")
# Of the 8 MB on the chip; the rest is for what is computed. Weights beyond it come over USB at each inference.
WEIGHTS_ON_CHIP_BYTES = 6_900_000
MOST_BYTES = 256_000_000
MB = 1_000_000


@dataclass(frozen=True)
class Verdict:
    """One operator.

    shape, dtype  of its first output
    reason        why it is on the CPU; empty on the Edge TPU
    doubt         why it may leave the Edge TPU after all; empty where nothing is known
    """

    index: int
    operator: str
    version: int
    shape: tuple[int, ...]
    dtype: str
    on_edge_tpu: bool
    reason: str = ""
    doubt: str = ""


@dataclass(frozen=True)
class Report:
    """What lint found in one file. `compiled`: it has been through Google's compiler already."""

    path: Path
    compiled: bool
    weights_bytes: int
    verdicts: tuple[Verdict, ...]
    notes: tuple[str, ...]

    @property
    def stays(self) -> bool:
        """Whether every operator runs on the Edge TPU."""
        return bool(self.verdicts) and all(verdict.on_edge_tpu for verdict in self.verdicts)

    @property
    def leaves_at(self) -> Verdict | None:
        """The first operator that does not run on the Edge TPU."""
        return next((verdict for verdict in self.verdicts if not verdict.on_edge_tpu), None)

    @property
    def summary(self) -> str:
        """One sentence."""
        left = sum(not verdict.on_edge_tpu for verdict in self.verdicts)
        if self.leaves_at is None:
            return f"all {len(self.verdicts)} operators run on the Edge TPU" if self.verdicts else "it has no operator"
        first = self.leaves_at
        return f"{left} of {len(self.verdicts)} operators run on the CPU, the first is {first.index} {first.operator}"

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return {
            "path": str(self.path),
            "stays": self.stays,
            "compiled": self.compiled,
            "weights_bytes": self.weights_bytes,
            "summary": self.summary,
            "notes": list(self.notes),
            "operators": [vars(verdict) | {"shape": list(verdict.shape)} for verdict in self.verdicts],
        }


def lint(path: Path) -> Report:
    """Read a .tflite and judge it. Raises ModelError, which begins with the file's name, where it cannot be read."""
    try:
        facts = path.stat()
        if not stat.S_ISREG(facts.st_mode):  # a pipe would be waited for
            raise ModelError("It is no file.")
        if facts.st_size > MOST_BYTES:
            raise ModelError(f"It has {facts.st_size // MB} MB; an Edge TPU's model has at most {MOST_BYTES // MB}.")
        graph = read_graph(path.read_bytes())
        compiled = any(operator.name == COMPILED for operator in graph.operators)
        verdicts = _of_compiled(graph) if compiled else _of_source(graph)
    except ModelError as error:
        raise ModelError(f"{path}: {error}") from None
    except OSError as error:
        raise ModelError(f"{path} cannot be read: {error.strerror}.") from None
    weights = sum(len(tensor.constant) for tensor in graph.tensors)
    return Report(path, compiled, weights, tuple(verdicts), tuple(_notes(graph, compiled, weights)))


def _of_compiled(graph: Graph) -> list[Verdict]:
    left = "left on the CPU by the compiler"
    return [
        _verdict(graph, index, operator, "" if operator.name == COMPILED else left)
        for index, operator in enumerate(graph.operators)
    ]


def _of_source(graph: Graph) -> list[Verdict]:
    verdicts = []
    # Tensors that are made on the CPU, with the operator that is to blame.
    blamed: dict[int, int] = {}
    given = set(graph.inputs)
    for index, operator in enumerate(graph.operators):
        why = refusal(operator, graph)
        if why and operator.name in CONVERSIONS and given.issuperset(operator.inputs):
            given.update(operator.outputs)
            why = "it only converts the input; the Edge TPU begins after it"
        elif origins := [blamed[end] for end in operator.inputs if end in blamed]:
            why = why or f"it needs what operator {min(origins)} left on the CPU"
            blamed.update(dict.fromkeys(operator.outputs, min(origins)))
        elif why:
            blamed.update(dict.fromkeys(operator.outputs, index))
        verdicts.append(_verdict(graph, index, operator, why, doubt(operator, graph)))
    return verdicts


def _verdict(graph: Graph, index: int, operator: Operator, reason: str, doubted: str = "") -> Verdict:
    output = graph.tensors[operator.outputs[0]] if operator.outputs else None
    shape, dtype = (output.shape, output.dtype) if output else ((), "none")
    return Verdict(index, operator.name, operator.version, shape, dtype, not reason, reason, "" if reason else doubted)


def _notes(graph: Graph, compiled: bool, weights: int) -> list[str]:
    notes = []
    if graph.subgraphs > 1:
        notes.append(f"It has {graph.subgraphs} subgraphs; the first is judged, the others never run on an Edge TPU.")
    if not compiled and weights > WEIGHTS_ON_CHIP_BYTES:
        notes.append(
            f"{weights / MB:.1f} MB of weights do not fit the {WEIGHTS_ON_CHIP_BYTES / MB:.1f} MB on the chip: "
            "the rest comes over USB at each inference."
        )
    return notes

"""The .tflite of the white balance: read into layers, and refused where one bit of it is not as it was written.

Beside the network, three entries of the file's metadata belong to it: the range of each feature, the middle of the
scores, and the SHA-256 of the file (see models/seal.py).
"""

from __future__ import annotations

import stat
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from accelerators.errors import ModelError
from accelerators.models.flatbuffer import Table
from accelerators.models.graph import Graph, Operator, read_graph
from accelerators.models.quantisation import INT8, Quantisation
from accelerators.models.seal import check_seal, metadata_of
from accelerators.white_balance.integer_layer import IntegerLayer

FEATURES, SCORE_MIDDLE = "nightjar_features", "nightjar_score_middle"
# The shipped file has some tens of kB; this is far beyond what 5 ms are enough for.
MOST_BYTES = 4_000_000
MOST_FEATURE = 1e30
SAME, RELU = 0, 1
# Weights are some 1e-3, scores some 1e-1.
SCALES = (1e-15, 1e6)
# One step of a sum is less than one of what is stored, as a rule far less; below 2^-31 the kernel takes it for nothing.
EXPONENTS = (-31, 8)
REPAIR = "Install nightjar again, or make the file anew with its training command."


@dataclass(frozen=True)
class FeatureRange:
    """What the samples of each feature reached, with room: middles and half the widths, (features,) float32 each."""

    middles: np.ndarray
    halves: np.ndarray

    def scaled(self, features: np.ndarray) -> np.ndarray:
        """(..., features) float32 to -1..1, float32; what is beyond the range counts as its end."""
        within = np.clip(features, self.middles - self.halves, self.middles + self.halves)
        return (within - self.middles) / self.halves


@dataclass(frozen=True)
class NetworkFile:
    """A whole file.

    content       its bytes, the ones that were checked
    candidates    how many rows of features it takes
    features      how features are scaled before they are stored
    score_middle  what is added to each score
    layers        in the order they run
    """

    path: Path
    content: bytes
    candidates: int
    features: FeatureRange
    score_middle: float
    layers: tuple[IntegerLayer, ...]

    def stored(self, features: np.ndarray) -> np.ndarray:
        """(candidates, features) float32 to what the first layer takes, int8. Raises ModelError for what fits not."""
        wanted = (self.candidates, len(self.features.middles))
        if not isinstance(features, np.ndarray) or features.dtype != np.float32 or features.shape != wanted:
            found = getattr(features, "dtype", type(features).__name__), getattr(features, "shape", ())
            raise ModelError(f"{self.path.name} takes float32 features of shape {wanted}, not {found[0]} {found[1]}.")
        if not np.isfinite(features).all():
            raise ModelError(f"The features for {self.path.name} have NaN or infinite numbers.")
        return self.layers[0].taken.stored(self.features.scaled(features))

    def scores(self, stored: np.ndarray) -> np.ndarray:
        """What the last layer gave, (candidates, roundings) int8, as real numbers: (candidates,) float32."""
        return self.layers[-1].given.real(stored).mean(axis=1, dtype=np.float32) + np.float32(self.score_middle)


def read_network(path: Path) -> NetworkFile:
    """The file, checked. Raises ModelError, which begins with the file's name, where it is missing or damaged."""
    try:
        facts = path.stat()
        if not stat.S_ISREG(facts.st_mode) or not 0 < facts.st_size <= MOST_BYTES:
            raise ModelError(f"It is no file of 1 to {MOST_BYTES} bytes.")
        content = path.read_bytes()
        check_seal(content)
        graph = read_graph(content)
        tables = graph.table.tables(0)
        layers = tuple(_layer(operator, graph, tables) for operator in graph.operators)
        candidates = _check_chain(graph, layers)
        features = _feature_range(content, layers[0].weights.shape[2])
        (middle,) = _floats(content, SCORE_MIDDLE, 1)
    except ModelError as damage:
        raise ModelError(f"{path} is damaged or not for this. {damage} {REPAIR}") from None
    except OSError as error:
        raise ModelError(f"{path} cannot be read ({error.strerror}). {REPAIR}") from None
    return NetworkFile(path, content, candidates, features, float(middle), layers)


def _feature_range(content: bytes, features: int) -> FeatureRange:
    middles, halves = _floats(content, FEATURES, 2 * features).reshape(2, features)
    if not ((halves >= SCALES[0]) & (halves <= MOST_FEATURE) & (np.abs(middles) <= MOST_FEATURE)).all():
        raise ModelError("A feature has no range, or one that is no feature's.")
    return FeatureRange(middles, halves)


def _floats(content: bytes, name: str, count: int) -> np.ndarray:
    stored = metadata_of(content, name).content(0)
    if len(stored) != 4 * count:
        raise ModelError(f"Its entry {name} has {len(stored) // 4} numbers, not {count}.")
    floats = np.frombuffer(stored, "<f4").astype(np.float32)
    if not np.isfinite(floats).all():
        raise ModelError(f"Its entry {name} has NaN or infinite numbers.")
    return floats


def _layer(operator: Operator, graph: Graph, tables: list[Table]) -> IntegerLayer:
    options = operator.options
    ends = len(operator.inputs), len(operator.outputs)
    if operator.name != "CONV_2D" or ends != (3, 1) or min(operator.inputs) < 0 or options is None:
        raise ModelError(
            f"It has {operator.name} from {ends[0]} to {ends[1]} tensors; CONV_2D from 3 to 1 is understood."
        )
    activation = options.number(3, "b")
    plain = [options.number(field, "i", 1) for field in (1, 2, 4, 5)]
    if options.number(0, "b") != SAME or activation not in (0, RELU) or plain != [1, 1, 1, 1]:
        raise ModelError("A convolution has other steps, edges or an activation than those understood.")
    start, weights, bias = operator.inputs
    shape = graph.tensors[weights].shape
    if len(shape) != 4 or shape[1] != 1 or min(shape) < 1:
        raise ModelError(f"Weights have the shape {shape}, not (out, 1, taps, in).")
    scales, _ = _quantisation(tables[weights], shape[0])
    layer = IntegerLayer(
        weights=_constant(graph, weights, np.int8, shape).reshape(shape[0], shape[2], shape[3]),
        bias=_constant(graph, bias, np.dtype("<i4"), (shape[0],)),
        scales=scales,
        taken=_computed(tables[start]),
        given=_computed(tables[operator.outputs[0]]),
        relu=activation == RELU,
    )
    if layer.exponents.min() < EXPONENTS[0] or layer.exponents.max() > EXPONENTS[1]:
        raise ModelError("A convolution's scales do not fit each other.")
    return layer


def _constant(graph: Graph, number: int, kind: np.dtype | type, shape: tuple[int, ...]) -> np.ndarray:
    tensor = graph.tensors[number]
    kind = np.dtype(kind)
    if tensor.dtype != kind.name or tensor.shape != shape or len(tensor.constant) != kind.itemsize * np.prod(shape):
        raise ModelError(f"Tensor {tensor.name} is {tensor.dtype} {tensor.shape}, not {kind.name} {shape} in the file.")
    return np.frombuffer(tensor.constant, kind).reshape(shape)


def _computed(table: Table) -> Quantisation:
    scales, zero_points = _quantisation(table, 1)
    return Quantisation(float(scales[0]), int(zero_points[0]))


def _quantisation(table: Table, count: int) -> tuple[np.ndarray, np.ndarray]:
    facts = table.table(4)
    scales = np.array(() if facts is None else facts.numbers(2, "f"), np.float32)
    zero_points = np.array(() if facts is None else facts.numbers(3, "q"), np.int64)
    if scales.shape != (count,) or zero_points.shape != (count,):
        raise ModelError(f"A tensor has {len(scales)} scales and {len(zero_points)} zero points, not {count}.")
    if (
        not ((scales >= SCALES[0]) & (scales <= SCALES[1])).all()
        or ((zero_points < INT8.min) | (zero_points > INT8.max)).any()
    ):
        raise ModelError("A tensor has a scale or a zero point beyond what numbers of 8 bits are stored with.")
    return scales, zero_points


def _check_chain(graph: Graph, layers: tuple[IntegerLayer, ...]) -> int:
    """Each layer takes what the one before gives, from the input to the scores; the number of candidates."""
    ends = [operator.outputs for operator in graph.operators]
    if not layers or graph.inputs != (graph.operators[0].inputs[0],) or graph.outputs != ends[-1]:
        raise ModelError("Its layers do not lead from its input to its output.")
    candidates = graph.tensors[graph.inputs[0]].shape[2:3]
    given = [graph.inputs, *ends]
    channels = [layers[0].weights.shape[2], *(len(layer.weights) for layer in layers)]
    for operator, layer, before, taken in zip(graph.operators, layers, given, channels, strict=False):
        if operator.inputs[:1] != before or layer.weights.shape[2] != taken:
            raise ModelError("A layer does not take what the one before it gives.")
    for (end,), count in zip(given, channels, strict=True):
        tensor = graph.tensors[end]
        if tensor.dtype != "int8" or tensor.shape != (1, 1, *candidates, count):
            raise ModelError(f"Tensor {tensor.name} is {tensor.dtype} {tensor.shape}: not what its layer needs.")
    if not candidates or candidates[0] < 1:
        raise ModelError(f"Its input has the shape {graph.tensors[graph.inputs[0]].shape}: no candidates.")
    return candidates[0]

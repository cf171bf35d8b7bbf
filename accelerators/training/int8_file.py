"""A small network as an int8 .tflite: layers of floats and samples of what they will see go in, a file comes out.

Form of the network: input (1, 1, candidates, features) int8, convolutions along the candidates, each with RELU inside
where it has one, output (1, 1, candidates, 4) int8: four roundings of each score. These are CONV_2D of version 3,
weights with one scale for each output: what Google's compiler for the Edge TPU is known to take.

Written with the classes of TensorFlow Lite's own schema. The same layers and samples give the same bytes.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import flatbuffers
import numpy as np

from accelerators.models.graph import IDENTIFIER
from accelerators.runtime.litert import file_format
from accelerators.training.layers import Layer
from accelerators.training.rounding import Rounded, rounded
from accelerators.white_balance.integer_layer import IntegerLayer, Quantisation
from accelerators.white_balance.network_file import DIGEST, DIGEST_BYTES, FEATURES, SCORE_MIDDLE, sealed

CONVOLUTION_VERSION = 3  # The first that takes int8 weights with one scale for each output.
SCHEMA_VERSION = 3


def write_int8(path: Path, layers: Sequence[Layer], samples: np.ndarray, name: str) -> None:
    """Round a network to int8 and write it.

    layers   in the order they run
    samples  (n, candidates, features) float32, as varied as what the network will see
    name     what the file is, for the person that opens it
    Raises ModelError where layers and samples do not fit together.
    """
    network = rounded(layers, samples)
    path.write_bytes(sealed(_packed(network, samples.shape[1], name)))


def _packed(network: Rounded, candidates: int, name: str) -> bytes:
    schema = file_format()
    model, graph = schema.ModelT(), schema.SubGraphT()
    model.version, model.description, model.subgraphs = SCHEMA_VERSION, name, [graph]
    graph.name, graph.tensors, graph.operators = "main", [], []
    # Buffer 0 is the empty one of all that is computed.
    model.buffers = [schema.BufferT()]
    code = schema.OperatorCodeT()
    code.builtinCode = code.deprecatedBuiltinCode = schema.BuiltinOperator.CONV_2D
    code.version = CONVOLUTION_VERSION
    model.operatorCodes = [code]
    parts = _Parts(schema, model, graph)
    now = parts.computed("features", candidates, network.layers[0].weights.shape[2], network.layers[0].taken)
    graph.inputs = np.array([now], np.int32)
    for number, layer in enumerate(network.layers, 1):
        now = parts.convolution(f"layer{number}", layer, now, candidates)
    graph.outputs = np.array([now], np.int32)
    model.metadata = [
        parts.metadata(FEATURES, np.stack([network.features.middles, network.features.halves]).astype("<f4").tobytes()),
        parts.metadata(SCORE_MIDDLE, np.array(network.score_middle, "<f4").tobytes()),
        parts.metadata(DIGEST, bytes(DIGEST_BYTES)),
    ]
    builder = flatbuffers.Builder(4096)
    builder.Finish(model.Pack(builder), file_identifier=IDENTIFIER)
    return bytes(builder.Output())


class _Parts:
    """Adds the parts of a network to a model that grows."""

    def __init__(self, schema: Any, model: Any, graph: Any) -> None:
        self._schema, self._model, self._graph = schema, model, graph

    def computed(self, name: str, candidates: int, channels: int, stored: Quantisation) -> int:
        """A tensor that is computed; its number."""
        return self._tensor(name, (1, 1, candidates, channels), "INT8", [stored.scale], [stored.zero_point])

    def convolution(self, name: str, layer: IntegerLayer, start: int, candidates: int) -> int:
        """One layer from the tensor `start`; the number of the tensor that it gives."""
        outputs, taps, inputs = layer.weights.shape
        zeros = [0] * outputs
        weights = self._tensor(
            f"{name}_weights", (outputs, 1, taps, inputs), "INT8", layer.scales, zeros, layer.weights
        )
        sums = np.float32(layer.taken.scale) * layer.scales
        bias = self._tensor(f"{name}_bias", (outputs,), "INT32", sums, zeros, layer.bias.astype("<i4"))
        end = self.computed(name, candidates, outputs, layer.given)
        options = self._schema.Conv2DOptionsT()
        options.strideW = options.strideH = 1
        options.padding = self._schema.Padding.SAME
        activations = self._schema.ActivationFunctionType
        options.fusedActivationFunction = activations.RELU if layer.relu else activations.NONE
        operator = self._schema.OperatorT()
        operator.opcodeIndex = 0
        operator.inputs, operator.outputs = np.array([start, weights, bias], np.int32), np.array([end], np.int32)
        operator.builtinOptionsType, operator.builtinOptions = self._schema.BuiltinOptions.Conv2DOptions, options
        self._graph.operators.append(operator)
        return end

    def metadata(self, name: str, content: bytes) -> Any:
        """Something that the file holds beside the network."""
        entry = self._schema.MetadataT()
        entry.name, entry.buffer = name, self._buffer(content)
        return entry

    def _tensor(self, name: str, shape: tuple, kind: str, scales: Any, zeros: Any, values: Any = None) -> int:
        tensor = self._schema.TensorT()
        tensor.name, tensor.shape = name, np.array(shape, np.int32)
        tensor.type = getattr(self._schema.TensorType, kind)
        tensor.buffer = 0 if values is None else self._buffer(np.ascontiguousarray(values).tobytes())
        tensor.quantization = self._schema.QuantizationParametersT()
        tensor.quantization.scale = np.array(scales, np.float32)
        tensor.quantization.zeroPoint = np.array(zeros, np.int64)
        self._graph.tensors.append(tensor)
        return len(self._graph.tensors) - 1

    def _buffer(self, content: bytes) -> int:
        buffer = self._schema.BufferT()
        buffer.data = np.frombuffer(content, np.uint8)
        self._model.buffers.append(buffer)
        return len(self._model.buffers) - 1

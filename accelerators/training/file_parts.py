"""The parts of a .tflite file that is written: tensors, convolutions and what it holds beside the network.

Convolutions are CONV_2D of version 3, weights with one scale for each output: what Google's compiler for the Edge TPU
is known to take. Written with the classes of TensorFlow Lite's own schema. The same parts give the same bytes.
"""

from __future__ import annotations

from typing import Any

import flatbuffers
import numpy as np

from accelerators.models.graph import IDENTIFIER
from accelerators.models.quantisation import Quantisation
from accelerators.models.seal import DIGEST, DIGEST_BYTES, sealed
from accelerators.runtime.litert import file_format

CONVOLUTION_VERSION = 3  # The first that takes int8 weights with one scale for each output.
SCHEMA_VERSION = 3


class FileParts:
    """A file of one network that grows, part by part."""

    def __init__(self, name: str) -> None:
        """`name`: what the file is, for the person that opens it. Raises RuntimeMissing without LiteRT."""
        self._schema = schema = file_format()
        self._model, self._graph = schema.ModelT(), schema.SubGraphT()
        self._model.version, self._model.description, self._model.subgraphs = SCHEMA_VERSION, name, [self._graph]
        self._graph.name, self._graph.tensors, self._graph.operators = "main", [], []
        # Buffer 0 is the empty one of all that is computed.
        self._model.buffers = [schema.BufferT()]
        code = schema.OperatorCodeT()
        code.builtinCode = code.deprecatedBuiltinCode = schema.BuiltinOperator.CONV_2D
        code.version = CONVOLUTION_VERSION
        self._model.operatorCodes, self._model.metadata = [code], []

    def computed(self, name: str, shape: tuple[int, ...], stored: Quantisation) -> int:
        """A tensor that is computed; its number."""
        return self._tensor(name, shape, "INT8", [stored.scale], [stored.zero_point])

    def convolution(self, name: str, layer: Any, start: int, shape: tuple[int, ...]) -> int:
        """One layer of an int8 network, from the tensor `start` to one of this shape; the number of that.

        layer  has weights (out, high, wide, in) int8, bias (out,) int32, scales (out,) float32, taken, given and relu
        Where the shape keeps height and width, taps beyond the edges read zeros; else all taps lie on the picture.
        """
        zeros = [0] * len(layer.weights)
        weights = self._tensor(f"{name}_weights", layer.weights.shape, "INT8", layer.scales, zeros, layer.weights)
        sums = np.float32(layer.taken.scale) * layer.scales
        bias = self._tensor(f"{name}_bias", (len(zeros),), "INT32", sums, zeros, layer.bias.astype("<i4"))
        end = self.computed(name, shape, layer.given)
        options = self._schema.Conv2DOptionsT()
        options.strideW = options.strideH = 1
        keeps_size = np.array_equal(self._graph.tensors[start].shape[1:3], shape[1:3])
        options.padding = self._schema.Padding.SAME if keeps_size else self._schema.Padding.VALID
        activations = self._schema.ActivationFunctionType
        options.fusedActivationFunction = activations.RELU if layer.relu else activations.NONE
        operator = self._schema.OperatorT()
        operator.opcodeIndex = 0
        operator.inputs, operator.outputs = np.array([start, weights, bias], np.int32), np.array([end], np.int32)
        operator.builtinOptionsType, operator.builtinOptions = self._schema.BuiltinOptions.Conv2DOptions, options
        self._graph.operators.append(operator)
        return end

    def metadata(self, name: str, content: bytes) -> None:
        """Something that the file holds beside the network."""
        entry = self._schema.MetadataT()
        entry.name, entry.buffer = name, self._buffer(content)
        self._model.metadata.append(entry)

    def whole(self, start: int, end: int) -> bytes:
        """The file, from the input `start` to the output `end`, with its own SHA-256."""
        self._graph.inputs, self._graph.outputs = np.array([start], np.int32), np.array([end], np.int32)
        self.metadata(DIGEST, bytes(DIGEST_BYTES))
        builder = flatbuffers.Builder(4096)
        builder.Finish(self._model.Pack(builder), file_identifier=IDENTIFIER)
        return sealed(bytes(builder.Output()))

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

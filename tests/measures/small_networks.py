"""Networks of a few operators, written as .tflite: what is done with models is tried without a published one."""

from __future__ import annotations

import flatbuffers
import numpy as np
from ai_edge_litert import schema_py_generated as schema

TYPES = {"uint8": np.uint8, "int8": np.int8, "int32": np.int32, "int64": np.int64, "float32": np.float32}
CLASSES, SIDE, LARGE = 5, 9, 17


class Network:
    """A .tflite that grows: tensors, then operators in the order they run."""

    def __init__(self) -> None:
        self._model = schema.ModelT()
        self._model.version = 3
        self._model.description = "a small network"
        self._model.operatorCodes = []
        # Buffer 0 is the empty one of everything that is computed.
        self._model.buffers = [schema.BufferT()]
        self._graph = schema.SubGraphT()
        self._graph.name = "main"
        self._graph.tensors, self._graph.operators = [], []
        self._model.subgraphs = [self._graph]

    def tensor(self, shape, dtype="uint8", values=None, scale=0.5, zero_point=0, signature=None) -> int:
        """Add a tensor: a constant where it has values. `scale` None leaves it unquantised."""
        made = schema.TensorT()
        made.name = f"tensor{len(self._graph.tensors)}"
        made.shape = np.array(shape, np.int32)
        made.shapeSignature = None if signature is None else np.array(signature, np.int32)
        made.type = getattr(schema.TensorType, dtype.upper())
        made.buffer = 0
        if scale is not None:
            made.quantization = schema.QuantizationParametersT()
            made.quantization.scale = np.array([scale], np.float32)
            made.quantization.zeroPoint = np.array([zero_point], np.int64)
        if values is not None:
            buffer = schema.BufferT()
            buffer.data = np.frombuffer(np.ascontiguousarray(values, TYPES[dtype]).tobytes(), np.uint8)
            made.buffer = len(self._model.buffers)
            self._model.buffers.append(buffer)
        self._graph.tensors.append(made)
        return len(self._graph.tensors) - 1

    def operator(self, name, inputs, outputs, version=1, custom=None, options=None, **option_values) -> None:
        """Add an operator; `options` names the schema's class of its options."""
        code = schema.OperatorCodeT()
        number = getattr(schema.BuiltinOperator, name)
        code.builtinCode, code.deprecatedBuiltinCode = number, min(number, 127)
        code.version, code.customCode = version, custom
        made = schema.OperatorT()
        made.opcodeIndex = len(self._model.operatorCodes)
        made.inputs, made.outputs = np.array(inputs, np.int32), np.array(outputs, np.int32)
        if options:
            made.builtinOptionsType = getattr(schema.BuiltinOptions, options)
            made.builtinOptions = getattr(schema, f"{options}T")()
            for key, value in option_values.items():
                setattr(made.builtinOptions, key, value)
        self._model.operatorCodes.append(code)
        self._graph.operators.append(made)

    def written(self, inputs, outputs) -> bytes:
        """The file."""
        self._graph.inputs, self._graph.outputs = np.array(inputs, np.int32), np.array(outputs, np.int32)
        builder = flatbuffers.Builder(4096)
        builder.Finish(self._model.Pack(builder), file_identifier=b"TFL3")
        return bytes(builder.Output())


def segmenting(resizes: int = 2, axis: int = 3, scores_dtype: str = "uint8", seed: int = 1) -> bytes:
    """A picture of 9 x 9 to a class for each of 17 x 17 places, with the tail of Google's DeepLab files."""
    rng = np.random.default_rng(seed)
    network = Network()
    picture = network.tensor((1, SIDE, SIDE, 3), scores_dtype)
    weights = network.tensor((CLASSES, 1, 1, 3), scores_dtype, rng.integers(0, 100, (CLASSES, 1, 1, 3)))
    bias = network.tensor((CLASSES,), "int32", np.zeros(CLASSES), scale=0.25)
    scores = network.tensor((1, SIDE, SIDE, CLASSES), scores_dtype, scale=64.0)
    network.operator("CONV_2D", [picture, weights, bias], [scores], options="Conv2DOptions", strideW=1, strideH=1)
    now = scores
    for side in [SIDE] * (resizes - 1) + [LARGE]:
        size = network.tensor((2,), "int32", [side, side], scale=None)
        larger = network.tensor((1, side, side, CLASSES), scores_dtype, scale=64.0)
        network.operator("RESIZE_BILINEAR", [now, size], [larger], options="ResizeBilinearOptions", alignCorners=True)
        now = larger
    over = network.tensor((), "int32", axis, scale=None)
    classes = network.tensor((1, LARGE, LARGE), "int64", scale=None)
    network.operator("ARG_MAX", [now, over], [classes], options="ArgMaxOptions", outputType=schema.TensorType.INT64)
    return network.written([picture], [classes])

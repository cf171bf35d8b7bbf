"""Models of one or two operators, made in the test: real .tflite files for the real LiteRT."""

from __future__ import annotations

import flatbuffers
import numpy as np

from accelerators.runtime.litert import schema

TYPES = {np.uint8: "UINT8", np.int8: "INT8", np.float32: "FLOAT32", np.int32: "INT32", np.int64: "INT64"}


class TinyModel:
    """Tensors and operators are added one by one; `content` is the file."""

    def __init__(self) -> None:
        self.schema = schema()
        self.model = self.schema.ModelT()
        self.model.version = 3
        self.graph = self.schema.SubGraphT()
        self.graph.tensors, self.graph.operators = [], []
        self.model.subgraphs = [self.graph]
        self.model.operatorCodes = []
        # Buffer 0 is empty by agreement: tensors without numbers of their own point at it.
        self.model.buffers = [self.schema.BufferT()]

    def tensor(self, shape, dtype=np.uint8, scale=None, zero_point=0, numbers=None) -> int:
        tensor = self.schema.TensorT()
        tensor.name = f"tensor {len(self.graph.tensors)}"
        tensor.shape = np.array(shape, np.int32)
        tensor.type = getattr(self.schema.TensorType, TYPES[dtype])
        tensor.buffer = 0
        if scale is not None:
            tensor.quantization = self.schema.QuantizationParametersT()
            tensor.quantization.scale = np.array([scale], np.float32)
            tensor.quantization.zeroPoint = np.array([zero_point], np.int64)
        if numbers is not None:
            stored = self.schema.BufferT()
            stored.data = np.frombuffer(np.asarray(numbers, dtype).tobytes(), np.uint8)
            tensor.buffer = len(self.model.buffers)
            self.model.buffers.append(stored)
        self.graph.tensors.append(tensor)
        return len(self.graph.tensors) - 1

    def operator(self, name, reads, writes, options=None, custom="", version=1) -> None:
        code = self.schema.OperatorCodeT()
        code.builtinCode = getattr(self.schema.BuiltinOperator, name)
        code.deprecatedBuiltinCode = min(code.builtinCode, 127)
        code.customCode = custom or None
        code.version = version
        operator = self.schema.OperatorT()
        operator.opcodeIndex = len(self.model.operatorCodes)
        operator.inputs, operator.outputs = np.array(reads, np.int32), np.array(writes, np.int32)
        if options is not None:
            operator.builtinOptions = options
            operator.builtinOptionsType = getattr(self.schema.BuiltinOptions, type(options).__name__[:-1])
        self.model.operatorCodes.append(code)
        self.graph.operators.append(operator)

    def content(self, inputs, outputs) -> bytes:
        self.graph.inputs, self.graph.outputs = np.array(inputs, np.int32), np.array(outputs, np.int32)
        builder = flatbuffers.Builder(1024)
        builder.Finish(self.model.Pack(builder), b"TFL3")
        return bytes(builder.Output())


def negative(dtype=np.uint8, size=(4, 5), scale=1 / 255, zero_point=None) -> bytes:
    """Each colour c, quantised, becomes -c."""
    model = TinyModel()
    zero = zero_point if zero_point is not None else {np.uint8: 0, np.int8: -128, np.float32: 0}[dtype]
    mirrored = {np.uint8: 255, np.int8: 127, np.float32: 0}[dtype]
    quantised = dtype is not np.float32
    shape = (1, *size, 3)
    light = model.tensor(shape, dtype, scale if quantised else None, zero)
    dark = model.tensor(shape, dtype, scale if quantised else None, mirrored)
    nothing = model.tensor(shape, dtype, scale if quantised else None, zero, np.full(shape, zero))
    model.operator("SUB", [nothing, light], [dark], model.schema.SubOptionsT(), version=2 if dtype is np.int8 else 1)
    return model.content([light], [dark])


def resized(scale_in: float, scale_out: float, size=(4, 5)) -> bytes:
    """RESIZE_BILINEAR to the same size. XNNPACK takes it, then fails when the scales differ, as in TOCO's old files."""
    model = TinyModel()
    shape = (1, *size, 3)
    light, wide = model.tensor(shape, np.uint8, scale_in), model.tensor((2,), np.int32, numbers=size)
    out = model.tensor(shape, np.uint8, scale_out)
    model.operator("RESIZE_BILINEAR", [light, wide], [out], model.schema.ResizeBilinearOptionsT())
    return model.content([light], [out])


def largest_colour(size=(4, 5)) -> bytes:
    """ARG_MAX over the colours: class numbers as int64, as DeepLab's uncut models give them."""
    model = TinyModel()
    light, axis = model.tensor((1, *size, 3), np.uint8, 1 / 255), model.tensor((), np.int32, numbers=3)
    out = model.tensor((1, *size), np.int64)
    options = model.schema.ArgMaxOptionsT()
    options.outputType = model.schema.TensorType.INT64
    model.operator("ARG_MAX", [light, axis], [out], options)
    return model.content([light], [out])


def for_edge_tpu(size=(4, 5)) -> bytes:
    """What the Edge TPU's compiler leaves: one operator that only libedgetpu knows."""
    model = TinyModel()
    light, out = (model.tensor((1, *size, 3), np.uint8, 1 / 255) for _ in range(2))
    model.operator("CUSTOM", [light], [out], custom="edgetpu-custom-op")
    return model.content([light], [out])


def divided(size=(4, 5)) -> bytes:
    """Float 1 / colour: infinite where the picture is black."""
    model = TinyModel()
    light, out = (model.tensor((1, *size, 3), np.float32) for _ in range(2))
    one = model.tensor((1, *size, 3), np.float32, numbers=np.ones((1, *size, 3)))
    model.operator("DIV", [one, light], [out], model.schema.DivOptionsT())
    return model.content([light], [out])

"""What a .tflite file takes and gives, and whether it is whole, read before LiteRT gets it.

LiteRT trusts much of a file: a wild zero point or a missing input ends the process, camera and all. So everything that
its interpreter follows is walked here first (schema.fbs of TensorFlow Lite, version 3); what networks of our kind never
have is refused.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path

from accelerators.errors import ModelError
from accelerators.runtime.flatbuffer import Broken, Fields, FlatBuffer
from accelerators.runtime.operators import check_order, read_operator

IDENTIFIER = b"TFL3"
VERSION = 3
# What there is on the Edge TPU and fits a Pi's memory; DeepLab's largest tensor has 5.5 MB.
MOST_BYTES_OF_A_FILE = 256 << 20
MOST_BYTES_OF_A_TENSOR = 256 << 20
# By the schema's TensorType; types that no network here has (text, complex, resources, 4 bits) are left out.
TYPES = {0: "float32", 1: "float16", 2: "int32", 3: "uint8", 4: "int64", 6: "bool", 7: "int16", 9: "int8"}
BYTES = {"float32": 4, "float16": 2, "int32": 4, "uint8": 1, "int64": 8, "bool": 1, "int16": 2, "int8": 1}
# LiteRT turns real numbers into stored ones without a look at these; int32 and wider have their zero at 0.
ZERO_POINTS = {"uint8": (0, 255), "int8": (-128, 127), "int16": (-32768, 32767)}
# Weights are some 1e-3, biases the product of two scales; LiteRT ends the process where a ratio of them overflows.
SCALES = (1e-15, 1e6)
EDGE_TPU_OPERATOR = "edgetpu-custom-op"


@dataclass(frozen=True)
class Tensor:
    """An input or output. real = scale * (stored - zero_point); scale is 0 where it is not quantised."""

    name: str
    shape: tuple[int, ...]
    dtype: str
    scale: float
    zero_point: int


@dataclass(frozen=True)
class ModelFile:
    """A whole .tflite file. content: its bytes, the ones that were checked."""

    path: Path
    content: bytes
    inputs: tuple[Tensor, ...]
    outputs: tuple[Tensor, ...]
    custom_operators: tuple[str, ...]

    @property
    def is_for_edge_tpu(self) -> bool:
        return EDGE_TPU_OPERATOR in self.custom_operators


def read_model(path: Path) -> ModelFile:
    """The file, checked. Raises ModelError when it is missing, empty, cut off, damaged or no .tflite."""
    content = _content(path)
    if content[4:8] != IDENTIFIER:
        raise ModelError(
            f"{path} is no .tflite model: at byte 4 it has {content[4:8]!r} instead of {IDENTIFIER!r}. {_REPAIR}"
        )
    try:
        return _walk(path, content)
    except Broken as damage:
        raise ModelError(
            f"{path} ({len(content)} bytes) is damaged, cut off or not for this: {damage}. {_REPAIR}"
        ) from None


_REPAIR = "Fetch it again: nightjar models fetch"


def _content(path: Path) -> bytes:
    try:
        size = path.stat().st_size
        if not 8 <= size <= MOST_BYTES_OF_A_FILE:
            what = "is empty" if size == 0 else f"has {size} bytes, a model 8 to {MOST_BYTES_OF_A_FILE}"
            raise ModelError(f"{path} {what}. {_REPAIR}")
        return path.read_bytes()
    except FileNotFoundError:
        raise ModelError(f"There is no model file {path}. {_REPAIR}") from None
    except OSError as error:
        raise ModelError(f"{path} cannot be read ({error.strerror}). {_REPAIR}") from None


def _walk(path: Path, content: bytes) -> ModelFile:
    buffer = FlatBuffer(content)
    model = buffer.root()
    if buffer.value(model, 0, "I") != VERSION:
        raise Broken(f"schema version {buffer.value(model, 0, 'I')}, {VERSION} is known")
    if 8 in model or 9 in model:
        raise Broken("its weights are in another file")
    codes = buffer.tables(model, 1)
    custom = [buffer.text(code, 1) for code in codes]
    sizes = [_buffer(buffer, entry) for entry in buffer.tables(model, 4)]
    graphs = buffer.tables(model, 2)
    if len(graphs) != 1:
        raise Broken(f"{len(graphs)} graphs, networks here have 1")
    parts = buffer.tables(graphs[0], 0)
    tensors = [_tensor(buffer, part, sizes) for part in parts]
    operators = [read_operator(buffer, part, codes, len(tensors)) for part in buffer.tables(graphs[0], 3)]
    constants = {index for index, part in enumerate(parts) if sizes[buffer.value(part, 2, "I")]}
    variables = {index for index, part in enumerate(parts) if buffer.value(part, 5, "B")}
    check_order(operators, constants | variables | set(buffer.numbers(graphs[0], 1, "i")))
    _check_names(buffer, model, graphs[0], len(sizes), len(tensors))
    inputs, outputs = (_chosen(buffer, graphs[0], number, tensors) for number in (1, 2))
    return ModelFile(path, content, inputs, outputs, tuple(name for name in custom if name))


def _buffer(buffer: FlatBuffer, entry: Fields) -> int:
    if buffer.value(entry, 1, "Q") > 1 or buffer.value(entry, 2, "Q") > 1:
        raise Broken("weights lie behind the tables, as in models above 2 GB")
    return buffer.length(entry, 0)


def _tensor(buffer: FlatBuffer, fields: Fields, buffer_bytes: list[int]) -> Tensor:
    shape, signature = buffer.numbers(fields, 0, "i"), buffer.numbers(fields, 7, "i")
    dtype = TYPES.get(buffer.value(fields, 1, "b"))
    name = buffer.text(fields, 3)
    if dtype is None:
        raise Broken(f"tensor {name!r} has type {buffer.value(fields, 1, 'b')}")
    if {6, 9, 10} & set(fields):
        raise Broken(f"tensor {name!r} is sparse, or a list of tensors, or stored elsewhere")
    if any(side < 1 for side in shape) or any(side < 0 for side in signature):
        raise Broken(f"tensor {name!r} has shape {list(signature or shape)}; networks here have fixed shapes")
    size = math.prod(shape) * BYTES[dtype]
    if size > MOST_BYTES_OF_A_TENSOR:
        raise Broken(f"tensor {name!r} takes {size} bytes")
    place = buffer.value(fields, 2, "I")
    if place >= len(buffer_bytes):
        raise Broken(f"tensor {name!r} has its numbers in buffer {place} of {len(buffer_bytes)}")
    if buffer_bytes[place] not in (0, size):
        raise Broken(f"tensor {name!r} of {size} bytes is stored in {buffer_bytes[place]}")
    scale, zero_point = _quantisation(buffer, buffer.table_at(fields, 4), name, shape, dtype)
    return Tensor(name, shape, dtype, scale, zero_point)


def _quantisation(
    buffer: FlatBuffer, fields: Fields, name: str, shape: tuple[int, ...], dtype: str
) -> tuple[float, int]:
    """The first scale and zero point; 0, 0 where there are none."""
    for number in (0, 1):
        buffer.numbers(fields, number, "f")
    scales, zero_points = buffer.numbers(fields, 2, "f"), buffer.numbers(fields, 3, "q")
    axis = buffer.value(fields, 6, "i")
    if buffer.value(fields, 4, "B"):
        raise Broken(f"tensor {name!r} is quantised in a way of its own")
    if len(scales) > 1 and (not 0 <= axis < len(shape) or len(scales) != shape[axis]):
        raise Broken(f"tensor {name!r} of shape {list(shape)} has {len(scales)} scales along axis {axis}")
    if len(zero_points) not in (0, 1, len(scales)) or (scales and not zero_points):
        raise Broken(f"tensor {name!r} has {len(scales)} scales and {len(zero_points)} zero points")
    if any(not SCALES[0] <= scale <= SCALES[1] for scale in scales):
        raise Broken(f"tensor {name!r} has a scale beyond {SCALES[0]} to {SCALES[1]}")
    low, high = ZERO_POINTS.get(dtype, (0, 0))
    if any(not low <= zero_point <= high for zero_point in zero_points):
        raise Broken(f"tensor {name!r} of {dtype} has a zero point beyond {low} to {high}")
    return (scales[0], zero_points[0]) if scales else (0.0, 0)


def _check_names(buffer: FlatBuffer, model: Fields, graph: Fields, buffers: int, tensors: int) -> None:
    """What LiteRT reads besides the graph: description, metadata and signatures."""
    buffer.text(model, 3)
    buffer.text(graph, 4)
    if any(not 0 <= index < buffers for index in buffer.numbers(model, 5, "i")):
        raise Broken(f"metadata lies in a buffer beyond the {buffers} there are")
    for entry in buffer.tables(model, 6):
        buffer.text(entry, 0)
        if buffer.value(entry, 1, "I") >= buffers:
            raise Broken(f"metadata lies in a buffer beyond the {buffers} there are")
    for signature in buffer.tables(model, 7):
        buffer.text(signature, 2)
        for number in (0, 1):
            for entry in buffer.tables(signature, number):
                buffer.text(entry, 0)
                if buffer.value(entry, 1, "I") >= tensors:
                    raise Broken(f"a signature names a tensor beyond the {tensors} there are")


def _chosen(buffer: FlatBuffer, graph: Fields, number: int, tensors: list[Tensor]) -> tuple[Tensor, ...]:
    indices = buffer.numbers(graph, number, "i")
    if not indices or any(not 0 <= index < len(tensors) for index in indices):
        raise Broken(f"its {'inputs' if number == 1 else 'outputs'} are tensors {list(indices)} of {len(tensors)}")
    return tuple(tensors[index] for index in indices)

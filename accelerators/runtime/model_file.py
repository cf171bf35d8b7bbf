"""What a .tflite file takes and gives, and whether it is whole, read before LiteRT gets it.

LiteRT trusts much of a file: a wild zero point or a missing input ends the process, camera and all. So everything that
its interpreter follows is walked here first (schema.fbs of TensorFlow Lite, version 3); what networks of our kind never
have is refused.
"""

from __future__ import annotations

import hashlib
import math
from dataclasses import dataclass
from pathlib import Path

from accelerators.errors import ModelError
from accelerators.models.cut import cut
from accelerators.models.flatbuffer import Table, root_of
from accelerators.models.graph import IDENTIFIER, type_name
from accelerators.runtime.sound_operators import check_order, read_operator

VERSION = 3
# What there is on the Edge TPU and fits a Pi's memory; DeepLab's largest tensor has 5.5 MB.
MOST_BYTES_OF_A_FILE = 256 << 20
MOST_BYTES_OF_A_TENSOR = 256 << 20
# Types that no network here has (text, complex, resources, 4 bits) are left out.
BYTES = {"float32": 4, "float16": 2, "int32": 4, "uint8": 1, "int64": 8, "bool": 1, "int16": 2, "int8": 1}
# LiteRT turns real numbers into stored ones without a look at these; int32 and wider have their zero at 0.
ZERO_POINTS = {"uint8": (0, 255), "int8": (-128, 127), "int16": (-32768, 32767)}
# Weights are some 1e-3, biases the product of two scales; LiteRT ends the process where a ratio of them overflows.
SCALES = (1e-15, 1e6)
# Sums of these LiteRT divides by their scale, and ends the process where there is none.
EIGHT_BITS = ("uint8", "int8")
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
    """A whole .tflite file.

    content  its bytes, the ones that were checked
    uncut    it was as published, and `content` is what is left of it when it is cut at its scores
    sha256   of the file as it was read, in hexadecimal
    """

    path: Path
    content: bytes
    uncut: bool
    sha256: str
    inputs: tuple[Tensor, ...]
    outputs: tuple[Tensor, ...]
    custom_operators: tuple[str, ...]

    @property
    def is_for_edge_tpu(self) -> bool:
        """Whether Google's compiler made it: the CPU cannot run it."""
        return EDGE_TPU_OPERATOR in self.custom_operators


def read_model(path: Path, uncut: bool = False) -> ModelFile:
    """The file, checked, and cut at its scores where it is still uncut.

    Raises ModelError when it is missing, empty, cut off, damaged or no .tflite, or has no scores to be cut at.
    """
    read = _content(path)
    try:
        content = cut(read) if uncut else read
        inputs, outputs, custom = _walk(content)
    except ModelError as damage:
        raise ModelError(
            f"{path} ({len(read)} bytes) is damaged, cut off or not for this. {damage} {_REPAIR}"
        ) from None
    return ModelFile(path, content, uncut, hashlib.sha256(read).hexdigest(), inputs, outputs, custom)


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


def _walk(content: bytes) -> tuple[tuple[Tensor, ...], tuple[Tensor, ...], tuple[str, ...]]:
    """Inputs, outputs and the names of custom operators. Raises ModelError for what LiteRT may stumble over."""
    model = root_of(content, IDENTIFIER)
    if model.number(0, "I") != VERSION:
        raise ModelError(f"It has schema version {model.number(0, 'I')}, {VERSION} is known.")
    if model.has(8) or model.has(9):
        raise ModelError("Its weights are in another file.")
    codes = model.tables(1)
    custom = [_text(code, 1) for code in codes]
    sizes = [_buffer_bytes(entry) for entry in model.tables(4)]
    graphs = model.tables(2)
    if len(graphs) != 1:
        raise ModelError(f"It has {len(graphs)} graphs, networks here have 1.")
    parts = graphs[0].tables(0)
    tensors = [_tensor(part, sizes) for part in parts]
    operators = [read_operator(part, codes, len(tensors)) for part in graphs[0].tables(3)]
    constants = {index for index, part in enumerate(parts) if sizes[part.number(2, "I")]}
    variables = {index for index, part in enumerate(parts) if part.number(5, "B")}
    inputs, outputs = (_chosen(graphs[0], field, len(tensors)) for field in (1, 2))
    check_order(operators, constants | variables | set(inputs), outputs)
    _check_names(model, graphs[0], len(sizes), len(tensors))
    inputs, outputs = (tuple(tensors[index] for index in indices) for indices in (inputs, outputs))
    return inputs, outputs, tuple(name for name in custom if name)


def _text(table: Table, field: int) -> str:
    """A text that is one: LiteRT's own Python raises something else where it is none."""
    table.text(field)
    try:
        return str(table.content(field), "utf-8")
    except UnicodeDecodeError:
        raise ModelError("A name is no text.") from None


def _buffer_bytes(entry: Table) -> int:
    if entry.number(1, "Q") > 1 or entry.number(2, "Q") > 1:
        raise ModelError("Weights lie behind the tables, as in models above 2 GB.")
    return len(entry.content(0))


def _tensor(part: Table, buffer_bytes: list[int]) -> Tensor:
    shape, signature = part.numbers(0, "i"), part.numbers(7, "i")
    dtype, name = type_name(part.number(1, "b")), _text(part, 3)
    if dtype not in BYTES:
        raise ModelError(f"Tensor {name!r} is of {dtype}; networks here have {', '.join(BYTES)}.")
    if part.has(6) or part.has(9) or part.has(10):
        raise ModelError(f"Tensor {name!r} is sparse, or a list of tensors, or stored elsewhere.")
    if any(side < 1 for side in shape) or any(side < 0 for side in signature):
        raise ModelError(f"Tensor {name!r} has shape {list(signature or shape)}; networks here have fixed shapes.")
    size = math.prod(shape) * BYTES[dtype]
    if size > MOST_BYTES_OF_A_TENSOR:
        raise ModelError(f"Tensor {name!r} takes {size} bytes.")
    buffer = part.number(2, "I")
    if buffer >= len(buffer_bytes):
        raise ModelError(f"Tensor {name!r} has its numbers in buffer {buffer} of {len(buffer_bytes)}.")
    if buffer_bytes[buffer] not in (0, size):
        raise ModelError(f"Tensor {name!r} of {size} bytes is stored in {buffer_bytes[buffer]}.")
    scale, zero_point = _quantisation(part.table(4), name, shape, dtype)
    if dtype in EIGHT_BITS and not scale:
        raise ModelError(f"Tensor {name!r} of {dtype} has no scale.")
    return Tensor(name, shape, dtype, scale, zero_point)


def _quantisation(table: Table | None, name: str, shape: tuple[int, ...], dtype: str) -> tuple[float, int]:
    """The first scale and zero point; 0, 0 where there are none."""
    if table is None:
        return 0.0, 0
    for field in (0, 1):
        table.numbers(field, "f")
    scales, zero_points, axis = table.numbers(2, "f"), table.numbers(3, "q"), table.number(6, "i")
    if table.number(4, "B"):
        raise ModelError(f"Tensor {name!r} is quantised in a way of its own.")
    if len(scales) > 1 and (not 0 <= axis < len(shape) or len(scales) != shape[axis]):
        raise ModelError(f"Tensor {name!r} of shape {list(shape)} has {len(scales)} scales along axis {axis}.")
    if len(zero_points) not in (0, 1, len(scales)) or (scales and not zero_points):
        raise ModelError(f"Tensor {name!r} has {len(scales)} scales and {len(zero_points)} zero points.")
    if any(not SCALES[0] <= scale <= SCALES[1] for scale in scales):
        raise ModelError(f"Tensor {name!r} has a scale beyond {SCALES[0]} to {SCALES[1]}.")
    low, high = ZERO_POINTS.get(dtype, (0, 0))
    if any(not low <= zero_point <= high for zero_point in zero_points):
        raise ModelError(f"Tensor {name!r} of {dtype} has a zero point beyond {low} to {high}.")
    return (scales[0], zero_points[0]) if scales else (0.0, 0)


def _check_names(model: Table, graph: Table, buffers: int, tensors: int) -> None:
    """What LiteRT reads besides the graph: description, metadata and signatures."""
    _text(model, 3)
    _text(graph, 4)
    places = list(model.numbers(5, "i"))
    for entry in model.tables(6):
        _text(entry, 0)
        places.append(entry.number(1, "I"))
    if any(not 0 <= place < buffers for place in places):
        raise ModelError(f"Metadata lies in a buffer beyond the {buffers} there are.")
    for signature in model.tables(7):
        _text(signature, 2)
        for entry in (*signature.tables(0), *signature.tables(1)):
            _text(entry, 0)
            if entry.number(1, "I") >= tensors:
                raise ModelError(f"A signature names a tensor beyond the {tensors} there are.")


def _chosen(graph: Table, field: int, tensors: int) -> tuple[int, ...]:
    """The numbers of the graph's inputs (field 1) or outputs (2)."""
    indices = graph.numbers(field, "i")
    if not indices or any(not 0 <= index < tensors for index in indices):
        raise ModelError(f"Its {'inputs' if field == 1 else 'outputs'} are tensors {list(indices)} of {tensors}.")
    return indices

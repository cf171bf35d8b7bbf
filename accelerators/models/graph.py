"""What a .tflite file computes: its tensors, and its operators in the order they run.

Field numbers are those of schema.fbs, version 3, of TensorFlow Lite. Read without LiteRT, so that a damaged file is a
sentence and not the end of the process.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass

from accelerators.errors import ModelError
from accelerators.models.flatbuffer import Table, root_of
from accelerators.models.operators import operator_name

IDENTIFIER = b"TFL3"
TYPE_NAMES = (
    "float32 float16 int32 uint8 int64 string bool int16 complex64 int8 float64 complex128 uint64 resource variant "
    "uint32 uint16 int4 bfloat16 int2 uint4"
)
TYPES = tuple(TYPE_NAMES.split())
CUSTOM = "CUSTOM"
# TensorFlow Lite itself stops at 8 axes; a concatenation joins a handful.
MOST_AXES, MOST_ENDS = 8, 256


@dataclass(frozen=True)
class Tensor:
    """One tensor.

    shape      sizes as they are for inference; -1 in `signature` where one may change
    constant   its bytes where the file holds them: weights, biases, sizes; empty for what is computed
    quantised  it has a scale
    """

    name: str
    shape: tuple[int, ...]
    signature: tuple[int, ...]
    dtype: str
    constant: memoryview
    quantised: bool

    @property
    def is_constant(self) -> bool:
        """Whether the file holds its values."""
        return len(self.constant) > 0

    def integers(self) -> tuple[int, ...]:
        """The values of a constant of 32-bit integers, such as axes or sizes; () where it is none."""
        if self.dtype != "int32" or len(self.constant) % 4 or len(self.constant) > 4 * MOST_ENDS:
            return ()
        return struct.unpack(f"<{len(self.constant) // 4}i", self.constant)


@dataclass(frozen=True)
class Operator:
    """One operator: its name, or the custom operator's; the numbers of its tensors (-1: left out); its options."""

    name: str
    version: int
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]
    options: Table | None


@dataclass(frozen=True)
class Graph:
    """The first subgraph of a file, with its table for those that edit it."""

    tensors: tuple[Tensor, ...]
    operators: tuple[Operator, ...]
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]
    subgraphs: int
    signatures: int
    table: Table


def read_graph(data: bytes | bytearray) -> Graph:
    """Read a whole .tflite file. Raises ModelError where it is no such file, or damaged."""
    model = root_of(data, IDENTIFIER)
    subgraphs = model.tables(2)
    if not subgraphs:
        raise ModelError("It holds no network.")
    table = subgraphs[0]
    buffers = model.tables(4)
    codes = [_named(code) for code in model.tables(1)]
    tensors = tuple(_tensor(tensor, buffers) for tensor in table.tables(0))
    return Graph(
        tensors=tensors,
        operators=tuple(_operator(operator, codes, len(tensors)) for operator in table.tables(3)),
        inputs=_ends(table, 1, len(tensors)),
        outputs=_ends(table, 2, len(tensors)),
        subgraphs=len(subgraphs),
        signatures=len(model.tables(7)),
        table=table,
    )


def type_name(number: int) -> str:
    """How a tensor's numbers are stored, by its number in the schema (TensorType)."""
    return TYPES[number] if 0 <= number < len(TYPES) else f"type {number}"


def _named(code: Table) -> tuple[str, int]:
    """Name and version of one kind of operator."""
    name = operator_name(code)
    return (code.text(1) or CUSTOM if name == CUSTOM else name), code.number(2, "i", 1)


def _tensor(table: Table, buffers: list[Table]) -> Tensor:
    buffer, dtype = table.number(2, "I"), table.number(1, "b")
    if buffer >= len(buffers):
        raise ModelError(f"A tensor keeps its values in buffer {buffer} of {len(buffers)}: the file is damaged.")
    quantisation = table.table(4)
    return Tensor(
        name=table.text(3),
        shape=table.numbers(0, "i", MOST_AXES),
        signature=table.numbers(7, "i", MOST_AXES),
        dtype=type_name(dtype),
        constant=buffers[buffer].content(0),
        quantised=quantisation is not None and quantisation.vector(2, 4)[1] > 0,
    )


def _operator(table: Table, codes: list[tuple[str, int]], tensors: int) -> Operator:
    kind = table.number(0, "I")
    if kind >= len(codes):
        raise ModelError(f"An operator is of kind {kind} of {len(codes)}: the file is damaged.")
    name, version = codes[kind]
    return Operator(name, version, _ends(table, 1, tensors, least=-1), _ends(table, 2, tensors), table.table(4))


def _ends(table: Table, field: int, tensors: int, least: int = 0) -> tuple[int, ...]:
    """Numbers of tensors, each of which exists."""
    ends = table.numbers(field, "i", MOST_ENDS)
    if wrong := [end for end in ends if not least <= end < tensors]:
        raise ModelError(f"It names tensor {wrong[0]} of {tensors}: the file is damaged.")
    return ends

"""Is each operator of a .tflite file one that LiteRT can run without ending the process?

Options are numbered as BuiltinOptions in schema.fbs of TensorFlow Lite, version 3. Checked is what made LiteRT 2.3 end,
hang or answer at random when single fields of a model were changed.
"""

from __future__ import annotations

from collections.abc import Iterable

from accelerators.errors import ModelError
from accelerators.models.flatbuffer import Table
from accelerators.models.operators import operator_name

# Which options an operator has; other operators have none of these.
OPTIONS = {
    "ADD": 11,
    "AVERAGE_POOL_2D": 5,
    "CONCATENATION": 10,
    "CONV_2D": 1,
    "DEPTHWISE_CONV_2D": 2,
    "FULLY_CONNECTED": 8,
    "L2_POOL_2D": 5,
    "MAX_POOL_2D": 5,
    "MUL": 21,
    "RESHAPE": 17,
    "RESIZE_BILINEAR": 15,
    "SOFTMAX": 9,
    "PAD": 22,
    "SUB": 28,
    "SPLIT": 35,
    "ARG_MAX": 40,
    "TRANSPOSE_CONV": 49,
    "QUANTIZE": 89,
}
# Fields with strides and window sizes, by kind of options: at least 1, and never left out.
SIZES = {1: (1, 2), 2: (1, 2, 3), 5: (1, 2, 3, 4), 49: (1, 2)}
# Fields with dilations: 1 where they are left out.
DILATIONS = {1: (4, 5), 2: (5, 6)}
# Reshape and squeeze have a list in field 0.
LISTS = {17, 30}
# Bucketize, embeddings, variables: lists of which LiteRT reads more than is checked here.
UNCHECKED = {3, 111, 115}

# What is read, what is written.
Steps = tuple[list[int], list[int]]


def read_operator(operator: Table, codes: list[Table], tensors: int) -> Steps:
    """The tensors that an operator reads, and those that it writes. Raises ModelError for a bad one."""
    kind = operator.number(0, "I")
    if kind >= len(codes):
        raise ModelError(f"An operator is of kind {kind} of {len(codes)}.")
    reads, writes, between = (operator.numbers(field, "i") for field in (1, 2, 8))
    # -1 stands for an optional tensor that is left out: a bias, never what an operator works on.
    if -1 in reads[:2]:
        raise ModelError("An operator has no input.")
    if any(not -1 <= index < tensors for index in (*reads, *between)) or any(
        not 0 <= index < tensors for index in writes
    ):
        raise ModelError(f"An operator uses a tensor beyond the {tensors} there are.")
    operator.content(5)
    operator.content(7)
    if operator.number(9, "Q") > 1 or operator.number(10, "Q") > 1 or operator.has(12):
        raise ModelError("An operator has options that networks here do not have.")
    _check_options(operator_name(codes[kind]), operator.number(3, "B"), operator.table(4))
    return [index for index in reads if index >= 0], list(writes)


def check_order(operators: list[Steps], given: set[int], wanted: Iterable[int]) -> None:
    """Each tensor is written once, before it is read: LiteRT plans its memory by that. Raises ModelError.

    given   constants, variables and the graph's inputs
    wanted  the graph's outputs
    """
    written = set(given)
    for number, (reads, writes) in enumerate(operators):
        if not set(reads) <= written:
            raise ModelError(f"Operator {number} reads what no operator has written.")
        if written & set(writes) or len(set(writes)) < len(writes):
            raise ModelError(f"Operator {number} writes what is written already.")
        written |= set(writes)
    if missing := set(wanted) - written:
        raise ModelError(f"Its output, tensor {min(missing)}, is written by no operator.")


def _check_options(name: str, kind: int, options: Table | None) -> None:
    if kind in UNCHECKED:
        raise ModelError(f"An operator has options of kind {kind}, which networks here do not have.")
    is_other = kind in OPTIONS.values() and OPTIONS.get(name) != kind
    if is_other or (OPTIONS.get(name) in SIZES and not kind):
        raise ModelError(f"{name} has options of kind {kind}, which are another's.")
    if options is not None and kind in LISTS:
        options.numbers(0, "i")
    for field in SIZES.get(kind, ()):
        if options is None or options.number(field, "i") < 1:
            raise ModelError("An operator steps by 0 pixels, or has no size.")
    for field in DILATIONS.get(kind, ()):
        if options is not None and options.number(field, "i", 1) < 1:
            raise ModelError("An operator is spread by 0 pixels.")

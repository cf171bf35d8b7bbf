"""Is each operator of a .tflite file one that LiteRT can run without ending the process?

The numbers are those of BuiltinOperator and BuiltinOptions in schema.fbs of TensorFlow Lite, version 3. Checked is what
made LiteRT 2.3 end, hang or answer at random when single fields of a model were changed.
"""

from __future__ import annotations

from accelerators.runtime.flatbuffer import Broken, Fields, FlatBuffer

# Which options an operator has; other operators have none of these.
OPTIONS = {
    0: 11,  # add
    1: 5,  # average pool
    2: 10,  # concatenation
    3: 1,  # convolution
    4: 2,  # depthwise convolution
    9: 8,  # fully connected
    12: 5,  # L2 pool
    17: 5,  # max pool
    18: 21,  # multiply
    22: 17,  # reshape
    23: 15,  # resize bilinear
    25: 9,  # softmax
    34: 22,  # pad
    41: 28,  # subtract
    49: 35,  # split
    56: 40,  # largest of
    67: 49,  # transposed convolution
    114: 89,  # quantise
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


def read_operator(buffer: FlatBuffer, fields: Fields, codes: list[Fields], tensors: int) -> Steps:
    """The tensors that an operator reads, and those that it writes. Raises Broken for a bad one."""
    number = buffer.value(fields, 0, "I")
    if number >= len(codes):
        raise Broken(f"an operator is number {number} of {len(codes)}")
    reads, writes, between = (buffer.numbers(fields, number, "i") for number in (1, 2, 8))
    # -1 stands for an optional tensor that is left out: a bias, never what an operator works on.
    if -1 in reads[:2]:
        raise Broken("an operator has no input")
    if any(not -1 <= index < tensors for index in (*reads, *between)) or any(
        not 0 <= index < tensors for index in writes
    ):
        raise Broken(f"an operator uses a tensor beyond the {tensors} there are")
    buffer.length(fields, 5)
    buffer.length(fields, 7)
    if buffer.value(fields, 9, "Q") > 1 or buffer.value(fields, 10, "Q") > 1 or 12 in fields:
        raise Broken("an operator has options that networks here do not have")
    # Small numbers stand in the older of two fields.
    code = max(buffer.value(codes[number], 0, "b"), buffer.value(codes[number], 3, "i"))
    _check_options(buffer, code, buffer.value(fields, 3, "B"), buffer.table_at(fields, 4))
    return [index for index in reads if index >= 0], list(writes)


def check_order(operators: list[Steps], given: set[int]) -> None:
    """Each tensor is written once, before it is read: LiteRT plans its memory by that."""
    written = set(given)
    for number, (reads, writes) in enumerate(operators):
        if not set(reads) <= written:
            raise Broken(f"operator {number} reads what no operator has written")
        if written & set(writes) or len(set(writes)) < len(writes):
            raise Broken(f"operator {number} writes what is written already")
        written |= set(writes)


def _check_options(buffer: FlatBuffer, code: int, kind: int, options: Fields) -> None:
    if kind in UNCHECKED:
        raise Broken(f"an operator has options of kind {kind}, which networks here do not have")
    is_other = kind in OPTIONS.values() and OPTIONS.get(code) != kind
    if is_other or (OPTIONS.get(code) in SIZES and not kind):
        raise Broken(f"operator {code} has options of kind {kind}, which are another's")
    if kind in LISTS:
        buffer.numbers(options, 0, "i")
    for number in SIZES.get(kind, ()):
        if buffer.value(options, number, "i") < 1:
            raise Broken("an operator steps by 0 pixels, or has no size")
    for number in DILATIONS.get(kind, ()):
        if buffer.value(options, number, "i", 1) < 1:
            raise Broken("an operator is spread by 0 pixels")

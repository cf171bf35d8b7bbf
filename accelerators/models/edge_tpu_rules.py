"""What Google's Edge TPU compiler maps to the Edge TPU: operators, their limits, and the versions seen mapped.

Source: Coral, "TensorFlow models on the Edge TPU", table of supported operations for runtime 14, and the files that
Google compiled. Where the table leaves it open (a resize "may not be mapped"), compiled files decide. The compiler
itself is closed: it has the last word.
"""

from __future__ import annotations

from collections.abc import Callable
from math import prod

from accelerators.models.graph import Graph, Operator, Tensor

EIGHT_BITS = ("uint8", "int8")
CONSTANT_TYPES = ("uint8", "int8", "int32")
INNERMOST_AXES = 3
MOST_SOFTMAX = 16_000
MEAN_DEPTH_STEP = 4
# DeepLab's resize from 1 x 1 to 33 x 33 was left on the CPU, for the loss of precision that Coral's table speaks of.
LARGEST_ENLARGEMENT = 8
# Newest version of each operator that was seen on an Edge TPU, in the compiled files of google-coral/test_data and in a
# portrait net. Above it the compiler, which is kept no longer, may say "Operation version not supported".
SEEN = {"CONV_2D": 3, "DEPTHWISE_CONV_2D": 3, "FULLY_CONNECTED": 4, "QUANTIZE": 1, "RESIZE_BILINEAR": 3, "SPLIT": 1}
SEEN_BY_MOST = 2
# A dense layer of version 9 (`keep_num_dims`) was reported as refused.
REFUSED_FROM = {"FULLY_CONNECTED": 9}
# The only operator with a memory, of which int16 is a part.
LSTM = "UNIDIRECTIONAL_SEQUENCE_LSTM"

WITHOUT_LIMITS = (
    "ADD EXPAND_DIMS L2_NORMALIZATION LOGISTIC MAXIMUM MINIMUM MUL QUANTIZE RELU RELU6 RELU_N1_TO_1 RESHAPE RSQRT "
    "SLICE SPACE_TO_DEPTH SQUARED_DIFFERENCE SQUEEZE SUB TANH TRANSPOSE UNIDIRECTIONAL_SEQUENCE_LSTM"
)

Limit = Callable[[Operator, list[Tensor], list[Tensor]], str]


def refusal(operator: Operator, graph: Graph) -> str:
    """Why an operator cannot run on the Edge TPU; empty where nothing speaks against it."""
    if operator.name not in LIMITS:
        return f"the Edge TPU has no {operator.name}"
    inputs = [graph.tensors[end] for end in operator.inputs if end >= 0]
    outputs = [graph.tensors[end] for end in operator.outputs]
    if not inputs or not outputs:
        return "it has no input or no output"
    if operator.name == LSTM:
        inputs = [tensor for tensor in inputs if tensor.dtype != "int16"]
    return _of_tensors(inputs, outputs) or _of_version(operator) or LIMITS[operator.name](operator, inputs, outputs)


def doubt(operator: Operator, graph: Graph) -> str:
    """Why it may leave the Edge TPU after all."""
    newest = SEEN.get(operator.name, SEEN_BY_MOST)
    if operator.version > newest:
        return f"version {operator.version}; none above {newest} was seen mapped"
    if operator.name.startswith("RESIZE"):
        return "the compiler may leave it on the CPU for its size"
    inputs = [graph.tensors[end] for end in operator.inputs if end >= 0]
    if operator.name == "RESHAPE" and inputs and prod(inputs[0].shape) > MOST_SOFTMAX:
        return "large ones may stay on the CPU"
    return ""


def _of_tensors(inputs: list[Tensor], outputs: list[Tensor]) -> str:
    """8 bits, sizes known beforehand, at most three axes that are longer than 1."""
    for tensor in (*inputs, *outputs):
        if not tensor.is_constant and (tensor.dtype not in EIGHT_BITS or not tensor.quantised):
            kind = "unquantised " if tensor.dtype in EIGHT_BITS else ""
            return f"{kind}{tensor.dtype} in {_short(tensor)}: only quantised 8-bit integers"
        if tensor.is_constant and tensor.dtype not in CONSTANT_TYPES:
            return f"{tensor.dtype} constant {_short(tensor)}: only 8-bit and 32-bit integers"
        if any(side < 1 for side in (*tensor.signature, *tensor.shape)) and not tensor.is_constant:
            return f"the size of {_short(tensor)} is not fixed: {_times(tensor.signature or tensor.shape)}"
        if not tensor.is_constant and any(side > 1 for side in tensor.shape[:-INNERMOST_AXES]):
            return f"{_times(tensor.shape)}: only the {INNERMOST_AXES} innermost axes may be longer than 1"
    return ""


def _of_version(operator: Operator) -> str:
    refused = REFUSED_FROM.get(operator.name)
    return f"version {operator.version} is refused" if refused and operator.version >= refused else ""


def _option(operator: Operator, field: int, kind: str, default: int = 0) -> int:
    return default if operator.options is None else int(operator.options.number(field, kind, default))


def _no_limit(operator: Operator, inputs: list[Tensor], outputs: list[Tensor]) -> str:
    return ""


def _weights(inputs: list[Tensor]) -> str:
    computed = [tensor for tensor in inputs[1:] if not tensor.is_constant]
    return f"{_short(computed[0])} is computed: weights and biases must be constants" if computed else ""


def _convolution(width_field: int) -> Limit:
    """Weights known beforehand, and dilated alike; the schema's next field is the dilation along y."""

    def limit(operator: Operator, inputs: list[Tensor], outputs: list[Tensor]) -> str:
        dilation = [_option(operator, field, "i", 1) for field in (width_field, width_field + 1)]
        alike = "" if dilation[0] == dilation[1] else f"dilated by {dilation[0]} in x and {dilation[1]} in y"
        return alike or _weights(inputs)

    return limit


def _no_activation(field: int) -> Limit:
    def limit(operator: Operator, inputs: list[Tensor], outputs: list[Tensor]) -> str:
        return "a fused activation is not supported" if _option(operator, field, "b") else ""

    return limit


def _concatenation(operator: Operator, inputs: list[Tensor], outputs: list[Tensor]) -> str:
    constants = [tensor for tensor in inputs if tensor.is_constant]
    if constants and (len(inputs) != 2 or any(any(tensor.constant) for tensor in constants)):
        return "a constant may be joined only to one input, and only zeros"
    return _no_activation(1)(operator, inputs, outputs)


def _dense(operator: Operator, inputs: list[Tensor], outputs: list[Tensor]) -> str:
    if _option(operator, 1, "b"):
        return "weights are shuffled: only the default format"
    if _option(operator, 2, "B") or any(side > 1 for side in outputs[0].shape[:-1]):
        return f"its output is {_times(outputs[0].shape)}: only one axis may be longer than 1"
    return _weights(inputs)


def _resize(operator: Operator, inputs: list[Tensor], outputs: list[Tensor]) -> str:
    before, after = inputs[0].shape[1:3], outputs[0].shape[1:3]
    if any(new > LARGEST_ENLARGEMENT * old for old, new in zip(before, after, strict=False)):
        return f"from {_times(before)} to {_times(after)}: left on the CPU for its loss of precision"
    return ""


def _strided_slice(operator: Operator, inputs: list[Tensor], outputs: list[Tensor]) -> str:
    if len(inputs) < 4 or set(inputs[3].integers()) != {1}:
        return "only strides of 1"
    return "an ellipsis or a new axis" if _option(operator, 2, "i") or _option(operator, 3, "i") else ""


def _softmax(operator: Operator, inputs: list[Tensor], outputs: list[Tensor]) -> str:
    shape = inputs[0].shape
    if any(side > 1 for side in shape[:-1]) or prod(shape) > MOST_SOFTMAX:
        return f"of {_times(shape)}: only one axis, of at most {MOST_SOFTMAX} numbers"
    return ""


def _padding(operator: Operator, inputs: list[Tensor], outputs: list[Tensor]) -> str:
    if len(inputs) < 2 or not inputs[1].is_constant:
        return "how much it pads is computed: it must be a constant"
    return "it pads the batch" if any(inputs[1].integers()[:2]) and len(inputs[0].shape) > INNERMOST_AXES else ""


def _pack(operator: Operator, inputs: list[Tensor], outputs: list[Tensor]) -> str:
    batch = _option(operator, 1, "i") == 0 and len(outputs[0].shape) > INNERMOST_AXES
    return "it packs along the batch" if batch else ""


def _split(operator: Operator, inputs: list[Tensor], outputs: list[Tensor]) -> str:
    shape = inputs[-1].shape
    batch = 0 in _axes(inputs[0], len(shape)) and len(shape) > INNERMOST_AXES
    return "it splits the batch" if batch else ""


def _reduction(operator: Operator, inputs: list[Tensor], outputs: list[Tensor]) -> str:
    shape = inputs[0].shape
    axes = _axes(inputs[1], len(shape)) if len(inputs) > 1 else set()
    if not axes:
        return "over which axes is computed: it must be a constant"
    if 0 in axes and len(shape) > INNERMOST_AXES:
        return "it goes over the batch"
    if operator.name == "MEAN" and len(shape) - 1 in axes and shape[-1] % MEAN_DEPTH_STEP:
        return f"a mean over {shape[-1]} channels: only multiples of {MEAN_DEPTH_STEP}"
    return ""


def _prelu(operator: Operator, inputs: list[Tensor], outputs: list[Tensor]) -> str:
    if len(inputs) > 1 and any(side > 1 for side in inputs[1].shape[:-1]):
        return f"its slopes are {_times(inputs[1].shape)}: only one for each channel"
    return _weights(inputs)


def _transposed_convolution(operator: Operator, inputs: list[Tensor], outputs: list[Tensor]) -> str:
    return "" if all(t.is_constant for t in inputs[:2]) else "its size and weights must be constants"


def _axes(tensor: Tensor, of: int) -> set[int]:
    return {axis % of for axis in tensor.integers()} if of else set()


def _times(shape: tuple[int, ...]) -> str:
    return " x ".join(map(str, shape))


def _short(tensor: Tensor) -> str:
    """The last word of a tensor's name: converters join those of all that they merged."""
    return tensor.name.rpartition(";")[2].rpartition("/")[2] or "a tensor without name"


LIMITS: dict[str, Limit] = {
    "AVERAGE_POOL_2D": _no_activation(5),
    "CONCATENATION": _concatenation,
    "CONV_2D": _convolution(4),
    "DEPTHWISE_CONV_2D": _convolution(5),
    "FULLY_CONNECTED": _dense,
    "MAX_POOL_2D": _no_activation(5),
    "MEAN": _reduction,
    "PACK": _pack,
    "PAD": _padding,
    "PRELU": _prelu,
    "REDUCE_MAX": _reduction,
    "REDUCE_MIN": _reduction,
    "RESIZE_BILINEAR": _resize,
    "RESIZE_NEAREST_NEIGHBOR": _no_limit,
    "SOFTMAX": _softmax,
    "SPLIT": _split,
    "STRIDED_SLICE": _strided_slice,
    "SUM": _reduction,
    "TRANSPOSE_CONV": _transposed_convolution,
} | dict.fromkeys(WITHOUT_LIMITS.split(), _no_limit)

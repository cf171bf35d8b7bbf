"""DeepLab without its tail: scores for every class on a coarse grid, in place of one class for every pixel.

Google's DeepLab v3 files end with RESIZE_BILINEAR (33 x 33 to itself), RESIZE_BILINEAR (to 513 x 513 x 21) and ARG_MAX
(to int64), on the CPU even in the file compiled for the Edge TPU. The cut file ends before them: same weights, less
work, and soft scores from which a mask can be made.

The file is edited in place: the list of operators gets shorter, the list of outputs names the scores, every other byte
stays where it is. So the result depends on no library's version and has one known SHA-256.
"""

from __future__ import annotations

import struct

from accelerators.errors import ModelError
from accelerators.models.graph import Graph, Operator, read_graph

SCORES_AXES = 4
EIGHT_BITS = ("uint8", "int8")
WANTED = "Only a segmentation network that ends with RESIZE_BILINEAR and ARG_MAX over its classes can be cut."


def cut(original: bytes) -> bytes:
    """The same network, ending at its scores. Raises ModelError for a file of another structure."""
    graph = read_graph(original)
    scores, tail = _tail(graph)
    kept = [index for index in range(len(graph.operators)) if index not in tail]
    edited = bytearray(original)
    _shorten(edited, graph.table.vector(3, 4)[0], kept)
    struct.pack_into("<i", edited, graph.table.vector(2, 4)[0], scores)
    _check(bytes(edited), graph, kept, scores)
    return bytes(edited)


def _tail(graph: Graph) -> tuple[int, set[int]]:
    """The tensor of the scores, and which operators come after it."""
    if len(graph.outputs) != 1 or graph.subgraphs != 1 or graph.signatures:
        raise ModelError(
            f"It has {len(graph.outputs)} outputs, {graph.subgraphs} subgraphs and {graph.signatures} signatures "
            f"(1, 1 and 0 are understood). {WANTED}"
        )
    makers = {end: index for index, operator in enumerate(graph.operators) for end in operator.outputs}
    tensor, tail = graph.outputs[0], set()
    for wanted in ("ARG_MAX", "RESIZE_BILINEAR", "RESIZE_BILINEAR"):
        index = makers.get(tensor)
        operator = None if index is None else graph.operators[index]
        if operator is None or operator.name != wanted or not operator.inputs or operator.inputs[0] < 0:
            if len(tail) >= 2:  # A single resize is enough: the first one of Google's two changes nothing.
                break
            raise ModelError(f"{_ending(graph, operator)} {WANTED}")
        if wanted == "ARG_MAX":
            _check_axis(graph, operator)
        tail.add(index)
        tensor = operator.inputs[0]
    _check_scores(graph, tensor, tail)
    return tensor, tail


def _ending(graph: Graph, operator: Operator | None) -> str:
    shape = " x ".join(map(str, graph.tensors[graph.outputs[0]].shape))
    return f"Its output is {shape} by {'no operator' if operator is None else operator.name}."


def _check_axis(graph: Graph, arg_max: Operator) -> None:
    """Classes must be the last axis."""
    axes = len(graph.tensors[arg_max.inputs[0]].shape)
    given = graph.tensors[arg_max.inputs[1]].integers() if len(arg_max.inputs) > 1 else ()
    if axes != SCORES_AXES or given not in ((axes - 1,), (-1,)):
        raise ModelError(f"Its ARG_MAX goes over axis {given or 'unknown'} of {axes}. {WANTED}")


def _check_scores(graph: Graph, tensor: int, tail: set[int]) -> None:
    """The scores are whole, and nothing but the tail's operators may be lost with them."""
    scores = graph.tensors[tensor]
    if len(scores.shape) != SCORES_AXES or scores.dtype not in EIGHT_BITS or not scores.quantised:
        raise ModelError(f"Its scores are {scores.dtype} of shape {scores.shape}; 8 bits of 4 axes are understood.")
    made = {end for index in tail for end in graph.operators[index].outputs}
    users = [i for i, operator in enumerate(graph.operators) if i not in tail and made & set(operator.inputs)]
    if users:
        raise ModelError(f"{graph.operators[users[0]].name} needs what would be cut off. {WANTED}")


def _shorten(edited: bytearray, start: int, kept: list[int]) -> None:
    """Keep these items of a list of tables, whose items say how far each is from where that is said."""
    count = struct.unpack_from("<I", edited, start - 4)[0]
    ways = struct.unpack_from(f"<{count}I", edited, start)
    moved = [ways[old] + 4 * (old - new) for new, old in enumerate(kept)]
    struct.pack_into(f"<{count}I", edited, start, *moved, *[0] * (count - len(moved)))
    struct.pack_into("<I", edited, start - 4, len(moved))


def _check(edited: bytes, before: Graph, kept: list[int], scores: int) -> None:
    """A file may use bytes twice. What was written must read as what was meant."""
    after = read_graph(edited)
    same = [_plain(operator) for operator in after.operators] == [_plain(before.operators[index]) for index in kept]
    if not same or after.outputs != (scores,) or after.tensors != before.tensors or after.inputs != before.inputs:
        raise ModelError(f"Its parts share bytes, so that it cannot be edited. {WANTED}")


def _plain(operator: Operator) -> tuple:
    return operator.name, operator.version, operator.inputs, operator.outputs

"""Cutting a network at its scores: the same answer with less work, or a sentence why it cannot be cut."""

from __future__ import annotations

import struct

import numpy as np
import pytest

pytest.importorskip("ai_edge_litert", reason="small networks are written and run with ai-edge-litert")

from hypothesis import given, settings
from hypothesis import strategies as st
from measures.segmentation import PUBLISHED, answer_of, interpreter_of
from measures.small_networks import CLASSES, LARGE, SIDE, TYPES, Network, segmenting

from accelerators.errors import ModelError
from accelerators.models.cut import cut
from accelerators.models.graph import read_graph
from accelerators.models.operators import OPERATORS

WHOLE = segmenting()


def refusal_of(data):
    with pytest.raises(ModelError) as refused:
        cut(data)
    return str(refused.value)


# What is cut


@pytest.mark.parametrize("resizes", [1, 2])
def test_the_scores_are_those_from_which_the_uncut_network_chose(resizes):
    data = segmenting(resizes)
    picture = np.random.default_rng(3).integers(0, 256, (SIDE, SIDE, 3), np.uint8)
    uncut, cut_short = interpreter_of(data), interpreter_of(cut(data))
    assert answer_of(cut_short, picture).shape == (SIDE, SIDE, CLASSES)
    chosen = answer_of(uncut, picture)
    assert chosen.shape == (LARGE, LARGE)
    assert len(np.unique(chosen)) > 1
    # Where a score lies, no resize comes between: every second pixel of 17 is one of 9.
    assert np.array_equal(chosen[::2, ::2], answer_of(cut_short, picture).argmax(axis=2))


def test_cutting_is_an_edit_of_a_few_bytes_and_always_the_same_one():
    edited = cut(WHOLE)
    assert len(edited) == len(WHOLE)
    assert sum(a != b for a, b in zip(edited, WHOLE, strict=True)) < 40
    assert cut(WHOLE) == edited


def test_an_operator_after_the_tail_in_the_file_is_kept():
    """Google's compiler may list operators of another branch last; only what makes the output counts."""
    network = Network()
    picture = network.tensor((1, SIDE, SIDE, CLASSES))
    scores, large = network.tensor((1, SIDE, SIDE, CLASSES)), network.tensor((1, LARGE, LARGE, CLASSES))
    size = network.tensor((2,), "int32", [LARGE, LARGE], scale=None)
    axis = network.tensor((), "int32", 3, scale=None)
    classes, other = network.tensor((1, LARGE, LARGE), "int64", scale=None), network.tensor((1, SIDE, SIDE, CLASSES))
    network.operator("RELU", [picture], [scores])
    network.operator("RESIZE_BILINEAR", [scores, size], [large])
    network.operator("ARG_MAX", [large, axis], [classes])
    network.operator("RELU6", [picture], [other])
    after = read_graph(cut(network.written([picture], [classes])))
    assert [operator.name for operator in after.operators] == ["RELU", "RELU6"]
    assert after.outputs == (scores,)


# What is refused


def test_a_network_that_is_cut_already_is_refused():
    assert "Its output is 1 x 9 x 9 x 5 by CONV_2D" in refusal_of(cut(WHOLE))


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "no .tflite file"),
        (b"\x89PNG\r\n\x1a\n" + bytes(100), "no .tflite file"),
        (b"\0\0\0\0TFL3", "truncated or damaged"),
        (WHOLE[: len(WHOLE) // 2], "truncated or damaged"),
        (WHOLE[:-1] if len(WHOLE) % 4 else WHOLE[:-200], "truncated or damaged"),
        (segmenting(axis=1), r"axis (1,) of 4"),
        (segmenting(scores_dtype="float32"), "Its scores are float32"),
    ],
    ids=["empty", "a picture", "a head only", "half", "nearly whole", "classes elsewhere", "floats"],
)
def test_what_cannot_be_cut_is_said(data, said):
    assert said in refusal_of(data)


def test_scores_that_something_else_needs_are_not_cut_off():
    network = Network()
    picture = network.tensor((1, SIDE, SIDE, CLASSES))
    large, beside = network.tensor((1, LARGE, LARGE, CLASSES)), network.tensor((1, LARGE, LARGE, CLASSES))
    size = network.tensor((2,), "int32", [LARGE, LARGE], scale=None)
    axis = network.tensor((), "int32", 3, scale=None)
    classes = network.tensor((1, LARGE, LARGE), "int64", scale=None)
    network.operator("RESIZE_BILINEAR", [picture, size], [large])
    network.operator("RELU", [large], [beside])
    network.operator("ARG_MAX", [large, axis], [classes])
    assert "RELU needs what would be cut off" in refusal_of(network.written([picture], [classes]))
    assert "has 2 outputs" in refusal_of(network.written([picture], [classes, beside]))


@pytest.mark.skipif(not PUBLISHED.is_dir(), reason=f"{PUBLISHED} is not there; name it in NIGHTJAR_SHARED")
@pytest.mark.parametrize(
    "name", ["coral/bodypix_mobilenet_v1_075_512_512_16_quant_decoder", "portrait/prisma_quant", "coral/split_concat"]
)
@pytest.mark.parametrize("kind", ["", "_edgetpu"])
def test_networks_of_another_kind_are_refused(name, kind):
    assert "Only a segmentation network" in refusal_of((PUBLISHED.parent / f"{name}{kind}.tflite").read_bytes())


# The reader


@given(st.binary(max_size=300))
@settings(max_examples=100, deadline=None)
def test_bytes_of_no_model_are_a_sentence(data):
    for tried in (data, data[:4] + b"TFL3" + data[4:]):
        with pytest.raises(ModelError):
            cut(tried)


@given(st.lists(st.tuples(st.integers(0, len(WHOLE) - 1), st.integers(0, 255)), min_size=1, max_size=6), st.data())
@settings(max_examples=200, deadline=None)
def test_a_damaged_model_is_a_sentence_or_a_model(damage, more):
    data = bytearray(WHOLE)
    for place, value in damage:
        data[place] = value
    data = bytes(data[: more.draw(st.sampled_from([len(data), len(data) - 4, more.draw(st.integers(0, len(data)))]))])
    try:
        edited = cut(data)
    except ModelError as error:
        assert str(error)
    else:
        assert read_graph(edited).outputs != read_graph(data).outputs


def test_a_file_that_repeats_itself_without_end_is_refused_soon():
    """A list of 50 thousand networks, all of them the same bytes, in each of which that could go on."""
    vtable = struct.pack("<5H2x", 10, 8, 0, 0, 4)
    head = struct.pack("<I4s", 20, b"TFL3") + vtable + struct.pack("<2I", 12, 4)
    assert "at most 10000" in refusal_of(head + struct.pack("<50001I", 50_000, *range(200_000, 0, -4)))


def test_the_reader_agrees_with_the_schemas_own_classes():
    from ai_edge_litert import schema_py_generated as schema

    names = {number: name for name, number in vars(schema.BuiltinOperator).items() if name.isupper()}
    assert [names.get(number) for number in range(len(OPERATORS))] == list(OPERATORS)
    types = {number: name for name, number in vars(schema.TensorType).items() if name.isupper()}
    files = [WHOLE, *(path.read_bytes() for path in sorted(PUBLISHED.parent.rglob("*.tflite")))]
    for data in files:
        read, true = read_graph(data), schema.ModelT.InitFromPackedBuf(data)
        graph = true.subgraphs[0]
        assert (read.inputs, read.outputs) == (tuple(graph.inputs), tuple(graph.outputs))
        for ours, theirs in zip(read.tensors, graph.tensors, strict=True):
            assert ours.name == theirs.name.decode()
            assert ours.shape == (() if theirs.shape is None else tuple(theirs.shape))
            assert ours.dtype == types[theirs.type].lower()
            values = true.buffers[theirs.buffer].data
            assert bytes(ours.constant) == (b"" if values is None else bytes(values))
        for ours, theirs in zip(read.operators, graph.operators, strict=True):
            code = true.operatorCodes[theirs.opcodeIndex]
            name = names[max(code.builtinCode, code.deprecatedBuiltinCode)]
            assert ours.name == (code.customCode.decode() if name == "CUSTOM" else name)
            assert (ours.version, ours.inputs, ours.outputs) == (
                code.version,
                tuple(theirs.inputs),
                tuple(theirs.outputs),
            )


def test_the_types_of_the_small_networks_are_read():
    network = Network()
    tensors = [network.tensor((1,), dtype) for dtype in TYPES]
    assert [tensor.dtype for tensor in read_graph(network.written(tensors, tensors)).tensors] == list(TYPES)

"""What of a network would leave the Edge TPU: the rules one by one, and Google's own compiled files as the judge."""

from __future__ import annotations

import json
import os

import numpy as np
import pytest

pytest.importorskip("ai_edge_litert", reason="small networks are written with ai-edge-litert's schema")

from hypothesis import given, settings
from hypothesis import strategies as st
from measures.segmentation import PUBLISHED
from measures.small_networks import Network, segmenting

from accelerators.errors import ModelError
from accelerators.models.lint import lint

WHOLE = segmenting()
COMPILED_TOO = [
    "coral/deeplabv3_mnv2_dm05_pascal_quant",
    "coral/deeplabv3_mnv2_pascal_quant",
    "coral/bodypix_mobilenet_v1_075_512_512_16_quant_decoder",
    "coral/split_concat",
    "portrait/prisma_quant",
]
GREY = (1, 8, 8, 4)


@pytest.fixture
def linted(tmp_path):
    """Lint a network that is built by a function of (network, input); it returns the output."""

    def run(build, shape=GREY, dtype="int8", **facts):
        network = Network()
        start = network.tensor(shape, dtype, **facts)
        end = build(network, start)
        file = tmp_path / "network.tflite"
        file.write_bytes(network.written([start], [end]))
        return lint(file)

    return run


def one(name, output=GREY, constants=(), version=1, options=None, dtype="int8", **values):
    """Builds one operator with constants behind its input: (shape, type, values)."""

    def build(network, start):
        more = [network.tensor(shape, kind, given_values) for shape, kind, given_values in constants]
        end = network.tensor(output, dtype)
        network.operator(name, [start, *more], [end], version, options=options, **values)
        return end

    return build


def convolution(**options):
    weights, bias = ((4, 1, 1, 4), "int8", np.ones((4, 1, 1, 4))), ((4,), "int32", np.zeros(4))
    return one("CONV_2D", constants=[weights, bias], version=3, options="Conv2DOptions", **options)


def vector(*values):
    return ((len(values),), "int32", np.array(values))


FITS = {
    "convolution": (convolution(dilationWFactor=2, dilationHFactor=2), {}),
    "sum": (one("ADD", constants=[((1, 1, 1, 4), "int8", np.ones(4))], version=2), {}),
    "activation": (one("RELU6", version=2), {}),
    "padding in place": (one("PAD", (1, 10, 8, 4), [((4, 2), "int32", [[0, 0], [1, 1], [0, 0], [0, 0]])], 2), {}),
    "mean over the picture": (one("MEAN", (1, 4), [vector(1, 2)], 2), {}),
    "mean over four channels": (one("MEAN", (1, 8, 8, 1), [vector(-1)], 2), {}),
    "stride 1": (one("STRIDED_SLICE", (1, 4, 8, 4), [vector(0, 0, 0, 0), vector(1, 4, 8, 4), vector(1, 1, 1, 1)]), {}),
    "softmax of a row": (one("SOFTMAX", (1, 10)), {"shape": (1, 10)}),
    "dense": (
        one("FULLY_CONNECTED", (1, 2), [((2, 4), "int8", np.ones((2, 4)))], 4, "FullyConnectedOptions"),
        {"shape": (1, 4)},
    ),
}

LEAVES = {
    "no such operator": (one("GATHER"), {}, "the Edge TPU has no GATHER"),
    "pixel shuffle": (one("DEPTH_TO_SPACE", (1, 16, 16, 1)), {}, "has no DEPTH_TO_SPACE"),
    "leaky": (one("LEAKY_RELU"), {}, "has no LEAKY_RELU"),
    "floats": (one("RELU", dtype="float32"), {"dtype": "float32"}, "float32 in tensor0: only quantised 8-bit"),
    "no scale": (one("RELU"), {"scale": None}, "unquantised int8"),
    "size open": (one("RELU"), {"signature": (1, -1, -1, 4)}, "the size of tensor0 is not fixed: 1 x -1 x -1 x 4"),
    "a batch": (one("RELU", (2, 8, 8, 4)), {"shape": (2, 8, 8, 4)}, "only the 3 innermost axes"),
    "dilated differently": (convolution(dilationWFactor=2, dilationHFactor=1), {}, "dilated by 2 in x and 1 in y"),
    "activation in a pool": (
        one("AVERAGE_POOL_2D", options="Pool2DOptions", fusedActivationFunction=1),
        {},
        "fused activation",
    ),
    "joined to a constant": (
        one("CONCATENATION", (1, 8, 8, 8), [(GREY, "int8", np.ones(GREY))], options="ConcatenationOptions"),
        {},
        "only zeros",
    ),
    "dense of version 9": (
        one("FULLY_CONNECTED", (1, 2), [((2, 4), "int8", np.ones((2, 4)))], 9, "FullyConnectedOptions"),
        {"shape": (1, 4)},
        "version 9 is refused",
    ),
    "dense that keeps axes": (
        one("FULLY_CONNECTED", (1, 8, 8, 2), [((2, 4), "int8", np.ones((2, 4)))], 4, "FullyConnectedOptions"),
        {},
        "only one axis",
    ),
    "large enlargement": (one("RESIZE_BILINEAR", (1, 72, 72, 4), [vector(72, 72)]), {}, "from 8 x 8 to 72 x 72"),
    "stride 2": (
        one("STRIDED_SLICE", (1, 4, 4, 4), [vector(0), vector(1), vector(1, 2, 2, 1)]),
        {},
        "strides of 1",
    ),
    "softmax of a picture": (one("SOFTMAX"), {}, "only one axis"),
    "softmax too long": (one("SOFTMAX", (1, 16001)), {"shape": (1, 16001)}, "at most 16000"),
    "padding the batch": (
        one("PAD", (2, 8, 8, 4), [((4, 2), "int32", [[0, 1], [0, 0], [0, 0], [0, 0]])]),
        {},
        "only the 3 innermost axes",
    ),
    "mean over the batch": (one("MEAN", (8, 8, 4), [vector(0)]), {}, "over the batch"),
    "mean over three channels": (one("MEAN", (1, 8, 8, 1), [vector(3)]), {"shape": (1, 8, 8, 3)}, "multiples of 4"),
    "slopes for each place": (
        one("PRELU", constants=[((8, 8, 4), "int8", np.ones((8, 8, 4)))]),
        {},
        "for each channel",
    ),
}


@pytest.mark.parametrize("what", FITS)
def test_what_fits_stays(linted, what):
    build, facts = FITS[what]
    report = linted(build, **facts)
    assert report.stays, [verdict.reason for verdict in report.verdicts]
    assert report.leaves_at is None
    assert report.summary == "all 1 operators run on the Edge TPU"


@pytest.mark.parametrize("what", LEAVES)
def test_what_does_not_fit_leaves_and_says_why(linted, what):
    build, facts, said = LEAVES[what]
    report = linted(build, **facts)
    assert not report.stays
    assert said in report.leaves_at.reason


def test_weights_that_are_computed_leave(linted):
    def build(network, start):
        weights, end = network.tensor((1, 1, 1, 4), "int8"), network.tensor(GREY, "int8")
        network.operator("MEAN", [start, network.tensor(*vector(1, 2))], [weights], 2)
        network.operator("CONV_2D", [start, weights], [end], 3)
        return end

    assert "weights and biases must be constants" in linted(build).leaves_at.reason


def test_what_needs_an_operator_that_left_leaves_too_and_what_does_not_stays(linted):
    def build(network, start):
        made = [network.tensor(GREY, "int8") for _ in range(4)]
        network.operator("RELU", [start], [made[0]], 2)
        network.operator("LEAKY_RELU", [made[0]], [made[1]])
        network.operator("RELU", [made[0]], [made[2]], 2)
        network.operator("ADD", [made[1], made[2]], [made[3]], 2)
        return made[3]

    report = linted(build)
    assert [verdict.on_edge_tpu for verdict in report.verdicts] == [True, False, True, False]
    assert report.verdicts[3].reason == "it needs what operator 1 left on the CPU"
    assert report.summary == "2 of 4 operators run on the CPU, the first is 1 LEAKY_RELU"


def test_a_picture_in_floats_is_converted_on_the_cpu_and_the_rest_stays(linted):
    def build(network, start):
        whole, end = network.tensor(GREY, "int8"), network.tensor(GREY, "int8")
        network.operator("QUANTIZE", [start], [whole])
        network.operator("RELU", [whole], [end], 2)
        return end

    report = linted(build, dtype="float32", scale=None)
    assert [verdict.on_edge_tpu for verdict in report.verdicts] == [False, True]
    assert "only converts the input" in report.verdicts[0].reason


def test_a_version_that_nobody_saw_mapped_is_doubted_not_refused(linted):
    report = linted(one("RELU", version=3))
    assert report.stays
    assert "none above 2 was seen mapped" in report.verdicts[0].doubt


def test_weights_beyond_the_chips_memory_are_told(linted):
    large = (1, 1, 1024, 6800)
    report = linted(one("ADD", large, [(large, "int8", np.zeros(large))]), shape=large)
    assert report.weights_bytes == 1024 * 6800
    assert "7.0 MB of weights do not fit the 6.9 MB" in report.notes[0]


@pytest.mark.skipif(not PUBLISHED.is_dir(), reason=f"{PUBLISHED} is not there; name it in NIGHTJAR_SHARED")
@pytest.mark.parametrize("name", COMPILED_TOO)
def test_it_names_the_operators_that_googles_compiler_left(name):
    """Which form it is makes no difference: before compiling by rule, after it by what is left."""
    source, compiled = (lint(PUBLISHED.parent / f"{name}{kind}.tflite") for kind in ("", "_edgetpu"))
    left = [
        [verdict.operator for verdict in report.verdicts if not verdict.on_edge_tpu] for report in (source, compiled)
    ]
    assert left[0] == left[1]
    assert (source.compiled, compiled.compiled) == (False, True)
    assert len(source.verdicts) > len(compiled.verdicts)


# The command


def test_the_command_fails_where_something_leaves_and_tells_where(ask, tmp_path):
    (tmp_path / "network.tflite").write_bytes(segmenting())
    code, out, _ = ask("models", "lint", tmp_path / "network.tflite")
    assert code == 1
    row = next(line for line in out.splitlines() if "ARG_MAX" in line)
    assert "CPU" in row
    assert "the Edge TPU has no ARG_MAX" in row
    code, out, _ = ask("models", "lint", tmp_path / "network.tflite", "--json")
    told = json.loads(out)["files"][0]
    assert (code, told["stays"], told["operators"][-1]["on_edge_tpu"]) == (1, False, False)
    assert told["summary"] == "1 of 4 operators run on the CPU, the first is 3 ARG_MAX"


def test_what_is_no_file_is_refused_at_once(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    with (tmp_path / "huge").open("wb") as file:
        file.truncate(300_000_000)
    for name, said in (("pipe", "is no file"), ("", "is no file"), ("none", "No such file"), ("huge", "has 300 MB")):
        with pytest.raises(ModelError, match=said):
            lint(tmp_path / name)


def test_the_command_is_content_where_nothing_leaves(ask, linted, tmp_path):
    linted(one("RELU", version=2))
    code, out, _ = ask("models", "lint", tmp_path / "network.tflite")
    assert (code, "all 1 operators run on the Edge TPU" in out) == (0, True)


@given(st.lists(st.tuples(st.integers(0, len(WHOLE) - 1), st.integers(0, 255)), min_size=1, max_size=8))
@settings(max_examples=150, deadline=None)
def test_a_damaged_file_is_judged_or_refused(tmp_path_factory, damage):
    data = bytearray(WHOLE)
    for place, value in damage:
        data[place] = value
    file = tmp_path_factory.getbasetemp() / "damaged.tflite"
    file.write_bytes(data)
    try:
        report = lint(file)
    except ModelError as error:
        assert str(error).startswith(str(file))
    else:
        assert report.summary
        json.dumps(report.to_dict())

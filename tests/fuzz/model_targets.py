"""Model files: what is read of them before LiteRT, and what LiteRT makes of those that were believed."""

from __future__ import annotations

import functools

import numpy as np
from fuzz.target import Target, promise, scratch_file
from measures.small_networks import segmenting
from measures.tiny_models import divided, for_edge_tpu, largest_colour, negative, resized

from accelerators.errors import AcceleratorError, ModelError
from accelerators.models.cut import cut
from accelerators.models.graph import read_graph
from accelerators.models.seal import check_seal, sealed
from accelerators.runtime.model import Model
from accelerators.runtime.model_file import read_model
from accelerators.white_balance.judge import FOLDER as LIGHT_FOLDER
from accelerators.white_balance.network_file import read_network


@functools.cache
def networks() -> list[bytes]:
    """Small ones of each kind that the camera meets."""
    plain = [negative(), negative("int8"), negative("float32"), resized(0.5, 0.25), largest_colour(), divided()]
    return [*plain, segmenting(), segmenting(1, scores_dtype="int8"), for_edge_tpu()]


def take_model_file(content: bytes) -> None:
    """Read before LiteRT gets it, cut where it is uncut, and looked over for the Edge TPU."""
    file = read_model(scratch_file("model.tflite", content))
    promise(bool(file.inputs and file.outputs), "A model without input or output was taken.")
    graph = read_graph(content)
    promise(all(0 <= end < len(graph.tensors) for end in (*graph.inputs, *graph.outputs)), "An end is no tensor.")
    cut(content)


def take_model(content: bytes) -> None:
    """What was believed can be run: LiteRT does not end the process, and its answer is what the file says."""
    model = Model(scratch_file("model.tflite", content))
    answer = model.run(np.zeros(model.picture_shape, np.uint8))
    promise(answer.shape == model.output_shape, "The answer is of another shape than the file says.")


def light_networks() -> list[bytes]:
    return [(LIGHT_FOLDER / name).read_bytes() for name in ("presence.tflite", "clues.tflite")]


def take_light_network(content: bytes) -> None:
    """Sealed anew, so that what lies behind the sum is tried too."""
    try:
        content = sealed(content)
        check_seal(content)
    except ModelError:
        pass
    network = read_network(scratch_file("light.tflite", content))
    features = np.zeros((network.candidates, len(network.features.middles)), np.float32)
    promise(network.stored(features).dtype == np.int8, "The network stores other than 8 bits.")


MODEL_TARGETS = [
    Target("model-file", "bytes", networks, take_model_file, (ModelError,), 4),
    Target("model", "bytes", networks, take_model, (AcceleratorError,), 2),
    Target("light-network", "bytes", light_networks, take_light_network, (ModelError,), 1),
]

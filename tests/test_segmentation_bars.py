"""The published networks, cut: as good as uncut by pycoral's own check, and the same answer place by place."""

from __future__ import annotations

import hashlib

import numpy as np
import pytest
from measures.segmentation import PHOTOGRAPHS, PUBLISHED, answer_of, bird_score, classes_of, interpreter_of, photograph

from accelerators.models.catalogue import read_catalogue
from accelerators.models.cut import cut
from accelerators.models.graph import read_graph

MODELS = read_catalogue()
NETWORKS = {twins.original.name: twins for model in MODELS.values() for twins in model.networks}
pytestmark = pytest.mark.skipif(
    not PUBLISHED.is_dir() or not PHOTOGRAPHS.is_dir(),
    reason=f"{PUBLISHED} or {PHOTOGRAPHS} is not there; name the shared folder in NIGHTJAR_SHARED",
)


def published(name):
    return (PUBLISHED / name).read_bytes()


@pytest.fixture(scope="module")
def ready():
    """(uncut, cut) interpreters of a model, made once."""
    made = {}

    def of(name):
        if name not in made:
            data = published(MODELS[name].cpu.original.name)
            made[name] = interpreter_of(data), interpreter_of(cut(data))
        return made[name]

    return of


@pytest.mark.parametrize(("name", "least"), [("deeplab_dm05", 0.92), ("deeplab_dm10", 0.95)])
def test_the_cut_network_finds_pycorals_bird(name, least):
    assert bird_score(MODELS[name].cpu.original.name) >= least


@pytest.mark.parametrize(
    ("name", "photo"),
    [
        ("deeplab_dm05", "bird_segmentation.bmp"),
        ("deeplab_dm05", "grace_hopper.bmp"),
        ("deeplab_dm05", "cat_720p.jpg"),
        pytest.param("deeplab_dm10", "cat_720p.jpg", marks=pytest.mark.slow),
    ],
)
def test_the_cut_network_names_the_classes_of_the_uncut_one(ready, name, photo):
    picture = photograph(photo)
    uncut, cut_short = (classes_of(interpreter, picture) for interpreter in ready(name))
    assert np.count_nonzero(uncut) > 0.05 * uncut.size  # there is something besides background
    assert np.mean(uncut == cut_short) >= 0.999


@pytest.mark.parametrize("name", MODELS)
def test_the_cut_network_gives_a_score_for_each_class_on_a_coarse_grid(ready, name):
    scores = answer_of(ready(name)[1], photograph("bird_segmentation.bmp"))
    assert (scores.shape, scores.dtype) == ((33, 33, MODELS[name].classes), np.uint8)


@pytest.mark.parametrize("name", NETWORKS)
def test_cutting_gives_the_file_whose_hash_is_known(name):
    data = published(name)
    edited = cut(data)
    assert hashlib.sha256(data).hexdigest() == NETWORKS[name].original.sha256
    assert hashlib.sha256(edited).hexdigest() == NETWORKS[name].cut.sha256
    assert len(edited) == NETWORKS[name].cut.bytes


@pytest.mark.parametrize("name", NETWORKS)
def test_cutting_changes_where_the_network_ends_and_nothing_else(name):
    before, after = (read_graph(data) for data in (published(name), cut(published(name))))
    assert [operator.name for operator in before.operators[len(after.operators) :]] == [
        "RESIZE_BILINEAR",
        "RESIZE_BILINEAR",
        "ARG_MAX",
    ]
    kept = zip(before.operators, after.operators, strict=False)
    assert all(a.inputs == b.inputs and a.outputs == b.outputs and a.name == b.name for a, b in kept)
    assert after.tensors == before.tensors
    assert [after.tensors[end].shape for end in after.outputs] == [(1, 33, 33, 21)]


@pytest.mark.parametrize("kind", ["", "_edgetpu"])
def test_cutting_does_what_a_rebuilt_file_has(kind):
    ours = read_graph(cut(published(f"deeplabv3_mnv2_dm05_pascal_quant{kind}.tflite")))
    rebuilt = read_graph(published(f"deeplabv3_mnv2_dm05_pascal_quant_logits{kind}.tflite"))
    assert [vars(o) | {"options": None} for o in ours.operators] == [
        vars(o) | {"options": None} for o in rebuilt.operators
    ]
    assert (ours.inputs, ours.outputs) == (rebuilt.inputs, rebuilt.outputs)
    assert ours.tensors == rebuilt.tensors

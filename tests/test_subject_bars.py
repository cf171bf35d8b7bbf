"""Subjects are found where people drew them, by the small network that is installed by default."""

import numpy as np
import pytest
from measures.overlap import (
    LABELS,
    SHARED,
    UNCUT,
    am2k_animals,
    coco_people,
    coco_with_belongings,
    network,
    overlap_with,
    photograph,
)

from accelerators.subject.finding import find_subject
from accelerators.subject.subject import NoSubject, Subject

DATA = SHARED / "data"


@pytest.fixture(scope="module")
def segment():
    asked = network()
    if asked is None or not (DATA / "coco-subjects").is_dir():
        pytest.skip(f"no cut dm05 or photographs at {SHARED}, or no ai-edge-litert; name the folder in NIGHTJAR_SHARED")
    return asked


@pytest.fixture(scope="module")
def found_people(segment):
    return {name: find_subject(photo, segment, LABELS) for name, photo, _ in coco_people()}


@pytest.mark.slow
def test_people_are_found_with_a_mean_overlap_of_72_percent(found_people):
    assert np.mean([overlap_with(truth, found_people[name]) for name, _, truth in coco_people()]) >= 0.72


@pytest.mark.slow
def test_people_are_found_with_what_belongs_to_them(found_people):
    """Motorbike, frisbee, racket and tie count as theirs: the photographer would keep them sharp."""
    assert np.mean([overlap_with(truth, found_people[name]) for name, _, truth in coco_with_belongings()]) >= 0.72


@pytest.mark.slow
def test_animals_are_found_with_a_mean_overlap_of_85_percent(segment):
    found = [overlap_with(truth, find_subject(photo, segment, LABELS)) for _, photo, truth in am2k_animals()]
    assert np.mean(found) >= 0.85


def test_people_found_by_the_uncut_model_are_the_same_people(segment):
    """Its answer has no doubt in it, so its edges differ a little; who is found does not."""
    uncut = network(UNCUT)
    if uncut is None:
        pytest.skip(f"{UNCUT} is not at {SHARED}")
    photo = photograph(DATA / "coral-images" / "grace_hopper.bmp")
    soft, hard = (find_subject(photo, asked, LABELS) for asked in (segment, uncut))
    assert (soft.kind, soft.names[0]) == (hard.kind, hard.names[0]) == ("person", "person")
    assert np.abs(soft.probability - hard.probability).mean() < 0.05


@pytest.mark.parametrize("name", ["grace_hopper.bmp", "face.jpg", "squat.bmp"])
def test_people_of_other_collections_are_found(segment, name):
    found = find_subject(photograph(DATA / "coral-images" / name), segment, LABELS)
    assert isinstance(found, Subject) and found.kind == "person" and not found.is_guess


@pytest.mark.parametrize("name", ["bird.bmp", "cat_720p.jpg", "pets.jpg"])
def test_animals_of_other_collections_are_found(segment, name):
    found = find_subject(photograph(DATA / "coral-images" / name), segment, LABELS)
    assert isinstance(found, Subject) and found.kind == "animal" and not found.is_guess


@pytest.mark.slow
@pytest.mark.parametrize("name", ["kodim01", "kodim13"])
def test_a_house_and_a_brook_are_not_portraits(segment, name):
    path = DATA / "kodak24" / f"{name}.png"
    if not path.is_file():
        pytest.skip(f"{path} is not there; name the shared folder in NIGHTJAR_SHARED")
    assert isinstance(find_subject(photograph(path), segment, LABELS), NoSubject)


def test_the_network_finds_what_the_bundled_photographs_are_of(segment):
    data = pytest.importorskip("skimage.data", reason="its photographs come with scikit-image")
    assert find_subject(data.astronaut(), segment, LABELS).kind == "person"
    assert find_subject(data.chelsea(), segment, LABELS).names == ("cat",)
    cup = find_subject(data.coffee(), segment, LABELS)
    assert (cup.kind, cup.is_guess) == ("object", True), "VOC has no cup: it is a guess even with a network"
    page = find_subject(np.repeat(data.page()[..., None], 3, axis=2), segment, LABELS)
    assert isinstance(page, NoSubject), "the network calls a page of print a bottle"

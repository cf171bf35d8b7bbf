"""The matte on photos with true masks, beside the network's raw score that it is made of."""

import numpy as np
import pytest

pytest.importorskip("cv2", reason="OpenCV makes the matte: pip install nightjar[portrait]")
pytest.importorskip("ai_edge_litert", reason="LiteRT runs the network: pip install nightjar[portrait]")

from measures import segmented
from measures.mattes import judged, overlap_of
from measures.painted_subjects import upsampled

from accelerators.matte.matte import make_matte
from accelerators.opencv import opencv

pytestmark = [pytest.mark.slow, pytest.mark.skipif(bool(segmented.missing()), reason=segmented.missing())]


def alpha_of(picture, probability):
    return make_matte(picture, probability).astype(np.float32) / 255


@pytest.fixture(scope="module")
def animals():
    """(of the raw score, of the matte) of each animal."""
    pairs = []
    for photo in segmented.animals():
        raw = upsampled(photo.probability, photo.truth.shape)
        matte = alpha_of(photo.picture, photo.probability)
        pairs.append((judged(raw, photo.truth), judged(matte, photo.truth)))
    return pairs


def mean(pairs, measure):
    return np.mean([[getattr(quality, measure) for quality in pair] for pair in pairs], axis=0)


def test_edges_of_animals_are_less_than_half_as_wrong_as_the_raw_score(animals):
    raw, matte = mean(animals, "band_error")
    assert matte < 0.65 * raw  # the bar
    assert matte < 0.45 * raw  # measured: 0.38


def test_every_animal_gains(animals):
    for raw, matte in animals:
        assert matte.band_error < 0.75 * raw.band_error
        assert matte.overlap > raw.overlap


def test_contours_of_animals_are_found(animals):
    raw, matte = mean(animals, "boundary")
    assert matte > 1.3 * raw
    assert matte > 0.6


def test_animals_overlap_their_truth(animals):
    _, matte = mean(animals, "overlap")
    assert matte > 0.93  # the bar is 0.85


def test_fur_keeps_its_gradients(animals):
    raw, matte = mean(animals, "gradient_error")
    assert matte < raw


def test_people_are_not_harmed():
    found = [
        [overlap_of(alpha, photo.truth) for alpha in (raw, alpha_of(photo.picture, photo.probability))]
        for photo in segmented.people()
        for raw in [upsampled(photo.probability, photo.truth.shape)]
    ]
    raw, matte = np.mean(found, axis=0)
    assert matte >= 0.72
    assert matte > raw - 0.01


def test_scores_and_class_map_make_the_same_picture():
    cv2 = opencv()
    same = []
    for photo in segmented.animals():
        class_map = segmented.class_map_of(photo.picture)
        # Votes divided among dog and horse make a subject together, and none in a map of winners: another answer.
        if overlap_of(upsampled(photo.probability, class_map.shape), class_map) < 0.85:
            continue
        behind = cv2.GaussianBlur(photo.picture, (0, 0), 0.01 * max(photo.truth.shape)).astype(np.float32)
        first, second = (
            behind + (photo.picture - behind) * alpha_of(photo.picture, grid)[..., None]
            for grid in (photo.probability, class_map)
        )
        same.append(np.abs(first - second).mean() < 1)
    assert len(same) >= 5
    assert all(same)

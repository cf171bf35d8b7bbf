"""The learned judge of the light: what it looks at, what it makes of it, and what it does where it cannot know."""

import json
import math
import os
import shutil
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import numpy as np
import pytest

from accelerators.errors import ModelError
from accelerators.published.sensors import published_sensors, published_tuning
from accelerators.white_balance.candidates import MIRED, Candidates
from accelerators.white_balance.clues import CLUES, clues
from accelerators.white_balance.judge import FOLDER, NUMBERS, load_judge
from accelerators.white_balance.light_file import read_numbers
from accelerators.white_balance.posterior import joined, posterior
from accelerators.white_balance.presence import BINS, KINDS, presence
from accelerators.white_balance.tint import tint_numbers
from accelerators.white_balance.weighing import held_to_learned, trust_in_learned
from accelerators.white_balance.zones import JudgedZones, judged
from isp.grey_curve import grey_of
from isp.light_statistics import LightStatistics, render

TUNING = published_tuning("pisp", "imx477")
WEIGHTS = ("presence.tflite", "clues.tflite", NUMBERS)


def scene(temperature_k, tuning=TUNING, tint=0.0, lux=500.0, colourful=0.1, size=(32, 32), seed=1):
    """Walls, wood and cloth: nearly grey, on the whole a little yellow as things are; one side is in shade."""
    generator = np.random.default_rng(seed)
    red, blue = grey_of(temperature_k, tint, tuning)
    surfaces = generator.integers(0, 12, (8, 8))
    paint = generator.normal(0, 1, (12, 3)) * [1, 0.3, 1] + [0.3, 0, -0.8]
    paint = np.exp(colourful * paint + generator.normal(-0.5, 0.4, (12, 1)))
    things = np.kron(paint[surfaces], np.ones((size[0] // 4, size[1] // 4, 1)))[: size[0], : size[1]]
    things *= np.linspace(0.4, 1.0, size[1])[:, None] * np.exp(generator.normal(0, 0.02, (*size, 3)))
    brightest = things.max() * max(red, 1.0, blue)
    return LightStatistics(render(things * (red, 1.0, blue) * 0.35 / brightest, tuning), lux, tuning)


@pytest.fixture(scope="module")
def judge():
    return load_judge()


@pytest.fixture
def weights(tmp_path):
    for name in WEIGHTS:
        shutil.copy(FOLDER / name, tmp_path / name)
    return tmp_path


@pytest.mark.parametrize("platform", ["pisp", "vc4"])
def test_candidates_are_the_greys_of_the_sensors_own_curve(platform):
    for sensor in published_sensors(platform):
        tuning = published_tuning(platform, sensor)
        candidates = Candidates.of(tuning)
        low, high = 1e6 / tuning.grey_curve[[-1, 0], 0]
        inner = (low <= MIRED) & (high >= MIRED)
        expected = np.log([tuning.grey_at(1e6 / mired) for mired in MIRED[inner]])
        # A sharp bend of the curve is cut by the 2 mired between its dense points.
        assert np.abs(candidates.greys[inner] - expected).max() < 0.01
        assert not candidates.on_curve[(low - 4 > MIRED) | (high + 4 < MIRED)].any()


def test_seen_from_its_own_light_a_grey_scene_is_in_the_middle():
    statistics, candidates = scene(4000.0, colourful=0.0), Candidates.of(TUNING)
    middle = presence(judged(statistics), candidates).reshape(len(MIRED), KINDS, BINS, BINS)[:, :, BINS // 2, BINS // 2]
    for kind in middle.T:
        assert abs(MIRED[kind.argmax()] - 250.0) <= 4


def test_all_colours_are_counted_once_from_every_candidate():
    candidates = Candidates.of(TUNING)
    present = presence(judged(scene(4000.0, colourful=0.4)), candidates).reshape(len(MIRED), KINDS, -1)
    shares = (present.astype(float) ** 4).sum(axis=2)
    np.testing.assert_allclose(shares[candidates.on_curve], 1.0, atol=1e-4)
    assert not present[~candidates.on_curve].any()


def test_zones_that_clipped_are_not_looked_at():
    statistics = scene(4000.0)
    blown = statistics.zones.copy()
    blown[:4] = 65535
    seen = judged(replace(statistics, zones=blown)).share
    assert not seen[:2].any() and seen[2:].all()


ZONES = {
    "black": np.zeros((32, 32, 3)),
    "blown": np.ones((32, 32, 3)),
    "one lit zone": np.pad(np.full((1, 1, 3), 0.3), ((7, 24), (9, 22), (0, 0))),
    "red alone": np.full((32, 32, 3), 0.3) * (1, 0, 0),
    "blue alone": np.full((32, 32, 3), 0.3) * (0, 0, 1),
    "two halves": np.repeat([[[0.001, 0.001, 0.001]], [[0.9, 0.9, 0.9]]], 16, axis=0).repeat(32, axis=1),
    "noise": np.random.default_rng(0).random((32, 32, 3)),
}


@pytest.mark.parametrize("zones", ZONES.values(), ids=ZONES)
@pytest.mark.parametrize("lux", [None, math.nan, -1.0, 0.0, 500.0, 1e30, math.inf])
def test_no_scene_and_no_lux_leave_the_photo_without_a_light(judge, zones, lux):
    statistics = LightStatistics((zones * 65535).astype(np.uint16), lux, TUNING)
    light = judge(statistics)  # refuses numbers that are not finite
    assert 1000 < light.temperature_k < 100_000
    assert light.why.endswith(".")
    looked_at, candidates = judged(statistics), Candidates.of(TUNING)
    for numbers in (presence(looked_at, candidates), clues(looked_at, candidates, 500.0)):
        assert np.isfinite(numbers).all() and np.abs(numbers).max() < 50
    assert clues(looked_at, candidates, 500.0).shape[1] == CLUES


@pytest.mark.parametrize("sensor", ["imx219", "imx477", "imx708"])
@pytest.mark.parametrize(("temperature_k", "lux"), [(3000.0, 60.0), (4200.0, 400.0), (5600.0, 6000.0)])
def test_the_light_on_nearly_grey_things_is_found(judge, sensor, temperature_k, lux):
    light = judge(scene(temperature_k, published_tuning("pisp", sensor), lux=lux))
    assert light.source == "learned"
    assert abs(1e6 / light.temperature_k - 1e6 / temperature_k) < 25


def test_a_mirrored_scene_has_the_same_light(judge):
    statistics = scene(4600.0, colourful=0.3)
    mirrored = judge(replace(statistics, zones=statistics.zones[:, ::-1]))
    assert abs(1e6 / mirrored.temperature_k - 1e6 / judge(statistics).temperature_k) < 0.5


def test_the_older_boards_zones_are_judged_alike(judge):
    few, many = (judge(scene(4600.0, size=size)) for size in ((12, 16), (32, 32)))
    assert abs(1e6 / few.temperature_k - 1e6 / many.temperature_k) < 25


def test_the_stated_grey_is_that_of_the_stated_light(judge):
    light = judge(scene(4600.0, tint=0.02))
    np.testing.assert_allclose(light.grey, grey_of(light.temperature_k, light.tint, TUNING), rtol=1e-9)
    low, high = light.between_k()
    assert low < light.temperature_k < high


def test_a_vague_scene_is_said_to_be_vague(judge):
    vague = LightStatistics(render(np.full((32, 32, 3), (0.05, 0.3, 0.05)), TUNING), None, TUNING)
    assert judge(vague).covariance[0][0] > judge(scene(4600.0)).covariance[0][0]
    assert "how bright" in judge(vague).why


def test_a_vague_scene_in_lamplight_is_the_rules_and_says_so(judge):
    vague = LightStatistics(render(np.full((32, 32, 3), (0.05, 0.3, 0.05)), TUNING), 3.0, TUNING)
    light = judge(vague)
    assert light.trust == 0 and light.source == "classical" and "classical" in light.why


def test_without_a_curve_the_rule_answers_and_the_story_says_why(judge):
    unknown = judge(replace(scene(4600.0), tuning=None))
    assert unknown.source == "classical" and unknown.trust == 0 and "curve of greys" in unknown.why
    flat = replace(TUNING, grey_curve=np.array([[5000.0, 0.5, 0.6], [5100.0, 0.5, 0.6]]))
    assert Candidates.of(flat) is None
    assert judge(replace(scene(4600.0), tuning=flat)).source == "classical"


def test_green_light_moves_near_greys_to_the_green_side():
    found = [tint_numbers(judged(scene(4600.0, tint=tint, colourful=0.02)), 4600.0, TUNING) for tint in (-0.03, 0.03)]
    assert (found[0] < -0.005).all() and (found[1] > 0.005).all()


def test_both_runtimes_give_the_same_light():
    pytest.importorskip("ai_edge_litert", reason="LiteRT is not installed")
    statistics = scene(4600.0, colourful=0.3)
    assert load_judge(runs_in="litert")(statistics) == load_judge(runs_in="numpy")(statistics)


def test_several_threads_may_ask_about_several_sensors(judge):
    asked = [scene(4600.0, published_tuning("pisp", sensor)) for sensor in ("imx219", "imx477", "imx708")] * 4
    alone = [judge(statistics) for statistics in asked]
    with ThreadPoolExecutor(4) as threads:
        assert list(threads.map(judge, asked)) == alone


def test_a_certain_posterior_answers_its_candidate_and_a_soft_one_is_wider():
    candidates = Candidates.of(TUNING)
    scores = -0.5 * ((MIRED - 220.0) / 8.0) ** 2
    sharp, soft = (
        posterior(joined(scores, scores[::2], candidates, 0.5, temperature), candidates, temperature)
        for temperature in (1.0, 2.0)
    )
    assert abs(sharp.mired - 220.0) < 1 and abs(sharp.deviation_mired - 8.0) < 1
    assert abs(soft.deviation_mired / sharp.deviation_mired - math.sqrt(2)) < 0.1
    assert abs(sharp.probabilities.sum() - 1) < 1e-9 and not sharp.probabilities[~candidates.on_curve].any()


def test_an_answer_never_leaves_the_curve():
    candidates = Candidates.of(TUNING)
    for scores in (MIRED * 1e3, MIRED * -1e3):
        found = posterior(joined(scores, scores[::2], candidates, 0.5, 1.0), candidates, 1.0)
        assert candidates.ends[0] <= found.mired <= candidates.ends[1]
        assert found.deviation_mired >= 4


def test_in_dim_light_the_rule_counts_and_by_day_what_was_learned():
    assert trust_in_learned(20.0, 5.0) < 0.5 < trust_in_learned(20.0, 100.0)
    assert trust_in_learned(12.0, 5000.0) == trust_in_learned(12.0, None) == 1.0
    assert trust_in_learned(60.0, 5000.0) < 1.0
    falling = [trust_in_learned(deviation, 5000.0) for deviation in (20.0, 40.0, 60.0, 80.0)]
    assert falling == sorted(falling, reverse=True)


def test_the_rule_chooses_among_what_was_learned_to_be_likely():
    assert held_to_learned(240.0, learned=250.0, deviation=10.0) == 240.0
    assert held_to_learned(100.0, learned=250.0, deviation=10.0) == pytest.approx(250.0 - 16.45)
    assert held_to_learned(400.0, learned=250.0, deviation=10.0) == pytest.approx(250.0 + 16.45)


def test_a_candle_warmer_than_any_label_stays_a_little_warm(judge):
    tuning = published_tuning("vc4", "imx477")
    light = judge(scene(2400.0, tuning, lux=10.0, colourful=0.03))
    assert 2400.0 < light.temperature_k < 2900.0


@pytest.mark.parametrize("name", WEIGHTS)
def test_a_missing_or_cut_file_is_refused_by_name(weights, name):
    whole = (weights / name).read_bytes()
    (weights / name).write_bytes(whole[: len(whole) // 2])
    with pytest.raises(ModelError, match=name):
        load_judge(weights)
    (weights / name).unlink()
    with pytest.raises(ModelError, match=name):
        load_judge(weights)


DAMAGE = {
    "prior": [[0.0]],
    "temperature": 0,
    "clue_weight": "much",
    "tint_weights": [math.nan] * 6,
    "another": 1,
    "tint_middle": 10**400,
}


@pytest.mark.parametrize(("name", "value"), DAMAGE.items(), ids=DAMAGE)
def test_numbers_that_are_none_are_refused_by_name(weights, name, value):
    numbers = json.loads((weights / NUMBERS).read_text())
    (weights / NUMBERS).write_text(json.dumps({**numbers, name: value}))
    with pytest.raises(ModelError, match=name):
        load_judge(weights)


def test_files_of_two_trainings_are_not_mixed(weights):
    numbers = replace(read_numbers(weights / NUMBERS), clues_sha256="0" * 64)
    (weights / NUMBERS).write_text(numbers.text())
    with pytest.raises(ModelError, match="same training"):
        load_judge(weights)


def test_one_altered_digit_is_noticed(weights):
    numbers = json.loads((weights / NUMBERS).read_text())
    numbers["prior"][3][5] += 0.1
    (weights / NUMBERS).write_text(json.dumps(numbers))
    with pytest.raises(ModelError, match="SHA-256"):
        load_judge(weights)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no pipes among its files")
def test_what_is_no_file_is_refused_at_once(weights):
    (weights / NUMBERS).unlink()
    os.mkfifo(weights / NUMBERS)
    with pytest.raises(ModelError, match=NUMBERS):
        load_judge(weights)


def test_zones_of_any_size_can_be_looked_at():
    candidates = Candidates.of(TUNING)
    for size in ((1, 1), (1, 7), (9, 11), (64, 48)):
        zones = judged(LightStatistics(np.full((*size, 3), 20000, np.uint16), 100.0, TUNING))
        assert isinstance(zones, JudgedZones)
        assert np.isfinite(presence(zones, candidates)).all() and np.isfinite(clues(zones, candidates, 100.0)).all()

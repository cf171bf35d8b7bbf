"""What the light is: told by hand, judged by whom planning was given, or by rule; and what the recipe keeps of it."""

import dataclasses
import json
import math

import numpy as np
import pytest
from measures.exposed import WHOLE, exposed

from firmware.sensors import known_sensors, load_sensor
from isp.develop import develop
from isp.errors import FrameError, KnobError
from isp.frames import RawFrame
from isp.grey_curve import dense_curve, grey_of, grey_told, place_of
from isp.light import DAYLIGHT_K, classical
from isp.light_estimate import LightEstimate
from isp.light_statistics import LightStatistics, gather
from isp.photo import STAGES, photo_pipeline, portrait_pipeline
from isp.pipeline import Pipeline
from isp.plan import find_light, plan
from isp.portrait import develop_portrait
from isp.white_balance import PRESETS, WhiteBalance

SIZE = (96, 128)
TUNING = load_sensor("imx477").tuning
COVARIANCE = ((100.0, 0.1), (0.1, 0.0004))


def frame_of(light=0.3, light_k=5000, sensor="imx477", **facts):
    frame = exposed(np.full(SIZE, light), light_k=light_k, noise=False)
    return RawFrame(frame.pixels, dataclasses.replace(frame.shot, sensor=sensor, **facts))


def patches(light_k=5000):
    colours = np.random.default_rng(3).uniform(0.05, 0.6, (6, 8, 3))
    return exposed(np.repeat(np.repeat(colours, 16, axis=0), 16, axis=1), light_k=light_k, noise=False)


class Judge:
    """Says 3200 K, a little green, and counts how often it is asked."""

    def __init__(self):
        self.asked = []

    def __call__(self, statistics):
        self.asked.append(statistics)
        grey = grey_of(3200.0, 0.05, statistics.tuning)
        return LightEstimate(grey, 3200.0, 0.05, COVARIANCE, "learned", 0.8, "It looks like a lamp.")


def balance_of(frame, tuning=TUNING, judge=None, **knobs):
    return plan(photo_pipeline({"white_balance": knobs}), frame, tuning, judge).stage(WhiteBalance)


def grey_in(balance):
    red, green, blue = balance.gains
    return green / red, green / blue


# The curve


@pytest.mark.parametrize("sensor", known_sensors())
@pytest.mark.parametrize("tint", [-0.1, -0.03, 0.0, 0.04, 0.1])
def test_a_place_beside_the_curve_and_its_grey_are_two_names_of_one_light(sensor, tint):
    tuning = load_sensor(sensor).tuning
    warmest, coldest = tuning.grey_curve[[0, -1], 0]
    for temperature_k in np.linspace(1.1 * warmest, 0.95 * coldest, 9):
        found_k, found_tint = place_of(grey_of(temperature_k, tint, tuning), tuning)
        assert abs(1e6 / found_k - 1e6 / temperature_k) < 2
        assert found_tint == pytest.approx(tint, abs=1e-3)


@pytest.mark.parametrize("sensor", known_sensors())
def test_a_greener_light_has_a_tint_above_zero(sensor):
    tuning = load_sensor(sensor).tuning
    on, off = (np.array(grey_of(4500.0, tint, tuning)) for tint in (0.0, 0.1))
    assert np.all(off < on)
    assert np.linalg.norm(np.log(off / on)) == pytest.approx(0.1)


def test_a_light_beyond_the_curve_is_placed_at_its_end():
    curve = dense_curve(TUNING)
    warmer = np.exp(curve[0, 1:] + 3 * (curve[0, 1:] - curve[20, 1:]))
    assert place_of(tuple(warmer), TUNING)[0] == pytest.approx(curve[0, 0])


# Who is asked


def test_the_judge_that_planning_is_given_finds_the_light():
    judge = Judge()
    balance = balance_of(patches(), judge=judge)
    assert len(judge.asked) == 1
    assert judge.asked[0].zones.shape == (32, 32, 3)
    np.testing.assert_allclose(grey_in(balance), grey_of(3200.0, 0.05, TUNING))
    light = balance.light()
    assert (light.source, light.trust, light.why) == ("learned", 0.8, "It looks like a lamp.")
    assert light.covariance == COVARIANCE


def test_without_a_judge_the_rule_answers():
    light = balance_of(patches(4000)).light()
    assert light.source == "classical" and light.trust == 0
    assert light.between_k()[0] < 4000 < light.between_k()[1]


@pytest.mark.parametrize(
    ("knobs", "source"),
    [
        ({"source": "scene"}, "classical"),
        ({"source": "camera"}, "camera"),
        ({"preset": "cloudy"}, "hand"),
        ({"temperature_k": 4000.0}, "hand"),
        ({"custom_red": 0.5, "custom_blue": 0.6}, "custom"),
    ],
)
def test_who_was_told_another_way_does_not_ask_the_judge(knobs, source):
    judge = Judge()
    light = balance_of(frame_of(colour_gains=(2.0, 1.5)), judge=judge, **knobs).light()
    assert light.source == source and not judge.asked
    assert light.why


def test_gains_that_the_camera_did_not_give_are_missed_in_words():
    assert balance_of(frame_of(colour_gains=None), source="camera").light().why.startswith("The camera gave no gains. ")


def test_photo_and_portrait_hand_the_judge_on():
    judge, frame = Judge(), patches()
    photo = develop(frame, photo_pipeline(), TUNING, judge=judge)
    portrait = develop_portrait(frame, portrait_pipeline(), TUNING, lambda plain: None, judge=judge)
    assert len(judge.asked) == 2
    np.testing.assert_array_equal(photo.pixels, portrait.photo.pixels)


# What is told


def test_a_card_wins_over_a_temperature_that_over_a_preset_and_that_over_the_scene():
    told = [{"preset": "shade"}, {"temperature_k": 3300.0}, {"custom_red": 0.51, "custom_blue": 0.62}]
    wanted = [TUNING.grey_at(PRESETS["shade"][0]), TUNING.grey_at(3300.0), (0.51, 0.62)]
    knobs = {}
    for more, grey in zip(told, wanted, strict=True):
        knobs |= more
        np.testing.assert_allclose(grey_in(balance_of(patches(), **knobs)), grey)


@pytest.mark.parametrize("name", PRESETS)
def test_a_preset_is_a_place_beside_the_curve(name):
    light = balance_of(patches(), preset=name).light()
    temperature_k, tint = PRESETS[name]
    assert (light.temperature_k, light.tint) == (temperature_k, tint / 100)
    np.testing.assert_allclose(light.grey, grey_of(temperature_k, tint / 100, TUNING))


def test_shade_is_bluer_than_clouds_where_the_curve_ends_before_both():
    wide = load_sensor("imx708_wide").tuning
    assert wide.grey_curve[-1, 0] < PRESETS["cloudy"][0]
    names = ("daylight", "cloudy", "shade")
    red, blue = np.transpose([balance_of(patches(), wide, preset=name).light().grey for name in names])
    assert np.all(np.diff(red) < -0.03 * red[1:])
    assert np.all(np.diff(blue) > 0.02 * blue[1:])


@pytest.mark.parametrize("name", ["imx219", "imx477", "imx708", "ov5647"])
def test_where_a_curve_was_not_measured_a_told_temperature_goes_on_as_it_would(name):
    whole = load_sensor(name).tuning
    cut = dataclasses.replace(whole, grey_curve=whole.grey_curve[whole.grey_curve[:, 0] < 6000])
    end_k, told_k = cut.grey_curve[-1, 0], 7400.0
    true, found, at_end = (
        np.log(grey) for grey in (whole.grey_at(told_k), grey_told(told_k, 0.0, cut), cut.grey_at(end_k))
    )
    assert np.linalg.norm(found - true) < 0.8 * np.linalg.norm(at_end - true)
    assert grey_told(end_k, 0.0, cut) == pytest.approx(cut.grey_at(end_k))


@pytest.mark.parametrize("knobs", [{}, {"temperature_k": 4000.0}, {"custom_red": 0.5, "custom_blue": 0.6}])
def test_a_tint_makes_any_light_greener_and_so_its_photo_pinker(knobs):
    lights = [balance_of(patches(), tint=tint, **knobs).light() for tint in (0.0, 10.0)]
    assert lights[1].tint - lights[0].tint == pytest.approx(0.1)
    assert np.all(np.array(lights[1].grey) < np.array(lights[0].grey))
    photos = [
        develop(patches(), photo_pipeline({"white_balance": {"tint": tint, **knobs}}), TUNING).pixels.mean(axis=(0, 1))
        for tint in (0.0, 10.0)
    ]
    pinker = [red + blue - 2 * green for red, green, blue in photos]
    assert pinker[1] > pinker[0] + 2


def test_half_a_card_is_refused():
    with pytest.raises(KnobError, match="Give both, or none"):
        WhiteBalance(custom_red=0.5)


@pytest.mark.parametrize("knobs", [{"preset": "shade"}, {"temperature_k": 5000.0}])
@pytest.mark.parametrize("sensor", ["unknown", "imx477_noir"])
def test_a_temperature_means_nothing_where_no_curve_holds(knobs, sensor):
    tuning = None if sensor == "unknown" else load_sensor(sensor).tuning
    with pytest.raises(KnobError, match=r"needs a calibrated sensor.*grey card"):
        balance_of(frame_of(sensor=sensor), tuning, **knobs)


# What the recipe keeps


def test_a_judged_recipe_from_json_needs_no_judge_and_gives_the_same_bytes():
    photo = develop(patches(), photo_pipeline(), TUNING, judge=Judge())
    stored = Pipeline.from_dict(json.loads(json.dumps(photo.recipe.to_dict())), STAGES)
    judge = Judge()
    again = develop(patches(), stored, None, judge=judge)
    assert not judge.asked and again.recipe == photo.recipe
    np.testing.assert_array_equal(again.pixels, photo.pixels)


def test_a_recipe_of_before_gives_the_same_bytes():
    photo = develop(patches(), photo_pipeline({"white_balance": {"source": "scene"}}), TUNING)
    lines = photo.recipe.to_dict()
    older = {"stage", "source", "temperature_k", "adaptation", "gains", "light_k"}
    lines = [
        {k: v for k, v in line.items() if k in older} if line["stage"] == "white_balance" else line for line in lines
    ]
    judge = Judge()
    again = develop(patches(), Pipeline.from_dict(lines, STAGES), None, judge=judge)
    np.testing.assert_array_equal(again.pixels, photo.pixels)
    light = again.recipe.stage(WhiteBalance).light()
    assert not judge.asked and light.source == "recipe" and light.covariance is None


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("light_covariance", [[1.0, 2.0]]),
        ("light_trust", 2.0),
        ("light_source", 7),
        ("light_why", "very " * 200),
    ],
)
def test_a_fact_that_cannot_be_is_refused_by_name(key, value):
    line = WhiteBalance().to_dict() | {key: value}
    with pytest.raises(KnobError, match=f"WhiteBalance.{key}"):
        WhiteBalance.from_dict(line)


@pytest.mark.parametrize(
    "nonsense",
    [
        {"grey": (math.nan, 1.0)},
        {"trust": 1.5},
        {"covariance": ((-1.0, 0), (0, 1.0))},
        {"covariance": ()},
        {"covariance": ((1.0, 0), (1.0,))},
        {"temperature_k": 0.0},
        {"why": None},
    ],
)
def test_a_judgement_that_cannot_be_is_refused(nonsense):
    with pytest.raises(FrameError, match=r"is none|must be"):
        LightEstimate(**({"grey": (0.5, 0.6), "temperature_k": 5000.0} | nonsense))


def test_eyes_adapt_in_part_to_what_was_judged_and_wholly_to_what_was_told():
    judged, told = (
        grey_in(balance_of(patches(), judge=Judge(), adaptation=0.5, **knobs))
        for knobs in ({}, {"temperature_k": 3200.0})
    )
    assert judged[0] / judged[1] < 0.9 * told[0] / told[1]
    np.testing.assert_allclose(told, TUNING.grey_at(3200.0))


# Scenes that say nothing


def lit_zone(light):
    picture = np.zeros(SIZE)
    picture[48:51, 64:68] = light
    return exposed(picture, noise=False)


@pytest.mark.parametrize("tuning", [TUNING, None], ids=["calibrated", "unknown"])
@pytest.mark.parametrize("scene", ["black", "clipped", "one zone", "lamp"])
def test_a_scene_that_says_nothing_is_daylight_and_said(scene, tuning):
    frame = {
        "black": lambda: exposed(np.zeros(SIZE), noise=False),
        "clipped": lambda: exposed(np.full(SIZE, 5.0), noise=False),
        "one zone": lambda: lit_zone(0.4),
        "lamp": lambda: lit_zone(9.0),
    }[scene]()
    frame = frame if tuning else RawFrame(frame.pixels, dataclasses.replace(frame.shot, sensor="unknown"))
    light = find_light(frame, tuning, WhiteBalance())
    if tuning:
        assert light.source == "daylight" and light.grey == TUNING.grey_at(DAYLIGHT_K)
        assert light.why.endswith("Daylight is assumed.")
    assert np.isfinite(light.grey).all() and light.why
    # A typical sensor sees least red in daylight, and no picture of it was ever balanced with ones.
    assert max(light.grey) < 0.9
    assert np.isfinite(develop(frame, photo_pipeline(), tuning).pixels.astype(float)).all()


def test_a_mono_sensor_is_balanced_by_what_it_reads():
    frame = frame_of(sensor="unknown")
    mono = RawFrame(np.full(SIZE, 800, np.uint16), frame.shot)
    assert find_light(mono, None, WhiteBalance()).grey == pytest.approx((1.0, 1.0))
    # Taken for one with a curve, its light is a real one all the same.
    light = find_light(mono, TUNING, WhiteBalance())
    assert np.linalg.norm(np.log(light.grey) - dense_curve(TUNING)[:, 1:], axis=1).min() < 0.05


def test_a_curve_of_one_temperature_is_still_a_curve():
    tuning = dataclasses.replace(TUNING, grey_curve=TUNING.grey_curve[3:4])
    light = classical(gather(patches(), tuning))
    assert light.temperature_k == pytest.approx(tuning.grey_curve[0, 0])


def test_nobody_knows_the_lux_and_the_rule_answers_all_the_same():
    zones = gather(patches(), TUNING).zones
    lights = [classical(LightStatistics(zones, lux, TUNING)) for lux in (None, math.nan, 0.0, 1e9)]
    assert len(set(lights)) == 1


def test_without_infrared_filter_the_mean_is_taken_for_grey_and_said():
    tuning, judge = load_sensor("imx477_noir").tuning, Judge()
    pink = exposed(np.full((*SIZE, 3), (0.5, 0.2, 0.4)), noise=False, field_of_view=WHOLE)
    frame = RawFrame(pink.pixels, dataclasses.replace(pink.shot, sensor="imx477_noir", colour_gains=(1.1, 1.2)))
    balance = balance_of(frame, tuning, judge)
    light = balance.light()
    assert light.source == "classical" and light.temperature_k is None and not judge.asked
    assert "without infrared filter" in light.why
    red, green, blue = develop(frame, photo_pipeline(), tuning).pixels.reshape(-1, 3).mean(axis=0)
    assert abs(red - green) < 3 and abs(blue - green) < 3, (red, green, blue)
    assert plan(photo_pipeline(), frame, tuning).stage(STAGES["colour"]).matrix is not None

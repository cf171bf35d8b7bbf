"""The photographer's white balance: what is chosen, locked and kept, for which mode and which sensor."""

from __future__ import annotations

import contextlib
import dataclasses
import functools
import json
import os
import threading

import numpy as np
import pytest

from accelerators.errors import ModelError
from firmware.cameras.simulated import simulate
from firmware.darkroom.darkroom import encode_raw, plan_photo
from firmware.errors import WhiteBalanceError
from firmware.files.sidecar import encode_sidecar
from firmware.sensors import load_sensor
from firmware.white_balance.balances import Balance, Balances
from firmware.white_balance.choice import HIGHEST_K, KINDS, LOWEST_K, MOST_TINT, PRESETS, Choice
from firmware.white_balance.judging import Judging
from firmware.white_balance.kept import FILE, MOST_GREY, GreyCard
from firmware.white_balance.story import amiss, in_words, light_of, story_of
from isp.develop import develop
from isp.grey_curve import grey_of
from isp.knobs import knob_fields
from isp.light import classical
from isp.light_estimate import LightEstimate
from isp.photo import STAGES, photo_pipeline
from isp.pipeline import Pipeline
from isp.plan import plan
from isp.white_balance import WhiteBalance

PATIENCE_S = 20.0
SENSOR = "imx219"
LAMP = LightEstimate((0.9, 0.45), 2900.0, 0.02, ((100.0, 0.0), (0.0, 0.0004)), "learned", 0.9, "Bulbs.")


@functools.cache
def tuning_of(sensor):
    return load_sensor(sensor).tuning


@pytest.fixture(scope="module")
def tuning():
    return tuning_of(SENSOR)


@pytest.fixture(scope="module")
def frame():
    return simulate("chart", SENSOR, 640, 480, illuminant_k=4000.0)[0]


@pytest.fixture
def balances(tmp_path):
    made = Balances(tmp_path, Judging(lambda: classical))
    made.open()
    return made


def as_far_as_balance(tables=None) -> Pipeline:
    """The photo's own stages up to the white balance: it is planned before what follows."""
    stages = photo_pipeline(tables or {}).stages
    return Pipeline(stages[: 1 + next(index for index, stage in enumerate(stages) if isinstance(stage, WhiteBalance))])


def planned(balances, frame, tuning, mode="photo", tables=None) -> WhiteBalance:
    """What a photo of this frame gets of white balance, in this mode."""
    balance = balances.of(mode, frame.shot.sensor, tuning)
    return judged(frame, tuning, balance.judge, balance.pipeline(as_far_as_balance(tables)))


def judged(frame, tuning, judge=None, pipeline=None) -> WhiteBalance:
    return plan(pipeline or as_far_as_balance(), frame, tuning, judge).stage(WhiteBalance)


def grey_in(stage: WhiteBalance) -> tuple[float, float]:
    red, green, blue = stage.gains
    return green / red, green / blue


def choose(balances, words, mode=None, tint=0.0, sensor=SENSOR, tuning=None):
    balances.choose(Choice.of_words(words, tint), mode, sensor, tuning or tuning_of(SENSOR))


# Choices


def test_names_and_ranges_are_those_of_the_stage():
    facts = {field.name: facts for field, facts in knob_fields(WhiteBalance)}
    assert facts["preset"].choices == ("auto", *PRESETS)
    assert (facts["temperature_k"].low, facts["temperature_k"].high) == (LOWEST_K, HIGHEST_K)
    assert (facts["tint"].low, facts["tint"].high) == (-MOST_TINT, MOST_TINT)
    assert (facts["custom_red"].low, facts["custom_red"].high) == (1 / MOST_GREY, MOST_GREY)


@pytest.mark.parametrize("words", ["4200K", "4200k", "4200", " 4200 K "])
def test_a_temperature_may_be_written_as_one_says_it(words):
    assert Choice.of_words(words, 5.0) == Choice("temperature", 4200.0, 5.0)


@pytest.mark.parametrize(
    ("words", "tint", "told"),
    [
        ("purple", 0, "tungsten"),
        ("", 0, "Choose auto"),
        ("temperature", 0, "Which temperature"),
        ("1000K", 0, "1500 to 15000"),
        ("99999999K", 0, "1500 to 15000"),
        ("nan", 0, "Choose auto"),
        ("4200", float("nan"), "-30 to 30"),
        ("shade", 31, "-30 to 30"),
        ("shade", float("inf"), "-30 to 30"),
    ],
)
def test_what_cannot_be_is_refused_with_what_can(words, tint, told):
    with pytest.raises(WhiteBalanceError, match=told):
        Choice.of_words(words, tint)


def test_a_photo_has_the_temperature_and_the_tint_that_were_chosen(balances, frame, tuning):
    choose(balances, "3200K", tint=5.0)
    assert grey_in(planned(balances, frame, tuning)) == pytest.approx(grey_of(3200.0, 0.05, tuning))
    choose(balances, "shade")
    assert planned(balances, frame, tuning).light_source == "hand"
    assert planned(balances, frame, tuning).light_k > 7000


def test_every_preset_makes_its_own_picture_and_auto_follows_the_light(balances, frame, tuning):
    shown = {}
    for kind in (*PRESETS, "auto"):
        choose(balances, kind)
        shown[kind] = planned(balances, frame, tuning).light_k
    assert shown["auto"] == pytest.approx(4000.0, rel=0.06), "the scene's own"
    assert shown["tungsten"] < shown["fluorescent"] < shown["daylight"] < shown["cloudy"] < shown["shade"]


def test_a_choice_goes_before_the_settings_and_auto_takes_theirs_away(balances, frame, tuning):
    by_settings = {"white_balance": {"temperature_k": 9000.0}}
    assert planned(balances, frame, tuning, tables=by_settings).light_k == 9000.0
    choose(balances, "auto")
    assert planned(balances, frame, tuning, tables=by_settings).light_k == pytest.approx(4000.0, rel=0.06)
    balances.reset(None)
    assert planned(balances, frame, tuning, tables=by_settings).light_k == 9000.0


@pytest.mark.parametrize(
    ("knobs", "words"),
    [
        ({}, "auto"),
        ({"source": "camera"}, "auto (the camera's own gains)"),
        ({"preset": "shade", "tint": 4.0, "source": "camera"}, "shade, tint +4"),
        ({"preset": "shade", "temperature_k": 4200.0}, "4200 K"),
        ({"temperature_k": 4200.0, "custom_red": 0.5, "custom_blue": 0.6}, "custom (a grey card)"),
    ],
)
def test_where_nothing_was_chosen_it_is_said_what_the_settings_say(balances, knobs, words):
    pipelines = {"photo": photo_pipeline({"white_balance": knobs})}
    told = balances.report(["photo"], None, None, pipelines)["modes"]["photo"]
    assert told["in_words"] == f"as the settings say: {words}"


def test_a_mode_with_a_choice_of_its_own_goes_its_own_way(balances, frame, tuning):
    choose(balances, "tungsten", mode="night")
    choose(balances, "daylight")
    assert planned(balances, frame, tuning, "night").light_k < 3000
    assert planned(balances, frame, tuning, "photo").light_k == 5500
    told = balances.report(["photo", "night"], SENSOR, tuning)["modes"]
    assert (told["night"]["own"], told["photo"]["own"]) == (True, False)
    balances.reset("night")
    assert planned(balances, frame, tuning, "night").light_k == 5500


def test_a_sensor_without_a_curve_has_no_temperatures_and_the_refusal_says_what_it_has(balances):
    noir = tuning_of("imx219_noir")
    with pytest.raises(WhiteBalanceError, match="grey card"):
        choose(balances, "4200K", sensor="imx219_noir", tuning=noir)
    choose(balances, "auto", sensor="imx219_noir", tuning=noir)


def test_what_was_chosen_does_not_hold_for_a_sensor_that_cannot_have_it_and_that_is_said(balances, frame, tuning):
    choose(balances, "4200K")
    noir, its_tuning = simulate("chart", "imx219_noir", 640, 480)[0], tuning_of("imx219_noir")
    assert planned(balances, noir, its_tuning).light_source != "hand"
    (warning,) = amiss(balances.report(["photo"], "imx219_noir", its_tuning))
    assert "4200 K" in warning and "imx219_noir" in warning
    assert not list(amiss(balances.report(["photo"], SENSOR, tuning)))


# Grey cards


def test_a_card_is_of_one_sensor(balances, frame, tuning):
    balances.keep_card(SENSOR, GreyCard((0.7, 0.6), "IMG_0007.DNG"), None)
    assert grey_in(planned(balances, frame, tuning)) == pytest.approx((0.7, 0.6))
    other, its_tuning = simulate("chart", "imx477", 1332, 990)[0], tuning_of("imx477")
    assert planned(balances, other, its_tuning).light_source == "classical"
    (warning,) = amiss(balances.report(["photo"], "imx477", its_tuning))
    assert "no grey card was photographed with imx477" in warning


def test_the_last_card_can_be_chosen_again(balances, frame, tuning):
    with pytest.raises(WhiteBalanceError, match="--from last"):
        choose(balances, "custom")
    balances.keep_card(SENSOR, GreyCard((0.7, 0.6), "IMG_0007.DNG"), None)
    choose(balances, "auto")
    assert grey_in(planned(balances, frame, tuning)) != pytest.approx((0.7, 0.6))
    choose(balances, "custom")
    assert grey_in(planned(balances, frame, tuning)) == pytest.approx((0.7, 0.6))


# Locks


def test_a_locked_light_stays_whatever_the_scene_and_unlocking_goes_back(balances, frame, tuning):
    balances.lock(LAMP, SENSOR, None)
    assert grey_in(planned(balances, frame, tuning)) == pytest.approx(LAMP.grey)
    assert planned(balances, frame, tuning).light_why == "Locked. Bulbs."
    balances.unlock(None)
    assert planned(balances, frame, tuning).light_k == pytest.approx(4000.0, rel=0.06)
    with pytest.raises(WhiteBalanceError, match="not locked"):
        balances.unlock(None)


def test_another_choice_ends_a_lock_and_unlocking_gives_the_choice_before_back(balances, frame, tuning):
    choose(balances, "tungsten", mode="night")
    balances.lock(LAMP, SENSOR, "night")
    assert planned(balances, frame, tuning, "night").light_k == LAMP.temperature_k
    assert planned(balances, frame, tuning, "photo").light_k == pytest.approx(4000.0, rel=0.06)
    balances.unlock("night")
    assert planned(balances, frame, tuning, "night").light_source == "hand"
    balances.lock(LAMP, SENSOR, "night")
    choose(balances, "shade", mode="night")
    assert planned(balances, frame, tuning, "night").light_source == "hand"


def test_lamplight_that_is_locked_stays_as_warm_as_the_mode_shows_it(balances, frame, tuning):
    warm = {"white_balance": {"adaptation": 0.8}}
    free = judged(frame, tuning, lambda _: LAMP, as_far_as_balance(warm))
    balances.lock(LAMP, SENSOR, None)
    assert planned(balances, frame, tuning, tables=warm).gains == free.gains
    assert grey_in(free) != pytest.approx(LAMP.grey)


@pytest.mark.parametrize("source", ["scene", "camera"])
def test_a_lock_holds_whoever_judged_before(balances, frame, tuning, source):
    shot = dataclasses.replace(frame.shot, colour_gains=(2.0, 1.5), temperature_k=5000.0)
    balances.lock(LAMP, SENSOR, None)
    seen = planned(
        balances, dataclasses.replace(frame, shot=shot), tuning, tables={"white_balance": {"source": source}}
    )
    assert grey_in(seen) == pytest.approx(LAMP.grey)


def test_a_lock_is_of_one_sensor(balances):
    balances.lock(LAMP, "imx477", None)
    tuning = tuning_of(SENSOR)
    (warning,) = amiss(balances.report(["photo"], SENSOR, tuning))
    assert "locked with imx477" in warning
    assert balances.of("photo", SENSOR, tuning) == Balance({}, balances.judging), "the settings hold"
    choose(balances, "shade", mode="night")
    balances.lock(LAMP, "imx477", "night")
    assert balances.of("night", SENSOR, tuning).knobs["preset"] == "shade", "what was chosen before holds"


@pytest.mark.parametrize("sensor", ["imx219_noir", "unknown"])
def test_a_light_without_temperature_can_be_locked(balances, frame, sensor):
    tuning = None if sensor == "unknown" else load_sensor(sensor).tuning
    light = dataclasses.replace(LAMP, temperature_k=None, tint=0.0, covariance=None)
    balances.lock(light, sensor, None)
    bright = dataclasses.replace(frame, shot=dataclasses.replace(frame.shot, sensor=sensor, colour_gains=(2.0, 1.5)))
    stage = planned(balances, bright, tuning)
    assert grey_in(stage) == pytest.approx(LAMP.grey)
    assert (stage.light_source, stage.light_why) == ("learned", "Locked. Bulbs.")


# Kept


def test_what_was_asked_for_is_there_again_after_a_restart(balances, frame, tuning, tmp_path):
    choose(balances, "4200K", tint=-3.0)
    balances.keep_card(SENSOR, GreyCard((0.7, 0.6), "IMG_0007.DNG"), "portrait")
    balances.lock(LAMP, SENSOR, "night")
    again = Balances(tmp_path, Judging(lambda: classical))
    again.open()
    for mode in ("photo", "portrait", "night"):
        assert planned(again, frame, tuning, mode) == planned(balances, frame, tuning, mode)
    assert again.report(["photo"], SENSOR, tuning) == balances.report(["photo"], SENSOR, tuning)


def damaged(change):
    def write(file):
        stored = json.loads(file.read_text())
        change(stored)
        file.write_text(json.dumps(stored))

    return write


@pytest.mark.parametrize(
    "hurt",
    [
        lambda file: file.write_bytes(file.read_bytes()[:40]),
        lambda file: file.write_bytes(b"\xff\x00"),
        lambda file: file.write_text("[]"),
        lambda file: file.write_text("9" * 2_000_000),
        damaged(lambda stored: stored.update(format=2)),
        damaged(lambda stored: stored.update(more=1)),
        damaged(lambda stored: stored.update(modes=3)),
        damaged(lambda stored: stored["general"].update(choice={"kind": "auto"})),
        damaged(lambda stored: stored["general"]["choice"].update(temperature_k="warm")),
        damaged(lambda stored: stored["cards"][SENSOR].update(grey=[1.0, float("nan")])),
        damaged(lambda stored: stored["cards"][SENSOR].update(grey=[1.0, 1e9])),
        damaged(lambda stored: stored["modes"]["night"]["lock"].update(light=None)),
        damaged(lambda stored: stored["modes"]["night"]["lock"]["light"].update(temperature_k=float("nan"))),
        damaged(lambda stored: stored["modes"]["night"]["lock"]["light"].update(grey=[0.0, 1.0])),
        damaged(lambda stored: stored["modes"]["night"]["lock"]["light"].update(covariance=5)),
        damaged(lambda stored: stored["modes"]["night"]["lock"]["light"].update(source="moon")),
        damaged(lambda stored: stored["modes"]["night"]["lock"]["light"].update(covariance=[])),
        damaged(lambda stored: stored["modes"]["night"]["lock"]["light"].update(covariance=[[1.0, 0.0], [0.0]])),
        damaged(lambda stored: stored["modes"]["night"]["lock"]["light"].update(temperature_k=0)),
        damaged(lambda stored: stored["modes"]["night"]["lock"]["light"].update(temperature_k=1e9)),
        damaged(lambda stored: stored["modes"]["night"]["lock"]["light"].update(tint=10**400)),
        damaged(lambda stored: stored["modes"]["night"]["lock"]["light"].update(why=None)),
        damaged(lambda stored: stored["modes"]["night"]["lock"].update(sensor=float("nan"))),
        damaged(lambda stored: stored["general"]["choice"].update(temperature_k=10**400)),
        damaged(lambda stored: stored["cards"][SENSOR].update(grey=[10**400, 1.0])),
        damaged(lambda stored: stored["cards"][SENSOR].update(file={"name": "IMG_0007.DNG"})),
        lambda file: (file.unlink(), os.mkfifo(file)),
    ],
)
def test_of_a_damaged_file_nothing_holds_until_the_next_choice_and_that_is_said(balances, tuning, tmp_path, hurt):
    choose(balances, "9000K", tuning=tuning)
    balances.keep_card(SENSOR, GreyCard((0.7, 0.6), "IMG_0007.DNG"), "portrait")
    balances.lock(LAMP, SENSOR, "night")
    hurt(tmp_path / FILE)
    again = Balances(tmp_path, Judging(lambda: classical))
    again.open()
    for mode in ("photo", "night", "portrait"):
        assert again.of(mode, SENSOR, tuning) == Balance({}, again.judging), "as on the first day"
    (warning,) = amiss(again.report(["photo"], SENSOR, tuning))
    assert str(tmp_path / FILE) in warning and "nightjar wb" in warning
    choose(again, "auto", tuning=tuning)
    assert not list(amiss(again.report(["photo"], SENSOR, tuning)))


def test_a_card_that_takes_no_writing_lets_the_choice_hold_and_says_that_it_is_not_kept(
    balances, frame, tuning, tmp_path
):
    (tmp_path / f".{FILE}.partial").mkdir()
    choose(balances, "9000K")
    assert planned(balances, frame, tuning).light_k == 9000.0
    (warning,) = amiss(balances.report(["photo"], SENSOR, tuning))
    assert "not kept" in warning


def test_every_kind_of_choice_is_kept_as_it_is():
    for kind in KINDS:
        choice = Choice(kind, 4200.0 if kind == "temperature" else None, -4.0)
        assert Choice.from_dict(json.loads(json.dumps(choice.to_dict()))) == choice


# The judge


def test_the_judge_is_loaded_once_and_only_when_asked(frame, tuning):
    loads = []
    judging = Judging(lambda: loads.append(1) or classical)
    assert not loads
    for _ in range(3):
        judged(frame, tuning, judging)
    assert len(loads) == 1


def test_a_damaged_model_leaves_the_classical_judge_and_every_story_says_so(frame, tuning, tmp_path):
    def load():
        raise ModelError("The file has another hash. " + "Install Nightjar again. " * 100)

    balances = Balances(tmp_path, Judging(load))
    stage = planned(balances, frame, tuning)
    assert stage.gains == judged(frame, tuning).gains
    assert "another hash" in stage.light_why
    (warning,) = amiss(balances.report(["photo"], SENSOR, tuning))
    assert "classical" in warning and "another hash" in warning


@pytest.mark.parametrize("failure", [ModelError, RuntimeError, OSError, TypeError, KeyError, MemoryError])
def test_a_judge_that_fails_at_work_costs_no_photo_and_is_tried_again_after_a_reload(frame, tuning, failure):
    trouble = [True]

    def judge(statistics):
        if trouble:
            raise failure("It hangs.")
        return LAMP

    judging = Judging(lambda: judge)
    assert "It hangs" in judged(frame, tuning, judging).light_why
    trouble.clear()
    assert judged(frame, tuning, judging).light_source == "classical"
    judging.try_again()
    assert judged(frame, tuning, judging).light_k == LAMP.temperature_k


def test_a_judge_who_talks_too_much_costs_no_photo(frame, tuning):
    talkative = dataclasses.replace(LAMP, why="Because. " * 200)
    assert judged(frame, tuning, Judging(lambda: lambda _: talkative)).light_why.endswith("...")


def test_two_threads_never_ask_the_judge_at_once(frame, tuning):
    meeting, met = threading.Barrier(2), []

    def judge(statistics):
        with contextlib.suppress(threading.BrokenBarrierError):
            met.append(meeting.wait(0.1))
        return LAMP

    judging = Judging(lambda: judge)
    threads = [threading.Thread(target=judged, args=(frame, tuning, judging)) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(PATIENCE_S)
    assert meeting.broken and not met


# What is told


def test_the_sidecar_tells_how_the_light_was_found_and_how_sure_that_is(frame, tuning):
    photo = develop(frame, photo_pipeline({"sharpen": {"amount": 0.0}}), tuning, judge=lambda _: LAMP)
    told = json.loads(encode_sidecar(photo, {}, 90, "photo"))["white_balance"]
    assert told == story_of(dataclasses.replace(LAMP, grey=grey_in(photo.recipe.stage(WhiteBalance))))
    assert (told["source"], told["temperature_k"], told["tint"], told["trust"]) == ("learned", 2900, 2.0, 0.9)
    low, high = told["between_k"]
    assert 1e6 / low - 1e6 / high == pytest.approx(2 * 1.645 * 10.0, rel=0.01), "nine in ten of a normal distribution"
    assert in_words(told) == f"2900 K ({low} to {high} K, 9 in 10), tint +2, 90 % learned: Bulbs."


def test_a_recipe_of_an_earlier_version_tells_what_it_can(frame, tuning):
    old = photo_pipeline().to_dict()
    stored = {"gains": [2.0, 1.0, 1.5], "light_k": 5000.0, "source": "scene"}
    later = {name: None for name in old[2] if name.startswith("light_")}
    old[2] = {name: value for name, value in old[2].items() if name not in later} | stored
    assert old[2]["stage"] == "white_balance"
    assert light_of(Pipeline.from_dict(old, STAGES))["source"] == "recipe"


def test_the_raw_file_says_the_grey_that_was_chosen(balances, frame, tuning, tmp_path):
    from firmware.files.raw_files import read_raw

    choose(balances, "3200K")
    balance = balances.of("photo", SENSOR, tuning)
    pipeline = plan_photo(balance.pipeline(photo_pipeline()), frame, tuning, balance.judge)
    file = tmp_path / "IMG_0001.DNG"
    file.write_bytes(b"".join(encode_raw(frame, tuning, pipeline)))
    np.testing.assert_array_equal(read_raw(file).pixels, frame.pixels)
    assert grey_in(pipeline.stage(WhiteBalance)) == pytest.approx(tuning.grey_at(3200.0), rel=1e-3)

"""`nightjar eval awb`: errors are what the format defines, what cannot be judged is named, the drawing shows both."""

from __future__ import annotations

import io
import json
import math

import numpy as np
import pytest
from measures import light_errors
from measures.published_pictures import write_labelled
from PIL import Image

from accelerators.published.judged import Summary
from accelerators.published.pictures import mired, pictures_in, read_pictures
from accelerators.published.sensors import published_tuning
from firmware.cli import main
from firmware.evaluation.light_plot import DOTS, GAP_PX, LEFT_PX, PANEL_PX, TOP_PX, draw_light_plot
from firmware.evaluation.tunings import tuning_of
from firmware.evaluation.white_balance import judge_pictures, rows_of
from isp.grey_curve import temperature_of
from isp.light_estimate import WITHIN_90, LightEstimate

LIGHTS_K = (2900, 3500, 4200, 5000, 6000, 7000)


def one_light(temperature_k, deviation_mired=None):
    """A judge that always says the same."""
    covariance = None if deviation_mired is None else ((deviation_mired**2, 0.0), (0.0, 1e-3))
    return lambda statistics: LightEstimate(
        statistics.tuning.grey_at(temperature_k), float(temperature_k), covariance=covariance
    )


def grey_world(statistics):
    """Right where the paints average to grey, as those of `write_labelled` do."""
    grey = light_errors.grey_world(statistics)
    return LightEstimate(grey, temperature_of(grey, statistics.tuning), covariance=((25.0, 0.0), (0.0, 1e-3)))


@pytest.fixture
def folder(tmp_path):
    """Two platforms, two sensors, two photographers, one dark scene; the camera always answered 5000 K."""
    for light_k in LIGHTS_K:
        write_labelled(tmp_path, light_k, photographer="ann", sensor="imx477", lux=300)
        write_labelled(tmp_path, light_k, photographer="bob", sensor="imx708", platform="vc4", lux=20)
    return tmp_path


def judged(folder, judge):
    pictures, faults = read_pictures(pictures_in(folder))
    assert faults == []
    return judge_pictures(pictures, judge)


def test_the_error_is_in_mired_between_lights_held_to_the_labels_ends(tmp_path):
    write_labelled(tmp_path, 9000, camera_k=5000)
    ((one,), _) = judged(tmp_path, one_light(8000))
    assert one.error == 0
    assert one.picture.camera_error == pytest.approx(1e6 / 5000 - 1e6 / 7600)


def test_the_camera_is_judged_by_what_the_name_says_and_the_judge_by_what_it_says(folder):
    all_of_them, _ = judged(folder, one_light(5000))
    row = rows_of(all_of_them)[0]
    assert row.judge == row.camera  # both say 5000 K
    assert row.judge.mean == pytest.approx(np.mean([abs(1e6 / light - 200) for light in LIGHTS_K]))


def test_a_judge_that_sees_the_light_is_told_from_one_that_does_not(folder):
    seeing = rows_of(judged(folder, grey_world)[0])[0]
    assert seeing.judge.max < 10 < seeing.camera.mean


def test_the_summary_is_that_of_the_literature():
    errors = Summary.of([*range(1, 100), 1000.0])
    assert (errors.count, errors.mean, errors.median, errors.max) == (100, pytest.approx(59.5), 50.5, 1000.0)
    assert errors.worst_quarter == pytest.approx(np.mean([*range(76, 100), 1000]))
    assert errors.p95 == pytest.approx(95.05)


def test_parts_are_all_dark_platform_sensor_and_photographer(folder):
    rows = {row.name: row.judge.count for row in rows_of(judged(folder, one_light(4000))[0])}
    assert rows == {"all": 12, "below 50 lux": 6} | dict.fromkeys(("pisp", "vc4", "imx477", "imx708", "ann", "bob"), 6)


def test_the_stated_region_is_counted_and_none_is_not(folder):
    width = (1e6 / 4200 - 200 + 1e-6) / WITHIN_90  # 5000 K, and just as far as 4200 K
    truths = sum(abs(1e6 / light - 200) <= width * WITHIN_90 for light in LIGHTS_K)
    assert rows_of(judged(folder, one_light(5000, width))[0])[0].inside == pytest.approx(truths / len(LIGHTS_K))
    assert 0 < truths < len(LIGHTS_K)
    assert rows_of(judged(folder, one_light(5000))[0])[0].inside is None


def test_pictures_of_an_unknown_sensor_are_named_and_the_rest_is_judged(folder):
    stranger = write_labelled(folder, 4000)
    stranger.rename(folder / "ann,imx999,s,4000,300,5000.png")
    rest, faults = judged(folder, one_light(5000))
    assert len(rest) == 2 * len(LIGHTS_K)
    assert len(faults) == 1 and "1 pictures of imx999 (pisp)" in faults[0]


def test_an_installed_tuning_serves_a_sensor_that_is_not_packaged(tmp_path):
    known = published_tuning("pisp", "imx477")
    tables = {"rpi.noise": {"reference_constant": 0, "reference_slope": 3}}
    tables |= {"rpi.awb": {"ct_curve": known.grey_curve.ravel().tolist()}}
    (tmp_path / "pisp").mkdir()
    (tmp_path / "pisp/imx999.json").write_text(json.dumps({"algorithms": [tables]}))
    (tmp_path / "pisp/imx998.json").write_text(json.dumps({"algorithms": [tables | {"rpi.awb": {}}]}))
    assert np.array_equal(tuning_of("pisp", "imx999", [tmp_path]).grey_curve, known.grey_curve)
    assert tuning_of("pisp", "imx998", [tmp_path]) is None  # no curve, no temperature
    assert tuning_of("vc4", "imx999", [tmp_path]) is None


def test_a_malformed_installed_tuning_costs_only_its_sensors_pictures(folder):
    (folder / "installed/pisp").mkdir(parents=True)
    (folder / "installed/pisp/imx999.json").write_text("{")
    write_labelled(folder, 4000).rename(folder / "ann,imx999,s,4000,300,5000.png")
    pictures, _ = read_pictures(pictures_in(folder))
    rest, faults = judge_pictures(
        pictures, one_light(5000), lambda platform, sensor: tuning_of(platform, sensor, [folder / "installed"])
    )
    assert len(rest) == 2 * len(LIGHTS_K)
    assert len(faults) == 1 and "imx999.json is not a libcamera tuning file" in faults[0]


# The drawing


def dots_of(picture, panel=0):
    """(y, x) of the pixels that have the first sensor's colour, of the first of both panels."""
    left = LEFT_PX + panel * (PANEL_PX + GAP_PX)
    field = np.array(picture.convert("RGB"))[TOP_PX : TOP_PX + PANEL_PX, left : left + PANEL_PX].astype(int)
    return np.argwhere(np.abs(field - DOTS[0]).sum(axis=2) < 120)


def test_true_answers_lie_on_the_diagonal_and_one_answer_on_a_line(tmp_path):
    for light_k in LIGHTS_K:
        write_labelled(tmp_path, light_k)
    all_of_them, _ = judged(tmp_path, grey_world)
    with Image.open(io.BytesIO(draw_light_plot(all_of_them, rows_of(all_of_them)[0], "stand-in"))) as picture:
        ours, cameras = dots_of(picture), dots_of(picture, panel=1)
    assert len(ours) > 100 and len(cameras) > 100
    assert np.abs(ours[:, 0] + ours[:, 1] - PANEL_PX).max() < 60  # in reach of the diagonal, with the upright regions
    assert np.ptp(cameras[:, 0]) < 12 < 300 < np.ptp(cameras[:, 1])


def test_a_warm_light_is_drawn_right_and_up(tmp_path):
    write_labelled(tmp_path, 3000, camera_k=7000)
    all_of_them, _ = judged(tmp_path, one_light(3000))
    with Image.open(io.BytesIO(draw_light_plot(all_of_them, rows_of(all_of_them)[0], "stand-in"))) as picture:
        (y, x), (y_camera, _) = dots_of(picture).mean(axis=0), dots_of(picture, panel=1).mean(axis=0)
    assert x > PANEL_PX / 2 > y and y_camera > PANEL_PX / 2


# The command


def test_the_command_prints_every_part_beside_the_camera(folder, capsys):
    assert main(["eval", "awb", str(folder), "--judge", "classical"]) == 0
    printed = capsys.readouterr()
    assert printed.err == ""
    for words in ("Bayes", "all", "below 50 lux", "imx708", "bob", "vc4", "12 pictures by the classical judge"):
        assert words in printed.out


def test_unasked_it_is_the_judge_that_the_camera_uses(folder, capsys):
    assert main(["eval", "awb", str(folder), "--json"]) == 0
    answer = json.loads(capsys.readouterr().out)
    assert answer["judge"] == "learned" and answer["rows"][0]["judge"]["count"] == 12
    assert {picture["source"] for picture in answer["pictures"]} <= {"learned", "classical"}


def test_as_json_the_numbers_are_those_of_the_pictures(folder, capsys):
    assert main(["eval", "awb", str(folder), "--judge", "classical", "--json"]) == 0
    answer = json.loads(capsys.readouterr().out)
    errors = [abs(mired(picture["estimated_k"]) - mired(picture["true_k"])) for picture in answer["pictures"]]
    assert len(errors) == 12 and answer["faults"] == []
    assert answer["rows"][0]["judge"]["mean"] == pytest.approx(np.mean(errors))
    assert all(math.isfinite(error) for error in errors)


def test_what_is_bad_is_named_and_the_rest_is_judged(folder, capsys):
    (folder / "holiday.png").write_bytes(b"")
    eight_bit = folder / "ann,imx477,s,5000,300,4800.png"
    Image.fromarray(np.zeros((32, 32, 3), np.uint8)).save(eight_bit)
    assert main(["eval", "awb", str(folder), "--judge", "classical"]) == 0
    printed = capsys.readouterr()
    assert "holiday.png" in printed.err and "8-bit RGB" in printed.err
    assert "12 pictures" in printed.out and "2 faults" in printed.out


def test_a_thousand_faults_do_not_scroll_the_first_away(folder, capsys):
    for number in range(50):
        (folder / f"holiday{number:02}.png").write_bytes(b"")
    assert main(["eval", "awb", str(folder), "--judge", "classical"]) == 0
    told = capsys.readouterr().err.splitlines()
    assert len(told) < 25 and "holiday00" in told[0] and "30 more" in told[-1]
    assert main(["eval", "awb", str(folder), "--judge", "classical", "--json"]) == 0
    assert len(json.loads(capsys.readouterr().out)["faults"]) == 50


@pytest.mark.parametrize("as_json", [False, True])
def test_a_folder_of_which_nothing_can_be_judged_fails(tmp_path, capsys, as_json):
    (tmp_path / "holiday.png").write_bytes(b"")
    assert main(["eval", "awb", str(tmp_path), "--judge", "classical", *(["--json"] if as_json else [])]) == 1
    printed = capsys.readouterr()
    told = json.loads(printed.out)["error"] if as_json else printed.err
    assert "holiday.png" in told and "None of the pictures" in told


def test_the_drawing_is_written_and_not_replaced_unasked(folder, capsys):
    words = ["eval", "awb", str(folder), "--judge", "classical", "--plot", str(folder / "drawn/light.png")]
    assert main(words) == 0
    with Image.open(folder / "drawn/light.png") as picture:
        assert picture.width > 2 * PANEL_PX
    (folder / "drawn/light.png").write_bytes(b"mine")
    assert main(words) == 1
    assert "--force" in capsys.readouterr().err
    assert (folder / "drawn/light.png").read_bytes() == b"mine"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["awb"], "DIR"),
        (["sharpness", "."], "sharpness"),
        (["awb", ".", "--plot", "a.jpg"], "PNG"),
        (["awb", ".", "--judge", "me"], "--judge"),
    ],
)
def test_a_wrong_command_line_is_told(words, said, capsys):
    assert main(["eval", *words]) == 2
    assert said in capsys.readouterr().err

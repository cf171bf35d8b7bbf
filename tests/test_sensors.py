"""Claims about sensor files: what is damaged is refused in words that name the file."""

from __future__ import annotations

import math

import pytest

from firmware.errors import SettingsError
from firmware.paths import SENSORS
from firmware.sensors import known_sensors, load_sensor
from isp.errors import TuningError
from isp.tuning import Tuning

WHOLE = (SENSORS / "imx219.toml").read_bytes()


@pytest.mark.parametrize(
    "damage",
    [
        lambda whole: b"",
        lambda whole: b"\xff" + whole,
        lambda whole: whole[: len(whole) // 2],
        lambda whole: whole.replace(b"[tuning.", b"[other."),
        lambda whole: whole.replace(b"bayer =", b"buyer ="),
        lambda whole: whole.replace(b"[[modes]]", b"[modes]", 1).partition(b"[[modes]]")[0],
        lambda whole: whole.replace(b"reference_slope =", b'reference_slope = "steep" #'),
        lambda whole: b"a = " + 5000 * b"9",
    ],
    ids=["empty", "not text", "cut", "no tuning", "no bayer", "modes not a list", "text for a number", "huge number"],
)
def test_a_damaged_sensor_file_is_refused_by_name(tmp_path, damage):
    (tmp_path / "imx219.toml").write_bytes(damage(WHOLE))
    with pytest.raises(TuningError, match=r"imx219\.toml .*[Ii]nstall Nightjar again"):
        load_sensor("imx219", folder=tmp_path)


@pytest.mark.parametrize("name", ["", "nosuch", "../camera", "IMX219", "x" * 5000])
def test_a_sensor_without_a_file_is_told_which_there_are(name):
    with pytest.raises(SettingsError, match="Known sensors: imx219, imx477"):
        load_sensor(name)


@pytest.mark.parametrize("text", ["", "[]", "\x00", "[" * 100_000, '{"algorithms": 7}', '{"algorithms": [7]}', "{}"])
@pytest.mark.parametrize("coding", ["utf-8", "utf-16"])
def test_a_damaged_tuning_file_is_refused_by_name(tmp_path, text, coding):
    path = tmp_path / "imx219.json"
    path.write_bytes(text.encode(coding))
    with pytest.raises(TuningError, match=r"imx219\.json"):
        load_sensor("imx219", tuning=str(path))


@pytest.mark.parametrize("name", known_sensors())
def test_each_mode_reads_a_part_of_the_array_of_its_own_shape(name):
    sensor = load_sensor(name)
    for mode in sensor.modes:
        left, top, width, height = mode.crop_px
        assert 0 <= left and 0 <= top and left + width <= sensor.width and top + height <= sensor.height
        assert width / height == pytest.approx(mode.width / mode.height, rel=0.002)
        assert width >= mode.binning * mode.width


def test_a_wide_and_a_noir_module_have_facts_of_their_own_name():
    assert (
        load_sensor("imx708_wide").tuning.shading_at(5000)[1].max()
        != load_sensor("imx708").tuning.shading_at(5000)[1].max()
    )
    noir = load_sensor("imx708_wide_noir")
    assert (noir.name, noir.modes) == ("imx708_wide_noir", load_sensor("imx708_wide").modes)


GREY_CURVE = [2500.0, 1.0, 0.5, 7500.0, 0.5, 1.0]
MATRIX = [2.0, -0.5, -0.5, -0.5, 2.0, -0.5, -0.5, -0.5, 2.0]
TABLE = [1.0] * 96 + [2.0] * 96


def tables(**changes):
    """A small libcamera tuning with one thing changed."""
    has = {
        "ct_curve": GREY_CURVE,
        "ct": 5000,
        "ccm": MATRIX,
        "shaded_k": 5000,
        "table": TABLE,
        "strength": 0.8,
        "y": 1e4,
        "sensitive": 1.05,
    }
    has |= changes
    lux = {f"reference_{of}": 1e3 for of in ("shutter_speed", "gain", "lux")}
    colours = [{"ct": has["shaded_k"], "table": has["table"]}]
    return {
        "rpi.noise": {"reference_constant": 0, "reference_slope": 3.0},
        "rpi.awb": {"ct_curve": has["ct_curve"], "sensitivity_r": has["sensitive"]},
        "rpi.ccm": {"ccms": [{"ct": has["ct"], "ccm": has["ccm"]}]},
        "rpi.lux": lux | {"reference_Y": has["y"]},
        "rpi.alsc": {
            "calibrations_Cr": colours,
            "calibrations_Cb": colours,
            "luminance_lut": TABLE,
            "luminance_strength": has["strength"],
        },
    }


def test_a_small_tuning_is_read():
    assert Tuning.from_libcamera("imx219", "imx219.json", tables()).matrix_at(4000)[0, 0] == 2.0


@pytest.mark.parametrize(
    "change",
    [
        {"ct_curve": [1e-300, 1.0, 0.5, 7500.0, 0.5, 1.0]},
        {"ct_curve": [2500.0, 1.0, 0.5, 2500.0, 0.5, 1.0]},
        {"ct_curve": [2500.0, 1.0, 1e-300, 7500.0, 0.5, 1.0]},
        {"ct": float("nan")},
        {"ct": 0},
        {"ccm": [0.0] * 9},
        {"ccm": [1.0] * 9},
        {"ccm": [1e300, *MATRIX[1:]]},
        {"shaded_k": -math.inf},
        {"table": [1e300, *TABLE[1:]]},
        {"table": [1e-300, *TABLE[1:]]},
        {"strength": math.inf},
        {"strength": -1},
        {"y": 0},
        {"sensitive": 0},
        {"sensitive": 1e300},
    ],
    ids=lambda change: str(change)[:40],
)
def test_a_table_that_no_sensor_has_is_refused_before_it_costs_a_photo(change):
    with pytest.raises(TuningError, match=r"imx219\.json: the tuning of imx219 is malformed"):
        Tuning.from_libcamera("imx219", "imx219.json", tables(**change))

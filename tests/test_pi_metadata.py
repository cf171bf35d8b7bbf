"""What libcamera says of a frame becomes its Shot; what it does not say is refused by name."""

import errno

import pytest

from firmware.cameras.pi_errors import explain
from firmware.cameras.pi_metadata import Readout, black_levels, field_of_view, flips, shot_from_metadata
from firmware.cameras.pi_readout import (
    checked_controls,
    choose_mode,
    exposure_controls,
    exposure_limits,
    measured_mode,
    metering_warnings,
    preview_size,
    still_controls,
)
from firmware.cameras.raw_formats import parse_raw_format
from firmware.errors import CameraError
from firmware.sensors import load_sensor
from firmware.settings import CameraSettings, ExposureSettings
from isp.frames import BAYER_ORDERS

# One frame of an imx477, shaped as libcamera 0.7 sends it.
METADATA = {
    "ExposureTime": 19994,
    "AnalogueGain": 1.9980487823486328,
    "DigitalGain": 1.0003,
    "FrameDuration": 100000,
    "SensorTimestamp": 5_000_000_000,
    "FrameWallClock": 1_790_000_000_000_000_000,
    "SensorTemperature": 31.0,
    "Lux": 401.5,
    "ColourGains": (2.4719, 1.5829),
    "ColourTemperature": 4712,
    "SensorBlackLevels": (4096, 4096, 4096, 4096),
    "FocusFoM": 3011,
    "AeState": 2,
    "ScalerCrop": (0, 0, 4056, 3040),
}
MODES = [
    {"unpacked": "SRGGB10", "bit_depth": 10, "size": (1332, 990), "fps": 120.05, "crop_limits": (696, 528, 2664, 1980)},
    {"unpacked": "SRGGB12", "bit_depth": 12, "size": (2028, 1080), "fps": 50.0, "crop_limits": (0, 440, 4056, 2160)},
    {"unpacked": "SRGGB12", "bit_depth": 12, "size": (2028, 1520), "fps": 40.0, "crop_limits": (0, 0, 4056, 3040)},
    {"unpacked": "SRGGB10", "bit_depth": 10, "size": (4056, 3040), "fps": 12.0, "crop_limits": (0, 0, 4056, 3040)},
    {"unpacked": "SRGGB12", "bit_depth": 12, "size": (4056, 3040), "fps": 10.0, "crop_limits": (0, 0, 4056, 3040)},
]
ADVERTISED = {
    "ExposureTime": (60, 667244877, 20000),
    "AnalogueGain": (1.0, 22.26, 1.0),
    "FrameDurationLimits": (100000, 694434742, 100000),
    "ExposureValue": (-8.0, 8.0, 0.0),
    "AeEnable": (False, True, True),
}


def readout(name="SBGGR12", **changes):
    sensor = load_sensor("imx477")
    facts = {
        "sensor": sensor,
        "mode": sensor.modes[0],
        "raw_format": parse_raw_format(name),
        "field_of_view": (0.0, 0.0, 1.0, 1.0),
        "hflip": False,
        "vflip": False,
    }
    return Readout(**(facts | changes))


def test_a_frame_knows_how_it_was_taken():
    shot = shot_from_metadata(METADATA, readout(hflip=True), clock_offset_ns=0)
    assert (shot.sensor, shot.bayer, shot.hflip, shot.vflip) == ("imx477", "BGGR", True, False)
    assert (shot.exposure_us, shot.analogue_gain) == (19994, pytest.approx(1.998, abs=1e-3))
    assert shot.black_dn == (256, 256, 256, 256)
    assert shot.white_dn == 4095
    assert (shot.colour_gains, shot.temperature_k, shot.lux) == ((2.4719, 1.5829), 4712, 401.5)
    assert shot.lens_position is None


def test_the_timestamp_is_the_start_of_the_exposure_not_its_end():
    shot = shot_from_metadata(METADATA, readout(), clock_offset_ns=0)
    assert shot.timestamp_ns == 5_000_000_000 - 19_994_000
    assert shot.wall_time_ns == 1_790_000_000_000_000_000 - 19_994_000


def test_without_a_wall_clock_in_the_frame_the_daemons_clock_labels_it():
    metadata = {key: value for key, value in METADATA.items() if key != "FrameWallClock"}
    shot = shot_from_metadata(metadata, readout(), clock_offset_ns=1_000_000_000_000)
    assert shot.wall_time_ns == shot.timestamp_ns + 1_000_000_000_000


def test_the_noise_is_that_of_the_mode_and_the_gain():
    sensor = load_sensor("imx477")
    full = shot_from_metadata(METADATA, readout(), 0).noise
    binned = shot_from_metadata(METADATA, readout(mode=sensor.modes[1]), 0).noise
    assert full == sensor.noise_at(METADATA["AnalogueGain"], sensor.modes[0])
    assert binned.shot == pytest.approx(full.shot / 4)


def test_a_pi_5_frame_keeps_its_left_aligned_counts():
    shot = shot_from_metadata(METADATA, readout("SRGGB16"), 0)
    assert shot.black_dn == (4096, 4096, 4096, 4096)
    assert shot.white_dn == 65520


@pytest.mark.parametrize("order", BAYER_ORDERS)
def test_each_filter_gets_its_own_black_level(order):
    """R, Gr, Gb, B are 16, 32, 48, 64 counts; Gr stands beside red, Gb beside blue."""
    levels = black_levels((256, 512, 768, 1024), parse_raw_format(f"S{order}12"))
    named = dict(zip(["R", "Gr", "Gb", "B"], (16, 32, 48, 64), strict=True))
    for row in (0, 2):
        beside = "Gr" if "R" in order[row : row + 2] else "Gb"
        for position in (row, row + 1):
            colour = beside if order[position] == "G" else order[position]
            assert levels[position] == named[colour]


def test_the_pi_5_front_end_brings_all_blacks_to_the_lowest():
    assert black_levels((4100, 4090, 4096, 4200), parse_raw_format("SGRBG16")) == (4090,) * 4


def test_fractions_of_a_black_level_are_kept():
    assert black_levels((4100, 4100, 4100, 4100), parse_raw_format("SRGGB10"))[0] == 4100 / 64


@pytest.mark.parametrize("fact", ["SensorTimestamp", "ExposureTime", "AnalogueGain", "SensorBlackLevels"])
def test_a_missing_fact_is_refused_by_name(fact):
    metadata = {key: value for key, value in METADATA.items() if key != fact}
    with pytest.raises(CameraError, match=fact):
        shot_from_metadata(metadata, readout(), 0)


@pytest.mark.parametrize(
    ("fact", "value"), [("ExposureTime", 0), ("AnalogueGain", float("nan")), ("SensorBlackLevels", (65535,) * 4)]
)
def test_an_impossible_fact_is_refused(fact, value):
    with pytest.raises(CameraError, match="impossible"):
        shot_from_metadata(METADATA | {fact: value}, readout(), 0)


def test_gains_of_zero_mean_that_white_balance_chose_none():
    assert shot_from_metadata(METADATA | {"ColourGains": (0.0, 0.0)}, readout(), 0).colour_gains is None


def test_three_black_levels_are_refused():
    with pytest.raises(CameraError, match="four"):
        black_levels((4096, 4096, 4096), parse_raw_format("SRGGB12"))


def test_a_cropped_mode_sees_the_middle_of_the_sensor():
    left, top, width, height = field_of_view((696, 528, 2664, 1980), (4056, 3040))
    assert (left, top) == (pytest.approx(696 / 4056), pytest.approx(528 / 3040))
    assert left + width / 2 == pytest.approx(0.5, abs=0.001)
    assert top + height / 2 == pytest.approx(0.5, abs=0.001)


def test_a_crop_outside_the_sensor_is_refused():
    with pytest.raises(CameraError, match="does not lie"):
        field_of_view((2000, 0, 4056, 3040), (4056, 3040))


def test_a_module_mounted_upside_down_is_read_backwards():
    assert flips(False, False, 180) == (True, True)
    assert flips(True, True, 180) == (False, False)
    assert flips(True, False, 0) == (True, False)
    with pytest.raises(CameraError, match="90"):
        flips(False, False, 90)


def test_the_largest_mode_with_the_most_bits_is_taken():
    assert choose_mode(MODES, 0, 0)["fps"] == 10.0
    assert choose_mode(MODES, 2028, 1520)["size"] == (2028, 1520)


def test_a_size_that_the_module_has_not_is_refused_with_the_sizes():
    with pytest.raises(CameraError, match=r"1332 x 990, 2028 x 1080, 2028 x 1520, 4056 x 3040\."):
        choose_mode(MODES, 1920, 1080)


def test_a_usb_camera_is_refused():
    with pytest.raises(CameraError, match="USB"):
        choose_mode([{"format": "MJPEG"}, {"format": "YUYV"}], 0, 0)


def test_a_mode_whose_noise_nobody_measured_is_refused():
    sensor = load_sensor("imx477")
    assert measured_mode(sensor, (2028, 1520), 12).binning == 2
    with pytest.raises(CameraError, match=r"2028 x 1080 at 12 bit.*configs/sensors/imx477.toml"):
        measured_mode(sensor, (2028, 1080), 12)


@pytest.mark.parametrize(("raw", "preview"), [((4056, 3040), (640, 480)), ((4608, 2592), (640, 360))])
def test_the_preview_is_small_even_and_shaped_like_the_raw(raw, preview):
    assert preview_size(raw) == preview


def test_a_long_exposure_is_not_clipped_by_the_frame_rate():
    limits = exposure_controls(60_000_000, 1.0, ExposureSettings(), 0)["FrameDurationLimits"]
    assert limits[1] > 60_000_000


def test_metering_may_go_as_far_as_the_setting_and_no_further():
    controls = still_controls(ExposureSettings(longest_us=250_000, compensation_ev=-1.0), 0)
    assert controls["FrameDurationLimits"][1] == 250_000
    assert (controls["ExposureTime"], controls["AnalogueGain"]) == (0, 0.0)
    assert (controls["ExposureValue"], controls["AeEnable"]) == (-1.0, True)


def test_a_fixed_exposure_does_not_switch_metering_on():
    controls = still_controls(ExposureSettings(fixed_us=10_000, fixed_gain=2.0), 5.0)
    assert "AeEnable" not in controls
    assert controls["FrameDurationLimits"][0] == 200_000


def test_limits_that_libcamera_cannot_be_given_are_said():
    assert metering_warnings(ExposureSettings(), 10.0) == []
    assert "largest_gain" in metering_warnings(ExposureSettings(largest_gain=4.0), 10.0)[0]
    assert "longest_us" in metering_warnings(ExposureSettings(longest_us=5000), 10.0)[0]


def test_controls_outside_the_cameras_range_are_refused():
    with pytest.raises(CameraError, match=r"AnalogueGain 64.*1 to 22\.26"):
        checked_controls({"AnalogueGain": 64.0}, ADVERTISED, check_range=True)
    with pytest.raises(CameraError, match="ExposureTime 10 "):
        checked_controls({"ExposureTime": 10}, ADVERTISED, check_range=True)
    assert checked_controls({"ExposureTime": 0}, ADVERTISED, check_range=True) == {"ExposureTime": 0}
    assert checked_controls({"AnalogueGain": 64.0}, ADVERTISED, check_range=False)


def test_a_camera_without_exposure_control_is_refused():
    with pytest.raises(CameraError, match="AnalogueGain missing"):
        checked_controls({"AnalogueGain": 1.0}, {"ExposureTime": (1, 2, 1)}, check_range=True)


def caused(outer, inner):
    outer.__cause__ = inner
    return outer


@pytest.mark.parametrize(
    ("error", "advice"),
    [
        (OSError(errno.ENOMEM, "Cannot allocate memory"), "buffer_count"),
        (PermissionError(errno.EACCES, "Permission denied", "/dev/dma_heap/linux,cma"), "usermod -aG video"),
        (RuntimeError('No camera number 0 found - use "rpicam-hello"'), 'ribbon cable.*backend = "simulated"'),
        (
            caused(RuntimeError("Camera __init__ sequence did not complete."), RuntimeError("Device or resource busy")),
            "Another program",
        ),
        (RuntimeError("Configuration failed"), "rpicam-hello"),
    ],
)
def test_what_picamera2_raises_is_told_as_what_to_do(error, advice):
    with pytest.raises(CameraError, match=advice):
        raise CameraError(explain(error, CameraSettings()))


def test_what_may_be_asked_for_is_libcameras_limit_within_the_sensors():
    sensor = load_sensor("imx219")
    advertised = {"ExposureTime": (75, 11_766_829, 20_000), "AnalogueGain": (1.0, 0.0, 1.0)}
    limits = exposure_limits(advertised, sensor, sensor.modes[0], 0.0)
    assert limits.exposure_us == (75, min(11_766_829, sensor.exposure_us[1]))
    assert limits.analogue_gain == sensor.analogue_gain, "libcamera says 0 where it knows no limit"
    assert limits.shortest_frame_s == 1 / sensor.modes[0].frames_per_second
    assert exposure_limits(advertised, sensor, sensor.modes[0], 2.0).shortest_frame_s == 0.5

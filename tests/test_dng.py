"""Claims about our DNG: LibRaw sees what the sensor measured, and a raw editor finds the light it was taken in."""

import hashlib
import math
import tracemalloc
from fractions import Fraction

import numpy as np
import pytest
import rawpy

from firmware.files.dng import encode_dng
from firmware.files.dng_colour import (
    DAYLIGHT,
    SRGB_TO_XYZ,
    STANDARD_A,
    WHITE_D50,
    adaptation,
    colour_matrix,
    forward_matrix,
)
from firmware.files.tiff import TiffReader, rational
from firmware.sensors import known_sensors, load_sensor
from isp.frames import BAYER_ORDERS, Noise, RawFrame, Shot

FACTS = {
    "sensor": "imx477",
    "bayer": "RGGB",
    "black_dn": (256.0, 257.0, 258.0, 259.0),
    "white_dn": 4095.0,
    "timestamp_ns": 1,
    "wall_time_ns": 1763800000123456789,
    "exposure_us": 1500000.0,
    "analogue_gain": 2.5,
    "noise": Noise(1.1e-4, 3.3e-7),
}
BARE = {"sensor": "unknown", "exposure_us": None, "analogue_gain": None, "noise": None, "wall_time_ns": 0}


@pytest.fixture(scope="module")
def tuning():
    return load_sensor("imx477").tuning


def a_frame(shape=(48, 64), **facts):
    pixels = np.random.default_rng(1).integers(300, 4096, shape).astype(np.uint16)
    return RawFrame(pixels, Shot(**FACTS | facts))


def written(path, frame, tuning=None, **options):
    path.write_bytes(b"".join(encode_dng(frame, tuning, **options)))
    return path


def tags_of(path):
    with path.open("rb") as file:
        reader = TiffReader.open(file)
        main = reader.directory(reader.first)
        return main, reader.directory(main[34665][0])


def matrix_of(tags, tag):
    return np.array([a / b for a, b in tags[tag]]).reshape(3, 3)


@pytest.mark.parametrize("bayer", BAYER_ORDERS)
@pytest.mark.parametrize("shape", [(48, 64), (47, 64), (48, 65), (47, 65), (22, 22)])
def test_libraw_sees_the_counts_where_the_sensor_measured_them(tmp_path, tuning, bayer, shape):
    frame = a_frame(shape, bayer=bayer)
    with rawpy.imread(str(written(tmp_path / "a.dng", frame, tuning))) as raw:
        np.testing.assert_array_equal(raw.raw_image, frame.pixels)
        assert "".join(raw.color_desc.decode()[index] for index in raw.raw_pattern.ravel()) == bayer
        assert [raw.black_level_per_channel[index] for index in raw.raw_pattern.ravel()] == [256, 257, 258, 259]
        assert raw.white_level == 4095


def test_libraw_recovers_the_colour_matrix_and_the_white_balance(tmp_path, tuning):
    frame = a_frame(colour_gains=(2.1, 1.7))
    with rawpy.imread(str(written(tmp_path / "a.dng", frame, tuning))) as raw:
        np.testing.assert_allclose(raw.color_matrix[:, :3], tuning.matrix_at(6504), atol=5e-4)
        np.testing.assert_allclose(raw.camera_whitebalance[:3], (2.1, 1.0, 1.7), rtol=1e-6)
        red, blue = tuning.grey_at(6504)
        np.testing.assert_allclose(raw.daylight_whitebalance[:3], (1 / red, 1, 1 / blue), rtol=1e-3)
        assert raw.postprocess(use_camera_wb=True).shape == (48, 64, 3)


@pytest.mark.parametrize("sensor", known_sensors())
@pytest.mark.parametrize("light", [STANDARD_A, DAYLIGHT])
def test_white_light_reads_as_the_grey_card_did(sensor, light):
    tuning = load_sensor(sensor).tuning
    red, blue = tuning.grey_at(light.temperature_k)
    seen = colour_matrix(tuning, light) @ light.white
    np.testing.assert_allclose(seen / seen[1], (red, 1, blue), rtol=1e-9)
    np.testing.assert_allclose(forward_matrix(tuning, light) @ np.ones(3), WHITE_D50, rtol=1e-9)


@pytest.mark.parametrize("sensor", known_sensors())
@pytest.mark.parametrize("light", [STANDARD_A, DAYLIGHT])
def test_both_ways_of_the_specification_give_one_colour(sensor, light):
    """Camera to XYZ D50 by ForwardMatrix, and by ColorMatrix then adaptation, as the specification has them."""
    tuning = load_sensor(sensor).tuning
    camera = np.array([[0.3, 0.5, 0.1], [0.1, 0.4, 0.35], [0.2, 0.2, 0.2]]).T
    red, blue = tuning.grey_at(light.temperature_k)
    forward = forward_matrix(tuning, light) @ np.diag([1 / red, 1, 1 / blue]) @ camera
    inverse = adaptation(light.white, WHITE_D50) @ np.linalg.inv(colour_matrix(tuning, light)) @ camera
    # Two Bradford steps (over the light, and straight) differ by the rounding of the constants only.
    np.testing.assert_allclose(forward, inverse, atol=2e-3)


def test_daylight_matrix_is_the_known_formula(tuning):
    """inverse(sRGB to XYZ . CCM . gains), as other writers for these sensors have it, at D65."""
    red, blue = tuning.grey_at(6504)
    known = np.linalg.inv(SRGB_TO_XYZ @ tuning.matrix_at(6504) @ np.diag([1 / red, 1, 1 / blue]))
    np.testing.assert_allclose(colour_matrix(tuning, DAYLIGHT), known, atol=1e-4)


@pytest.mark.parametrize(
    ("temperature_k", "mired"), [(2856.0, 2), (6504.0, 2), (3500.0, 20), (4000.0, 20), (5000.0, 20), (5800.0, 20)]
)
def test_an_editor_finds_the_temperature_of_the_light(tmp_path, tuning, temperature_k, mired):
    """AsShotNeutral through the two matrices, by the specification's own search, gives the light's temperature."""
    tags, _ = tags_of(written(tmp_path / "a.dng", a_frame(temperature_k=temperature_k), tuning))
    neutral = np.array([a / b for a, b in tags[50728]])
    assert (tags[50778], tags[50779]) == ((17,), (21,))
    bulb, day = matrix_of(tags, 50721), matrix_of(tags, 50722)
    found = 5000.0
    for _ in range(50):
        share = np.clip((1 / found - 1 / 6504) / (1 / 2856 - 1 / 6504), 0, 1)
        white = np.linalg.inv(bulb * share + day * (1 - share)) @ neutral
        found = temperature_of(white)
    # Between the two lights the specification interpolates, and our finer calibration is lost to it.
    assert 1e6 / found == pytest.approx(1e6 / temperature_k, abs=mired)


def temperature_of(xyz):
    """McCamy 1992, "Correlated color temperature as an explicit function of chromaticity coordinates"."""
    x, y = xyz[:2] / xyz.sum()
    n = (x - 0.3320) / (0.1858 - y)
    return 449 * n**3 + 3525 * n**2 + 6823.3 * n + 5520.33


@pytest.mark.parametrize(
    ("exposure_us", "fraction"),
    [
        (1_500_000.0, (3, 2)),
        (20_000.0, (1, 50)),
        (16_667.0, (16667, 10**6)),
        (670_740_000, (67074, 100)),
        (0.5, (1, 2 * 10**6)),
    ],
)
def test_exposure_is_an_exact_fraction(tmp_path, exposure_us, fraction):
    _, exif = tags_of(written(tmp_path / "a.dng", a_frame(exposure_us=exposure_us)))
    assert Fraction(*exif[33434][0]) == Fraction(*fraction)


def test_any_number_becomes_a_fraction_of_32_bits():
    for value in (math.pi, 1e-12, 1e12, 4e9 + 0.5, 0.0, 123456.789):
        numerator, denominator = rational(value).as_integer_ratio()
        assert 0 <= numerator < 2**32
        assert 0 < denominator < 2**32
    assert float(rational(math.pi)) == pytest.approx(math.pi, rel=1e-15)


def test_facts_of_the_shot_are_tags(tmp_path, tuning):
    main, exif = tags_of(written(tmp_path / "a.dng", a_frame(), tuning))
    assert main[271] == b"Nightjar\0"
    assert main[272].startswith(b"Sony IMX477")
    assert main[51041] == (1.1e-4, 3.3e-7) * 3  # NoiseProfile
    assert main[50730] == ((0, 1),)  # BaselineExposure
    assert exif[34855] == (250,)
    assert exif[36867] == b"2025:11:22 08:26:40\0"
    assert exif[37521] == b"123\0"
    assert exif[36881] == b"+00:00\0"


def test_what_is_not_known_has_no_tag(tmp_path):
    path = written(tmp_path / "a.dng", a_frame(**BARE))
    main, exif = tags_of(path)
    assert not {50721, 50722, 50964, 50965, 50778, 50779, 51041, 306} & set(main)
    assert set(exif) == {36864}
    with rawpy.imread(str(path)) as raw:
        assert raw.camera_whitebalance[:3] == [1, 1, 1]
        assert raw.postprocess().shape == (48, 64, 3)


def test_grey_comes_from_the_best_witness(tmp_path, tuning):
    def neutral(tuning=tuning, neutral=None, **facts):
        main, _ = tags_of(written(tmp_path / "a.dng", a_frame(**facts), tuning, neutral=neutral))
        return None if 50728 not in main else tuple(a / b for a, b in main[50728])

    red, blue = tuning.grey_at(4000)
    measured = (0.5, 1.0, 0.6)
    assert neutral(colour_gains=(2.0, 1.6), temperature_k=4000.0) == (0.5, 1.0, 0.625)
    assert neutral(temperature_k=4000.0) == pytest.approx((red, 1, blue), rel=1e-6)
    photo = neutral(neutral=measured, colour_gains=(2.0, 1.6), temperature_k=4000.0)
    assert photo == pytest.approx(measured, rel=1e-6), "editors start where our own photo stands"
    assert neutral() is None, "a known sensor in unknown light: the editor takes its daylight"


def test_the_same_frame_gives_the_same_bytes(tuning):
    first, second = (hashlib.sha256(b"".join(encode_dng(a_frame(), tuning))).digest() for _ in range(2))
    assert first == second


def test_pixels_are_not_copied(tuning):
    frame = a_frame((1520, 2028))
    encode_dng(frame, tuning)
    tracemalloc.start()
    header, pixels = encode_dng(frame, tuning)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert np.shares_memory(np.frombuffer(pixels, np.uint8), frame.pixels)
    assert peak < 200_000
    assert len(header) % 64 == 0


def test_a_frame_cut_out_of_another_is_written_right(tmp_path):
    frame = a_frame((40, 60))
    part = RawFrame(frame.pixels[2:38, 4:34], frame.shot)
    with rawpy.imread(str(written(tmp_path / "a.dng", part))) as raw:
        np.testing.assert_array_equal(raw.raw_image, part.pixels)

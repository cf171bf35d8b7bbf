"""Claims about raw files coming in: ours exactly as they were, others' upright and honest, garbage refused in words."""

import dataclasses
import json
import os
import struct

import numpy as np
import pytest
import rawpy
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from measures.every_fact import EVERY_FACT as SHOT
from measures.shared_folder import SHARED

from firmware.errors import RawFileError
from firmware.files import dng
from firmware.files.raw_files import list_raw_files, read_raw
from firmware.files.tiff import BYTE, LONG, SHORT, Field, Offset, encode_directories
from firmware.sensors import load_sensor
from isp.frames import BAYER_ORDERS, RawFrame

RAW_FILES = SHARED / "data/raw-bayer"
needs_shared = pytest.mark.skipif(not RAW_FILES.is_dir(), reason=f"no shared data at {RAW_FILES}; set NIGHTJAR_SHARED")


def a_frame(shape=(33, 47), **facts):
    pixels = np.random.default_rng(1).integers(0, 65536, shape).astype(np.uint16)
    return RawFrame(pixels, dataclasses.replace(SHOT, **facts))


def dng_bytes(frame):
    return b"".join(dng.encode_dng(frame, load_sensor("imx477").tuning))


OURS = dng_bytes(a_frame())


@pytest.mark.parametrize("bayer", BAYER_ORDERS)
def test_our_dng_comes_back_to_the_last_digit(tmp_path, bayer):
    frame = a_frame(bayer=bayer)
    (tmp_path / "a.dng").write_bytes(dng_bytes(frame))
    back = read_raw(tmp_path / "a.dng")
    assert back.shot == frame.shot
    np.testing.assert_array_equal(back.pixels, frame.pixels)
    assert back.pixels.flags.writeable
    assert back.pixels.flags.c_contiguous


def test_numbers_of_numpy_are_numbers_all_the_same(tmp_path):
    frame = a_frame(analogue_gain=np.float32(2.1), timestamp_ns=np.int64(2**60 + 1), lux=np.float64(3.3))
    (tmp_path / "a.dng").write_bytes(dng_bytes(frame))
    assert read_raw(tmp_path / "a.dng").shot == frame.shot


def test_a_dng_cut_anywhere_is_refused(tmp_path):
    path = tmp_path / "a.dng"
    for length in [*range(0, len(OURS) - 1, 41), len(OURS) - 1]:
        path.write_bytes(OURS[:length])
        with pytest.raises(RawFileError, match=r"a\.dng"):
            read_raw(path)


@settings(max_examples=150, deadline=2000, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    changes=st.lists(st.tuples(st.integers(0, 2000), st.integers(0, 255)), min_size=1, max_size=12),
    length=st.integers(0, len(OURS)),
    cut=st.booleans(),
)
def test_damaged_dngs_are_read_or_refused(tmp_path, changes, length, cut):
    damaged = bytearray(OURS[:length] if cut else OURS)
    for position, value in changes:
        if position < len(damaged):
            damaged[position] = value
    path = tmp_path / "damaged.dng"
    path.write_bytes(damaged)
    try:
        assert isinstance(read_raw(path), RawFrame)
    except RawFileError as error:
        assert "damaged.dng" in str(error)


@settings(max_examples=60, deadline=2000, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(garbage=st.binary(max_size=600), start=st.sampled_from([b"", b"II*\0\x08\0\0\0", b"MM\0*\0\0\0\x08"]))
def test_garbage_is_refused(tmp_path, garbage, start):
    path = tmp_path / "garbage.dng"
    path.write_bytes(start + garbage)
    with pytest.raises(RawFileError, match=r"garbage\.dng"):
        read_raw(path)


def test_a_lying_header_allocates_nothing(tmp_path):
    """A picture of 65 thousand pixels squared in a file of two kilobytes."""
    fields = {256: (65000,), 257: (65000,), 279: (2 * 65000 * 65000 % 2**32,)}
    main = [field for field in dng._picture_fields((65000, 65000)) if field.tag not in fields]
    main += [Field(tag, LONG, values) for tag, values in fields.items()]
    main += dng._level_fields(SHOT) + [field for field in dng._camera_fields(SHOT) if field.tag != 34665]
    (tmp_path / "a.dng").write_bytes(encode_directories({"main": main}))
    with pytest.raises(RawFileError, match="do not fill"):
        read_raw(tmp_path / "a.dng")


def test_facts_that_contradict_each_other_are_refused(tmp_path):
    swapped = OURS.replace(b'"bayer": "GRBG"', b'"bayer": "RGGB"')
    (tmp_path / "a.dng").write_bytes(swapped)
    with pytest.raises(RawFileError, match="contradicts"):
        read_raw(tmp_path / "a.dng")


def foreign_dng(pixels, orientation=1, active=None, bayer="RGGB", **changes):
    """A DNG as another program writes it: our tags without our facts."""
    active = active or (0, 0, *pixels.shape)
    shot = dataclasses.replace(SHOT, bayer=bayer, black_dn=(10.0, 20.0, 30.0, 40.0), white_dn=4000.0, **changes)
    left_out = {274, 50740, 50829, 50719, 50720}
    main = dng._camera_fields(shot) + dng._picture_fields(pixels.shape) + dng._level_fields(shot)
    main += dng._colour_fields(shot, None, None)
    main = [field for field in main if field.tag not in left_out]
    main += [Field(274, SHORT, (orientation,)), Field(50829, LONG, active)]
    header = encode_directories({"main": main, "exif": dng.exif_fields(shot)}, alignment=64)
    return header + pixels.astype("<u2").tobytes()


@pytest.mark.parametrize("orientation", [1, 3, 6, 8])
@pytest.mark.parametrize("shape", [(48, 64), (48, 65), (47, 64), (47, 65)])
@pytest.mark.parametrize("margin", [(0, 0), (2, 4), (1, 0), (0, 1)])
def test_a_foreign_raw_is_turned_upright_and_its_filters_with_it(tmp_path, orientation, shape, margin):
    counts = {"R": 1000, "G": 2000, "B": 3000}
    top, left = margin
    pixels = np.zeros(shape, np.uint16)
    for place, letter in enumerate("GRBG"):
        pixels[(top + place // 2) % 2 :: 2, (left + place % 2) % 2 :: 2] = counts[letter]
    pixels[4, 6] += 500
    path = tmp_path / "a.dng"
    path.write_bytes(foreign_dng(pixels, orientation, (top, left, *shape), bayer="GRBG"))
    frame = read_raw(path)
    for place, letter in enumerate(frame.shot.bayer):
        assert np.median(frame.pixels[place // 2 :: 2, place % 2 :: 2]) == counts[letter]
    with rawpy.imread(str(path)) as raw:
        upright = np.rot90(raw.raw_image_visible, {1: 0, 3: 2, 6: 3, 8: 1}[orientation])
        np.testing.assert_array_equal(frame.pixels, upright)
    if top % 2 == left % 2 == 0:  # LibRaw moves odd margins, and the black levels not with them.
        assert {letter + f"{black:g}" for letter, black in zip(frame.shot.bayer, frame.shot.black_dn, strict=True)} == {
            "G10", "R20", "B30", "G40"
        }  # fmt: skip


def test_of_a_foreign_raw_only_what_it_says_is_believed(tmp_path):
    (tmp_path / "a.dng").write_bytes(foreign_dng(a_frame().pixels, exposure_us=4000.0))
    shot = read_raw(tmp_path / "a.dng").shot
    assert shot.sensor == "unknown"
    assert (shot.white_dn, shot.analogue_gain, shot.noise, shot.temperature_k) == (4000, None, None, None)
    assert shot.colour_gains == pytest.approx((2.1, 1.7))
    assert shot.exposure_us in (4000.0, None)  # None with an older rawpy, which does not tell


def test_a_truncated_foreign_raw_is_refused_where_libraw_says_nothing(tmp_path):
    whole = foreign_dng(a_frame((48, 64)).pixels)
    (tmp_path / "a.dng").write_bytes(whole[:-1000])
    with pytest.raises(RawFileError, match="truncated"):
        read_raw(tmp_path / "a.dng")


def test_other_than_bayer_mosaics_are_refused(tmp_path):
    """A linear DNG, as merging programs write it."""
    pixels = np.full((32, 48, 3), 1000, "<u2")
    fields = [
        Field(254, LONG, (0,)), Field(256, LONG, (48,)), Field(257, LONG, (32,)), Field(258, SHORT, (16, 16, 16)),
        Field(259, SHORT, (1,)), Field(262, SHORT, (34892,)), Field(273, LONG, Offset("data")),
        Field(277, SHORT, (3,)), Field(278, LONG, (32,)), Field(279, LONG, (pixels.nbytes,)),
        Field(50706, BYTE, (1, 4, 0, 0)),
    ]  # fmt: skip
    (tmp_path / "a.dng").write_bytes(encode_directories({"main": fields}) + pixels.tobytes())
    with pytest.raises(RawFileError, match=r"no mosaic|LibRaw"):
        read_raw(tmp_path / "a.dng")


FACTS = {"width": 6, "height": 4, "bayer": "RGGB", "black_dn": 600, "white_dn": 16383, "sensor": "unknown"}


def headerless(folder, content=bytes(48), **changes):
    facts = {key: value for key, value in (FACTS | changes).items() if value is not None}
    (folder / "a.raw").write_bytes(content)
    # JSON's numbers, text, lists and flags are TOML's too.
    (folder / "a.toml").write_text("".join(f"{key} = {json.dumps(value)}\n" for key, value in facts.items()))
    return folder / "a.raw"


def test_a_headerless_raw_is_its_counts_and_its_facts(tmp_path):
    counts = np.arange(24, dtype="<u2").reshape(4, 6)
    frame = read_raw(headerless(tmp_path, counts.tobytes(), black_dn=[1, 2, 3, 4], exposure_us=20000))
    np.testing.assert_array_equal(frame.pixels, counts)
    assert frame.shot.black_dn == (1, 2, 3, 4)
    assert (frame.shot.exposure_us, frame.shot.analogue_gain) == (20000, None)
    assert read_raw(headerless(tmp_path)).shot.black_dn == (600, 600, 600, 600)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"content": bytes(46)}, r"46 bytes; 6 x 4 .* are 48"),
        ({"content": b""}, r"0 bytes"),
        ({"width": None}, "lacks width"),
        ({"bayer": None, "sensor": None}, "lacks bayer, sensor"),
        ({"colour": "red"}, "unknown key 'colour'. Allowed: width, height"),
        ({"width": 6.0}, "width = 6.0; it must be a whole number"),
        ({"width": True}, "width = True"),
        ({"height": -4}, "height = -4"),
        ({"height": 10**30}, "2 to 100000"),
        ({"bayer": "RGBG"}, "RGBG.*not one of RGGB"),
        ({"bayer": 7}, "bayer = 7; it must be text"),
        ({"black_dn": "600"}, "black_dn"),
        ({"black_dn": [1, 2]}, "black_dn.*4 numbers"),
        ({"white_dn": 100}, "White level"),
        ({"sensor": "imx477"}, r"imx477 came without exposure_us.*unknown"),
        ({"exposure_us": 0}, "exposure_us = 0"),
        ({"noise": 3}, "noise = 3"),
        ({"colour_gains": [1, "x"]}, "colour_gains"),
    ],
)
def test_bad_facts_are_refused_in_words(tmp_path, changes, words):
    with pytest.raises(RawFileError, match=words):
        read_raw(headerless(tmp_path, **changes))


def test_facts_that_are_not_toml_or_not_there_are_refused(tmp_path):
    path = headerless(tmp_path)
    path.with_suffix(".toml").write_bytes(b"width = \xff")
    with pytest.raises(RawFileError, match="not TOML"):
        read_raw(path)
    for number in ("9" * 400, "9" * 5000, "[" * 100_000):
        path.with_suffix(".toml").write_text(f"width = {number}")
        with pytest.raises(RawFileError, match=r"a\.toml"):
            read_raw(path)
    path.with_suffix(".toml").unlink()
    with pytest.raises(RawFileError, match=r"needs its facts in a\.toml"):
        read_raw(path)


def test_what_is_no_file_is_refused(tmp_path):
    os.mkfifo(tmp_path / "pipe.dng")
    for name, words in (("none.dng", "not there"), (".", "a folder"), ("pipe.dng", "not a file")):
        with pytest.raises(RawFileError, match=words):
            read_raw(tmp_path / name)


def test_raw_files_of_a_folder_are_listed_in_order(tmp_path):
    for name in ("b.DNG", "a.raw", "a.toml", ".c.dng.partial", ".d.dng", "e.jpg", "c.NEF"):
        (tmp_path / name).touch()
    assert [path.name for path in list_raw_files(tmp_path)] == ["a.raw", "b.DNG", "c.NEF"]


def test_numbers_in_names_count_as_numbers(tmp_path):
    """Or the tenth frame of a burst would come before its second."""
    in_order = ["1.dng", "2.dng", "10.dng", "frame9.dng", "frame010.dng", "frame10.dng", "frame11b2.dng", "x.dng"]
    for name in reversed(in_order):
        (tmp_path / name).write_bytes(b"")
    assert [path.name for path in list_raw_files(tmp_path)] == in_order


@needs_shared
def test_four_samplings_of_one_scene_are_read():
    frames = [read_raw(path) for path in sorted(RAW_FILES.glob("DSC_1339_768x512_????.raw"))]
    assert [frame.shot.bayer for frame in frames] == ["BGGR", "GBRG", "GRBG", "RGGB"]
    assert all(frame.pixels.shape == (512, 768) for frame in frames)


@needs_shared
def test_a_raw_of_oblong_pixels_is_refused():
    (path,) = RAW_FILES.glob("*.KDC")
    with pytest.raises(RawFileError, match="must be square"):
        read_raw(path)


def test_big_endian_tiffs_are_followed_to_their_end(tmp_path):
    """A NEF begins so; its strip lies behind the end of this file."""
    entries = [(256, 3, 1, 64 << 16), (273, 4, 1, 4096), (279, 4, 1, 8192)]
    directory = struct.pack(">H", len(entries)) + b"".join(struct.pack(">HHII", *entry) for entry in entries)
    (tmp_path / "a.nef").write_bytes(b"MM\0*" + struct.pack(">I", 8) + directory + bytes(400))
    with pytest.raises(RawFileError, match="truncated: its pixels end at byte 12288"):
        read_raw(tmp_path / "a.nef")

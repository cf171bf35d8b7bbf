"""Raw formats: every layout gives the counts that went in, and what cannot be read faithfully is refused."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from firmware.cameras.raw_formats import STRIP_ROWS, parse_raw_format, unpack
from firmware.errors import CameraError
from isp.frames import BAYER_ORDERS


def packed_bits(counts, bits):
    """One row of counts in MIPI order, written down bit by bit from the CSI-2 specification."""
    group = {10: 4, 12: 2}[bits]
    padded = list(counts) + [0] * (-len(counts) % group)
    row = bytearray()
    for start in range(0, len(padded), group):
        pixels = [int(count) for count in padded[start : start + group]]
        row += bytes(count >> (bits - 8) for count in pixels)
        low_bits = bits - 8
        row.append(sum((count & (2**low_bits - 1)) << (low_bits * place) for place, count in enumerate(pixels)))
    return bytes(row)


def as_buffer(counts, name, padding):
    """What the camera would write: rows in the format's layout, each followed by padding of garbage."""
    rows = []
    for row in counts:
        if "CSI2P" in name:
            body = packed_bits(row, 10 if "10" in name else 12)
        else:
            body = b"".join(int(count).to_bytes(2, "little") for count in row)
        rows.append(body + bytes([0xA5]) * padding)
    return np.frombuffer(b"".join(rows), np.uint8).reshape(len(rows), -1)


@st.composite
def raw_pictures(draw):
    name, bits = draw(
        st.sampled_from(
            [("SRGGB10", 10), ("SBGGR12", 12), ("SGRBG16", 16), ("SGBRG10_CSI2P", 10), ("SRGGB12_CSI2P", 12)]
        )
    )
    height = draw(st.sampled_from([1, 2, 7, STRIP_ROWS, STRIP_ROWS + 1]))
    width = draw(st.integers(1, 23))
    seed = draw(st.integers(0, 2**32 - 1))
    counts = np.random.default_rng(seed).integers(0, 2**bits, (height, width), dtype=np.uint16)
    return name, counts, draw(st.integers(0, 33))


@settings(max_examples=60, deadline=None)
@given(raw_pictures())
def test_every_layout_gives_back_the_counts_at_any_width_and_stride(picture):
    name, counts, padding = picture
    height, width = counts.shape
    buffer = as_buffer(counts, name, padding)
    before = buffer.copy()
    pixels = unpack(buffer, parse_raw_format(name), width, height)
    np.testing.assert_array_equal(pixels, counts)
    assert pixels.dtype == np.uint16
    assert pixels.flags.c_contiguous
    assert not np.shares_memory(pixels, buffer)
    np.testing.assert_array_equal(buffer, before)


@pytest.mark.parametrize("name", ["SRGGB10_CSI2P", "SRGGB12_CSI2P", "SRGGB10", "SRGGB12", "SRGGB16"])
def test_darkest_and_brightest_counts_survive(name):
    raw_format = parse_raw_format(name)
    for count in (0, 2**raw_format.bits - 1):
        counts = np.full((3, 9), count, np.uint16)
        np.testing.assert_array_equal(unpack(as_buffer(counts, name, 4), raw_format, 9, 3), counts)


def test_a_sensor_row_of_4056_pixels_has_the_stride_of_the_hardware():
    """32-byte aligned on a Pi 4: 5070 bytes of 10-bit pixels in 5088."""
    counts = np.random.default_rng(1).integers(0, 1024, (2, 4056), dtype=np.uint16)
    buffer = as_buffer(counts, "SRGGB10_CSI2P", 18)
    assert buffer.shape == (2, 5088)
    np.testing.assert_array_equal(unpack(buffer, parse_raw_format("SRGGB10_CSI2P"), 4056, 2), counts)


@pytest.mark.parametrize("order", BAYER_ORDERS)
@pytest.mark.parametrize("ending", ["10", "12", "10_CSI2P", "12_CSI2P", "16"])
def test_bayer_order_and_bits_come_from_the_name(order, ending):
    raw_format = parse_raw_format(f"S{order}{ending}")
    assert raw_format.bayer == order
    assert raw_format.bits == int(ending[:2])


def test_saturation_of_a_pi_5_frame_is_not_65535():
    left_aligned = parse_raw_format("SRGGB16")
    assert left_aligned.white_dn(12) == 65520
    assert left_aligned.white_dn(10) == 65472
    assert left_aligned.from_16bit(4096) == 4096
    assert parse_raw_format("SRGGB12").white_dn(12) == 4095
    assert parse_raw_format("SRGGB12_CSI2P").from_16bit(4096) == 256
    assert parse_raw_format("SRGGB10").from_16bit(4096) == 64


def test_a_format_that_contradicts_the_sensor_is_refused():
    with pytest.raises(CameraError, match=r"SRGGB10.*12 bit"):
        parse_raw_format("SRGGB10").white_dn(12)


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("RGGB_PISP_COMP1", "lossy|loss"),
        ("MONO_PISP_COMP1", "loss"),
        ("R10", "mono"),
        ("R12_CSI2P", "mono"),
        ("SRGGB8", "SRGGB10"),
        ("SRGGB14", "SRGGB10"),
        ("SRGGB16_CSI2P", "SRGGB10"),
        ("SRRGB10", "Bayer order"),
        ("YUV420", "SRGGB10"),
        ("", "SRGGB10"),
    ],
)
def test_what_cannot_be_read_is_refused_with_the_reason(name, reason):
    with pytest.raises(CameraError, match=reason):
        parse_raw_format(name)


def test_compressed_raw_says_which_format_to_ask_for():
    with pytest.raises(CameraError, match="SRGGB16"):
        parse_raw_format("BGGR_PISP_COMP1")


@pytest.mark.parametrize(
    "buffer",
    [
        np.zeros((4, 15), np.uint8),
        np.zeros((3, 16), np.uint8),
        np.zeros((5, 16), np.uint8),
        np.zeros((4, 8), np.uint16),
        np.zeros(64, np.uint8),
    ],
    ids=["short rows", "too few rows", "too many rows", "not bytes", "flat"],
)
def test_a_buffer_of_the_wrong_size_is_refused(buffer):
    with pytest.raises(CameraError, match="raw buffer"):
        unpack(buffer, parse_raw_format("SRGGB12"), 8, 4)

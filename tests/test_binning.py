"""A binned frame is the frame a sensor's own binned mode would give: same scene, same colours, half the noise."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from firmware.cameras.simulated import simulate
from isp.binning import bin_frame, binned_shape
from isp.errors import FrameError
from isp.frames import BAYER_ORDERS, Noise, RawFrame, Shot


def shot(**facts):
    known = dict(
        sensor="imx477",
        bayer="RGGB",
        black_dn=(256.0,) * 4,
        white_dn=65535.0,
        timestamp_ns=5,
        wall_time_ns=6,
        exposure_us=1000.0,
        analogue_gain=2.0,
        noise=Noise(4e-4, 4e-6),
    )
    return Shot(**(known | facts))


def twin(pixels):
    """Each place of the 2 x 2 is a picture of its own, of which 2 x 2 are averaged; half a count rounds up."""
    height, width = binned_shape(pixels.shape)
    binned = np.empty((height, width), np.uint16)
    for y in range(2):
        for x in range(2):
            plane = pixels[y::2, x::2][:height, :width].astype(np.int64)
            sums = plane[0::2, 0::2] + plane[1::2, 0::2] + plane[0::2, 1::2] + plane[1::2, 1::2]
            binned[y::2, x::2] = (sums + 2) // 4
    return binned


@pytest.mark.parametrize("size", [(4, 4), (5, 7), (8, 4), (63, 130), (66, 129)])
@pytest.mark.parametrize("highest", [4095, 65535])
def test_the_kernel_is_its_twin(size, highest):
    pixels = np.random.default_rng(size).integers(0, highest + 1, size, dtype=np.uint16)
    assert np.array_equal(bin_frame(RawFrame(pixels, shot())).pixels, twin(pixels))
    white = np.full(size, highest, np.uint16)
    assert np.all(bin_frame(RawFrame(white, shot())).pixels == highest)


@pytest.mark.parametrize("bayer", BAYER_ORDERS)
def test_no_colour_runs_into_another(bayer):
    levels = {"R": 300, "G": 500, "B": 900}
    quad = np.array([levels[letter] for letter in bayer], np.uint16).reshape(2, 2)
    binned = bin_frame(RawFrame(np.tile(quad, (6, 8)), shot(bayer=bayer)))
    assert binned.shot.bayer == bayer
    assert np.array_equal(binned.pixels, np.tile(quad, (3, 4)))


def test_the_noise_it_tells_is_the_noise_it_has():
    frame, _ = simulate("flat", "imx219", 640, 480, analogue_gain=8.0, exposure_us=2000, bad_pixels=0.0)
    clean, _ = simulate("flat", "imx219", 640, 480, analogue_gain=8.0, exposure_us=2000, bad_pixels=0.0, noise=False)
    binned, truth = bin_frame(frame), bin_frame(clean)
    span = binned.shot.white_dn - binned.shot.black_dn[0]
    light = (truth.pixels - binned.shot.black_dn[0]) / span
    told = binned.shot.noise.shot * light + binned.shot.noise.read
    error = (binned.pixels.astype(float) - truth.pixels) / span
    assert np.mean(error**2) == pytest.approx(np.mean(told), rel=0.03)


def test_it_shows_what_the_sensor_s_own_binned_mode_shows():
    facts = dict(noise=False, bad_pixels=0.0, exposure_us=3000, analogue_gain=1.0)
    full, _ = simulate("chart", "imx219", 3280, 2464, **facts)
    sensor_binned, _ = simulate("chart", "imx219", 1640, 1232, **facts)
    ours = bin_frame(full)
    assert ours.pixels.shape == sensor_binned.pixels.shape
    assert ours.shot.field_of_view == pytest.approx(sensor_binned.shot.field_of_view)
    span = ours.shot.white_dn - ours.shot.black_dn[0]
    error = np.abs(ours.pixels.astype(float) - sensor_binned.pixels) / span
    assert np.median(error) < 0.001, "flat parts of the chart are alike"


@pytest.mark.parametrize(("hflip", "vflip"), [(False, False), (True, False), (False, True)])
def test_what_is_cut_off_leaves_the_field_of_view(hflip, vflip):
    frame = RawFrame(np.zeros((10, 20), np.uint16), shot(hflip=hflip, vflip=vflip, field_of_view=(0.1, 0.2, 0.5, 0.5)))
    left, top, width, height = bin_frame(frame).shot.field_of_view
    assert (width, height) == pytest.approx((0.5, 0.4)), "two of ten rows are no whole 4 x 4"
    assert (left, top) == pytest.approx((0.1, 0.3 if vflip else 0.2))


def test_the_memory_that_is_given_is_used_and_the_frame_is_not_touched():
    pixels = np.arange(64, dtype=np.uint16).reshape(8, 8)
    before, out = pixels.copy(), np.empty((4, 4), np.uint16)
    assert bin_frame(RawFrame(pixels, shot()), out).pixels is out
    assert np.array_equal(pixels, before)
    with pytest.raises(FrameError, match="must be uint16"):
        bin_frame(RawFrame(pixels, shot()), np.empty((4, 6), np.uint16))


def test_a_frame_without_a_noise_model_stays_without_one_and_a_tiny_one_is_refused():
    unknown = dataclasses.replace(shot(), sensor="unknown", noise=None)
    assert bin_frame(RawFrame(np.zeros((4, 4), np.uint16), unknown)).shot.noise is None
    with pytest.raises(FrameError, match="smallest is 4 x 4"):
        bin_frame(RawFrame(np.zeros((3, 8), np.uint16), unknown))

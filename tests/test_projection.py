"""A larger picture that is held to the measured one gives it back, whatever was drawn between the pixels."""

import numpy as np
import pytest

from isp.errors import FrameError
from isp.zoom.projection import REACH_PX, difference_rms, enlarged_twice, projected, reduced_by_half


def scene(height, width, seed=0, channels=3):
    """Structure of all sizes, as in nature: a spectrum that falls with the frequency."""
    rng = np.random.default_rng(seed)
    y, x = np.meshgrid(np.fft.fftfreq(height), np.fft.rfftfreq(width), indexing="ij")
    fall = 1 / np.maximum(np.hypot(y, x), 1 / max(height, width))
    planes = [
        np.fft.irfft2(np.fft.rfft2(rng.normal(size=(height, width))) * fall, (height, width)) for _ in range(channels)
    ]
    picture = np.stack(planes, axis=2)
    return in_eight_bits(120 + 45 * picture / picture.std())


def in_eight_bits(picture):
    return np.clip(np.floor(picture + 0.5), 0, 255).astype(np.uint8)


@pytest.mark.parametrize("drawn", ["bicubic", "blocks", "noise", "another picture"])
def test_reduced_again_it_is_the_picture_within_a_level(drawn):
    truth = scene(96, 128)
    measured = in_eight_bits(reduced_by_half(truth))
    rng = np.random.default_rng(1)
    start = {
        "bicubic": enlarged_twice(measured),
        "blocks": measured.repeat(2, axis=0).repeat(2, axis=1).astype(np.float32),
        "noise": enlarged_twice(measured) + rng.normal(0, 12, truth.shape).astype(np.float32),
        "another picture": enlarged_twice(measured) + scene(96, 128, 2).astype(np.float32) / 8 - 15,
    }[drawn]
    before, after = (difference_rms(in_eight_bits(it), measured) for it in (start, projected(start, measured)))
    assert after < 1 and after < before / 2


def test_what_was_drawn_rightly_stays():
    truth = scene(96, 128)
    measured = in_eight_bits(reduced_by_half(truth))
    made = in_eight_bits(projected(truth.astype(np.float32), measured))
    assert np.abs(made.astype(int) - truth).max() <= 3 and np.abs(made.astype(int) - truth).mean() < 0.5


def test_it_is_nearer_to_the_truth_than_before():
    truth = scene(96, 128)
    measured = in_eight_bits(reduced_by_half(truth))
    start = enlarged_twice(measured)
    errors = [np.square(in_eight_bits(it).astype(float) - truth).mean() for it in (start, projected(start, measured))]
    assert errors[1] < 0.9 * errors[0]


@pytest.mark.parametrize("level", [0, 1, 128, 254, 255])
def test_flat_stays_flat_and_black_and_white_stay_so(level):
    measured = np.full((20, 30, 3), level, np.uint8)
    assert (in_eight_bits(projected(enlarged_twice(measured), measured)) == level).all()


def test_white_beside_black_is_neither_ringed_nor_greyed():
    measured = np.zeros((24, 40), np.uint8)
    measured[:, 20:] = 255
    made = in_eight_bits(projected(enlarged_twice(measured), measured))
    assert (made[:, :32] == 0).all() and (made[:, 48:] == 255).all()


def test_a_part_with_some_pixels_around_it_is_the_part_of_the_whole():
    measured = scene(90, 40)
    whole = projected(enlarged_twice(measured), measured)
    part = measured[20:70]
    made = projected(enlarged_twice(part), part)[2 * REACH_PX : -2 * REACH_PX]
    assert np.array_equal(made, whole[2 * (20 + REACH_PX) : 2 * (70 - REACH_PX)])


def test_the_difference_is_what_it_says():
    measured = np.full((300, 11, 3), 100, np.uint8)
    assert difference_rms(np.full((600, 22, 3), 103, np.uint8), measured) == pytest.approx(3)
    assert difference_rms(measured, measured) == 0


def test_pictures_of_other_sizes_are_refused():
    with pytest.raises(FrameError, match="not twice"):
        projected(np.zeros((8, 9, 3), np.float32), np.zeros((4, 4, 3), np.uint8))

"""A grey card tells the light, whatever lamp it comes from; what is no card is refused by name."""

import dataclasses

import numpy as np
import pytest
from measures.exposed import CORNER, MIDDLE, WHOLE, exposed

from firmware.sensors import load_sensor
from isp.develop import develop
from isp.errors import FrameError
from isp.frames import RawFrame
from isp.grey_card import measure_grey
from isp.photo import photo_pipeline

SIZE = (240, 320)
CARD = np.s_[85:155, 110:210]  # more than the middle quarter
COLOURS = {"red": (0.5, 0.03, 0.03), "green": (0.02, 0.3, 0.02), "blue": (0.02, 0.05, 0.5), "magenta": (0.6, 0.05, 0.6)}


def card_in_a_room(card=0.3, sensor="imx477", lamp=(1.0, 1.0, 1.0), **exposure):
    """A card before a coloured wall; `lamp` is what the light does beside the curve."""
    picture = np.empty((*SIZE, 3))
    picture[:] = (0.3, 0.12, 0.05)
    picture[CARD] = np.broadcast_to(card, picture[CARD].shape)
    return exposed(picture * lamp, sensor, **exposure)


@pytest.mark.parametrize("light_k", [2850, 5000, 6500])
@pytest.mark.parametrize(("sensor", "window"), [("imx477", MIDDLE), ("imx219", WHOLE), ("imx708", CORNER)])
def test_a_card_reads_as_the_curve_says_in_the_light_of_the_curve(sensor, window, light_k):
    tuning = load_sensor(sensor).tuning
    frame = card_in_a_room(sensor=sensor, light_k=light_k, gain=4.0, field_of_view=window)
    np.testing.assert_allclose(measure_grey(frame, tuning), tuning.grey_at(light_k), rtol=0.015)


def test_a_photo_with_a_kept_card_is_neutral_in_a_green_lamp():
    tuning = load_sensor("imx477").tuning
    frame = card_in_a_room(lamp=(0.85, 1.0, 0.8), noise=False)
    red, blue = measure_grey(frame, tuning)
    kept = {"white_balance": {"custom_red": red, "custom_blue": blue}, "local_tone": {"strength": 0.0}}
    shown = develop(frame, photo_pipeline(kept), tuning).pixels[CARD][20:-20, 20:-20].reshape(-1, 3).mean(axis=0)
    judged = develop(frame, photo_pipeline(), tuning).pixels[CARD][20:-20, 20:-20].reshape(-1, 3).mean(axis=0)
    assert np.ptp(shown) < 2 < 10 < np.ptp(judged)


def test_a_card_needs_no_tuning():
    frame = card_in_a_room(noise=False)
    foreign = RawFrame(frame.pixels, dataclasses.replace(frame.shot, sensor="unknown"))
    # Even in the middle the lens has a little colour.
    np.testing.assert_allclose(measure_grey(foreign, None), load_sensor("imx477").tuning.grey_at(5000), rtol=0.02)


def test_a_larger_card_may_be_all_of_the_frame():
    tuning = load_sensor("imx477").tuning
    frame = exposed(np.full(SIZE, 0.3))
    np.testing.assert_allclose(measure_grey(frame, tuning, share=1.0), tuning.grey_at(5000), rtol=0.01)
    with pytest.raises(FrameError, match="does not fill the middle"):
        measure_grey(card_in_a_room(), tuning, share=1.0)


@pytest.mark.parametrize("share", [0.0, -1.0, 1.1, float("nan")])
def test_a_share_that_is_none_is_refused(share):
    with pytest.raises(FrameError, match="1 is the whole frame"):
        measure_grey(card_in_a_room(), None, share)


SLANTED = np.linspace(0.05, 0.6, 100)[None, :, None]
HALF = np.where(np.arange(100) < 50, 0.3, 0.03)[None, :, None]
PAGE = np.where((np.arange(100) // 12 % 2)[None, :, None] == 0, (0.3, 0.22, 0.2), (0.24, 0.24, 0.3))


@pytest.mark.parametrize("tuned", [True, False])
@pytest.mark.parametrize(
    ("card", "message"),
    [
        (0.0, "too dark: it reads 0.* Expose it longer"),
        (0.005, "too dark"),
        (4.0, "blown: 100 % of it is clipped. Expose it shorter"),
        (SLANTED, "unevenly"),
        (HALF, "does not fill the middle"),
        (PAGE, "no one colour"),
    ],
    ids=["black", "dark", "blown", "slanted", "half", "page"],
)
def test_what_is_no_card_is_refused_in_words(card, message, tuned):
    tuning = load_sensor("imx477").tuning if tuned else None
    with pytest.raises(FrameError, match=message):
        measure_grey(card_in_a_room(card), tuning)


@pytest.mark.parametrize("name", COLOURS)
def test_a_card_of_a_colour_that_no_light_has_is_refused(name):
    with pytest.raises(FrameError, match="strongly coloured"):
        measure_grey(card_in_a_room(COLOURS[name]), load_sensor("imx477").tuning)


@pytest.mark.parametrize("size", [(2, 2), (3, 7), (17, 40)])
def test_the_smallest_frames_have_a_middle(size):
    tuning = load_sensor("imx477").tuning
    frame = exposed(np.full(size, 0.3), noise=False)
    np.testing.assert_allclose(measure_grey(frame, tuning), tuning.grey_at(5000), rtol=0.02)

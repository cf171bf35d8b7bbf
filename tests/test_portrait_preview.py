"""The live portrait: its blur is the photo's, says why it is not there, and never holds up the preview."""

from __future__ import annotations

import subprocess
import sys
import threading

import numpy as np
import pytest
from measures.live_masks import LOOK_NS

from accelerators.errors import DeviceError
from accelerators.subject.subject import NoSubject
from firmware.demo.bench_daemon import same_code
from firmware.preview.blur import Blur, blur_bytes, looking_size, working_size
from firmware.preview.mask_thread import MaskThread
from firmware.preview.picture import Picture, views_of
from firmware.preview.portrait import PortraitView, SteadyGround
from firmware.preview.steady_mask import SteadyMask
from isp.bokeh import Bokeh
from isp.ground import NO_GROUND
from isp.tone import Tone, decode_srgb

pytest.importorskip("cv2", reason="OpenCV is not installed: pip install 'nightjar[portrait]'")

SECOND_NS = 1_000_000_000
PATIENCE_S = 20.0
NOBODY = NoSubject("nobody is in the picture")


def test_feet_that_come_and_go_move_the_ground_slowly():
    ground, bokeh = SteadyGround(), Bokeh(largest_px=20.0)
    standing, cut = (np.zeros((100, 100), np.uint8) for _ in range(2))
    standing[10:90, 40:60] = cut[10:100, 40:60] = 255
    grounds = [
        ground.under((standing, cut)[frame % 2].copy(), bokeh, frame * SECOND_NS // 15).ground for frame in range(60)
    ]
    assert grounds[0] == pytest.approx((0.9, 0.9, 0.5), abs=0.01)
    assert np.abs(np.diff(grounds, axis=0)).max() < 0.08
    last = [ground.under(cut, bokeh, (60 + frame) * SECOND_NS // 15).ground for frame in range(60)][-1]
    assert last == pytest.approx(NO_GROUND, abs=0.01)


# Blur

PLAIN = Tone()
TONES = (PLAIN, Tone(brightest=2.5), Tone(exposure_ev=3.0, contrast=0.5), Tone(exposure_ev=-1.0, brightest=1.2))


def planes_of_grey(code: int, size: tuple[int, int]) -> list[np.ndarray]:
    half = (-(-size[0] // 2), -(-size[1] // 2))
    return [np.full(size, code, np.uint8), np.full(half, 128, np.uint8), np.full(half, 128, np.uint8)]


def blurred(planes, mask, largest_px=24.0, strength=1.0, ground=NO_GROUND, highlights_ev=0.0, tone=PLAIN):
    bokeh = Bokeh(largest_px=largest_px, ground=ground, highlights_ev=highlights_ev)
    drawn = [plane.copy() for plane in planes]
    Blur().draw(tuple(drawn), SteadyMask(mask, mask, strength), bokeh, tone)
    return drawn


@pytest.mark.parametrize("tone", TONES, ids=["plain", "bright", "lifted", "lowered"])
@pytest.mark.parametrize("code", [0, 5, 30, 90, 180])
def test_every_tone_keeps_its_codes(tone, code):
    planes = planes_of_grey(code, (64, 96))
    for plane, before in zip(blurred(planes, np.zeros((4, 4), np.uint8), tone=tone), planes, strict=True):
        assert np.abs(plane.astype(int) - before).max() <= 2


def test_a_light_that_the_tone_curve_bent_down_is_spread_with_all_its_light():
    size = (480, 640)
    planes = planes_of_grey(0, size)
    planes[0][200:280, 280:360] = 250
    open_mask = np.zeros(working_size(size), np.uint8)
    flat, bent = (blurred(planes, open_mask, tone=tone)[0].astype(int) for tone in (Tone(), Tone(brightest=4.0)))
    assert bent.sum() > 1.1 * flat.sum()
    assert np.abs(bent[235:245, 315:325] - 250).max() <= 2


@pytest.mark.parametrize("size", [(480, 640), (481, 643), (760, 1014), (64, 48)])
@pytest.mark.parametrize("code", [0, 90, 255])
def test_flat_stays_flat(size, code):
    mask = np.zeros(working_size(size), np.uint8)
    mask[mask.shape[0] // 2 :, mask.shape[1] // 3 :] = 255
    for plane, before in zip(blurred(planes_of_grey(code, size), mask), planes_of_grey(code, size), strict=True):
        assert np.abs(plane.astype(int) - before).max() <= 2


def test_the_subject_keeps_every_code_and_gives_no_colour_away():
    size = (480, 640)
    planes = planes_of_grey(110, size)
    inside = np.zeros(size, bool)
    inside[120:480, 220:420] = True
    planes[0][inside], planes[1][inside[::2, ::2]], planes[2][inside[::2, ::2]] = 76, 85, 255  # pure red
    small = working_size(size)
    mask = (255 * inside[: 2 * small[0] : 2, : 2 * small[1] : 2]).astype(np.uint8)
    luma, _, red = blurred(planes, mask)
    assert np.array_equal(luma[130:, 230:410], planes[0][130:, 230:410])
    outside = np.ones(red.shape, bool)
    outside[58:, 107:213] = False  # the subject and three pixels of half resolution around it
    assert np.abs(red[outside].astype(int) - 128).max() <= 0.02 * 127 + 1


def test_a_small_light_becomes_a_disc_of_the_lens_s_size_with_its_light():
    size, largest = (480, 640), 24.0
    planes = planes_of_grey(0, size)
    planes[0][237:243, 317:323] = 255
    luma = blurred(planes, np.zeros(working_size(size), np.uint8), largest, highlights_ev=2.0)[0]
    light = decode_srgb(luma / 255.0)
    y, x = np.mgrid[0 : size[0], 0 : size[1]]
    away = np.hypot(y - 239.5, x - 319.5)
    assert light[away < largest - 12].min() > 0.8 * light[away < largest - 12].max(), "even inside"
    assert light[away > largest + 14].max() < 0.02, "nothing outside"
    assert light.sum() == pytest.approx(4.0 * 6 * 6, rel=0.15), "two stops brighter than it was measured"


def test_a_sky_is_not_taken_for_a_lamp():
    size = (480, 640)
    planes = planes_of_grey(20, size)
    planes[0][:200] = 255
    mask = np.zeros(working_size(size), np.uint8)
    taken, believed = (blurred(planes, mask, highlights_ev=ev)[0].astype(int) for ev in (2.0, 0.0))
    assert np.abs(taken - believed).max() <= 3


def test_blur_is_none_at_the_feet_and_grows_above_and_below_them():
    size = (480, 640)
    planes = planes_of_grey(60, size)
    planes[0][:, ::8] = planes[0][:, 1::8] = planes[0][:, 2::8] = planes[0][:, 3::8] = 180
    luma = blurred(planes, np.zeros(working_size(size), np.uint8), ground=(0.8, 0.8, 0.4))[0].astype(float)
    contrast = luma[:, 100:540].std(axis=1) / planes[0][0].std()
    assert contrast[int(0.8 * 480)] > 0.9
    assert contrast[: int(0.4 * 480)].max() < 0.1
    assert contrast[-1] < 0.3
    assert np.all(np.diff(contrast[200 : int(0.8 * 480)]) > -0.03), "it grows without a band"


def test_a_blur_of_no_strength_is_the_picture():
    generator = np.random.default_rng(1)
    planes = [generator.integers(0, 256, plane.shape, dtype=np.uint8) for plane in planes_of_grey(0, (120, 160))]
    mask = np.zeros(working_size((120, 160)), np.uint8)
    for plane, before in zip(blurred(planes, mask, strength=1e-4), planes, strict=True):
        assert np.abs(plane.astype(int) - before).max() <= 2


def test_the_largest_blur_is_drawn_too():
    planes = planes_of_grey(90, (300, 400))
    planes[0][:, :200] = 200
    luma = blurred(planes, np.zeros(working_size((300, 400)), np.uint8), largest_px=2000.0)[0]
    assert 120 < luma.min() <= luma.max() < 170


@pytest.mark.parametrize("size", [(1520, 2028), (1296, 2304), (480, 640), (1232, 1640), (37, 41), (2, 2), (3, 5000)])
def test_what_is_looked_at_is_small_and_of_the_picture_s_shape(size):
    for made, most in ((working_size(size), 512), (looking_size(size), 256)):
        assert min(made) >= 2
        assert made[1] <= most
        assert abs(made[0] * size[1] - made[1] * size[0]) <= 2 * max(size), "not squeezed by more than its rounding"
    planes = tuple(planes_of_grey(77, size))
    small = Blur().in_small(planes)
    assert small.shape == (*looking_size(size), 3)
    assert np.abs(small.astype(int) - 77).max() <= 1


# The thread


class Network:
    """Finds masks when the test lets it."""

    def __init__(self, answer) -> None:
        self.answer = answer
        self.may_answer = threading.Event()
        self.may_answer.set()
        self.asked = threading.Semaphore(0)

    def __call__(self, picture: np.ndarray):
        self.asked.release()
        assert self.may_answer.wait(PATIENCE_S)
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer if isinstance(self.answer, NoSubject) else self.answer(picture)


def left_half(picture: np.ndarray) -> np.ndarray:
    mask = np.zeros(picture.shape[:2], np.uint8)
    mask[:, : mask.shape[1] // 2] = 255
    return mask


def striped_picture(size=(120, 160)) -> Picture:
    picture = Picture(np.full(size[0] * size[1] * 3 // 2, 128, np.uint8), size)
    views_of(picture)[0][:, ::4] = 30
    return picture


@pytest.fixture
def portrait():
    """Makes views that end with the test; photos are in work while `photos_done` is not set."""
    made = []

    def make(network) -> PortraitView:
        view = PortraitView(network, make.photos_done.wait)
        made.append((view, network))
        return view

    make.photos_done = threading.Event()
    make.photos_done.set()
    yield make
    make.photos_done.set()
    for view, network in made:
        if network is not None:
            network.may_answer.set()
        view.rest(PATIENCE_S)


BOKEH = Bokeh(largest_px=10.0)


def test_the_preview_does_not_wait_for_the_network(portrait):
    network = Network(left_half)
    network.may_answer.clear()
    view, plain = portrait(network), striped_picture()
    first = view.draw(plain, BOKEH, Tone(), 0)
    assert first["blurred"] is False
    assert "not done yet" in first["why_plain"]
    assert np.array_equal(plain.planes, striped_picture().planes)
    assert network.asked.acquire(timeout=PATIENCE_S)
    view.draw(striped_picture(), BOKEH, Tone(), 1)
    assert not network.asked.acquire(blocking=False), "one look at a time"
    network.may_answer.set()
    told = view.draw(striped_picture(), BOKEH, Tone(), 2, patience_s=PATIENCE_S)
    while not told["blurred"]:
        told = view.draw(striped_picture(), BOKEH, Tone(), 3, patience_s=PATIENCE_S)
    assert told["why_plain"] is None


def test_who_asks_for_one_picture_gets_it_blurred(portrait):
    picture = striped_picture()
    assert portrait(Network(left_half)).draw(picture, BOKEH, Tone(), 0, patience_s=PATIENCE_S)["blurred"]
    luma = views_of(picture)[0].astype(int)
    assert np.array_equal(luma[:, :70], views_of(striped_picture())[0][:, :70]), "the subject is sharp"
    assert luma[:, 120:].std() < 0.2 * luma[:, :70].std()


WITHOUT_OPENCV = """
import sys
sys.modules["cv2"] = None
import numpy as np
from firmware.preview.picture import Picture
from firmware.preview.portrait import PortraitView
from isp.bokeh import Bokeh
from isp.tone import Tone
view = PortraitView(lambda picture: np.full(picture.shape[:2], 255, np.uint8), lambda patience_s: True)
picture = Picture(np.full(120 * 160 * 3 // 2, 128, np.uint8), (120, 160))
told = view.draw(picture, Bokeh(largest_px=10.0), Tone(), 0, patience_s=1.0)
print(told["blurred"], told["why_plain"])
"""


def test_without_opencv_the_preview_is_plain_and_says_what_to_install():
    told = subprocess.run([sys.executable, "-P", "-c", WITHOUT_OPENCV], env=same_code(), capture_output=True, text=True)
    assert told.stdout.startswith("False Portraits need OpenCV"), told.stderr
    assert "pip install" in told.stdout


@pytest.mark.parametrize(
    ("network", "why"),
    [
        (Network(NOBODY), "nobody is in the picture"),
        (Network(DeviceError("no device answered")), "no device answered"),
        (Network(lambda picture: np.full((3, 3), 255, np.uint8)), "The mask is (3, 3); for this preview"),
        (Network(lambda picture: np.full(picture.shape[:2], 100, np.uint8)), "no place in the picture that is surely"),
        (None, "nothing here can find a subject"),
    ],
    ids=["nobody", "no device", "wrong mask", "nothing sure", "no network"],
)
def test_without_a_subject_the_preview_is_plain_and_says_why(portrait, network, why):
    view, picture = portrait(network), striped_picture()
    told = view.draw(picture, BOKEH, Tone(), 0, patience_s=0.2)
    if network is not None:
        assert network.asked.acquire(timeout=PATIENCE_S)
        while why not in (told["why_plain"] or ""):
            told = view.draw(picture, BOKEH, Tone(), 1)
    assert told["blurred"] is False
    assert why in told["why_plain"]
    assert np.array_equal(picture.planes, striped_picture().planes)


def test_no_look_is_begun_while_a_photo_is_in_work(portrait):
    network = Network(left_half)
    portrait.photos_done.clear()
    view = portrait(network)
    view.draw(striped_picture(), BOKEH, Tone(), 0)
    assert not network.asked.acquire(timeout=0.05)
    portrait.photos_done.set()
    assert network.asked.acquire(timeout=PATIENCE_S)


def test_at_rest_it_holds_nothing_and_looks_at_nothing(portrait):
    network = Network(left_half)
    view = portrait(network)
    assert view.is_resting
    view.draw(striped_picture(), BOKEH, Tone(), 0, patience_s=PATIENCE_S)
    assert not view.is_resting
    threads = [thread for thread in threading.enumerate() if thread.name == "preview-masks"]
    view.rest(PATIENCE_S)
    assert view.is_resting
    assert not any(thread.is_alive() for thread in threads)
    assert view.draw(striped_picture(), BOKEH, Tone(), 1, patience_s=PATIENCE_S)["blurred"], "and begins again"


def test_a_failed_look_lets_the_blur_go():
    network = Network(left_half)
    masks = MaskThread(network, lambda timeout_s: True, after_failure_s=0.0)
    picture = np.zeros((60, 80, 3), np.uint8)
    masks.take(picture, 0)
    assert masks.wait_until_idle(PATIENCE_S)
    assert masks.at(0).strength == 1.0
    network.answer = DeviceError("unplugged")
    masks.take(picture, LOOK_NS)
    assert masks.wait_until_idle(PATIENCE_S)
    assert masks.at(SECOND_NS // 2) is None
    assert masks.why_plain() == "unplugged"
    masks.close(PATIENCE_S)


def test_what_it_takes_is_told_before_it_is_taken():
    assert 5 * 2028 * 1520 < blur_bytes((1520, 2028)) < 12 * 2028 * 1520

"""The selftest's sums, on numbers whose truth was chosen."""

from __future__ import annotations

import dataclasses
import math

import numpy as np
import pytest

from firmware.body.header import position_of
from firmware.cameras.simulated import simulate
from firmware.doctor.examination import OK, WARNING, Machine
from firmware.selftest.frame_series import Arrival, Series
from firmware.selftest.light_moment import BANDS, Seen, lit_share, strayed_ms
from firmware.selftest.private import Private
from firmware.selftest.raw_levels import darkest_over_black_dn, noise_against_known, plateau_dn, steps_of_counts
from firmware.selftest.result import Measured, judged
from firmware.settings import Settings

INTERVAL_S = 0.05


def series(numbers, jitter_ms=0.0, ahead_ppm=0.0, transfer_ms=20.0):
    """Frames of these numbers, 10 ms exposed; every second one comes late by the jitter."""
    frames = []
    for place, number in enumerate(numbers):
        began_ns = round(number * INTERVAL_S * 1e9 + (place % 2) * jitter_ms * 1e6)
        arrived_ns = round(began_ns * (1 - ahead_ppm / 1e6) + (10 + transfer_ms) * 1e6)
        frames.append(Arrival(began_ns, 10_000.0, arrived_ns))
    return Series(frames, INTERVAL_S)


def test_a_whole_series_has_its_pace_and_nothing_else():
    whole = series(range(100))
    assert whole.lost == 0
    assert whole.pace_ms == pytest.approx(50)
    assert whole.jitter_ms == pytest.approx(0, abs=1e-6)
    assert min(whole.ages_ms) == pytest.approx(20)


def test_lost_frames_are_counted():
    gappy = series([0, 1, 2, 5, 6, 6, 7, 9, 10])
    assert gappy.lost == 3
    assert gappy.lost_share == pytest.approx(3 / 12)
    assert gappy.pace_ms == pytest.approx(50), "the pace is that of neighbours"


def test_jitter_is_how_far_gaps_stray():
    assert series(range(100), jitter_ms=3.0).jitter_ms == pytest.approx(6, abs=0.1)


def test_where_every_second_frame_is_lost_there_are_no_neighbours():
    assert math.isnan(series(range(0, 100, 2)).pace_ms)
    assert not Measured("pace", series(range(0, 100, 2)).pace_ms, most=1e9).holds


def test_a_clock_that_goes_faster_is_found():
    assert series(range(300), ahead_ppm=500).drift_ppm == pytest.approx(500, rel=0.02)


def rolling(switched_ms, exposure_ms=10.0, rows_ms=40.0):
    """A frame that began at 0, its bands lit for what was left of their exposures when the light went on."""
    ends = exposure_ms + (np.arange(BANDS) + 0.5) / BANDS * rows_ms
    share = np.clip((ends - switched_ms) / exposure_ms, 0, 1)
    return Seen(0, exposure_ms * 1e3, 64 + 100 * share)


DARK, BRIGHT = np.full(BANDS, 64.0), np.full(BANDS, 164.0)


@pytest.mark.parametrize("switched_ms", [8, 15, 25, 40])
def test_a_frame_tells_when_the_light_went_on_in_it(switched_ms):
    frame = rolling(switched_ms)
    assert strayed_ms(frame, DARK, BRIGHT, 0.04, switched_ms * 1_000_000) == pytest.approx(0, abs=0.05)
    assert strayed_ms(frame, DARK, BRIGHT, 0.04, (switched_ms - 7) * 1_000_000) == pytest.approx(7, abs=0.05)


def test_dark_and_lit_frames_contradict_only_a_light_inside_them():
    dark, bright = rolling(1000), rolling(-1000)
    assert (lit_share(dark, DARK, BRIGHT), lit_share(bright, DARK, BRIGHT)) == (0, 1)
    assert strayed_ms(dark, DARK, BRIGHT, 0.04, 60_000_000) == 0
    assert strayed_ms(dark, DARK, BRIGHT, 0.04, -5_000_000) > 40, "it went on before, and the frame is dark"
    assert strayed_ms(bright, DARK, BRIGHT, 0.04, -5_000_000) == 0
    assert strayed_ms(bright, DARK, BRIGHT, 0.04, 60_000_000) < -50


def test_a_light_that_reaches_only_the_last_rows_is_told_as_well():
    only_below = np.where(np.arange(BANDS) > 48, BRIGHT, DARK)
    seen = rolling(35)
    frame = dataclasses.replace(seen, bands=np.where(np.arange(BANDS) > 48, seen.bands, 64.0))
    assert strayed_ms(frame, DARK, only_below, 0.04, 35_000_000) == pytest.approx(0, abs=0.05)


def test_noise_is_the_known_one_and_twice_as_much_is_twice():
    first, _ = simulate("grey", "imx219", 640, 480, frame_number=1, exposure_us=2000, analogue_gain=4.0)
    second, _ = simulate("grey", "imx219", 640, 480, frame_number=2, exposure_us=2000, analogue_gain=4.0)
    assert noise_against_known(first, second) == pytest.approx(1, abs=0.05)
    quarter = dataclasses.replace(first.shot.noise, shot=first.shot.noise.shot / 4, read=first.shot.noise.read / 4)
    less = dataclasses.replace(first, shot=dataclasses.replace(first.shot, noise=quarter))
    assert noise_against_known(less, second) == pytest.approx(2, abs=0.15)


def test_levels_are_read_from_the_pixels():
    frame, _ = simulate("grey", "imx219", 640, 480, exposure_us=100, analogue_gain=1.0, lux=0.01)
    assert abs(darkest_over_black_dn(frame)) < 4
    assert (
        plateau_dn(dataclasses.replace(frame, pixels=np.minimum(frame.pixels * 1000, 1000).astype(np.uint16))) == 1000
    )
    assert steps_of_counts(frame) == 1
    assert steps_of_counts(dataclasses.replace(frame, pixels=frame.pixels << 4)) == 16


def test_a_missed_bar_is_named_with_its_number():
    result = judged("card", "writing", "wrote", [Measured("speed", 3.0, "MB/s", least=10.0), Measured("files", 4)])
    assert (result.verdict, result.why) == (WARNING, "speed: 3 MB/s (at least 10)")
    assert judged("card", "writing", "wrote", [Measured("speed", 10.0, "MB/s", least=10.0)]).verdict == OK


def test_the_header_is_the_one_that_gpiozero_knows():
    from gpiozero.pins.mock import MockFactory

    with MockFactory() as factory:
        for gpio in range(28):
            ((header, pin),) = factory.board_info.find_pin(f"GPIO{gpio}")
            assert (header.name, pin.number) == ("J8", position_of(gpio))


def test_a_report_does_not_tell_whose_camera_it_is(tmp_path):
    (tmp_path / "etc").mkdir()
    (tmp_path / "etc/passwd").write_text("root:x:0:0::/root:/bin/sh\nmarlene:x:1001:1001::/home/marlene:/bin/sh\n")
    (tmp_path / "etc/hostname").write_text("attic\n")
    (tmp_path / "etc/machine-id").write_text("0123456789abcdef0123456789abcdef\n")
    private = Private(Machine(Settings(), tmp_path))
    told = private.without_any(
        {
            "why": "user marlene on attic may not write in /home/marlene/photos; /var/lib/nightjar/photos is there",
            "mend": ["sudo chown marlene: '/media/marlene/My card'", "it says 2026-11-23 03:03", 4.5],
            "id": "0123456789abcdef0123456789abcdef at 192.168.1.7, b8:27:eb:00:00:01",
        }
    )
    text = repr(told)
    for secret in ("marlene", "attic", "/home", "/media", "03:03", "01234567", "192.168", "b8:27"):
        assert secret not in text
    assert "/var/lib/nightjar/photos is there" in told["why"], "the same everywhere, and of use"
    assert told["mend"][2] == 4.5

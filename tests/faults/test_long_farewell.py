"""Switched off while a worn card has minutes left to write: what was accepted is finished while the card moves."""

from __future__ import annotations

import signal

import pytest
from faults.memory_card import MemoryCard
from measures.whole_photos import assert_whole

from firmware.daemon import FINISH_LIMIT_S

pytestmark = pytest.mark.slow

BYTES_PER_S = 10_000


def test_a_camera_that_is_switched_off_waits_for_a_card_that_still_writes(bench):
    card = MemoryCard(bench.folder / "card.img", bench.folder / "photos", 64)
    try:
        bench.start()
        raw_bytes = (bench.photos / "IMG_0001.DNG", bench.call("shoot"))[0].stat().st_size
        assert 2 * raw_bytes / BYTES_PER_S > FINISH_LIMIT_S, "the card is not slow enough to prove anything"
        card.slow_down(bench.process.pid, BYTES_PER_S)
        bench.press()
        bench.press()
        bench.until(lambda status: status["photos"]["queue"] == 2)
        bench.signal(signal.SIGTERM)
        bench.wait_for("2 to go. The card is slow")
        assert bench.process.wait(6 * FINISH_LIMIT_S) == 0, bench.log
        for number in (2, 3):
            for ending in ("DNG", "JPG", "json"):
                assert_whole(bench.photos / f"IMG_{number:04d}.{ending}")
    finally:
        bench.kill()
        card.close()

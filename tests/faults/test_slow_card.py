"""A worn card that makes 50 kB durable in a second: everything but the card goes on as if nothing were."""

from __future__ import annotations

import json
import queue
import threading
import time

import pytest
from faults.memory_card import MemoryCard
from measures.whole_photos import assert_none_torn, assert_safe

from firmware.commands.status import lines

pytestmark = pytest.mark.faults

WORN_BYTES_PER_S = 50_000
# `nightjar status` gives up after 5 s; a person would before.
ANSWER_S = 1.0


@pytest.fixture
def card(bench):
    """The card of the bench's camera, for photos and for what the daemon remembers."""
    made = MemoryCard(bench.folder / "card.img", bench.folder / "photos", 64)
    yield made
    bench.kill()
    made.close()


def test_a_slow_card_costs_patience_and_nothing_else(bench, card):
    bench.start({"WATCHDOG_USEC": "2000000"}, storage__state_folder=card.folder / "state", darkroom__queue=2)
    assert_safe(bench.call("shoot"))
    card.slow_down(bench.process.pid, WORN_BYTES_PER_S)
    answers: queue.Queue = queue.Queue()
    threading.Thread(target=lambda: answers.put(bench.call("shoot")), daemon=True).start()
    status = bench.until(lambda status: any("The card is slow" in told for told in status["warnings"]))
    told = next(line for line in lines(status) if "card is slow" in line)
    assert "IMG_0002.DNG" in told and "Leave the camera switched on" in told
    bench.wait_for("The card is slow")

    bench.press()  # while the card is at work on the photo before
    frames = bench.until(lambda status: status["photos"]["queue"] == 2)["camera"]["frames"]
    for _ in range(4):
        bench.wait_for("WATCHDOG=1")
        asked_s = time.monotonic()
        status = bench.call("status")
        assert time.monotonic() - asked_s < ANSWER_S
        assert status["camera"]["state"] == "streaming" and status["camera"]["stalls"] == 0
        assert status["camera"]["frame_age_s"] < 1.0
    assert status["camera"]["frames"] > frames + 30
    assert answers.empty(), "the card was not slow"

    card.slow_down(bench.process.pid, 0)
    status = bench.until(lambda status: status["photos"]["taken"] == 3 and status["state"] == "ready")
    assert status["warnings"] == []
    assert_safe(answers.get(timeout=ANSWER_S))
    second = json.loads((bench.photos / "IMG_0003.json").read_text())["numbers"]
    assert abs(second["press_to_frame_ms"]) < 100, "the press waited for the card"
    assert_none_torn(bench.photos)
    assert bench.stop() == 0
    assert "Stuck" not in bench.log

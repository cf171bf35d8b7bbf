"""Two faults at once: what is true of each alone must hold where they meet."""

from __future__ import annotations

import hashlib
import signal

import pytest
from faults.memory_card import CARD_MB, MemoryCard
from faults.test_card_trouble import LONG_BURST, back, pressed, told
from measures.whole_photos import assert_safe

from firmware.control.client import RequestRefused

pytestmark = pytest.mark.faults


@pytest.fixture
def memory(bench):
    """A file system of its own for what the daemon remembers."""
    made = MemoryCard(bench.folder / "state.img", bench.folder / "state", 8)
    yield made
    bench.kill()
    made.close()


def of_another_camera(folder) -> dict:
    """Photos on a card that came from somewhere else, under the names that ours would have."""
    folder.mkdir(parents=True)
    for number in (1, 2, 3):
        (folder / f"IMG_{number:04d}.DNG").write_bytes(f"the only raw file of wedding {number}".encode())
        (folder / f"IMG_{number:04d}.JPG").write_bytes(f"the only photo of wedding {number}".encode())
    return digests(folder)


def digests(folder) -> dict:
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in sorted(folder.glob("IMG_000[123].*"))}


def test_a_burst_never_touches_the_photos_of_a_card_that_was_put_in_meanwhile(bench, card):
    bench.start(darkroom__mode="night", **LONG_BURST)
    assert_safe(bench.call("shoot", mode="photo"))
    with pressed(bench, "night") as answers:
        dng = bench.photos / "IMG_0002.DNG"
        bench.until(lambda status: dng.exists() and status["burst"] and status["burst"]["collected"] >= 1)
        bench.signal(signal.SIGSTOP)  # whose hands are quick is not the question
        card.pull()
        card.exchange(CARD_MB)
        theirs = of_another_camera(bench.photos)
        bench.signal(signal.SIGCONT)
    assert "exchanged" in str(answers[0]) and "exchanged" in told(bench, "photos failed")
    assert digests(bench.photos) == theirs
    assert not (bench.photos / "IMG_0002.json").exists()
    assert back(bench)["number"] > 3


def test_photos_without_a_place_for_their_numbers_are_told_before_a_press(bench, memory):
    bench.start()
    assert_safe(bench.call("shoot"))
    memory.protect(True)
    assert "read-only" in told(bench, "No photos can be saved")
    bench.wait_for("No photos can be saved")
    bench.press()
    assert "read-only" in told(bench, "The last press was refused")
    memory.protect(False)
    assert back(bench)["number"] == 2
    assert bench.call("status")["warnings"] == [], "a press was accepted since"
    memory.fill()
    assert "card is full" in told(bench, "No photos can be saved")
    memory.make_room()
    assert back(bench)["number"] == 3
    assert bench.stop() == 0


def test_a_card_whose_photos_were_moved_away_gets_its_folders_again(bench, card):
    """What a refusal for want of room tells people to do, done thoroughly, in the middle of a burst."""
    bench.start(darkroom__mode="night", **LONG_BURST)
    assert_safe(bench.call("shoot", mode="photo"))
    with pressed(bench, "night") as answers:
        bench.until(lambda status: status["burst"] and status["burst"]["collected"] >= 1)
        (card.folder / "DCIM").rename(card.folder / "kept")
    assert isinstance(answers[0], RequestRefused)
    assert back(bench)["number"] == 3
    assert "IMG_0002.JPG" in told(bench, "photos failed")


def test_a_pulled_card_is_missed_where_the_camera_once_started_without_one(bench, card):
    card.pull()
    bench.start()
    assert_safe(bench.call("shoot"))
    without = sorted(bench.photos.iterdir())
    card.put()
    assert back(bench)["number"] == 2
    card.pull()
    assert told(bench, "no card, Nightjar")
    with pytest.raises(RequestRefused, match="pulled"):
        bench.call("shoot")
    assert sorted(bench.photos.iterdir()) == without, "a photo went where nobody finds it"
    card.put()
    assert back(bench)["number"] == 3

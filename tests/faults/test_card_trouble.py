"""A card that fills up, turns read-only, is pulled, comes back or is exchanged: told at once, and mended by itself."""

from __future__ import annotations

import contextlib
import json
import threading
from collections.abc import Callable

import pytest
from faults.memory_card import CARD_MB, MemoryCard
from measures.whole_photos import assert_none_torn, assert_safe

from firmware.commands.status import lines
from firmware.control.client import RequestRefused
from firmware.files.raw_files import read_raw

pytestmark = pytest.mark.faults

# A second and more of collecting, and one frame after the other can be waited for.
LONG_BURST = {"exposure__fixed_us": 150_000, "exposure__fixed_gain": 8.0, "night__clean_shadow": 200.0}


def told(bench, words: str) -> str:
    """Wait for the line of `nightjar status` in which a person reads this."""
    status = bench.until(lambda status: any(words in line for line in lines(status)))
    return next(line for line in lines(status) if words in line)


def back(bench) -> dict:
    """The next photo, as soon as the camera says by itself that it is ready; nobody has told it anything."""
    bench.until(lambda status: status["state"] in ("ready", "card fails"))
    photo = bench.call("shoot", mode="photo")
    assert_safe(photo)
    assert bench.call("status")["state"] == "ready"
    return photo


@contextlib.contextmanager
def pressed(bench, mode: str):
    """A press over the socket whose answer is waited for at the end; gives a list with the photo, or the refusal."""
    answers: list[dict | RequestRefused] = []

    def shoot() -> None:
        try:
            answers.append(bench.call("shoot", mode=mode))
        except RequestRefused as refusal:
            answers.append(refusal)

    thread = threading.Thread(target=shoot)
    thread.start()
    yield answers
    thread.join(30)
    assert answers, "the press was never answered"


def test_a_full_card_refuses_the_press_and_takes_the_next_one_when_there_is_room(bench, card):
    bench.start(storage__free_space_floor_mb=1)
    safe = bench.call("shoot")
    card.fill()
    with pytest.raises(RequestRefused, match=r"0 MB free.*Make room"):
        bench.call("shoot")
    assert told(bench, "presses are refused").startswith("warning  0 MB free")
    assert told(bench, "card full, Nightjar")
    bench.wait_for("0 MB free: presses are refused")
    card.make_room()
    assert back(bench)["number"] == safe["number"] + 1
    assert bench.call("status")["warnings"] == []
    assert_safe(safe)


def test_a_card_that_fills_up_in_a_burst_keeps_its_first_frame(bench, card):
    bench.start(darkroom__mode="night", **LONG_BURST)
    safe = bench.call("shoot", mode="photo")
    with pressed(bench, "night") as answers:
        dng = bench.photos / "IMG_0002.DNG"
        bench.until(lambda status: dng.exists() and status["burst"]["collected"] >= 1)
        card.fill()
    assert "card is full" in str(answers[0]), "a photo was promised that is not there"
    assert "IMG_0002.JPG" in told(bench, "photos failed") and "card is full" in told(bench, "photos failed")
    assert read_raw(dng).shot.frames == 1
    assert_none_torn(bench.photos)
    card.make_room()
    assert back(bench)["number"] == 3
    assert_safe(safe)


def test_a_card_that_fills_up_while_a_burst_is_saved_has_the_photo_or_says_that_it_has_not(bench, card):
    bench.start(darkroom__mode="night", **LONG_BURST)
    with pressed(bench, "night") as answers:
        bench.until(lambda status: status["burst"] and status["burst"]["state"] == "merging")
        card.fill()
    if isinstance(answers[0], RequestRefused):
        assert "card is full" in told(bench, "photos failed")
    else:  # the merged raw file took the place of the first frame's, and left room
        assert_safe(answers[0])
    assert read_raw(bench.photos / "IMG_0001.DNG").shot.frames >= 1
    assert_none_torn(bench.photos)
    card.make_room()
    assert back(bench)["number"] == 2


def test_a_read_only_card_is_told_and_used_again_when_it_can_be_written(bench, card):
    bench.start()
    safe = bench.call("shoot")
    card.protect(True)
    with pytest.raises(RequestRefused, match="read-only"):
        bench.call("shoot")
    assert "remount,rw" in told(bench, "No photos can be saved")
    bench.wait_for("No photos can be saved")
    card.protect(False)
    assert back(bench)["number"] == safe["number"] + 1
    assert bench.call("status")["warnings"] == []
    assert_safe(safe)


def test_a_card_that_turns_read_only_under_a_photo_does_not_promise_it(bench, card):
    """ext4's own answer to a failing card; checked and mounted anew it can be written again."""
    bench.start(darkroom__mode="night", **LONG_BURST)
    with pressed(bench, "night") as answers:
        dng = bench.photos / "IMG_0001.DNG"
        bench.until(lambda status: dng.exists() and status["burst"] and status["burst"]["collected"] >= 1)
        card.fail()
    assert "read-only" in str(answers[0])
    assert "read-only, often the sign of a failing card" in told(bench, "photos failed")
    assert told(bench, "card fails, Nightjar") or told(bench, "no card, Nightjar")  # as the kernel admits to it
    bench.wait_for("read-only, often the sign of a failing card")
    assert_none_torn(bench.photos)
    card.pull()
    assert told(bench, "no card, Nightjar")
    card.put()
    assert back(bench)["number"] == 2
    assert read_raw(dng).shot.frames == 1


def without_card(bench, card: MemoryCard, change: Callable[[], None]) -> None:
    """Pull it, press in vain by socket and button, and do something before the camera finds out by itself."""
    card.pull()
    with pytest.raises(RequestRefused, match=r"pulled.*Mount it"):
        bench.call("shoot")
    assert told(bench, "no card, Nightjar")
    assert "pulled or never mounted" in told(bench, "No photos can be saved")
    bench.wait_for("No photos can be saved")
    bench.press()
    bench.until(lambda status: status["light"] == "error")
    assert not list(card.folder.iterdir()), "photos went where the card should be"
    change()


def test_a_card_that_is_pulled_and_put_back_is_used_again(bench, card):
    bench.start()
    safe = bench.call("shoot")
    without_card(bench, card, card.put)
    assert back(bench)["number"] == safe["number"] + 1
    assert_safe(safe)
    assert bench.stop() == 0


def test_another_card_is_taken_with_its_numbers_its_leftovers_and_its_lock(bench, card, tmp_path):
    bench.start()
    assert_safe(bench.call("shoot"))

    def exchange() -> None:
        card.exchange(CARD_MB)
        pictures = card.folder / "DCIM" / "100NGHTJ"
        pictures.mkdir(parents=True)
        (pictures / "IMG_0041.json").write_text(json.dumps({"from": "another camera"}))
        (pictures / ".IMG_0042.DNG.partial").write_bytes(b"torn")

    without_card(bench, card, exchange)
    assert back(bench)["number"] == 43
    assert not list(bench.photos.glob(".*")), "half-written files were not swept"
    first = bench.process
    bench.launch(control__socket=str(tmp_path / "other.sock"), storage__state_folder=tmp_path / "other-state")
    assert bench.process.wait(20) == 1 and "another Nightjar" in bench.log
    bench.process = first


def test_a_blank_card_gets_its_folders_and_the_numbers_go_on(bench, card):
    bench.start()
    assert bench.call("shoot")["number"] == 1
    without_card(bench, card, lambda: card.exchange(CARD_MB))
    assert back(bench)["number"] == 2
    assert card.folder in bench.photos.parents


def test_a_card_that_is_pulled_under_a_photo_promises_nothing_and_the_next_photo_is_whole(bench, card):
    bench.start()
    safe = bench.call("shoot")
    card.slow_down(bench.process.pid, 200_000)  # three seconds for the raw file
    with pressed(bench, "photo") as answers:
        bench.until(lambda _: (bench.photos / ".IMG_0002.DNG.partial").exists())
        card.pull()
    assert isinstance(answers[0], RequestRefused) and "pulled" in str(answers[0])
    card.slow_down(bench.process.pid, 0)
    card.put()
    assert back(bench)["number"] == 3
    assert_none_torn(bench.photos)
    assert_safe(safe)
    bench.stop()
    bench.start()
    assert not list(bench.photos.glob(".*")), "half-written files were not swept"

"""A card that is slow, or says nothing: its files move in pieces, who waits for it lives, and who asks is answered."""

from __future__ import annotations

import os
import threading
import time
from concurrent.futures import Future

import pytest

from firmware.errors import StorageError
from firmware.service.heartbeat import Heartbeats
from firmware.settings import StorageSettings
from firmware.storage.card import Card
from firmware.storage.card_writer import WRITE_LIMIT_S, CardWriter
from firmware.storage.durable import write_new
from firmware.storage.pieces import FEWEST_BYTES, FIRST_BYTES, PIECE_S, Pieces
from firmware.storage.room import Room

PATIENCE_S = 20.0


def pieces_of(size: int, bytes_per_s: float | None, path) -> list[int]:
    """How many bytes became durable at a time, on a card that was seen to be so fast."""
    pieces, moved = Pieces(), []
    pieces.bytes_per_s = bytes_per_s
    pieces.moved = lambda size: moved.append(size)
    write_new(path, [bytes(size // 2), bytes(size - size // 2)], pieces)
    assert path.stat().st_size == size
    return moved


def test_a_card_in_good_health_takes_a_file_whole_and_a_slow_one_two_seconds_worth_at_a_time(tmp_path):
    assert pieces_of(24_000_000, 20e6, tmp_path / "fast") == [24_000_000]
    slow = pieces_of(600_000, 50_000, tmp_path / "slow")
    assert slow[0] == PIECE_S * 50_000  # what comes next goes by how fast this disk is
    assert sum(slow) == 600_000
    assert pieces_of(FIRST_BYTES + 1, None, tmp_path / "new")[0] == FIRST_BYTES


def test_pieces_go_by_what_the_card_did_last_and_never_become_crumbs():
    pieces = Pieces()
    pieces.took(10_000_000, 0.5)
    assert pieces.at_once_bytes == PIECE_S * 20_000_000
    pieces.took(1000, 5.0)  # a sidecar
    assert pieces.at_once_bytes == PIECE_S * 20_000_000
    pieces.took(1_000_000, 1000.0)
    assert pieces.at_once_bytes == FEWEST_BYTES


@pytest.fixture
def card(tmp_path):
    settings = StorageSettings(folder=str(tmp_path), state_folder=str(tmp_path / "state"), free_space_floor_mb=0)
    card = Card(settings)
    card.open()
    yield card
    card.close()


def test_the_card_thread_proves_with_each_piece_that_it_lives(card):
    heartbeats = Heartbeats()
    writer = CardWriter(card, heartbeats)
    may_go, begun, asked_s = threading.Event(), threading.Event(), []

    def parts():
        asked_s.append(time.monotonic())  # and the thread had beaten before
        yield bytes(FIRST_BYTES)  # durable before the next part is asked for
        begun.set()
        assert may_go.wait(PATIENCE_S)
        yield b"the rest"

    writer.start()
    done = writer.write(card.reserve().dng, parts())
    assert begun.wait(PATIENCE_S)
    beat_s = time.monotonic() - heartbeats.ages_s()["card"]
    assert beat_s > asked_s[0]
    assert heartbeats.late(beat_s + WRITE_LIMIT_S - 1) == []
    assert heartbeats.late(beat_s + WRITE_LIMIT_S + 1) == ["card"], "a card that hangs is not noticed"
    may_go.set()
    assert done.result(PATIENCE_S)
    writer.close(PATIENCE_S)


def test_who_waits_for_the_card_goes_on_proving_that_he_lives(card):
    heartbeats, done = Heartbeats(), Future()
    writer = CardWriter(card, heartbeats)
    heartbeats.beat("darkroom", within_s=-1.0)
    assert heartbeats.late() == ["darkroom"]
    refusals = []
    waiting = threading.Thread(target=lambda: refusals.append(writer.finished(done, "darkroom", 60.0)))
    waiting.start()
    deadline_s = time.monotonic() + PATIENCE_S
    while heartbeats.late():
        assert time.monotonic() < deadline_s
    done.set_exception(StorageError("the card is full"))
    waiting.join(PATIENCE_S)
    assert str(refusals[0]) == "the card is full"


def test_a_card_that_hangs_holds_up_nobody_who_asks_for_room():
    may_answer, answers = threading.Event(), iter([5_000_000, 7_000_000])

    def measure():
        answer = next(answers)
        if answer == 7_000_000:
            assert may_answer.wait(PATIENCE_S)
        return answer

    room = Room(measure)
    assert (room.free_bytes(), room.silent_s) == (5_000_000, 0.0)
    assert room.free_bytes() == 5_000_000, "what was known last"
    owes_s = room.silent_s
    assert owes_s > 0
    began_s = time.monotonic()
    assert [room.free_bytes() for _ in range(100)] == 100 * [5_000_000]
    assert time.monotonic() - began_s < PATIENCE_S / 4, "everyone waits for it anew"
    may_answer.set()
    deadline_s = time.monotonic() + PATIENCE_S
    while room.silent_s:
        assert time.monotonic() < deadline_s


def test_a_card_that_never_answered_is_no_card():
    never = threading.Event()
    room = Room(lambda: never.wait(PATIENCE_S) or 0)
    with pytest.raises(StorageError, match="does not answer"):
        room.free_bytes()
    never.set()


def test_a_card_that_is_gone_says_so_each_time():
    def measure():
        raise StorageError("the card was pulled")

    room = Room(measure)
    for _ in range(2):
        with pytest.raises(StorageError, match="pulled"):
            room.free_bytes()


def test_pictures_that_were_made_anew_are_taken_anew(card, tmp_path):
    """A folder that somebody moved away and made again has lost our lock; numbers go on all the same."""
    assert card.reserve().number == 1
    os.rename(tmp_path / "DCIM", tmp_path / "moved")
    (tmp_path / "DCIM").mkdir()
    name = card.reserve()
    card.write(name.jpeg, b"photo")
    assert name.number == 2
    settings = StorageSettings(folder=str(tmp_path), state_folder=str(tmp_path / "other"), free_space_floor_mb=0)
    with pytest.raises(StorageError, match="another Nightjar"):
        Card(settings).open()

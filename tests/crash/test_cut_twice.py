"""A life is killed, the next one starts on what it left, and then the power goes: what that one told of is there."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from crash.cutting import cut_everywhere
from crash.operations import Told
from crash.recording import Recording, TracedProcess, strace_command

from firmware.demo.bench_daemon import same_code

# The storage of one life: the start, photos' files, choices. One line tells of each photo and of each choice.
LIFE = """
import sys
from firmware.settings import StorageSettings
from firmware.storage.card import Card
from firmware.zoom.chosen import ChosenZoom
card = Card(StorageSettings(sys.argv[1] + "/photos", sys.argv[1] + "/state", free_space_floor_mb=0))
zoom = ChosenZoom(sys.argv[1] + "/state")
card.open()
zoom.open()
for _ in range(int(sys.argv[2])):
    name = card.reserve()
    card.write(name.dng, [b"first", bytes([name.number % 256]) * 5000])
    card.replace(name.dng, [b"merged", bytes([name.number % 256]) * 5000])
    card.write(name.sidecar, b"recipe")
    card.write(name.jpeg, b"photo %d" % name.number)
    sys.stdout.buffer.write(b"saved %s\\n" % name.jpeg.name.encode())
    sys.stdout.flush()
    zoom.choose(1.0 + name.number / 10)
    print("chosen", flush=True)
"""
# Before which call of the first life the kill comes: system call, and which one of them.
MOMENTS = [("mkdir", number) for number in range(1, 5)] + [("rename", number) for number in range(1, 5)]
MOMENTS += [(call, number) for call in ("link", "unlink") for number in range(1, 4)]
MOMENTS += [("fsync", number) for number in range(1, 24)]


def tells_of(root: Path):
    def tells(message: bytes) -> Iterator[Told]:
        for name in re.findall(rb"saved (IMG_\d{4}).JPG", message):
            stem = root / "photos/DCIM/100NGHTJ" / name.decode()
            yield Told(tuple(stem.with_suffix(ending) for ending in (".DNG", ".json", ".JPG")))
        if b"chosen" in message:
            yield Told((root / "state/zoom.json",))

    return tells


def live(recording: Recording, photos: int, *options: str) -> int:
    """One traced life; it goes on where the last one ended."""
    trace = recording.root / "trace.txt"
    command = [*strace_command(trace, *options), sys.executable, "-P", "-c", LIFE, str(recording.root), str(photos)]
    code = TracedProcess(command, env=same_code(), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL).wait(60)
    recording.read(trace)
    return code


def new_recording(root: Path) -> Recording:
    root.mkdir()
    return Recording(root, ("photos", "state"), tells_of(root))


def judge(recording: Recording, memory: Path, name: str, first: int = 0):
    site = memory / f"site-{name}"
    site.mkdir()
    return cut_everywhere(recording.operations, recording.root, site, first=first)


def test_a_life_that_ends_well_leaves_nothing_amiss_at_any_point(memory):
    recording = new_recording(memory / "life")
    assert live(recording, photos=1) == 0
    judged = judge(recording, memory, "life")
    assert judged.states > 50 and not judged.complaints, judged.in_words()


@pytest.mark.slow
def test_a_life_after_one_that_was_killed_before_any_of_its_steps(memory):
    points = states = kills = 0
    for call, number in MOMENTS:
        recording = new_recording(memory / f"{call}-{number}")
        killed = f"inject=?{call},?{call}at:signal=KILL:when={number}"
        kills += live(recording, 1, "-e", killed) < 0
        first = len(recording.operations)
        assert live(recording, 1) == 0
        judged = judge(recording, memory, f"{call}-{number}", first)
        assert not judged.complaints, f"killed before {call} {number}: {judged.in_words()}"
        points, states = points + judged.points, states + judged.states
    print(f"{kills} kills, {points} cuts, {states} states")
    assert kills > 0.8 * len(MOMENTS), "most lives ended before they were killed"

"""Claims about the model of a file system: it loses what was not synced, and catches writers that trust it too much."""

from __future__ import annotations

from pathlib import Path

import pytest
from crash.file_system import BLOCK_BYTES, FileSystem
from crash.operations import Link, Make, Remove, Rename, Sync, Truncate, Write

ROOT = Path("/card")
FILE, HIDDEN = ROOT / "photo", ROOT / ".photo.partial"
WRITING = (Make(HIDDEN), Write(HIDDEN, b"whole", 0))


def after(*operations, kept=None, **kind):
    """Every state after these operations, as {name: bytes}."""
    system = FileSystem([ROOT], **kind)
    for path, data in (kept or {}).items():
        system.keep(path, data)
    for operation in operations:
        system.do(operation)
    return [
        {path.relative_to(ROOT).as_posix(): content and content.data for path, content in state.items()}
        for state in system.states()
    ]


def found(name, states):
    """What a name holds in these states; None where it is not there."""
    return {state.get(name) for state in states}


def test_nothing_that_was_not_synced_is_sure():
    assert found("photo", after(Make(FILE), Write(FILE, b"whole", 0))) == {None, b"", bytes(5), b"whole"}


def test_a_synced_file_without_a_synced_name_may_be_gone_but_not_torn():
    states = after(Make(FILE), Write(FILE, b"whole", 0), Sync(FILE))
    assert found("photo", states) == {None, b"whole"}


def test_what_was_synced_with_its_name_is_all_that_there_is():
    assert after(Make(FILE), Write(FILE, b"whole", 0), Sync(FILE), Sync(ROOT)) == [{"photo": b"whole"}]


def test_a_writer_that_renames_without_fsync_is_caught():
    """The 0-byte file under its final name, of which every other camera's forum tells."""
    assert b"" in found("photo", after(*WRITING, Rename(HIDDEN, FILE)))
    assert b"" in found("photo", after(*WRITING, Rename(HIDDEN, FILE), Sync(ROOT)))


def test_a_rename_is_one_step_on_posix_and_two_on_fat():
    steps = (*WRITING, Sync(HIDDEN), Rename(HIDDEN, FILE))
    assert found("photo", after(*steps, kept={FILE: b"old"})) == {b"old", b"whole"}
    named = [{"photo": b"old"}, {"photo": b"old", ".photo.partial": b"whole"}, {"photo": b"whole"}]
    assert sorted(map(sorted, after(*steps, kept={FILE: b"old"}))) == sorted(map(sorted, named))
    both = {"photo": b"whole", ".photo.partial": b"whole"}
    assert both in after(*steps, rename_is_one_step=False) and both not in after(*steps)


def test_a_link_and_the_removal_of_the_old_name_come_in_any_order():
    states = after(*WRITING, Sync(HIDDEN), Sync(ROOT), Link(HIDDEN, FILE), Remove(HIDDEN))
    assert sorted(map(sorted, states)) == [[], [".photo.partial"], [".photo.partial", "photo"], ["photo"]]


def test_blocks_are_kept_one_by_one_and_in_any_order():
    first, second = b"1" * BLOCK_BYTES, b"2" * BLOCK_BYTES
    states = after(Make(FILE), Sync(ROOT), Write(FILE, first + second, 0))
    nothing = bytes(BLOCK_BYTES)
    assert found("photo", states) == {b"", first + second, nothing + second, first + nothing, nothing + nothing}


def test_a_large_file_is_torn_in_many_ways_and_found_whole_too():
    data = bytes(range(256)) * 16 * 100
    contents = found("photo", after(Make(FILE), Sync(ROOT), Write(FILE, data, 0)))
    assert {b"", data, data[:-BLOCK_BYTES] + bytes(BLOCK_BYTES), bytes(len(data))} <= contents
    assert len(contents) > 10


def test_what_is_emptied_to_be_written_anew_may_be_old_empty_or_new():
    states = after(Truncate(FILE), Write(FILE, b"new", 0), kept={FILE: b"older"})
    assert {b"older", b"", b"new", b"newer"} <= found("photo", states)


def test_a_folder_that_was_not_synced_takes_its_files_with_it():
    folder, file = ROOT / "100NGHTJ", ROOT / "100NGHTJ/photo"
    writing = (Make(folder, is_folder=True), Make(file), Write(file, b"whole", 0), Sync(file), Sync(folder))
    assert {} in after(*writing)
    assert after(*writing, Sync(ROOT)) == [{"100NGHTJ": None, "100NGHTJ/photo": b"whole"}]


def test_a_sync_does_not_keep_what_began_after_it():
    racing = (Make(FILE), Sync(ROOT), Write(FILE, b"1", 0), Write(FILE, b"2", 1), Sync(FILE, begun=3))
    assert found("photo", after(*racing)) >= {b"1", b"12"}
    assert b"" not in found("photo", after(*racing))


@pytest.mark.parametrize("names", [3, 30])
def test_many_names_are_lost_one_by_one_too(names):
    system = FileSystem([ROOT])
    for number in range(names):
        system.do(Make(ROOT / str(number)))
    counts = {len(state) for state in system.states()}
    assert {0, 1, names - 1, names} <= counts

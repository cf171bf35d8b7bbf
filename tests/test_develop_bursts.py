"""`nightjar develop --mode night DIR`: a folder of recorded frames becomes one photo and one merged raw file."""

from __future__ import annotations

import dataclasses
import json
import re
import shutil

import numpy as np
import pytest
from measures.exposed import exposed
from measures.luma_chroma import luma_of
from PIL import Image

from firmware.files.dng import encode_dng
from firmware.files.raw_files import read_raw
from isp.frames import RawFrame

FRAMES = 4
FRAME_NS = 100_000_000


def record(folder, frames=FRAMES, level=0.1, first=0):
    """A burst of a still scene with texture, as DNGs in the order in which they were taken."""
    folder.mkdir()
    y, x = np.mgrid[:96, :160]
    scene = level * (1 + 0.3 * np.sign(np.sin(x / 9) * np.sin(y / 7)))
    for number in range(first, first + frames):
        frame = exposed(scene, gain=16.0, seed=number + 1)
        times = {"timestamp_ns": 10**9 + number * FRAME_NS, "wall_time_ns": 1763800000 * 10**9 + number * FRAME_NS}
        frame = RawFrame(frame.pixels, dataclasses.replace(frame.shot, **times))
        (folder / f"IMG_{number:04d}.DNG").write_bytes(b"".join(encode_dng(frame, None)))
    return folder


def pixels_of(jpeg):
    with Image.open(jpeg) as picture:
        return np.asarray(picture)


def test_a_folder_becomes_one_clean_photo_its_merged_raw_and_its_sidecar(tmp_path, ask):
    street = record(tmp_path / "street")
    code, out, error = ask("develop", "--mode", "night", street, "-o", tmp_path / "out")
    assert code == 0, error
    assert sorted(file.name for file in (tmp_path / "out").iterdir()) == ["street.DNG", "street.JPG", "street.json"]
    assert f"{street} -> {tmp_path / 'out' / 'street.JPG'}  mode night, planned anew, {FRAMES} frames merged, " in out
    told = [line for line in error.splitlines() if line.startswith("[")]
    assert told == [
        *(f"[{n + 1}/{FRAMES + 1}] {street / f'IMG_{n:04d}.DNG'}" for n in range(FRAMES)),
        f"[{FRAMES + 1}/{FRAMES + 1}] {street}: developing",
    ]
    sidecar = json.loads((tmp_path / "out/street.json").read_text())
    assert sidecar["mode"] == "night"
    assert sidecar["numbers"]["frames_merged"] == FRAMES
    frames = sidecar["burst"]["frames"]
    assert [frame["file"] for frame in frames] == [f"IMG_{n:04d}.DNG" for n in range(FRAMES)]
    assert [frame["is_reference"] for frame in frames].count(True) == 1
    assert all(frame["share"] > 0.9 for frame in frames)
    merged, first = read_raw(tmp_path / "out/street.DNG"), read_raw(street / "IMG_0000.DNG")
    assert merged.shot.frames == FRAMES
    assert merged.shot.noise.shot < first.shot.noise.shot / 2
    spread = [
        (frame.pixels[:, :96] / (frame.shot.white_dn - frame.shot.black_dn[0])).std() for frame in (merged, first)
    ]
    assert spread[0] < spread[1]


def test_the_merged_raw_with_its_sidecar_gives_the_photo_byte_for_byte(tmp_path, ask):
    street = record(tmp_path / "street")
    assert ask("develop", "--mode", "night", street, "-o", tmp_path / "out")[0] == 0
    assert ask("develop", tmp_path / "out/street.DNG", "-o", tmp_path / "again", "--threads", 1)[0] == 0
    jpegs = [(tmp_path / folder / "street.JPG").read_bytes() for folder in ("out", "again")]
    assert jpegs[0] == jpegs[1]
    told = [json.loads((tmp_path / folder / "street.json").read_text())["burst"] for folder in ("out", "again")]
    assert told[0] == told[1] and len(told[0]["frames"]) == FRAMES
    # Without the sidecar it is planned as any raw file is, in the mode of the settings: another look.
    assert ask("develop", tmp_path / "out/street.DNG", "-o", tmp_path / "plain", "--mode", "plain")[0] == 0
    grain = [luma_of(pixels_of(tmp_path / folder / "street.JPG").astype(float)).std() for folder in ("out", "plain")]
    assert grain[0] != grain[1]


def test_several_folders_are_several_bursts_and_one_that_fails_does_not_stop_the_others(tmp_path, ask):
    for name, level in (("bar", 0.05), ("street", 0.1)):
        record(tmp_path / name, level=level, frames=2)
    (tmp_path / "mixed").mkdir()
    shutil.copy(tmp_path / "bar/IMG_0000.DNG", tmp_path / "mixed/a.DNG")
    other = read_raw(tmp_path / "bar/IMG_0001.DNG")
    other = RawFrame(np.ascontiguousarray(other.pixels[:64]), other.shot)
    (tmp_path / "mixed/b.DNG").write_bytes(b"".join(encode_dng(other, None)))
    folders = [tmp_path / name for name in ("bar", "mixed", "street")]
    code, out, _ = ask("develop", "--mode", "night", *folders, "-o", tmp_path / "out", "--json")
    told = json.loads(out)
    assert (code, told["error"]) == (1, "1 of 3 bursts failed")
    assert [photo["raw"] for photo in told["photos"]] == [str(folders[0]), str(folders[2])]
    assert [failure["raw"] for failure in told["failed"]] == [str(folders[1])]
    assert "b.DNG" in told["failed"][0]["error"]
    assert not (tmp_path / "out/mixed.DNG").exists()


def test_a_single_file_is_developed_as_it_is_and_said_to_be(tmp_path, ask):
    street, out = record(tmp_path / "street"), tmp_path / "out"
    assert ask("develop", "--mode", "night", street, "-o", out)[0] == 0
    code, _, error = ask(
        "develop", "--mode", "night", street / "IMG_0000.DNG", out / "street.DNG", "-o", tmp_path / "one"
    )
    assert code == 0, error
    assert "Files named singly are developed as they are" in error
    names = sorted(file.name for file in (tmp_path / "one").iterdir())
    assert names == ["IMG_0000.JPG", "IMG_0000.json", "street.JPG", "street.json"]
    # Planned anew in the same mode, a merged file gives the same photo as its folder did.
    assert (tmp_path / "one/street.JPG").read_bytes() == (out / "street.JPG").read_bytes()
    numbers = [json.loads((tmp_path / "one" / name).read_text())["numbers"] for name in (names[1], names[3])]
    assert "frames_merged" not in numbers[0] and numbers[1]["frames_merged"] == FRAMES


def test_a_frame_that_gave_nothing_is_named(tmp_path, ask):
    street = record(tmp_path / "street", frames=3)
    again = read_raw(street / "IMG_0000.DNG")
    later = dataclasses.replace(again.shot, timestamp_ns=again.shot.timestamp_ns + 10 * FRAME_NS)
    (street / "IMG_0009.DNG").write_bytes(b"".join(encode_dng(RawFrame(again.pixels, later), None)))
    code, out, error = ask("develop", "--mode", "night", street, "-o", tmp_path / "out")
    assert code == 0, error
    assert "left out: IMG_0009.DNG: It holds the very same pixels as frame 0." in out


def test_the_settings_say_which_merge_is_taken(tmp_path, ask):
    street = record(tmp_path / "street", frames=3)
    for merge in ("fine", "quick"):
        out = tmp_path / merge
        assert ask("develop", "--mode", "night", street, "-o", out, "--set", f"night.merge={merge}")[0] == 0
    assert (tmp_path / "fine/street.DNG").read_bytes() != (tmp_path / "quick/street.DNG").read_bytes()


def test_a_folder_of_bursts_is_no_burst_and_says_what_to_name(tmp_path, ask):
    (tmp_path / "card").mkdir()
    street = record(tmp_path / "card/street", frames=1)
    code, _, error = ask("develop", "--mode", "night", tmp_path / "card")
    assert code == 1 and f"Name the bursts inside it, each a folder: {street} ..." in error


def test_a_folder_of_one_frame_is_that_frame_developed(tmp_path, ask):
    street, out = record(tmp_path / "street", frames=1), tmp_path / "out"
    assert ask("develop", "--mode", "night", street, "-o", out)[0] == 0
    assert ask("develop", "--mode", "night", street / "IMG_0000.DNG", "-o", out)[0] == 0
    folder, file = (pixels_of(out / name).astype(int) for name in ("street.JPG", "IMG_0000.JPG"))
    assert np.abs(folder - file).max() <= 2
    assert read_raw(out / "street.DNG").shot.frames == 1


def test_nothing_is_replaced_without_being_told_and_an_empty_folder_is_named(tmp_path, ask):
    street, out = record(tmp_path / "street", frames=2), tmp_path / "out"
    out.mkdir()
    (out / "street.DNG").write_bytes(b"mine")
    code, _, error = ask("develop", "--mode", "night", street, "-o", out)
    assert (code, (out / "street.DNG").read_bytes()) == (1, b"mine")
    assert "--force" in error and not (out / "street.JPG").exists()
    assert ask("develop", "--mode", "night", street, "-o", out, "--force")[0] == 0
    assert read_raw(out / "street.DNG").shot.frames == 2
    (tmp_path / "empty").mkdir()
    code, _, error = ask("develop", "--mode", "night", tmp_path / "empty")
    assert code == 1 and f"no raw file in {tmp_path / 'empty'}" in error


@pytest.mark.parametrize("words", [["--mode", "photo"], []])
def test_in_other_modes_a_folder_is_photos_one_by_one(tmp_path, ask, words):
    street = record(tmp_path / "street", frames=2)
    assert ask("develop", street, "-o", tmp_path / "out", *words)[0] == 0
    assert len(list((tmp_path / "out").glob("*.JPG"))) == 2


def another_size(frame):
    return RawFrame(np.ascontiguousarray(frame.pixels[:64]), frame.shot)


def with_facts(**facts):
    return lambda frame: RawFrame(frame.pixels, dataclasses.replace(frame.shot, **facts))


@pytest.mark.parametrize(
    "change, words",
    [
        (another_size, "160 x 64 pixels, frame 0 is 160 x 96. Merge each size by itself"),
        (with_facts(bayer="GRBG"), "bayer = 'GRBG', frame 0 has 'RGGB'; they must be the same. Merge each kind"),
        (with_facts(timestamp_ns=1), "Give each frame once, in the order they were taken"),
        (with_facts(sensor="unknown", noise=None), "nothing of its noise.* Use raw files that Nightjar wrote"),
    ],
)
def test_a_frame_that_does_not_fit_is_named_with_what_to_do_and_nothing_is_written(tmp_path, ask, change, words):
    street, out = record(tmp_path / "street", frames=3), tmp_path / "out"
    wrong = street / "IMG_0002.DNG"
    wrong.write_bytes(b"".join(encode_dng(change(read_raw(wrong)), None)))
    code, _, error = ask("develop", "--mode", "night", street, "-o", out)
    assert code == 1
    assert re.search(f"{re.escape(str(wrong))} does not fit into the burst: Frame 2 .*{words}", error), error
    assert not out.exists()

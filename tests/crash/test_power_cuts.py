"""The power goes while the real camera shoots, at any point: its next start finds every photo that was told of."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from crash.changes import FOLDER, Content
from crash.cutting import cut_everywhere
from crash.forked import begin_forked
from crash.operations import Told
from crash.recording import Recording, begin_traced

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1200)]
MODES = ("photo", "plain", "night", "portrait", "zoom")
SHORT = {"night__handheld_frames": 3, "night__tripod_frames": 3, "night__handheld_us": 20_000, "zoom__frames": 3}
SHORT |= {"zoom__dim_frames": 3, "simulated__handshake_px": 6.0, "simulated__scene": "astronaut"}
SHORT |= {"accelerator__models_folder": "/nowhere"}
SAVED = re.compile(rb"(IMG_\d{4})\.JPG: mode .* saved after")
# What is not ours, and looks much like it.
OTHERS = {
    "photos/DCIM/100CANON/IMG_0500.JPG": b"another camera's",
    "photos/DCIM/100CANON/.IMG_0501.JPG.partial": b"another program's",
    "photos/DCIM/.IMG_0001.DNG.partial": b"not in our folder",
    "photos/DCIM/100NGHTJ/.IMG_0500.JPG.part": b"nor with our ending",
    "photos/DCIM/100NGHTJ/notes.txt": b"of somebody",
    "state/.models.partial": b"of somebody else",
}
# A life that ended in the middle of it all left this.
LEFT = {
    "photos/DCIM/100NGHTJ/.IMG_0007.DNG.partial": b"torn",
    "state/photo-number": b"7\n",
    "state/.photo-number.partial": b"",
    "state/.zoom.json.partial": b'{"format": 1',
}


def tells_of(root: Path, keeps_raw: bool):
    """What the camera promises with an answer, or with the line of the log after which the light says `saved`."""
    state, photos = root / "state", root / "photos/DCIM/100NGHTJ"

    def tells(message: bytes) -> Iterator[Told]:
        for name in SAVED.findall(message):
            stem = photos / name.decode()
            endings = (".JPG", ".json", ".DNG") if keeps_raw else (".JPG", ".json")
            yield Told(tuple(map(stem.with_suffix, endings)), "saved")
        try:
            answer = json.loads(message).get("result", {})
        except (ValueError, AttributeError):
            return
        if answer.get("saved"):
            files = [answer["jpeg"], answer["dng"], answer["sidecar"], *answer["beside"]]
            yield Told(tuple(map(Path, filter(None, files))), "answered")
        elif "crop" in answer and "factor" in answer:
            yield Told((state / "zoom.json",), "zoom")
        elif "light_in" in answer:
            yield Told((state / "white-balance.json",), "white balance")

    return tells


def put(root: Path, files: dict[str, bytes]) -> dict[Path, bytes | None]:
    """Files that are there before, durable, with their folders."""
    there: dict[Path, bytes | None] = {}
    for name, data in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
        there |= {folder: None for folder in path.parents if folder.is_relative_to(root) and folder != root}
        there[path] = data
    return there


def record(bench, before, live, *options, **settings) -> Recording:
    """One life of the daemon, traced, in which `live` happens; then kill -9."""
    trace = bench.folder / "trace.txt"
    bench.begin = begin_traced(trace, *options)
    tells = tells_of(bench.folder, settings.get("storage__dng", True))
    recording = Recording(bench.folder, ("photos", "state"), tells)
    for path in (path for path, data in before.items() if data is not None):
        recording.was_there(path)
    bench.start(**SHORT, **settings)
    live(bench)
    bench.kill()
    recording.read(trace)
    assert any(isinstance(operation, Told) for operation in recording.operations), "nothing was ever told"
    return recording


def shoot_in(*modes):
    def live(bench):
        for mode in modes:
            bench.call("shoot", mode=mode)

    return live


@pytest.mark.parametrize("mode", MODES)
def test_a_fresh_card_and_the_first_photo_in_each_mode(bench, memory, mode):
    recording = record(bench, {}, shoot_in(mode))
    judged = cut_everywhere(recording.operations, bench.folder, memory)
    print(f"{mode}: {judged.in_words()}")
    assert not judged.complaints, judged.in_words()


def test_presses_and_choices_in_a_row_on_a_card_with_other_peoples_files(bench, memory):
    def live(bench):
        for number, mode in enumerate(MODES, 1):
            bench.call("mode", name=mode)
            bench.press()
            bench.call("zoom", factor=1.0 + number / 4)
            bench.wait_for(f"{number} photos, 0 in work")
            bench.call("white_balance", action="choose", choice=f"{3000 + number * 500}K")
        bench.call("white_balance", action="choose", choice="auto")
        bench.call("white_balance", action="lock")
        bench.call("zoom", reset=True)

    before = put(bench.folder, OTHERS | LEFT)
    recording = record(bench, before, live)
    judged = cut_everywhere(recording.operations, bench.folder, memory, before)
    print(judged.in_words())
    assert not judged.complaints, judged.in_words()


def test_without_raw_files_the_photo_is_safe_before_its_recipe(bench, memory):
    recording = record(bench, {}, shoot_in("photo", "portrait", "night"), storage__dng=False)
    judged = cut_everywhere(recording.operations, bench.folder, memory)
    print(judged.in_words())
    assert not judged.complaints, judged.in_words()


def test_a_card_without_hard_links_where_a_rename_is_two_steps(bench, memory):
    """FAT and exFAT: photos that were told of are safe there too."""
    no_links = ("-e", "inject=?link,?linkat:error=EPERM")
    recording = record(bench, {}, shoot_in("photo", "night", "portrait"), *no_links)
    judged = cut_everywhere(recording.operations, bench.folder, memory, rename_is_one_step=False)
    print(judged.in_words())
    assert not judged.complaints, judged.in_words()


@pytest.mark.parametrize(
    ("lie", "complaint"),
    [
        ("inject=fsync:retval=0", "gone"),  # all of them
        ("inject=fsync:retval=0:when=2+2", "torn"),  # of the card's thread those of files
        ("inject=fsync:retval=0:when=1+2", "gone"),  # and those of folders, which most programs forget
    ],
)
def test_a_camera_whose_fsync_does_nothing_is_caught(bench, memory, lie, complaint):
    recording = record(bench, {}, shoot_in("photo", "photo"), "-e", lie)
    judged = cut_everywhere(recording.operations, bench.folder, memory, until_amiss=True)
    print(judged.in_words())
    assert any(complaint in text for text in judged.complaints)


def test_the_whole_camera_starts_on_such_states_says_what_was_cut_off_and_shoots(bench, benches, memory):
    recording = record(bench, {}, shoot_in("night", "portrait"))
    sample = cut_everywhere(recording.operations, bench.folder, memory, sample_every=60).sample
    assert len(sample) >= 5
    said = 0
    for number, (state, promised) in enumerate(sample):
        camera = benches(str(number), begin_forked)
        for path, content in sorted(state.items()):
            place = camera.folder / path.relative_to(bench.folder)
            place.mkdir(exist_ok=True) if content is FOLDER else place.write_bytes(content.data)
        camera.start()
        for path, allowed in promised.items():
            place = camera.folder / path.relative_to(bench.folder)
            assert Content(place.read_bytes()).digest in allowed
        cut_off = [raw for raw in camera.photos.glob("*.DNG") if not raw.with_suffix(".JPG").exists()]
        swept = [path.name for path in state if path.name.startswith(".IMG")]
        warnings = " ".join(camera.call("status")["warnings"])
        assert all(str(raw) in warnings for raw in cut_off)
        assert all(f"{name[1:].removesuffix('.partial')}" in camera.log for name in swept), "nobody said what was swept"
        said += bool(cut_off) + bool(swept)
        photo = camera.call("shoot")
        assert not any(path.name.startswith(Path(photo["jpeg"]).stem) for path in promised)
        assert camera.stop() == 0
    assert said, "none of these states had anything to tell of"

"""Claims about the card: numbers are never used twice, files are whole or absent, trouble is told with its mending."""

import dataclasses
import errno
import os
import re
import shutil
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from firmware.errors import StorageError
from firmware.settings import StorageSettings
from firmware.storage.card import Card
from firmware.storage.durable import write_over
from firmware.storage.photo_name import PhotoName
from firmware.white_balance.balances import Balances
from firmware.zoom.chosen import ChosenZoom

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture
def settings(tmp_path):
    return StorageSettings(folder=str(tmp_path / "card"), state_folder=str(tmp_path / "state"), free_space_floor_mb=0)


@pytest.fixture
def card(settings):
    card = Card(settings)
    card.open()
    yield card
    card.close()


def reopened(settings):
    card = Card(settings)
    card.open()
    return card


def names_in(folder):
    return sorted(str(path.relative_to(folder)) for path in Path(folder).rglob("*") if path.is_file())


def put(settings, name, content=b"x"):
    path = Path(settings.folder) / "DCIM" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path


def test_names_follow_dcf(card):
    name = card.reserve()
    assert name.number == 1
    shown = [str(path)[-27:] for path in (name.jpeg, name.dng, name.sidecar)]
    assert shown == ["/DCIM/100NGHTJ/IMG_0001" + suffix for suffix in (".JPG", ".DNG")] + [
        "DCIM/100NGHTJ/IMG_0001.json"
    ]


def test_after_9999_comes_the_next_folder_and_after_999_nothing():
    assert PhotoName.of(9999, Path("D")).jpeg == Path("D/100NGHTJ/IMG_9999.JPG")
    assert PhotoName.of(10000, Path("D")).jpeg == Path("D/101NGHTJ/IMG_0001.JPG")
    assert PhotoName.of(900 * 9999, Path("D")).jpeg == Path("D/999NGHTJ/IMG_9999.JPG")
    with pytest.raises(StorageError, match="DCF ends"):
        PhotoName.of(900 * 9999 + 1, Path("D"))


def test_the_folder_turns_over_on_the_card(settings):
    put(settings, "100NGHTJ/IMG_9999.JPG")
    card = reopened(settings)
    name = card.reserve()
    card.write(name.jpeg, b"photo")
    assert name.jpeg == Path(settings.folder) / "DCIM/101NGHTJ/IMG_0001.JPG"


def test_a_reserved_number_is_durable_before_it_is_told(settings, card):
    card.reserve()
    card.reserve()
    card.close()
    assert reopened(settings).reserve().number == 3


def test_numbering_goes_on_when_the_counter_is_lost_or_garbage(settings, card, caplog):
    put(settings, "100NGHTJ/IMG_0041.json")
    for loss in (lambda path: path.unlink(), lambda path: path.write_bytes(b"\xff\0rubbish")):
        card.close()
        loss(Path(settings.state_folder) / "photo-number")
        card.open()
        assert card.reserve().number == 42
    assert "holds no number" in caplog.text


def test_numbering_goes_on_when_the_card_is_emptied(settings, card):
    for _ in range(5):
        card.write(card.reserve().jpeg, b"photo")
    card.close()
    shutil.rmtree(settings.folder)
    assert reopened(settings).reserve().number == 6


def test_a_portrait_s_other_files_lie_beside_it_under_its_name(card):
    name = card.reserve()
    assert [path.name for path in (name.plain, name.mask)] == ["IMG_0001-plain.JPG", "IMG_0001-mask.PNG"]
    assert {path.parent for path in name.files} == {name.jpeg.parent} and len(set(name.files)) == 5


@pytest.mark.parametrize("ending", [".JPG", ".DNG", ".json", ".jpg", "-plain.JPG", "-mask.PNG", "-MASK.PNG"])
def test_any_kind_of_file_counts(settings, ending):
    put(settings, f"102NGHTJ/IMG_0007{ending}")
    assert reopened(settings).reserve().number == 2 * 9999 + 8


def test_other_cameras_files_do_not_count_and_are_left_alone(settings):
    others = ["100NGHTJ/IMG_0500-2.JPG", "100NGHTJ/IMG_0500.PNG", "100NGHTJ/IMG_0500-mask.JPG"]
    others += ["100CANON/IMG_0500.JPG", "100NGHTJ/MVI_0500.MOV", "100NGHTJ/.IMG_0500.JPG.part", ".IMG_0001.DNG.partial"]
    for name in others:
        put(settings, name)
    assert reopened(settings).reserve().number == 1
    assert names_in(Path(settings.folder) / "DCIM") == sorted(others)


@pytest.mark.parametrize("ending", [".DNG", "-mask.PNG"])
def test_a_card_exchanged_while_running_is_not_written_over(settings, card, ending):
    put(settings, f"100NGHTJ/IMG_0001{ending}", b"from another day")
    name = card.reserve()
    assert name.number == 2


def test_many_threads_get_many_numbers(card):
    numbers = []
    threads = [
        threading.Thread(target=lambda: numbers.extend(card.reserve().number for _ in range(25))) for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert sorted(numbers) == list(range(1, 201))


def test_parts_become_one_file_and_nothing_else_is_left(settings, card):
    name = card.reserve()
    card.write(name.dng, [b"head", memoryview(b"pixels"), bytearray(b"tail")])
    card.write(name.jpeg, b"photo")
    assert name.dng.read_bytes() == b"headpixelstail"
    assert names_in(settings.folder) == ["DCIM/100NGHTJ/IMG_0001.DNG", "DCIM/100NGHTJ/IMG_0001.JPG"]


def test_a_file_is_never_overwritten(settings, card):
    name = card.reserve()
    card.write(name.jpeg, b"the only copy")
    with pytest.raises(StorageError, match="never overwritten"):
        card.write(name.jpeg, b"another")
    assert name.jpeg.read_bytes() == b"the only copy"
    assert names_in(settings.folder) == ["DCIM/100NGHTJ/IMG_0001.JPG"]


@pytest.mark.parametrize("ending", [".DNG", "-plain.JPG", "-mask.PNG"])
def test_half_written_files_are_swept_at_open_and_their_numbers_not_used_again(settings, ending):
    put(settings, f"100NGHTJ/.IMG_0003{ending}.partial", b"torn")
    card = reopened(settings)
    assert names_in(settings.folder) == []
    assert card.reserve().number == 4


def test_dngs_without_a_jpeg_are_unfinished(settings, card):
    for name in ("100NGHTJ/IMG_0001.DNG", "100NGHTJ/IMG_0001.JPG", "100NGHTJ/IMG_0002.DNG", "101NGHTJ/IMG_0001.DNG"):
        put(settings, name)
    put(settings, "100NGHTJ/IMG_0002-plain.JPG")  # a portrait that was cut off before its blur was there
    found = [str(path.relative_to(settings.folder)) for path in card.unfinished()]
    assert found == ["DCIM/100NGHTJ/IMG_0002.DNG", "DCIM/101NGHTJ/IMG_0001.DNG"]


@pytest.mark.parametrize("shared", ["folder", "state_folder"])
def test_one_card_serves_one_daemon(settings, card, tmp_path, shared):
    other = {"folder": str(tmp_path / "b"), "state_folder": str(tmp_path / "c")} | {shared: getattr(settings, shared)}
    with pytest.raises(StorageError, match=r"another Nightjar.*systemctl stop nightjar"):
        reopened(StorageSettings(**other))
    card.close()
    reopened(StorageSettings(**other)).close()


def test_below_the_floor_a_photo_is_refused_with_the_numbers(settings, card):
    card.check_space(1000)
    card.set_floor(10**6)
    with pytest.raises(StorageError, match=r"MB free.*24 MB.*1000000 MB.*free_space_floor_mb"):
        card.check_space(24_000_000)


def test_a_failing_source_leaves_no_file(settings, card):
    def parts():
        yield b"begun"
        raise RuntimeError("developing failed")

    with pytest.raises(RuntimeError):
        card.write(card.reserve().jpeg, parts())
    assert names_in(settings.folder) == []


def test_a_pulled_card_is_told_and_not_made_up(settings, card):
    name = card.reserve()
    shutil.rmtree(settings.folder)
    with pytest.raises(StorageError, match="pulled"):
        card.write(name.jpeg, b"photo")
    with pytest.raises(StorageError, match="pulled"):
        card.check_space(1)
    assert not Path(settings.folder).exists()


@pytest.mark.parametrize("folder", ["", "photos", "./photos"])
@pytest.mark.parametrize("key", ["folder", "state_folder"])
def test_a_folder_that_depends_on_where_we_run_is_refused(settings, key, folder):
    with pytest.raises(StorageError, match="begin with /"):
        reopened(dataclasses.replace(settings, **{key: folder}))


def test_a_file_in_the_place_of_a_folder_is_told(settings):
    Path(settings.folder).write_text("not a folder")
    with pytest.raises(StorageError, match="sudo mv"):
        reopened(settings)


@pytest.fixture
def small_disk(tmp_path):
    mount = tmp_path / "small"
    mount.mkdir()
    options = ["mount", "-t", "tmpfs", "-o", "size=200k", "nightjar-test", str(mount)]
    if os.geteuid() != 0 or subprocess.run(options, capture_output=True, check=False).returncode != 0:
        pytest.skip("mounting a small disk needs root")
    yield mount
    subprocess.run(["umount", "-l", str(mount)], check=True)


def test_a_full_card_is_told_and_keeps_no_torn_file(small_disk, tmp_path):
    card = reopened(StorageSettings(folder=str(small_disk), state_folder=str(tmp_path), free_space_floor_mb=0))
    name = card.reserve()
    with pytest.raises(StorageError, match=r"IMG_0001.DNG: the card is full.*df -h"):
        card.write(name.dng, [bytes(150_000), bytes(150_000)])
    assert names_in(small_disk) == []
    card.write(card.reserve().jpeg, bytes(100_000))
    card.close()


def test_a_read_only_card_is_told(small_disk, tmp_path):
    settings = StorageSettings(folder=str(small_disk), state_folder=str(tmp_path), free_space_floor_mb=0)
    card = reopened(settings)
    name = card.reserve()
    card.write(name.jpeg, b"photo")
    card.close()
    subprocess.run(["mount", "-o", "remount,ro", str(small_disk)], check=True)
    card = reopened(settings)  # Looking at photos is still allowed.
    with pytest.raises(StorageError, match=r"read-only.*remount,rw"):
        card.check_space(0)
    with pytest.raises(StorageError, match=r"read-only.*remount,rw"):
        card.write(name.dng, b"raw")
    card.close()


def test_a_full_state_folder_is_told_and_the_number_not_given(small_disk, tmp_path):
    settings = StorageSettings(folder=str(tmp_path), state_folder=str(small_disk), free_space_floor_mb=0)
    card = reopened(settings)
    filler = small_disk / "filler"
    with filler.open("wb", buffering=0) as file, pytest.raises(OSError, match="No space"):
        while True:
            file.write(bytes(4096))
    with pytest.raises(StorageError, match=r"photo-number: the card is full"):
        card.reserve()
    filler.unlink()
    assert card.reserve().number == 1
    card.close()


CHILD = """
import sys
from firmware.storage.card import Card
from firmware.settings import StorageSettings
card = Card(StorageSettings(folder=sys.argv[1], state_folder=sys.argv[2], free_space_floor_mb=0))
card.open()
name = card.reserve()
try:
    card.write(name.dng, [b"raw", b"pixels"])
    card.write(name.dng, b"again")
except OSError as error:
    print(type(error).__name__, error)
"""


def under_strace(settings, *options):
    """What the kernel was asked for, and what the child said; `options` may let system calls fail."""
    if not shutil.which("strace"):
        pytest.skip("strace is not installed")
    log = Path(settings.state_folder).with_name("strace.log")
    command = ["strace", "-f", "-y", "-o", str(log), *options, sys.executable, "-c", CHILD]
    ran = subprocess.run(
        [*command, settings.folder, settings.state_folder], capture_output=True, text=True, cwd=ROOT, check=False
    )
    if ran.returncode != 0 and "ptrace" in ran.stderr.lower():
        pytest.skip("strace may not trace here")
    assert ran.returncode == 0, ran.stderr
    return log.read_text(), ran.stdout


def test_bytes_are_durable_before_the_name_and_the_name_before_the_return(settings):
    calls, _ = under_strace(settings, "-e", "trace=?link,linkat,?unlink,unlinkat,fsync,?rename,renameat,?mkdir,mkdirat")
    steps = [
        ("the counter", r"fsync\([^)]*photo-number\.partial>"),
        ("its new name", r"rename(at)?\(.*photo-number\.partial"),
        ("its folder", r"fsync\([^)]*/state>"),
        ("the folder", r"mkdir(at)?\(.*100NGHTJ"),
        ("its parent", r"fsync\([^)]*/DCIM>"),
        ("the bytes", r"fsync\([^)]*\.IMG_0001\.DNG\.partial>"),
        ("the name", r"link(at)?\(.*IMG_0001\.DNG"),
        ("the hidden name away", r"unlink(at)?\(.*\.IMG_0001\.DNG\.partial"),
        ("the names' folder", r"fsync\([^)]*/100NGHTJ>"),
    ]
    position = calls.index("/state>)")  # `open` has ended; now `reserve`
    for what, pattern in steps:
        found = re.search(pattern, calls[position:])
        assert found, f"{what} ({pattern}) not in its place:\n{calls}"
        position += found.end()


def test_a_card_without_hard_links_keeps_its_files_too(settings):
    """FAT and exFAT: the kernel says EPERM."""
    _, said = under_strace(settings, "-e", "inject=?link,linkat:error=EPERM")
    assert (Path(settings.folder) / "DCIM/100NGHTJ/IMG_0001.DNG").read_bytes() == b"rawpixels"
    assert "never overwritten" in said
    assert names_in(settings.folder) == ["DCIM/100NGHTJ/IMG_0001.DNG"]


@pytest.mark.parametrize(
    ("call", "error", "words"),
    [
        ("?mkdir,mkdirat", "EACCES", "sudo chown -R"),
        ("fsync", "EIO", "dmesg"),
        ("fsync", "EDQUOT", "quota"),
        ("?link,linkat", "ENOSPC", "full"),
    ],
)
def test_what_the_kernel_says_is_told_with_its_mending(settings, call, error, words):
    Card(settings).open()
    # Others come first: six folders and two of the counter at open, two at reserve, one for the new folder.
    when = ":when=12" if call == "fsync" else ""
    _, said = under_strace(settings, "-e", f"inject={call}:error={error}{when}")
    assert said.startswith("StorageError")
    assert words in said
    assert names_in(settings.folder) == []


def test_a_file_is_replaced_in_one_step_or_stays(card):
    files = card.reserve()
    card.write(files.dng, b"one frame")
    card.replace(files.dng, iter([b"many ", b"frames"]))
    assert files.dng.read_bytes() == b"many frames"

    def torn():
        yield b"half"
        raise OSError(errno.ENOSPC, "full")

    with pytest.raises(StorageError, match="the card is full"):
        card.replace(files.dng, torn())
    assert files.dng.read_bytes() == b"many frames"
    assert [path.name for path in files.dng.parent.iterdir()] == [files.dng.name], "nothing half-written is left"


@pytest.mark.parametrize("kept", [ChosenZoom, Balances])
def test_a_choice_that_was_cut_off_leaves_nothing_behind(card, settings, kept):
    folder = Path(settings.state_folder)
    names = names_in(folder)
    left = folder / {ChosenZoom: ".zoom.json.partial", Balances: ".white-balance.json.partial"}[kept]
    left.write_bytes(b"{")
    opened = kept(folder)
    opened.open()
    assert (names_in(folder), opened.trouble) == (names, "")


def test_writing_over_a_file_that_fails_keeps_the_old_one_and_leaves_nothing(tmp_path):
    def breaks():
        yield b"begun"
        raise OSError(errno.EIO, "gone")

    file = tmp_path / "kept"
    file.write_bytes(b"old")
    with pytest.raises(OSError, match="gone"):
        write_over(file, breaks())
    assert (names_in(tmp_path), file.read_bytes()) == (["kept"], b"old")


def test_folders_of_a_life_that_was_cut_off_are_made_durable_by_the_next(settings):
    """They are there, but a power cut now could lose them, and every photo in them."""
    (Path(settings.folder) / "DCIM/100NGHTJ").mkdir(parents=True)
    calls, _ = under_strace(settings, "-e", "trace=fsync,openat")
    folder = re.escape(settings.folder)
    first_lock = calls.index("/state/lock")
    for name in (r"/DCIM", ""):
        assert re.search(rf"fsync\([^)]*{folder}{name}>", calls[:first_lock]), f"{name or 'card'} may be lost"

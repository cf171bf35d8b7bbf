"""Fetching models: only the known bytes get in, whatever the network, the server or the disk does. Loopback only."""

from __future__ import annotations

import fcntl
import json
import os
import resource
import signal
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("ai_edge_litert", reason="small networks are written with ai-edge-litert's schema")

from measures.model_server import Manners, ModelServer, closed_address
from measures.model_shelf import COMMIT, REPOSITORY, make_shelf
from measures.segmentation import PUBLISHED

from accelerators.errors import ModelError
from accelerators.models.catalogue import read_catalogue
from accelerators.models.fetch import Sources, fetch
from accelerators.models.keeping import partial_of
from accelerators.models.registry import installed
from firmware.demo.bench_daemon import same_code

ALL = {"net.tflite", "net_edgetpu.tflite", "labels.txt", "net_logits.tflite", "net_logits_edgetpu.tflite"}


@pytest.fixture(scope="module")
def shelf():
    return make_shelf()


@pytest.fixture(autouse=True)
def no_proxy(monkeypatch):
    """A proxy of this machine must not see what goes to the machine itself."""
    monkeypatch.setenv("no_proxy", "127.0.0.1")


@pytest.fixture
def server(shelf):
    with ModelServer({f"/{REPOSITORY}/{COMMIT}/sub/{name}": data for name, data in shelf.published.items()}) as running:
        yield running


@pytest.fixture
def get(shelf, tmp_path, server):
    """Fetch the model "small" into a folder; returns {file: how}. `moved` collects (file, bytes)."""
    get_from = {"address": server.address, "silence_s": 5.0}

    def run(moved=None, catalogue_changes=None, **sources):
        models = read_catalogue(shelf.write_catalogue(tmp_path, **(catalogue_changes or {})))
        seen = [] if moved is None else moved
        done = fetch(
            list(models.values()),
            tmp_path / "models",
            Sources(**get_from | sources),
            lambda file, count: seen.append((file.name, count)),
        )
        return {item.file: item.how for item in done}

    run.folder = tmp_path / "models"
    run.partial = partial_of(run.folder / "net.tflite")
    return run


def names_in(folder):
    return {path.name for path in folder.iterdir()}


def requests_for(server, name):
    return [wanted for path, wanted in server.manners.asked if path.endswith(f"/{name}")]


def test_what_is_downloaded_is_whole_cut_and_ready(get, shelf, server, tmp_path):
    moved = []
    done = get(moved)
    assert done["net.tflite"] == f"{server.address}/{REPOSITORY}/{COMMIT}/sub/net.tflite"
    assert (done["net_logits.tflite"], done["net_logits_edgetpu.tflite"]) == ("cut", "cut")
    assert names_in(get.folder) == ALL
    assert {(get.folder / name).read_bytes() for name in ALL} == {*shelf.published.values(), *shelf.cut.values()}
    assert installed("small", get.folder, tmp_path / "models.toml").cpu.name == "net_logits.tflite"
    counts = [count for name, count in moved if name == "net.tflite"]
    assert counts == sorted(counts)
    assert counts[-1] == len(shelf.published["net.tflite"])
    assert all((get.folder / name).stat().st_mode & 0o777 == 0o644 for name in ALL)


def test_who_fetches_does_not_matter_to_who_reads(get, shelf, tmp_path):
    """Root often has a umask that lets nobody else read; the daemon is somebody else."""
    before = os.umask(0o077)
    try:
        fetch(
            list(read_catalogue(shelf.write_catalogue(tmp_path)).values()),
            tmp_path / "new" / "models",
            Sources((shelf.fill(tmp_path / "stick", *shelf.published),), address=None),
            lambda *_: None,
        )
    finally:
        os.umask(before)
    modes = {path: path.stat().st_mode & 0o777 for path in (tmp_path / "new", *(tmp_path / "new").rglob("*"))}
    assert modes == {path: 0o755 if path.is_dir() else 0o644 for path in modes}


def test_what_is_there_is_not_fetched_again(get, server):
    get()
    server.manners.asked.clear()
    assert set(get().values()) == {"was there"}
    assert server.manners.asked == []


def test_a_download_that_broke_goes_on_where_it_ended(get, shelf, server):
    whole = shelf.published["net.tflite"]
    get.folder.mkdir()
    get.partial.write_bytes(whole[:700])
    get()
    assert requests_for(server, "net.tflite") == ["bytes=700-"]
    assert (get.folder / "net.tflite").read_bytes() == whole


def test_a_line_that_keeps_breaking_is_tried_again_while_it_brings_something(get, shelf, server):
    server.manners = Manners(breaks_after=len(shelf.published["net.tflite"]) // 3 + 1)
    get()
    assert len(requests_for(server, "net.tflite")) == 3
    assert names_in(get.folder) == ALL


def test_a_line_that_brings_next_to_nothing_is_given_up_and_can_be_gone_on_with(get, server):
    server.manners = Manners(breaks_after=100)
    with pytest.raises(ModelError, match=r"ended early.* bytes are here.*Run the command again"):
        get()
    assert not {name for name in names_in(get.folder) if not name.startswith(".")}
    assert get.partial.stat().st_size == 500  # five attempts
    server.manners = Manners()
    get()
    assert requests_for(server, "net.tflite") == ["bytes=500-"]


@pytest.mark.parametrize("manners", [Manners(ranges=False), Manners(shifted=True)], ids=["no ranges", "another part"])
def test_where_a_server_does_not_go_on_it_starts_over(get, shelf, server, manners):
    server.manners = manners
    get.folder.mkdir()
    get.partial.write_bytes(b"x" * 700)
    get()
    assert (get.folder / "net.tflite").read_bytes() == shelf.published["net.tflite"]


@pytest.mark.parametrize("length", ["part", "whole", "more"])
def test_a_part_of_another_file_does_not_stop_the_right_one(get, shelf, length):
    size = len(shelf.published["net.tflite"])
    get.folder.mkdir()
    get.partial.write_bytes(b"x" * {"part": size // 2, "whole": size, "more": size + 1}[length])
    get()
    assert (get.folder / "net.tflite").read_bytes() == shelf.published["net.tflite"]


@pytest.mark.parametrize("change", ["one bit", "longer", "shorter"])
def test_another_file_than_the_known_one_never_gets_a_name(get, shelf, server, change):
    address = f"/{REPOSITORY}/{COMMIT}/sub/net.tflite"
    right = shelf.published["net.tflite"]
    wrong = {"one bit": right[:-1] + bytes([right[-1] ^ 1]), "longer": right + b"x", "shorter": right[:-1]}[change]
    server.files[address] = wrong
    with pytest.raises(ModelError) as refused:
        get()
    said = {
        "one bit": "its SHA-256 is",
        "longer": f"The server sends more than the {len(right)} bytes",
        "shorter": "bytes are here",
    }
    assert said[change] in str(refused.value)
    assert "no address" not in str(refused.value)
    if change == "one bit":
        hashes = {word.strip(",.") for word in str(refused.value).split() if len(word.strip(",.")) == 64}
        assert len(hashes) == 2  # the found one and the known one
    assert "net.tflite" not in names_in(get.folder)
    assert not list(get.folder.glob("*.tflite"))
    # And the right one can be fetched after that.
    server.files[address] = right
    get()


@pytest.mark.parametrize(
    ("status", "said"),
    [(404, "answers 404 Not Found"), (403, "answers 403"), (500, "answers 500"), (416, "as are expected")],
)
def test_what_the_server_refuses_is_said_in_its_words(get, server, status, said):
    server.manners = Manners(status=status)
    with pytest.raises(ModelError, match=said):
        get()
    assert names_in(get.folder) == set()


def test_a_server_that_says_nothing_is_given_up(get, server):
    server.manners = Manners(silent=True)
    with pytest.raises(ModelError, match=r"said nothing for 0.1 s"):
        get(silence_s=0.1)


@pytest.mark.parametrize(
    ("address", "said"),
    [
        (closed_address(), "Connection refused"),
        ("http://", "must begin with https://"),
        ("http://127.0.0.1:no", "no address"),
        ("ftp://127.0.0.1/", "must begin with https://"),
        ("/some/folder", "must begin with https://"),
    ],
)
def test_without_a_server_the_sentence_says_so(get, address, said):
    with pytest.raises(ModelError, match=said):
        get(address=address)


# From a folder


def test_a_folder_is_searched_by_name_and_judged_by_hash(get, shelf, server, tmp_path):
    shelf.fill(tmp_path / "stick" / "deep" / "down", *shelf.published)
    (tmp_path / "stick" / "a").mkdir()
    (tmp_path / "stick" / "a" / "net.tflite").write_bytes(b"another file of that name")
    done = get(folders=(tmp_path / "stick",), address=None)
    assert done["net.tflite"] == str(tmp_path / "stick/deep/down/net.tflite")
    assert names_in(get.folder) == ALL
    assert server.manners.asked == []


def test_what_a_folder_lacks_is_downloaded_only_where_that_is_allowed(get, shelf, server, tmp_path):
    shelf.fill(tmp_path / "stick", "labels.txt", "net.tflite")
    with pytest.raises(ModelError, match=r"There is no net_edgetpu.tflite in .*stick"):
        get(folders=(tmp_path / "stick",), address=None)
    assert server.manners.asked == []
    get(folders=(tmp_path / "stick",))
    assert [path.rpartition("/")[2] for path, _ in server.manners.asked] == ["net_edgetpu.tflite"]


def test_a_folder_with_only_a_wrong_file_is_refused_with_both_hashes(get, shelf, tmp_path):
    shelf.fill(tmp_path / "stick", *shelf.published)
    (tmp_path / "stick" / "net.tflite").write_bytes(shelf.published["net_edgetpu.tflite"])
    with pytest.raises(ModelError, match=r"net.tflite has SHA-256 [0-9a-f]{64}, not [0-9a-f]{64}: .* Copy it anew"):
        get(folders=(tmp_path / "stick",), address=None)
    assert "net.tflite" not in names_in(get.folder)


def test_a_cut_that_is_not_the_known_one_is_not_kept(get):
    with pytest.raises(ModelError, match=r"Cutting net.tflite of small gave SHA-256 [0-9a-f]{64}"):
        get(catalogue_changes={"cut_sha256": f'cut_sha256 = "{"1" * 64}"'})
    assert "net_logits.tflite" not in names_in(get.folder)


# The disk


def test_two_that_fetch_into_one_folder_do_not_meet(get):
    get.folder.mkdir()
    handle = os.open(get.folder, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        with pytest.raises(ModelError, match="Another command fetches models"):
            get()
    finally:
        os.close(handle)
    get()


def test_a_place_that_cannot_be_written_is_named(get):
    get.folder.write_text("a file where the folder should be")
    with pytest.raises(ModelError, match=r"models cannot be written"):
        get()


def test_a_link_in_the_way_of_a_download_is_not_followed(get, tmp_path):
    (tmp_path / "precious").write_bytes(b"keep me")
    get.folder.mkdir()
    get.partial.symlink_to(tmp_path / "precious")
    with pytest.raises(ModelError, match="cannot be written"):
        get()
    assert (tmp_path / "precious").read_bytes() == b"keep me"


def fetch_in_another_process(catalogue, folder, address, limit_bytes):
    script = (
        "import sys, json\nfrom pathlib import Path\nfrom accelerators.errors import ModelError\n"
        "from accelerators.models.catalogue import read_catalogue\n"
        "from accelerators.models.fetch import Sources, fetch\n"
        "models = list(read_catalogue(Path(sys.argv[1])).values())\n"
        "try:\n    fetch(models, Path(sys.argv[2]), Sources(address=sys.argv[3]), lambda *_: None)\n"
        "except ModelError as error:\n    print(json.dumps(str(error)))\n"
    )

    def small_disk():
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit_bytes, limit_bytes))

    return subprocess.run(
        [sys.executable, "-B", "-P", "-c", script, str(catalogue), str(folder), address],
        env=same_code(),
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
        preexec_fn=small_disk,
    ).stdout


def test_a_disk_that_takes_no_more_is_said_and_leaves_no_model(shelf, server, tmp_path):
    said = fetch_in_another_process(shelf.write_catalogue(tmp_path), tmp_path / "models", server.address, 1024)
    assert "cannot be written: File too large" in json.loads(said)
    assert not list((tmp_path / "models").glob("*.tflite"))


def test_more_than_the_disk_holds_is_refused_before_anything_is_sent(get, server):
    with pytest.raises(ModelError, match=r"bytes free; \d+ are needed"):
        get(catalogue_changes={"bytes": f"bytes = {2**60}"})
    assert server.manners.asked == []


# The command


@pytest.mark.skipif(not PUBLISHED.is_dir(), reason=f"{PUBLISHED} is not there; name it in NIGHTJAR_SHARED")
def test_the_command_fetches_the_chosen_model_from_a_mirror(ask, tmp_path):
    model = read_catalogue()["deeplab_dm05"]
    paths = {file: f"/{model.repository}/{model.commit}/{file.path}" for file in model.published}
    with ModelServer({path: (PUBLISHED / file.name).read_bytes() for file, path in paths.items()}) as mirror:
        code, out, _ = ask("models", "fetch", "--source", mirror.address, "--folder", tmp_path / "m", "--json")
    assert code == 0
    assert [item["how"].startswith(mirror.address) for item in json.loads(out)["files"]] == [True] * 3 + [False] * 2
    assert installed("fast", tmp_path / "m").edge_tpu == tmp_path / "m" / Path(model.edge_tpu.cut.name)

"""Models: the catalogue is read strictly, and what is installed is used only where it is whole."""

from __future__ import annotations

import contextlib
import json
import os
import pty
import re
import select
import subprocess
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("ai_edge_litert", reason="small networks are written with ai-edge-litert's schema")

from measures.model_server import closed_address
from measures.model_shelf import make_shelf
from measures.segmentation import PUBLISHED
from measures.small_networks import CLASSES, SIDE

from accelerators.errors import ModelError
from accelerators.models.catalogue import CATALOGUE, find_model, read_catalogue
from accelerators.models.registry import installed
from accelerators.runtime.accelerator import Accelerator
from accelerators.runtime.model_file import read_model
from firmware.demo.bench_daemon import NIGHTJAR, same_code

PATIENCE_S = 60


@pytest.fixture(scope="module")
def shelf():
    return make_shelf()


@pytest.fixture
def refusal(tmp_path, shelf):
    """What is said when the model "small" of a folder is asked for, with a changed catalogue if wanted."""

    def of(folder, **changes):
        with pytest.raises(ModelError) as refused:
            installed("small", folder, shelf.write_catalogue(tmp_path, **changes))
        return str(refused.value)

    return of


# The catalogue


def test_the_catalogue_pins_every_file():
    models = read_catalogue()
    assert [model.serves for model in models.values()] == ["fast", "quality"]
    for model in models.values():
        assert model.edge_tpu is not None
        assert len(model.networks) == 2
        assert all(
            model.commit in model.url(file) and model.url(file).startswith("https://") for file in model.published
        )
    # No two files of different content share a name.
    every = {file for model in models.values() for file in model.published}
    every |= {twins.cut for model in models.values() for twins in model.networks}
    assert len({file.name for file in every}) == len(every) == 9


def test_a_model_is_found_by_its_name_and_by_what_it_serves_as():
    models = read_catalogue()
    assert find_model("fast", models) is find_model("deeplab_dm05", models)
    with pytest.raises(ModelError, match=r"no model 'best'. Models: deeplab_dm05 \(fast\), deeplab_dm10 \(quality\)"):
        find_model("best", models)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"licence": 'license = "MIT"'}, r"\[small\] has no key 'license'"),
        ({"licence": ""}, r"\[small\] lacks the key 'licence'"),
        ({"commit": 'commit = "main"'}, "commit = 'main'"),
        ({"sha256": 'sha256 = "abc"'}, "sha256 = 'abc'"),
        ({"path": 'path = "../../etc/passwd"'}, "path = '../../etc/passwd'"),
        ({"cut": 'cut = ".hidden"'}, "cut = '.hidden'"),
        ({"cut": 'cut = "a/b.tflite"'}, "cut = 'a/b.tflite'"),
        ({"bytes": "bytes = -1"}, "bytes = -1"),
        ({"bytes": "bytes = true"}, "bytes = True"),
        ({"classes": "classes = 0"}, "classes = 0"),
        ({"input": "input = [513]"}, r"\[513\]"),
        ({"input": "input = [0, 9]"}, r"\[0, 9\]"),
        ({"repository": 'repository = "https://evil"'}, "repository"),
        ({"more": "[small.gpu]\n"}, "has no key 'gpu'"),
        ({"more": "[other]\n"}, r"\[other\] lacks the key"),
        ({"more": "] ["}, "is not TOML"),
        ({"[small]": "[[small]]"}, "must be a table"),
        ({"[small.labels]": "[[small.labels]]"}, "labels = "),
    ],
)
def test_a_catalogue_that_is_not_understood_is_refused_and_says_where(refusal, tmp_path, changes, said):
    assert re.search(said, refusal(tmp_path, **changes))


def test_a_catalogue_that_is_not_there_or_no_text_is_refused(tmp_path):
    (tmp_path / "bytes").write_bytes(b"\xff\xfe")
    for file, said in ((tmp_path / "none", "No such file"), (tmp_path / "bytes", "not TOML"), (tmp_path, "directory")):
        with pytest.raises(ModelError, match=said):
            read_catalogue(file)


# What is installed


def test_a_model_is_used_cut_where_it_is_cut(shelf, tmp_path):
    folder = shelf.fill(tmp_path / "models")
    files = installed("small", folder, shelf.write_catalogue(tmp_path))
    assert (files.cpu.name, files.edge_tpu.name) == ("net_logits.tflite", "net_logits_edgetpu.tflite")
    assert files.labels == ("background", "cat", "dog", "cup", "person")
    assert (files.name, files.input) == ("small", (9, 9))


@pytest.mark.parametrize("device", ["cpu", "child"])
def test_a_model_answers_the_same_cut_and_as_published(shelf, tmp_path, device):
    """The camera's own folder may hold what somebody copied there, not what `models fetch` makes."""
    catalogue, answers = shelf.write_catalogue(tmp_path), []
    picture = np.random.default_rng(4).integers(0, 256, (SIDE, SIDE, 3), dtype=np.uint8)
    for name, kept in (("cut", {*shelf.cut, "labels.txt"}), ("published", shelf.published)):
        files = installed("small", shelf.fill(tmp_path / name, *kept), catalogue)
        with contextlib.closing(Accelerator(files, device)) as accelerator:
            answers.append(accelerator.run(picture))
    assert [answer.model for answer in answers] == ["net_logits.tflite", "net.tflite"]
    assert [answer.device for answer in answers] == [device, device]
    assert answers[1].values.shape == (SIDE, SIDE, CLASSES)
    assert np.array_equal(answers[0].values, answers[1].values)


def test_the_twin_for_the_edge_tpu_is_cut_when_it_is_loaded_too(shelf, tmp_path):
    files = installed("fast", shelf.fill(tmp_path / "models", *shelf.published), shelf.write_catalogue(tmp_path))
    assert (files.cpu.name, files.edge_tpu.name) == ("net.tflite", "net_edgetpu.tflite")
    assert read_model(files.edge_tpu, files.uncut).content == shelf.cut["net_logits_edgetpu.tflite"]


def test_both_networks_are_of_one_kind(shelf, tmp_path):
    """An Edge TPU that answers with classes where the CPU answers with scores would be two cameras."""
    folder = shelf.fill(tmp_path / "models", *shelf.published, "net_logits.tflite")
    files = installed("small", folder, shelf.write_catalogue(tmp_path))
    assert (files.cpu.name, files.edge_tpu) == ("net_logits.tflite", None)


@pytest.mark.parametrize("missing", ["labels.txt", "net_logits.tflite"])
def test_a_missing_file_is_named_with_the_command_that_fetches_it(shelf, tmp_path, refusal, missing):
    folder = shelf.fill(tmp_path / "models", *({*shelf.cut, "labels.txt"} - {missing}))
    said = refusal(folder)
    assert f"{folder / missing} is missing" in said
    assert "nightjar models fetch small" in said


@pytest.mark.parametrize("name", ["labels.txt", "net_logits.tflite", "net_logits_edgetpu.tflite"])
def test_a_damaged_file_is_named_and_never_run(shelf, tmp_path, refusal, name):
    folder = shelf.fill(tmp_path / "models")
    whole = (folder / name).read_bytes()
    (folder / name).write_bytes(whole[:-1])
    assert f"is truncated: it has {len(whole) - 1} bytes, not {len(whole)}" in refusal(folder)
    (folder / name).write_bytes(whole + b"x")
    assert "is another file" in refusal(folder)
    (folder / name).write_bytes(whole[:-1] + bytes([whole[-1] ^ 1]))
    assert re.search(r"is another file: its SHA-256 is [0-9a-f]{64}, not [0-9a-f]{64}", refusal(folder))
    (folder / name).unlink()
    (folder / name).mkdir()
    assert "is no file" in refusal(folder)


def test_a_file_that_is_changed_while_the_camera_runs_is_noticed(shelf, tmp_path, refusal):
    folder, catalogue = shelf.fill(tmp_path / "models"), shelf.write_catalogue(tmp_path)
    installed("small", folder, catalogue)
    data = bytearray((folder / "net_logits.tflite").read_bytes())
    data[-1] ^= 1
    (folder / "other").write_bytes(data)
    (folder / "other").replace(folder / "net_logits.tflite")
    assert "is another file" in refusal(folder)


def test_labels_of_another_number_are_refused(shelf, tmp_path, refusal):
    folder = shelf.fill(tmp_path / "models")
    assert "names 5 classes; model small has 6" in refusal(folder, classes="classes = 6")


# The command


def test_list_tells_what_there_is_without_any_of_it(ask, tmp_path):
    code, out, _ = ask("models", "list", "--json", "--folder", tmp_path)
    told = json.loads(out)
    assert (code, told["folder"]) == (0, str(tmp_path))
    first = told["models"][0]
    assert (first["name"], first["serves"], first["chosen"]) == ("deeplab_dm05", "fast", True)
    assert (first["licence"], first["bytes"]) == ("Apache-2.0", 760904 + 1107584 + 263)
    assert first["cut"] == first["original"] == {"cpu": "is missing", "edge_tpu": "is missing"}
    assert first["source"].endswith("/google-coral/test_data/tree/104342d2d3480b3e66203073dac24f4e2dbb4c41")
    _, out, _ = ask("models", "list", "--folder", tmp_path)
    assert [line.split()[:2] for line in out.splitlines()[1:3]] == [
        ["deeplab_dm05", "fast"],
        ["deeplab_dm10", "quality"],
    ]


def test_verify_names_what_is_missing_and_fails(ask, tmp_path):
    code, out, error = ask("models", "verify", "quality", "--folder", tmp_path)
    assert code == 1
    assert f"{tmp_path / 'deeplabv3_mnv2_pascal_quant_logits.tflite'}  is missing" in out
    assert "sudo nightjar models fetch deeplab_dm10" in error
    code, out, _ = ask("models", "verify", "--json", "--folder", tmp_path)
    assert (code, json.loads(out)["error"]) == (1, "3 of 5 files are not as they must be")


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (["models"], 2),
        (["models", "paint"], 2),
        (["models", "lint"], 2),
        (["models", "list", "--all", "fast"], 2),
        (["models", "fetch", "--from", "/", "--source", "http://x"], 2),
        (["models", "list", "best"], 1),
        (["models", "fetch", "--from", "/nonexistent"], 1),
        (["models", "fetch", "--source", "file:///etc"], 1),
        (["models", "lint", "/nonexistent"], 1),
        (["models", "lint", str(CATALOGUE)], 1),
    ],
)
def test_a_wrong_command_is_one_sentence(ask, tmp_path, words, code):
    answered, out, error = ask(*words, "--folder", tmp_path)
    assert (answered, out) == (code, "")
    assert error.startswith("nightjar: ")
    assert "Traceback" not in error


@pytest.mark.skipif(not PUBLISHED.is_dir(), reason=f"{PUBLISHED} is not there; name it in NIGHTJAR_SHARED")
def test_fetch_from_a_folder_list_verify_and_use(ask, tmp_path):
    at = ["--folder", tmp_path / "models"]
    code, out, _ = ask("models", "fetch", "--all", "--from", PUBLISHED.parent, "--json", *at)
    assert (code, [item["how"] for item in json.loads(out)["files"]].count("cut")) == (0, 4)
    assert ask("models", "verify", *at)[0] == 0
    listed = json.loads(ask("models", "list", "--json", *at)[1])["models"]
    assert {model["cut"][device] for model in listed for device in ("cpu", "edge_tpu")} == {"installed"}
    files = installed("quality", tmp_path / "models")
    assert (len(files.labels), files.labels[15], files.input) == (21, "person", (513, 513))
    # A damaged file is told, and mended by fetching again; what is whole stays.
    files.cpu.write_bytes(files.cpu.read_bytes()[:1000])
    code, out, _ = ask("models", "verify", *at)
    assert (code, out.count("is truncated")) == (1, 1)
    code, out, _ = ask("models", "fetch", "quality", "--from", PUBLISHED.parent, "--json", *at)
    assert [item["how"] for item in json.loads(out)["files"]] == ["was there"] * 3 + ["cut", "was there"]
    assert ask("models", "verify", *at)[0] == 0


@pytest.mark.skipif(not PUBLISHED.is_dir(), reason=f"{PUBLISHED} is not there; name it in NIGHTJAR_SHARED")
def test_on_a_terminal_a_bar_moves_and_elsewhere_each_file_is_a_line(tmp_path):
    said = {}
    # The folder that NIGHTJAR_SHARED names has all; a proxy where nobody listens lets nothing out.
    environment = same_code() | {"NIGHTJAR_SHARED": str(PUBLISHED.parents[1]), "https_proxy": closed_address()}
    for terminal in (True, False):
        ours, theirs = pty.openpty()
        command = [*NIGHTJAR, "models", "fetch", "--folder", tmp_path / str(terminal)]
        process = subprocess.Popen(
            command, stdout=subprocess.DEVNULL, stderr=theirs if terminal else subprocess.PIPE, env=environment
        )
        piped = process.communicate(timeout=PATIENCE_S)[1]
        assert process.returncode == 0
        said[terminal] = os.read(ours, 65536) if select.select([ours], [], [], 0)[0] else piped
        os.close(ours)
        os.close(theirs)
    assert b"\r\x1b[K" in said[True]
    assert b"[########################] 760 of 760 kB" in said[True]
    assert said[False].decode().splitlines() == [
        "deeplabv3_mnv2_dm05_pascal_quant.tflite  760 kB",
        "deeplabv3_mnv2_dm05_pascal_quant_edgetpu.tflite  1107 kB",
        "pascal_voc_segmentation_labels.txt  0 kB",
    ]


def test_the_folder_and_the_catalogue_are_found_without_numpy(tmp_path):
    script = (
        "import sys\nfrom firmware.cli import main\ncode = main(sys.argv[1:])\n"
        "assert not {'numpy', 'ai_edge_litert', 'cv2'} & sys.modules.keys()\nsys.exit(code)"
    )
    command = [NIGHTJAR[0], "-c", script, "models", "list", "--folder", str(tmp_path), "--config", str(tmp_path)]
    assert (
        subprocess.run(command, env=same_code(), capture_output=True, timeout=PATIENCE_S, check=False).returncode == 0
    )
    assert Path(CATALOGUE).name == "models.toml"

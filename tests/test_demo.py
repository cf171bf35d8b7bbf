"""`nightjar demo`: the real daemon, pressed buttons, real photos."""

from __future__ import annotations

import json
import os
import subprocess
import tempfile
from pathlib import Path

import pytest

from firmware.commands.demo import lines
from firmware.demo.bench_daemon import NIGHTJAR, bench_daemon, same_code
from firmware.demo.demonstration import VIEWS, Demonstration, photograph
from firmware.demo.models_at_hand import find_models
from firmware.errors import DemoError
from firmware.settings import AcceleratorSettings

LIMIT_S = 120
SMALLEST = ("simulated.sensor=imx219", "camera.width_px=640", "camera.height_px=480")


def test_the_demo_runs_without_photographs_and_goes_on_with_an_earlier_runs_numbers(tmp_path):
    # An empty package in the place of scikit-image: its photographs are not there.
    (tmp_path / "skimage").mkdir()
    (tmp_path / "skimage/__init__.py").touch()
    environment = same_code()
    environment["PYTHONPATH"] = os.pathsep.join([str(tmp_path), environment["PYTHONPATH"]])
    photos = tmp_path / "photos"
    photos.mkdir()
    earlier = photograph(next(view for view in VIEWS if view.scene == "chart"), photos, SMALLEST)
    assert [photo.jpeg.name for photo in earlier] == ["IMG_0001.JPG"]

    command = [*NIGHTJAR, "demo", photos, "--json", *(word for setting in SMALLEST for word in ("--set", setting))]
    shown = subprocess.run(command, capture_output=True, text=True, timeout=LIMIT_S, env=environment, check=False)
    assert shown.returncode == 0, shown.stderr
    assert "scikit-image is not installed" in shown.stderr
    told = json.loads(shown.stdout)
    assert [(photo["scene"], photo["mode"]) for photo in told["photos"]] == [
        ("chart", "photo"),
        ("room", "photo"),
        ("room", "plain"),
        ("lamps", "photo"),
        ("lamps", "night"),
        ("zoneplate", "photo"),
    ]
    names = [Path(photo["files"][0]).name for photo in told["photos"]]
    assert names == [f"IMG_{number:04}.JPG" for number in range(2, 8)]
    assert len(list((photos / "DCIM/100NGHTJ").glob("*.JPG"))) == 7
    assert (photos / "contact-sheet.png").stat().st_size > 10_000
    assert all(photo["press_to_saved_ms"] > 0 for photo in told["photos"])
    table = "\n".join(lines(Demonstration(tuple(earlier), (), photos / "contact-sheet.png", ""), 1.0))
    assert all(words in table for words in ("chart", "IMG_0001.JPG", "contact-sheet.png"))


def test_a_portrait_is_taken_without_a_model_and_the_warning_stands(tmp_path):
    settings = [
        *SMALLEST,
        "simulated.scene=chart",
        f"storage.folder={tmp_path}",
        f"storage.state_folder={tmp_path / 'state'}",
        "storage.free_space_floor_mb=0",
        f"accelerator.models_folder={tmp_path / 'none'}",
    ]
    with (
        tempfile.TemporaryDirectory(prefix="nightjar-demo-") as bench,
        bench_daemon(Path(bench), tmp_path / "log", settings) as daemon,
    ):
        daemon.switch_mode("portrait")
        daemon.wait_for(lambda now: now["accelerator"]["lacking"], "the missing model")
        assert daemon.take_photo().is_file()
        assert "Portraits go without a network" in " ".join(daemon.status()["warnings"])


def test_a_press_that_gives_no_photo_is_told_with_its_reason(tmp_path):
    settings = [*SMALLEST, "simulated.scene=chart"]
    settings += [f"storage.folder={tmp_path}", f"storage.state_folder={tmp_path / 'state'}"]
    settings += ["storage.free_space_floor_mb=1000000"]
    with (
        tempfile.TemporaryDirectory(prefix="nightjar-demo-") as bench,
        bench_daemon(Path(bench), tmp_path / "log", settings) as daemon,
        pytest.raises(DemoError, match="Make room"),
    ):
        daemon.take_photo()


def test_without_a_model_at_hand_the_demo_says_so_with_the_command_and_downloads_nothing(tmp_path, monkeypatch):
    monkeypatch.setenv("NIGHTJAR_SHARED", str(tmp_path / "nowhere"))
    if (Path(AcceleratorSettings().models_folder)).is_dir():
        pytest.skip("a model is installed on this machine")
    models = find_models(tmp_path / "models")
    assert "subjects are guessed" in models.said and "nightjar models fetch" in models.said
    assert not (tmp_path / "models").exists()


def test_a_shared_folder_that_holds_no_whole_model_is_no_model(tmp_path, monkeypatch):
    shared = tmp_path / "shared/models"
    shared.mkdir(parents=True)
    (shared / "deeplabv3_mnv2_dm05_pascal_quant.tflite").write_bytes(b"half a model")
    monkeypatch.setenv("NIGHTJAR_SHARED", str(tmp_path / "shared"))
    if (Path(AcceleratorSettings().models_folder)).is_dir():
        pytest.skip("a model is installed on this machine")
    assert "subjects are guessed" in find_models(tmp_path / "models").said

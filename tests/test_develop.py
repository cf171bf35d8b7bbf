"""`nightjar develop`: the camera's photo again from its raw file, or another one, and nothing is ever lost."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

import pytest

from firmware.demo.bench_daemon import bench_daemon
from isp.photo import STAGES

ROOT = Path(__file__).parents[1]
RAW_SCENE = Path(os.environ.get("NIGHTJAR_SHARED", ROOT.parent / "shared")) / "data/raw-bayer"
SIZE_PX = (1332, 990)


@pytest.fixture(scope="module")
def photos(tmp_path_factory):
    """A folder in which the daemon left IMG_0001 in mode photo and IMG_0002 in mode plain."""
    folder, bench = tmp_path_factory.mktemp("card"), tmp_path_factory.mktemp("bench")
    settings = [f"storage.folder={folder}", f"storage.state_folder={folder / 'state'}", "simulated.scene=chart"]
    small = [f"camera.width_px={SIZE_PX[0]}", f"camera.height_px={SIZE_PX[1]}", "camera.frames_per_second=10"]
    with bench_daemon(bench, folder / "log", [*settings, *small]) as daemon:
        daemon.take_photo()
        daemon.switch_mode("plain")
        daemon.take_photo()
    return folder / "DCIM/100NGHTJ"


@pytest.mark.parametrize("threads", [1, 2])
def test_the_daemons_dng_and_sidecar_give_its_jpeg_byte_for_byte(photos, ask, tmp_path, threads):
    raws = [photos / "IMG_0001.DNG", photos / "IMG_0002.DNG"]
    assert ask("develop", *raws, "-o", tmp_path, "--threads", threads)[0] == 0
    for raw in raws:
        jpeg = raw.with_suffix(".JPG")
        assert (tmp_path / jpeg.name).read_bytes() == jpeg.read_bytes()


def test_a_mode_or_a_knob_by_hand_plans_anew(photos, ask, tmp_path):
    raw = photos / "IMG_0001.DNG"
    answers = {
        "same": ["--no-sidecar"],
        "plain": ["--mode", "plain"],
        "soft": ["--set", "sharpen.amount=0"],
        "small": ["--set", "storage.jpeg_quality=50"],
    }
    made = {}
    for name, words in answers.items():
        code, out, error = ask("develop", raw, "-o", tmp_path / name, "--json", *words)
        assert code == 0, error
        made[name] = ((tmp_path / name / "IMG_0001.JPG").read_bytes(), json.loads(out)["photos"][0]["recipe"])
    daemons = raw.with_suffix(".JPG").read_bytes()
    # Planned from the same facts with the same knobs, the photo is the same.
    assert made["same"] == (daemons, "planned")
    assert all(made[name][0] != daemons for name in ("plain", "soft", "small"))
    assert (made["soft"][1], made["small"][1]) == ("planned", str(raw.with_suffix(".json")))


def test_a_recipe_can_be_followed_for_another_file(photos, ask, tmp_path):
    first, second = photos / "IMG_0001.DNG", photos / "IMG_0002.json"
    assert ask("develop", first, "-o", tmp_path, "--recipe", second)[0] == 0
    assert json.loads((tmp_path / "IMG_0001.json").read_text())["recipe"] == json.loads(second.read_text())["recipe"]
    assert ask("develop", first, "-o", tmp_path, "--recipe", second, "--mode", "photo")[0] == 2


def test_the_sidecar_of_another_photo_is_refused(photos, ask, tmp_path):
    (tmp_path / "mixed").mkdir()
    raw, sidecar = (Path(shutil.copy(photos / name, tmp_path / "mixed")) for name in ("IMG_0002.DNG", "IMG_0001.json"))
    sidecar.rename(raw.with_suffix(".json"))
    code, _, said = ask("develop", raw, "-o", tmp_path / "out")
    assert code == 1
    assert "IMG_0002.json belongs to another shot than IMG_0002.DNG" in said
    assert ask("develop", raw, "--no-sidecar", "-o", tmp_path / "out")[0] == 0


def test_photos_are_never_replaced_without_being_told(photos, ask, tmp_path):
    raw = photos / "IMG_0001.DNG"
    mine = tmp_path / "IMG_0001.JPG"
    mine.write_bytes(b"mine")
    code, _, error = ask("develop", raw, "-o", tmp_path)
    assert (code, mine.read_bytes()) == (1, b"mine")
    assert "--force" in error
    assert ask("develop", raw, "-o", tmp_path, "--force")[0] == 0
    assert mine.read_bytes() == raw.with_suffix(".JPG").read_bytes()


def test_one_bad_file_does_not_stop_the_others(photos, ask, tmp_path):
    good = (photos / "IMG_0001.DNG").read_bytes()
    (tmp_path / "a.DNG").write_bytes(good[: len(good) // 2])
    (tmp_path / "b.DNG").write_bytes(b"not a raw file")
    (tmp_path / "c.DNG").write_bytes(good)
    code, out, _ = ask("develop", tmp_path, tmp_path / "d.DNG", "-o", tmp_path / "out", "--json")
    told = json.loads(out)
    assert (code, told["error"]) == (1, "3 of 4 files failed")
    assert [Path(photo["raw"]).name for photo in told["photos"]] == ["c.DNG"]
    assert [Path(failure["raw"]).name for failure in told["failed"]] == ["a.DNG", "b.DNG", "d.DNG"]
    assert all(failure["error"] for failure in told["failed"])


def test_two_files_of_one_name_do_not_overwrite_each_other(photos, ask, tmp_path):
    raw = photos / "IMG_0001.DNG"
    (tmp_path / "IMG_0001.DNG").write_bytes(raw.read_bytes())
    code, _, error = ask("develop", raw, tmp_path, "-o", tmp_path / "out", "--force")
    assert code == 1
    assert "was just made from" in error


def test_show_steps_draws_every_intermediate_in_order_and_changes_nothing(photos, ask, tmp_path):
    raw = photos / "IMG_0001.DNG"
    assert ask("develop", raw, "-o", tmp_path, "--show-steps")[0] == 0
    steps = sorted((tmp_path / "IMG_0001-steps").iterdir())
    names = [step.name for step in steps]
    assert names[0] == "01-levels.png" and names[-1] == f"{len(STAGES)}-eight_bit.png"
    assert [int(name[:2]) for name in names] == list(range(1, len(names) + 1))
    from PIL import Image

    for step, mode in ((steps[0], "L"), (steps[-1], "RGB")):
        with Image.open(step) as picture:
            assert (picture.mode, picture.size) == (mode, SIZE_PX)
            assert picture.convert("L").getextrema()[1] > 60
    assert (tmp_path / "IMG_0001.JPG").read_bytes() == raw.with_suffix(".JPG").read_bytes()


def test_an_empty_folder_is_said_to_be_empty(ask, tmp_path):
    code, _, error = ask("develop", tmp_path / "etc")
    assert (code, "no raw file" in error) == (1, True)


def test_a_folder_that_may_not_be_written_is_one_clear_line(photos, ask):
    code, _, error = ask("develop", photos / "IMG_0001.DNG", "-o", "/proc/nowhere")
    assert code == 1
    assert "cannot be written" in error and error.count("\n") == 2  # progress, then the error


def test_a_real_raw_scene_of_an_unknown_sensor_develops(ask, tmp_path):
    if not RAW_SCENE.is_dir():
        pytest.skip(f"{RAW_SCENE} is not there; name the shared folder in NIGHTJAR_SHARED")
    code, out, error = ask("develop", RAW_SCENE / "DSC_1339_768x512_rggb.raw", "-o", tmp_path)
    assert code == 0, error
    assert "planned anew" in out

"""`nightjar view` and the preview of a running camera, as a person sees them."""

from __future__ import annotations

import base64
import json
import os
import signal
import time
from pathlib import Path

import numpy as np
import pytest
import simplejpeg

from firmware.cli import main
from firmware.commands.status import lines
from firmware.control.client import RequestRefused
from firmware.darkroom.modes import load_modes, mode_pipeline
from firmware.files.raw_files import read_raw
from firmware.sensors import load_sensor
from firmware.white_balance.judging import Judging
from isp.plan import plan

WANTED = 20
PATIENCE_S = 20.0


@pytest.fixture(scope="module")
def viewing(module_bench):
    """A camera with its preview on, for the tests that leave it as they found it."""
    return module_bench.start(preview__frames_per_second=WANTED)


@pytest.fixture
def view(capsysbinary):
    """Run `nightjar view` against this camera. Returns (exit code, stdout, stderr)."""

    def run(camera, *words):
        reach = ["--config", str(camera.config), "--set", f"control.socket={camera.socket}"]
        code = main(["view", *map(str, words), *reach])
        out, error = capsysbinary.readouterr()
        return code, out, error.decode()

    return run


def pixels_of(jpeg: bytes) -> np.ndarray:
    return simplejpeg.decode_jpeg(jpeg).astype(float)


def test_view_writes_the_newest_frame_as_a_jpeg_that_shows_the_scene(viewing, view, tmp_path):
    file = tmp_path / "new folder" / "now.jpg"
    code, out, _ = view(viewing, "--once", file)
    assert code == 0
    assert out.decode().splitlines()[0] == str(file)
    assert b"640 x 480" in out
    photo = pixels_of(Path(viewing.call("shoot")["jpeg"]).read_bytes())
    assert np.abs(pixels_of(file.read_bytes()) - photo).mean() < 5, "preview and photo show one scene in one light"
    assert os.listdir(file.parent) == ["now.jpg"]


def test_view_to_stdout_is_the_jpeg_and_nothing_else(viewing, view):
    code, out, error = view(viewing, "--once", "-")
    assert (code, error) == (0, "")
    assert pixels_of(out).shape == (480, 640, 3)
    assert view(viewing, "--once", "-", "--json")[0] == 2


def test_view_answers_json_without_the_pixels(viewing, view, tmp_path):
    code, out, _ = view(viewing, "--once", tmp_path / "now.jpg", "--json")
    told = json.loads(out)
    assert (code, told["jpeg"], told["width"], told["height"]) == (0, str(tmp_path / "now.jpg"), 640, 480)
    assert told["frame_age_s"] >= 0


def test_view_replaces_a_file_only_when_told(viewing, view, tmp_path):
    file = tmp_path / "mine.jpg"
    file.write_text("mine")
    code, _, error = view(viewing, "--once", file)
    assert (code, file.read_text()) == (1, "mine")
    assert "exists" in error and "--force" in error
    assert view(viewing, "--once", file, "--force")[0] == 0
    assert pixels_of(file.read_bytes()).size
    assert "is a folder" in view(viewing, "--once", tmp_path, "--force")[2]
    assert "cannot be written" in view(viewing, "--once", "/proc/now.jpg")[2]


def test_view_needs_to_know_where(viewing, view):
    code, _, error = view(viewing)
    assert (code, "--once" in error) == (2, True)


def test_status_tells_rate_core_share_and_drops(viewing):
    viewing.call("view")
    status = viewing.until(lambda status: status["preview"]["developed_per_second"] > 0)
    preview = status["preview"]
    assert preview["state"] == "on"
    assert preview["developed_per_second"] <= 1.5 * WANTED
    assert 0 < preview["core_share"] <= 1.05, "one thread has no more than one core"
    assert preview["dropped"] >= 0
    (line,) = [line for line in lines(status) if line.startswith("preview")]
    assert f"of {WANTED} pictures per second at 640 x 480" in line
    assert "of a core" in line and "dropped" in line
    assert status["warnings"] == []
    assert "preview" not in status["threads"], "a preview that hangs must not make systemd restart the camera"


def test_a_photo_taken_during_the_preview_is_the_photo_of_its_frame_alone(viewing):
    viewing.call("view")
    photo = viewing.call("shoot")
    frame = read_raw(Path(photo["dng"]))
    tuning = load_sensor("imx219").tuning
    recipe = json.loads(Path(photo["sidecar"]).read_text())["recipe"]
    planned = plan(mode_pipeline(load_modes()["photo"], {}), frame, tuning, Judging())
    assert recipe == json.loads(json.dumps(planned.to_dict()))
    assert abs(photo["press_to_frame_ms"]) < 100
    developed = viewing.call("status")["preview"]["developed"]
    viewing.until(lambda status: status["preview"]["developed"] > developed)


def test_the_picture_follows_the_exposure(bench):
    (bench.config / "config.toml").write_text("[exposure]\nfixed_us = 16000\nfixed_gain = 1.0\n")
    bench.start(preview__frames_per_second=30)
    bright = bench.call("view")
    (bench.config / "config.toml").write_text("[exposure]\nfixed_us = 1000\nfixed_gain = 1.0\n")
    bench.call("reload")
    deadline_s = time.monotonic() + PATIENCE_S
    while (dark := bench.call("view"))["exposure_us"] > 1100:
        assert time.monotonic() < deadline_s, "the picture stands still"
    assert bright["exposure_us"] > 15000
    means = [pixels_of(base64.b64decode(picture["jpeg"])).mean() for picture in (bright, dark)]
    assert means[0] > 2 * means[1]


def test_off_a_picture_is_made_when_asked_and_a_reload_turns_it_on(bench, view, tmp_path):
    bench.start()
    for name in ("first.jpg", "second.jpg"):
        assert view(bench, "--once", tmp_path / name)[0] == 0
        assert pixels_of((tmp_path / name).read_bytes()).shape == (480, 640, 3)
    assert [line for line in lines(bench.call("status")) if line.startswith("preview")] == ["preview  off"]
    (bench.config / "config.toml").write_text("[preview]\nframes_per_second = 5\n")
    bench.signal(signal.SIGHUP)
    bench.until(lambda status: status["preview"]["state"] == "on")
    (bench.config / "config.toml").write_text("# nothing\n")
    assert bench.call("reload") == {"changed": ["preview.frames_per_second"], "not_reloaded": []}
    bench.until(lambda status: status["preview"]["state"] == "off")
    assert bench.stop() == 0


def test_without_a_daemon_view_says_how_to_start_it(ask, tmp_path):
    words = ["view", "--once", tmp_path / "now.jpg", "--set", f"control.socket={tmp_path / 'none'}"]
    code, _, error = ask(*words)
    assert (code, "does not run" in error, (tmp_path / "now.jpg").exists()) == (1, True, False)


def test_a_silent_camera_is_told_and_no_old_picture_is_given(bench):
    bench.start(simulated__stall_after_frames=1, camera__frame_timeout_s=0.2, preview__frames_per_second=30)
    bench.wait_for("stalled")
    with pytest.raises(RequestRefused, match=r"not ready|no picture yet"):
        for _ in range(200):
            bench.call("view")
    assert bench.process.poll() is None

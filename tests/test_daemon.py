"""The running camera, from outside: pins, signals, socket and files, as systemd and a person see it."""

from __future__ import annotations

import importlib.util
import json
import os
import signal
import socket
import subprocess
import time
from pathlib import Path

import pytest

from firmware.cli import main
from firmware.commands.status import lines
from firmware.control.client import RequestRefused
from firmware.files.raw_files import read_raw

READY_BAR_S = 2.0


def whole(path: Path) -> bool:
    """True when the file can be read to its end."""
    import simplejpeg

    if path.suffix == ".JPG":
        return simplejpeg.decode_jpeg(path.read_bytes()).size > 0
    if path.suffix == ".DNG":
        return read_raw(path).pixels.size > 0
    return bool(json.loads(path.read_bytes()))


def names(bench) -> list[str]:
    return sorted(path.name for path in bench.photos.glob("*"))


def test_a_press_on_the_shutter_button_makes_three_whole_files(bench):
    bench.start()
    bench.press()
    bench.wait_for("1 photos, 0 in work")
    assert names(bench) == ["IMG_0001.DNG", "IMG_0001.JPG", "IMG_0001.json"]
    assert all(whole(path) for path in bench.photos.iterdir())
    numbers = json.loads((bench.photos / "IMG_0001.json").read_text())["numbers"]
    assert abs(numbers["press_to_frame_ms"]) < 100
    assert 0 < numbers["press_to_dng_ms"] < numbers["press_to_saved_ms"]
    assert bench.stop() == 0
    assert "IMG_0001.JPG: mode photo" in bench.log


def test_the_daemon_is_ready_within_two_seconds(bench):
    began_s = time.monotonic()
    bench.start()
    assert time.monotonic() - began_s < READY_BAR_S


def test_shoot_answers_when_the_photo_is_durable(running):
    answer = running.call("shoot", mode="plain")
    assert answer["saved"]
    assert answer["mode"] == "plain"
    assert all(whole(Path(answer[kind])) for kind in ("jpeg", "dng", "sidecar"))
    assert running.call("shoot", wait=False)["number"] == answer["number"] + 1


def test_the_mode_button_goes_through_the_modes_and_the_photo_obeys(running):
    running.press("mode")
    running.wait_for("mode plain")
    assert running.call("shoot")["mode"] == "plain"
    assert running.call("mode", name="photo")["mode"] == "photo"
    with pytest.raises(RequestRefused, match=r"no mode 'sepia'.*photo, plain"):
        running.call("mode", name="sepia")
    with pytest.raises(RequestRefused, match=r"Unknown param 'speed'.*mode, wait"):
        running.call("shoot", speed=3)


@pytest.mark.slow
def test_the_white_balance_of_each_mode_is_there_again_after_a_restart(bench):
    bench.start()
    bench.call("white_balance", action="choose", choice="4200K", tint=5.0)
    bench.call("white_balance", action="choose", choice="auto", mode="plain")
    locked = bench.call("white_balance", action="lock", mode="plain")["modes"]["plain"]["locked"]
    bench.stop()
    bench.start()
    told = bench.call("white_balance")
    assert told["modes"]["photo"]["in_words"] == "4200 K, tint +5"
    photo = bench.call("shoot")
    assert photo["light"]["temperature_k"] == 4200
    assert photo["light"]["source"] == "hand"
    plain = bench.call("shoot", mode="plain")
    assert plain["light"]["grey"] == pytest.approx(locked["grey"], abs=1e-4)
    assert "balance  4200 K, tint +5" in list(lines(bench.call("status")))


def test_a_long_press_says_that_switching_off_is_not_allowed(running):
    running.call("bench.pin", button="mode", level=0)
    status = running.until(lambda status: status["warnings"])
    assert "power_off = true" in status["warnings"][0]
    running.call("bench.pin", button="mode", level=1)


def test_a_long_press_where_nobody_can_switch_off_is_logged_and_the_camera_lives(bench):
    bench.start(environment={"PATH": str(bench.folder)}, buttons__long_press_s=0.5, buttons__power_off=True)
    bench.call("bench.pin", button="mode", level=0)
    bench.until(lambda _: "there is no busctl" in bench.log)
    assert bench.call("shoot")["saved"]


def test_sigterm_finishes_the_photos_that_were_accepted(bench):
    bench.start(darkroom__queue=10)
    accepted = [Path(bench.call("shoot", wait=False)["jpeg"]) for _ in range(6)]
    assert bench.stop() == 0
    assert all(whole(path) and whole(path.with_suffix(".json")) for path in accepted)
    bench.wait_for("STOPPING=1")
    assert not Path(bench.socket).exists()


LONG_BURST = {"exposure__fixed_us": 150_000, "exposure__fixed_gain": 8.0, "night__clean_shadow": 200.0}


def test_sigterm_in_a_burst_saves_the_photo_of_the_frames_at_hand(bench):
    bench.start(darkroom__mode="night", **LONG_BURST)
    bench.press()
    status = bench.until(lambda status: status["burst"] and status["burst"]["collected"] >= 2)
    assert status["light"] == "collecting"
    assert f"collecting {status['burst']['collected']} of {status['burst']['planned']}" in "\n".join(lines(status))
    assert bench.stop() == 0
    burst = json.loads((bench.photos / "IMG_0001.json").read_text())["burst"]
    assert burst["ended"] == "the camera was switched off"
    assert 2 <= burst["collected"] < burst["plan"]["frames"]
    assert read_raw(bench.photos / "IMG_0001.DNG").shot.frames == burst["collected"]
    assert whole(bench.photos / "IMG_0001.JPG")


def test_a_plug_pulled_in_a_burst_leaves_a_photo_of_one_frame(bench):
    bench.start(darkroom__mode="night", **LONG_BURST)
    bench.press()
    bench.until(lambda status: status["burst"] and (bench.photos / "IMG_0001.DNG").exists())
    bench.kill()
    assert [name for name in names(bench) if not name.startswith(".")] == ["IMG_0001.DNG"]
    assert read_raw(bench.photos / "IMG_0001.DNG").shot.frames == 1
    bench.start()
    assert "IMG_0001.DNG" in bench.call("status")["warnings"][0]


def test_a_second_press_on_the_button_ends_the_burst_without_an_error(bench):
    bench.start(darkroom__mode="night", **LONG_BURST)
    bench.press()
    bench.until(lambda status: status["burst"] and status["burst"]["collected"] >= 1)
    bench.press()
    status = bench.until(lambda status: status["photos"]["taken"] == 1)
    assert status["warnings"] == []
    assert "takes no photo of its own" in bench.log
    assert names(bench) == ["IMG_0001.DNG", "IMG_0001.JPG", "IMG_0001.json"]


def test_a_full_queue_refuses_the_next_press_and_says_so(bench):
    bench.start(darkroom__queue=1, camera__width_px=3280, camera__height_px=2464, ring__memory_mb=64)
    with pytest.raises(RequestRefused, match="photos are in work already"):
        for _ in range(50):
            bench.call("shoot", wait=False)
    assert bench.call("status")["warnings"] == []
    assert bench.call("status")["state"] in ("busy", "ready")


def test_sighup_takes_over_what_can_change_and_names_what_cannot(bench):
    bench.start()
    settings = "[storage]\ndng = false\n[sharpen]\namount = 0.0\n[log]\nlevel = 'debug'\n[camera]\nnumber = 1\n"
    settings += "[buttons]\nlong_press_s = 1.0\n[exposure]\nfixed_us = 5000\nlongest_us = 7000\n"
    (bench.config / "config.toml").write_text(settings)
    bench.signal(signal.SIGHUP)
    assert "MONOTONIC_USEC=" in bench.wait_for("RELOADING=1")
    bench.wait_for("READY=1")
    bench.until(lambda status: status["camera"]["exposure_us"] < 5100)
    answer = bench.call("shoot")
    assert answer["dng"] is None
    assert bench.call("status")["settings_not_reloaded"] == ["camera.number", "exposure.longest_us"]
    recipe = json.loads(Path(answer["sidecar"]).read_text())["recipe"]
    assert next(stage["amount"] for stage in recipe if stage["stage"] == "sharpen") == 0.0


def test_a_member_of_the_group_reloads_from_the_command_line(bench, capsys):
    bench.start()
    config = bench.config / "config.toml"
    config.write_text(f"[control]\nsocket = '{bench.socket}'\n")
    assert main(["config", "set", "sharpen.amount", "0", "--config", str(bench.config)]) == 0
    capsys.readouterr()
    assert main(["config", "reload", "--config", str(bench.config)]) == 0
    assert capsys.readouterr().out == "changed: sharpen.amount\n"


def test_wrong_settings_are_refused_at_reload_and_the_old_ones_stay(bench):
    bench.start()
    wrong = {"[sharpen]\nammount = 1.0\n": "ammount", "[darkroom]\nmode = 'nosuch'\n": "no mode 'nosuch'"}
    for text, words in wrong.items():
        (bench.config / "config.toml").write_text(text)
        with pytest.raises(RequestRefused, match=words):
            bench.call("reload")
    bench.signal(signal.SIGHUP)
    bench.wait_for("READY=1")
    assert "not reloaded, the old ones stay" in bench.log
    assert bench.call("shoot")["saved"]


def test_a_camera_that_falls_silent_is_reopened(bench):
    bench.start(simulated__stall_after_frames=30, camera__frame_timeout_s=0.2)
    bench.wait_for("stalled")
    bench.wait_for("mode photo")
    assert bench.call("shoot")["saved"]
    status = bench.call("status")
    assert status["camera"]["stalls"] >= 1
    assert any("fell silent" in warning for warning in status["warnings"])


def test_a_press_while_the_camera_is_silent_is_refused_with_the_reason(bench):
    bench.start(simulated__stall_after_frames=1, camera__frame_timeout_s=0.2)
    bench.wait_for("stalled")
    with pytest.raises(RequestRefused, match=r"not ready|No frame came"):
        for _ in range(20):
            bench.call("shoot")
    assert bench.process.poll() is None


@pytest.mark.skipif(importlib.util.find_spec("libcamera") is not None, reason="this machine may have a real camera")
def test_without_a_camera_the_daemon_lives_and_says_so(bench):
    bench.launch(camera__backend="picamera2")
    assert "no camera" in bench.wait_for("READY=1")
    status = bench.call("status")
    assert (status["state"], status["light"]) == ("no camera", "error")
    assert any("picamera2" in warning for warning in status["warnings"])
    with pytest.raises(RequestRefused, match="not ready"):
        bench.call("shoot")
    assert bench.stop() == 0


def test_a_camera_that_is_plugged_in_later_is_found(bench):
    bench.start()
    recorded = Path(bench.call("shoot")["dng"])
    bench.stop()
    folder = bench.folder / "recorded"
    folder.mkdir()
    bench.launch(camera__backend="replay", replay__folder=folder, replay__frames_per_second=20)
    assert "no camera" in bench.wait_for("READY=1")
    recorded.rename(folder / "one.dng")
    bench.wait_for("replay imx219, mode photo")
    assert bench.call("shoot")["saved"]
    assert bench.stop() == 0


def test_below_the_free_space_floor_a_press_is_refused_and_the_daemon_lives(bench):
    bench.start(storage__free_space_floor_mb=1000000)
    with pytest.raises(RequestRefused, match="free_space_floor_mb"):
        bench.call("shoot")
    assert bench.call("status")["light"] == "ready"
    bench.press()
    status = bench.until(lambda status: status["light"] == "error")
    assert any("presses are refused" in warning for warning in status["warnings"])
    assert names(bench) == []
    assert bench.stop() == 0


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can mount a small card")
def test_a_full_card_refuses_and_goes_on_when_there_is_room_again(bench):
    card = bench.folder / "photos"
    card.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=6m", "tmpfs", str(card)], capture_output=True).returncode:
        pytest.skip("this machine allows no mount")
    try:
        bench.start()
        with pytest.raises(RequestRefused, match="free") as refusal:
            for _ in range(50):
                bench.call("shoot")
        taken = sorted(bench.photos.glob("*.JPG"))
        assert taken, refusal.value
        assert all(whole(path) for path in bench.photos.iterdir())
        taken[0].with_suffix(".DNG").unlink()
        taken[1].with_suffix(".DNG").unlink()
        assert bench.call("shoot")["saved"]
        assert bench.stop() == 0
    finally:
        subprocess.run(["umount", "--lazy", str(card)], check=True)


def test_a_second_daemon_on_the_same_card_is_refused(bench):
    bench.start()
    first = bench.process
    bench.launch(control__socket=str(bench.folder / "other.sock"))
    assert bench.process.wait(20) == 1
    assert "another Nightjar" in bench.log
    bench.process = first
    assert bench.call("shoot")["saved"]


def test_the_watchdog_is_fed_while_frames_come(bench):
    bench.start(environment={"WATCHDOG_USEC": "600000"})
    for _ in range(3):
        bench.wait_for("WATCHDOG=1")


def test_photos_cut_off_before_developing_are_named_with_the_command_that_mends_them(bench):
    bench.start()
    answer = bench.call("shoot")
    bench.stop()
    Path(answer["jpeg"]).unlink()
    bench.start()
    (warning,) = bench.call("status")["warnings"]
    assert f"nightjar develop {answer['dng']} -o {bench.photos}`" in warning
    assert bench.call("shoot")["number"] == answer["number"] + 1


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"simulated__sensor": "imx999"}, "imx999"),
        ({"ring__memory_mb": 16, "camera__width_px": 0, "camera__height_px": 0}, "memory_mb = "),
        ({"sharpen__amount": "nan"}, "sharpen"),
        ({"darkroom__mode": "sepia"}, "sepia"),
        ({"control__socket": "/proc/nightjar/control.sock"}, r"[control] socket"),
        ({"storage__folder": "/proc/nightjar"}, "/proc"),
    ],
)
def test_a_start_that_cannot_work_ends_at_once_and_says_why(bench, settings, words):
    bench.launch(**settings)
    assert bench.process.wait(20) == 1
    assert words in bench.log
    assert "Traceback" not in bench.log


def test_garbage_on_the_socket_does_not_stop_the_camera(running):
    for garbage in (b"\xff" * 1000 + b"\n", b"x" * 100_000, b"{}\n", b""):
        with socket.socket(socket.AF_UNIX) as connection:
            connection.connect(running.socket)
            connection.sendall(garbage)
    assert running.call("shoot")["saved"]

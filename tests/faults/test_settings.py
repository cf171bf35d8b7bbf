"""A configuration that is half-written, at the start, at a reload, and while `config set` writes it."""

from __future__ import annotations

import shutil
import signal
import subprocess

import pytest

from firmware.control.client import RequestRefused
from firmware.demo.bench_daemon import NIGHTJAR, same_code

pytestmark = pytest.mark.faults

SETTINGS = "[night]\ntotal_s = 3.0\n[storage]\ndng = false\n[darkroom]\nmode = 'plain'\n"
HALF_WRITTEN = {
    "cut in a value": SETTINGS[: SETTINGS.index("ain'")],
    "nothing in it": "",
    "zeros in it": "\0" * len(SETTINGS),
}


def shown(bench) -> str:
    """What `nightjar status` says, asked as a person does, with the same half-written settings."""
    asked = ["--config", bench.config, "--set", f"control.socket={bench.socket}"]
    asked += ["--set", f"storage.state_folder={bench.folder / 'state'}"]
    told = subprocess.run([*NIGHTJAR, "status", *asked], env=same_code(), capture_output=True, text=True, check=True)
    return told.stdout + told.stderr


@pytest.mark.parametrize("text", HALF_WRITTEN.values(), ids=HALF_WRITTEN)
def test_half_written_settings_at_the_start_leave_the_last_right_ones_in_force(bench, text):
    file = bench.config / "config.toml"
    file.write_text(SETTINGS)
    bench.start()
    assert bench.call("status")["mode"] == "plain"
    bench.stop()

    file.write_text(text)
    bench.launch()
    assert "mode plain, 0 photos, 0 in work, settings wrong" in bench.wait_for("READY=1")
    assert bench.call("shoot")["dng"] is None
    status = shown(bench)
    assert f"The settings of the camera's last start are in force, because of {file}" in status

    file.write_text(SETTINGS.replace("false", "true"))
    bench.until(lambda status: not status["warnings"])
    assert bench.call("shoot")["dng"]


def test_half_written_settings_at_the_first_start_are_refused(bench):
    (bench.config / "config.toml").write_text(HALF_WRITTEN["cut in a value"])
    bench.launch()
    assert bench.process.wait(20) == 1
    assert "config.toml: not TOML" in bench.log
    assert "end of document" in bench.log


def test_a_reload_in_the_middle_of_writing_is_made_good_when_the_file_is_whole(bench):
    file = bench.config / "config.toml"
    file.write_text(SETTINGS)
    bench.start()
    file.write_text(HALF_WRITTEN["cut in a value"].replace("false", "true"))
    bench.signal(signal.SIGHUP)
    bench.wait_for("settings wrong")
    status = bench.call("status")
    assert (status["state"], status["light"]) == ("ready", "ready")
    (warning,) = status["warnings"]
    assert "are not in force" in warning
    assert str(file) in warning
    assert bench.call("shoot")["dng"] is None
    with pytest.raises(RequestRefused, match="not TOML"):
        bench.call("reload")

    file.write_text(SETTINGS.replace("false", "true"))  # and nobody says so
    bench.until(lambda status: not status["warnings"])
    assert bench.call("shoot")["dng"]


@pytest.mark.skipif(shutil.which("strace") is None, reason="strace cuts `config set` off; apt install strace")
@pytest.mark.parametrize("call", ["openat", "write", "fsync", "rename", "chmod", "fchmod", "close"])
def test_config_set_cut_off_at_any_call_leaves_the_old_settings_or_the_new(bench, call):
    """strace kills the program at one call after the other, on the files of the settings' folder."""
    file = bench.config / "config.toml"
    states = set()
    for number in range(1, 20):
        file.write_text(SETTINGS)
        asked = ["--config", bench.config, "config", "set", "night.total_s", "5.0"]
        cut = ["-P", bench.config, "-P", file, "-P", bench.config / ".config.toml.partial", "-e", f"trace={call}"]
        traced = ["strace", "-f", "-o", "/dev/null", *cut, "-e", f"inject={call}:signal=KILL:when={number}"]
        code = subprocess.run([*traced, *NIGHTJAR, *asked], env=same_code(), capture_output=True).returncode
        text = file.read_text()
        assert text in (SETTINGS, SETTINGS.replace("3.0", "5.0"))
        states.add(text)
        if code == 0:
            break
    else:
        pytest.fail(f"{call} is called more often than a person would believe")
    assert number > 1 or call in ("chmod", "fchmod"), "nothing was cut off"
    assert SETTINGS.replace("3.0", "5.0") in states

"""The command `nightjar`: what it answers, how it fails, and that it is quick over SSH."""

from __future__ import annotations

import importlib
import json
import os
import pty
import resource
import select
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from firmware.cli import COMMANDS, main
from firmware.demo.bench_daemon import NIGHTJAR, bench_daemon, same_code
from firmware.version import VERSION

LIMIT_S = 60


@pytest.fixture(scope="module")
def camera(tmp_path_factory):
    """A running daemon: the settings to reach it, and the photos' folder."""
    folder, bench = tmp_path_factory.mktemp("card"), tmp_path_factory.mktemp("bench")
    settings = [f"storage.folder={folder}", f"storage.state_folder={folder / 'state'}", "simulated.scene=chart"]
    small = ["camera.width_px=1332", "camera.height_px=990", "camera.frames_per_second=10", "ring.memory_mb=64"]
    with bench_daemon(bench, folder / "log", [*settings, *small]):
        yield ["--config", str(bench), "--set", f"control.socket={bench / 'control.sock'}"], folder / "DCIM/100NGHTJ"


# What every command does


def test_without_a_command_it_says_which_there_are(capsys):
    assert main([]) == 2
    out = capsys.readouterr().out
    assert [name for name in COMMANDS if f"  {name} " not in out] == []


def test_every_command_explains_itself(capsys):
    for name in COMMANDS:
        with pytest.raises(SystemExit) as end:
            main([name, "--help"])
        assert end.value.code == 0
        told, command = capsys.readouterr().out, importlib.import_module(f"firmware.commands.{name}")
        assert f"nightjar {name}" in told
        examples = [line for line in command.__doc__.splitlines() if line.startswith("  ")]
        assert [line for line in examples if line not in told] == []


def test_the_version_is_one_line(capsys):
    with pytest.raises(SystemExit) as end:
        main(["--version"])
    assert (end.value.code, capsys.readouterr().out) == (0, f"nightjar {VERSION}\n")


@pytest.mark.parametrize(
    "words",
    [["photograph"], ["status", "--wat"], ["config", "get"], ["config", "set", "log.level"], ["develop"], ["--set"]],
)
def test_a_wrong_command_line_ends_with_two_and_speaks_on_stderr(capsys, words):
    assert main(words) == 2
    out, error = capsys.readouterr()
    assert out == ""
    assert error.startswith("nightjar: ")


def test_with_json_even_a_wrong_command_line_answers_json(capsys):
    assert main(["photograph", "--json"]) == 2
    assert "photograph" in json.loads(capsys.readouterr().out)["error"]


def test_options_may_stand_before_and_after_the_command(ask):
    for words in (["--json", "--set", "log.level=debug"], ["--set", "log.level=debug"]):
        code, out, _ = ask(*words, "config", "get", "log.level", "--json")
        assert (code, json.loads(out)["value"]) == (0, "debug")


def test_a_wrong_setting_stops_every_command_with_one_line(ask):
    for words in (["status"], ["shoot"], ["doctor"], ["config", "show"], ["run"]):
        code, out, error = ask(*words, "--set", "camera.bakend=auto")
        assert (code, out, error.count("\n")) == (1, "", 1)
        assert "Did you mean 'backend'?" in error


def test_a_wrong_stage_knob_stops_the_daemon_before_it_starts(ask):
    code, _, error = ask("run", "--set", "sharpen.amount=nan")
    assert code == 1
    assert "[sharpen] amount = nan" in error


def test_a_reader_that_leaves_early_gets_no_complaint():
    process = subprocess.Popen([*NIGHTJAR, "knobs"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=same_code())
    process.stdout.close()
    assert process.stderr.read() == b""
    process.wait(LIMIT_S)


@pytest.mark.parametrize("words", [["knobs"], ["knobs", "--json"], ["config", "get", "--json"]])
@pytest.mark.parametrize("where", ["/dev/full", "closed"])
def test_an_answer_that_cannot_be_written_is_no_crash(words, where):
    command = [*NIGHTJAR, *words]
    to = ">&-" if where == "closed" else f">{where}"
    asked = subprocess.run(
        ["sh", "-c", f'"$@" {to}', "sh", *command],
        stderr=subprocess.PIPE,
        timeout=LIMIT_S,
        env=same_code(),
        check=False,
    )
    assert asked.returncode in ((0, 2) if where == "closed" else (1,))
    assert b"Traceback" not in asked.stderr
    assert (b"No space left on device" in asked.stderr) == (where == "/dev/full")


@pytest.mark.parametrize("as_json", [[], ["--json"]], ids=["words", "json"])
def test_names_that_the_terminal_cannot_show_are_no_crash(as_json):
    command = [*NIGHTJAR, "config", "get", "storage.folder", "--set", "storage.folder=/k\u00fcche/\udcff", *as_json]
    asked = subprocess.run(
        command, capture_output=True, timeout=LIMIT_S, env=same_code() | {"PYTHONIOENCODING": "ascii"}, check=True
    )
    assert b"/k" in asked.stdout
    if as_json:
        assert json.loads(asked.stdout)["value"] == "/k\u00fcche/\udcff"


def test_ctrl_c_ends_quietly_with_130(tmp_path):
    with socket.socket(socket.AF_UNIX) as silent:
        silent.bind(str(tmp_path / "s"))
        silent.listen()
        silent.settimeout(LIMIT_S)
        command = [*NIGHTJAR, "shoot", "--set", f"control.socket={tmp_path / 's'}"]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, env=same_code())
        connection, _ = silent.accept()  # now it waits for the answer
        with connection:
            process.send_signal(signal.SIGINT)
            assert process.communicate(timeout=LIMIT_S)[0] == b""
    assert process.returncode == 130


@pytest.mark.parametrize(("no_color", "colourful"), [("", True), ("1", False)], ids=["terminal", "NO_COLOR"])
def test_colour_is_for_terminals_without_no_color(no_color, colourful):
    ours, theirs = pty.openpty()
    environment = same_code() | {"NO_COLOR": no_color, "TERM": "xterm"}
    command = [*NIGHTJAR, "knobs", "log"]
    process = subprocess.Popen(command, stdout=theirs, stderr=theirs, env=environment)
    assert process.wait(LIMIT_S) == 0
    assert select.select([ours], [], [], LIMIT_S)[0]
    assert (b"\x1b[" in os.read(ours, 4096)) == colourful
    os.close(ours)
    os.close(theirs)


def test_there_is_no_colour_in_a_pipe():
    command = [*NIGHTJAR, "knobs"]
    asked = subprocess.run(command, capture_output=True, timeout=LIMIT_S, env=same_code(), check=True)
    assert b"\x1b" not in asked.stdout


# config and knobs


def test_config_get_set_and_show_work_together(ask, tmp_path):
    file = tmp_path / "etc/config.toml"
    file.write_text("# mine\n")
    assert ask("config", "set", "simulated.lux", "50")[:2] == (0, f"simulated.lux = 50.0 in {file}\n")
    assert ask("config", "get", "simulated.lux")[1] == "50.0\n"
    assert file.read_text().startswith("# mine\n")
    shown = json.loads(ask("config", "show", "simulated", "--origin", "--json")[1])["simulated"]
    assert shown["lux"] == {"value": 50.0, "origin": str(file)}
    assert shown["seed"] == {"value": 1, "origin": "default"}


def test_config_set_tells_when_something_else_wins(ask, monkeypatch):
    monkeypatch.setenv("NIGHTJAR_SIMULATED__LUX", "9")
    code, _, error = ask("config", "set", "simulated.lux", "50")
    assert code == 0
    assert "NIGHTJAR_SIMULATED__LUX" in error


def test_config_set_takes_a_negative_number_and_refuses_nan(ask):
    assert ask("config", "set", "exposure.compensation_ev", "-1")[0] == 0
    assert ask("config", "get", "exposure.compensation_ev")[1] == "-1.0\n"
    code, _, error = ask("config", "set", "exposure.compensation_ev", "nan")
    assert (code, "finite" in error) == (1, True)


def test_a_knob_that_is_measured_says_so(ask):
    assert ask("config", "get", "white_balance.temperature_k")[1] == "(measured)\n"
    assert json.loads(ask("config", "get", "white_balance.temperature_k", "--json")[1])["value"] is None


def test_knobs_lists_camera_and_picture_with_range_and_meaning(ask):
    knobs = {(knob["table"], knob["key"]): knob for knob in json.loads(ask("knobs", "--json")[1])}
    assert knobs["sharpen", "amount"]["allowed"] == "0 to 2"
    assert knobs["camera", "backend"]["default"] == "auto"
    assert all(knob["meaning"] for knob in knobs.values())
    code, out, _ = ask("knobs", "sharpen")
    assert (code, "[sharpen]" in out, "[camera]" in out) == (0, True, False)
    assert ask("knobs", "sharpne")[0] == 1


# status and shoot


def test_status_without_a_daemon_says_how_to_start_it(ask, tmp_path):
    code, out, error = ask("status", "--set", f"control.socket={tmp_path / 'none'}")
    assert (code, out) == (1, "")
    assert "does not run" in error and "systemctl start" in error


def test_status_answers_without_numpy_and_within_150_ms_of_processor_time(camera):
    reach, _ = camera
    script = (
        "import sys\nfrom firmware.cli import main\n"
        "code = main(sys.argv[1:])\nassert 'numpy' not in sys.modules\nsys.exit(code)"
    )
    spent_s = []
    for _ in range(3):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        asked = subprocess.run(
            [sys.executable, "-P", "-c", script, "status", *reach],
            capture_output=True,
            text=True,
            env=same_code(),
            check=False,
        )
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        assert asked.returncode == 0, asked.stderr
        assert asked.stdout.startswith("ready, Nightjar")
        spent_s.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
    assert min(spent_s) < 0.15


def test_shoot_waits_until_the_photo_is_safe_and_tells_its_numbers(camera, capsys):
    reach, folder = camera
    assert main(["shoot", "--json", "--mode", "plain", *reach]) == 0
    photo = json.loads(capsys.readouterr().out)
    assert photo["mode"] == "plain"
    assert Path(photo["jpeg"]).parent == folder
    assert all(Path(photo[kind]).stat().st_size > 0 for kind in ("jpeg", "dng", "sidecar"))
    assert photo["press_to_saved_ms"] > photo["develop_ms"] > 0


def test_shoot_in_a_mode_that_does_not_exist_lists_the_modes(camera, capsys):
    assert main(["shoot", "--mode", "sepia", *camera[0]]) == 1
    assert "photo, plain, night, portrait" in capsys.readouterr().err

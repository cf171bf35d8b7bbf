"""Half-written settings: what is in force meanwhile, and when the files are looked at again."""

from __future__ import annotations

import shutil

import pytest

from firmware.errors import SettingsError
from firmware.settings_in_force import KEPT, SettingsFiles, settings_to_ask_with

RIGHT = "[camera]\nnumber = 2\n"
CUT = "[camera]\nnumber ="


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "config").mkdir()
    (tmp_path / "state").mkdir()
    (tmp_path / "config/config.toml").write_text(RIGHT)
    return tmp_path


def files_of(folder, *command_line) -> SettingsFiles:
    given = [f"storage.state_folder={folder / 'state'}", *command_line]
    return SettingsFiles(given, str(folder / "config"), check=lambda _: None)


def kept(folder) -> None:
    files = files_of(folder)
    files.read()
    files.keep()


@pytest.mark.parametrize("text", [CUT, "", "\0\0\0", "[camera]\nnumbr = 1\n"])
def test_the_kept_settings_hold_while_the_file_is_wrong(folder, text):
    kept(folder)
    (folder / "config/config.toml").write_text(text)
    files = files_of(folder, "ring.memory_mb=64")
    settings = files.read_or_kept()
    assert (settings.camera.number, settings.ring.memory_mb) == (2, 64)
    assert "config.toml" in files.trouble
    with pytest.raises(SettingsError):
        files.read()


def test_a_file_that_was_always_empty_or_says_that_none_are_wanted_is_right(folder):
    (folder / "config/config.toml").write_text("")
    kept(folder)
    assert files_of(folder).read().camera.number == 0
    (folder / "config/config.toml").write_text(RIGHT)
    kept(folder)
    (folder / "config/config.toml").write_text("# none\n")
    assert files_of(folder).read().camera.number == 0


@pytest.mark.parametrize("text", [None, "{", "[1]", '{"folder": "elsewhere", "files": []}', '{"files": [3]}', "\xff"])
def test_without_anything_kept_the_files_own_fault_is_told(folder, text):
    if text is not None:
        (folder / "state" / KEPT).write_text(text, encoding="latin-1")
    (folder / "config/config.toml").write_text(CUT)
    with pytest.raises(SettingsError, match=r"config\.toml: not TOML"):
        files_of(folder).read_or_kept()


def test_wrong_words_on_the_command_line_are_refused_also_with_kept_settings(folder):
    kept(folder)
    (folder / "config/config.toml").write_text(CUT)
    with pytest.raises(SettingsError, match="buffer_count"):
        files_of(folder, "camera.buffer_count=99").read_or_kept()


def test_a_change_of_the_files_is_seen_and_a_folder_that_is_gone_is_one(folder):
    files = files_of(folder)
    files.read()
    assert not files.have_changed()
    (folder / "config/config.toml").write_text(CUT)
    assert files.have_changed()
    with pytest.raises(SettingsError):
        files.read()
    assert not files.have_changed(), "looked at, and still wrong"
    shutil.rmtree(folder / "config")
    assert files.have_changed()
    with pytest.raises(SettingsError, match="no folder"):
        files.read()
    assert not files.have_changed()


def test_the_state_folder_that_cannot_be_written_costs_a_warning(folder, caplog):
    files = files_of(folder, f"storage.state_folder={folder / 'nowhere'}")
    files.read()
    files.keep()
    assert "cannot be kept" in caplog.text


def test_commands_that_only_talk_to_the_camera_say_why_and_go_on(folder, capsys):
    kept(folder)
    (folder / "config/config.toml").write_text(CUT)
    given = [f"storage.state_folder={folder / 'state'}", "control.socket=/tmp/some.sock"]
    assert settings_to_ask_with(given, str(folder / "config")).control.socket == "/tmp/some.sock"
    assert "config.toml: not TOML" in capsys.readouterr().err

"""Settings: where each value comes from, what is refused, and that writing one keeps the rest."""

from __future__ import annotations

import os
import tomllib
from pathlib import Path

import pytest

from firmware.commands.knobs import all_tables, as_toml
from firmware.configuration import EVERY_SETTING, check_pictures, load, settings_folder, stage_tables
from firmware.errors import SettingsError
from firmware.settings import TABLES, Settings
from firmware.settings_file import set_value
from firmware.version import VERSION
from isp.knobs import knob_fields


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "config.d").mkdir()
    return tmp_path


def refused(folder, *command_line, environment=None):
    with pytest.raises(SettingsError) as refusal:
        check_pictures(load(command_line, environment or {}, folder))
    return str(refusal.value)


def test_without_any_file_the_settings_are_the_defaults(folder):
    loaded = load((), {}, folder)
    assert loaded.settings == Settings()
    assert set(loaded.origins.values()) == {"default"}


def test_each_layer_wins_over_the_one_before_and_is_named_as_the_origin(folder):
    main, first, second = folder / "config.toml", folder / "config.d/10.toml", folder / "config.d/20.toml"
    main.write_text("[camera]\nnumber = 1\nwidth_px = 1\nheight_px = 1\nbuffer_count = 4\n[ring]\nmemory_mb = 64\n")
    first.write_text("[camera]\nnumber = 2\nwidth_px = 2\nheight_px = 2\n")
    second.write_text("[camera]\nwidth_px = 3\nheight_px = 3\n")
    environment = {"NIGHTJAR_CAMERA__HEIGHT_PX": "4", "NIGHTJAR_RING__MEMORY_MB": "128"}
    loaded = load(["ring.memory_mb=256"], environment, folder)
    camera = loaded.settings.camera
    assert (camera.buffer_count, camera.number, camera.width_px, camera.height_px) == (4, 2, 3, 4)
    assert loaded.settings.ring.memory_mb == 256
    origins = [loaded.origins[f"camera.{key}"] for key in ("buffer_count", "number", "width_px", "height_px")]
    assert origins == [str(main), str(first), str(second), "NIGHTJAR_CAMERA__HEIGHT_PX"]
    assert (loaded.origins["ring.memory_mb"], loaded.origins["camera.hflip"]) == ("--set", "default")


def test_the_environment_names_another_folder(folder):
    (folder / "config.toml").write_text("[log]\nlevel = 'debug'\n")
    assert load((), {"NIGHTJAR_CONFIG": str(folder)}).settings.log.level == "debug"


def test_a_named_folder_must_exist(tmp_path):
    with pytest.raises(SettingsError, match=r"NIGHTJAR_CONFIG names .*nowhere"):
        settings_folder({"NIGHTJAR_CONFIG": str(tmp_path / "nowhere")})


def test_one_file_can_stand_in_for_the_folder(folder):
    (folder / "config.toml").write_text("[log]\nlevel = 'debug'\n")
    other = folder / "other.toml"
    other.write_text("[camera]\nnumber = 3\n")
    settings = load((), {}, folder, other).settings
    assert (settings.camera.number, settings.log.level) == (3, "info")


@pytest.mark.parametrize(("text", "value"), [("true", True), ("false", False)], ids=["on", "off"])
def test_switches_are_written_as_in_toml(folder, text, value):
    assert load([f"camera.hflip={text}"], {}, folder).settings.camera.hflip is value


def test_text_needs_no_quotes_and_keeps_digits(folder):
    settings = load(["storage.folder=/media/my card", "camera.tuning=477"], {}, folder).settings
    assert (settings.storage.folder, settings.camera.tuning) == ("/media/my card", "477")
    assert load(['storage.folder="/media/x"'], {}, folder).settings.storage.folder == "/media/x"


def test_variables_that_are_no_settings_are_left_alone(folder):
    assert load((), {"NIGHTJAR_SHARED": "x", "PATH": "y"}, folder).settings == Settings()


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[camera]\nwidht_px = 1\n", ["[camera]", "'widht_px'", "Did you mean 'width_px'?"]),
        ("[camra]\n", ["[camra]", "Did you mean 'camera'?"]),
        ("[sharpne]\namount = 1\n", ["[sharpne]", "Did you mean 'sharpen'?"]),
        ("[sharpen]\namonut = 1\n", ["[sharpen]", "'amonut'", "Did you mean 'amount'?"]),
        ("[camera]\nnumber = 9\n", ["[camera]", "number", "9", "0 to 3"]),
        ("[camera]\nnumber = '1'\n", ["[camera]", "number", "str", "int"]),
        ("[camera]\nnumber = true\n", ["[camera]", "number", "bool"]),
        ("[camera]\nbackend = 'web'\n", ["backend", "'web'", "'simulated'"]),
        ("[simulated]\nlux = nan\n", ["lux", "nan", "finite"]),
        ("[simulated]\nlux = inf\n", ["lux", "inf", "finite"]),
        ("[simulated]\nlux = 0\n", ["lux", "0.0", "0.01"]),
        ("[sharpen]\namount = nan\n", ["[sharpen]", "amount", "nan"]),
        ("[sharpen]\nradius_px = 0\n", ["[sharpen]", "radius_px", "0.3"]),
        ("[camera\n", ["not TOML", "line 1"]),
        ("[log]\nlevel = 'info'\nlevel = 'debug'\n", ["not TOML", "line 3"]),
        ("number = 1\n", ["'number'", "outside any table"]),
        ("[[camera]]\nnumber = 1\n", ["camera"]),
    ],
)
def test_what_is_wrong_is_refused_with_file_table_key_and_what_is_allowed(folder, text, words):
    (folder / "config.d/30.toml").write_text(text)
    complaint = refused(folder)
    for word in [str(folder / "config.d/30.toml"), *words]:
        assert word in complaint
    assert "\n" not in complaint


@pytest.mark.parametrize("number", ["9" * 400, "9" * 5000, "[" * 100_000], ids=["400 digits", "5000 digits", "deep"])
def test_absurd_values_are_refused_in_one_line(folder, number):
    (folder / "config.toml").write_text(f"[simulated]\nlux = {number}\n")
    with pytest.raises(SettingsError, match=r"config\.toml"):
        load((), {}, folder)
    with pytest.raises(SettingsError, match="lux"):
        load([f"simulated.lux={number}"], {}, folder.parent)


def test_a_file_that_is_not_text_is_refused_by_name(folder):
    (folder / "config.toml").write_bytes(b"\xff\xfe\x00[camera]")
    assert "config.toml is not UTF-8" in refused(folder)


def test_a_wrong_variable_is_named(folder):
    complaint = refused(folder, environment={"NIGHTJAR_CAMERA__NUMBER": "many"})
    assert complaint.startswith("NIGHTJAR_CAMERA__NUMBER: [camera] number = 'many'")


@pytest.mark.parametrize("text", ["camera.number", "number=1", "camera.=1", "=1", "camera.number=1\nhflip = true"])
def test_a_malformed_assignment_is_refused(folder, text):
    assert "--set" in refused(folder, text)


def test_stage_tables_reach_the_pictures_and_what_was_set_by_hand_is_known(folder):
    (folder / "config.toml").write_text("[sharpen]\namount = 0.9\nradius_px = 2.0\n")
    loaded = load(["sharpen.amount=0.2"], {}, folder)
    assert loaded.settings.pictures == {"sharpen": {"amount": 0.2, "radius_px": 2.0}}
    assert loaded.by_hand() == {"sharpen": {"amount": 0.2}}


def test_the_file_of_all_settings_is_what_the_code_says():
    """To mend: nightjar knobs --toml > configs/camera.toml"""
    assert EVERY_SETTING.read_text() == as_toml(all_tables())


def test_the_file_of_all_settings_holds_every_knob_with_its_default_and_loads():
    tables = tomllib.loads(EVERY_SETTING.read_text())
    for name, kind in all_tables().items():
        defaults = {field.name: field.default for field, _ in knob_fields(kind) if field.default is not None}
        assert tables[name] == defaults
    loaded = load((), {}, file=EVERY_SETTING)
    check_pictures(loaded)
    assert loaded.settings.camera == Settings().camera
    assert set(stage_tables()) | set(TABLES) == set(all_tables())


def test_every_knob_has_a_meaning():
    assert [
        f"{name}.{field.name}"
        for name, kind in all_tables().items()
        for field, facts in knob_fields(kind)
        if not facts.meaning
    ] == []


def test_setting_a_value_keeps_comments_and_order(folder):
    file = folder / "config.toml"
    file.write_text("# my camera\n[log]  # talk\nlevel = 'info'  # quiet\n\n[camera]\n# which\nnumber = 0\n")
    set_value(file, "log.level", "debug")
    assert file.read_text() == '# my camera\n[log]  # talk\nlevel = "debug"  # quiet\n\n[camera]\n# which\nnumber = 0\n'


def test_setting_a_value_makes_file_folder_and_table(folder):
    file = folder / "new/config.toml"
    assert set_value(file, "camera.backend", "simulated") == "simulated"
    set_value(file, "sharpen.amount", "0.8")
    loaded = load((), {}, folder / "new")
    check_pictures(loaded)
    assert (loaded.settings.camera.backend, loaded.settings.pictures) == ("simulated", {"sharpen": {"amount": 0.8}})


@pytest.mark.parametrize(
    ("name", "text", "complaint"),
    [
        ("log.level", "loud", "'debug'"),
        ("log.levle", "debug", "Did you mean 'level'"),
        ("lgo.level", "debug", "Did you mean 'log'"),
        ("sharpen.amount", "9", "0 to 2"),
        ("sharpen.amuont", "1", "Did you mean 'amount'"),
        ("demosaic.kind", "1", "[demosaic]"),
        ("level", "debug", "table.key"),
    ],
)
def test_a_wrong_value_is_refused_and_the_file_stays_as_it_was(folder, name, text, complaint):
    file = folder / "config.toml"
    file.write_text("[log]\nlevel = 'info'\n")
    with pytest.raises(SettingsError) as refusal:
        set_value(file, name, text)
    assert complaint in str(refusal.value)
    assert file.read_text() == "[log]\nlevel = 'info'\n"
    assert [path.name for path in folder.iterdir() if path.is_file()] == ["config.toml"]


def test_a_file_that_was_already_wrong_is_named_and_not_written(folder):
    file = folder / "config.toml"
    file.write_text("[camera]\nnumbre = 1\n")
    with pytest.raises(SettingsError, match=r"config.toml: \[camera\] has no key 'numbre'"):
        set_value(file, "log.level", "debug")
    assert file.read_text() == "[camera]\nnumbre = 1\n"


def test_setting_a_value_keeps_the_files_mode_and_a_link(folder):
    real, link = folder / "real.toml", folder / "config.toml"
    real.write_text("[log]\nlevel = 'info'\n")
    real.chmod(0o640)
    link.symlink_to(real)
    set_value(link, "log.level", "debug")
    assert link.is_symlink()
    assert real.stat().st_mode & 0o777 == 0o640
    assert "debug" in real.read_text()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can make a link that is somebody else's")
def test_nobody_sends_roots_pen_to_another_file(folder, tmp_path):
    other, link = tmp_path / "other.toml", folder / "config.toml"
    link.symlink_to(other)
    os.lchown(link, 12345, -1)
    with pytest.raises(SettingsError, match="link that user number 12345 made"):
        set_value(link, "log.level", "debug")
    assert not other.exists()


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_that_may_not_be_written_says_sudo(folder):
    folder.chmod(0o500)
    with pytest.raises(SettingsError, match="sudo"):
        set_value(folder / "config.toml", "log.level", "debug")


def test_the_version_is_the_projects():
    project = tomllib.loads((Path(__file__).parents[1] / "pyproject.toml").read_text())
    assert project["project"]["version"] == VERSION

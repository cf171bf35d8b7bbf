"""The files in systemd/: systemd's own tools accept them, and the unit stays narrow."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

FOLDER = Path(__file__).parents[2] / "systemd"
UNIT = FOLDER / "nightjar.service"
WORST_SCORE = 2.0


def tool(name):
    found = shutil.which(name)
    if not found:
        pytest.skip(f"{name} is not on this machine")
    return found


def ask(*command):
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)


def unit_lines(key):
    return [line.partition("=")[2] for line in UNIT.read_text().splitlines() if line.startswith(f"{key}=")]


@pytest.fixture
def unit_that_starts(tmp_path):
    """The unit with a program that exists here: `verify` looks for it, and for the units that it names."""
    for other in FOLDER.glob("nightjar-again.*"):
        shutil.copy(other, tmp_path)
    copy = tmp_path / UNIT.name
    copy.write_text(UNIT.read_text().replace("/opt/nightjar/bin/nightjar", shutil.which("true")))
    return copy


@pytest.mark.systemd
def test_systemd_has_nothing_to_say_about_the_unit(unit_that_starts):
    verified = ask(tool("systemd-analyze"), "verify", "--man=no", str(unit_that_starts))
    assert (verified.returncode, verified.stdout + verified.stderr) == (0, "")


@pytest.mark.systemd
def test_the_unit_is_exposed_little(unit_that_starts, capsys):
    rated = ask(tool("systemd-analyze"), "security", "--offline=yes", "--no-pager", str(unit_that_starts))
    overall = re.search(r"Overall exposure level.*: ([0-9.]+)", rated.stdout)
    assert overall, rated.stdout + rated.stderr
    with capsys.disabled():
        print(f"\nsystemd-analyze security: {overall[1]} (0 is closed, 10 is open)")
    assert float(overall[1]) <= WORST_SCORE


@pytest.mark.systemd
def test_user_and_folders_are_made_as_the_unit_expects_them(tmp_path):
    sysusers, tmpfiles = tool("systemd-sysusers"), tool("systemd-tmpfiles")
    if os.geteuid() != 0:
        pytest.skip("making users in another root needs root")
    (tmp_path / "etc").mkdir()
    made = ask(sysusers, f"--root={tmp_path}", str(FOLDER / "nightjar.sysusers"))
    assert made.returncode == 0, made.stderr
    groups = dict(line.split(":", 1) for line in (tmp_path / "etc/group").read_text().splitlines())
    assert all(groups[name].endswith("nightjar") for name in ("video", "gpio", "plugdev"))
    made = ask(tmpfiles, f"--root={tmp_path}", "--create", str(FOLDER / "nightjar.tmpfiles"))
    assert made.returncode == 0, made.stderr
    photos = tmp_path / "var/lib/nightjar/photos"
    owner = (tmp_path / "etc/passwd").read_text().split("nightjar:x:")[1].split(":")[0]
    assert (photos.stat().st_uid, photos.stat().st_mode & 0o777) == (int(owner), 0o750)


@pytest.mark.systemd
def test_sysusers_would_make_the_user_here():
    planned = ask(tool("systemd-sysusers"), "--dry-run", str(FOLDER / "nightjar.sysusers"))
    assert planned.returncode == 0, planned.stderr


@pytest.mark.systemd
def test_udev_accepts_the_rules(container):
    # udevadm can verify since systemd 254; the container's is newer, and has the groups that the rules name.
    verified = container.ran("udevadm", "verify", "/usr/lib/udev/rules.d/60-nightjar.rules")
    assert verified.returncode == 0, verified.stdout + verified.stderr


def test_every_udev_rule_is_matches_and_assignments_that_name_a_group():
    pair = r'[A-Z]+(\{[a-zA-Z]+\})?(==|=)"[^"]+"'
    rules = [line for line in (FOLDER / "60-nightjar.rules").read_text().splitlines() if line and line[0] != "#"]
    for rule in rules:
        assert re.fullmatch(rf"{pair}(, {pair})*", rule), rule
        assert 'GROUP="' in rule
    stick = {match for rule in rules for match in re.findall(r'idVendor\}=="(\w+)".*idProduct\}=="(\w+)"', rule)}
    assert stick == {("1a6e", "089a"), ("18d1", "9302")}


def test_the_unit_allows_what_a_camera_needs_and_no_network():
    devices = unit_lines("DeviceAllow")
    assert {"char-video4linux rw", "char-media rw", "char-dma_heap rw", "char-gpiochip rw"} <= set(devices)
    assert unit_lines("DevicePolicy") == ["closed"]
    assert set(unit_lines("RestrictAddressFamilies")[0].split()) == {"AF_UNIX", "AF_NETLINK"}


def test_the_unit_and_the_default_settings_name_the_same_folders():
    from firmware.settings import Settings

    settings = Settings()
    assert settings.control.socket.startswith(f"/run/{unit_lines('RuntimeDirectory')[0]}/")
    assert settings.storage.folder.startswith(f"/var/lib/{unit_lines('StateDirectory')[0]}/")
    assert settings.control.group == unit_lines("Group")[0]


def test_power_off_is_allowed_to_the_cameras_user_alone():
    rule = (FOLDER / "60-nightjar-power-off.rules").read_text()
    assert f'subject.user == "{unit_lines("User")[0]}"' in rule
    assert "org.freedesktop.login1.power-off" in rule

"""The doctor: each trouble is found on a machine that has it, and comes with the command that mends it."""

from __future__ import annotations

import dataclasses
import json
import os

import pytest

from firmware.cli import main
from firmware.doctor.checks.board import check_clock, check_throttling
from firmware.doctor.checks.buttons import check_buttons
from firmware.doctor.checks.camera import check_camera
from firmware.doctor.checks.card import check_card
from firmware.doctor.checks.daemon import check_daemon
from firmware.doctor.checks.edge_tpu import check_edge_tpu
from firmware.doctor.checks.permissions import check_permissions
from firmware.doctor.checks.portraits import check_portraits
from firmware.doctor.checks.white_balance import check_white_balance
from firmware.doctor.examination import OK, PROBLEM, WARNING, Machine, examine
from firmware.settings import (
    ButtonSettings,
    CameraSettings,
    ReplaySettings,
    Settings,
    SimulatedSettings,
    StorageSettings,
)

PI = 1000


@pytest.fixture
def machine(tmp_path):
    """An empty machine with no programs on it; a user called pi asks."""
    (tmp_path / "root").mkdir()
    (tmp_path / "tools").mkdir()
    return Machine(Settings(), tmp_path / "root", str(tmp_path / "tools"), PI)


def put(machine, path, text=""):
    file = machine.at(path)
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text + "\n")


def install(machine, tool, answer):
    from pathlib import Path

    program = Path(machine.tools) / tool
    program.write_text(f"#!/bin/sh\necho '{answer}'\n")
    program.chmod(0o755)


def with_settings(machine, **tables):
    return dataclasses.replace(machine, settings=dataclasses.replace(machine.settings, **tables))


def states(findings):
    return [finding.state for finding in findings]


def told(findings):
    return " | ".join(finding.message for finding in findings)


def test_every_trouble_comes_with_a_way_to_mend_it(machine):
    findings = examine(machine)
    assert {finding.area for finding in findings} >= {"camera", "buttons", "card", "permissions", "clock", "daemon"}
    for finding in findings:
        assert finding.state in (OK, WARNING, PROBLEM)
        assert "\n" not in finding.message
        assert finding.mend or finding.state == OK, finding


def test_a_camera_module_is_known_by_its_kernel_name(machine):
    put(machine, "/sys/class/video4linux/v4l-subdev0/name", "imx708_wide 10-001a")
    put(machine, "/sys/class/video4linux/v4l-subdev1/name", "dw9807 10-000c")
    put(machine, "/sys/class/video4linux/v4l-subdev2/name", "imx708_wide_noir 11-001a")
    assert "the kernel found imx708_wide, imx708_wide_noir" in told(check_camera(machine))


def test_without_a_module_the_cable_is_the_first_suspect(machine):
    finding = list(check_camera(machine))[-1]
    assert finding.state == PROBLEM
    assert "cable" in finding.mend


def test_a_module_without_measured_facts_is_named(machine):
    put(machine, "/sys/class/video4linux/v4l-subdev0/name", "imx999 10-001a")
    finding = list(check_camera(machine))[-1]
    assert (finding.state, "imx999" in finding.message) == (PROBLEM, True)


def test_the_simulated_camera_lists_the_scenes_at_hand(machine):
    simulated = with_settings(
        machine, camera=CameraSettings(backend="simulated"), simulated=SimulatedSettings(scene="chart")
    )
    (finding,) = check_camera(simulated)
    assert (finding.state, "zoneplate" in finding.message) == (OK, True)


def test_a_scene_or_a_sensor_that_is_not_there_is_a_problem(machine):
    wrong = SimulatedSettings(scene="moon", sensor="imx999")
    simulated = with_settings(machine, camera=CameraSettings(backend="simulated"), simulated=wrong)
    assert states(check_camera(simulated)) == [PROBLEM, PROBLEM]


def test_replay_needs_a_folder_with_raw_files(machine):
    replay = with_settings(machine, camera=CameraSettings(backend="replay"), replay=ReplaySettings(folder="/raws"))
    assert states(check_camera(replay)) == [PROBLEM]
    put(machine, "/raws/a.dng")
    assert states(check_camera(replay)) == [OK]


def test_buttons_need_a_gpio_chip(machine):
    assert "no /dev/gpiochip" in told(check_buttons(machine))
    put(machine, "/dev/gpiochip0")
    assert "gpiochip0 can be opened; shutter on GPIO 17" in told(check_buttons(machine))


def test_a_damaged_white_balance_is_found_and_a_choice_mends_it(machine):
    assert "damaged" not in told(check_white_balance(machine))
    put(machine, "/var/lib/nightjar/white-balance.json", "{")
    finding = list(check_white_balance(machine))[-1]
    assert (finding.state, finding.mend) == (WARNING, "nightjar wb auto")
    assert "not JSON" in finding.message
    lock = {"sensor": "imx219", "light": {"grey": [0.9, 0.4], "temperature_k": 1e999}}
    wish = {"choice": None, "lock": lock}
    stored = {"format": 1, "general": wish, "modes": {}, "cards": {}}
    put(machine, "/var/lib/nightjar/white-balance.json", json.dumps(stored))
    assert "holds no light" in told(check_white_balance(machine)), "as the daemon finds it"


def test_two_buttons_on_one_pin_are_found(machine):
    assert "share a pin" in told(check_buttons(with_settings(machine, buttons=ButtonSettings(mode_pin=17))))


def test_switching_off_needs_the_polkit_rule(machine):
    allowed = with_settings(machine, buttons=ButtonSettings(power_off=True))
    assert next(iter(check_buttons(allowed))).state == PROBLEM
    put(machine, "/etc/polkit-1/rules.d/60-nightjar-power-off.rules")
    assert next(iter(check_buttons(allowed))).state == OK


def test_polkits_rules_are_hidden_from_ordinary_users_and_the_doctor_says_so(machine):
    if os.geteuid() == 0:
        pytest.skip("root may look everywhere")
    put(machine, "/etc/polkit-1/rules.d/60-nightjar-power-off.rules")
    rules = machine.at("/etc/polkit-1/rules.d")
    rules.chmod(0)
    try:
        finding = next(iter(check_buttons(with_settings(machine, buttons=ButtonSettings(power_off=True)))))
    finally:
        rules.chmod(0o750)
    assert (finding.state, finding.mend) == (WARNING, "sudo nightjar doctor")


def test_a_read_only_card_is_a_problem(machine):
    put(machine, "/proc/mounts", "/dev/root / ext4 rw,noatime 0 0\n/dev/sda1 /media/my\\040card vfat ro,relatime 0 0")
    machine.at("/media/my card").mkdir(parents=True)
    on_card = with_settings(machine, storage=StorageSettings(folder="/media/my card/photos"))
    finding = next(iter(check_card(on_card)))
    assert (finding.state, "read-only vfat" in finding.message) == (PROBLEM, True)
    assert "on ext4" in told(check_card(machine))


def test_the_service_writes_the_card_whoever_asks(machine):
    """A member of the group may look at the photos and not write them; the camera must."""
    folder = machine.at("/var/lib/nightjar/photos")
    folder.mkdir(parents=True, mode=0o750)
    put(
        machine, "/etc/passwd", f"pi:x:{PI}:{PI}::/home/pi:/bin/sh\nnightjar:x:{folder.stat().st_uid}:990::/:/bin/false"
    )
    asked = dataclasses.replace(machine, uid=folder.stat().st_uid + 1)
    finding = next(iter(check_card(asked)))
    assert (finding.state, "by user nightjar" in finding.message) == (OK, True)
    folder.chmod(0o550)
    finding = next(iter(check_card(asked)))
    assert (finding.state, finding.mend.startswith("sudo install -d -o nightjar")) == (WARNING, True)


def test_a_card_that_may_not_be_looked_at_is_a_finding_and_the_way_in(machine):
    if os.geteuid() == 0:
        pytest.skip("root may look everywhere")
    photos = machine.at("/var/lib/nightjar/photos")
    photos.mkdir(parents=True)
    photos.parent.chmod(0)
    try:
        (finding,) = check_card(machine)
    finally:
        photos.parent.chmod(0o750)
    assert (finding.state, "usermod -aG nightjar" in finding.mend) == (WARNING, True)


def test_too_little_space_is_a_problem(machine):
    full = with_settings(machine, storage=StorageSettings(free_space_floor_mb=10**6 - 1))
    if list(check_card(machine))[-1].message.startswith("1000000"):
        pytest.skip("this machine has more than a terabyte free")
    assert list(check_card(full))[-1].state == PROBLEM


def test_a_file_in_the_place_of_the_photo_folder_is_a_problem(machine):
    put(machine, "/var/lib/nightjar/photos")
    assert states(check_card(machine)) == [PROBLEM]


def test_missing_groups_name_the_user_and_the_command(machine):
    put(
        machine,
        "/etc/passwd",
        "root:x:0:0::/root:/bin/sh\npi:x:1000:1000::/home/pi:/bin/sh\nnightjar:x:990:990::/:/bin/false",
    )
    put(machine, "/etc/group", "video:x:44:nightjar\ngpio:x:993:nightjar\nplugdev:x:46:nightjar\nnightjar:x:990:")
    joins, service = check_permissions(machine)
    assert joins.mend.startswith("sudo usermod -aG nightjar pi"), "who asks the service needs no other group"
    assert service.message.startswith("user nightjar is in the groups")


def test_a_group_that_does_not_exist_is_made_first(machine):
    put(machine, "/etc/passwd", "pi:x:1000:1000::/home/pi:/bin/sh")
    put(machine, "/etc/group", "video:x:44:pi\nplugdev:x:46:pi")
    (finding,) = check_permissions(machine)
    assert finding.mend.startswith("sudo groupadd --system gpio && sudo usermod -aG gpio pi")


@pytest.mark.parametrize(("vendor", "product"), [("1a6e", "089a"), ("18d1", "9302")])
def test_the_edge_tpu_is_found_under_both_its_names(machine, vendor, product):
    put(machine, "/sys/bus/usb/devices/2-1/idVendor", vendor)
    put(machine, "/sys/bus/usb/devices/2-1/idProduct", product)
    put(machine, "/sys/bus/usb/devices/2-1/speed", "480")
    findings = list(check_edge_tpu(machine))
    assert (findings[0].state, "480 Mbit/s" in findings[0].message) == (WARNING, True)
    assert "libedgetpu is not installed" in told(findings)
    put(machine, "/sys/bus/usb/devices/2-1/speed", "5000")
    put(machine, "/usr/lib/aarch64-linux-gnu/libedgetpu.so.1")
    assert "libedgetpu is not installed" not in told(check_edge_tpu(machine))


def test_no_edge_tpu_is_fine(machine):
    put(machine, "/sys/bus/usb/devices/1-1/idVendor", "046d")
    assert states(check_edge_tpu(machine)) == [OK]


def test_the_clock_is_right_when_the_network_set_it(machine):
    assert states(check_clock(machine)) == [WARNING]
    install(machine, "timedatectl", "yes")
    assert states(check_clock(machine)) == [OK]


def test_timesyncds_own_mark_is_enough(machine):
    put(machine, "/run/systemd/timesync/synchronized")
    assert states(check_clock(machine)) == [OK]


@pytest.mark.parametrize(
    ("word", "expected", "words"),
    [
        ("0x0", [OK], "never throttled"),
        ("0x50005", [PROBLEM], "just now: too little voltage, slowed down"),
        ("0x50000", [WARNING], "since the start: too little voltage, slowed down"),
        ("0x80008", [PROBLEM], "warm"),
        ("rubbish", [], ""),
    ],
)
def test_the_throttling_word_is_put_into_words(machine, word, expected, words):
    install(machine, "vcgencmd", f"throttled={word}")
    findings = list(check_throttling(machine))
    assert states(findings) == expected
    assert words in told(findings)


def test_without_vcgencmd_the_kernels_voltage_alarm_is_read(machine):
    put(machine, "/sys/class/hwmon/hwmon1/name", "rpi_volt")
    put(machine, "/sys/class/hwmon/hwmon1/in0_lcrit_alarm", "1")
    (finding,) = check_throttling(machine)
    assert (finding.state, "power supply" in finding.mend) == (PROBLEM, True)


@pytest.mark.parametrize(("millidegrees", "expected"), [("45000", OK), ("72000", WARNING), ("83000", PROBLEM)])
def test_a_hot_processor_is_found(machine, millidegrees, expected):
    put(machine, "/sys/class/thermal/thermal_zone0/temp", millidegrees)
    assert states(check_throttling(machine)) == [expected]


def test_a_daemon_that_does_not_answer_is_said_to_be_off(machine):
    (finding,) = check_daemon(machine)
    assert (finding.state, "systemctl start nightjar" in finding.mend) == (WARNING, True)


def test_a_daemon_that_could_not_start_is_quoted(machine):
    install(machine, "systemctl", "ended: The buttons need pins. Set [buttons] pin_factory.")
    _, why = check_daemon(machine)
    assert (why.state, why.message) == (PROBLEM, "it ended: The buttons need pins")
    assert why.mend == "Set [buttons] pin_factory."


def test_the_command_answers_json_and_fails_when_there_is_a_problem(capsys, tmp_path):
    here = ["--config", str(tmp_path), "--set", "camera.backend=simulated", "--set", "buttons.pin_factory=none"]
    code = main(["doctor", "--json", *here, "--set", "simulated.scene=moon", "--set", f"storage.folder={tmp_path}"])
    told_of = json.loads(capsys.readouterr().out)
    assert (code, told_of["counts"]["problem"]) == (1, 1)
    assert main(["doctor", *here, "--set", "simulated.scene=chart", "--set", f"storage.folder={tmp_path}"]) == 0
    assert "ok       camera" in capsys.readouterr().out


def test_portraits_without_a_model_are_guessed_and_the_doctor_names_the_command(machine):
    findings = list(check_portraits(machine))
    assert states(findings) == [WARNING]
    if "subjects are guessed" in findings[0].message and "model" in findings[0].message:
        assert "nightjar models fetch" in findings[0].mend
    else:  # OpenCV or LiteRT is not installed here
        assert "pip install" in findings[0].mend

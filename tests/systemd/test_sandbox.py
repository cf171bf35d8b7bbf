"""The walls around the daemon stand: read from the kernel, and tried by a program that runs between them."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

pytestmark = pytest.mark.systemd
WORST_SCORE = 2.0
TRIES = Path(__file__).with_name("sandbox_tries.py")
CHANGE = "/etc/systemd/system/nightjar.service.d/tries.conf"
UNITS = ("nightjar.service", "nightjar-again.service", "nightjar-again.timer")
# Open to all by their mode, so that only the unit's list of devices can refuse them.
STRANGE_DEVICES = {"memory": "c 1 1", "kernel-log": "c 1 11", "disk": "b 7 0", "disk-maker": "c 10 237"}
NOBODY = ("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups")


def test_the_kernel_has_taken_everything_from_the_daemon(camera):
    facts = Path(f"/proc/{camera.container.outside(camera.pid)}/status").read_text()
    status = dict(line.split(":", 1) for line in facts.splitlines())
    assert [status[f"Cap{kind}"].strip() for kind in ("Inh", "Prm", "Eff", "Bnd", "Amb")] == ["0" * 16] * 5
    assert status["NoNewPrivs"].strip() == "1"
    assert status["Seccomp"].strip() == "2"
    assert "0" not in status["Uid"].split()


@pytest.fixture(scope="module")
def tried(container):
    """What happened to each attempt of a program inside the daemon's own sandbox."""
    from machines.installed_camera import InstalledCamera

    for name, numbers in STRANGE_DEVICES.items():
        container.run("mknod", "--mode=666", f"/opt/strange-{name}", *numbers.split())
    container.run("tee", "/opt/sandbox_tries.py", given=TRIES.read_text())
    container.run("mkdir", "--parents", CHANGE.rpartition("/")[0])
    program = "/opt/nightjar/bin/python /opt/sandbox_tries.py %t/nightjar/tries"
    container.run("tee", CHANGE, given=f"[Service]\nExecStartPre={program}\n")
    container.run("systemctl", "daemon-reload")
    camera = InstalledCamera(container)
    camera.use()
    camera.start()
    yield json.loads(container.run("cat", "/run/nightjar/tries"))
    container.run("rm", CHANGE)
    container.run("systemctl", "daemon-reload")


def test_photos_may_be_written_and_the_rest_of_the_system_not(tried):
    assert tried["write /var/lib/nightjar"] == tried["write /run/nightjar"] == "done"
    for folder in ("/usr", "/etc", "/etc/nightjar", "/opt/nightjar", "/var/lib"):
        assert tried[f"write {folder}"] == "EROFS", folder


def test_homes_and_other_processes_are_hidden(tried):
    assert tried["list /root"] == "EACCES"
    assert tried["list /home"] == "EACCES"
    assert tried["see process 1"] in ("ENOENT", "EACCES")


def test_without_the_sandbox_anybody_may_open_some_of_those_devices(container, tried):
    opened = [container.ran(*NOBODY, "dd", f"if=/opt/strange-{name}", "count=0") for name in STRANGE_DEVICES]
    assert any(done.returncode == 0 for done in opened), [done.stderr for done in opened]


@pytest.mark.parametrize("name", STRANGE_DEVICES)
def test_a_device_that_is_not_on_the_list_does_not_open(tried, name):
    assert tried[f"open /opt/strange-{name}"] == "EPERM"


def test_what_every_program_needs_opens(tried):
    assert tried["open /dev/null"] == tried["open /dev/urandom"] == "done"


@pytest.mark.parametrize(
    "attempt", ["become root", "run a program as root", "make a program run as root", "mount", "new namespace",
                "set the clock", "raise priority to real time", "reboot", "change the host's name",
                "write a kernel setting", "talk over the network", "raw packets"],
)  # fmt: skip
def test_what_a_camera_never_needs_is_refused(tried, attempt):
    assert tried[attempt] not in ("done", "not tried"), attempt


def test_systemd_rates_the_unit_as_closed(camera, capsys):
    said = camera.container.run("systemd-analyze", "security", "--no-pager", "nightjar.service")
    overall = re.search(r"Overall exposure level.*: ([0-9.]+)", said)
    with capsys.disabled():
        print(f"\nsystemd-analyze security: {overall[1]} (0 is closed, 10 is open; at most {WORST_SCORE:g})")
    assert float(overall[1]) <= WORST_SCORE


@pytest.mark.parametrize("unit", UNITS)
def test_systemd_has_nothing_to_say_about_the_units_as_installed(camera, unit):
    verified = camera.container.ran("systemd-analyze", "verify", "--man=no", f"/etc/systemd/system/{unit}")
    assert (verified.returncode, verified.stdout + verified.stderr) == (0, "")

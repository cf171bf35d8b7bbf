"""The camera is set up, asked and emptied over SSH by somebody who has its group, and by nobody else."""

from __future__ import annotations

import json
import subprocess

import pytest

pytestmark = pytest.mark.systemd
MEMBER, STRANGER = "member", "stranger"
ANSWER_LIMIT_S = 60


class Visitor:
    """Somebody who comes over SSH with a key, to the container's loopback."""

    def __init__(self, container, name, key):
        self._name = name
        self._enter = ["nsenter", f"--target={container.leader}", "--net", "--"]
        self._options = [
            "-o", f"IdentityFile={key}", "-o", "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null",
            "-o", "BatchMode=yes", "-o", "LogLevel=ERROR", "-F", "none",
        ]  # fmt: skip

    def ran(self, command: str) -> subprocess.CompletedProcess[str]:
        """How `ssh camera COMMAND` went."""
        return self._ran("ssh", *self._options, f"{self._name}@127.0.0.1", command)

    def run(self, command: str) -> str:
        """What it said; it must go well."""
        done = self.ran(command)
        assert done.returncode == 0, f"{command}: {done.stdout}{done.stderr}"
        return done.stdout

    def copy(self, there: str, here) -> subprocess.CompletedProcess[str]:
        """`sftp camera:THERE HERE`."""
        return self._ran("sftp", "-q", *self._options, f"{self._name}@127.0.0.1:{there}", str(here))

    def _ran(self, *command: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [*self._enter, *command], stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=ANSWER_LIMIT_S,
            check=False,
        )  # fmt: skip


@pytest.fixture(scope="module")
def visitors(container, tmp_path_factory):
    """Two users with the same key; one was added to the camera's group as the README says."""
    key = tmp_path_factory.mktemp("key") / "key"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", key], check=True)
    public = key.with_suffix(".pub").read_text()
    for name in (MEMBER, STRANGER):
        container.run("useradd", "--create-home", "--shell=/bin/bash", name)
        container.run("install", "-d", "-m", "700", "-o", name, f"/home/{name}/.ssh")
        container.run("tee", f"/home/{name}/.ssh/authorized_keys", given=public)
    container.run("usermod", "--append", "--groups=nightjar", MEMBER)
    container.run("systemctl", "start", "ssh")
    return {name: Visitor(container, name, key) for name in (MEMBER, STRANGER)}


def test_a_member_sets_the_camera_up_without_sudo(camera, visitors):
    visitors[MEMBER].run("nightjar config set sharpen.amount 0.25")
    assert "sharpen.amount" in visitors[MEMBER].run("nightjar config reload")
    assert visitors[MEMBER].run("nightjar config get sharpen.amount").strip() == "0.25"


def test_what_a_member_wrote_root_and_the_member_can_change(camera, visitors):
    camera.container.run("rm", "/etc/nightjar/config.toml")
    visitors[MEMBER].run("nightjar config set sharpen.amount 0.25")
    camera.container.run("nightjar", "config", "set", "sharpen.amount", "0.5")
    visitors[MEMBER].run("nightjar config set sharpen.amount 0.75")
    assert visitors[MEMBER].run("nightjar config get sharpen.amount").strip() == "0.75"


def test_a_member_asks_how_the_camera_is(camera, visitors):
    status = json.loads(visitors[MEMBER].run("nightjar status --json"))
    assert status["state"] == "ready"
    assert status["camera"]["sensor"] == "imx219"


def test_a_member_takes_a_photo_and_copies_it_byte_for_byte(camera, visitors, tmp_path):
    photo = json.loads(visitors[MEMBER].run("nightjar shoot --json"))
    for kind in ("jpeg", "dng", "sidecar"):
        copied = visitors[MEMBER].copy(photo[kind], tmp_path)
        assert copied.returncode == 0, copied.stderr
        name = photo[kind].rpartition("/")[2]
        assert (tmp_path / name).read_bytes() == camera.read(photo[kind])


@pytest.mark.parametrize("command", ["status", "shoot", "config reload"])
def test_a_stranger_is_refused_in_words(camera, visitors, command):
    refused = visitors[STRANGER].ran(f"nightjar {command}")
    assert refused.returncode == 1
    assert "Join its group with `sudo usermod -aG nightjar" in refused.stderr


def test_a_stranger_changes_no_settings_and_sees_no_photos(camera, visitors, tmp_path):
    before = camera.read("/etc/nightjar/config.toml")
    refused = visitors[STRANGER].ran("nightjar config set sharpen.amount 0.25")
    assert refused.returncode == 1
    assert "permission denied" in refused.stderr
    assert "join the camera's group" in refused.stderr
    assert camera.read("/etc/nightjar/config.toml") == before
    photo = camera.ask("shoot")["jpeg"]
    assert visitors[STRANGER].copy(photo, tmp_path).returncode != 0
    assert not list(tmp_path.iterdir())

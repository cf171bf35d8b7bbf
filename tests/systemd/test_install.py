"""install.sh: as often as one likes, cut off and finished, undone without losing a photo; a dry run only speaks."""

from __future__ import annotations

import subprocess

import pytest
from machines.container import booted
from machines.debian import SOURCES_IN_ROOT, base_root, camera_root, overlaid, put_sources
from machines.installed_camera import InstalledCamera, decoded

pytestmark = pytest.mark.systemd
INSTALL = f"/{SOURCES_IN_ROOT}/install.sh"
OURS = ("/opt/nightjar", "/usr/local/bin/nightjar", "/etc/systemd/system/nightjar.service",
        "/etc/systemd/system/nightjar-again.service", "/etc/systemd/system/nightjar-again.timer",
        "/usr/lib/sysusers.d/nightjar.conf", "/usr/lib/tmpfiles.d/nightjar.conf",
        "/usr/lib/udev/rules.d/60-nightjar.rules")  # fmt: skip
INSTALL_LIMIT_S = 600


@pytest.mark.parametrize("root", [base_root, camera_root], ids=["on a bare system", "on an installed one"])
@pytest.mark.parametrize("words", [[], ["--uninstall", "--remove-photos"]], ids=["install", "uninstall"])
def test_a_dry_run_says_its_steps_and_changes_nothing(root, words, tmp_path):
    with overlaid(root(), tmp_path) as tree:
        put_sources(tree)
        before = changes(tmp_path)
        command = ["chroot", tree, INSTALL, "--dry-run", *words]
        ran = subprocess.run(command, capture_output=True, text=True, check=False)
        assert changes(tmp_path) == before
    assert ran.returncode == 0, ran.stderr
    assert ("rm -rf /opt/nightjar" if words else "systemctl enable --quiet nightjar.service") in ran.stdout


def test_on_raspberry_pi_os_camera_and_pins_come_from_its_packages(tmp_path):
    with overlaid(base_root(), tmp_path) as tree:
        put_sources(tree)
        (tree / "etc/rpi-issue").write_text("Raspberry Pi reference\n")
        said = subprocess.run(["chroot", tree, INSTALL, "--dry-run"], capture_output=True, text=True, check=True).stdout
    packages = next(line for line in said.splitlines() if "apt-get install" in line)
    assert {"python3-picamera2", "python3-lgpio"} <= set(packages.split())
    assert "PYPI=1" not in said
    assert ".\\[portrait\\]" in said


def changes(folder):
    """All that an overlay holds beyond the root below: names, sizes, times."""
    found = sorted((folder / "changes").rglob("*"))
    return [(str(path), path.lstat().st_size, path.lstat().st_mtime_ns) for path in found]


def test_installing_again_leaves_the_running_camera_alone(camera):
    camera.container.run("nightjar", "config", "set", "sharpen.amount", "0.25")
    before = (camera.pid, camera.read("/etc/nightjar/config.toml"))
    camera.container.run("useradd", "somebody")
    said = camera.container.run("env", "SUDO_USER=somebody", INSTALL, "--portable")
    assert "is there already" in said
    assert "nightjar" in camera.container.run("id", "--name", "--groups", "somebody").split()
    assert (camera.pid, camera.read("/etc/nightjar/config.toml")) == before
    assert camera.container.property("ActiveState") == "active"


@pytest.mark.parametrize("words", [["--frobnicate"], ["--remove-photos"]])
def test_words_that_make_no_sense_change_nothing_and_are_named(camera, words):
    refused = camera.container.ran(INSTALL, *words)
    assert refused.returncode in (1, 2)
    assert words[0] in refused.stderr
    assert camera.container.property("ActiveState") == "active"


@pytest.fixture(scope="module")
def own_camera():
    """A container to take apart; it reaches what pip needs."""
    with booted(camera_root(), network=True) as container:
        made = InstalledCamera(container)
        made.use()
        made.start()
        yield made


@pytest.mark.timeout(INSTALL_LIMIT_S)
def test_taking_it_away_keeps_photos_and_settings_and_an_installation_cut_off_is_finished(own_camera):
    camera, container = own_camera, own_camera.container
    photo = camera.ask("shoot")["jpeg"]
    kept = {path: camera.read(path) for path in (photo, "/etc/nightjar/config.toml")}
    container.run(INSTALL, "--uninstall")
    for path in OURS:
        assert container.ran("test", "-e", path).returncode == 1, path
    assert container.property("LoadState") == "not-found"
    assert {path: camera.read(path) for path in kept} == kept

    cut_off_while_pip_works(container)
    assert container.ran("test", "-e", "/etc/systemd/system/nightjar.service").returncode == 1

    container.run(INSTALL, "--portable", limit_s=INSTALL_LIMIT_S)
    assert container.property("ActiveState") == "active"
    assert {path: camera.read(path) for path in kept} == kept
    after = camera.ask("shoot")["jpeg"]
    assert after > photo
    assert decoded(camera.read(after))


def cut_off_while_pip_works(container):
    """kill -9 in the middle of it, as a pulled plug would."""
    command = container.entering("stdbuf", "--output=L", INSTALL, "--portable")
    with subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True) as began:
        assert any("TMPDIR=/var/tmp" in line for line in began.stdout), "it ended before pip built anything"
        container.run("pkill", "-KILL", "-f", "install.sh|/opt/nightjar/bin/pip")


def test_with_photos_and_settings_nothing_of_it_is_left(own_camera):
    container = own_camera.container
    container.run(INSTALL, "--uninstall", "--remove-photos", "--remove-settings")
    left = container.run("find", "/", "-xdev", "-iname", "*nightjar*", "-not", "-path", f"/{SOURCES_IN_ROOT}*")
    assert left == ""
    assert container.ran("id", "nightjar").returncode != 0

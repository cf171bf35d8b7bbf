"""The disk of the virtual machine: Debian with Nightjar, simulated pins and a simulated video device.

Made once from `camera_root()`, kept beside it. Skips the test where QEMU or another tool is missing.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

import pytest
from machines.debian import CACHE, base_root, camera_root, digest_of, made_once, overlaid, run_in_root

RECIPES = Path(__file__).parent / "recipes"
TOOLS = {
    "qemu-system-x86_64": "qemu-system-x86",
    "mke2fs": "e2fsprogs",
    "ssh": "openssh-client",
    "ssh-keygen": "openssh-client",
}
# Sparse: what the guest may write, photos above all.
DISK_SIZE = "8G"


@dataclass(frozen=True)
class GuestImage:
    """What a virtual machine is booted from, and the key that opens it. Read only: a machine writes elsewhere."""

    folder: Path

    @property
    def disk(self) -> Path:
        return self.folder / "disk.img"

    @property
    def kernel(self) -> Path:
        return self.folder / "vmlinuz"

    @property
    def initrd(self) -> Path:
        return self.folder / "initrd.img"

    @property
    def key(self) -> Path:
        return self.folder / "key"


def guest_image() -> GuestImage:
    """The image for this checkout's sources."""
    for tool, package in TOOLS.items():
        if shutil.which(tool) is None:
            pytest.skip(f"{tool} is missing: apt install {package}")
    if os.uname().machine != "x86_64":
        pytest.skip(f"the virtual machine is an x86_64 one, this machine is {os.uname().machine}")
    base, camera = base_root(), camera_root()
    modules_key = digest_of([base.name, _recipe("modules.sh")])
    modules = made_once("modules", modules_key, lambda folder: _build_modules(base, folder))
    image_key = digest_of([camera.name, modules.name, _recipe("guest.sh"), DISK_SIZE])
    return GuestImage(made_once("guest", image_key, lambda folder: _make_image(camera, modules, folder)))


def _build_modules(base: Path, folder: Path) -> None:
    with tempfile.TemporaryDirectory(dir=CACHE) as scratch, overlaid(base, Path(scratch)) as tree:
        _follow("modules.sh", tree)
        folder.mkdir()
        for name in ("gpio-sim.ko", "vimc.ko", "initrd.img"):
            shutil.copy2(tree / "build" / name, folder / name)


def _make_image(camera: Path, modules: Path, folder: Path) -> None:
    folder.mkdir()
    image = GuestImage(folder)
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", image.key], check=True)
    with tempfile.TemporaryDirectory(dir=CACHE) as scratch, overlaid(camera, Path(scratch)) as tree:
        (kernel,) = (tree / "boot").glob("vmlinuz-*")
        shutil.copy2(kernel, image.kernel)
        shutil.copy2(modules / "initrd.img", image.initrd)
        shutil.copytree(modules, tree / "build")
        shutil.copy2(image.key.with_suffix(".pub"), tree / "build")
        _follow("guest.sh", tree)
        subprocess.run(
            ["mke2fs", "-q", "-t", "ext4", "-d", tree, "-L", "guest", image.disk, DISK_SIZE],
            check=True, capture_output=True,
        )  # fmt: skip


def _follow(name: str, tree: Path) -> None:
    shutil.copy2(RECIPES / name, tree / "root" / name)
    done = run_in_root(tree, f"/root/{name}")
    assert done.returncode == 0, f"{name} failed with {done.returncode}:\n{done.stdout[-4000:]}"


def _recipe(name: str) -> str:
    return (RECIPES / name).read_text()

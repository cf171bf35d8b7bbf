"""Debian trees that containers and virtual machines boot: made once, kept outside the checkout, never half made.

    base_root()     Debian trixie and its packages, by mmdebstrap
    camera_root()   the same with Nightjar, put there by its own install.sh

Both belong to everybody: copy them, or lay an overlay over them. They skip the test where they cannot be made.
NIGHTJAR_TEST_CACHE names another folder than ~/.cache/nightjar-tests.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import IO
from urllib.parse import urlsplit

import pytest

CACHE = Path(os.environ.get("NIGHTJAR_TEST_CACHE") or Path.home() / ".cache" / "nightjar-tests")
PROJECT = Path(__file__).parents[2]
# What a person copies to the board; in the root it lies where an unpacked archive would.
SOURCES = ("install.sh", "pyproject.toml", "CMakeLists.txt", "README.md", "LICENSE",
           "accelerators", "configs", "firmware", "isp", "systemd")  # fmt: skip
SOURCES_IN_ROOT = Path("root/nightjar")
NOT_SOURCES = shutil.ignore_patterns("__pycache__", "*.so", "built-for.txt")

SUITE = "trixie"
# What the machine itself needs, then what install.sh would fetch with apt, so that it is fetched once.
PACKAGES = (
    "systemd-sysv udev dbus libpam-systemd polkitd kmod iproute2 procps openssh-server ca-certificates sudo usbutils "
    "tar linux-image-{architecture} initramfs-tools v4l-utils gpiod libcamera-tools ccache "
    "python3 python3-venv python3-dev python3-pip python3-libcamera libcamera-ipa g++ make swig libc6-dev libcap-dev"
)
# Roots of older sources that are kept for other checkouts of this machine.
KEPT_ROOTS = 3
# systemd-nspawn without a service manager around it.
ENTER = ("systemd-nspawn", "--quiet", "--register=no", "--keep-unit", "--pipe")
# A kernel whose source did not change is not compiled again. Each build lies in a folder of another name.
COMPILED_BEFORE = {
    "CMAKE_CXX_COMPILER_LAUNCHER": "ccache",
    "CCACHE_DIR": "/var/cache/ccache",
    "CCACHE_BASEDIR": "/",
    "CCACHE_NOHASHDIR": "1",
}

_in_use: list[IO[str]] = []


def base_root() -> Path:
    """Debian with the packages above."""
    if os.geteuid() != 0:
        pytest.skip("making a Debian root needs root")
    for tool, package in (("mmdebstrap", "mmdebstrap"), ("systemd-nspawn", "systemd-container")):
        if shutil.which(tool) is None:
            pytest.skip(f"{tool} is missing: apt install {package}")
    packages = PACKAGES.format(architecture=_answer("dpkg", "--print-architecture").strip())
    return made_once("debian", digest_of([SUITE, packages]), lambda root: _bootstrap(root, packages.split()))


def camera_root() -> Path:
    """Debian with Nightjar installed from this checkout, the way its README tells."""
    base = base_root()
    return made_once("camera", digest_of([base.name, *_contents()]), lambda root: _install_camera(base, root))


def copy_of(root: Path, target: Path) -> Path:
    """A root of one's own."""
    subprocess.run(["cp", "--archive", "--reflink=auto", root, target], check=True)
    return target


@contextlib.contextmanager
def overlaid(root: Path, folder: Path) -> Iterator[Path]:
    """The root with a layer of one's own above it: what is written lies in `folder`/changes."""
    upper, work, tree = (folder / name for name in ("changes", "work", "tree"))
    for made in (upper, work, tree):
        made.mkdir(parents=True)
    layers = f"lowerdir={root},upperdir={upper},workdir={work}"
    subprocess.run(["mount", "-t", "overlay", "overlay", "-o", layers, tree], check=True)
    try:
        yield tree
    finally:
        subprocess.run(["umount", tree], check=True)


def put_sources(root: Path) -> None:
    """This checkout's sources, as a person would have copied them to the board."""
    folder = root / SOURCES_IN_ROOT
    remove_root(folder)
    folder.mkdir(parents=True)
    for name in SOURCES:
        if (PROJECT / name).is_dir():
            shutil.copytree(PROJECT / name, folder / name, ignore=NOT_SOURCES)
        else:
            shutil.copy2(PROJECT / name, folder / name)


def run_in_root(root: Path, *command: str) -> subprocess.CompletedProcess[str]:
    """Run a command in a root that is not booted, with this machine's network and what its pip is told."""
    return subprocess.run(
        [*ENTER, f"--directory={root}", *host_options(), "--", *command],
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace",
        check=False,
    )  # fmt: skip


def remove_root(root: Path) -> None:
    """Delete a tree, but nothing that is mounted in it."""
    subprocess.run(["rm", "--recursive", "--force", "--one-file-system", root], check=True)


def _bootstrap(root: Path, packages: list[str]) -> None:
    made = subprocess.run(
        ["mmdebstrap", "--variant=minbase", "--components=main", f"--include={','.join(packages)}",
         SUITE, str(root), *_mirror()],
        capture_output=True, text=True, errors="replace", check=False,
    )  # fmt: skip
    if made.returncode != 0:
        last = made.stderr.strip().splitlines()[-1:]
        pytest.skip(f"no Debian {SUITE} could be made by mmdebstrap: {' '.join(last)}")
    (root / "etc/machine-id").write_text("")


def _install_camera(base: Path, root: Path) -> None:
    copy_of(base, root)
    put_sources(root)
    # Portable: the kernels of a kept root must run on another processor too, and on an emulated one.
    done = run_in_root(root, f"/{SOURCES_IN_ROOT}/install.sh", "--portable")
    assert done.returncode == 0, f"install.sh failed with {done.returncode}:\n{done.stdout}"


def made_once(kind: str, key: str, make: Callable[[Path], None]) -> Path:
    """The root of this kind and key, made beside the others and renamed when whole; in use until this process ends."""
    root = CACHE / f"{kind}-{key}"
    CACHE.mkdir(parents=True, exist_ok=True)
    with (CACHE / f"{kind}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        half = CACHE / f"{kind}-half-made"
        remove_root(half)
        if not root.exists():
            make(half)
            half.rename(root)
        _use(root)
        os.utime(root)
        _sweep(kind)
    return root


def _use(root: Path) -> None:
    holder = _holder(root).open("w")
    fcntl.flock(holder, fcntl.LOCK_SH)
    _in_use.append(holder)


def _sweep(kind: str) -> None:
    """Delete the oldest roots of this kind that nobody uses."""
    roots = [path for path in CACHE.glob(f"{kind}-*") if path.is_dir()]
    for root in sorted(roots, key=lambda path: path.stat().st_mtime, reverse=True)[KEPT_ROOTS:]:
        with _holder(root).open("w") as holder:
            try:
                fcntl.flock(holder, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                continue
            remove_root(root)
            _holder(root).unlink()


def _holder(root: Path) -> Path:
    return root.with_name(f"{root.name}.in-use")


def digest_of(parts: Iterable[str]) -> str:
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:12]


def _contents() -> Iterator[str]:
    """Name and digest of every source file."""
    for name in SOURCES:
        top = PROJECT / name
        for path in sorted(top.rglob("*")) if top.is_dir() else [top]:
            built = path.suffix == ".so" or path.name == "built-for.txt"
            if path.is_file() and "__pycache__" not in path.parts and not built:
                yield f"{path.relative_to(PROJECT)} {hashlib.sha256(path.read_bytes()).hexdigest()}"


def _mirror() -> list[str]:
    """Where this machine's own apt gets Debian; without such a source mmdebstrap's choice."""
    wanted = ["Created-By: Packages", "Origin: Debian", "Label: Debian"]
    found = _answer("apt-get", "indextargets", "--format", "$(REPO_URI)", *wanted)
    return list(dict.fromkeys(found.split()))[:1]


def host_options() -> list[str]:
    """For systemd-nspawn: this machine's names of hosts, and what its pip is told (variables, and what they name)."""
    told = {name: value for name, value in os.environ.items() if name.lower().endswith("_proxy")}
    for line in _answer(sys.executable, "-m", "pip", "config", "list").splitlines():
        name, _, value = line.partition("=")
        told[f"PIP_{name.rpartition('.')[2].replace('-', '_').upper()}"] = value.strip("'\"").replace("\\n", " ")
    words = [word for value in told.values() for word in value.split()]
    named = [Path(word) for word in words if word.startswith("/")]
    # The pages of an index name files beside its folder.
    named += [Path(urlsplit(word).path).parent for word in words if word.startswith("file:///")]
    kept = {CACHE / "pip": "/root/.cache/pip", CACHE / "ccache": "/var/cache/ccache"}
    for folder in kept:
        folder.mkdir(parents=True, exist_ok=True)
    return [
        "--resolv-conf=bind-host",
        *(f"--setenv={name}={value}" for name, value in (told | COMPILED_BEFORE).items()),
        *(f"--bind-ro={path}" for path in dict.fromkeys(named) if path.exists()),
        *(f"--bind={folder}:{inside}" for folder, inside in kept.items()),
    ]


def _answer(*command: str) -> str:
    return subprocess.run(command, capture_output=True, text=True, check=False).stdout

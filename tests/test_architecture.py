"""The floors of the house: firmware -> accelerators -> isp -> numpy. No step upward, vendor libraries one file each."""

import ast
import functools
import sys
from pathlib import Path

import pytest

import accelerators
import firmware
import isp

FLOORS = {"isp": 0, "accelerators": 1, "firmware": 2}
PACKAGES = {package.__name__: Path(package.__file__).parent for package in (isp, accelerators, firmware)}
FILES = [(name, path) for name, folder in PACKAGES.items() for path in sorted(folder.rglob("*.py"))]
ONE_FILE_EACH = {
    "picamera2",
    "libcamera",
    "gpiozero",
    "rawpy",
    "cv2",
    "simplejpeg",
    "ai_edge_litert",
    "tflite_runtime",
    "tomlkit",
}


@functools.cache
def imports_of(path):
    """The packages that a file names in its imports, wherever they stand in it."""
    nodes = list(ast.walk(ast.parse(path.read_text())))
    plain = {alias.name.split(".")[0] for node in nodes if isinstance(node, ast.Import) for alias in node.names}
    return plain | {node.module.split(".")[0] for node in nodes if isinstance(node, ast.ImportFrom) and node.level == 0}


@pytest.mark.parametrize(("package", "path"), FILES, ids=[f"{name}/{path.name}" for name, path in FILES])
def test_no_file_imports_from_a_floor_above(package, path):
    above = {name for name, floor in FLOORS.items() if floor > FLOORS[package]}
    assert not above & imports_of(path)


def test_isp_needs_nothing_but_numpy():
    used = {name for package, path in FILES if package == "isp" for name in imports_of(path)}
    assert used - set(sys.stdlib_module_names) <= {"isp", "numpy"}


@pytest.mark.parametrize("library", sorted(ONE_FILE_EACH))
def test_a_vendor_library_is_imported_in_one_file(library):
    users = [path.name for _, path in FILES if library in imports_of(path)]
    assert len(users) <= 1, users

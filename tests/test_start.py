"""A camera is ready when it is needed: what is imported, and what is not, before anybody waits for it.

Modules are counted, not milliseconds: their number is the same on every machine, and on a card each is a file to read.
`make bench` prints the times.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterable

import pytest

from firmware.demo.bench_daemon import NIGHTJAR, same_code

EVERY_IMPORT = {"PYTHONPROFILEIMPORTTIME": "1"}
# Seconds each on a Pi's card; a photo of a mode that needs one waits for that one only.
HEAVY = {
    "cv2",
    "scipy",
    "skimage",
    "ai_edge_litert",
    "tflite_runtime",
    "PIL",
    "rawpy",
    "tomlkit",
    "torch",
    "matplotlib",
}
# What the interpreter imports by itself is not counted. 83, 467 and 568 when this was written; a few more are no harm.
STATUS_BUDGET, READY_BUDGET, PHOTO_BUDGET = 100, 540, 640


def imported(log: Iterable[str]) -> list[str]:
    """The modules that Python names in its log of imports, in order."""
    lines = (line.rpartition("|")[2].strip() for line in log if line.startswith("import time:"))
    return [name for name in lines if name != "imported package"]


def roots(modules: Iterable[str]) -> set[str]:
    """Their packages."""
    return {name.partition(".")[0] for name in modules}


@pytest.fixture(scope="module")
def interpreter():
    """What a Python of this machine imports to do nothing: packages' .pth files differ from one to the next."""
    command = [sys.executable, "-P", "-c", "import runpy"]
    done = subprocess.run(command, env=same_code() | EVERY_IMPORT, capture_output=True, text=True, check=True)
    return set(imported(done.stderr.splitlines()))


@pytest.fixture(scope="module")
def log_of_a_first_photo(module_bench):
    """The log's lines of a daemon that became ready and took one photo, its imports among them."""
    module_bench.start(EVERY_IMPORT)
    module_bench.call("shoot", mode="photo")
    return module_bench.log.splitlines()


def test_asking_for_the_status_imports_little_and_no_numpy(module_bench, log_of_a_first_photo, interpreter):
    command = [*NIGHTJAR, "status", "--set", f"control.socket={module_bench.socket}"]
    environment = same_code() | EVERY_IMPORT | {"NIGHTJAR_CONFIG": os.fspath(module_bench.config)}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    modules = set(imported(done.stderr.splitlines())) - interpreter
    assert "firmware.control.client" in modules
    assert not roots(modules) & (HEAVY | {"numpy", "simplejpeg", "gpiozero"})
    assert len(modules) <= STATUS_BUDGET, sorted(modules)


def test_a_camera_becomes_ready_without_what_only_some_photos_need(log_of_a_first_photo, interpreter):
    ready_at = next(index for index, line in enumerate(log_of_a_first_photo) if "Ready after" in line)
    modules = set(imported(log_of_a_first_photo[:ready_at])) - interpreter
    assert "firmware.daemon" in modules
    assert not roots(modules) & HEAVY
    assert len(modules) <= READY_BUDGET, sorted(modules)


def test_a_first_photo_loads_the_judge_of_its_light_and_nothing_else_that_is_heavy(log_of_a_first_photo, interpreter):
    modules = set(imported(log_of_a_first_photo)) - interpreter
    assert "accelerators.white_balance.judge" in modules
    assert roots(modules) & HEAVY <= {"ai_edge_litert"}
    assert len(modules) <= PHOTO_BUDGET, sorted(modules)

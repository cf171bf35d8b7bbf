"""The card was moved to a board whose processor lacks instructions that the kernels were built with."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import isp
from firmware.demo.bench_daemon import same_code
from isp.processor import CPUINFO, LINES

pytestmark = pytest.mark.faults
PATIENCE_S = 30.0


@pytest.fixture
def moved(tmp_path):
    """An environment in which `isp` is a copy whose kernels need what no processor has."""
    line = next((name for name in LINES if f"\n{name}\t" in CPUINFO.read_text()), None)
    if line is None:
        pytest.skip(f"this kernel names no instruction sets in {CPUINFO}")
    copy = tmp_path / "moved"
    shutil.copytree(Path(isp.__file__).parent, copy / "isp", ignore=shutil.ignore_patterns("__pycache__"))
    (copy / "isp/kernels/built-for.txt").write_text(f"{line}\t: looking_glass\n")
    ours = same_code()
    return ours | {"PYTHONPATH": os.pathsep.join([str(copy), ours["PYTHONPATH"]])}


def nightjar(environment, *words):
    command = [sys.executable, "-P", "-m", "firmware.cli", *words]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)


def test_the_daemon_says_what_is_wrong_and_how_to_mend_it_and_leaves_no_core(bench, moved):
    bench.launch(moved)
    said = bench.wait_for("STATUS=")
    assert bench.process.wait(PATIENCE_S) == 1
    for told in (said, bench.log):
        assert "this one lacks looking_glass" in told
        assert "sudo ./install.sh" in told
    assert "Traceback" not in bench.log


def test_the_doctor_names_it_and_loads_no_kernels(moved):
    examined = nightjar(moved | {"PYTHONPROFILEIMPORTTIME": "1"}, "doctor")
    line = next(line for line in examined.stdout.splitlines() if "looking_glass" in line)
    assert line.split()[:2] == ["problem", "kernels"]
    assert "sudo ./install.sh" in examined.stdout
    assert examined.returncode == 1
    assert "isp.kernels._kernels" not in {line.rpartition("|")[2].strip() for line in examined.stderr.splitlines()}


def test_a_photo_at_hand_is_refused_in_the_same_words(moved, tmp_path):
    refused = nightjar(moved, "develop", str(tmp_path / "any.dng"))
    assert refused.returncode == 1
    assert "this one lacks looking_glass" in refused.stderr
    assert "Traceback" not in refused.stderr

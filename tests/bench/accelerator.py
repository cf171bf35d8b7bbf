"""What a process of its own costs a network: time, memory, start. `python tests/bench/accelerator.py [MODEL.tflite]`.

The same file runs on the CPU in this process and in a child, turn by turn, one thread each. Times are CPU times: what
the child takes and what this process spends on handing the picture over.
"""

from __future__ import annotations

import os
import statistics
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

import numpy as np
from measures.shared_folder import SHARED

from accelerators.models.files import ModelFiles
from accelerators.runtime.accelerator import Accelerator
from accelerators.runtime.model_file import read_model

MODEL = SHARED / "models" / "coral" / "deeplabv3_mnv2_dm05_pascal_quant_logits.tflite"
ROUNDS, PICTURES = 5, 40


def cpu_ms_of(pid: int) -> float:
    """CPU time that another process has used; the kernel counts in steps of 10 ms."""
    user, system = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[11:13]
    return (int(user) + int(system)) * 1000 / os.sysconf("SC_CLK_TCK")


def memory_mb(pid: int) -> dict[str, int]:
    """Resident memory, and our part of it where it is shared."""
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    rows = {line.split(":")[0]: line.split()[1] for line in lines if line.startswith(("Rss:", "Pss:"))}
    return {name: int(kilobytes) // 1024 for name, kilobytes in rows.items()}


def measured(file: Path) -> dict[str, float]:
    """CPU milliseconds an answer, median of rounds, and how the child compares."""
    started = time.process_time()
    size = read_model(file).inputs[0].shape[1:3]
    checked_ms = (time.process_time() - started) * 1000
    files = ModelFiles(file.stem, file, None, size, ())
    here, there = Accelerator(files, "cpu", threads=1), Accelerator(files, "child", threads=1)
    here.warm_up()
    there.warm_up()
    child = there.report()["child"]
    start_ms = cpu_ms_of(child)
    picture = np.random.default_rng(0).integers(0, 256, (*size, 3), dtype=np.uint8)
    rows: dict[str, list[float]] = {"in this process": [], "handing over": [], "in the child": []}
    for _ in range(ROUNDS):
        begun = time.process_time()
        for _ in range(PICTURES):
            here.run(picture)
        rows["in this process"].append((time.process_time() - begun) * 1000 / PICTURES)
        begun, child_begun = time.process_time(), cpu_ms_of(child)
        for _ in range(PICTURES):
            there.run(picture)
        rows["handing over"].append((time.process_time() - begun) * 1000 / PICTURES)
        rows["in the child"].append((cpu_ms_of(child) - child_begun) / PICTURES)
    figures = {name: statistics.median(values) for name, values in rows.items()}
    figures["ratio"] = (figures["handing over"] + figures["in the child"]) / figures["in this process"]
    figures |= {"file checked": checked_ms, "child until ready": start_ms}
    figures |= {f"child {name} MB": value for name, value in memory_mb(child).items()}
    here.close()
    there.close()
    return figures


def print_accelerator(file: Path = MODEL) -> dict[str, float]:
    """Print the table; returns it. Nothing where the model is not at hand."""
    if not file.is_file():
        print(f"\naccelerator: {file} is not there; name the shared folder in NIGHTJAR_SHARED")
        return {}
    figures = measured(file)
    print(f"\na process of its own for {file.name}, CPU ms")
    for name, value in figures.items():
        print(f"  {name:20}{value:9.2f}")
    return figures


if __name__ == "__main__":
    print_accelerator(*map(Path, sys.argv[1:2]))

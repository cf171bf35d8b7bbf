"""How long does the network of portraits take: the first time and then, on the processor and on a Coral stick."""

from __future__ import annotations

import statistics
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from accelerators.errors import ModelError, RuntimeMissing
from accelerators.models.catalogue import CATALOGUE
from accelerators.models.files import ModelFiles
from accelerators.models.registry import installed
from accelerators.runtime.accelerator import Accelerator
from accelerators.runtime.answer import Answer
from accelerators.runtime.devices import read_device, sticks
from firmware.doctor.checks.edge_tpu import check_edge_tpu
from firmware.doctor.checks.portraits import INSTALL
from firmware.doctor.examination import OK, PROBLEM, WARNING
from firmware.selftest.bench import Bench
from firmware.selftest.result import Measured, Result, judged, skipped

AREA = "networks"
CPU, STICK = "processor", "Edge TPU"
RUNS, QUICK_RUNS = 20, 5
# The same int8 network: only rounding may differ.
LEAST_AGREEING = 0.95
FETCH = "sudo nightjar models fetch"


@dataclass(frozen=True)
class Timed:
    """First answer and those after it, in ms; `loading_ms` is what came before the first."""

    loading_ms: float
    first_ms: float
    steady_ms: tuple[float, ...]
    answer: Answer
    why: str

    def measured(self, most_ms: float) -> list[Measured]:
        """All of it."""
        return [
            Measured("loaded in", self.loading_ms, "ms"),
            Measured("first answer", self.first_ms, "ms"),
            Measured(f"then, median of {len(self.steady_ms)}", statistics.median(self.steady_ms), "ms", most=most_ms),
            Measured("the slowest", max(self.steady_ms), "ms"),
        ]


def check_networks(bench: Bench, catalogue: Path = CATALOGUE) -> Iterator[Result]:
    """The processor, which always must be able to, then the stick."""
    did = "showed the portraits' network one picture again and again"
    settings = bench.settings.accelerator
    try:
        files = installed(settings.model, bench.machine.at(settings.models_folder), catalogue)
        on_cpu = _timed(bench, files, "cpu")
    except ModelError as error:
        yield skipped(AREA, CPU, did, str(error).partition(" Fetch it: ")[0], FETCH)
        return
    except RuntimeMissing as error:
        yield skipped(AREA, CPU, did, str(error), INSTALL)
        return
    most_ms = settings.deadline_s * 1e3
    mend = "sudo nightjar config set accelerator.model fast"
    measured = [Measured("model", files.name), *on_cpu.measured(most_ms)]
    yield judged(AREA, CPU, f"{did}, {settings.threads} threads", measured, mend=mend)
    yield from _stick(bench, files, on_cpu, did)


def _stick(bench: Bench, files: ModelFiles, on_cpu: Timed, did: str) -> Iterator[Result]:
    device = read_device(bench.settings.accelerator.device)
    if not sticks(bench.machine.root) and not device.is_edge_tpu:
        yield skipped(AREA, STICK, did, "none is plugged in, and none is needed")
        return
    if device.kind == "cpu":
        mend = "sudo nightjar config set accelerator.device auto"
        yield skipped(AREA, STICK, did, "the settings say that it is not used", mend)
        return
    on_stick = _timed(bench, files, str(device))
    if on_stick.answer.device == "cpu":
        amiss = [finding for finding in check_edge_tpu(bench.machine) if finding.state != OK]
        why = on_stick.answer.fell_back or on_stick.why
        # The port's speed comes first, and is no reason for this.
        mend = next((finding.mend for finding in reversed(amiss) if finding.mend), "nightjar doctor")
        yield Result(AREA, STICK, did, (), PROBLEM, f"the processor answered in its place: {why}", mend)
        return
    agreeing = np.mean(on_stick.answer.values.argmax(axis=-1) == on_cpu.answer.values.argmax(axis=-1))
    measured = [
        *_ports(bench),
        *on_stick.measured(statistics.median(on_cpu.steady_ms)),
        Measured("places where both find the same", float(agreeing) * 100, "%", least=LEAST_AGREEING * 100),
    ]
    mend = "plug it into a blue USB 3 port; else sudo nightjar config set accelerator.device cpu is faster"
    yield judged(AREA, STICK, did, measured, WARNING, mend=mend)


def _ports(bench: Bench) -> list[Measured]:
    speeds = [bench.machine.text(f"/sys/bus/usb/devices/{stick.port}/speed") for stick in sticks(bench.machine.root)]
    return [Measured("speed of its port", int(speed), "Mbit/s") for speed in speeds[:1] if speed.isdigit()]


def _timed(bench: Bench, files: ModelFiles, device: str) -> Timed:
    settings = bench.settings.accelerator
    # Textured, so that no network skips work, and the same each time.
    picture = np.random.default_rng(1).integers(0, 256, files.picture_shape, dtype=np.uint8)
    accelerator = Accelerator(
        files, device, settings.threads, settings.deadline_s, settings.library, root=bench.machine.root
    )
    try:
        started = time.perf_counter()
        accelerator.warm_up()
        loading_ms = (time.perf_counter() - started) * 1e3
        first = accelerator.run(picture)
        answers = [accelerator.run(picture) for _ in range(QUICK_RUNS if bench.quick else RUNS)]
        why = str(accelerator.report()["why"])
    finally:
        accelerator.close()
    return Timed(loading_ms, first.took_ms, tuple(answer.took_ms for answer in answers), answers[-1], why)

"""Measure what this board does: camera, frames, press, card, networks, heat; write a report to attach to a bug."""

from __future__ import annotations

import argparse
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from firmware.configuration import load
from firmware.console import Progress, UsageError, answer, coloured, note
from firmware.doctor.examination import OK, PROBLEM, WARNING, Machine
from firmware.selftest.selftest import AREAS, BY_HAND
from firmware.selftest.wiring import wiring

COLOUR_OF = {OK: "green", WARNING: "yellow", PROBLEM: "red"}
# Every area, and each mode that a sensor may have.
MOST_MODES = 8


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What, how long, and into which file."""
    parser.add_argument("--quick", action="store_true", help="fewer frames, presses and files")
    parser.add_argument(
        "--only", action="append", metavar="AREA", help=f"this area only; may be given again: {', '.join(AREAS)}"
    )
    parser.add_argument("--out", metavar="FILE", help="write the report there, to attach it to a bug")
    parser.add_argument("--wiring", action="store_true", help="draw what to join for press and light")


def run(arguments: argparse.Namespace) -> int:
    """Measure and print. 1 when something keeps the camera from working as it should."""
    settings = load(arguments.set, system_folder=arguments.config).settings
    areas = checked_areas(arguments.only)
    if arguments.wiring:
        answer(arguments.json, {"wiring": wiring(settings.buttons)}, wiring(settings.buttons))
        return 0
    out = checked_file(arguments.out)
    from firmware.selftest.about import about
    from firmware.selftest.bench import Bench
    from firmware.selftest.overheard import overheard
    from firmware.selftest.private import Private
    from firmware.selftest.report import report_text, to_dict
    from firmware.selftest.selftest import run_selftest

    machine = Machine(settings)
    progress = Progress(len(areas) + (MOST_MODES if "modes" in areas else 0), quiet=arguments.json)
    try:
        with overheard() as log:
            results = list(run_selftest(Bench(settings, machine, arguments.quick, doing=progress.step), areas))
    finally:
        progress.end()
    private = Private(machine)
    told = private.without_any([result.to_dict() for result in results])
    report = to_dict(about(machine, settings), told, private.without_any(log))
    if out is not None:
        from firmware.storage.durable import write_new

        write_new(out, [report_text(report).encode()])
    answer(arguments.json, report, lines(report))
    if out is not None:
        note(f"The report is in {out}: read it, then attach it to the bug.")
    return 1 if report["counts"][PROBLEM] else 0


def lines(report: dict[str, Any]) -> Iterator[str]:
    """The readable half of the report."""
    from firmware.selftest.report import about_lines, counted, log_lines, result_lines

    yield from about_lines(report["about"])
    for result in report["results"]:
        yield ""
        first, *rest = result_lines(result)
        yield coloured(first, COLOUR_OF.get(result["verdict"], "grey"))
        yield from rest
    yield ""
    yield from log_lines(report["log"])
    yield counted(report["counts"])


def checked_areas(only: list[str] | None) -> list[str]:
    """The areas to test; where none was named all that need no hand. Raises UsageError."""
    named = [area for text in only or set(AREAS) - BY_HAND for area in text.split(",")]
    unknown = [area for area in named if area not in AREAS]
    if unknown:
        raise UsageError(f"--only {', '.join(unknown)}: there is no such area. Areas: {', '.join(AREAS)}")
    return named


def checked_file(name: str | None) -> Path | None:
    """Where the report goes, refused before minutes are spent on it. Raises UsageError."""
    if name is None:
        return None
    path = Path(name)
    if os.path.lexists(path):
        raise UsageError(f"--out {path}: that is there already. Give another name")
    if not os.access(path.parent, os.W_OK | os.X_OK):
        raise UsageError(f"--out {path}: nothing can be written into {path.parent}. Give another folder")
    return path

"""Check camera, buttons, card, permissions, Edge TPU, clock, power and daemon; say how to mend what is wrong."""

from __future__ import annotations

import argparse
import dataclasses
from collections.abc import Iterator

from firmware.configuration import load
from firmware.console import answer, coloured
from firmware.doctor.examination import OK, PROBLEM, WARNING, Finding, Machine, examine

COLOUR_OF = {OK: "green", WARNING: "yellow", PROBLEM: "red"}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """`doctor` needs only settings."""


def run(arguments: argparse.Namespace) -> int:
    """Look at everything. 1 when something keeps the camera from working."""
    findings = examine(Machine(load(arguments.set, system_folder=arguments.config).settings))
    counts = {state: sum(finding.state == state for finding in findings) for state in COLOUR_OF}
    data = {"findings": [dataclasses.asdict(finding) for finding in findings], "counts": counts}
    answer(arguments.json, data, lines(findings))
    return 1 if counts[PROBLEM] else 0


def lines(findings: list[Finding]) -> Iterator[str]:
    """One line for each finding, and how to mend it below."""
    for finding in findings:
        state = coloured(finding.state.ljust(7), COLOUR_OF[finding.state])
        yield f"{state}  {finding.area:12} {finding.message}"
        if finding.mend:
            yield f"{'':9}{'':12} -> {finding.mend}"

"""The report: one text that a person reads from top to bottom, and under it the same for programs."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from firmware.console import columns
from firmware.selftest.result import VERDICTS, in_words

HEADING = "Nightjar selftest"
INSIDE = (
    "In this report: the board's model, versions of its software, settings that were changed (no folders), and what\n"
    "was measured. Not in it: pictures, names of users and of the machine, folders, serial numbers, addresses, the\n"
    "hour. What errors say is quoted, with stand-ins for all of that: please read it once before you send it."
)
FOR_PROGRAMS = "The same for programs:"


def to_dict(about: Mapping[str, Any], results: list[dict[str, Any]], log: list[str]) -> dict[str, Any]:
    """Plain values for JSON, of results that are so already."""
    counts = {verdict: sum(result["verdict"] == verdict for result in results) for verdict in VERDICTS}
    return {"format": 1, "about": dict(about), "counts": counts, "results": results, "log": log}


def report_text(report: Mapping[str, Any]) -> str:
    """The whole file."""
    lines = [HEADING, "=" * len(HEADING), "", INSIDE, "", *about_lines(report["about"]), ""]
    for result in report["results"]:
        lines += [*result_lines(result), ""]
    lines += log_lines(report["log"])
    return "\n".join([*lines, counted(report["counts"]), "", FOR_PROGRAMS, json.dumps(report, indent=1), ""])


def about_lines(about: Mapping[str, Any]) -> Iterator[str]:
    """The board and its software, a fact a line."""
    for name, value in about.items():
        if isinstance(value, Mapping):
            told = ", ".join(f"{key} {item}" for key, item in value.items()) or "none"
        else:
            told = str(value)
        yield f"{name.replace('_', ' '):10} {told}"


def result_lines(result: Mapping[str, Any]) -> Iterator[str]:
    """Verdict, what was done, each number beside its bar, and what to do."""
    yield f"{result['verdict'].upper():8} {result['area']}: {result['title']}"
    yield f"         {result['did']}"
    rows = [[item["name"], in_words(item["value"], item["unit"]), _bar(item)] for item in result["measured"]]
    if rows:
        yield from (f"           {line}" for line in columns([["measured", "", "bar"], *rows]))
    if result["why"]:
        yield f"         {result['why']}"
    if result["mend"]:
        yield f"         -> {result['mend']}"


def log_lines(log: Sequence[str]) -> Iterator[str]:
    """What the camera's own parts warned of meanwhile, and an empty line."""
    if log:
        yield from ("Warnings meanwhile:", *(f"         {line}" for line in log), "")


def counted(counts: Mapping[str, int]) -> str:
    """One line."""
    return ", ".join(f"{number} {verdict}" for verdict, number in counts.items())


def _bar(item: Mapping[str, Any]) -> str:
    return item["bar"] if item["holds"] else f"{item['bar']}  MISSED"

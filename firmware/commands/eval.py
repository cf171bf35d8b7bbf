"""How right a judgement of the camera is, on pictures whose truth is known.

awb     white balance: errors of the estimated temperatures of a folder of statistics pictures, subfolders too, in the
        format of raspberrypi/awb_nn: photographer,sensor,scene,true_K,lux,camera_K.png, 16-bit RGB, 32 x 32 or 16 x 12
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from accelerators.errors import PictureError
from firmware.console import UsageError, answer, coloured, columns, note
from firmware.evaluation.judges import JUDGES, TRAINED_ON, judge_called

if TYPE_CHECKING:
    from accelerators.published.judged import Judged, Summary
from firmware.evaluation.white_balance import Row

PLOTS = ".png"
FAULTS_SHOWN = 20  # a folder of holiday pictures must not scroll the reason away
HEADING = ["", "pictures", "mean", "median", "p95", "worst 25 %", "max", "in 90 %", "Bayes: mean", "median", "p95"]
HEADING += ["worst 25 %", "max"]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The folder, the judge, and where a drawing goes."""
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("what", choices=["awb"], help="see above")
    parser.add_argument("folder", type=Path, metavar="DIR", help="where the pictures are")
    parser.add_argument(
        "--judge", choices=JUDGES, default=JUDGES[0], help=f"who estimates the light (default: {JUDGES[0]})"
    )
    parser.add_argument("--plot", type=Path, metavar="FILE.png", help="draw estimated against true temperature")
    parser.add_argument("--force", action="store_true", help="replace a drawing that exists")


def run(arguments: argparse.Namespace) -> int:
    """Judge every picture, and print the errors."""
    from accelerators.published.pictures import pictures_in, read_pictures
    from firmware.evaluation.white_balance import judge_pictures, rows_of

    _check_plot(arguments)
    pictures, faults = read_pictures(pictures_in(arguments.folder))
    judge = judge_called(arguments.judge)
    start = time.process_time()
    judged, unjudged = judge_pictures(pictures, judge)
    cpu_s = time.process_time() - start
    faults += unjudged
    if not arguments.json:
        _note(faults)
    if not judged:
        raise PictureError(
            f"None of the pictures in {arguments.folder} could be judged"
            + (f", first because: {faults[0]}" if arguments.json else "; the lines above say why.")
        )
    rows = rows_of(judged)
    data: dict[str, Any] = {
        "folder": str(arguments.folder),
        "judge": arguments.judge,
        "cpu_ms_each": 1e3 * cpu_s / len(judged),
        "rows": [row.to_dict() for row in rows],
        "seen_in_training": _seen(arguments.judge, judged),
        "faults": faults,
        "pictures": [one.to_dict() for one in judged],
    }
    if arguments.plot:
        _write_plot(arguments, judged, rows[0])
        data["plot"] = str(arguments.plot)
    answer(arguments.json, data, lines(data, rows, judged))
    return 0


def lines(data: dict[str, Any], rows: list[Row], judged: list[Judged]) -> Iterator[str]:
    """The table, then what must be known to read it."""
    yield (
        f"{len(judged)} pictures by the {data['judge']} judge, {data['cpu_ms_each']:.1f} ms of CPU each; errors in "
        "mired, temperatures held to 2800 .. 7600 K"
    )
    yield ""
    heading, *table = columns([HEADING, *map(_cells, rows)], numbers=range(1, len(HEADING)))
    yield coloured(heading, "bold")
    part = rows[0].part
    for row, line in zip(rows, table, strict=True):
        if row.part != part:
            yield ""
        part = row.part
        yield line
    yield ""
    yield "in 90 %: share of truths in the judge's stated 90 % region. Bayes: the camera's own answer, from the names."
    if data["judge"] == "learned" and (fell_back := sum(one.estimate.source != "learned" for one in judged)):
        yield f"{fell_back} pictures were left to the classical estimate, because the learned one was not sure."
    if data["seen_in_training"]:
        yield (
            f"{data['seen_in_training']} pictures are by photographers whose pictures this judge was trained on: its "
            "errors there are smaller than on new ones."
        )
    if data["faults"]:
        yield f"{len(data['faults'])} faults: what could not be judged is named above, and not counted."
    if "plot" in data:
        yield f"drawn in {data['plot']}"


def _note(faults: list[str]) -> None:
    for fault in faults[:FAULTS_SHOWN]:
        note(fault)
    if len(faults) > FAULTS_SHOWN:
        note(f"... and {len(faults) - FAULTS_SHOWN} more; --json names them all")


def _cells(row: Row) -> list[str]:
    inside = "-" if row.inside is None else f"{100 * row.inside:.0f} %"
    return [row.name, str(row.judge.count), *_errors(row.judge), inside, *_errors(row.camera)]


def _errors(of: Summary) -> list[str]:
    return [f"{error:.1f}" for error in (of.mean, of.median, of.p95, of.worst_quarter, of.max)]


def _seen(judge: str, judged: list[Judged]) -> int:
    return sum(one.picture.photographer in TRAINED_ON for one in judged) if judge == "learned" else 0


def _check_plot(arguments: argparse.Namespace) -> None:
    """Refuse a drawing that cannot be written before the pictures are judged."""
    from firmware.storage.named_file import refuse_existing

    if not arguments.plot:
        return
    if arguments.plot.suffix.lower() != PLOTS:
        raise UsageError(f"--plot {arguments.plot}: the drawing is a PNG; name it so")
    refuse_existing(arguments.plot, arguments.force)


def _write_plot(arguments: argparse.Namespace, judged: list[Judged], row: Row) -> None:
    from firmware.evaluation.light_plot import draw_light_plot
    from firmware.storage.named_file import write_named

    write_named(arguments.plot, draw_light_plot(judged, row, arguments.judge), arguments.force)

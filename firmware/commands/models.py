"""The networks that portraits use: which there are, fetch them, check them, and see whether an Edge TPU can run one.

list    every model, what of it is installed, and which one the settings choose
fetch   get models (none named: the chosen one) from the pinned address, checked by SHA-256, and cut them for portraits;
        where NIGHTJAR_SHARED names a folder, what lies in its models/ is taken from there
verify  hash what is installed; exit code 1 where something is wrong or missing
lint    tell, operator by operator, what of a .tflite would leave the Edge TPU; exit code 1 where something would
"""

from __future__ import annotations

import argparse
import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from accelerators.errors import ModelError
from accelerators.models.catalogue import DOWNLOAD_FROM, KnownFile, KnownModel, find_model, read_catalogue
from accelerators.models.registry import MISSING, UNREADABLE, fault_of, is_there
from firmware.byte_progress import ByteProgress
from firmware.configuration import load
from firmware.console import UsageError, answer, coloured, columns

if TYPE_CHECKING:
    from accelerators.models.lint import Report

INSTALLED = "installed"
SHARED_FOLDER = "NIGHTJAR_SHARED"
MB = 10**6


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """`list`, `fetch [MODEL ...]`, `verify [MODEL ...]`, `lint FILE ...`."""
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.usage = (
        "nightjar models list | fetch [MODEL ...] [--all] [--from DIR] | verify [MODEL ...] | lint FILE ...   "
        "[--folder DIR]"
    )
    parser.add_argument("action", choices=("list", "fetch", "verify", "lint"), help="see above")
    parser.add_argument("words", nargs="*", metavar="MODEL|FILE", help="models by name; with lint .tflite files")
    parser.add_argument("--all", action="store_true", help="every model")
    parser.add_argument("--folder", metavar="DIR", help="where models are kept (default: accelerator.models_folder)")
    parser.add_argument(
        "--from", dest="source_folder", metavar="DIR", help="with fetch: from a folder, not the network"
    )
    parser.add_argument("--source", metavar="URL", help=f"with fetch: a mirror of {DOWNLOAD_FROM}")


def run(arguments: argparse.Namespace) -> int:
    """Do the chosen one."""
    if arguments.action == "lint":
        return _lint(arguments)
    folder, chosen = _settings(arguments)
    catalogue = read_catalogue()
    named = [find_model(word, catalogue) for word in dict.fromkeys(arguments.words)]
    if arguments.all and named:
        raise UsageError("models: name models, or take --all, not both")
    every = list(catalogue.values())
    if arguments.action == "list":
        return _list(arguments, named or every, folder, chosen)
    if arguments.action == "fetch":
        return _fetch(arguments, every if arguments.all else named or [find_model(chosen, catalogue)], folder)
    started = [model for model in every if any(is_there(folder, file) for file in _networks(model))]
    return _verify(arguments, every if arguments.all else named or started or [find_model(chosen, catalogue)], folder)


def _settings(arguments: argparse.Namespace) -> tuple[Path, str]:
    """The folder of models, and the name of the one that the settings choose."""
    settings = load(arguments.set, system_folder=arguments.config).settings.accelerator
    return Path(arguments.folder or settings.models_folder), settings.model


def _networks(model: KnownModel) -> list[KnownFile]:
    return [file for twins in model.networks for file in (twins.cut, twins.original)]


# list


def _list(arguments: argparse.Namespace, models: list[KnownModel], folder: Path, chosen: str) -> int:
    data = [_described(model, folder, chosen) for model in models]
    answer(arguments.json, {"folder": str(folder), "models": data}, _list_lines(data, folder))
    return 0


def _described(model: KnownModel, folder: Path, chosen: str) -> dict:
    def state(file: KnownFile) -> str:
        return fault_of(folder, file) or INSTALLED

    def kinds(cpu: KnownFile, edge_tpu: KnownFile | None) -> dict[str, str | None]:
        return {"cpu": state(cpu), "edge_tpu": state(edge_tpu) if edge_tpu else None}

    tpu = model.edge_tpu
    return {
        "name": model.name,
        "serves": model.serves,
        "chosen": chosen in (model.name, model.serves),
        "meaning": model.meaning,
        "bytes": sum(file.bytes for file in model.published),
        "licence": model.licence,
        "source": model.page,
        "input": list(model.input),
        "classes": model.classes,
        "cut": kinds(model.cpu.cut, tpu.cut if tpu else None),
        "original": kinds(model.cpu.original, tpu.original if tpu else None),
        "labels": state(model.labels),
    }


def _list_lines(data: list[dict], folder: Path) -> Iterator[str]:
    rows = [["model", "serves as", "MB", "CPU", "Edge TPU", "licence"]]
    for model in data:
        mark = " (chosen)" if model["chosen"] else ""
        size = f"{model['bytes'] / MB:.1f}"
        twins = [_in_a_word(model, device) for device in ("cpu", "edge_tpu")]
        rows.append([model["name"], model["serves"] + mark, size, *twins, model["licence"]])
    heading, *table = columns(rows, numbers=(2,))
    yield coloured(heading, "bold")
    yield from table
    yield ""
    for model in data:
        yield f"{model['name']}: {model['meaning']}"
        yield f"    from {model['source']}"
    yield f"kept in {folder}"


def _in_a_word(model: dict, device: str) -> str:
    """Which twin would be used, or why none."""
    cut, original = model["cut"][device], model["original"][device]
    if cut is None:
        return "none exists"
    used, how = (original, "installed") if cut == MISSING else (cut, "installed, cut")
    if used.startswith(UNREADABLE):
        return "not readable"
    return {INSTALLED: how, MISSING: "missing"}.get(used, "damaged")


# fetch


def _fetch(arguments: argparse.Namespace, models: list[KnownModel], folder: Path) -> int:
    from accelerators.models.fetch import Sources, fetch

    if arguments.source_folder and arguments.source:
        raise UsageError("models fetch: take --from DIR or --source URL, not both")
    shared = os.environ.get(SHARED_FOLDER)
    if arguments.source_folder:
        sources = Sources((Path(arguments.source_folder),), address=None)
    elif arguments.source:
        sources = Sources(address=arguments.source)
    else:
        at_hand = [Path(shared) / "models"] if shared else []
        sources = Sources(tuple(place for place in at_hand if place.is_dir()))
    progress = ByteProgress(quiet=arguments.json)
    try:
        done = fetch(models, folder, sources, lambda file, there: progress.at(file.name, there, file.bytes))
    finally:
        progress.end()
    data = {"folder": str(folder), "files": [vars(item) for item in done]}
    answer(arguments.json, data, (f"{item.model}  {folder / item.file}  {item.how}" for item in done))
    return 0


# verify


def _verify(arguments: argparse.Namespace, models: list[KnownModel], folder: Path) -> int:
    every = [row for model in models for row in _verdicts(model, folder)]
    rows = list({row["file"]: row for row in reversed(every)}.values())[::-1]  # models may share their labels
    faults = [row for row in rows if row["fault"] and row["needed"]]
    data: dict = {"folder": str(folder), "files": rows}
    if faults:
        data["error"] = f"{len(faults)} of {len(rows)} files are not as they must be"
    answer(arguments.json, data, _verify_lines(rows, folder))
    if faults and not arguments.json:
        wanted = " ".join(dict.fromkeys(row["model"] for row in faults))
        raise ModelError(f"{data['error']}. Mend it: sudo nightjar models fetch {wanted}")
    return 1 if faults else 0


def _verdicts(model: KnownModel, folder: Path) -> Iterator[dict]:
    """Each file of a model. A published network is not needed where its cut twin is whole."""
    for twins in model.networks:
        fault = fault_of(folder, twins.cut)
        yield {"model": model.name, "file": twins.cut.name, "fault": fault, "needed": True}
        left = fault_of(folder, twins.original)
        needed = left != MISSING
        yield {"model": model.name, "file": twins.original.name, "fault": left, "needed": needed}
    yield {"model": model.name, "file": model.labels.name, "fault": fault_of(folder, model.labels), "needed": True}


def _verify_lines(rows: list[dict], folder: Path) -> Iterator[str]:
    for row in rows:
        verdict = row["fault"] or "as it must be"
        if row["fault"] and not row["needed"]:
            verdict += ", and not needed once it is cut"
        colour = "green" if not row["fault"] else "red" if row["needed"] else "grey"
        yield f"{folder / row['file']}  {coloured(verdict, colour)}"


# lint


def _lint(arguments: argparse.Namespace) -> int:
    from accelerators.models.lint import lint

    if not arguments.words:
        raise UsageError("models lint takes .tflite files")
    reports = [lint(Path(word)) for word in arguments.words]
    answer(arguments.json, {"files": [report.to_dict() for report in reports]}, _lint_lines(reports))
    return 0 if all(report.stays for report in reports) else 1


def _lint_lines(reports: list[Report]) -> Iterator[str]:
    for report in reports:
        rows = [["", "operator", "version", "output", "runs on", "because"]]
        for verdict in report.verdicts:
            place = "Edge TPU" if verdict.on_edge_tpu else "CPU"
            output = " x ".join(map(str, verdict.shape)) + f" {verdict.dtype}"
            why = verdict.reason or verdict.doubt
            rows.append([str(verdict.index), verdict.operator, str(verdict.version), output, place, why])
        heading, *table = columns(rows, numbers=(0, 2))
        yield coloured(str(report.path), "bold")
        yield heading
        for verdict, line in zip(report.verdicts, table, strict=True):
            yield line if verdict.on_edge_tpu else coloured(line, "yellow")
        yield coloured(report.summary, "green" if report.stays else "red")
        yield from report.notes

"""Can portraits and zoomed photos be taken as they should: is OpenCV there, what runs networks, and a whole model?"""

from __future__ import annotations

import importlib.util
from collections.abc import Iterator

from accelerators.errors import ModelError
from firmware.doctor.examination import OK, WARNING, Finding, Machine

AREA = "portraits"
INSTALL = "pip install 'nightjar[portrait]'"
RUNTIMES = ("ai_edge_litert", "tflite_runtime")


def check_portraits(machine: Machine) -> Iterator[Finding]:
    """Every other mode does without all of this."""
    runs = any(map(importlib.util.find_spec, RUNTIMES))
    if not runs and machine.settings.zoom.learned:
        yield Finding("zoom", WARNING, "no LiteRT runtime can be imported: no network enlarges photos", INSTALL)
    if importlib.util.find_spec("cv2") is None:
        yield Finding(AREA, WARNING, "OpenCV cannot be imported: portraits stay unblurred", INSTALL)
    elif not runs:
        yield Finding(AREA, WARNING, "no LiteRT runtime can be imported: subjects are guessed", INSTALL)
    else:
        yield _model(machine)


def _model(machine: Machine) -> Finding:
    from accelerators.models.registry import installed

    settings = machine.settings.accelerator
    folder = machine.at(settings.models_folder)
    try:
        files = installed(settings.model, folder)
    except ModelError as error:
        found, _, mend = str(error).partition(" Fetch it: ")
        return Finding(AREA, WARNING, f"{found} Until then subjects are guessed", mend or "sudo nightjar models fetch")
    except PermissionError:
        return Finding(AREA, WARNING, f"{folder} may not be looked at by this user", "sudo nightjar doctor")
    stick = "and its Edge TPU twin" if files.edge_tpu else "without an Edge TPU twin"
    return Finding(AREA, OK, f"model {files.name} ({settings.model}) is whole, {stick}")

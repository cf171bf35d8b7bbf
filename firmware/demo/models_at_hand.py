"""The network for the demonstration: an installed one, or one made of files at hand. Nothing is downloaded."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from accelerators.errors import ModelError
from firmware.settings import AcceleratorSettings

SHARED_VARIABLE, SHARED = "NIGHTJAR_SHARED", "../shared"


@dataclass(frozen=True)
class ModelsAtHand:
    """A folder of models, and in words where they came from, or why there are none."""

    folder: Path
    said: str


def find_models(prepared: Path) -> ModelsAtHand:
    """The camera's own folder if a whole model is in it, else `prepared`, filled from the shared folder's files."""
    from accelerators.models.catalogue import find_model, read_catalogue
    from accelerators.models.fetch import Sources, fetch
    from accelerators.models.registry import installed

    usual = AcceleratorSettings()
    folder = Path(usual.models_folder)
    try:
        installed(usual.model, folder)
        return ModelsAtHand(folder, f"the model in {folder}")
    except (ModelError, PermissionError) as error:
        lacking = str(error)
    shared = Path(os.environ.get(SHARED_VARIABLE, SHARED)) / "models"
    if shared.is_dir():
        try:
            fetch([find_model(usual.model, read_catalogue())], prepared, Sources((shared,), address=None), _unseen)
            return ModelsAtHand(prepared, f"a model made of the files in {shared}")
        except ModelError as error:
            lacking = str(error)
    return ModelsAtHand(prepared, f"none, so subjects are guessed. {lacking}")


def _unseen(*_: object) -> None:
    """Local files are there before a bar could be drawn."""

"""All tables of a portrait, one after the other; part of `make bench`, or `python tests/bench/portraits.py`.

Models are made of the files in the shared folder (NIGHTJAR_SHARED), as `nightjar models fetch` makes them. A table
whose photographs or models are not at hand says so and is left out.
"""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

from accelerator import SHARED, print_accelerator
from bars import run_alone
from bokeh import print_bokeh
from matte import print_matte
from portrait_preview import print_portrait_preview
from segmentation import print_segmentation
from subject import print_subjects

from accelerators.errors import ModelError
from accelerators.models.catalogue import find_model, read_catalogue
from accelerators.models.fetch import Sources, fetch


def models_at_hand(folder: Path) -> Path | None:
    """`folder` with the default model in it; None, with a line that says why, where its files are not at hand."""
    try:
        wanted = [find_model("fast", read_catalogue())]
        fetch(wanted, folder, Sources((SHARED / "models",), address=None), lambda *_: None)
    except ModelError as error:
        print(f"\nno model: {error}")
        return None
    return folder


def print_portraits() -> dict[str, Any]:
    """Print all tables; returns them."""
    with tempfile.TemporaryDirectory() as folder:
        preview = print_portrait_preview(models_at_hand(Path(folder)))
    return {
        "segmentation": print_segmentation(),
        "accelerator": print_accelerator(),
        "subject": print_subjects(),
        "matte": print_matte(),
        "bokeh": print_bokeh(),
        "preview": preview,
    }


if __name__ == "__main__":
    run_alone(__doc__, print_portraits)

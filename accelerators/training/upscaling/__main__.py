"""`python -m accelerators.training.upscaling --shared ../shared` trains the upscaling network, measures it, writes it.

Three quarters of an hour on one core: nine minutes for the network that ships, the rest for the folds that judge its
training. The same pictures give the same bytes on the same machine and version of torch.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from accelerators.training.upscaling.card import CARD, card_text
from accelerators.training.upscaling.crossing import crossed
from accelerators.training.upscaling.fitting import fitted
from accelerators.training.upscaling.measuring import KODAK, SETS, measured, measured_sets
from accelerators.training.upscaling.photographs import TEACHING, photographs_of
from accelerators.training.upscaling.writing import written
from accelerators.upscaling.network_file import FOLDER, NAME
from accelerators.upscaling.upscaler import opened_upscaler

STEPS = 3600


def main(arguments: Sequence[str] | None = None) -> None:
    """The command."""
    parser = argparse.ArgumentParser(prog="python -m accelerators.training.upscaling", description=__doc__)
    parser.add_argument("--shared", type=Path, required=True, help="folder that holds data/kodak24 and more")
    parser.add_argument("--into", type=Path, default=FOLDER, help="where network and card are written")
    asked = parser.parse_args(arguments)
    for folder in (TEACHING, *(protocol.folder for protocol in SETS)):
        if not any((asked.shared / "data" / folder).rglob("*.png")):
            parser.error(f"no pictures in {asked.shared / 'data' / folder}: --shared is the folder that holds data")
    asked.into.mkdir(parents=True, exist_ok=True)  # Refused now, not after the training.
    began = time.perf_counter()
    photographs = photographs_of(asked.shared, TEACHING)
    teachers = [photograph.luma for photograph in photographs]
    layers = fitted(teachers, STEPS, "all")
    written(asked.into / NAME, layers, teachers)
    with opened_upscaler(device="cpu", folder=asked.into) as upscaler:
        taught = measured(photographs, KODAK, layers, upscaler)
        others = measured_sets(asked.shared, layers, upscaler)
    with tempfile.TemporaryDirectory() as folder:
        not_seen = crossed(photographs, STEPS, Path(folder))
    card = card_text(asked.into / NAME, STEPS, taught, not_seen, others)
    (asked.into / CARD).write_text(card, encoding="utf-8")
    print(f"{card}\n{time.perf_counter() - began:.0f} s in all")


if __name__ == "__main__":
    main()

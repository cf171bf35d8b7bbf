"""`python -m accelerators.training.light --shared ../shared` trains the judge of the light, measures it and writes it.

An hour on two cores is plenty. The same pictures give the same bytes on the same machine and version of torch.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from accelerators.training.light.card import CARD, card_text
from accelerators.training.light.crossing import validated
from accelerators.training.light.examples import examples_of, labelled_pictures
from accelerators.training.light.fit_tint import fit_tint, simulated_scenes
from accelerators.training.light.fitting import trained, with_tint, write_numbers
from accelerators.white_balance.judge import FOLDER, NUMBERS, load_judge
from accelerators.white_balance.light_file import read_numbers

NEEDED = ("data/pi-awb/LICENSE", "data/pi-awb/pisp", "data/pi-awb/vc4", "data/pi-spectra")


def main(arguments: Sequence[str] | None = None) -> None:
    """The command."""
    parser = argparse.ArgumentParser(prog="python -m accelerators.training.light", description=__doc__)
    parser.add_argument("--shared", type=Path, required=True, help="folder that holds data/pi-awb and data/pi-spectra")
    parser.add_argument("--into", type=Path, default=FOLDER, help="where weights and card are written")
    asked = parser.parse_args(arguments)
    for needed in NEEDED:
        if not (asked.shared / needed).exists():
            parser.error(f"there is no {asked.shared / needed}: --shared is the folder that holds data/pi-awb and more")
    asked.into.mkdir(parents=True, exist_ok=True)  # Refused now, not after the training.
    began = time.perf_counter()
    licence = (asked.shared / "data/pi-awb/LICENSE").read_text(encoding="utf-8")
    examples = examples_of(labelled_pictures(asked.shared))
    print(f"{len(examples.pictures)} pictures: {time.perf_counter() - began:.0f} s", flush=True)
    with tempfile.TemporaryDirectory() as folder:
        validation = validated(examples, Path(folder))
    trained(examples).write(asked.into, validation.temperature)
    tint = fit_tint(simulated_scenes(asked.shared), examples.pictures, load_judge(asked.into))
    numbers = with_tint(read_numbers(asked.into / NUMBERS), tint)
    write_numbers(asked.into, numbers)
    card = card_text(asked.into, validation.answers, numbers, tint, licence)
    (asked.into / CARD).write_text(card, encoding="utf-8")
    print(f"{card}\n{time.perf_counter() - began:.0f} s in all")


if __name__ == "__main__":
    main()

"""Kodak's photographs taught the network that ships, so on them it is judged by networks that did not see them."""

from __future__ import annotations

from pathlib import Path

from accelerators.training.upscaling.fitting import fitted
from accelerators.training.upscaling.measuring import KODAK, Figures, measured
from accelerators.training.upscaling.photographs import FOLDS, Photograph, held_out, taught
from accelerators.training.upscaling.writing import written
from accelerators.upscaling.network_file import NAME
from accelerators.upscaling.upscaler import opened_upscaler


def crossed(photographs: list[Photograph], steps: int, folder: Path) -> dict[str, Figures]:
    """Each photograph's figures by a network that learned from other folds,.

    folder  where the networks may lie meanwhile
    """
    figures: dict[str, Figures] = {}
    for fold in range(FOLDS):
        teachers = [photograph.luma for photograph in taught(photographs, fold)]
        layers = fitted(teachers, steps, f"fold {fold + 1} of {FOLDS}")
        written(folder / NAME, layers, teachers)
        with opened_upscaler(device="cpu", folder=folder) as upscaler:
            figures |= measured(held_out(photographs, fold), KODAK, layers, upscaler)
    return figures

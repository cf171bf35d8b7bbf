"""DeepLab, cut: pycoral's bird, and the time that cutting saves. `python tests/bench/segmentation.py`.

Needs the published files and photographs of the shared folder (NIGHTJAR_SHARED), and LiteRT.
"""

from __future__ import annotations

import statistics
import time

import numpy as np
from bars import Bar, print_bars, run_alone
from measures.segmentation import PHOTOGRAPHS, PUBLISHED, answer_of, bird_score, classes_of, interpreter_of, photograph

from accelerators.models.catalogue import KnownModel, read_catalogue
from accelerators.models.cut import cut

LEAST_BIRD = {"deeplab_dm05": 0.92, "deeplab_dm10": 0.95}
PHOTOS = ("bird_segmentation.bmp", "grace_hopper.bmp", "cat_720p.jpg", "pets.jpg", "squat.bmp", "face.jpg")
THREADS = (1, 2)
ROUNDS = 15


def segmentation_bars() -> list[Bar]:
    """Accuracy through the cut, agreement with the uncut networks, and CPU time beside them."""
    models = read_catalogue()
    faster = {
        f"{name}, {count} threads": _times_faster(model, count) for name, model in models.items() for count in THREADS
    }
    return [
        *(
            Bar(f"pycoral's bird, {name} cut", "", {name: _bird(models[name])}, least=least)
            for name, least in LEAST_BIRD.items()
        ),
        Bar("same class as the uncut network", "", _agreement(models), least=0.99),
        # Most of what is saved is a fixed cost, so that it is a smaller part of the larger network.
        Bar("CPU time uncut / cut, half depth", "x", _of("dm05", faster), least=1.15),
        Bar("  full depth", "x", _of("dm10", faster), least=1.0),
    ]


def _of(word: str, measured: dict[str, float]) -> dict[str, float]:
    return {name: value for name, value in measured.items() if word in name}


def _both(model: KnownModel, threads: int = 1) -> tuple:
    """Interpreters of the network as published and cut."""
    data = (PUBLISHED / model.cpu.original.name).read_bytes()
    return interpreter_of(data, threads), interpreter_of(cut(data), threads)


def _bird(model: KnownModel) -> float:
    return bird_score(model.cpu.original.name)


def _agreement(models: dict[str, KnownModel]) -> dict[str, float]:
    agree = {}
    for name, model in models.items():
        both = _both(model)
        for photo in PHOTOS:
            uncut, cut_short = (classes_of(interpreter, photograph(photo)) for interpreter in both)
            agree[f"{name} {photo}"] = float(np.mean(uncut == cut_short))
    return agree


def _times_faster(model: KnownModel, threads: int) -> float:
    """Median CPU time of the uncut network over that of the cut one, taking turns."""
    picture, spent = photograph(PHOTOS[0]), ([], [])
    both = _both(model, threads)
    for turn in range(ROUNDS + 1):
        for interpreter, times in zip(both, spent, strict=True):
            start_s = time.process_time()
            answer_of(interpreter, picture)
            if turn:  # the first fetches memory
                times.append(time.process_time() - start_s)
    return statistics.median(spent[0]) / statistics.median(spent[1])


def print_segmentation() -> list[dict]:
    """Print the table; returns it. Nothing where the files are not at hand."""
    if not PUBLISHED.is_dir() or not PHOTOGRAPHS.is_dir():
        print(f"\nsegmentation: {PUBLISHED} or {PHOTOGRAPHS} is not there; name the shared folder in NIGHTJAR_SHARED")
        return []
    bars = segmentation_bars()
    print_bars("segmentation: DeepLab cut at its scores", bars)
    return [bar.to_dict() for bar in bars]


if __name__ == "__main__":
    run_alone(__doc__, print_segmentation)

"""How well subjects are found, and what it costs; part of `make bench`, or `python tests/bench/subject.py`.

Intersection over union with masks drawn by hand, of one look as the network gives it, of all looks, and of the guess
without a network, whose NoSubject counts 0. CPU milliseconds are of this process, inference on one thread included.
"""

from __future__ import annotations

import time
from collections.abc import Callable

import numpy as np
from bars import Bar, print_bars
from measures.overlap import (
    CUT,
    LABELS,
    SHARED,
    UNCUT,
    Labelled,
    am2k_animals,
    coco_animals,
    coco_people,
    coco_with_belongings,
    network,
    overlap_with,
)

from accelerators.subject.classes import classes_of
from accelerators.subject.finding import find_subject, glance
from accelerators.subject.grids import squashed
from accelerators.subject.subject import NoSubject, Subject

SETS = {
    "COCO, people": coco_people,
    "COCO, people with what is theirs": coco_with_belongings,
    "COCO, animals (half are no VOC class)": coco_animals,
    "AM-2k, animals": am2k_animals,
}
BARS = {"COCO, people": 0.72, "AM-2k, animals": 0.85}


def measured() -> dict[str, dict[str, tuple[float, float]]]:
    """Mean IoU and mean CPU milliseconds of each way on each set; empty where photographs or model are missing."""
    segment, uncut = network(CUT), network(UNCUT)
    if segment is None or uncut is None or not (SHARED / "data" / "coco-subjects").is_dir():
        return {}
    ways = {
        "raw score, one look": lambda photo: _raw(photo, segment),
        "glance": lambda photo: glance(photo, segment, LABELS),
        "network": lambda photo: find_subject(photo, segment, LABELS),
        "uncut network": lambda photo: find_subject(photo, uncut, LABELS),
        "guess": find_subject,
    }
    return {
        name: {way: _of(list(photographs()), ask) for way, ask in ways.items()} for name, photographs in SETS.items()
    }


def _raw(photo: np.ndarray, segment: Callable) -> Subject:
    """What the network says, untouched: softmax, summed over what is no background, enlarged."""
    values = segment(squashed(photo, (513, 513))).values
    powers = np.exp(values - values.max(axis=2, keepdims=True))
    shares = powers / powers.sum(axis=2, keepdims=True)
    return Subject(shares[..., classes_of(LABELS).wanted].sum(axis=2), "any", ("any",), 1.0, is_guess=False)


def _of(photographs: list[Labelled], ask: Callable[[np.ndarray], Subject | NoSubject]) -> tuple[float, float]:
    overlaps, cpu_ms = [], []
    for _, photo, truth in photographs:
        start = time.process_time()
        found = ask(photo)
        cpu_ms.append(1e3 * (time.process_time() - start))
        overlaps.append(overlap_with(truth, found))
    return float(np.mean(overlaps)), float(np.median(cpu_ms))


def print_subjects() -> dict[str, dict[str, tuple[float, float]]]:
    """Print the table and the bars; returns the table."""
    table = measured()
    if not table:
        print("\nsubjects: no photographs or no model at hand; name the shared folder in NIGHTJAR_SHARED")
        return table
    ways = list(next(iter(table.values())))
    print("\nsubjects: mean IoU, and median CPU ms of one photograph")
    print(f"  {'':40}" + "".join(f"{way:>22}" for way in ways))
    for name, row in table.items():
        print(f"  {name:40}" + "".join(f"{row[way][0]:13.3f} {row[way][1]:5.0f} ms" for way in ways))
    print_bars(
        "subjects against their bars",
        [
            Bar(f"{name}: mean IoU by the network", "", {"all": table[name]["network"][0]}, least=least)
            for name, least in BARS.items()
        ],
    )
    return table


if __name__ == "__main__":
    print_subjects()

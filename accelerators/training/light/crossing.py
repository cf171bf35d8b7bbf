"""Cross-validation: everybody's pictures judged by what was trained without that person."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from accelerators.published.judged import Judged
from accelerators.published.sensors import published_tuning
from accelerators.training.light.examples import Examples
from accelerators.training.light.fitting import CLUE_WEIGHT, trained, write_numbers
from accelerators.training.light.folds import GROUPINGS, every_fold, folds
from accelerators.training.light.softening import Scored, softened
from accelerators.training.light.validating import answers_of
from accelerators.white_balance.candidates import Candidates
from accelerators.white_balance.judge import NUMBERS, LearnedJudge, load_judge
from accelerators.white_balance.light_file import read_numbers
from accelerators.white_balance.posterior import prior

Fold = tuple[str, ...]


@dataclass(frozen=True)
class Validation:
    """temperature: chosen on all folds. answers: by grouping, each picture judged by what has not seen it."""

    temperature: float
    answers: dict[str, list[Judged]]


def validated(examples: Examples, folder: Path) -> Validation:
    """Train once for each fold, choose the temperature on what was held out, and judge that with it.

    folder  empty; the weights of each fold stay there
    """
    places = {names: folder / str(number) for number, names in enumerate(sorted(every_fold(examples.pictures)), 1)}
    scored: dict[Fold, list[Scored]] = {}
    for names, place in places.items():
        began = time.perf_counter()
        place.mkdir()
        trained(examples.without(names)).write(place)
        scored[names] = _scored(load_judge(place), examples, names)
        print(f"without {' and '.join(names)}: {time.perf_counter() - began:.0f} s", flush=True)
    held_out = {grouping: list(folds(examples.pictures, grouping).values()) for grouping in GROUPINGS}
    both = [one for groups in held_out.values() for names in groups for one in scored[names]]
    temperature = softened(both, CLUE_WEIGHT)
    answers: dict[Fold, list[Judged]] = {}
    for names, place in places.items():
        write_numbers(place, replace(read_numbers(place / NUMBERS), temperature=temperature))
        pictures = [picture for picture in examples.pictures if picture.photographer in names]
        answers[names] = answers_of(load_judge(place), pictures)
    by_grouping = {
        grouping: [answer for names in groups for answer in answers[names]] for grouping, groups in held_out.items()
    }
    return Validation(temperature, by_grouping)


def _scored(judge: LearnedJudge, examples: Examples, names: Fold) -> list[Scored]:
    """What a fold's networks say of those that they have not seen."""
    table = np.array(judge.numbers.prior)
    keys = {(picture.platform, picture.sensor) for picture in examples.pictures}
    candidates = {key: Candidates.of(published_tuning(*key)) for key in keys}
    return [
        Scored(
            judge.presence_network.scores(examples.presence[row].astype(np.float32)) + prior(table, examples.lux[row]),
            judge.clue_network.scores(examples.clues[row, 0].astype(np.float32)),
            candidates[picture.platform, picture.sensor],
            picture.true_mired,
        )
        for row, picture in enumerate(examples.pictures)
        if picture.photographer in names
    ]

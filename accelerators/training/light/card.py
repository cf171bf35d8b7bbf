"""The model card: what the weights were made of, how well they do, and what they cannot do."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path

from accelerators.published.judged import Judged
from accelerators.training.light.examples import COPIES
from accelerators.training.light.fit_clues import HIDDEN, SEEDS
from accelerators.training.light.fit_tint import SCENES_OF_EACH, Tint
from accelerators.training.light.folds import BY_NAME, STRICT, photographers_of
from accelerators.training.light.validating import Figures, table, table_text
from accelerators.white_balance.judge import CLUES_FILE, NUMBERS, PRESENCE
from accelerators.white_balance.light_file import LearnedNumbers

CARD = "CARD.md"
WEIGHTS = (PRESENCE, CLUES_FILE, NUMBERS)
TITLES = {BY_NAME: "each name held out", STRICT: "all peters held out as one"}
TEXT = """\
# The learned judge of the light's colour

Training writes this card; `python -m accelerators.training.light --shared ../shared` makes the files and the numbers
again.

{files}

## What it does

Two small networks score 63 lights, 124 to 372 mired, on the sensor's own curve of greys. `presence` is one linear
filter over histograms of log colour, centred on each light, and a table by lux. `clues` is a network ({hidden} hidden
numbers, {starts} starts joined) over 97 numbers of each light, such as how much of the scene would be grey in it. The
mean of their log probabilities is softened; the median is the answer.

## Data

{pictures} statistics pictures of real Raspberry Pi cameras, labelled by hand, of both platforms: raspberrypi/awb_nn,
{count} photographers ({names}). {copies} copies of each for the clues: cut, relit along the curve, noisy, as seen by
another sensor. {scenes} scenes simulated from spectra (IMX219, OV5647) for the tint, which no label has.

## Errors on photographers it has not seen

In mired, as published: both lights held to 2800 to 7600 K. Each picture was judged by weights that were trained without
its photographer, rounded to int8 and read by the camera's own code.

{tables}

Worse than the camera's own Bayesian estimator, of sensors, lights and photographers:

{worse}

## How sure it is

It states a standard deviation; 1.645 of it to both sides is the 90 % region. That held:

{shares}

Tint, on simulated scenes that taught nothing: the answer is {before:.2f} degrees from the true grey on average on the
curve, {after:.2f} with the tint that is found; the stated deviation of the tint is {deviation:.3f} (natural log). Its
middle is set so that labelled pictures have none on average: {middle:+.3f}; simulated scenes alone say
{simulated:+.3f}.

## Chosen on the folds

The temperature of softening, {temperature}, is one number chosen on all held-out pictures, so the shares above are a
little too good. When the form was looked for, these were chosen on the same folds: the power of the histograms, the
width of labels, the weight of the two networks, how far copies are relit. Neighbours differed by .3 mired at most.

## What it cannot do

- Two lights in one picture: it finds one, and one colour is the answer for all.
- Lights off the curve by more than .06 (strong tubes, coloured lamps): the tint ends there.
- Lights beyond 2800 to 7600 K or beyond the curve's measured ends: no label lies there.
- A scene of one colour in 200 to 2000 lux, where sun, shade and offices overlap, is judged by habit. Most of what is
  left of the errors is there, see the tables.
- Wrong lux, as behind a C-mount lens whose opening nobody tells, makes errors larger.
- Without a curve of greys, or without an infrared filter, it does not answer; the classical judgement does.
- Labels are things that a person took for grey, put on the curve: no judge can be measured better than that.

## Licence of the data

{licence}
"""


def card_text(
    folder: Path,
    answers: Mapping[str, Sequence[Judged]],
    numbers: LearnedNumbers,
    tint: Tint,
    licence: str,
) -> str:
    """The card, as Markdown. `folder` holds the weights; answers by grouping of the folds."""
    pictures = [answer.picture for answer in next(iter(answers.values()))]
    names = photographers_of(pictures)
    groups = list(_groups(answers).items())
    return TEXT.format(
        files="\n".join(sums_of(folder)),
        hidden=" and ".join(map(str, HIDDEN)),
        starts=len(SEEDS),
        pictures=len(pictures),
        count=len(names),
        names=", ".join(names),
        copies=COPIES,
        scenes=2 * SCENES_OF_EACH,
        tables="\n\n".join(table_text(title, table(group)) for title, group in groups),
        worse="\n".join(f"- {title}: {_worse(group)}" for title, group in groups),
        shares="\n".join(f"- {title}: {100 * Figures.of(group).inside:.1f} %" for title, group in groups),
        before=tint.before_deg,
        after=tint.after_deg,
        middle=tint.middle,
        simulated=tint.middle_simulated,
        deviation=numbers.tint_deviation,
        temperature=numbers.temperature,
        licence=licence.strip(),
    )


def sums_of(folder: Path) -> list[str]:
    """The lines of the card that say which files it is about."""
    contents = {name: (folder / name).read_bytes() for name in WEIGHTS}
    return [
        f"- `{name}`: {len(content)} bytes, SHA-256 `{hashlib.sha256(content).hexdigest()}`"
        for name, content in contents.items()
    ]


def _worse(answers: Sequence[Judged]) -> str:
    """The rows of the table in which the mean is above the cameras'."""
    rows = [f"{name} ({of.mean:.2f}, Bayes {of.bayes:.2f})" for name, of in table(answers) if of.mean > of.bayes]
    return ", ".join(rows) or "none"


def _groups(answers: Mapping[str, Sequence[Judged]]) -> dict[str, list[Judged]]:
    """By platform within each grouping of the folds."""
    return {
        f"{platform}, {TITLES[grouping]}": [answer for answer in found if answer.picture.platform == platform]
        for grouping, found in answers.items()
        for platform in sorted({answer.picture.platform for answer in found})
    }

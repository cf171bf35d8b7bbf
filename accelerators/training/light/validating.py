"""How well light is judged on pictures of photographers that training has not seen.

Whatever is measured here went the whole way: each fold's networks are rounded to int8 and written, read back as the
camera reads them, and the camera's own judge answers. Only what the card says was chosen on the folds saw all.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from accelerators.published.judged import DARK_LUX, Judged
from accelerators.published.pictures import LabelledPicture
from accelerators.published.sensors import published_tuning
from isp.light_estimate import Judge

# The bins of the card's table by lux.
LUX_ENDS = (0.0, 50.0, 200.0, 500.0, 2000.0, math.inf)


@dataclass(frozen=True)
class Figures:
    """Errors of a group of pictures in mired.

    inside  share of truths in the stated 90 % region; where none is stated there is none in it
    bayes   mean error of the cameras' own answers
    """

    count: int
    mean: float
    median: float
    p95: float
    inside: float
    bayes: float

    @classmethod
    def of(cls, answers: Sequence[Judged]) -> Figures:
        """Of at least one."""
        errors = np.array([answer.error for answer in answers])
        inside = np.mean([bool(answer.is_inside) for answer in answers])
        bayes = np.mean([answer.picture.camera_error for answer in answers])
        median, p95 = np.percentile(errors, (50, 95))
        return cls(len(errors), float(errors.mean()), float(median), float(p95), float(inside), float(bayes))


def answers_of(judge: Judge, pictures: Iterable[LabelledPicture]) -> list[Judged]:
    """What a judge says of these pictures, with the packaged tunings of their sensors."""
    return [
        Judged(picture, judge(picture.statistics(published_tuning(picture.platform, picture.sensor))))
        for picture in pictures
    ]


def table(answers: Sequence[Judged]) -> list[tuple[str, Figures]]:
    """All of them, those in the dark, then by sensor, lux and photographer."""
    dark = [answer for answer in answers if answer.picture.lux < DARK_LUX]
    rows = [("all", list(answers)), (f"below {DARK_LUX:.0f} lux", dark)]
    for kind in ("sensor", "photographer"):
        names = sorted({getattr(answer.picture, kind) for answer in answers})
        rows += [(name, [one for one in answers if getattr(one.picture, kind) == name]) for name in names]
    for low, high in itertools.pairwise(LUX_ENDS):
        name = f"{low:.0f} lux and more" if math.isinf(high) else f"{low:.0f} to {high:.0f} lux"
        rows.append((name, [one for one in answers if low <= one.picture.lux < high]))
    return [(name, Figures.of(group)) for name, group in rows if group]


def table_text(title: str, rows: Sequence[tuple[str, Figures]]) -> str:
    """As Markdown."""
    lines = [
        f"| {title} | pictures | mean | median | p95 | in 90 % region | camera's Bayes |",
        "|---|--:|--:|--:|--:|--:|--:|",
    ]
    for name, of in rows:
        numbers = f"{of.mean:.2f} | {of.median:.1f} | {of.p95:.1f} | {100 * of.inside:.1f} % | {of.bayes:.1f}"
        lines.append(f"| {name} | {of.count} | {numbers} |")
    return "\n".join(lines)

"""How far a judge's temperatures are from the labels of published pictures, beside what the cameras had answered."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from accelerators.published.judged import DARK_LUX, Judged, Summary
from accelerators.published.pictures import LabelledPicture
from firmware.evaluation.tunings import tuning_of
from isp.errors import TuningError
from isp.light_estimate import Judge
from isp.tuning import Tuning

TuningOf = Callable[[str, str], Tuning | None]


@dataclass(frozen=True)
class Row:
    """One group of pictures. `inside` is the share of truths in the 90 % regions; None where none were stated."""

    part: str
    name: str
    judge: Summary
    camera: Summary
    inside: float | None

    @classmethod
    def of(cls, part: str, name: str, group: Sequence[Judged]) -> Row:
        """Of at least one judged picture."""
        stated = [one.is_inside for one in group if one.is_inside is not None]
        return cls(
            part,
            name,
            judge=Summary.of(one.error for one in group),
            camera=Summary.of(one.picture.camera_error for one in group),
            inside=float(np.mean(stated)) if stated else None,
        )

    def to_dict(self) -> dict[str, Any]:
        """For JSON."""
        judge, camera = (dict(vars(of)) for of in (self.judge, self.camera))
        return {"part": self.part, "name": self.name, "judge": judge, "camera": camera, "inside_90": self.inside}


def judge_pictures(
    pictures: Sequence[LabelledPicture], judge: Judge, tuning_for: TuningOf = tuning_of
) -> tuple[list[Judged], list[str]]:
    """What the judge says of each, and one sentence for each sensor whose pictures could not be judged."""
    judged, faults = [], []
    for platform, sensor in sorted({(picture.platform, picture.sensor) for picture in pictures}):
        group = [picture for picture in pictures if (picture.platform, picture.sensor) == (platform, sensor)]
        try:
            tuning = tuning_for(platform, sensor)
        except TuningError as error:
            faults.append(f"{len(group)} pictures of {sensor} ({platform}) are not judged: {error}")
            continue
        if tuning is None:
            faults.append(_unknown(platform, sensor, len(group)))
            continue
        for picture in group:
            estimate = judge(picture.statistics(tuning))
            if estimate.temperature_k is None:
                faults.append(f"{picture.path}: the judge gives no temperature: {estimate.why}")
            else:
                judged.append(Judged(picture, estimate))
    return sorted(judged, key=lambda one: one.picture.path), faults


def rows_of(judged: Sequence[Judged]) -> list[Row]:
    """All, dark scenes, then by platform, sensor and photographer. Of at least one judged picture."""
    rows = [Row.of("all", "all", judged)]
    if dark := [one for one in judged if one.picture.lux < DARK_LUX]:
        rows.append(Row.of("light", f"below {DARK_LUX:g} lux", dark))
    for part in ("platform", "sensor", "photographer"):
        names = sorted({getattr(one.picture, part) for one in judged})
        if part == "platform" and len(names) == 1:
            continue
        rows += [Row.of(part, name, [one for one in judged if getattr(one.picture, part) == name]) for name in names]
    return rows


def _unknown(platform: str, sensor: str, count: int) -> str:
    return (
        f"{count} pictures of {sensor} ({platform}) are not judged: its curve is neither packaged nor installed, and "
        f"without it there is no temperature. Install libcamera with a tuning for it: ipa/rpi/{platform}/{sensor}.json."
    )

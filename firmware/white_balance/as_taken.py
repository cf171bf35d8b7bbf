"""The light as the photographer told it, or locked it, when a photo was taken: kept when the photo is planned anew.

Who measured a grey card and then wants the photo brighter wants that card's white all the same.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from firmware.files.sidecar import read_sidecar
from firmware.white_balance.knobs import UNDECIDED
from firmware.white_balance.locked import LOCKED
from isp.photo import PORTRAIT_STAGES
from isp.pipeline import Pipeline
from isp.white_balance import WhiteBalance

if TYPE_CHECKING:
    from isp.frames import Shot

# Each of these says anew what the light is, or who judges it.
ANEW = frozenset({"source", "preset", "temperature_k", "custom_red", "custom_blue"})
# What planning found, which it does not seek again where it is given. A lock is no knob: it is kept as these.
FACTS = ("gains", "light_k", "light_tint", "light_covariance", "light_trust", "light_source", "light_why")


def as_taken(pipeline: Pipeline, sidecar_file: Path, shot: Shot, by_hand: Mapping[str, Any]) -> Pipeline:
    """The pipeline with the white balance of this shot's sidecar, where that was told or locked.

    by_hand  knobs of [white_balance] that win; with a tint a told light gets another, and a locked one is judged anew
    Raises SidecarError for a damaged one.
    """
    if not sidecar_file.is_file() or ANEW & set(by_hand) or pipeline.stage(WhiteBalance) is None:
        return pipeline
    sidecar = read_sidecar(sidecar_file)
    taken = Pipeline.from_dict(sidecar.recipe, PORTRAIT_STAGES).stage(WhiteBalance)
    if sidecar.shot != shot or taken is None or taken.gains is None:
        return pipeline
    locked = taken.light().why.startswith(LOCKED)
    if locked and by_hand:
        return pipeline
    knobs = {key: getattr(taken, key) for key in (*UNDECIDED, *FACTS)} if locked else _told(taken) | by_hand
    return pipeline.with_stage(dataclasses.replace(pipeline.stage(WhiteBalance), **knobs))


def _told(taken: WhiteBalance) -> dict[str, Any]:
    """The knobs by which somebody fixed the light; none where it was judged: it will be judged again."""
    knobs = {key: getattr(taken, key) for key in UNDECIDED}
    return {} if knobs | {"tint": 0.0} == UNDECIDED else knobs

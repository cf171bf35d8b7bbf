"""The photo path: the stages from raw to JPEG in their order, with knobs from TOML tables; and a portrait's."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from typing import Any

from isp.bad_pixels import BadPixels
from isp.bokeh import Bokeh
from isp.chroma_noise import ChromaNoise
from isp.colour import Colour
from isp.colour_fringes import ColourFringes
from isp.demosaic import Demosaic
from isp.eight_bit import EightBit
from isp.errors import KnobError
from isp.highlights import Highlights
from isp.levels import Levels
from isp.local_tone import LocalTone
from isp.luma_noise import LumaNoise
from isp.pipeline import Pipeline
from isp.shading import Shading
from isp.sharpen import Sharpen
from isp.stage import Stage
from isp.tone import Tone
from isp.white_balance import WhiteBalance

_ORDER = (
    Levels,
    BadPixels,
    WhiteBalance,
    Highlights,
    ColourFringes,
    Demosaic,
    ChromaNoise,
    LumaNoise,
    Shading,
    Colour,
    LocalTone,
    Tone,
    Sharpen,
    EightBit,
)

STAGES: dict[str, type[Stage]] = {stage.table_name(): stage for stage in _ORDER}
# A portrait's stages. Tables and recipes may name all of these; a photo leaves the lens as it was.
_BLURRED = _ORDER.index(LocalTone)
PORTRAIT_STAGES: dict[str, type[Stage]] = {
    stage.table_name(): stage for stage in (*_ORDER[:_BLURRED], Bokeh, *_ORDER[_BLURRED:])
}


def photo_pipeline(tables: Mapping[str, Mapping[str, Any]] | None = None, where: str = "") -> Pipeline:
    """The photo path with the knobs of these tables, e.g. {"sharpen": {"amount": 0}}; others keep their defaults.

    `where` names the file in errors. Raises KnobError for an unknown table or key, or a value that is not allowed.
    """
    stages = _stages(tables or {}, where)
    return Pipeline(tuple(stages[name] for name in STAGES))


def portrait_pipeline(tables: Mapping[str, Mapping[str, Any]] | None = None, where: str = "") -> Pipeline:
    """The photo path with the blur of a fast lens between colour and local tone, for `develop_portrait`; else alike."""
    return Pipeline(tuple(_stages(tables or {}, where).values()))


def _stages(tables: Mapping[str, Mapping[str, Any]], where: str) -> dict[str, Stage]:
    """Every stage there is, with its table's knobs: a wrong one is found whether or not the stage is used."""
    prefix = f"{where}: " if where else ""
    for name in tables:
        if name not in PORTRAIT_STAGES:
            close = difflib.get_close_matches(name, PORTRAIT_STAGES, n=1)
            hint = f" Did you mean [{close[0]}]?" if close else ""
            raise KnobError(f"{prefix}unknown table [{name}].{hint} Allowed: {', '.join(PORTRAIT_STAGES)}.")
    return {
        name: stage.from_table(tables.get(name, {}), f"{prefix}[{name}]") for name, stage in PORTRAIT_STAGES.items()
    }

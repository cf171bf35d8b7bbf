"""The photo path: the stages from raw to JPEG in their order, with knobs from TOML tables."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from typing import Any

from isp.bad_pixels import BadPixels
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


def photo_pipeline(tables: Mapping[str, Mapping[str, Any]] | None = None, where: str = "") -> Pipeline:
    """The photo path with the knobs of these tables, e.g. {"sharpen": {"amount": 0}}; others keep their defaults.

    `where` names the file in errors. Raises KnobError for an unknown table or key, or a value that is not allowed.
    """
    tables = tables or {}
    prefix = f"{where}: " if where else ""
    for name in tables:
        if name not in STAGES:
            close = difflib.get_close_matches(name, STAGES, n=1)
            hint = f" Did you mean [{close[0]}]?" if close else ""
            raise KnobError(f"{prefix}unknown table [{name}].{hint} Allowed: {', '.join(STAGES)}.")
    return Pipeline(
        tuple(stage.from_table(tables.get(name, {}), f"{prefix}[{name}]") for name, stage in STAGES.items())
    )

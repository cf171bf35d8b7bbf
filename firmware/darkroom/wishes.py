"""What `nightjar develop` is asked for, and what comes of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from firmware.darkroom.modes import Mode
from firmware.settings import PortraitSettings, ZoomSettings

if TYPE_CHECKING:
    import numpy as np

    from accelerators.masking import Found
    from firmware.portrait.stored_mask import StoredMask
    from firmware.zoom.making import ZoomWork
    from firmware.zoom.upscaling import Upscaled
    from isp.light_estimate import Judge
    from isp.pipeline import Pipeline

FindMask = Callable[["np.ndarray"], "Found"]
Tables = Mapping[str, Mapping[str, Any]]


@dataclass(frozen=True)
class Wishes:
    """What the person asked for.

    folder        where the photos go
    mode          used where no recipe is
    pictures      stage tables of the settings
    by_hand       stage tables that win over the mode
    jpeg_quality  None takes the recipe's
    recipe        a sidecar to follow for every file; None looks for each file's own
    plan_anew     no recipe is looked for
    no_sidecar    nor a mask
    find          gives the mask of a plain picture, or why there is none; for portraits whose mask is not stored
    mask          a PNG painted by hand, in the place of the one that was found
    second        a raw file from a camera beside the first: the blur goes by real depth
    keep          which files a portrait leaves beside its photo
    judge         of the light, where it is planned anew; None takes the classical one
    merge         which merge makes a photo of a burst, a key of `firmware.night.rungs.RUNGS`
    zoom          how far, in modes that zoom
    upscale       the network that enlarges what no burst measured; None where none can be asked
    finishes      a photo that was cut off: what of it is in its place already stays as it is
    """

    folder: Path
    mode: Mode
    pictures: Tables
    by_hand: Tables
    default_quality: int
    jpeg_quality: int | None = None
    tuning: str = "auto"
    recipe: Path | None = None
    plan_anew: bool = False
    no_sidecar: bool = False
    replace: bool = False
    show_steps: bool = False
    threads: int = 0
    merge: str = "fine"
    find: FindMask | None = None
    mask: Path | None = None
    second: Path | None = None
    keep: PortraitSettings = field(default_factory=PortraitSettings)
    judge: Judge | None = None
    zoom: ZoomSettings = field(default_factory=ZoomSettings)
    upscale: Callable[[np.ndarray], Upscaled] | None = None
    finishes: bool = False


@dataclass(frozen=True)
class Recipe:
    """How one file is to be developed, and whose idea that was.

    of_burst     what a merged frame was made of, for the new sidecar; None where nobody told
    of_portrait  what was told of a portrait when it was taken, likewise
    stored_mask  of a portrait; None where it is to be found anew
    zoom         how a zoomed photo is finished; None for all others
    """

    pipeline: Pipeline
    mode: str
    jpeg_quality: int
    origin: str
    of_burst: Mapping[str, Any] | None = None
    of_portrait: Mapping[str, Any] | None = None
    stored_mask: StoredMask | None = None
    zoom: ZoomWork | None = None


@dataclass(frozen=True)
class Developed:
    """One photo that was made.

    frames    of how many raw frames
    left_out  which of a burst's frames gave nothing to it, and why
    portrait  what its sidecar says of the blur, or why there is none
    light     what it says of the light
    zoom      what it says of a zoomed photo
    """

    raw: str
    jpeg: str
    sidecar: str
    mode: str
    recipe: str
    develop_ms: float
    steps: list[str]
    frames: int = 1
    left_out: list[str] = field(default_factory=list)
    portrait: Mapping[str, Any] | None = None
    light: Mapping[str, Any] | None = None
    zoom: Mapping[str, Any] | None = None


@dataclass(frozen=True)
class Failed:
    """One file that could not be developed."""

    raw: str
    error: str

"""Make a portrait and the files that come with it, and say in plain values what became of it."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from firmware.files.jpeg import encode_jpeg
from firmware.files.png import encode_png
from firmware.portrait.entry import entry_of
from firmware.settings import PortraitSettings
from firmware.storage.photo_name import MASK, PLAIN
from isp.portrait import develop_portrait, split_at_blur
from isp.virtual_lens import focus_distance

if TYPE_CHECKING:
    import numpy as np

    from accelerators.masking import Found
    from firmware.portrait.second import Second
    from isp.develop import Watcher
    from isp.frames import Photo, RawFrame
    from isp.pipeline import Pipeline
    from isp.tuning import Tuning


@dataclass(frozen=True)
class Keep:
    """Where a blurred portrait's other files go; None where that one is not wanted."""

    plain: Path | None
    mask: Path | None

    @classmethod
    def beside(cls, jpeg: Path, settings: PortraitSettings) -> Keep:
        """The files of this photo, as far as they are wanted."""
        plain, mask = jpeg.with_name(jpeg.stem + PLAIN), jpeg.with_name(jpeg.stem + MASK)
        return cls(plain if settings.keep_plain else None, mask if settings.keep_mask else None)


@dataclass(frozen=True)
class Made:
    """A photo; of a portrait also the sidecar's entry and the other files, name and bytes, in the order to write; of a
    zoomed photo its own entry."""

    photo: Photo
    entry: dict[str, Any] = field(default_factory=dict)
    files: list[tuple[Path, bytes]] = field(default_factory=list)
    zoom: dict[str, Any] | None = None


def make_portrait(
    frame: RawFrame,
    pipeline: Pipeline,
    tuning: Tuning | None,
    find: Callable[[np.ndarray], Found],
    keep: Keep,
    jpeg_quality: int,
    threads: int = 0,
    watcher: Watcher | None = None,
    second: Second | None = None,
) -> Made:
    """Develop a frame, find its subject with `find` (given the plain picture), blur the rest.

    second  a photo from a second camera beside the first: the blur goes by real depth, as far as the two tell it
    Raises what `develop_portrait` and `find` raise.
    """
    story: dict[str, Any] = {}
    files: list[tuple[Path, bytes]] = []

    def find_mask(photo: Photo) -> np.ndarray | None:
        found = find(photo.pixels)
        story.update(found.story)
        if second is not None:
            second.first_photo = photo.pixels
        if found.mask is not None and keep.plain is not None:
            files.append((keep.plain, encode_jpeg(photo, jpeg_quality)))  # now: its pixels need not wait for the blur
        return found.mask

    find_defocus = None if second is None else second.defocus
    portrait = develop_portrait(frame, pipeline, tuning, find_mask, threads, watcher, find_defocus)
    if portrait.mask is None:
        return Made(portrait.photo, entry_of(story))
    told = {"plain": keep.plain.name if keep.plain else None, "mask": None}
    if keep.mask is not None:
        mask = encode_png(portrait.mask)
        files.append((keep.mask, mask))
        told["mask"] = {"file": keep.mask.name, "sha256": hashlib.sha256(mask).hexdigest()}
    depth = {} if second is None else {"second": second.told}
    return Made(portrait.photo, entry_of(story) | told | depth | _lens_facts(portrait.photo), files)


def _lens_facts(photo: Photo) -> dict[str, Any]:
    """What lens was drawn, and from where its focus is known."""
    _, bokeh, _ = split_at_blur(photo.recipe)
    focus = focus_distance(photo.shot.lens_position, bokeh.distance_m)
    return {
        "f_number": bokeh.f_number,
        "lens_mm": bokeh.lens_mm,
        "radius_px": bokeh.largest_px,
        "distance_m": focus.distance_m,
        "distance_from": focus.source,
    }

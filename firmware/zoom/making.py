"""A zoomed photo from its frame: developed, then enlarged as far as the burst did not reach. Away from the camera too.

What was done stands in the entry, and `repeats` does the same again: with the stored recipe the same bytes come.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from firmware.errors import ZoomError
from firmware.portrait.making import Made
from firmware.zoom.entry import CLASSICAL, LEARNED, LEARNED_TIMES, MEASURED, entry_of, with_steps
from firmware.zoom.upscaling import FAILURES, Upscaled, in_words
from isp.burst.places import places_of
from isp.develop import develop
from isp.frames import LinearFrame, Photo, RawFrame
from isp.sharpen import Sharpen

if TYPE_CHECKING:
    from isp.develop import Watcher
    from isp.light_estimate import Judge
    from isp.pipeline import Pipeline
    from isp.tuning import Tuning
    from isp.zoom.zoomed import ZoomStory

# A picture that is to be hardly larger is not worth a network's work on one of twice its size: from here on twice is
# nearer than once.
LEARNED_FROM = LEARNED_TIMES**0.5
# What is handed to a network is sharpened by this share of what was asked: it draws edges steep itself. Bursts of a
# tripod beside the truth, developed alike, ISO 100 to 1600: with all of it 0.2 to 1.1 dB below a plain enlargement,
# with half of it 0.4 dB below (the noisiest) to 0.9 above. A plain enlargement, where the network then fails, loses
# nothing by it.
SHARPENED = 0.5
MEND = "Make the photo anew with --no-sidecar."


@dataclass(frozen=True)
class ZoomWork:
    """How a zoomed photo is finished.

    entry    of the sidecar, as the burst left it, or as an earlier photo of the same frame tells it
    upscale  the network; None where none is wanted
    repeats  the steps of the entry are taken again, and what cannot be is an error
    """

    entry: Mapping[str, Any]
    upscale: Callable[[np.ndarray], Upscaled] | None = None
    repeats: bool = False

    @classmethod
    def of_burst(cls, story: ZoomStory, upscale: Callable[[np.ndarray], Upscaled] | None = None) -> ZoomWork:
        """What is to be done with the frame that a burst came to."""
        return cls(entry_of(story), upscale)


def make_zoomed(
    frame: RawFrame | LinearFrame,
    pipeline: Pipeline,
    tuning: Tuning | None,
    work: ZoomWork,
    threads: int = 0,
    watcher: Watcher | None = None,
    judge: Judge | None = None,
) -> Made:
    """Develop a frame of the crop, and enlarge it to the size that its entry names.

    A network that fails costs nothing but its own gain, and the entry says so. Raises what developing raises; ZoomError
    for steps that cannot be repeated.
    """
    if _asks_network(work) and not work.repeats:
        pipeline = _less_sharp(pipeline)
    photo = _developed(frame, pipeline, tuning, threads, watcher, judge)
    if work.repeats:
        pixels, entry = _repeated(photo.pixels, work), dict(work.entry)
    else:
        pixels, entry = _enlarged(photo.pixels, work)
    behind = None if photo.frames_behind is None else _stretched(photo.frames_behind, pixels.shape[:2])
    return Made(dataclasses.replace(photo, pixels=pixels, frames_behind=behind), zoom=entry)


def _developed(
    frame: RawFrame | LinearFrame,
    pipeline: Pipeline,
    tuning: Tuning | None,
    threads: int,
    watcher: Watcher | None,
    judge: Judge | None,
) -> Photo:
    if isinstance(frame, RawFrame):
        return develop(frame, pipeline, tuning, threads, watcher, judge)
    from isp.zoom.developing import develop_zoomed

    return develop_zoomed(frame, pipeline, tuning, threads, watcher, judge)


def _asks_network(work: ZoomWork) -> bool:
    return work.upscale is not None and work.entry["rung"] != MEASURED and work.entry["asked"] >= LEARNED_FROM


def _less_sharp(pipeline: Pipeline) -> Pipeline:
    """See SHARPENED."""
    sharpen = pipeline.stage(Sharpen)
    if sharpen is None:
        return pipeline
    return pipeline.with_stage(dataclasses.replace(sharpen, amount=SHARPENED * sharpen.amount))


def _enlarged(pixels: np.ndarray, work: ZoomWork) -> tuple[np.ndarray, dict[str, Any]]:
    """The picture at its last size, and the entry that says how it came to it."""
    size, steps, lacking = tuple(work.entry["size"]), [], ""
    if _asks_network(work):
        try:
            made = work.upscale(pixels)
        except FAILURES as error:
            lacking = in_words(error)
        else:
            pixels = made.pixels
            steps.append({"by": LEARNED, "size": list(pixels.shape[:2]), **made.story})
    if pixels.shape[:2] != size:
        pixels = _resized(pixels, size)
        steps.append({"by": CLASSICAL, "size": list(size)})
    return pixels, with_steps(work.entry, steps, lacking)


def _repeated(pixels: np.ndarray, work: ZoomWork) -> np.ndarray:
    """The steps of the entry, once more."""
    for step in work.entry["enlarged"]:
        if step["by"] == LEARNED:
            pixels = _drawn_again(pixels, step, work.upscale)
        else:
            pixels = _resized(pixels, tuple(step["size"]))
    if list(pixels.shape[:2]) != work.entry["size"]:
        raise ZoomError(
            f"The sidecar tells of a photo of (height, width) {work.entry['size']}, and by its steps it has "
            f"{list(pixels.shape[:2])}. {MEND}"
        )
    return pixels


def _drawn_again(
    pixels: np.ndarray, step: Mapping[str, Any], upscale: Callable[[np.ndarray], Upscaled] | None
) -> np.ndarray:
    if upscale is None:
        raise ZoomError(f"A network enlarged this photo, and zoom.learned is off. Switch it on, or: {MEND}")
    try:
        made = upscale(pixels)
    except FAILURES as error:
        raise ZoomError(
            f"A network enlarged this photo, and here it does not answer ({in_words(error)}). {MEND}"
        ) from error
    if made.story.get("model_sha256") != step["model_sha256"]:
        raise ZoomError(
            f"Another network enlarged this photo (SHA-256 {step['model_sha256']:.12}..., here it is "
            f"{made.story.get('model_sha256')!s:.12}...). {MEND}"
        )
    return made.pixels


def _resized(pixels: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    from isp.zoom.enlarge import enlarged

    return enlarged(pixels, size)


def _stretched(behind: np.ndarray, shape: Sequence[int]) -> np.ndarray:
    """The map of a picture that was enlarged: each place has what its nearest place had."""
    rows, columns = (
        np.minimum(np.arange(now) * before // now, before - 1)
        for now, before in zip(places_of(tuple(shape)), behind.shape, strict=True)
    )
    return np.ascontiguousarray(behind[np.ix_(rows, columns)])

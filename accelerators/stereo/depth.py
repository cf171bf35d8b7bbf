"""From two photos to how far each place is out of focus.

A lens focused at distance s draws what lies at z as a disc of 1 - s/z of that of infinity; disparity is as 1/z, so
that is 1 - disparity / disparity in focus (Wadhwa et al. 2018, "Synthetic depth-of-field with a single-camera mobile
phone", eq. 2). Infinity has disparity 0 where both pictures' middles look in the same direction, as two modules side
by side do; for other pairs `infinity_px` says where it lies.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from accelerators.errors import MaskError
from accelerators.opencv import opencv
from accelerators.stereo.fill import fill
from accelerators.stereo.match import match
from accelerators.stereo.pair import NoDepth, check_pair
from isp.defocus import Defocus
from isp.errors import PipelineError
from isp.virtual_lens import MOST_PX

if TYPE_CHECKING:
    from isp.bokeh import Bokeh

logger = logging.getLogger(__name__)

# With less of the picture measured, most of the depth would be a guess.
LEAST_MEASURED = 0.35
# Inside the subject from here on; its depth needs so many measured places.
INSIDE = 128
FEWEST_OF_SUBJECT = 25
# What lies nearer to the lens than a third of the way is drawn as if it lay there; larger discs show nothing more.
LARGEST_BEFORE = 2.0


@dataclass(frozen=True)
class Disparity:
    """values    (h, w) float32, pixels of the first photo at full size, larger is nearer; without holes
    measured  (h, w) bool: found in both photos; elsewhere `values` is filled from around
    shift_px  by how much the second photo lay lower, pixels of the photo
    gain      by how much the first photo is brighter, geometric mean of its colours
    """

    values: np.ndarray
    measured: np.ndarray
    shift_px: float
    gain: float


def measure_disparity(first: np.ndarray, second: np.ndarray) -> Disparity | NoDepth:
    """Disparity of the first photo, at 800 pixels width or its own where that is less.

    first, second  (H, W, 3) uint8 sRGB of equal size, rectified but for a small vertical shift and a difference in
                   exposure; the second camera may stand on either side
    Raises MaskError for what is no pair of pictures.
    """
    pair = check_pair(first, second)
    if isinstance(pair, NoDepth):
        return pair
    found = match(pair)
    measured = ~np.isnan(found)
    if measured.mean() < LEAST_MEASURED:
        return NoDepth(
            f"only {measured.mean():.0%} of the picture was found in both photos, {LEAST_MEASURED:.0%} are needed"
        )
    values = fill(found, pair.first) / np.float32(pair.scale)
    if pair.mirrored:
        values, measured = values[:, ::-1], measured[:, ::-1]
    gain = float(np.exp(np.mean(np.log(pair.gain))))
    return Disparity(np.ascontiguousarray(values), measured, pair.shift_px / pair.scale, gain)


def defocus_from_pair(
    first_photo: np.ndarray,
    second_photo: np.ndarray,
    mask: np.ndarray | None,
    bokeh: Bokeh,
    infinity_px: float = 0.0,
    focus_at: tuple[float, float] | None = None,
) -> Defocus | NoDepth:
    """Real depth for the blur, focused where the subject is.

    first_photo, second_photo  as `measure_disparity` takes them; the blur is drawn into the first
    mask          (H, W) uint8 of the first photo, stays sharp as a whole; None lets depth alone tell
    bokeh         planned: `largest_px` is known
    infinity_px   disparity of things very far away, below 0 where the second picture is cut to show them
    focus_at      (y, x) shares of the picture to focus at; needed without a mask, and wins over it
    Raises MaskError for pictures and masks that do not fit, PipelineError for a blur that is not planned.
    """
    if bokeh.largest_px is None:
        raise PipelineError("This blur knows no lens yet; plan it before depth is measured for it.")
    _check(first_photo, mask, focus_at)
    disparity = measure_disparity(first_photo, second_photo)
    if isinstance(disparity, NoDepth):
        return disparity
    nearness = disparity.values - np.float32(infinity_px)
    in_focus = _at(nearness, focus_at) if focus_at is not None else _of_subject(nearness, disparity.measured, mask)
    if in_focus is None:
        return NoDepth("too little of the subject was found in both photos")
    if not in_focus > 0:
        return NoDepth("the subject lies as far away as the background, or the photos are not rectified")
    logger.info(
        "Depth: %.0f %% measured, focus at %.1f px, second photo %.1f px lower and %.2f times darker",
        100 * disparity.measured.mean(), in_focus, disparity.shift_px, disparity.gain,
    )  # fmt: skip
    share = np.clip(1.0 - nearness / in_focus, -LARGEST_BEFORE, 1.0)
    return Defocus(np.maximum(bokeh.largest_px * share, -MOST_PX).astype(np.float32), mask)


def _check(photo: np.ndarray, mask: np.ndarray | None, focus_at: tuple[float, float] | None) -> None:
    if mask is None and focus_at is None:
        raise MaskError("Without a mask somebody must say where to focus: focus_at = (y, x).")
    if mask is not None and (mask.dtype != np.uint8 or mask.shape != photo.shape[:2]):
        raise MaskError(f"The mask is {mask.dtype} {mask.shape}; for this photo it must be uint8 {photo.shape[:2]}.")
    if focus_at is not None and not all(0 <= share <= 1 for share in focus_at):
        raise MaskError(f"focus_at is {focus_at}; (y, x) are shares of the picture, 0 to 1.")


def _of_subject(nearness: np.ndarray, measured: np.ndarray, mask: np.ndarray) -> float | None:
    """The middle of what was measured of the subject: a hand that reaches forward does not move the focus."""
    cv2 = opencv()
    inside = cv2.resize(mask, nearness.shape[::-1], interpolation=cv2.INTER_AREA) >= INSIDE
    of_subject = nearness[inside & measured]
    return float(np.median(of_subject)) if of_subject.size >= FEWEST_OF_SUBJECT else None


def _at(nearness: np.ndarray, place: tuple[float, float]) -> float:
    """Median around a place, so that one wrong pixel does not set the focus."""
    height, width = nearness.shape
    y, x = round(place[0] * (height - 1)), round(place[1] * (width - 1))
    return float(np.median(nearness[max(y - 3, 0) : y + 4, max(x - 3, 0) : x + 4]))

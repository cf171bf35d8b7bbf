"""Depth from a second photo, taken at the same moment by a camera beside the first."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np

    from isp.bokeh import Bokeh
    from isp.defocus import Defocus


class Second:
    """A second photo and what came of it.

    file         it was made from
    photo        (H, W, 3) uint8, without blur
    first_photo  the same of the photo that is to be blurred, as soon as it is there
    told         for the sidecar
    """

    def __init__(self, file: Path, photo: np.ndarray) -> None:
        self.photo = photo
        self.first_photo: np.ndarray | None = None
        self.told: dict[str, Any] = {"file": file.name, "depth": False, "why": None}

    def defocus(self, bokeh: Bokeh, mask: np.ndarray) -> Defocus:
        """By the two photos' disparity; by the ground where they tell none. Raises MaskError for what is no pair."""
        from accelerators.stereo.depth import defocus_from_pair
        from accelerators.stereo.pair import NoDepth

        found = defocus_from_pair(self.first_photo, self.photo, mask, bokeh)
        self.first_photo = None
        if isinstance(found, NoDepth):
            self.told["why"] = found.reason
            return bokeh.defocus(mask)
        self.told["depth"] = True
        return found

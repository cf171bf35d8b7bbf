"""The last step: 8 bits of sRGB for the JPEG, rounded to nearest."""

from __future__ import annotations

from dataclasses import dataclass

from isp.frames import Photo, Shot
from isp.kernels import Chain
from isp.stage import Stage


@dataclass(frozen=True)
class EightBit(Stage):
    """16-bit display codes to 8 bits. It has no kernel of its own: it is how the chain's last rows are stored."""

    takes = Photo
    makes = Photo

    def add_to(self, chain: Chain, shot: Shot) -> None:
        """See Stage.add_to."""

"""Counts to linear light: black becomes 0 and saturation 1; noise below black stays below 0."""

from __future__ import annotations

from dataclasses import dataclass

from isp.frames import Mosaic, RawFrame, Shot
from isp.kernels import Chain
from isp.stage import Stage


@dataclass(frozen=True)
class Levels(Stage):
    """Subtract black and divide by the span to white, each Bayer position by its own black level."""

    takes = RawFrame
    makes = Mosaic

    def add_to(self, chain: Chain, shot: Shot) -> None:
        """See Stage.add_to."""
        chain.levels(shot.black_dn, [1.0 / (shot.white_dn - black) for black in shot.black_dn])

"""How photos are made just now: the settings, each mode's stages, and what kind of mode each one is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from firmware.settings import Settings
from isp.bokeh import Bokeh

if TYPE_CHECKING:
    from isp.pipeline import Pipeline


@dataclass(frozen=True)
class Look:
    """A reload exchanges the whole.

    bursts  the modes whose photos are many frames, merged
    zooms   the modes that enlarge the middle of the frame
    """

    settings: Settings
    pipelines: Mapping[str, Pipeline]
    bursts: frozenset[str] = frozenset()
    zooms: frozenset[str] = frozenset()

    def takes_burst(self, mode: str) -> bool:
        """Whether photos in this mode are made of many frames."""
        return mode in self.bursts or mode in self.zooms

    def is_portrait(self, mode: str) -> bool:
        """Whether photos in this mode blur what is not the subject."""
        return mode in self.pipelines and self.pipelines[mode].stage(Bokeh) is not None

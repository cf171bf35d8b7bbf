"""Scenes by name. A scene draws red, green and blue planes of linear sRGB; 1 is a white reflector, lamps exceed it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial

import numpy as np

from firmware.cameras.simulation import photographs
from firmware.cameras.simulation.chart import draw_chart
from firmware.cameras.simulation.night_street import draw_lamps
from firmware.cameras.simulation.procedural import draw_edge, draw_flat, draw_grey, draw_zoneplate
from firmware.cameras.simulation.room import draw_room
from firmware.cameras.simulation.view import View
from firmware.errors import SettingsError

Scene = Callable[[View], Iterable[np.ndarray]]

PROCEDURAL: dict[str, Scene] = {
    "grey": draw_grey,
    "flat": draw_flat,
    "chart": draw_chart,
    "edge": draw_edge,
    "zoneplate": draw_zoneplate,
    "lamps": draw_lamps,
    "room": draw_room,
}


def scene_names() -> list[str]:
    """The scenes at hand: those drawn from formulas, and the photographs if scikit-image is installed."""
    return [*PROCEDURAL, *photographs.photographs_at_hand()]


def find_scene(name: str) -> Scene:
    """The scene of this name. Raises SettingsError with the names at hand."""
    if name in PROCEDURAL:
        return PROCEDURAL[name]
    at_hand = scene_names()
    if name in at_hand:
        return partial(photographs.draw_photograph, name)
    if name in photographs.FILES:
        raise SettingsError(
            f'[simulated] scene = "{name}" is one of scikit-image\'s photographs, which are not installed. '
            f"Install them: {photographs.MENDING_COMMAND} - or choose one of: {', '.join(at_hand)}."
        )
    raise SettingsError(f'[simulated] scene = "{name}" is not known. Allowed: {", ".join(at_hand)}.')

"""What a blurred picture asks of its kernel, written down for `replay_bokeh.hpp`."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from aarch64.burst_calls import BurstCalls, written

from isp.bokeh import Bokeh
from isp.frames import NEUTRAL_SHOT
from isp.kernels import BokehFacts

MEASURED = {
    "noise": ((4e-4, 1e-6), (3e-4, 2e-6), (5e-4, 0.0)),
    "grain_spread": (0.95, 0.21, 0.004, 0.06),
    "grain_alike": 0.7,
}
# name -> (size, largest radius behind and before, knobs)
CASES = {
    "both sides of the focus": ((150, 213), 23.0, -9.0, MEASURED),
    "blades and cat's eyes": ((150, 213), 31.0, 11.0, {"blades": 7, "cat_eye": 0.8, "highlights_ev": 4.0}),
    "hardly out of focus": ((61, 77), 1.7, 0.0, MEASURED),
    "larger than the picture": ((7, 64), 300.0, -300.0, {}),
    "three columns": ((131, 3), 5.0, 5.0, MEASURED),
    "the smallest": ((2, 2), 3.0, 0.0, MEASURED),
}


class BokehCalls(BurstCalls):
    """Makes the calls of one picture and writes them down; stands where `Bokeh` expects its kernel."""

    arrays = "blurred"

    def facts(self, **numbers) -> BokehCalls:
        """The kernel of one picture: what `Bokeh.facts` makes of it comes here."""
        self.kernel = BokehFacts(**numbers)
        self._write("facts", *numbers.values())
        return self

    def layer(self, *numbers) -> None:
        """One layer of it."""
        self.kernel.layer(*numbers)
        self._write("layer", *numbers)

    def draw(self, name: str, picture: np.ndarray, subject: np.ndarray, radius: np.ndarray) -> None:
        """The picture itself."""
        grain = np.linspace(1, 2, 6, dtype=np.float32).reshape(2, 3)
        arrays = [self.stored(array)[1] for array in (picture, subject, radius, grain)]
        out = np.zeros_like(picture)
        file, line = self.stored(out)
        self.kernel.draw(picture, subject, radius, grain, out, self._threads)
        self.lines.append(" ".join(["bokeh draw", *arrays, line, written(self._threads)]))
        self.await_files(name, [file], [out])

    def _write(self, call: str, *numbers) -> None:
        self.lines.append(" ".join(["bokeh", call, *map(written, numbers)]))


def bokeh_calls(folder: Path, threads: int) -> BokehCalls:
    """Each case with a subject and without, with lamps and values that no picture should have."""
    calls = BokehCalls(folder, threads)
    for seed, (name, (shape, behind, before, knobs)) in enumerate(CASES.items()):
        rng = np.random.default_rng(seed)
        picture = rng.uniform(-0.01, 0.3, (*shape, 3)).astype(np.float32)
        picture[rng.random(shape) < 0.01] *= 40
        radius = np.linspace(before, behind, 20, dtype=np.float32).reshape(5, 4)
        mask = np.clip(rng.normal(100, 200, shape), 0, 255).astype(np.uint8)
        for subject in (mask, np.zeros((0, 0), np.uint8)):
            Bokeh(**knobs).facts(NEUTRAL_SHOT, shape[1], max(behind, 0.0), max(-before, 0.0), calls.facts)
            calls.draw(f"{name}, {'a subject' if subject.size else 'no subject'}", picture, subject, radius)
    hostile = rng.choice(np.float32([-1e20, 0, 1, 1e20]), (20, 30, 3))
    Bokeh().facts(NEUTRAL_SHOT, 30, 9.0, 0.0, calls.facts)
    calls.draw("hostile values", hostile, np.zeros((0, 0), np.uint8), np.full((2, 2), 9, np.float32))
    return calls

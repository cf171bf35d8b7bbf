"""One bar of picture quality: what was measured, where, and what is asked for."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from firmware.sensors import load_sensor
from isp.develop import develop
from isp.frames import RawFrame
from isp.photo import photo_pipeline

SMALLEST = {"imx477": (1332, 990), "imx708": (1536, 864), "imx219": (640, 480)}
SENSORS = tuple(SMALLEST)
# Gain of the sensor and of numbers together; the base of all three sensors is about ISO 100.
ISO_1600, ISO_3200 = 16.0, 32.0
LIGHT_K = 5000.0


@dataclass(frozen=True)
class Bar:
    """A bar and all that was measured against it. `most` and `least` are the bar; one of them is None."""

    what: str
    unit: str
    measured: Mapping[str, float]
    most: float | None = None
    least: float | None = None

    def worst(self) -> tuple[str, float]:
        """Where it was worst, and how much it was there."""
        pick = max if self.most is not None else min
        return pick(self.measured.items(), key=lambda item: item[1])

    def holds(self) -> bool:
        """Whether even the worst keeps the bar."""
        _, value = self.worst()
        return bool(value <= self.most if self.most is not None else value >= self.least)

    def asked(self) -> str:
        """The bar in words."""
        return f"<= {self.most:g}" if self.most is not None else f">= {self.least:g}"

    def to_dict(self) -> dict[str, Any]:
        """For JSON."""
        place, value = self.worst()
        facts = {"what": self.what, "unit": self.unit, "bar": self.asked(), "worst": float(value), "at": place}
        return facts | {
            "holds": self.holds(),
            "measured": {name: float(value) for name, value in self.measured.items()},
        }


def print_bars(title: str, bars: list[Bar]) -> None:
    """One line a bar."""
    print(f"\n{title}")
    for bar in bars:
        place, value = bar.worst()
        verdict = "holds" if bar.holds() else "MISSES"
        where = f"worst of {len(bar.measured)}: {place}"
        print(f"  {bar.what:60}{value:9.3g} {bar.unit:8}{bar.asked():>9}  {verdict:7} {where}")


def run_alone(description: str, print_tables: Callable[[], Any]) -> None:
    """A table of `make bench` as a program of its own, which writes its figures as JSON where that is asked for."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--json", type=Path, help="also write the figures here")
    file = parser.parse_args().json
    write_figures(file, print_tables())


def write_figures(file: Path | None, figures: Any) -> None:
    """As JSON, where a file is named."""
    if file:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps(figures, indent=2, default=float) + "\n")  # numpy's own numbers, too


def photo_of(frame: RawFrame, tables: Mapping[str, Mapping[str, Any]] | None = None) -> np.ndarray:
    """(H, W, 3) uint8: the frame through the whole photo path, every knob but these at its default."""
    return develop(frame, photo_pipeline(tables), load_sensor(frame.shot.sensor).tuning).pixels

"""`make bench` draws this sheet: the same crops as the scene's truth, in mode `plain` and in mode `photo`, enlarged.

A night is drawn as its truth, as bright as the photo; one frame of it in mode `photo`; and eight, merged, in mode
`night`.

Numbers choose, eyes decide: halos, zipper, false colour, blotches and flattened skies show here first.
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from measures.night_stand_in import night
from night import merged
from PIL import Image, ImageDraw, ImageFont

from firmware.cameras.simulated import simulate
from firmware.darkroom.modes import load_modes, mode_pipeline
from firmware.sensors import load_sensor
from isp.develop import develop
from isp.tone import Tone, encode_srgb

ENLARGED = 3
CELL_PX = (160, 120)  # width, height of a crop before it is enlarged
GAP_PX, LINE_PX = 12, 26
PAPER, INK = (24, 24, 26), (240, 240, 236)


@dataclass(frozen=True)
class Subject:
    """One row of the sheet. `centre` is (y, x) as shares of the frame; exposure is metered at `lux`."""

    what: str
    scene: str
    centre: tuple[float, float]
    sensor: str = "imx477"
    size: tuple[int, int] = (1332, 990)
    gain: float = 1.0
    stops_over: float = 0.0
    illuminant_k: float = 5000.0


SUBJECTS = (
    Subject("print, ISO 1600", "page", (0.5, 0.5), gain=16.0),
    Subject("face, ISO 100", "astronaut", (0.2, 0.45)),
    Subject("face, ISO 1600", "astronaut", (0.2, 0.45), gain=16.0),
    Subject("face, two stops over", "astronaut", (0.2, 0.45), stops_over=2.0),
    Subject("whiskers, ISO 400", "chelsea", (0.5, 0.5), gain=4.0),
    Subject("cup, lamplight, ISO 800", "coffee", (0.45, 0.45), gain=8.0, illuminant_k=2900.0),
    Subject("zone plate", "zoneplate", (0.5, 0.85)),
    Subject("slanted edge", "edge", (0.5, 0.5)),
    Subject("lamps in a street, ISO 1600", "lamps", (0.44, 0.88), gain=16.0, illuminant_k=3000.0),
    Subject("bright window, dark room", "room", (0.5, 0.6)),
    Subject("launch, sky, ISO 800", "rocket", (0.35, 0.5), gain=8.0),
    Subject("colour chart, ISO 3200", "chart", (0.5, 0.5), gain=22.0),
)


@dataclass(frozen=True)
class NightSubject:
    """A row with a street at night."""

    what: str
    lux: float
    centre: tuple[float, float]
    sensor: str = "imx477"
    size: tuple[int, int] = (1332, 990)
    illuminant_k: float = 2700.0


NIGHTS = (
    NightSubject("lamps and signs, 2 lux", 2.0, (0.44, 0.88)),
    NightSubject("lamps and signs, 15 lux", 15.0, (0.44, 0.88)),
    NightSubject("house and sky, 15 lux", 15.0, (0.30, 0.38)),
    NightSubject("lamplight on the road, 15 lux", 15.0, (0.72, 0.55)),
)


def pictures_of(subject: Subject) -> list[np.ndarray]:
    """Crops of the truth, of mode plain and of mode photo, (h, w, 3) uint8."""
    metered, _ = simulate(subject.scene, subject.sensor, *subject.size, illuminant_k=subject.illuminant_k)
    product = metered.shot.exposure_us * metered.shot.analogue_gain * 2.0**subject.stops_over
    frame, truth = simulate(
        subject.scene,
        subject.sensor,
        *subject.size,
        exposure_us=max(1, round(product / subject.gain)),
        analogue_gain=subject.gain,
        illuminant_k=subject.illuminant_k,
    )
    tuning, modes = load_sensor(subject.sensor).tuning, load_modes()
    shown = [np.round(255 * encode_srgb(np.clip(truth.linear, 0, 1))).astype(np.uint8)]
    shown += [develop(frame, mode_pipeline(modes[name], {}), tuning).pixels for name in ("plain", "photo")]
    return _cut_out(shown, subject.centre)


def pictures_of_night(subject: NightSubject) -> list[np.ndarray]:
    """Crops of the truth, of one frame in mode photo and of eight merged in mode night, (h, w, 3) uint8."""
    frames, truth = night("lamps", subject.lux, subject.sensor, subject.size, illuminant_k=subject.illuminant_k)
    tuning, modes = load_sensor(subject.sensor).tuning, load_modes()
    single = develop(frames[0], mode_pipeline(modes["photo"], {}), tuning)
    photo = develop(merged(frames), mode_pipeline(modes["night"], {}), tuning)
    true = np.clip(truth * 2.0 ** photo.recipe.stage(Tone).stops, 0, 1)
    return _cut_out([np.round(255 * encode_srgb(true)).astype(np.uint8), single.pixels, photo.pixels], subject.centre)


def _cut_out(pictures: list[np.ndarray], centre: tuple[float, float]) -> list[np.ndarray]:
    height, width = pictures[0].shape[:2]
    top = round(np.clip(centre[0] * height - CELL_PX[1] / 2, 0, height - CELL_PX[1]))
    left = round(np.clip(centre[1] * width - CELL_PX[0] / 2, 0, width - CELL_PX[0]))
    return [picture[top : top + CELL_PX[1], left : left + CELL_PX[0]] for picture in pictures]


def draw_sheet(subjects: tuple[Subject, ...] = SUBJECTS, nights: tuple[NightSubject, ...] = NIGHTS) -> Image.Image:
    """All subjects below one another, each as truth | plain | photo; nights as truth | one frame | night."""
    rows = [(subject.what, ("truth", "plain", "photo"), pictures_of(subject)) for subject in subjects]
    rows += [(subject.what, ("truth", "one frame", "night"), pictures_of_night(subject)) for subject in nights]
    cell = (CELL_PX[0] * ENLARGED, CELL_PX[1] * ENLARGED)
    page = Image.new("RGB", (3 * (cell[0] + GAP_PX) + GAP_PX, len(rows) * (cell[1] + LINE_PX + GAP_PX) + GAP_PX), PAPER)
    pen = ImageDraw.Draw(page)
    for row, (what, names, crops) in enumerate(rows):
        top = GAP_PX + row * (cell[1] + LINE_PX + GAP_PX)
        for column, (name, crop) in enumerate(zip(names, crops, strict=True)):
            left = GAP_PX + column * (cell[0] + GAP_PX)
            pen.text((left, top), f"{what}: {name}", INK, ImageFont.load_default(17))
            page.paste(Image.fromarray(crop).resize(cell, Image.Resampling.NEAREST), (left, top + LINE_PX))
    return page


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("file", type=Path, nargs="?", default=Path("bench-results/before_after.png"))
    file = parser.parse_args().file
    file.parent.mkdir(parents=True, exist_ok=True)
    draw_sheet().save(file)
    print(f"before and after: {file}")


if __name__ == "__main__":
    main()

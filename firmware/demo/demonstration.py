"""The whole camera without hardware: scenes in front of the simulated sensor, a finger on the button, real photos."""

from __future__ import annotations

import dataclasses
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from firmware.demo.bench_daemon import BenchDaemon, bench_daemon
from firmware.demo.contact_sheet import Print, draw_contact_sheet
from firmware.demo.models_at_hand import find_models
from firmware.demo.side_by_side import side_by_side
from firmware.files.sidecar import read_sidecar
from firmware.portrait.entry import in_words
from firmware.storage.durable import write_over
from firmware.storage.photo_name import MASK, PLAIN
from firmware.zoom.entry import in_words as zoom_in_words

SENSOR = "imx477"
SIZE_PX = (2028, 1520)
SMALL = ("imx219", (640, 480))


@dataclass(frozen=True)
class View:
    """What stands in front of which camera, in which light, in which modes it is taken; how the hand trembles."""

    scene: str
    title: str
    lux: float
    illuminant_k: int
    modes: tuple[str, ...] = ("photo",)
    handshake_px: float = 0.0
    sensor: str = SENSOR
    size_px: tuple[int, int] = SIZE_PX


VIEWS = (
    View("astronaut", "a person at a window", 800, 5500, ("photo", "portrait")),
    View("chelsea", "a cat indoors", 300, 3200, ("photo", "portrait")),
    View("coffee", "a cup by lamplight", 30, 2850, ("photo", "portrait")),
    View("rocket", "a rocket before dawn", 4, 4000),
    View("page", "a printed page", 500, 6500),
    View("chart", "a colour chart in daylight", 2000, 6000),
    View("room", "a dark room, a bright window", 2000, 5500, ("photo", "plain")),
    View("lamps", "a street at night", 3, 2700, ("photo", "night"), handshake_px=8.0),
    View("zoneplate", "a zone plate", 1000, 5000),
    # Photographs have no more points than this camera's smallest mode: there a zoom has something to find.
    View("coffee", "a cup across the room", 800, 5000, ("photo", "zoom"), 8.0, *SMALL),
    View("astronaut", "a person, on a tripod", 800, 5500, ("photo", "zoom"), 0.0, *SMALL),
)


@dataclass(frozen=True)
class Taken:
    """One photo of the demonstration, and what its sidecar says.

    portrait  of what, or why there is no blur; of a photo in portrait mode
    zoom      how far, and by what; of a zoomed photo
    """

    scene: str
    title: str
    light: str
    mode: str
    files: tuple[str, ...]
    exposure: str
    press_to_frame_ms: float
    press_to_dng_ms: float
    press_to_saved_ms: float
    portrait: str | None = None
    zoom: str | None = None
    zoomed_times: float = 1.0

    @property
    def jpeg(self) -> Path:
        """The photo itself."""
        return Path(self.files[0])


@dataclass(frozen=True)
class Demonstration:
    """What came of it. `missing` are scenes that were left out, because their photographs are not installed.

    network  where the network of the portraits came from, or why their subjects are guessed
    """

    photos: tuple[Taken, ...]
    missing: tuple[str, ...]
    contact_sheet: Path
    network: str

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return dataclasses.asdict(self) | {"contact_sheet": str(self.contact_sheet)}


def demonstrate(folder: Path, extra: Sequence[str], begin: Callable[[View], None]) -> Demonstration:
    """Photograph every view at hand into the folder; numbers go on where an earlier run stopped.

    extra  settings that win over the demonstration's own
    begin  called before each view
    Raises NightjarError.
    """
    folder = folder.resolve()
    folder.mkdir(parents=True, exist_ok=True)
    views, missing = views_at_hand()
    models = find_models(folder / ".nightjar" / "models")
    extra = [f"accelerator.models_folder={models.folder}", *extra]
    photos: list[Taken] = []
    for view in views:
        begin(view)
        photos += photograph(view, folder, extra)
    sheet = folder / "contact-sheet.png"
    title = f"Nightjar: {len(photos)} photos of simulated sensors"
    write_over(sheet, draw_contact_sheet(title, [item for photo in photos for item in _prints(photo, photos)]))
    return Demonstration(tuple(photos), missing, sheet, models.said)


def views_at_hand() -> tuple[list[View], tuple[str, ...]]:
    """The views whose scenes can be drawn here, and the names of the others."""
    from firmware.cameras.simulation.scenes import scene_names

    at_hand = scene_names()
    return [view for view in VIEWS if view.scene in at_hand], tuple(v.scene for v in VIEWS if v.scene not in at_hand)


def photograph(view: View, folder: Path, extra: Sequence[str]) -> list[Taken]:
    """Start the daemon before this view, press its buttons, stop it."""
    settings = [
        f"simulated.sensor={view.sensor}",
        f"simulated.scene={view.scene}",
        f"simulated.lux={view.lux}",
        f"simulated.illuminant_k={view.illuminant_k}",
        f"simulated.handshake_px={view.handshake_px}",
        f"camera.width_px={view.size_px[0]}",
        f"camera.height_px={view.size_px[1]}",
        f"storage.folder={folder}",
        f"storage.state_folder={folder / '.nightjar'}",
        *extra,
    ]
    with (
        tempfile.TemporaryDirectory(prefix="nightjar-demo-") as bench,
        bench_daemon(Path(bench), folder / "demo.log", settings) as daemon,
    ):
        return list(_in_each_mode(view, daemon))


def _in_each_mode(view: View, daemon: BenchDaemon) -> Iterator[Taken]:
    for mode in view.modes:
        daemon.switch_mode(mode)
        jpeg = daemon.take_photo()
        yield _taken(view, jpeg, daemon.status()["photos"]["last_press_to_saved_ms"])


def _taken(view: View, jpeg: Path, press_to_saved_ms: float) -> Taken:
    sidecar = read_sidecar(jpeg.with_suffix(".json"))
    endings = (".JPG", ".DNG", ".json", PLAIN, MASK)
    files = [path for path in (jpeg.with_name(jpeg.stem + ending) for ending in endings) if path.is_file()]
    numbers, shot = sidecar.numbers, sidecar.shot
    frames = f"{shot.frames} x " if shot.frames > 1 else ""
    return Taken(
        scene=view.scene,
        title=view.title,
        light=f"{view.lux:g} lx, {view.illuminant_k} K",
        mode=sidecar.mode,
        files=tuple(str(path) for path in files),
        exposure=f"{frames}{shot.exposure_us / 1000:.1f} ms, gain {shot.analogue_gain:.1f}",
        press_to_frame_ms=numbers["press_to_frame_ms"],
        press_to_dng_ms=numbers.get("press_to_dng_ms", press_to_saved_ms),
        press_to_saved_ms=press_to_saved_ms,
        portrait=None if sidecar.portrait is None else in_words(sidecar.portrait),
        zoom=None if sidecar.zoom is None else zoom_in_words(sidecar.zoom),
        zoomed_times=1.0 if sidecar.zoom is None else sidecar.zoom["asked"],
    )


def _prints(photo: Taken, photos: Sequence[Taken]) -> Iterator[Print]:
    told = photo.portrait or photo.zoom or f"{photo.light}   {photo.exposure}"
    yield Print(photo.jpeg, f"{photo.title}  ({photo.mode})", f"{photo.jpeg.stem}   {told}")
    for mask in (Path(file) for file in photo.files if file.endswith(MASK)):
        yield Print(mask, "its mask: white stays sharp", mask.stem)
    whole = next((other for other in photos if (other.title, other.mode) == (photo.title, "photo")), None)
    if photo.zoom and whole:
        beside = side_by_side(whole.jpeg, photo.jpeg, photo.zoomed_times)
        names = f"{whole.jpeg.stem} enlarged | {photo.jpeg.stem}"
        yield Print(beside, "one frame enlarged | the zoomed photo", names)

"""Make photos from raw files, away from the camera.

With the sidecar that the camera wrote, the recipe is followed and the JPEG is the camera's, byte for byte. Without one
the picture is planned anew, from the settings, the mode and the sensor's tuning.
"""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from firmware.darkroom.modes import Mode, mode_pipeline
from firmware.darkroom.step_pictures import StepPictures
from firmware.errors import NightjarError, SidecarError, StorageError
from firmware.files.jpeg import encode_jpeg
from firmware.files.raw_files import list_raw_files, read_raw
from firmware.files.sidecar import encode_sidecar, read_sidecar
from firmware.sensors import load_sensor
from firmware.storage.durable import make_folders, write_new, write_over
from isp.develop import develop
from isp.errors import IspError
from isp.frames import UNKNOWN_SENSOR
from isp.photo import STAGES
from isp.pipeline import Pipeline

if TYPE_CHECKING:
    from isp.frames import RawFrame, Shot
    from isp.tuning import Tuning

Tables = Mapping[str, Mapping[str, Any]]


@dataclass(frozen=True)
class Wishes:
    """What the person asked for.

    folder        where the photos go
    mode          used where no recipe is
    pictures      stage tables of the settings
    by_hand       stage tables that win over the mode
    jpeg_quality  None takes the recipe's
    recipe        a sidecar to follow for every file; None looks for each file's own
    plan_anew     no recipe is looked for
    merge         which merge makes a photo of a burst, a key of `firmware.night.rungs.RUNGS`
    """

    folder: Path
    mode: Mode
    pictures: Tables
    by_hand: Tables
    default_quality: int
    jpeg_quality: int | None = None
    tuning: str = "auto"
    recipe: Path | None = None
    plan_anew: bool = False
    replace: bool = False
    show_steps: bool = False
    threads: int = 0
    merge: str = "fine"


@dataclass(frozen=True)
class Recipe:
    """How one file is to be developed, and whose idea that was.

    of_burst  what a merged frame was made of, for the new sidecar; None where nobody told
    """

    pipeline: Pipeline
    mode: str
    jpeg_quality: int
    origin: str
    of_burst: Mapping[str, Any] | None = None


@dataclass(frozen=True)
class Developed:
    """One photo that was made.

    frames    of how many raw frames
    left_out  which of a burst's frames gave nothing to it, and why
    """

    raw: str
    jpeg: str
    sidecar: str
    mode: str
    recipe: str
    develop_ms: float
    steps: list[str]
    frames: int = 1
    left_out: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Failed:
    """One file that could not be developed."""

    raw: str
    error: str


def find_raw_files(named: Iterable[str]) -> list[Path]:
    """The files, and the raw files right inside the folders, in the order they were named."""
    found: list[Path] = []
    for name in named:
        path = Path(name)
        found += list_raw_files(path) if path.is_dir() else [path]
    return list(dict.fromkeys(found))


def develop_files(files: list[Path], wishes: Wishes, begin: Callable[[Path], None]) -> tuple[list, list]:
    """Develop one file after the other; one that fails does not stop the others. Returns what was made, what failed."""
    made: list[Developed] = []
    failed: list[Failed] = []
    written: dict[Path, Path] = {}
    for file in files:
        begin(file)
        try:
            jpeg = wishes.folder / f"{file.stem}.JPG"
            if jpeg in written:
                raise StorageError(
                    f"{jpeg} was just made from {written[jpeg]}. Develop the two into different folders."
                )
            made.append(develop_file(file, jpeg, wishes))
            written[jpeg] = file
        except (NightjarError, IspError) as error:
            failed.append(Failed(str(file), str(error)))
    return made, failed


def develop_file(file: Path, jpeg: Path, wishes: Wishes) -> Developed:
    """Make one photo and its sidecar. Raises NightjarError or IspError."""
    refuse_existing([jpeg, jpeg.with_suffix(".json")], wishes.replace)
    frame = read_raw(file)
    return develop_frame(frame, choose_recipe(file, frame.shot, wishes), str(file), jpeg, wishes)


def develop_frame(
    frame: RawFrame,
    recipe: Recipe,
    origin: str,
    jpeg: Path,
    wishes: Wishes,
    numbers: Mapping[str, Any] | None = None,
) -> Developed:
    """Make the photo of a frame at hand, and its sidecar with these numbers in it. Raises NightjarError or IspError.

    origin  the file or folder that the frame came from
    """
    sidecar = jpeg.with_suffix(".json")
    steps = StepPictures(jpeg.with_name(f"{jpeg.stem}-steps")) if wishes.show_steps else None
    if steps:
        steps.begin(frame)
    began = time.monotonic()
    photo = develop(frame, recipe.pipeline, tuning_of(frame.shot.sensor, wishes.tuning), wishes.threads, steps)
    develop_ms = round((time.monotonic() - began) * 1000, 3)
    numbers = {**(numbers or {}), "develop_ms": develop_ms}
    write_file(jpeg, [encode_jpeg(photo, recipe.jpeg_quality)], wishes.replace)
    told = encode_sidecar(photo, numbers, recipe.jpeg_quality, recipe.mode, recipe.of_burst)
    write_file(sidecar, [told], wishes.replace)
    drawn = [str(step) for step in steps.files] if steps else []
    return Developed(origin, str(jpeg), str(sidecar), recipe.mode, recipe.origin, develop_ms, drawn, frame.shot.frames)


def choose_recipe(file: Path, shot: Shot, wishes: Wishes) -> Recipe:
    """The named recipe, else the file's own sidecar, else one planned anew.

    Raises SidecarError when the sidecar beside the file tells of another shot: its gains would be wrong here.
    """
    beside = file.with_suffix(".json")
    stored = wishes.recipe or (beside if beside.is_file() and not wishes.plan_anew else None)
    if stored is None:
        pipeline = mode_pipeline(wishes.mode, wishes.pictures, wishes.by_hand)
        return Recipe(pipeline, wishes.mode.name, wishes.jpeg_quality or wishes.default_quality, "planned")
    sidecar = read_sidecar(stored)
    if wishes.recipe is None and sidecar.shot != shot:
        raise SidecarError(
            f"{stored} belongs to another shot than {file.name}. Plan anew with --no-sidecar, or follow it all the "
            f"same with --recipe {stored}."
        )
    quality = wishes.jpeg_quality or sidecar.jpeg_quality
    pipeline = Pipeline.from_dict(sidecar.recipe, STAGES)
    return Recipe(pipeline, sidecar.mode, quality, str(stored), sidecar.burst if sidecar.shot == shot else None)


def as_dict(result: Developed | Failed) -> dict[str, Any]:
    """Plain values for JSON."""
    return dataclasses.asdict(result)


def tuning_of(sensor: str, source: str) -> Tuning | None:
    """The tables of a frame's sensor; None where nobody knows the sensor."""
    return None if sensor == UNKNOWN_SENSOR else load_sensor(sensor, source).tuning


def refuse_existing(files: list[Path], replace: bool) -> None:
    """Say before the work which file would be lost by it. Raises StorageError."""
    there = [file for file in files if file.exists()]
    if there and not replace:
        raise StorageError(f"{there[0]} exists. Choose another folder with -o DIR, or replace it with --force.")


def write_file(file: Path, parts: list[bytes], replace: bool) -> None:
    """Write a file durably, its folders too; one that exists only where told to. Raises StorageError."""
    try:
        make_folders(file.parent)
        if replace:
            write_over(file, parts)
        else:
            write_new(file, parts)
    except OSError as error:
        raise StorageError(f"{file} cannot be written: {error.strerror}.") from None

"""Make photos from raw files, away from the camera.

With the sidecar that the camera wrote, the recipe is followed and the JPEG is the camera's, byte for byte. Without one
the picture is planned anew, from the settings, the mode and the sensor's tuning.
"""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from accelerators.errors import AcceleratorError
from firmware.darkroom.darkroom import in_light_of, plan_photo
from firmware.darkroom.modes import mode_pipeline
from firmware.darkroom.step_pictures import StepPictures
from firmware.darkroom.wishes import Developed, Failed, Recipe, Wishes
from firmware.errors import NightjarError, SidecarError, StorageError
from firmware.files.jpeg import encode_jpeg
from firmware.files.raw_files import list_raw_files, read_frame, read_raw
from firmware.files.sidecar import encode_sidecar, read_sidecar
from firmware.portrait.making import Keep, Made, make_portrait
from firmware.portrait.second import Second
from firmware.portrait.stored_mask import mask_to_plan_with, named_mask
from firmware.sensors import load_sensor
from firmware.storage.durable import make_folders, write_new, write_over
from firmware.white_balance.as_taken import as_taken
from firmware.white_balance.story import light_of
from firmware.zoom.again import zoomed_again
from firmware.zoom.making import make_zoomed
from isp.bokeh import Bokeh
from isp.develop import develop
from isp.errors import IspError
from isp.frames import UNKNOWN_SENSOR, LinearFrame
from isp.photo import PORTRAIT_STAGES
from isp.pipeline import Pipeline
from isp.portrait import without_blur
from isp.zoom.developing import develop_zoomed

if TYPE_CHECKING:
    from isp.frames import RawFrame, Shot
    from isp.tuning import Tuning


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
        except (NightjarError, AcceleratorError, IspError) as error:
            failed.append(Failed(str(file), str(error)))
    return made, failed


def develop_file(file: Path, jpeg: Path, wishes: Wishes) -> Developed:
    """Make one photo and its sidecar. Raises NightjarError or IspError."""
    if _was_cut_off(file, jpeg, wishes):
        wishes = dataclasses.replace(wishes, finishes=True)
    refuse_existing([jpeg, jpeg.with_suffix(".json")], wishes)
    whole = read_frame(file)
    frame, zoom = zoomed_again(whole, file, wishes)
    recipe = dataclasses.replace(choose_recipe(file, frame.shot, wishes), zoom=zoom)
    if frame is not whole:
        lit = in_light_of(whole, recipe.pipeline, tuning_of(whole.shot.sensor, wishes.tuning), wishes.judge)
        recipe = dataclasses.replace(recipe, pipeline=lit)
    return develop_frame(frame, recipe, str(file), jpeg, wishes)


def _was_cut_off(file: Path, jpeg: Path, wishes: Wishes) -> bool:
    """Whether the raw file's own recipe, in its place, is to be followed, and only the JPEG is not there yet."""
    beside, sidecar = file.with_suffix(".json"), jpeg.with_suffix(".json")
    other_than_recipe = wishes.plan_anew or wishes.recipe or wishes.jpeg_quality
    return not other_than_recipe and not jpeg.exists() and sidecar.is_file() and sidecar.samefile(beside)


def develop_frame(
    frame: RawFrame | LinearFrame,
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
    made = _make(frame, recipe, jpeg, wishes, steps)
    develop_ms = round((time.monotonic() - began) * 1000, 3)
    numbers = {**(numbers or {}), "develop_ms": develop_ms}
    entry = made.entry or recipe.of_portrait
    told = encode_sidecar(made.photo, numbers, recipe.jpeg_quality, recipe.mode, recipe.of_burst, entry, made.zoom)
    factor = made.zoom and made.zoom["asked"]
    picture = encode_jpeg(made.photo, recipe.jpeg_quality, factor)
    # The JPEG last, as the camera does: whoever finds it has all that it came with.
    for path, data in (*made.files, (sidecar, told), (jpeg, picture)):
        write_file(path, [data], wishes)
    return Developed(
        raw=origin,
        jpeg=str(jpeg),
        sidecar=str(sidecar),
        mode=recipe.mode,
        recipe=recipe.origin,
        develop_ms=develop_ms,
        steps=[str(step) for step in steps.files] if steps else [],
        frames=frame.shot.frames,
        portrait=entry,
        light=light_of(made.photo.recipe),
        zoom=made.zoom,
    )


def _make(
    frame: RawFrame | LinearFrame, recipe: Recipe, jpeg: Path, wishes: Wishes, steps: StepPictures | None
) -> Made:
    """The photo, and what else a portrait has."""
    tuning = tuning_of(frame.shot.sensor, wishes.tuning)
    if recipe.zoom is not None:
        return make_zoomed(frame, recipe.pipeline, tuning, recipe.zoom, wishes.threads, steps, wishes.judge)
    if isinstance(frame, LinearFrame):
        return Made(develop_zoomed(frame, recipe.pipeline, tuning, wishes.threads, steps, wishes.judge))
    if recipe.pipeline.stage(Bokeh) is None:
        return Made(develop(frame, recipe.pipeline, tuning, wishes.threads, steps, wishes.judge))
    keep = Keep.beside(jpeg, wishes.keep)
    refuse_existing([path for path in (keep.plain, keep.mask) if path], wishes)
    stored = recipe.stored_mask
    find = wishes.find if stored is None else stored.give
    second = _second(wishes) if wishes.second else None
    pipeline = plan_photo(recipe.pipeline, frame, tuning, wishes.judge)
    return make_portrait(frame, pipeline, tuning, find, keep, recipe.jpeg_quality, wishes.threads, steps, second)


def _second(wishes: Wishes) -> Second:
    frame = read_raw(wishes.second)
    plain = without_blur(mode_pipeline(wishes.mode, wishes.pictures, wishes.by_hand))
    photo = develop(frame, plain, tuning_of(frame.shot.sensor, wishes.tuning), wishes.threads, judge=wishes.judge)
    return Second(wishes.second, photo.pixels)


def choose_recipe(file: Path, shot: Shot, wishes: Wishes) -> Recipe:
    """The named recipe, else the file's own sidecar, else one planned anew.

    Raises SidecarError when the sidecar beside the file tells of another shot: its gains would be wrong here; and
    MaskFileError when a portrait's mask is not the one that its recipe is for.
    """
    beside = file.with_suffix(".json")
    stored = wishes.recipe or (beside if beside.is_file() and not wishes.plan_anew else None)
    if stored is None:
        pipeline = mode_pipeline(wishes.mode, wishes.pictures, wishes.by_hand)
        if not wishes.no_sidecar:
            pipeline = as_taken(pipeline, beside, shot, wishes.by_hand.get("white_balance", {}))
        mask = mask_to_plan_with(beside, shot, wishes.mask, not wishes.no_sidecar) if wishes.mode.portrait else None
        quality = wishes.jpeg_quality or wishes.default_quality
        return Recipe(pipeline, wishes.mode.name, quality, "planned", stored_mask=mask)
    sidecar = read_sidecar(stored)
    if wishes.recipe is None and sidecar.shot != shot:
        raise SidecarError(
            f"{stored} belongs to another shot than {file.name}. Plan anew with --no-sidecar, or follow it all the "
            f"same with --recipe {stored}."
        )
    quality = wishes.jpeg_quality or sidecar.jpeg_quality
    pipeline = Pipeline.from_dict(sidecar.recipe, PORTRAIT_STAGES)
    mask = named_mask(stored, sidecar) if pipeline.stage(Bokeh) is not None else None
    of_burst, of_portrait = (sidecar.burst, sidecar.portrait) if sidecar.shot == shot else (None, None)
    return Recipe(pipeline, sidecar.mode, quality, str(stored), of_burst, of_portrait, mask)


def as_dict(result: Developed | Failed) -> dict[str, Any]:
    """Plain values for JSON."""
    return dataclasses.asdict(result)


def tuning_of(sensor: str, source: str) -> Tuning | None:
    """The tables of a frame's sensor; None where nobody knows the sensor."""
    return None if sensor == UNKNOWN_SENSOR else load_sensor(sensor, source).tuning


def refuse_existing(files: list[Path], wishes: Wishes) -> None:
    """Say before the work which file would be lost by it. Raises StorageError."""
    there = [file for file in files if file.exists()]
    if there and not (wishes.replace or wishes.finishes):
        raise StorageError(f"{there[0]} exists. Choose another folder with -o DIR, or replace it with --force.")


def write_file(file: Path, parts: list[bytes], wishes: Wishes) -> None:
    """Write a file durably, its folders too; one that exists only where told to. Raises StorageError."""
    if wishes.finishes and file.exists():
        return
    try:
        make_folders(file.parent)
        if wishes.replace:
            write_over(file, parts)
        else:
            write_new(file, parts)
    except OSError as error:
        raise StorageError(f"{file} cannot be written: {error.strerror}.") from None

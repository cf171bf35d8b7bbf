"""Recorded bursts into photos: each folder's frames become one merged raw, and that is developed like any other.

Frames are read and merged one at a time, so that memory does not grow with their number; of those that are zoomed the
crops are kept. The merged DNG is written first; with the sidecar beside it `nightjar develop` makes the same photo from
it again, byte for byte. A file that is named singly, merged already or a burst of one, is developed as it is.
"""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from firmware.darkroom.darkroom import encode_raw, in_light_of, plan_photo
from firmware.darkroom.modes import mode_pipeline
from firmware.darkroom.redevelop import develop_file, develop_frame, refuse_existing, tuning_of, write_file
from firmware.darkroom.wishes import Developed, Failed, Recipe, Wishes
from firmware.errors import NightjarError, RawFileError, SettingsError, StorageError
from firmware.files.raw_files import list_raw_files, read_raw
from firmware.night.rungs import RUNGS
from firmware.zoom.again import work_of_burst
from firmware.zoom.press import ZoomPress
from firmware.zoom.taking import new_zoom_burst
from isp.burst.streaming import NightBurst
from isp.errors import IspError
from isp.frames import LinearFrame, RawFrame
from isp.zoom.crop import crop_for

if TYPE_CHECKING:
    from firmware.zoom.making import ZoomWork
    from isp.zoom.zoom_burst import ZoomBurst


@dataclass(frozen=True)
class RecordedBurst:
    """The raw files of one burst, in the order in which they were taken.

    source  the folder, or the single file
    name    of the photo, without suffix
    """

    source: Path
    name: str
    files: tuple[Path, ...]

    @property
    def is_folder(self) -> bool:
        """Whether there is anything to merge."""
        return self.files != (self.source,)


def find_bursts(named: Iterable[str]) -> list[RecordedBurst]:
    """A burst for each folder, of the raw files right inside it in order of name, and one for each single file."""
    found = {}
    for path in map(Path, named):
        if path.is_dir():
            files = tuple(list_raw_files(path))
            if not files:
                raise SettingsError(_no_burst_in(path))
            found[path] = RecordedBurst(path, path.resolve().name, files)
        else:
            found[path] = RecordedBurst(path, path.stem, (path,))
    return list(found.values())


def _no_burst_in(folder: Path) -> str:
    inside = [path for path in sorted(folder.iterdir()) if path.is_dir() and list_raw_files(path)]
    if inside:
        return f"There is no raw file right in {folder}. Name the bursts inside it, each a folder: {inside[0]} ..."
    return f"There is no raw file in {folder}; a burst is a folder of them."


def steps_of(bursts: list[RecordedBurst]) -> int:
    """How many times `develop_bursts` calls `begin`: once for each frame, and once for each photo of a folder."""
    return sum(len(burst.files) + burst.is_folder for burst in bursts)


def develop_bursts(bursts: list[RecordedBurst], wishes: Wishes, begin: Callable[[str], None]) -> tuple[list, list]:
    """Merge and develop one burst after the other; one that fails does not stop the others. Made, and failed."""
    made: list[Developed] = []
    failed: list[Failed] = []
    written: dict[Path, Path] = {}
    for burst in bursts:
        jpeg = wishes.folder / f"{burst.name}.JPG"
        try:
            if jpeg in written:
                raise StorageError(
                    f"{jpeg} was just made from {written[jpeg]}. Develop the two into different folders."
                )
            if burst.is_folder:
                made.append(_develop_burst(burst, jpeg, wishes, begin))
            else:
                begin(str(burst.source))
                made.append(develop_file(burst.source, jpeg, wishes))
            written[jpeg] = burst.source
        except (NightjarError, IspError) as error:
            failed.append(Failed(str(burst.source), str(error)))
    return made, failed


def _develop_burst(burst: RecordedBurst, jpeg: Path, wishes: Wishes, begin: Callable[[str], None]) -> Developed:
    dng = jpeg.with_suffix(".DNG")
    refuse_existing([dng, jpeg, jpeg.with_suffix(".json")], wishes)
    began = time.monotonic()
    frame, of_burst, zoom = _merge(burst, wishes, begin)
    numbers = {"merge_ms": round((time.monotonic() - began) * 1000, 3)}
    begin(f"{burst.source}: developing")
    tuning = tuning_of(frame.shot.sensor, wishes.tuning)
    pipeline = mode_pipeline(wishes.mode, wishes.pictures, wishes.by_hand)
    if wishes.mode.zoom:
        pipeline = in_light_of(read_raw(burst.files[0]), pipeline, tuning, wishes.judge)
    pipeline = plan_photo(pipeline, frame, tuning, wishes.judge)
    write_file(dng, encode_raw(frame, tuning, pipeline), wishes)
    quality = wishes.jpeg_quality or wishes.default_quality
    recipe = Recipe(pipeline, wishes.mode.name, quality, "planned", of_burst, zoom=zoom)
    made = develop_frame(frame, recipe, str(burst.source), jpeg, wishes, numbers)
    left_out = [f"{told['file']}: {told['why']}" for told in of_burst["frames"] if told["share"] == 0]
    return dataclasses.replace(made, left_out=left_out)


def _add(night: NightBurst | ZoomBurst, file: Path) -> None:
    """A function of its own, so that a frame is gone before the next one is read."""
    frame = read_raw(file)
    try:
        night.add(frame)
    except IspError as error:
        raise RawFileError(f"{file} does not fit into the burst: {error}") from error


def _merge(
    burst: RecordedBurst, wishes: Wishes, begin: Callable[[str], None]
) -> tuple[RawFrame | LinearFrame, dict[str, Any], ZoomWork | None]:
    """The merged frame, what the sidecar tells of it, and how it is finished where it was zoomed."""
    merging = _zoom_burst(burst, wishes) if wishes.mode.zoom else NightBurst(wishes.threads, RUNGS[wishes.merge])
    for file in burst.files:
        begin(str(file))
        _add(merging, file)
    try:
        made = merging.finish()
    except IspError as error:
        raise RawFileError(f"{burst.source} cannot be merged: {error}") from error
    stories = zip(burst.files, made.frames if wishes.mode.zoom else made.story, strict=True)
    told = {"frames": [{"file": file.name, **dataclasses.asdict(story)} for file, story in stories]}
    return made.frame, told, work_of_burst(made.story, wishes) if wishes.mode.zoom else None


def _zoom_burst(burst: RecordedBurst, wishes: Wishes) -> ZoomBurst:
    """Of the middle of frames as large as the first one is. Raises FrameError where that is too small a part."""
    factor = wishes.zoom.factor
    crop = crop_for(read_raw(burst.files[0]).pixels.shape, factor)
    return new_zoom_burst(ZoomPress(factor, crop), wishes.threads)

"""The camera's own start on what a power cut left: run for real, and judged."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from crash.file_system import FOLDER, Content, State
from crash.promises import Promises

from firmware.settings import StorageSettings
from firmware.storage.card import Card
from firmware.white_balance.balances import Balances
from firmware.zoom.chosen import ChosenZoom

HALF_WRITTEN = re.compile(
    r"(photos/DCIM/\d{3}NGHTJ/\.IMG_\d{4}.*|state/\.(photo-number|zoom\.json|white-balance\.json))\.partial"
)
OURS = re.compile(r"photos/DCIM/\d{3}NGHTJ/IMG_\d{4}.*")
# What a start makes where it is missing, and writes.
MADE_AT_START = {"photos", "photos/DCIM", "state", "state/lock", "state/photo-number"}
LINKED_FROM_BYTES = 65_536


@dataclass(frozen=True)
class Started:
    """What the camera knows after its start.

    next_number  of the first photo taken then
    """

    unfinished: Sequence[Path]
    next_number: int
    troubles: Sequence[str]


class Site:
    """A folder in which states are laid out, one after the other. Large files are laid out once, and linked."""

    def __init__(self, folder: Path, root: Path) -> None:
        self.root = root  # the folder's name in the recording
        self._folder, self._store = folder / "found", folder / "store"
        for made in (self._folder, self._store):
            made.mkdir()
        self._linked: dict[int, str] = {}

    def lay_out(self, state: State) -> Path:
        """These files and folders, and nothing else. Returns where."""
        _clear(self._folder)
        for path, content in sorted(state.items()):
            place = self._folder / path.relative_to(self.root)
            if content is FOLDER:
                place.mkdir()
            elif len(content.data) < LINKED_FROM_BYTES:
                place.write_bytes(content.data)
            else:
                place.hardlink_to(self._stored(content))
        return self._folder

    def found(self) -> dict[Path, str]:
        """What lies there now: digests by the recording's names; of folders 'folder'."""
        found = {}
        for folder, folders, files in os.walk(self._folder):
            for name in folders:
                found[self.root / Path(folder, name).relative_to(self._folder)] = "folder"
            for name in files:
                place = Path(folder, name)
                known = self._linked.get(place.stat().st_ino)
                found[self.root / place.relative_to(self._folder)] = known or Content(place.read_bytes()).digest
        return found

    def check_store(self) -> None:
        """Nobody wrote into a file that was whole."""
        for path in self._store.iterdir():
            assert Content(path.read_bytes()).digest == path.name, "a start wrote into a photo"

    def _stored(self, content: Content) -> Path:
        path = self._store / content.digest
        if not path.exists():
            path.write_bytes(content.data)
            self._linked[path.stat().st_ino] = content.digest
        return path


def start(folder: Path) -> Started:
    """What the daemon does at its start, in its order, and the number of the first photo."""
    storage = StorageSettings(str(folder / "photos"), str(folder / "state"), free_space_floor_mb=0)
    card, balances, zoom = Card(storage), Balances(storage.state_folder), ChosenZoom(storage.state_folder)
    card.open()
    try:
        balances.open()
        zoom.open()
        unfinished = card.unfinished()
        return Started(unfinished, card.reserve().number, [text for text in (balances.trouble, zoom.trouble) if text])
    finally:
        card.close()


def amiss(state: State, promises: Promises, site: Site) -> list[str]:
    """Everything that a start on this state leaves wrong; nothing where all is well."""
    folder = site.lay_out(state)
    started, found = start(folder), site.found()
    before = {path: "folder" if content is FOLDER else content.digest for path, content in state.items()}
    names = {path: path.relative_to(site.root).as_posix() for path in {*before, *found}}
    complaints = [f"start: {trouble}" for trouble in started.troubles]
    complaints += promises.broken_by(found)
    complaints += _touched(before, found, names)
    complaints += _torn(found, names, promises)
    complaints += _photos_amiss(found, names, started, folder, site.root)
    on_card = {int(path.name[4:8]) for path in found if OURS.fullmatch(names[path])}
    largest = max(promises.photos | on_card, default=0)
    if started.next_number <= largest:
        complaints.append(f"number {started.next_number} is given again; {largest} was given already")
    return complaints


def _touched(before: Mapping[Path, str], found: Mapping[Path, str], names: Mapping[Path, str]) -> list[str]:
    """Sweeping removes what is half-written and ours; all else stays as it was found."""
    complaints = []
    for path in sorted({*before, *found}):
        is_half, name = bool(HALF_WRITTEN.fullmatch(names[path])), names[path]
        if is_half and path in found:
            complaints.append(f"{name} was not swept")
        elif not is_half and name not in MADE_AT_START and before.get(path) != found.get(path):
            complaints.append(f"{name} was touched by the start")
    return complaints


def _torn(found: Mapping[Path, str], names: Mapping[Path, str], promises: Promises) -> list[str]:
    """Every file under a photo's name is one that was whole when it got that name, told of or not."""
    return [
        f"{names[path]} is torn"
        for path, digest in found.items()
        if OURS.fullmatch(names[path]) and digest not in promises.whole.get(path, ())
    ]


def _photos_amiss(
    found: Mapping[Path, str], names: Mapping[Path, str], started: Started, folder: Path, root: Path
) -> list[str]:
    photos = {path for path in found if OURS.fullmatch(names[path])}
    raws = {path for path in photos if path.suffix == ".DNG"}
    cut_off = {path for path in raws if path.with_suffix(".JPG") not in photos}
    said = {root / path.relative_to(folder) for path in started.unfinished}
    complaints = [f"{path.name} was cut off, and nobody says so" for path in cut_off - said]
    complaints += [f"{path.name} is said to be cut off, and is not" for path in said - cut_off]
    lost = [path for path in raws - cut_off if path.with_suffix(".json") not in photos]
    return complaints + [f"{path.name} has lost the recipe of its photo" for path in lost]


def _clear(folder: Path) -> None:
    for below, folders, files in os.walk(folder, topdown=False):
        for name in files:
            os.unlink(os.path.join(below, name))
        for name in folders:
            os.rmdir(os.path.join(below, name))

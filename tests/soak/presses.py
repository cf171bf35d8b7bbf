"""What became of every press: read from the daemon's log and from the card, and from nothing it merely counts."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

import simplejpeg

PHOTO = re.compile(r"IMG_(\d{4})\.JPG: mode (\w+)")
REFUSED = "The press was refused: "
ENDED = "This press ended the burst"
FAILED = "failed in the darkroom"
# What no soak should see in the log: Python's own words, and the camera's.
OF_PYTHON, OF_THE_CAMERA = ("Traceback", "CRITICAL"), ("Stuck: ", "Reopening the camera", "was not written")
ALARMS = (*OF_PYTHON, *OF_THE_CAMERA)
# So many of the newest photos stay on the card; a user copies the others and deletes them.
KEPT = 12


@dataclass
class Outcomes:
    """Of all presses so far. `whole` and `torn` are the photos that were looked at on the card."""

    photos: dict[int, str] = field(default_factory=dict)
    refused: Counter[str] = field(default_factory=Counter)
    ended: int = 0
    failed: int = 0
    alarms: list[str] = field(default_factory=list)
    whole: int = 0
    torn: list[str] = field(default_factory=list)
    _read_to: int = 0

    def missed(self, pressed: int, for_callers: set[int]) -> int:
        """Presses that became neither a photo nor a refusal nor a burst's end; below 0 there are photos of no press."""
        of_presses = len(self.photos.keys() - for_callers)
        return pressed - of_presses - self.refused.total() - self.ended - self.failed

    def read_log(self, log: Path) -> None:
        """What is new in it."""
        with log.open("rb") as file:
            file.seek(self._read_to)
            new = file.read()
        new = new[: new.rfind(b"\n") + 1]
        self._read_to += len(new)
        for line in new.decode(errors="replace").splitlines():
            self._count(line)

    def look_at_card(self, photos: Path, keep: int = KEPT) -> None:
        """Look at the photos that came, and take all but the newest off the card as their owner would."""
        came = sorted(photos.rglob("IMG_????.JPG"))
        for jpeg in came[: max(0, len(came) - keep)]:
            try:
                simplejpeg.decode_jpeg_header(jpeg.read_bytes())
                ended = jpeg.read_bytes()[-2:] == b"\xff\xd9"
            except ValueError:
                ended = False
            if ended and jpeg.with_suffix(".json").exists() and jpeg.with_suffix(".DNG").exists():
                self.whole += 1
            else:
                self.torn.append(jpeg.name)
            for file in jpeg.parent.glob(f"{jpeg.stem}*"):
                file.unlink()

    def _count(self, line: str) -> None:
        photo = PHOTO.search(line)
        if photo:
            self.photos[int(photo[1])] = photo[2]
        elif REFUSED in line:
            self.refused[re.sub(r"\d+", "#", line.partition(REFUSED)[2])[:90]] += 1
        elif ENDED in line:
            self.ended += 1
        elif FAILED in line:
            self.failed += 1
        if any(alarm in line for alarm in ALARMS):
            self.alarms.append(line)

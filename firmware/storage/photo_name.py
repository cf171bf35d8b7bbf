"""What a photo's files are called, and whether a file on the card is one of ours.

Names follow DCF (JEITA CP-3461B): DCIM/100NGHTJ/IMG_0001.JPG, .DNG; the sidecar .json lies beside them, and so do a
portrait's IMG_0001-plain.JPG and IMG_0001-mask.PNG. After IMG_9999 comes the folder 101NGHTJ.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from firmware.errors import StorageError

FILES_PER_FOLDER = 9999
FIRST_FOLDER, LAST_FOLDER = 100, 999
OUR_FOLDER = re.compile(r"([1-9]\d\d)NGHTJ")
# FAT may give our names back in capitals or not, whatever we wrote.
OUR_FILE = re.compile(
    r"(?P<hidden>\.)?IMG_(?P<number>\d{4})(\.(JPG|DNG|json)|-plain\.JPG|-mask\.PNG)(?(hidden)\.partial)", re.IGNORECASE
)
# What a portrait has beside the photo, behind the photo's own name.
PLAIN, MASK = "-plain.JPG", "-mask.PNG"
COUNTER = "photo-number"


@dataclass(frozen=True)
class PhotoName:
    """The files of one photo; `number` counts all photos ever, 1 is DCIM/100NGHTJ/IMG_0001.

    plain, mask  of a portrait that was blurred: the photo as the lens drew it, and where its subject is
    """

    number: int
    jpeg: Path
    dng: Path
    sidecar: Path
    plain: Path
    mask: Path

    @classmethod
    def of(cls, number: int, pictures: Path) -> PhotoName:
        """The name of this number. Raises StorageError behind 999NGHTJ/IMG_9999, where DCF ends."""
        folder, file = divmod(number - 1, FILES_PER_FOLDER)
        if FIRST_FOLDER + folder > LAST_FOLDER:
            raise StorageError(
                f"Photo {number} has no name: DCF ends at {LAST_FOLDER}NGHTJ. Move the photos off the card and "
                f"delete {COUNTER} in the state folder to begin again."
            )
        stem = pictures / f"{FIRST_FOLDER + folder}NGHTJ" / f"IMG_{file + 1:04d}"
        endings = (".JPG", ".DNG", ".json", PLAIN, MASK)
        return cls(number, *(stem.with_name(stem.name + ending) for ending in endings))

    @property
    def files(self) -> tuple[Path, ...]:
        """Every file that a photo of this number may have."""
        return self.jpeg, self.dng, self.sidecar, self.plain, self.mask


def number_of(path: Path) -> int:
    """Which photo, of all ever, one of our files is of."""
    folder, file = OUR_FOLDER.fullmatch(path.parent.name), OUR_FILE.fullmatch(path.name)
    return (int(folder[1]) - FIRST_FOLDER) * FILES_PER_FOLDER + int(file["number"])

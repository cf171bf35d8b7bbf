"""The mask that lies beside a portrait, or one painted by hand: the portrait is made again from it and the raw file."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from firmware.errors import MaskFileError, SidecarError
from firmware.files.png import read_mask
from firmware.files.sidecar import Sidecar, read_sidecar
from firmware.portrait.entry import OF_SUBJECT

if TYPE_CHECKING:
    import numpy as np

    from accelerators.masking import Found
    from isp.frames import Shot

BY_HAND = "painted by hand"


@dataclass(frozen=True)
class StoredMask:
    """A mask in a file, and what is known of how its subject was found."""

    file: Path
    story: dict[str, Any]

    def give(self, picture: np.ndarray) -> Found:
        """The mask, for a plain picture (H, W, 3). Raises MaskFileError where it does not fit."""
        from accelerators.masking import Found

        return Found(read_mask(self.file, picture.shape[:2]), self.story)


def painted(file: Path) -> StoredMask:
    """A mask that somebody painted. Raises MaskFileError where there is no such file."""
    if not file.is_file():
        raise MaskFileError(f"There is no mask {file}. Name a PNG of the picture's size, white where the subject is.")
    return StoredMask(file, {"subject": {"kind": BY_HAND, "names": [], "confidence": 1.0, "is_guess": False}})


def named_mask(sidecar_file: Path, sidecar: Sidecar, follows: bool = True) -> StoredMask:
    """The mask that a portrait's sidecar names. Raises MaskFileError where it is missing or is not what it was.

    follows  the recipe is followed too, and the mask with it must be all that the blur went by
    """
    told = _told(sidecar_file, sidecar)
    second = (sidecar.portrait or {}).get("second")
    if follows and isinstance(second, dict) and second.get("depth"):
        raise MaskFileError(
            f"{sidecar_file.name} tells of a blur by the depth of two photos, which only both can repeat: "
            f"--mode portrait --second {second.get('file')}"
        )
    if told is None:
        raise MaskFileError(
            f"{sidecar_file.name} tells of a portrait whose mask was not kept ([portrait] keep_mask). Make one anew: "
            "--mode portrait"
        )
    file, wanted = sidecar_file.with_name(told["file"]), told["sha256"]
    try:
        found = hashlib.sha256(file.read_bytes()).hexdigest()
    except OSError as error:
        raise MaskFileError(
            f"The portrait's mask {file} cannot be read: {error.strerror}. Put it back beside the raw file; or have "
            "the subject looked for anew: --mode portrait --no-sidecar"
        ) from None
    if found != wanted:
        raise MaskFileError(
            f"The mask {file} was changed since the photo was taken. To blur by it as it is now: --mode portrait "
            f"--mask {file}; to have the subject looked for anew: --mode portrait --no-sidecar"
        )
    return StoredMask(file, {name: (sidecar.portrait or {}).get(name) for name in OF_SUBJECT})


def mask_to_plan_with(sidecar_file: Path, shot: Shot, by_hand: Path | None, look_beside: bool) -> StoredMask | None:
    """The mask for a portrait that is planned anew; None has the subject looked for.

    That painted by hand, else that of the sidecar beside the raw file, where it is of this shot and names one.
    """
    if by_hand is not None:
        return painted(by_hand)
    if not (look_beside and sidecar_file.is_file()):
        return None
    sidecar = read_sidecar(sidecar_file)
    if sidecar.shot != shot or _told(sidecar_file, sidecar) is None:
        return None
    return named_mask(sidecar_file, sidecar, follows=False)


def _told(sidecar_file: Path, sidecar: Sidecar) -> dict[str, str] | None:
    """File and sha256 of the mask, as far as the sidecar names one. Raises SidecarError for what cannot be a name."""
    told = (sidecar.portrait or {}).get("mask")
    if told is None:
        return None
    if not isinstance(told, dict) or not all(isinstance(told.get(key), str) for key in ("file", "sha256")):
        raise SidecarError(f"{sidecar_file}: portrait.mask is {told!r}; it must name file and sha256.")
    if Path(told["file"]).name != told["file"]:
        raise SidecarError(f"{sidecar_file}: the mask {told['file']!r} must be a name in the sidecar's own folder.")
    return told

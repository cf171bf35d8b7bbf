"""What was promised of a photo: every file of it is there and can be read to its end."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import simplejpeg

from firmware.files.png import read_mask
from firmware.files.raw_files import read_frame


def assert_safe(photo: dict[str, Any]) -> None:
    """Of an answer of `shoot` that said the photo is saved."""
    for path in [photo[kind] for kind in ("jpeg", "dng", "sidecar") if photo[kind]] + photo["beside"]:
        assert_whole(Path(path))


def assert_none_torn(folder: Path) -> None:
    """Whatever has a photo's name is whole."""
    for path in folder.glob("IMG_*"):
        assert_whole(path)


def assert_whole(path: Path) -> None:
    """Whatever has a name can be read to its end."""
    assert path.stat().st_size > 0, f"{path} is empty"
    if path.suffix == ".JPG":
        simplejpeg.decode_jpeg(path.read_bytes())
    elif path.suffix == ".DNG":
        read_frame(path)
    elif path.suffix == ".PNG":
        # The raw file was safe before a mask was made.
        read_mask(path, read_frame(path.with_name(f"{path.name[:8]}.DNG")).pixels.shape)
    else:
        json.loads(path.read_bytes())

"""What was promised of a photo: every file of it is there and can be read to its end."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import simplejpeg

from firmware.files.raw_files import read_raw


def assert_safe(photo: dict[str, Any]) -> None:
    """Of an answer of `shoot` that said the photo is saved."""
    for path in [photo[kind] for kind in ("jpeg", "dng", "sidecar") if photo[kind]] + photo["beside"]:
        assert_whole(Path(path))


def assert_none_torn(folder: Path) -> None:
    """Whatever has a photo's name is whole."""
    for path in folder.glob("IMG_*"):
        assert_whole(path)


def assert_whole(path: Path) -> None:
    if path.suffix == ".JPG":
        assert simplejpeg.decode_jpeg(path.read_bytes()).size
    elif path.suffix == ".DNG":
        assert read_raw(path).pixels.size
    elif path.suffix == ".json":
        assert json.loads(path.read_bytes())

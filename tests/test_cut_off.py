"""A photo that was cut off before its JPEG is finished from raw file and recipe, and is the same byte for byte."""

from __future__ import annotations

import os
import pwd
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow
GUESSED = {"simulated__scene": "astronaut", "accelerator__models_folder": "/nowhere"}
SHORT_BURSTS = {"night__handheld_frames": 3, "night__tripod_frames": 3, "night__handheld_us": 20_000}
SHORT_ZOOMS = {"zoom__frames": 3, "zoom__dim_frames": 3, "simulated__handshake_px": 6.0}


def cut_off(jpeg: Path) -> bytes:
    """Take the JPEG away, as if the power had gone before it: the last of a photo's files."""
    whole = jpeg.read_bytes()
    jpeg.unlink()
    return whole


def kept_in(folder: Path) -> dict[str, tuple[bytes, int]]:
    return {path.name: (path.read_bytes(), path.stat().st_ino) for path in folder.iterdir()}


@pytest.mark.parametrize("mode", ["photo", "night", "portrait", "zoom"])
def test_it_becomes_the_very_photo_and_what_was_there_stays(bench, ask, mode):
    bench.start(**GUESSED, **SHORT_BURSTS, **SHORT_ZOOMS)
    photo = bench.call("shoot", mode=mode)
    assert bench.stop() == 0
    jpeg, before = Path(photo["jpeg"]), kept_in(bench.photos)
    whole = cut_off(jpeg)
    bench.start(**GUESSED)
    user = pwd.getpwuid(os.getuid()).pw_name
    assert f"sudo -u {user} nightjar develop {photo['dng']} -o {bench.photos}" in "\n".join(
        bench.call("status")["warnings"]
    )
    code, _, error = ask("develop", photo["dng"], "-o", bench.photos)
    assert code == 0, error
    assert jpeg.read_bytes() == whole
    after = kept_in(bench.photos)
    assert {name: kept for name, kept in after.items() if name != jpeg.name} == {
        name: kept for name, kept in before.items() if name != jpeg.name
    }
    assert not any("cut off" in warning for warning in bench.call("status")["warnings"]), "it still counts as cut off"


def test_one_that_is_planned_anew_does_not_replace_the_recipe_unasked(bench, ask):
    bench.start()
    photo = bench.call("shoot")
    cut_off(Path(photo["jpeg"]))
    recipe = Path(photo["sidecar"]).read_bytes()
    code, _, error = ask("develop", photo["dng"], "-o", bench.photos, "--mode", "plain")
    assert code == 1 and "--force" in error
    assert Path(photo["sidecar"]).read_bytes() == recipe

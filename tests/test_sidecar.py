"""Claims about the sidecar: what is written comes back exactly, and what is damaged is refused in words."""

import json
import tomllib
from pathlib import Path

import numpy as np
import pytest

from firmware.errors import SidecarError
from firmware.files.sidecar import encode_sidecar, read_sidecar
from firmware.version import VERSION
from isp.frames import Noise, Photo, Shot
from isp.photo import STAGES, photo_pipeline
from isp.pipeline import Pipeline

SHOT = Shot(
    sensor="imx477",
    bayer="RGGB",
    black_dn=(256.1, 256.2, 1 / 3, 256.0),
    white_dn=4095.0,
    timestamp_ns=2**62 + 1,
    wall_time_ns=1763800000123456789,
    exposure_us=1e6 / 3,
    analogue_gain=np.float64(2.1),
    noise=Noise(1.1e-4, 3.3e-7),
    colour_gains=(2.1, 1.7),
)
NUMBERS = {"press_to_frame_ms": -0.1, "develop_ms": np.float32(12.5), "frames": 1}


def a_photo(recipe=True):
    return Photo(np.zeros((4, 4, 3), np.uint8), SHOT, photo_pipeline() if recipe else None)


@pytest.fixture
def written(tmp_path):
    path = tmp_path / "IMG_0001.json"
    path.write_bytes(encode_sidecar(a_photo(), NUMBERS, 93, "photo"))
    return path


def test_what_is_written_comes_back_exactly(written):
    back = read_sidecar(written)
    assert back.shot == SHOT
    assert back.numbers == NUMBERS
    assert (back.jpeg_quality, back.mode, back.software) == (93, "photo", f"Nightjar {VERSION}")
    assert Pipeline.from_dict(back.recipe, STAGES) == photo_pipeline()


def test_what_a_portrait_s_sidecar_tells_comes_back(tmp_path):
    path, entry = tmp_path / "IMG_0001.json", {"blurred": False, "why": "nobody is there", "subject": None}
    path.write_bytes(encode_sidecar(a_photo(), NUMBERS, 93, "portrait", portrait=entry))
    assert read_sidecar(path).portrait == entry
    path.write_bytes(encode_sidecar(a_photo(), NUMBERS, 93, "photo"))
    assert read_sidecar(path).portrait is None and "portrait" not in json.loads(path.read_text())


def test_the_file_is_plain_sorted_and_the_same_every_time(written):
    text = written.read_bytes()
    assert text == encode_sidecar(a_photo(), NUMBERS, 93, "photo")
    text.decode("ascii")
    keys = list(json.loads(text))
    assert keys == sorted(keys)


def test_a_photo_without_its_recipe_is_refused():
    with pytest.raises(SidecarError, match="recipe"):
        encode_sidecar(a_photo(recipe=False), {}, 93, "photo")


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"format": 99}, r"format 99; this version reads 1"),
        ({"recipe": None}, "recipe is None; it must be a list"),
        ({"jpeg_quality": "93"}, "jpeg_quality is '93'"),
        ({"jpeg_quality": 0}, "allowed: 1 to 100"),
        ({"mode": 7}, "mode is 7"),
        ({"shot": {}}, "lacks facts: sensor"),
        ({"shot": []}, "must be a table"),
        ({"burst": []}, "burst is \\[\\]; it must be a dict"),
        ({"portrait": "yes"}, "portrait is 'yes'; it must be a dict"),
        ({"portrait": {}}, "portrait.blurred is None; it must be true or false"),
        ({"portrait": {"blurred": False, "why": 3}}, "portrait.why is 3; of a photo without blur it must say why"),
        ({"portrait": {"blurred": True, "subject": "her"}}, "portrait.subject is 'her'; it must be null, or have"),
        ({"portrait": {"blurred": True, "subject": {"kind": "person", "names": [1]}}}, "must be null, or have a kind"),
        ({"portrait": {"blurred": True, "subject": {"kind": "person", "names": "x"}}}, "must be null, or have a kind"),
        ({"portrait": {"blurred": True, "subject": {"names": []}}}, "must be null, or have a kind"),
    ],
)
def test_a_damaged_sidecar_is_refused_in_words(written, change, words):
    written.write_text(json.dumps(json.loads(written.read_text()) | change))
    with pytest.raises(SidecarError, match=words):
        read_sidecar(written)


@pytest.mark.parametrize("garbage", [b"", b"\xff\xfe", b"{", b"[]", b"[" * 200_000, b"null"])
def test_garbage_is_refused(written, garbage):
    written.write_bytes(garbage)
    with pytest.raises(SidecarError, match=r"IMG_0001\.json"):
        read_sidecar(written)


def test_a_sidecar_that_is_not_there_is_told(tmp_path):
    with pytest.raises(SidecarError, match=r"none\.json cannot be read: No such file"):
        read_sidecar(tmp_path / "none.json")


def test_every_cut_is_refused(written):
    whole = written.read_bytes()
    for length in range(0, len(whole) - 2, 97):
        written.write_bytes(whole[:length])
        with pytest.raises(SidecarError):
            read_sidecar(written)


def test_the_version_is_the_package_s():
    project = tomllib.loads((Path(__file__).resolve().parent.parent / "pyproject.toml").read_text())
    assert project["project"]["version"] == VERSION

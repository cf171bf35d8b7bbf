"""Twice the size: no seam can be seen, the photo stays the photo, and what cannot be done is said."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest

pytest.importorskip("ai_edge_litert", reason="networks run in ai-edge-litert")

from measures.drawing_networks import HALO, drawing_network, random_filters

from accelerators.errors import DeviceError, ModelError, PictureError
from accelerators.models.lint import lint
from accelerators.training.filter_file import write_int8_filters
from accelerators.training.layers import Filter
from accelerators.upscaling.luma import luma_of
from accelerators.upscaling.network_file import upscaling_files
from accelerators.upscaling.upscaler import LONGEST_PX, load_upscaler, opened_upscaler
from firmware.demo.bench_daemon import same_code
from isp.zoom.projection import REACH_PX, difference_rms, enlarged_twice, projected

# Tens of kB, as promised.
MOST_BYTES = 100_000
# Of the measured pixels that a new one depends on.
REACH = REACH_PX + HALO
SIZES = [(1, 1), (1, 7), (9, 2), (25, 26), (26, 26), (27, 53), (61, 90)]


@pytest.fixture(scope="module")
def upscaler(tmp_path_factory):
    with opened_upscaler(device="cpu", folder=drawing_network(tmp_path_factory.mktemp("one"))) as one:
        yield one


@pytest.fixture(scope="module")
def other_tiles(tmp_path_factory):
    """The same network, cut otherwise."""
    with opened_upscaler(device="cpu", folder=drawing_network(tmp_path_factory.mktemp("other"), (21, 58))) as other:
        yield other


def photo(height, width, seed=3):
    """Colours, edges and noise that fit into 8 bits with room."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[:height, :width]
    waves = np.stack([np.sin(x / 3 + y / (2 + colour)) + (x + y > width) for colour in range(3)], axis=2)
    return np.clip(128 + 40 * waves + rng.normal(0, 6, (height, width, 3)), 0, 255).astype(np.uint8)


@pytest.mark.parametrize("size", SIZES)
def test_tiles_of_other_sizes_make_the_same_picture(upscaler, other_tiles, size):
    picture = photo(*size)
    made = upscaler.upscaled(picture)
    assert (made.shape, made.dtype) == ((2 * size[0], 2 * size[1], 3), np.uint8)
    assert np.array_equal(other_tiles.upscaled(picture), made)


def test_a_picture_that_is_moved_is_the_same_picture_moved(upscaler):
    """However it lies to the tiles: 32 pixels wide, of which 26 count."""
    large = photo(100, 120)
    whole = upscaler.upscaled(large)
    for top, left in ((0, 1), (5, 0), (13, 27)):
        part = np.ascontiguousarray(large[top : top + 80, left : left + 90])
        inner = upscaler.upscaled(part)[2 * REACH : -2 * REACH, 2 * REACH : -2 * REACH]
        begin = 2 * (top + REACH), 2 * (left + REACH)
        wanted = whole[begin[0] : begin[0] + inner.shape[0], begin[1] : begin[1] + inner.shape[1]]
        assert np.array_equal(inner, wanted)


def test_the_network_changes_the_picture_and_made_small_again_it_is_the_photo(upscaler):
    picture = photo(61, 90)
    made = upscaler.upscaled(picture)
    without = np.clip(projected(enlarged_twice(picture), picture) + 0.5, 0, 255).astype(np.uint8)
    assert np.abs(made.astype(int) - without).mean() > 1, "this network draws something"
    assert difference_rms(made, picture) < 1


def test_a_network_that_says_nothing_leaves_the_classical_picture(tmp_path):
    silent = [Filter(0 * one.weights, 0 * one.bias, one.relu) for one in random_filters()]
    with opened_upscaler(device="cpu", folder=drawing_network(tmp_path / "silent", filters=silent)) as upscaler:
        picture = photo(40, 61)
        wanted = (np.clip(projected(enlarged_twice(picture), picture), 0, 255) + np.float32(0.5)).astype(np.uint8)
        assert np.array_equal(upscaler.upscaled(picture), wanted)


def test_what_the_network_says_comes_to_the_places_it_is_said_of(tmp_path):
    """Biases alone: each of the four new pixels is as much brighter than bicubic interpolation."""
    shares = np.array([0.0, 0.02, -0.03, 0.05], np.float32)
    telling = random_filters()[:-1]
    telling.append(Filter(np.zeros((4, 3, 3, 8), np.float32), shares, relu=False))
    with opened_upscaler(device="cpu", folder=drawing_network(tmp_path / "telling", filters=telling)) as upscaler:
        picture = np.full((30, 40, 3), 100, np.uint8)
        made = upscaler.upscaled(picture)[20:40, 20:60, 0].astype(float) - 100
        means = np.array([made[y::2, x::2].mean() for y in (0, 1) for x in (0, 1)])
    # Held to the photo, their mean is nothing.
    assert np.abs(means - 255 * (shares - shares.mean())).max() < 1


def test_grey_stays_grey_and_flat_stays_flat(upscaler):
    grey = photo(30, 45)[:, :, :1].repeat(3, axis=2)
    assert np.array_equal(luma_of(grey), grey[:, :, 0])
    made = upscaler.upscaled(grey)
    assert (made == made[:, :, :1]).all()


def test_luma_is_that_of_jpeg():
    from PIL import Image

    picture = photo(300, 20)
    assert np.array_equal(luma_of(picture), np.asarray(Image.fromarray(picture).convert("L")))


def test_progress_ends_with_all_tiles_and_the_story_names_the_network(upscaler):
    seen = []
    upscaler.upscaled(photo(61, 90), lambda done, of: seen.append((done, of)))
    assert seen == [(done, 12) for done in range(1, 13)]
    told = upscaler.told
    assert (told["model"], told["device"], len(told["model_sha256"])) == ("upscaling.tflite", "cpu", 64)


@pytest.mark.parametrize(
    "picture",
    [
        np.zeros((4, 4), np.uint8),
        np.zeros((4, 4, 4), np.uint8),
        np.zeros((4, 4, 3), np.float32),
        np.zeros((4, 4, 3), np.uint16),
        np.zeros((0, 4, 3), np.uint8),
        np.broadcast_to(np.zeros(3, np.uint8), (1, LONGEST_PX + 1, 3)),
        np.broadcast_to(np.zeros(3, np.uint8), (5000, 5000, 3)),
        "a picture",
    ],
    ids=lambda picture: str(getattr(picture, "shape", picture)),
)
def test_what_is_no_picture_or_too_large_is_refused(upscaler, picture):
    with pytest.raises(PictureError):
        upscaler.upscaled(picture)


def test_a_missing_damaged_or_other_network_is_refused_before_any_picture(tmp_path):
    with pytest.raises(ModelError, match="There is no"):
        load_upscaler(folder=tmp_path)
    folder = drawing_network(tmp_path / "one")
    file = folder / "upscaling.tflite"
    whole = file.read_bytes()
    weights = whole[: len(whole) // 2] + bytes([whole[len(whole) // 2] ^ 1]) + whole[len(whole) // 2 + 1 :]
    for content in (b"", b"no network", whole[:-200], weights):
        file.write_bytes(content)
        with pytest.raises(ModelError, match="Install nightjar again"):
            load_upscaler(folder=folder)
    for widths in ((3, 8, 8, 4), (1, 8, 8, 3)):
        samples = np.random.default_rng(0).random((4, 12, 12, widths[0]), np.float32)
        write_int8_filters(file, random_filters(widths), samples, (32, 32), "of another kind")
        with pytest.raises(ModelError, match="grey tile"):
            load_upscaler(folder=folder)


def test_a_device_that_cannot_be_is_refused_and_one_that_is_not_there_is_replaced(tmp_path):
    folder = drawing_network(tmp_path / "one")
    with pytest.raises(DeviceError, match="Allowed"):
        load_upscaler(device="gpu", folder=folder)
    with opened_upscaler(device="usb", folder=folder) as upscaler:
        assert upscaler.upscaled(photo(20, 20)).shape == (40, 40, 3)
        assert upscaler.told["device"] == "cpu" and upscaler.told["fell_back"]


def test_through_the_process_that_holds_a_device_it_is_the_same_picture(upscaler, tmp_path):
    """As an Edge TPU is asked: luma over, answers back."""
    with opened_upscaler(device="child", folder=drawing_network(tmp_path / "one")) as there:
        assert np.array_equal(there.upscaled(photo(30, 40)), upscaler.upscaled(photo(30, 40)))
        assert there.told["device"] == "child"


def test_an_edge_tpu_could_run_all_of_the_network_that_ships():
    shipped = upscaling_files()
    report = lint(shipped.files.cpu)
    assert report.stays and not report.notes and not any(verdict.doubt for verdict in report.verdicts)
    assert shipped.files.cpu.stat().st_size < MOST_BYTES


def test_without_litert_it_says_how_to_install_it(tmp_path):
    folder = drawing_network(tmp_path / "one")
    for name in ("ai_edge_litert", "tflite_runtime"):
        (tmp_path / f"{name}.py").write_text("raise ImportError('it is not for this processor')\n")
    code = (
        "import sys\nsys.path.insert(0, sys.argv[2])\nfrom pathlib import Path\n"
        "from accelerators.upscaling.upscaler import load_upscaler\n"
        "try: load_upscaler(folder=Path(sys.argv[1]))\nexcept ImportError as error: print(error)\n"
    )
    command = [sys.executable, "-P", "-c", code, folder, tmp_path]
    told = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60, env=same_code()).stdout
    assert "not for this processor" in told and "pip install" in told

"""`nightjar upscale`: a picture at hand becomes larger, keeps its facts, and nothing else is touched."""

from __future__ import annotations

import io
import json
import os
import struct
import subprocess
import sys
import zlib

import numpy as np
import pytest
from PIL import Image, ImageCms

from firmware.cli import main
from firmware.demo.bench_daemon import same_code
from firmware.files.exif_size import with_size
from firmware.upscaling.enlarging import enlarge, most_px
from isp.zoom.enlarge import enlarged
from isp.zoom.projection import reduced_by_half

ORIENTATION, WIDTH, HEIGHT = 0x0112, 0xA002, 0xA003


@pytest.fixture
def upscale(capsys):
    """Run the command. Returns (exit code, stdout, stderr)."""

    def run(*words):
        code = main(["upscale", *map(str, words)])
        return code, *capsys.readouterr()

    return run


def scene(height=40, width=61):
    y, x = np.mgrid[:height, :width]
    waves = np.stack([np.sin(x / 4 + y / (3 + colour)) + (x > y) for colour in range(3)], axis=2)
    return np.clip(110 + 40 * waves, 0, 255).astype(np.uint8)


def rings(side=160):
    """Edges of all directions, drawn four times as fine and averaged."""
    y, x = (np.mgrid[: 4 * side, : 4 * side] - 1.7 * side) / 4
    inside = np.hypot(y, x) % 17 < 8
    grey = 60 + 130 * inside.reshape(side, 4, side, 4).mean(axis=(1, 3))
    return np.repeat(np.rint(grey)[:, :, np.newaxis], 3, axis=2).astype(np.uint8)


def in_eight_bits(picture):
    return np.clip(np.floor(picture + 0.5), 0, 255).astype(np.uint8)


def exif_of(height, width):
    exif = Image.Exif()
    exif[ORIENTATION] = 6
    exif.get_ifd(0x8769).update({WIDTH: width, HEIGHT: height, 0x9286: b"ASCII\0\0\0kept as it was"})
    return exif.tobytes()


def facts_of(path):
    with Image.open(path) as picture:
        picture.load()
        return picture.size, picture.mode, picture.getexif(), picture.info


def test_a_jpeg_becomes_twice_as_large_and_keeps_its_facts(upscale, tmp_path):
    file, profile = tmp_path / "holiday.JPG", ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    Image.fromarray(scene()).save(file, "JPEG", quality=95, exif=exif_of(40, 61), icc_profile=profile)
    before = file.read_bytes()
    code, out, _ = upscale(file, "--plain")
    made = tmp_path / "holiday-x2.JPG"
    assert code == 0 and out.splitlines()[0].startswith(f"{made}  122 x 80")
    size, mode, exif, info = facts_of(made)
    assert (size, mode, info["icc_profile"]) == ((122, 80), "RGB", profile)
    inner = exif.get_ifd(0x8769)
    assert (exif[ORIENTATION], inner[WIDTH], inner[HEIGHT]) == (6, 122, 80)
    assert inner[0x9286].endswith(b"kept as it was") and b"2 times the size" in info["comment"]
    assert file.read_bytes() == before and sorted(os.listdir(tmp_path)) == [
        "holiday-x2.JPG", "holiday-x2.JPG.json", "holiday.JPG",
    ]  # fmt: skip
    story = json.loads((tmp_path / "holiday-x2.JPG.json").read_text())
    assert (story["rung"], story["size"], story["size_before"]) == ("plain", [80, 122], [40, 61])
    assert 0 < story["rms_of_reduced"] < 6


@pytest.mark.parametrize(("factor", "size"), [(1.5, (92, 60)), (2, (122, 80)), (3, (183, 120))])
def test_a_png_is_resampled_to_any_factor_up_to_three(upscale, tmp_path, factor, size):
    Image.fromarray(scene()).save(tmp_path / "a.png")
    made = tmp_path / "new" / "b.png"
    assert upscale(tmp_path / "a.png", "--to", made, "--factor", factor, "--plain")[0] == 0
    with Image.open(made) as picture:
        assert picture.size == size
        assert np.array_equal(np.asarray(picture), enlarged(scene(), size[::-1]))


def test_a_grey_picture_stays_grey_and_a_painted_one_becomes_rgb(upscale, tmp_path):
    for mode, kept in (("L", "L"), ("1", "L"), ("P", "RGB")):
        Image.fromarray(scene()).convert(mode).save(tmp_path / f"{mode}.png")
        assert upscale(tmp_path / f"{mode}.png", "--plain")[0] == 0
        assert facts_of(tmp_path / f"{mode}-x2.png")[:2] == ((122, 80), kept)


def test_what_is_not_taken_as_it_is_is_said(upscale, tmp_path):
    alpha = np.dstack([scene(), np.full((40, 61), 255, np.uint8)])
    Image.fromarray(alpha).save(tmp_path / "opaque.png")
    code, out, _ = upscale(tmp_path / "opaque.png", "--plain")
    assert code == 0 and "alpha channel, opaque everywhere, is left out" in out
    lab = ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB")).tobytes()
    Image.fromarray(scene()).save(tmp_path / "other.png", icc_profile=lab)
    code, out, _ = upscale(tmp_path / "other.png", "--plain", "--json")
    assert code == 0 and "which are kept" in json.loads(out)["notes"][0]
    assert facts_of(tmp_path / "other-x2.png")[3]["icc_profile"] == lab


def sixteen_bits():
    """A PNG of 2 x 2 with 16 bits of each colour: Pillow writes none."""

    def chunk(kind, content):
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))

    header = struct.pack(">IIBBBBB", 2, 2, 16, 2, 0, 0, 0)
    rows = zlib.compress(2 * (b"\0" + bytes(12)))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


def refused_files():
    """(name, content, words of the error)."""
    picture, inside = Image.fromarray(scene()), {}

    def saved(name, image, kind, **options):
        file = io.BytesIO()
        image.save(file, kind, **options)
        inside[name] = file.getvalue()

    saved("moving.png", picture, "PNG", save_all=True, append_images=[picture.rotate(180)])
    saved("print.jpg", picture.convert("CMYK"), "JPEG")
    saved("glass.png", picture.convert("RGBA").rotate(45), "PNG")
    saved("whole.jpg", picture, "JPEG")
    saved("film.tiff", picture, "TIFF")
    yield "moving.png", inside["moving.png"], "2 pictures"
    yield "print.jpg", inside["print.jpg"], "CMYK pixels"
    yield "glass.png", inside["glass.png"], "transparent"
    yield "deep.png", sixteen_bits(), "16 bits a colour"
    yield "cut.jpg", inside["whole.jpg"][:700], "cut off or damaged"
    yield "film.jpg", inside["film.tiff"], "no JPEG or PNG"
    yield "text.png", b"I am no picture", "no JPEG or PNG"
    yield "nothing.jpg", b"", "is empty"


@pytest.mark.parametrize(("name", "content", "words"), list(refused_files()), ids=lambda value: str(value)[:12])
def test_what_is_no_picture_for_this_is_refused_in_words(upscale, tmp_path, name, content, words):
    (tmp_path / name).write_bytes(content)
    code, _, error = upscale(tmp_path / name, "--plain")
    assert (code, words in error) == (1, True), error
    assert os.listdir(tmp_path) == [name]


def test_a_picture_that_would_take_the_memory_is_refused_before_it_is_read(upscale, tmp_path):
    nobody_says = tmp_path / "no meminfo"
    assert most_px(2, nobody_says) == most_px(1.5, nobody_says) == 24_000_000 > most_px(3, nobody_says)
    little = tmp_path / "meminfo"
    little.write_text("MemAvailable: 300000 kB\n")
    assert 4e6 < most_px(2, little) < 7e6
    little.write_text("MemAvailable: 50000 kB\n")
    assert most_px(2, little) == 0
    Image.new("1", (6000, 5000)).save(tmp_path / "huge.png")
    code, _, error = upscale(tmp_path / "huge.png", "--plain")
    assert code == 1 and "6000 x 5000" in error and "Mpix become larger" in error


def test_nothing_is_replaced_unasked_and_the_picture_itself_never(upscale, tmp_path):
    file = tmp_path / "a.png"
    Image.fromarray(scene()).save(file)
    before = file.read_bytes()
    (tmp_path / "a-x2.png.json").write_text("mine")
    assert "exists" in upscale(file, "--plain")[2]
    assert upscale(file, "--plain", "--force")[0] == 0
    (tmp_path / "link.png").hardlink_to(file)
    for target in (file, tmp_path / "link.png"):
        code, _, error = upscale(file, "--to", target, "--force", "--plain")
        assert code == 2 and "never replaced" in error
    assert file.read_bytes() == before


@pytest.mark.parametrize(
    ("words", "error"),
    [
        (("nowhere.png",), "There is no file"),
        ((".",), "is a folder"),
        (("a.png", "--to", "b.webp"), "name it .jpg or .png"),
        (("a.png", "--factor", "1"), "above 1, up to 3"),
        (("a.png", "--factor", "3.01"), "above 1, up to 3"),
        (("a.png", "--factor", "nan"), "above 1, up to 3"),
        (("a.png", "--set", "accelerator.device=gpu"), "device"),
    ],
)
def test_what_cannot_be_done_is_said(upscale, tmp_path, monkeypatch, words, error):
    monkeypatch.chdir(tmp_path)
    Image.fromarray(scene()).save("a.png")
    code, _, said = upscale(*words)
    assert code == 1 and error in said
    assert os.listdir() == ["a.png"]


def test_no_network_is_a_story_with_a_reason():
    made = enlarge(scene(), 2.0, None, "none is here")
    assert (made.story["rung"], made.story["why"], made.pixels.shape) == ("plain", "none is here", (80, 122, 3))


def test_the_network_that_ships_draws_and_the_story_says_so(upscale, tmp_path):
    pytest.importorskip("ai_edge_litert", reason="networks run in ai-edge-litert")
    file, truth = tmp_path / "rings.jpg", rings()
    Image.fromarray(in_eight_bits(reduced_by_half(truth))).save(file, quality=100, subsampling=0)
    code, _, error = upscale(file, "--to", tmp_path / "learned.png")
    assert code == 0 and "detail is drawn" in error
    assert upscale(file, "--to", tmp_path / "plain.png", "--plain")[0] == 0
    story = json.loads((tmp_path / "learned.png.json").read_text())
    assert (story["rung"], story["model"], story["device"]) == ("learned", "upscaling.tflite", "cpu")
    assert len(story["model_sha256"]) == 64 and story["rms_of_reduced"] < 1
    errors = {}
    for rung in ("learned", "plain"):
        with Image.open(tmp_path / f"{rung}.png") as picture:
            errors[rung] = np.square(np.asarray(picture).astype(float) - truth)[8:-8, 8:-8].mean()
    assert errors["learned"] < 0.8 * errors["plain"], "edges are crisper, and rightly so"


def test_without_litert_the_enlargement_is_plain_and_says_why(tmp_path):
    Image.fromarray(scene()).save(tmp_path / "a.png")
    for name in ("ai_edge_litert", "tflite_runtime"):
        (tmp_path / f"{name}.py").write_text("raise ImportError('it is not for this processor')\n")
    code = "import sys; sys.path.insert(0, sys.argv[1]); from firmware.cli import main; sys.exit(main(sys.argv[2:]))"
    command = [sys.executable, "-P", "-c", code, tmp_path, "upscale", tmp_path / "a.png"]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60, env=same_code())
    assert "no network draws detail" in done.stderr and "pip install" in done.stderr
    story = json.loads((tmp_path / "a-x2.png.json").read_text())
    assert story["rung"] == "plain" and "not for this processor" in story["why"]
    with Image.open(tmp_path / "a-x2.png") as picture:
        assert np.array_equal(np.asarray(picture), enlarged(scene(), (80, 122)))


def test_exif_that_is_damaged_or_says_no_size_stays_as_it_is():
    whole = exif_of(40, 61)
    for exif in (b"", b"Exif\0\0", b"Exif\0\0II*\0\xff\xff\xff\x7f", whole[:40], b"Exif\0\0nonsense" * 9):
        assert with_size(exif, 1, 2) == exif
    neither = whole.replace(b"MM\0*", b"XX\0*")
    assert neither != whole and with_size(neither, 1, 2) == neither


def test_the_size_in_exif_of_either_byte_order_is_put_right():
    for order, start in (("<", b"II*\0"), (">", b"MM\0*")):
        main_directory = struct.pack(f"{order}IHHHIII", 8, 1, 0x8769, 4, 1, 26, 0)
        inner = struct.pack(f"{order}HHHIHHHHII", 2, WIDTH, 3, 1, 61, 0, HEIGHT, 4, 1, 40)
        exif = Image.Exif()
        exif.load(with_size(b"Exif\0\0" + start + main_directory + inner + bytes(4), 80, 122))
        assert (exif.get_ifd(0x8769)[WIDTH], exif.get_ifd(0x8769)[HEIGHT]) == (122, 80)

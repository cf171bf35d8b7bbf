"""`nightjar develop --mode portrait`: the camera's portrait again from raw file and mask, or another one."""

from __future__ import annotations

import dataclasses
import json
import shutil

import numpy as np
import pytest
from PIL import Image
from portrait_bench import SIZE_PX, PortraitBench, nobody, upright_oval

from firmware.files.dng import encode_dng
from firmware.files.png import encode_png
from firmware.files.raw_files import read_raw

SHAPE = SIZE_PX[::-1]
NO_MODEL = ("--set", "accelerator.models_folder=/nowhere")


@pytest.fixture(scope="module")
def shot(tmp_path_factory):
    """The folder of IMG_0001, a portrait, and of IMG_0002, in which nobody was found."""
    bench = PortraitBench(tmp_path_factory.mktemp("card"))
    bench.take(tables={"bokeh": {"f_number": 1.4}})
    files = bench.take(nobody).files
    bench.close()
    return files.jpeg.parent


@pytest.fixture
def portrait(shot, tmp_path):
    """A copy of the portrait's files that may be spoilt."""
    folder = tmp_path / "portrait"
    shutil.copytree(shot, folder)
    return folder / "IMG_0001.DNG"


def entry_in(folder):
    return json.loads((folder / "IMG_0001.json").read_text())["portrait"]


@pytest.mark.parametrize("threads", [1, 3])
def test_raw_mask_and_sidecar_give_all_of_the_portrait_again_byte_for_byte(shot, ask, tmp_path, threads):
    code, out, error = ask("develop", shot, "-o", tmp_path / "again", "--threads", threads)
    assert code == 0, error
    for name in ("IMG_0001.JPG", "IMG_0001-plain.JPG", "IMG_0001-mask.PNG", "IMG_0002.JPG"):
        assert (tmp_path / "again" / name).read_bytes() == (shot / name).read_bytes(), name
    assert not (tmp_path / "again/IMG_0002-plain.JPG").exists()
    assert entry_in(tmp_path / "again") == entry_in(shot)
    assert "portrait of person" in out and "unblurred: the picture shows nothing" in out


def test_another_opening_takes_the_mask_that_lies_there_and_needs_no_model(portrait, ask, tmp_path):
    made = {}
    for number in (2, 8):
        code, _, error = ask(
            "develop", portrait, "-o", tmp_path / str(number), "--mode", "portrait", "--f-number", number, *NO_MODEL
        )
        assert code == 0, error
        made[number] = (tmp_path / str(number) / "IMG_0001.JPG").read_bytes()
        told = entry_in(tmp_path / str(number))
        assert (told["f_number"], told["mask"], told["device"]) == (number, entry_in(portrait.parent)["mask"], "usb:0")
    assert made[2] != made[8]
    assert (tmp_path / "2/IMG_0001-plain.JPG").read_bytes() == (tmp_path / "8/IMG_0001-plain.JPG").read_bytes()


def test_the_mode_photo_makes_the_plain_photo_of_it(portrait, ask, tmp_path):
    assert (
        ask("develop", portrait, "-o", tmp_path / "plain", "--mode", "photo", "--set", "storage.jpeg_quality=90")[0]
        == 0
    )
    assert (tmp_path / "plain/IMG_0001.JPG").read_bytes() == portrait.with_name("IMG_0001-plain.JPG").read_bytes()
    assert sorted(path.name for path in (tmp_path / "plain").iterdir()) == ["IMG_0001.JPG", "IMG_0001.json"]


@pytest.mark.parametrize("how", [[], ["--mode", "portrait"]])
def test_a_mask_that_was_changed_or_is_gone_is_told_with_what_to_do(portrait, ask, tmp_path, how):
    mask = portrait.with_name("IMG_0001-mask.PNG")
    mask.write_bytes(encode_png(np.full(SHAPE, 255, np.uint8)))
    code, _, error = ask("develop", portrait, "-o", tmp_path / "out", *how)
    assert code == 1 and "was changed since the photo was taken" in error and "--mask" in error
    mask.unlink()
    code, _, error = ask("develop", portrait, "-o", tmp_path / "out", *how)
    assert code == 1 and "No such file" in error and "--mode portrait --no-sidecar" in error
    assert not (tmp_path / "out").exists()


def test_without_the_sidecar_the_subject_is_looked_for_anew(portrait, ask, tmp_path):
    words = ("--mode", "portrait", "--no-sidecar", *NO_MODEL)
    code, out, error = ask("develop", portrait, "-o", tmp_path / "anew", *words)
    assert code == 0, error
    entry = entry_in(tmp_path / "anew")
    assert entry["blurred"] and entry["subject"]["is_guess"] and "its subject guessed by the" in out
    assert (tmp_path / "anew/IMG_0001-mask.PNG").read_bytes() != portrait.with_name("IMG_0001-mask.PNG").read_bytes()


def test_a_mask_painted_by_hand_wins(portrait, ask, tmp_path):
    painted = tmp_path / "mine.png"
    Image.fromarray(upright_oval(SHAPE)[:, ::-1]).convert("RGB").save(painted)
    code, out, error = ask("develop", portrait, "-o", tmp_path / "mine", "--mode", "portrait", "--mask", painted)
    assert code == 0 and "its mask painted by hand" in out, error
    assert entry_in(tmp_path / "mine")["subject"]["kind"] == "painted by hand"
    assert np.array_equal(np.asarray(Image.open(tmp_path / "mine/IMG_0001-mask.PNG")), upright_oval(SHAPE)[:, ::-1])
    assert ask("develop", portrait, "-o", tmp_path / "again", "--recipe", tmp_path / "mine/IMG_0001.json")[0] == 0
    assert (tmp_path / "again/IMG_0001.JPG").read_bytes() == (tmp_path / "mine/IMG_0001.JPG").read_bytes()


def small(path):
    Image.fromarray(upright_oval((48, 64))).save(path)


def see_through(path):
    Image.fromarray(upright_oval(SHAPE)).convert("RGBA").save(path)


def deep(path):
    Image.fromarray(upright_oval(SHAPE).astype(np.uint16) * 257).save(path)


def torn(path):
    path.write_bytes(encode_png(upright_oval(SHAPE))[:300])


def no_picture(path):
    path.write_text("white where I am")


def empty(path):
    path.write_bytes(encode_png(np.zeros(SHAPE, np.uint8)))


@pytest.mark.parametrize(
    ("paint", "words"),
    [
        (small, "64 x 48 pixels, the picture 640 x 480"),
        (see_through, "RGBA pixels; a mask is 8-bit grey"),
        (deep, "pixels; a mask is 8-bit grey"),
        (torn, "no whole PNG"),
        (no_picture, "no whole PNG"),
        (empty, "mask"),
        (lambda path: None, "There is no mask"),
    ],
)
def test_what_is_no_mask_of_this_picture_is_refused_in_words(portrait, ask, tmp_path, paint, words):
    paint(tmp_path / "mine.png")
    command = ("develop", portrait, "-o", tmp_path / "out", "--mode", "portrait", "--mask", tmp_path / "mine.png")
    code, _, error = ask(*command)
    assert (code, error.count("\n")) == (1, 2), error  # progress, then the error
    assert words in error
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["--f-number", "2"], "add --mode portrait"),
        (["--set", "bokeh.f_number=2"], "add --mode portrait"),
        (["--mask", "m.png"], "add --mode portrait"),
        (["--mode", "photo", "--f-number", "2"], "mode photo blurs nothing"),
        (["--mode", "portrait", "--mask", "m.png", "IMG_0002.DNG"], "name one file"),
    ],
)
def test_what_is_for_portraits_only_is_refused_elsewhere(portrait, ask, words, says):
    code, _, error = ask("develop", portrait, *words)
    assert code == 2 and says in error


@pytest.mark.parametrize("number", ["0.5", "99", "nan", "wide", ""])
def test_an_opening_that_no_lens_has_is_refused_with_the_range(portrait, ask, number):
    code, _, error = ask("develop", portrait, "--mode", "portrait", "--f-number", number)
    assert code == 1 and "f_number" in error


@pytest.mark.parametrize(
    ("mask", "words"),
    [("IMG_0001-mask.PNG", "must name file and sha256"), ({"file": "../x.PNG", "sha256": ""}, "own folder")],
)
def test_a_sidecar_that_names_no_proper_mask_is_refused(portrait, ask, tmp_path, mask, words):
    sidecar = portrait.with_suffix(".json")
    stored = json.loads(sidecar.read_text())
    stored["portrait"]["mask"] = mask
    sidecar.write_text(json.dumps(stored))
    code, _, error = ask("develop", portrait, "-o", tmp_path / "out")
    assert code == 1 and words in error


def test_a_portrait_whose_mask_was_not_kept_says_how_to_make_one_anew(portrait, ask, tmp_path):
    sidecar = portrait.with_suffix(".json")
    stored = json.loads(sidecar.read_text())
    stored["portrait"]["mask"] = None
    sidecar.write_text(json.dumps(stored))
    code, _, error = ask("develop", portrait, "-o", tmp_path / "out")
    assert code == 1 and "was not kept" in error and "--mode portrait" in error


def test_files_of_an_earlier_portrait_are_not_replaced_without_being_told(portrait, ask, tmp_path):
    (tmp_path / "out").mkdir()
    mine = tmp_path / "out/IMG_0001-mask.PNG"
    mine.write_bytes(b"mine")
    code, _, error = ask("develop", portrait, "-o", tmp_path / "out")
    assert (code, mine.read_bytes()) == (1, b"mine") and "--force" in error
    assert ask("develop", portrait, "-o", tmp_path / "out", "--force")[0] == 0


def test_a_second_photo_without_parallax_is_told_and_the_ground_decides(portrait, ask, tmp_path):
    words = ("develop", portrait, "--mode", "portrait")
    assert ask(*words, "-o", tmp_path / "one")[0] == 0
    code, _, error = ask(*words, "-o", tmp_path / "two", "--second", portrait.with_name("IMG_0002.DNG"))
    assert code == 0, error
    second = entry_in(tmp_path / "two")["second"]
    assert (second["file"], second["depth"]) == ("IMG_0002.DNG", False) and second["why"]
    assert (tmp_path / "two/IMG_0001.JPG").read_bytes() == (tmp_path / "one/IMG_0001.JPG").read_bytes()


def seen_from_beside(frame):
    """The frame as a second camera sees it: what the oval mask holds lies 16 pixels over, the rest 4."""
    far, near = (np.roll(frame.pixels, -shift, axis=1) for shift in (4, 16))
    is_near = np.roll(upright_oval(SHAPE), -16, axis=1) > 127
    return dataclasses.replace(frame, pixels=np.where(is_near, near, far))


@pytest.mark.slow
def test_a_second_photo_with_parallax_sets_the_blur_by_real_depth(portrait, ask, tmp_path):
    right = tmp_path / "right.DNG"
    right.write_bytes(b"".join(encode_dng(seen_from_beside(read_raw(portrait)), None)))
    words = ("develop", portrait, "--mode", "portrait", "--f-number", "1.2")
    assert ask(*words, "-o", tmp_path / "one")[0] == 0
    code, _, error = ask(*words, "-o", tmp_path / "two", "--second", right)
    assert code == 0, error
    assert entry_in(tmp_path / "two")["second"] == {"file": "right.DNG", "depth": True, "why": None}
    assert (tmp_path / "two/IMG_0001.JPG").read_bytes() != (tmp_path / "one/IMG_0001.JPG").read_bytes()


def test_a_blur_by_depth_is_not_claimed_to_be_in_the_recipe(portrait, ask, tmp_path):
    sidecar = portrait.with_suffix(".json")
    stored = json.loads(sidecar.read_text())
    stored["portrait"]["second"] = {"file": "right.DNG", "depth": True, "why": None}
    sidecar.write_text(json.dumps(stored))
    code, _, error = ask("develop", portrait, "-o", tmp_path / "out")
    assert code == 1 and "--mode portrait --second right.DNG" in error
    assert ask("develop", portrait, "-o", tmp_path / "out", "--mode", "portrait")[0] == 0


def test_every_step_of_a_portrait_can_be_looked_at(portrait, ask, tmp_path):
    assert ask("develop", portrait, "-o", tmp_path / "steps", "--show-steps")[0] == 0
    steps = sorted(path.name for path in (tmp_path / "steps/IMG_0001-steps").iterdir())
    assert steps[9:12] == ["10-colour.png", "11-bokeh.png", "12-local_tone.png"] and len(steps) == 15
    assert (tmp_path / "steps/IMG_0001.JPG").read_bytes() == portrait.with_suffix(".JPG").read_bytes()

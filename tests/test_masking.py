"""From a photo to its mask: whoever answers, the story says who; whoever does not, the reason is there."""

from __future__ import annotations

import hashlib
import os
import select
import threading
from pathlib import Path

import numpy as np
import pytest
from measures.delegates import delegate
from PIL import Image

from accelerators.mask_story import Story
from accelerators.masking import Gate, Masking, Means
from accelerators.runtime.answer import Answer
from accelerators.subject.subject import NoSubject
from firmware.cameras.simulation.photographs import picture_folder

ROOT = Path(__file__).parents[1]
SHARED_MODELS = Path(os.environ.get("NIGHTJAR_SHARED", ROOT.parent / "shared")) / "models"
PATIENCE_S = 30.0
GUESSING, HONEST = Gate(0.5), Gate(0.5, guesses=False)


@pytest.fixture(scope="module")
def astronaut():
    folder = picture_folder()
    if folder is None:
        pytest.skip("scikit-image is not installed")
    with Image.open(folder / "astronaut.png") as picture:
        return np.asarray(picture.convert("RGB").resize((320, 320)))


@pytest.fixture
def masking(tmp_path):
    """Makes one; its models are in the test's own folder."""
    made = []

    def make(**means):
        made.append(Masking(Means("fast", tmp_path / "models", **means)))
        return made[-1]

    yield make
    for one in made:
        one.close()


def install(folder):
    from accelerators.models.catalogue import find_model, read_catalogue
    from accelerators.models.fetch import Sources, fetch

    if not SHARED_MODELS.is_dir():
        pytest.skip(f"{SHARED_MODELS} is not there; name the shared folder in NIGHTJAR_SHARED")
    fetch([find_model("fast", read_catalogue())], folder, Sources((SHARED_MODELS,), address=None), lambda *_: None)


def assert_is_her(mask):
    assert (mask.shape, mask.dtype) == ((320, 320), np.uint8)
    assert mask[40:110, 120:160].mean() > 200, "her face"
    assert mask[:30, :30].mean() < 20, "the flag"


def test_without_a_model_the_subject_is_guessed_and_the_story_has_the_command(masking, astronaut):
    one = masking()
    found = one.find(astronaut, GUESSING)
    assert_is_her(found.mask)
    assert found.story["subject"]["is_guess"] and found.story["device"] is None
    assert "nightjar models fetch" in found.story["without_model"]
    assert set(found.story["ms"]) == {"subject", "matte"}
    assert "nightjar models fetch" in one.report()["lacking"]


def test_whoever_wants_no_guess_gets_the_reason(masking, astronaut):
    found = masking().find(astronaut, HONEST)
    assert found.mask is None
    assert "without_model" in found.story["why"] and "nightjar models fetch" in found.story["why"]


def test_a_model_that_is_installed_while_the_camera_runs_answers_from_then_on(masking, astronaut, tmp_path):
    one = masking(device="cpu")
    assert one.find(astronaut, HONEST).mask is None
    install(tmp_path / "models")
    found = one.find(astronaut, HONEST)
    assert_is_her(found.mask)
    story = found.story
    assert (story["device"], story["subject"]["names"][0], story["without_model"]) == ("cpu", "person", None)
    assert len(story["model_sha256"]) == 64 and story["ms"]["network"] > 0
    assert (one.report()["lacking"], one.report()["device"]["answered_by"]) == (None, "cpu")
    looked = one.look(astronaut, HONEST)
    assert looked.shape == (320, 320) and looked[40:110, 120:160].mean() > 200


@pytest.mark.parametrize("damage", [lambda data: data[: len(data) // 2], lambda data: data[:-8] + bytes(8)])
def test_a_truncated_or_altered_model_is_not_run(masking, astronaut, tmp_path, damage):
    install(tmp_path / "models")
    for file in (tmp_path / "models").glob("*_logits.tflite"):
        file.write_bytes(damage(file.read_bytes()))
    found = masking(device="cpu").find(astronaut, HONEST)
    assert found.mask is None
    assert "_logits.tflite" in found.story["why"] and "nightjar models fetch" in found.story["why"]


def test_without_the_stick_that_the_settings_name_the_processor_answers_and_the_story_says_why(
    masking, astronaut, tmp_path
):
    install(tmp_path / "models")
    found = masking(device="usb:0", library=str(tmp_path / "no-libedgetpu.so")).find(astronaut, HONEST)
    assert_is_her(found.mask)
    assert found.story["device"] == "cpu"
    assert "stick" in found.story["fell_back"] or "libedgetpu" in found.story["fell_back"]


def test_nothing_in_the_picture_is_a_reason(masking):
    found = masking().find(np.full((240, 320, 3), 128, np.uint8), GUESSING)
    assert found.mask is None and found.story["why"] and found.story["subject"] is None


@pytest.mark.parametrize(
    "picture", [np.zeros((0, 0, 3), np.uint8), np.zeros((8, 8), np.uint8), np.zeros((8, 8, 3), np.float32), None]
)
def test_what_is_no_picture_is_a_reason_too(masking, picture):
    found = masking().find(picture, GUESSING)
    assert found.mask is None and "no mask could be made" in found.story["why"]


def test_a_live_picture_has_no_guess(masking, astronaut):
    from accelerators.errors import ModelError

    with pytest.raises(ModelError, match="nightjar models fetch"):
        masking().look(astronaut, GUESSING)


def test_things_can_be_left_out(masking, tmp_path):
    install(tmp_path / "models")
    folder = picture_folder()
    if folder is None:
        pytest.skip("scikit-image is not installed")
    with Image.open(folder / "coffee.png") as picture:
        cup = np.asarray(picture.convert("RGB"))
    one = masking(device="cpu")
    assert one.find(cup, Gate(0.3, objects=True)).mask is not None
    without = one.find(cup, Gate(0.3, objects=False))
    assert without.mask is None
    assert isinstance(one.look(cup, Gate(0.3, objects=False)), NoSubject)


def test_the_story_tells_of_every_device_and_of_a_fall_back_that_is_over():
    answers = iter(
        [
            Answer(np.zeros(1), "cpu", "net.tflite", 5.0, "usb:0 is being started; it takes a later picture", "a" * 64),
            Answer(np.zeros(1), "usb:0", "net_edgetpu.tflite", 2.0, "", "b" * 64),
        ]
    )
    told = Story()
    heard = told.hearing(lambda picture: next(answers))
    for _ in range(2):
        heard(np.zeros(1))
    story = told.ending()
    assert story["device"] == "cpu and usb:0"
    assert story["fell_back"] == "usb:0 is being started; it takes a later picture"
    assert (story["model"], story["model_sha256"], story["ms"]) == ("net_edgetpu.tflite", "b" * 64, {"network": 7.0})


def test_a_model_removed_or_exchanged_under_a_running_camera_serves_on_and_the_story_is_of_what_was_run(
    masking, astronaut, tmp_path
):
    install(tmp_path / "models")
    one = masking(device="cpu")
    before = one.find(astronaut, HONEST).story
    file = tmp_path / "models" / before["model"]
    assert before["model_sha256"] == hashlib.sha256(file.read_bytes()).hexdigest()
    file.unlink()
    removed = one.find(astronaut, HONEST)
    assert_is_her(removed.mask)
    file.write_bytes(b"another")
    exchanged = one.find(astronaut, HONEST)
    assert {found.story["model_sha256"] for found in (removed, exchanged)} == {before["model_sha256"]}


def test_closing_waits_for_nobody_and_lets_a_picture_in_work_be_finished(masking, astronaut, tmp_path):
    install(tmp_path / "models")
    library = delegate("hangs", tmp_path)
    if library is None:
        pytest.skip("no g++ to compile a delegate library with")
    one, found = masking(device="pci", library=str(library), deadline_s=2.0), []
    work = threading.Thread(target=lambda: found.append(one.find(astronaut, HONEST)))
    work.start()
    while not (child := (one.report()["device"] or {}).get("child")):
        work.join(0.01)
    ended = os.pidfd_open(child)
    one.close()
    assert work.is_alive(), "the picture waits for its device still"
    work.join(PATIENCE_S)
    story = found[0].story
    assert (story["device"], story["without_model"], found[0].mask is None) == ("cpu", None, False)
    assert "is being started" in story["fell_back"]
    assert one.report()["device"] is None
    poll = select.poll()
    poll.register(ended, select.POLLIN)
    assert poll.poll(1000 * PATIENCE_S), "the device's process lives on"
    os.close(ended)


def test_after_closing_nothing_is_left_running(masking, astronaut, tmp_path):
    install(tmp_path / "models")
    one = masking(device="cpu")
    one.warm_up()
    assert one.report()["state"] == "ready"
    one.close()
    assert one.report()["device"] is None

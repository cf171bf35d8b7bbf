"""`nightjar zoom`, the zoom button, status and the live picture, of a running camera."""

from __future__ import annotations

import base64
import json
from pathlib import Path

import numpy as np
import pytest
import simplejpeg

from firmware.cli import main
from firmware.commands.status import lines
from firmware.control.client import RequestRefused
from firmware.errors import ZoomError
from firmware.files.raw_files import read_frame
from firmware.settings import ZoomSettings
from firmware.zoom.chosen import FILE, STEPS, ChosenZoom

LONG_PRESS_S = 0.5
# Of pictures, until one shows what was chosen: they come eight times a second, and answers faster.
MOST_LOOKS = 5000


@pytest.fixture(scope="module")
def camera(module_bench):
    """With a zoom button, and a preview."""
    return module_bench.start(
        buttons__zoom_pin=5,
        buttons__long_press_s=LONG_PRESS_S,
        preview__frames_per_second=8,
        zoom__frames=6,
        zoom__dim_frames=6,
        simulated__handshake_px=8.0,
    )


@pytest.fixture
def zoomed(camera):
    """The camera with nothing chosen, in mode photo, and left so."""
    yield camera
    camera.call("mode", name="photo")
    camera.call("zoom", reset=True)


@pytest.fixture
def ask(capsys):
    """Run a command against this camera. Returns (exit code, stdout, stderr)."""

    def run(camera, *words):
        code = main([*words, "--config", str(camera.config), "--set", f"control.socket={camera.socket}"])
        return code, *capsys.readouterr()

    return run


def seen(camera, zoom) -> np.ndarray:
    """The first live picture with this zoom."""
    pictures = (camera.call("view") for _ in range(MOST_LOOKS))
    picture = next(picture for picture in pictures if picture["zoom"] == zoom)
    return simplejpeg.decode_jpeg(base64.b64decode(picture["jpeg"])).astype(float)


def coarse(picture, block_px) -> np.ndarray:
    """In blocks so large that the hand, which moved between two pictures, does not matter."""
    height, width, _ = picture.shape
    return picture.reshape(height // block_px, block_px, width // block_px, block_px, 3).mean(axis=(1, 3))


def test_the_command_shows_what_holds_and_what_photos_come_of_it(zoomed, ask):
    code, out, _ = ask(zoomed, "zoom")
    assert code == 0
    assert out.splitlines() == [
        "2 times, as the settings say",
        "the middle 320 x 240 of the frame become photos of 640 x 480",
        "mode photo does not zoom; press the mode button until one does, or: nightjar shoot --zoom",
    ]


def test_the_command_chooses_and_goes_back(zoomed, ask):
    assert ask(zoomed, "zoom", "2.5")[1].startswith("2.5 times, chosen\n")
    assert json.loads(ask(zoomed, "zoom", "1.5x", "--json")[1])["factor"] == 1.5
    assert ask(zoomed, "zoom", "reset")[1].startswith("2 times, as the settings say\n")


@pytest.mark.parametrize(
    ("words", "code", "complaint"),
    [
        (["4"], 1, "A zoom of 4.0 is not allowed; it must be a number, 1 to 3."),
        (["0.5"], 1, "1 to 3"),
        (["-2"], 1, "A zoom of -2.0 is not allowed"),
        (["nan"], 2, "'nan' is no zoom; it must be a number, 1 to 3"),
        (["1e999"], 2, "is no zoom"),
        (["far"], 2, "'far' is no zoom"),
        (["2", "3"], 2, "unrecognized"),
    ],
)
def test_what_is_no_zoom_is_refused_in_words(zoomed, ask, words, code, complaint):
    found, _, error = ask(zoomed, "zoom", *words)
    assert (found, complaint in error) == (code, True), error
    assert zoomed.call("zoom")["factor"] == 2.0


@pytest.mark.parametrize("params", [{"factor": "2"}, {"factor": True}, {"factor": 0}, {"times": 2.0}, {"reset": 1}])
def test_the_socket_refuses_what_is_no_zoom(zoomed, params):
    with pytest.raises(RequestRefused):
        zoomed.call("zoom", **params)
    assert zoomed.call("zoom")["chosen"] is False


def test_a_shot_with_a_zoom_that_cannot_be_takes_no_photo(zoomed, ask):
    taken = zoomed.call("status")["photos"]["taken"]
    assert ask(zoomed, "shoot", "--zoom", "5")[0] == 1
    assert "Mode night does not zoom" in ask(zoomed, "shoot", "--zoom", "2", "--mode", "night")[2]
    assert ask(zoomed, "shoot", "--zoom", "close")[0] == 2
    assert zoomed.call("status")["photos"]["taken"] == taken


def test_one_photo_is_zoomed_by_what_its_frames_measured_and_the_camera_stays_as_it_is(zoomed, ask):
    code, out, error = ask(zoomed, "shoot", "--zoom", "1.5")
    assert code == 0, error
    assert "zoomed 1.5 times, " in out and " % measured" in out
    photo = Path(zoomed.call("status")["photos"]["last"])
    told = json.loads(photo.with_suffix(".json").read_text())
    entry = told["zoom"]
    assert (told["mode"], entry["asked"], entry["factor"], entry["rung"]) == ("zoom", 1.5, 1.5, "measured")
    assert entry["shares"]["measured"] > 0.5 and entry["frames_behind"] > 2
    shapes = [simplejpeg.decode_jpeg(photo.read_bytes()).shape, read_frame(photo.with_suffix(".DNG")).pixels.shape]
    assert shapes == 2 * [(480, 638, 3)]
    assert zoomed.call("status")["mode"] == "photo"


def test_the_button_zooms_in_and_held_shows_all_of_the_frame(zoomed):
    zoomed.press("zoom")
    status = zoomed.until(lambda status: status["mode"] == "zoom")
    assert status["zoom"]["factor"] == 2.0
    assert "mode     zoom, zoom 2 " in "\n".join(lines(status))
    zoomed.press("zoom")
    zoomed.until(lambda status: status["zoom"]["factor"] == 3.0)
    zoomed.call("bench.pin", button="zoom", level=0)
    zoomed.until(lambda status: status["zoom"]["factor"] == 1.0)
    zoomed.call("bench.pin", button="zoom", level=1)
    assert zoomed.until(lambda status: status["zoom"]["chosen"])["mode"] == "zoom"


def test_the_live_picture_shows_the_part_at_its_usual_size_and_follows_the_factor(zoomed):
    whole = seen(zoomed, None)
    zoomed.call("mode", name="zoom")
    double = seen(zoomed, 2.0)
    assert double.shape == whole.shape
    middle, as_wide, zoomed_in = coarse(whole[120:360, 160:480], 20), coarse(whole, 40), coarse(double, 40)
    near, far = (np.abs(zoomed_in - other).mean() for other in (middle, as_wide))
    assert near < far / 3, "the zoomed picture is the whole one's middle, in the same light"
    zoomed.call("zoom", factor=3)
    assert seen(zoomed, 3.0).shape == (480, 636, 3), "as wide for its height as the photo"


@pytest.mark.slow
def test_what_was_chosen_is_kept_when_the_camera_is_switched_off(bench):
    bench.start()
    bench.call("zoom", factor=1.5)
    assert bench.stop() == 0
    bench.start()
    assert bench.call("zoom")["factor"] == 1.5
    bench.call("zoom", reset=True)
    assert (bench.call("zoom")["factor"], bench.call("zoom")["chosen"]) == (2.0, False)


def test_a_choice_is_kept_and_one_that_is_damaged_counts_for_nothing_and_is_told(tmp_path):
    settings = ZoomSettings(factor=1.5)
    kept = ChosenZoom(tmp_path)
    kept.open()
    assert (kept.factor(settings), kept.is_chosen, kept.trouble) == (1.5, False, "")
    kept.choose(3)
    again = ChosenZoom(tmp_path)
    again.open()
    assert again.factor(settings) == 3.0
    of_factor = '{"format": 1, "factor": %s}'
    for damage in (of_factor % 9, of_factor % "NaN", of_factor % '"2"', "{", "[]", '{"format": 2, "factor": 2}'):
        (tmp_path / FILE).write_text(damage)
        other = ChosenZoom(tmp_path)
        other.open()
        assert other.factor(settings) == 1.5 and "is damaged, the settings' zoom holds" in other.trouble
        other.choose(2.0)
        assert other.trouble == ""


def test_a_folder_that_cannot_be_written_leaves_the_choice_until_the_camera_is_switched_off(tmp_path):
    chosen = ChosenZoom(tmp_path / "none")
    chosen.choose(3.0)
    assert chosen.factor(ZoomSettings()) == 3.0
    assert "it was not kept" in chosen.trouble
    with pytest.raises(ZoomError):
        chosen.choose(3.1)


def test_the_button_s_steps_come_round_from_anywhere(tmp_path):
    chosen, settings = ChosenZoom(tmp_path), ZoomSettings(factor=2.7)
    assert [chosen.choose_next(settings) for _ in range(5)] == [3.0, *STEPS]

"""A camera that falls silent, tears or repeats its frames, or is not there: what the user reads, and the way back.

The simulated camera's ribbon cable is a file, so that a test can pull it, shake it and put it back.
"""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest

from firmware.commands.status import lines
from firmware.control.client import RequestRefused
from firmware.files.raw_files import read_raw

pytestmark = pytest.mark.faults

# Long enough that the cable can be pulled in the middle of it, on a busy machine too.
LONG_BURST = {
    "exposure__fixed_us": 200_000,
    "exposure__fixed_gain": 8.0,
    "night__clean_shadow": 200.0,
    "night__handheld_frames": 40,
    "night__tripod_frames": 40,
}
# How long a whole camera may take to be back, once its cable sits well again.
BACK_WITHIN_S = 15.0


@pytest.fixture
def cable(bench):
    """The file that stands for the ribbon cable; it sits well."""
    path = bench.folder / "cable"
    path.write_text("fine\n")
    return path


def start(bench, cable, **settings):
    return bench.start(simulated__cable=cable, camera__frame_timeout_s=0.5, **settings)


def shown(status: dict) -> str:
    """What `nightjar status` prints."""
    return "\n".join(lines(status))


def back_again(bench) -> None:
    """Ready within the limit without anybody's help, and it takes photos."""
    began_s = time.monotonic()
    status = bench.until(lambda status: status["state"] == "ready" and status["camera"]["frame_age_s"] < 1)
    assert time.monotonic() - began_s < BACK_WITHIN_S
    assert status["light"] != "error"
    assert bench.call("shoot")["saved"]


def test_a_camera_that_stops_delivering_is_reopened_until_it_delivers_again(bench, cable):
    start(bench, cable)
    cable.write_text("silent\n")
    assert "stalled: The simulated imx219 gave no frame within" in bench.wait_for("stalled")
    status = bench.until(lambda status: status["camera"]["stalls"] >= 2)
    assert (status["state"], status["light"]) == ("stalled", "error")
    assert "warning  stalled: The simulated imx219 gave no frame" in shown(status)
    with pytest.raises(RequestRefused, match=r"not ready|No frame came"):
        bench.call("shoot")
    cable.write_text("fine\n")
    back_again(bench)
    assert "fell silent" in shown(bench.call("status"))


def test_every_third_frame_torn_costs_no_photo_and_none_of_them_is_in_one(bench, cable):
    start(bench, cable, darkroom__mode="night", exposure__fixed_us=20_000, exposure__fixed_gain=8.0)
    cable.write_text("torn 3\n")
    status = bench.until(lambda status: status["camera"]["torn"] >= 3)
    assert (status["state"], status["camera"]["stalls"]) == ("ready", 0)
    assert "torn and 0 repeated frames were left out" in shown(status)
    assert "ribbon cable" in shown(status)
    bench.wait_for("leaving out bad frames")
    photo = bench.call("shoot")
    burst = json.loads(Path(photo["sidecar"]).read_text())["burst"]
    assert burst["collected"] == burst["plan"]["frames"]
    assert burst["frames_refused"] == []
    assert read_raw(Path(photo["dng"])).shot.frames == burst["collected"]


def test_a_frame_that_is_handed_over_twice_is_taken_once(bench, cable):
    start(bench, cable)
    cable.write_text("repeating 2\n")
    status = bench.until(lambda status: status["camera"]["repeated"] >= 3)
    assert (status["state"], status["camera"]["torn"], status["camera"]["stalls"]) == ("ready", 0, 0)
    assert "0 torn and" in shown(status)
    assert bench.call("shoot")["saved"]
    frames, repeated = (bench.call("status")["camera"][name] for name in ("frames", "repeated"))
    assert frames >= repeated  # the ring took every other one


@pytest.mark.parametrize("fault", ["torn", "repeating"])
def test_nothing_but_bad_frames_is_silence_and_ends_by_itself(bench, cable, fault):
    start(bench, cable)
    cable.write_text(f"{fault}\n")
    assert "No whole frame for" in bench.wait_for("stalled")
    status = bench.call("status")
    assert "ribbon cable" in status["camera"]["reason"]
    assert (status["state"], status["light"]) == ("stalled", "error")
    frames = status["camera"]["frames"]
    assert bench.until(lambda status: status["camera"]["stalls"] >= 2)["camera"]["frames"] == frames
    cable.write_text("fine\n")
    back_again(bench)


def test_a_camera_that_is_not_there_at_the_start_is_found_when_it_comes(bench, cable):
    cable.unlink()
    bench.launch(simulated__cable=cable, camera__frame_timeout_s=0.5)
    assert "STATUS=no camera: No camera module" in bench.wait_for("READY=1")
    status = bench.call("status")
    assert (status["state"], status["light"]) == ("no camera", "error")
    assert f"warning  no camera: No camera module: {cable}" in shown(status)
    with pytest.raises(RequestRefused, match="not ready"):
        bench.call("shoot")
    cable.write_text("fine\n")
    back_again(bench)


def test_a_camera_that_goes_while_it_is_opened_is_found_again(bench, cable):
    cable.write_text("silent\n")
    bench.launch(simulated__cable=cable, camera__frame_timeout_s=0.5)
    bench.wait_for("stalled")
    cable.unlink()
    assert "No camera module" in bench.wait_for("no camera")
    cable.write_text("fine\n")
    back_again(bench)


def test_a_camera_unplugged_in_a_burst_leaves_the_photo_of_the_frames_at_hand(bench, cable):
    start(bench, cable, darkroom__mode="night", **LONG_BURST)
    bench.press()
    bench.until(lambda status: status["burst"] and status["burst"]["collected"] >= 3)
    cable.unlink()
    status = bench.until(lambda status: status["photos"]["taken"] == 1)
    burst = json.loads(Path(status["photos"]["last"]).with_suffix(".json").read_text())["burst"]
    assert 3 <= burst["collected"] < burst["plan"]["frames"]
    assert "the camera fell silent" in burst["ended"]
    cable.write_text("fine\n")
    back_again(bench)

"""The wall clock steps by years while the camera shoots: order, names and watchdog hold, and no date is made up.

Only the daemon's own wall clock is moved (wall_clock.c). The times of the files are the kernel's; the whole machine's
clock is moved in tests/vm.
"""

from __future__ import annotations

import datetime
import json
import shutil
import subprocess
import time
from pathlib import Path

import pytest
from PIL import Image

from firmware.commands.status import lines

pytestmark = pytest.mark.faults

YEAR_S = 31_556_952
# Long enough for the clock to step twice in it, on a busy machine too.
LONG_BURST = {
    "exposure__fixed_us": 200_000,
    "exposure__fixed_gain": 8.0,
    "night__clean_shadow": 200.0,
    "night__handheld_frames": 25,
    "night__tripod_frames": 25,
}
DATE_TIME_ORIGINAL, EXIF = 36867, 0x8769


class Clock:
    """The daemon's wall clock, and the environment it is started with."""

    def __init__(self, folder: Path) -> None:
        library, self._offset = folder / "wall_clock.so", folder / "offset"
        compiler = shutil.which("gcc") or pytest.skip("no gcc to build wall_clock.c with")
        source = Path(__file__).with_name("wall_clock.c")
        subprocess.run([compiler, "-shared", "-fPIC", "-O1", "-o", library, source], check=True)
        self.environment = {"LD_PRELOAD": str(library), "WALL_CLOCK_OFFSET": str(self._offset)}

    def step(self, seconds: float) -> None:
        """Be so far off from now on."""
        self._offset.write_text(f"{seconds:.0f}\n")


@pytest.fixture
def clock(bench):
    return Clock(bench.folder)


def facts(answer: dict) -> dict:
    return json.loads(Path(answer["sidecar"]).read_text())


def taken(answer: dict) -> str | None:
    """Exif's DateTimeOriginal of the JPEG."""
    with Image.open(answer["jpeg"]) as picture:
        return picture.getexif().get_ifd(EXIF).get(DATE_TIME_ORIGINAL)


def test_order_and_names_hold_while_the_clock_steps_by_years(bench, clock):
    bench.start(clock.environment | {"WATCHDOG_USEC": "3000000"})
    photos = []
    years = [0, -30, 20, -10, 40, -56, 0]
    for step in years:
        clock.step(step * YEAR_S)
        photos.append(bench.call("shoot"))
    status = bench.call("status")
    assert (status["state"], status["camera"]["stalls"]) == ("ready", 0)
    assert [photo["number"] for photo in photos] == list(range(1, len(years) + 1))
    assert [Path(photo["jpeg"]).name for photo in photos] == [f"IMG_{n:04d}.JPG" for n in range(1, len(years) + 1)]
    shots = [facts(photo)["shot"] for photo in photos]
    stamps = [shot["timestamp_ns"] for shot in shots]
    assert stamps == sorted(set(stamps))
    this_year = datetime.datetime.now(datetime.UTC).year
    for step, photo, shot in zip(years, photos, shots, strict=True):
        said = datetime.datetime.fromtimestamp(shot["wall_time_ns"] / 1e9, datetime.UTC).year
        assert abs(said - this_year - step) <= 1, "the sidecar keeps what the clock said"
        if this_year + step < 2025:
            assert taken(photo) is None, "a date that cannot be is none"
        else:
            assert taken(photo).startswith(str(said))
    bench.wait_for("WATCHDOG=1")
    bench.stop()
    clock.step(-30 * YEAR_S)
    bench.start(clock.environment)
    assert bench.call("shoot")["number"] == len(years) + 1, "numbers go on after a start in the past"


def test_a_clock_that_was_never_set_is_told_until_it_is(bench, clock):
    clock.step(5 - time.time())
    bench.start(clock.environment)
    status = bench.call("status")
    assert status["state"] == "ready"
    shown = "\n".join(lines(status))
    assert "The clock says 1970-01-01 and was never set" in shown
    assert "sudo date -s" in shown
    early = bench.call("shoot")
    clock.step(0)
    late = bench.until(lambda status: not status["warnings"]) and bench.call("shoot")
    assert (taken(early), late["number"]) == (None, early["number"] + 1)
    assert taken(late)[:4] in (str(datetime.datetime.now(datetime.UTC).year),)


def test_a_burst_is_whole_though_the_clock_steps_in_it(bench, clock):
    clock.step(0)
    bench.start(clock.environment, darkroom__mode="night", **LONG_BURST)
    bench.press()
    bench.until(lambda status: status["burst"] and status["burst"]["collected"] >= 2)
    clock.step(-20 * YEAR_S)
    bench.until(lambda status: status["burst"] and status["burst"]["collected"] >= 4)
    clock.step(20 * YEAR_S)
    status = bench.until(lambda status: status["photos"]["taken"] == 1)
    burst = json.loads(Path(status["photos"]["last"]).with_suffix(".json").read_text())["burst"]
    assert burst["collected"] == burst["plan"]["frames"]
    assert burst["frames_lost"] == 0

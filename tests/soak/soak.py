"""`make soak`: every mode for half an hour, on a busy machine, and what grows meanwhile.

Rounds follow each other. In each a finger goes through all modes and presses at random moments, callers ask for
everything, neighbours take the processor, and every other round the settings change. At its end, when nothing is in
work, the daemon's memory, descriptors, threads and children are read: only such readings can be compared.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import random
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path

from fingers import Callers, Finger
from gauges import Reading, read
from presses import Outcomes
from verdict import Soaked, judge, print_report
from watched_camera import WatchedCamera

from firmware.demo.models_at_hand import find_models
from firmware.errors import ControlError
from firmware.night.board import Board

UNIT = Path(__file__).resolve().parents[2] / "systemd" / "nightjar.service"
# A sensor's middle mode, frames that a busy machine can draw, bursts that do not fill the half hour.
SETTINGS = {
    "simulated.sensor": "imx219",
    "simulated.scene": "astronaut",
    "simulated.lux": 60,
    "camera.width_px": 1640,
    "camera.height_px": 1232,
    "camera.frames_per_second": 10,
    "ring.memory_mb": 60,
    "night.total_s": 2.0,
    "zoom.frames": 5,
    "zoom.dim_frames": 6,
    "storage.free_space_floor_mb": 0,
}
# Both are read with SIGHUP, in turn.
CHANGING = (
    "[preview]\nframes_per_second = 0\n[storage]\njpeg_quality = 80\n[sharpen]\namount = 0.7\n",
    "[preview]\nframes_per_second = 5\n[storage]\njpeg_quality = 93\n[darkroom]\nthreads = 2\n",
)
BUSY = "import time\nwhile True:\n    end = time.time() + 2\n    while time.time() < end: pass\n    time.sleep(1.5)\n"
DONE_LIMIT_S = 180.0


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=30.0)
    parser.add_argument("--neighbours", type=int, default=os.cpu_count(), help="processes that keep a core busy")
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="nightjar-soak-") as folder, _neighbours(arguments.neighbours):
        try:
            soaked = soak(Path(folder), 60 * arguments.minutes, random.Random(arguments.seed))
        except (ControlError, AssertionError) as error:
            print(f"FAILED: {error}\n{(Path(folder) / 'log.txt').read_text()[-4000:]}")
            return 1
        failures = judge(soaked)
        print_report(soaked, failures)
        if failures:
            print("\n".join(["The log ends:", *soaked.log.read_text().splitlines()[-15:]]))
    return 1 if failures else 0


def soak(folder: Path, seconds: float, chance: random.Random) -> Soaked:
    """Use a camera for so long."""
    models = find_models(folder / "models")
    print(f"portraits: {models.said}", flush=True)
    camera = WatchedCamera(folder, _watchdog_s(UNIT), SETTINGS | {"accelerator.models_folder": models.folder})
    try:
        camera.wait_until_ready()
        return _use(camera, seconds, chance)
    finally:
        camera.kill()


def _use(camera: WatchedCamera, seconds: float, chance: random.Random) -> Soaked:
    modes = camera.ask("status")["modes"]
    finger, callers, outcomes = Finger(camera, chance), Callers(camera, chance, modes), Outcomes()
    soaked = Soaked(camera.log, outcomes, callers, camera.watchdog_s, SETTINGS["camera.frames_per_second"])
    began_s = time.monotonic()
    try:
        while time.monotonic() - began_s < seconds:
            if len(soaked.readings) % 2:
                camera.config.write_text(CHANGING[len(soaked.readings) // 2 % 2])
                camera.hang_up()
                soaked.reloads += 1
            for mode in chance.sample(modes, len(modes)):
                finger.go_to_mode(mode, modes)
                finger.shoot()
            with callers.resting():
                _wait_until_done(camera)
                outcomes.read_log(camera.log)
                outcomes.look_at_card(camera.photos)
                soaked.readings.append(read(camera.pid, time.monotonic() - began_s))
                soaked.note_temperature(Board().temperature_c())
            _tell(soaked.readings[-1], finger.pressed, len(outcomes.photos))
    finally:
        callers.close()
    _wait_until_done(camera)
    soaked.status, soaked.seconds = camera.ask("status"), time.monotonic() - began_s
    soaked.longest_silence_s = camera.longest_silence_s()
    finger.shoot()  # SIGTERM in the middle of work
    soaked.exit_code = camera.stop()
    soaked.reloads_done, soaked.pressed = camera.reloads_done, finger.pressed
    outcomes.read_log(camera.log)
    outcomes.look_at_card(camera.photos, keep=0)
    return soaked


def _wait_until_done(camera: WatchedCamera) -> None:
    deadline_s, look = time.monotonic() + DONE_LIMIT_S, threading.Event()
    while True:
        status = camera.ask("status")
        if not status["photos"]["queue"] and status["burst"] is None:
            return
        assert time.monotonic() < deadline_s, f"still in work after {DONE_LIMIT_S:g} s: {status}"
        look.wait(0.2)


def _watchdog_s(unit: Path) -> float:
    """How long systemd waits for a sign of life, as the unit says it in seconds."""
    (line,) = (line for line in unit.read_text().splitlines() if line.startswith("WatchdogSec="))
    return float(line.partition("=")[2].removesuffix("s"))


def _tell(reading: Reading, pressed: int, photos: int) -> None:
    print(
        f"{reading.at_s / 60:6.1f} min  PSS {reading.pss_mb:6.1f} MB  {reading.descriptors:3.0f} descriptors  "
        f"{reading.threads:3.0f} threads  {reading.children:.0f} children {reading.children_mb:6.1f} MB  "
        f"{pressed} presses, {photos} photos",
        flush=True,
    )


@contextlib.contextmanager
def _neighbours(count: int) -> Iterator[None]:
    processes = [subprocess.Popen([sys.executable, "-c", BUSY]) for _ in range(count)]
    try:
        yield
    finally:
        for process in processes:
            process.kill()
            process.wait()


if __name__ == "__main__":
    sys.exit(main())

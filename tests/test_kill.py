"""Pulling the plug: after kill -9 at any moment every photo is whole or not there, and no acknowledged one is lost."""

from __future__ import annotations

import json
import queue
import random
import signal
import threading
from pathlib import Path

import pytest
import simplejpeg

from firmware.control.client import RequestRefused, call
from firmware.errors import ControlError
from firmware.files.png import read_mask
from firmware.files.raw_files import read_frame

SHOOTERS = 2
LONGEST_LIFE_S = {"photo": 0.6, "night": 0.8, "portrait": 0.8, "zoom": 0.8}
# So many photos at most are waited for before the moment is drawn. On a busy machine, and of portraits on any, by the
# clock most lives would end within the first one.
MOST_BEFORE = {"photo": 1, "night": 1, "portrait": 3, "zoom": 3}
FRAME_PX = (480, 640)
SHORT_BURSTS = {"night__handheld_frames": 4, "night__tripod_frames": 4, "night__handheld_us": 20_000}
# Detail is measured only where a hand moves the picture; drawing that takes the simulated camera longer.
IN_THE_HAND = {"zoom__frames": 4, "zoom__dim_frames": 4, "simulated__handshake_px": 6.0}
# A subject that is guessed: no model needs to be installed.
GUESSED = {"simulated__scene": "astronaut", "accelerator__models_folder": "/nowhere"}
MANY = [pytest.mark.slow, pytest.mark.timeout(1200)]


class Shooters:
    """Press the shutter over the socket as fast as it answers, and remember every photo that was acknowledged.

    Two of them in a mode that takes bursts end each other's bursts, and are refused while one is merged.
    """

    def __init__(self, bench, mode: str) -> None:
        self.acknowledged: list[dict] = []
        self.news: queue.SimpleQueue[dict] = queue.SimpleQueue()
        self._socket, self._mode = bench.socket, mode
        self._threads = [threading.Thread(target=self._shoot) for _ in range(SHOOTERS)]
        for thread in self._threads:
            thread.start()

    def _shoot(self) -> None:
        while True:
            try:
                photo = call(self._socket, "shoot", {"mode": self._mode}, 20)
            except RequestRefused:
                continue
            except ControlError:
                return  # the daemon is dead
            self.acknowledged.append(photo)
            self.news.put(photo)

    def join(self) -> list[dict]:
        for thread in self._threads:
            thread.join(20)
        return self.acknowledged


def assert_whole(path: Path) -> None:
    """Every file under a photo's name can be read to its end."""
    assert path.stat().st_size > 0, f"{path} is empty"
    if path.suffix == ".JPG":
        simplejpeg.decode_jpeg(path.read_bytes())
    elif path.suffix == ".DNG":
        read_frame(path)
    elif path.suffix == ".PNG":
        read_mask(path, FRAME_PX)
    else:
        json.loads(path.read_bytes())


def live_and_die(bench, chance: random.Random, checked: set[tuple], mode: str) -> list[dict]:
    """One life of the daemon, ended at a random moment of it; checks the new files. Returns what it promised."""
    bench.launch(**SHORT_BURSTS, **GUESSED, **(IN_THE_HAND if mode == "zoom" else {}))
    moment = threading.Event()
    if chance.random() < 0.1:  # some die before they are ready
        moment.wait(chance.uniform(0.0, LONGEST_LIFE_S[mode]))
        promised = []
        bench.kill()
    else:
        bench.wait_for("READY=1")
        shooters = Shooters(bench, mode)
        for _ in range(chance.randint(0, MOST_BEFORE[mode])):
            shooters.news.get(timeout=20)
        moment.wait(chance.uniform(0.0, LONGEST_LIFE_S[mode]))
        bench.kill()
        promised = shooters.join()
    for path in bench.photos.glob("IMG_*"):
        state = (path, path.stat().st_ino)  # a merged raw file takes the place of the first frame's
        if state not in checked:
            assert_whole(path)
            checked.add(state)
    return promised


@pytest.mark.parametrize(
    ("mode", "kills"),
    [
        ("photo", 8),
        ("night", 4),
        pytest.param("photo", 200, marks=MANY),
        pytest.param("night", 32, marks=MANY),
        pytest.param("portrait", 12, marks=MANY),
        pytest.param("zoom", 12, marks=MANY),
    ],
)
def test_killing_the_daemon_while_it_shoots_loses_no_acknowledged_photo_and_tears_no_file(bench, mode, kills):
    chance, checked, promised = random.Random(kills), set(), []
    for _ in range(kills):
        before = max((photo["number"] for photo in promised), default=0)
        life = live_and_die(bench, chance, checked, mode)
        assert all(photo["number"] > before for photo in life), "a number was given twice"
        promised += life
    assert promised, "no photo was ever acknowledged: the test pressed too late"
    assert len({photo["number"] for photo in promised}) == len(promised)
    for photo in promised:
        named = [photo[kind] for kind in ("jpeg", "dng", "sidecar")] + photo["beside"]
        assert all(Path(file).is_file() for file in named), photo
    last_on_card = max(int(path.name[4:8]) for path in bench.photos.glob("IMG_*"))
    bench.start()
    assert not list(bench.photos.glob(".*")), "half-written files were not swept"
    raw_only = [path for path in bench.photos.glob("*.DNG") if not path.with_suffix(".JPG").exists()]
    warnings = "\n".join(bench.call("status")["warnings"])
    assert all(str(path) in warnings for path in sorted(raw_only)[:5])
    assert f"{len(raw_only)} photos were cut off" in warnings or not raw_only
    assert bench.call("shoot", mode=mode)["number"] > last_on_card
    assert bench.stop() == 0
    print(f"{kills} kills, {len(promised)} acknowledged photos, {len(checked)} whole files, {len(raw_only)} cut off")


@pytest.mark.parametrize("mode", ["photo", "portrait"])
def test_a_press_that_was_answered_survives_a_kill_at_once(bench, mode):
    bench.start(**GUESSED)
    photo = bench.call("shoot", mode=mode)
    bench.signal(signal.SIGKILL)
    for file in [photo[kind] for kind in ("jpeg", "dng", "sidecar")] + photo["beside"]:
        assert_whole(Path(file))
    assert len(photo["beside"]) == (2 if mode == "portrait" else 0)

"""Pulling the plug: after kill -9 at any moment every photo is whole or not there, and no acknowledged one is lost."""

from __future__ import annotations

import json
import random
import signal
import threading
from pathlib import Path

import pytest
import simplejpeg

from firmware.control.client import call
from firmware.errors import ControlError
from firmware.files.raw_files import read_raw

SHOOTERS = 2
LONGEST_LIFE_S = 0.8


class Shooters:
    """Press the shutter over the socket as fast as it answers, and remember every photo that was acknowledged."""

    def __init__(self, bench) -> None:
        self.acknowledged: list[dict] = []
        self._socket = bench.socket
        self._threads = [threading.Thread(target=self._shoot) for _ in range(SHOOTERS)]
        for thread in self._threads:
            thread.start()

    def _shoot(self) -> None:
        while True:
            try:
                self.acknowledged.append(call(self._socket, "shoot", {}, 20))
            except ControlError:
                return  # the daemon is dead

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
        read_raw(path)
    else:
        json.loads(path.read_bytes())


def live_and_die(bench, chance: random.Random, checked: set[Path]) -> list[dict]:
    """One life of the daemon, ended at a random moment of it; checks the new files. Returns what it promised."""
    bench.launch()
    moment = threading.Event()
    if chance.random() < 0.1:  # some die before they are ready
        moment.wait(chance.uniform(0.0, LONGEST_LIFE_S))
        promised = []
        bench.kill()
    else:
        bench.wait_for("READY=1")
        shooters = Shooters(bench)
        moment.wait(chance.uniform(0.0, LONGEST_LIFE_S))
        bench.kill()
        promised = shooters.join()
    for path in bench.photos.glob("IMG_*"):
        if path not in checked:
            assert_whole(path)
            checked.add(path)
    return promised


@pytest.mark.parametrize(
    "kills", [12, pytest.param(200, marks=[pytest.mark.slow, pytest.mark.timeout(1200)])], ids="{} kills".format
)
def test_killing_the_daemon_while_it_shoots_loses_no_acknowledged_photo_and_tears_no_file(bench, kills):
    chance, checked, promised = random.Random(kills), set(), []
    for _ in range(kills):
        before = max((photo["number"] for photo in promised), default=0)
        life = live_and_die(bench, chance, checked)
        assert all(photo["number"] > before for photo in life), "a number was given twice"
        promised += life
    assert promised, "no photo was ever acknowledged: the test pressed too late"
    assert len({photo["number"] for photo in promised}) == len(promised)
    for photo in promised:
        assert all(Path(photo[kind]).is_file() for kind in ("jpeg", "dng", "sidecar")), photo
    last_on_card = max(int(path.stem[-4:]) for path in bench.photos.glob("IMG_*"))
    bench.start()
    assert not list(bench.photos.glob(".*")), "half-written files were not swept"
    assert bench.call("shoot")["number"] > last_on_card
    assert bench.stop() == 0
    print(f"{kills} kills, {len(promised)} acknowledged photos, {len(checked)} whole files")


def test_a_press_that_was_answered_survives_a_kill_at_once(bench):
    bench.start()
    photo = bench.call("shoot")
    bench.signal(signal.SIGKILL)
    for kind in ("jpeg", "dng", "sidecar"):
        assert_whole(Path(photo[kind]))

"""Pulling the plug: after kill -9 at any moment every photo is whole or not there, and no acknowledged one is lost."""

from __future__ import annotations

import itertools
import queue
import random
import signal
import threading
import time
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path

import pytest
from bench_process import begin_process
from crash.forked import begin_forked
from measures.whole_photos import assert_whole

from firmware.control.client import RequestRefused, call
from firmware.errors import ControlError
from firmware.white_balance.kept import read_kept as read_balance
from firmware.zoom.chosen import STEPS
from firmware.zoom.chosen import read_kept as read_zoom

SHOOTERS = 2
LONGEST_LIFE_S = {"photo": 0.5, "plain": 0.5, "night": 0.8, "portrait": 1.5, "zoom": 1.2}
# So many photos at most are waited for before the moment is drawn. On a busy machine, and of portraits on any, by the
# clock most lives would end within the first one.
MOST_BEFORE = 1
# One in so many lives begins as a process of its own; the others are forked, which spares them the imports.
WHOLE_PROCESS_EVERY = 20
SHORT_BURSTS = {"night__handheld_frames": 4, "night__tripod_frames": 4, "night__handheld_us": 20_000}
# Detail is measured only where a hand moves the picture; drawing that takes the simulated camera longer.
IN_THE_HAND = {"zoom__frames": 4, "zoom__dim_frames": 4, "simulated__handshake_px": 6.0}
# A subject that is guessed: no model needs to be installed.
GUESSED = {"simulated__scene": "astronaut", "accelerator__models_folder": "/nowhere"}
MANY = [pytest.mark.slow, pytest.mark.timeout(1200)]
TWO_THOUSAND = {"photo": 800, "plain": 300, "night": 400, "zoom": 350, "portrait": 150}
KILLS_OF_A_CAMERA = 50
# An answer takes long where four cameras share a busy machine.
PATIENCE_S = 120.0
# Much of a life is waiting.
AT_ONCE = 4


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
                photo = call(self._socket, "shoot", {"mode": self._mode}, PATIENCE_S)
            except RequestRefused:
                continue
            except ControlError:
                return  # the daemon is dead
            self.acknowledged.append(photo)
            self.news.put(photo)

    def join(self) -> list[dict]:
        for thread in self._threads:
            thread.join(PATIENCE_S)
        return self.acknowledged


class Chooser:
    """Chooses zoom and white balance meanwhile, and knows what may be kept: what was answered last, or came after it.

    It outlives the daemon's lives.
    """

    def __init__(self, bench, chance: random.Random) -> None:
        self._bench, self._chance = bench, chance
        self._zooms: list[float | None] = [None]
        self._kelvins: list[float | None] = [None]
        self._thread: threading.Thread | None = None

    def begin(self) -> None:
        self._thread = threading.Thread(target=self._choose)
        self._thread.start()

    def check(self) -> None:
        """After the daemon's death."""
        if self._thread is not None:
            self._thread.join(PATIENCE_S)
        state = self._bench.folder / "state"
        assert read_zoom(state / "zoom.json") in self._zooms
        chosen = read_balance(state / "white-balance.json").general.choice
        assert (chosen and chosen.temperature_k) in self._kelvins

    def _choose(self) -> None:
        pause = threading.Event()
        for _ in itertools.count():
            pause.wait(self._chance.uniform(0, 0.1))
            zoom, kelvin = self._chance.choice(STEPS[1:]), float(self._chance.randint(30, 70) * 100)
            self._zooms.append(zoom)
            self._kelvins.append(kelvin)
            try:
                call(self._bench.socket, "zoom", {"factor": zoom}, PATIENCE_S)
                self._zooms = [zoom]
                call(self._bench.socket, "white_balance", {"action": "choose", "choice": f"{kelvin:.0f}K"}, PATIENCE_S)
                self._kelvins = [kelvin]
            except RequestRefused:
                continue
            except ControlError:
                return  # the daemon is dead


def live_and_die(bench, chance: random.Random, checked: set[tuple], mode: str, chooser: Chooser | None) -> list[dict]:
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
        if chooser is not None:
            chooser.begin()
        for _ in range(chance.randint(0, MOST_BEFORE)):
            shooters.news.get(timeout=PATIENCE_S)
        moment.wait(chance.uniform(0.0, LONGEST_LIFE_S[mode]))
        bench.kill()
        promised = shooters.join()
    if chooser is not None:
        chooser.check()
    for path in bench.photos.glob("IMG_*"):
        state = (path, path.stat().st_ino)  # a merged raw file takes the place of the first frame's
        if state not in checked:
            assert_whole(path)
            checked.add(state)
            has_recipe = path.with_name(f"{path.name[:8]}.json").exists()
            assert has_recipe or path.suffix != ".JPG" or "plain" in path.name, f"{path} has lost its recipe"
    return promised


def die_often(bench, chance: random.Random, mode: str, kills: int, changes_settings: bool = False) -> dict[str, int]:
    """So many lives of one camera; then one more, which must find everything that was promised. Returns the counts."""
    checked, promised = set(), []
    chooser = Chooser(bench, chance) if changes_settings else None
    for _ in range(kills):
        before = max((photo["number"] for photo in promised), default=0)
        life = live_and_die(bench, chance, checked, mode, chooser)
        assert all(photo["number"] > before for photo in life), "a number was given twice"
        promised += life
    assert promised, "no photo was ever acknowledged: the test pressed too late"
    assert len({photo["number"] for photo in promised}) == len(promised)
    for photo in promised:
        named = [photo[kind] for kind in ("jpeg", "dng", "sidecar")] + photo["beside"]
        assert all(Path(file).is_file() for file in named), photo
    last_on_card = max(int(path.name[4:8]) for path in bench.photos.glob("IMG_*"))
    bench.start()
    left = [*bench.photos.glob(".*"), *bench.folder.glob("state/.*")]
    assert not left, "half-written files were not swept"
    raw_only = [path for path in bench.photos.glob("*.DNG") if not path.with_suffix(".JPG").exists()]
    warnings = "\n".join(bench.call("status")["warnings"])
    assert all(str(path) in warnings for path in sorted(raw_only)[:5])
    assert f"{len(raw_only)} photo" in warnings or not raw_only
    assert bench.call("shoot", mode=mode)["number"] > last_on_card
    assert bench.stop() == 0
    with_recipe = sum(path.with_suffix(".json").exists() for path in raw_only)
    return {
        "kills": kills,
        "acknowledged photos": len(promised),
        "whole files": len(checked),
        "cut off": len(raw_only),
        "of them with a recipe": with_recipe,
    }


def in_words(counts: dict[str, int]) -> str:
    return ", ".join(f"{count} {what}" for what, count in counts.items())


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
    print(in_words(die_often(bench, random.Random(kills), mode, kills)))


@pytest.mark.kills
def test_two_thousand_kills_in_all_modes_lose_nothing_that_was_promised(benches):
    chance, began_s = random.Random(), time.monotonic()
    seeds = itertools.count(chance.randrange(10**9))
    total: dict[str, dict[str, int]] = {mode: {} for mode in TWO_THOUSAND}

    def one_camera(mode: str, name: str, seed: int) -> tuple[str, int, dict[str, int]]:
        begins = random.Random(seed)

        def begin(*arguments):
            whole = begins.randrange(WHOLE_PROCESS_EVERY) == 0
            return (begin_process if whole else begin_forked)(*arguments)

        bench = benches(name, begin)
        return mode, seed, die_often(bench, random.Random(seed), mode, KILLS_OF_A_CAMERA, changes_settings=True)

    with ThreadPoolExecutor(AT_ONCE) as cameras:
        wanted = [(mode, part) for mode, kills in TWO_THOUSAND.items() for part in range(kills // KILLS_OF_A_CAMERA)]
        chance.shuffle(wanted)  # a run that is ended early has seen every mode
        series = [cameras.submit(one_camera, mode, f"{mode}-{part}", next(seeds)) for mode, part in wanted]
        for done in as_completed(series):
            mode, seed, counts = done.result()
            total[mode] = {what: total[mode].get(what, 0) + count for what, count in counts.items()}
            print(f"{time.monotonic() - began_s:5.0f} s  {mode} (seed {seed}): {in_words(counts)}", flush=True)
    for mode, counts in total.items():
        print(f"{mode}: {in_words(counts)}")


@pytest.mark.parametrize("mode", ["photo", "portrait"])
def test_a_press_that_was_answered_survives_a_kill_at_once(bench, mode):
    bench.start(**GUESSED)
    photo = bench.call("shoot", mode=mode)
    bench.signal(signal.SIGKILL)
    for file in [photo[kind] for kind in ("jpeg", "dng", "sidecar")] + photo["beside"]:
        assert_whole(Path(file))
    assert len(photo["beside"]) == (2 if mode == "portrait" else 0)

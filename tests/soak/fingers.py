"""Who uses the camera: a finger on its buttons, and callers on its socket, well behaved and not."""

from __future__ import annotations

import contextlib
import json
import random
import socket
import subprocess
import threading
from collections import Counter

from watched_camera import WatchedCamera

from firmware.control.client import RequestRefused
from firmware.demo.bench_daemon import NIGHTJAR, same_code
from firmware.errors import ControlError

# A press outlasts the debounce (15 ms) and is no long one (3 s).
HELD_S = (0.04, 0.3)
PRESSES, PAUSE_S = (1, 3), (0.05, 2.5)
CALLER_PAUSE_S = (0.02, 1.0)


class Finger:
    """Presses buttons by moving their pins. `pressed` counts what must have come of the shutter."""

    def __init__(self, camera: WatchedCamera, chance: random.Random) -> None:
        self.pressed = 0
        self._camera, self._chance = camera, chance
        self._pause = threading.Event()

    def go_to_mode(self, mode: str, modes: list[str]) -> None:
        """With the mode button, as often as it takes."""
        for _ in modes:
            before = self._camera.ask("mode")["mode"]
            if before == mode:
                return
            self._press("mode")
            while self._camera.ask("mode")["mode"] == before:
                self._pause.wait(0.02)
        raise AssertionError(f"The mode button did not reach mode {mode}.")

    def shoot(self) -> None:
        """A few presses at random moments, into bursts and full queues too."""
        for _ in range(self._chance.randint(*PRESSES)):
            self.pressed += 1
            self._press("shutter")
            self._pause.wait(self._chance.uniform(*PAUSE_S))

    def _press(self, button: str) -> None:
        self._camera.ask("bench.pin", button=button, level=0)
        self._pause.wait(self._chance.uniform(*HELD_S))
        self._camera.ask("bench.pin", button=button, level=1)
        self._pause.wait(HELD_S[0])


class Callers:
    """Threads that ask for everything the socket has, until `close`. Answers are counted by kind.

    numbers  of the photos that were taken for them
    broken   what no caller should see: no answer, a closed connection
    """

    def __init__(self, camera: WatchedCamera, chance: random.Random, modes: list[str], count: int = 2) -> None:
        self.numbers: set[int] = set()
        self.answered: Counter[str] = Counter()
        self.refused: Counter[str] = Counter()
        self.broken: list[str] = []
        self._camera, self._modes = camera, modes
        self._closing, self._resting = threading.Event(), threading.Event()
        self._busy = threading.Semaphore(count)
        self._count = count
        seeds = [chance.random() for _ in range(count)]
        self._threads = [threading.Thread(target=self._run, args=(random.Random(seed),)) for seed in seeds]
        self._threads.append(threading.Thread(target=self._stay))
        for thread in self._threads:
            thread.start()

    @contextlib.contextmanager
    def resting(self):
        """Nobody asks for anything meanwhile."""
        self._resting.set()
        for _ in range(self._count):
            self._busy.acquire()
        try:
            yield
        finally:
            self._resting.clear()
            self._busy.release(self._count)

    def close(self) -> None:
        """End all threads."""
        self._closing.set()
        for thread in self._threads:
            thread.join()

    def _run(self, chance: random.Random) -> None:
        kinds = (self._status, self._view, self._photo, self._zoom, self._balance, self._leave, self._command)
        weights = (8, 4, 2, 1, 1, 2, 0.3)
        while not self._closing.wait(chance.uniform(*CALLER_PAUSE_S)):
            with self._busy:
                (kind,) = chance.choices(kinds, weights)
                name = kind.__name__.lstrip("_")
                try:
                    kind(chance)
                    self.answered[name] += 1
                except RequestRefused as error:
                    self.refused[f"{name}: {_without_numbers(str(error))}"] += 1
                except (ControlError, OSError) as error:
                    self.broken.append(f"{name}: {error}")
            while self._resting.is_set() and not self._closing.wait(0.05):
                pass

    def _stay(self) -> None:
        """One connection for the whole time, asked again and again."""
        with socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(60)
            connection.connect(self._camera.socket)
            answers = connection.makefile("rb")
            while not self._closing.wait(1.0):
                connection.sendall(b'{"jsonrpc": "2.0", "id": 1, "method": "status"}\n')
                if not answers.readline():
                    self.broken.append("status on one connection: it was closed")
                    return
                self.answered["status on one connection"] += 1

    def _status(self, _: random.Random) -> None:
        self._camera.ask("status")

    def _view(self, _: random.Random) -> None:
        self._camera.ask("view")

    def _photo(self, chance: random.Random) -> None:
        answer = self._camera.ask("shoot", mode=chance.choice(self._modes), wait=chance.random() < 0.7)
        self.numbers.add(answer["number"])

    def _zoom(self, chance: random.Random) -> None:
        self._camera.ask("zoom", factor=chance.choice([1.0, 1.5, 2.0, 3.0]))

    def _balance(self, chance: random.Random) -> None:
        choice = chance.choice([{"action": "show"}, {"action": "choose", "choice": "auto"}])
        self._camera.ask("white_balance", **choice)

    def _leave(self, chance: random.Random) -> None:
        """Ask and go without the answer, or go in the middle of asking."""
        request = json.dumps({"jsonrpc": "2.0", "id": 7, "method": chance.choice(["status", "view"])}).encode() + b"\n"
        with socket.socket(socket.AF_UNIX) as connection:
            connection.connect(self._camera.socket)
            connection.sendall(request[: chance.choice([len(request), len(request) // 2])])

    def _command(self, _: random.Random) -> None:
        command = [*NIGHTJAR, "status", "--json", "--set", f"control.socket={self._camera.socket}"]
        done = subprocess.run(command, env=same_code(), capture_output=True, text=True)
        if done.returncode:
            raise ControlError(f"nightjar status: {done.stderr or done.stdout}")


def _without_numbers(text: str) -> str:
    return "".join("#" if letter.isdigit() else letter for letter in text)[:90]

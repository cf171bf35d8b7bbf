"""Whatever is done to the control socket: the camera shoots, `nightjar status` answers, and nothing stays behind."""

from __future__ import annotations

import contextlib
import json
import socket
import subprocess
import sys

import pytest
from measures.whole_photos import assert_safe

from firmware.commands.status import TIMEOUT_S, lines
from firmware.control.codes import NOT_A_REQUEST, NOT_JSON
from firmware.control.server import LARGEST_REQUEST_BYTES, MOST_CONNECTIONS
from firmware.demo.bench_daemon import NIGHTJAR, same_code

pytestmark = pytest.mark.faults

LONG_LINE_BYTES = 1_000_000_000
STATUS = json.dumps({"jsonrpc": "2.0", "id": 1, "method": "status"}).encode() + b"\n"
# A program gone mad: more connections than there are places, each asking as fast as it can and reading what comes.
FLOOD = f"""
import socket, sys, threading
def ask(connection):
    while True:
        connection.sendall({STATUS!r} * 20)
def flood():
    while True:
        try:
            connection = socket.socket(socket.AF_UNIX)
            connection.connect(sys.argv[1])
            threading.Thread(target=ask, args=(connection,), daemon=True).start()
            while connection.recv(1 << 16):
                pass
        except OSError:
            pass
threading.excepthook = lambda _: None
for _ in range({2 * MOST_CONNECTIONS}):
    threading.Thread(target=flood, daemon=True).start()
print("flooding", flush=True)
threading.Event().wait()
"""


@pytest.fixture(scope="module")
def camera(module_bench):
    return module_bench.start({"WATCHDOG_USEC": "2000000"})


@pytest.fixture(autouse=True)
def unharmed(camera):
    """Before and after each test the camera is the same one, shoots, and has nothing to complain of."""
    process = camera.process.pid
    yield
    assert_safe(camera.call("shoot"))
    status = camera.until(lambda status: status["state"] == "ready")
    assert (status["warnings"], status["camera"]["stalls"], camera.process.pid) == ([], 0, process)
    assert camera.process.poll() is None


def said(camera, *words: str) -> str:
    """What the command says on a terminal of its own."""
    command = [*NIGHTJAR, *words, "--config", str(camera.config), "--set", f"control.socket={camera.socket}"]
    ran = subprocess.run(command, capture_output=True, text=True, timeout=60, env=same_code())
    assert ran.returncode == 0, ran.stderr
    return ran.stdout


@pytest.fixture
def connect(camera):
    """Makes connections to the daemon."""
    with contextlib.ExitStack() as open_ends:

        def make() -> socket.socket:
            connection = open_ends.enter_context(socket.socket(socket.AF_UNIX))
            connection.connect(camera.socket)
            return connection

        yield make


def test_in_a_flood_of_requests_a_person_is_answered_and_every_press_becomes_a_photo(camera):
    with subprocess.Popen([sys.executable, "-c", FLOOD, camera.socket], stdout=subprocess.PIPE) as flood:
        try:
            flood.stdout.readline()
            for _ in range(3):
                assert said(camera, "status").startswith(("ready", "busy"))
                assert_safe(json.loads(said(camera, "shoot", "--json")))
                camera.wait_for("WATCHDOG=1")
            frames = [camera.call("status")["camera"] for _ in range(2)]
            assert frames[1]["frame_age_s"] < 1.0
        finally:
            flood.kill()


def test_callers_who_only_sit_there_do_not_keep_a_person_out(camera, connect):
    for _ in range(2 * MOST_CONNECTIONS):
        connect()
    assert said(camera, "status").startswith("ready")


def test_callers_who_ask_and_never_listen_do_not_keep_a_person_out(camera, connect):
    for _ in range(2 * MOST_CONNECTIONS):
        connection = connect()
        connection.setblocking(False)
        with contextlib.suppress(BlockingIOError, BrokenPipeError, ConnectionResetError):
            while True:
                connection.send(STATUS)
    assert said(camera, "status").startswith("ready")
    assert_safe(json.loads(said(camera, "shoot", "--json")))


def test_a_line_of_a_gigabyte_is_cut_off_and_takes_no_memory(camera, connect):
    before = resident_bytes(camera)
    connection, part, sent = connect(), b"x" * (1 << 20), 0
    with contextlib.suppress(BrokenPipeError, ConnectionResetError):
        while sent < LONG_LINE_BYTES:
            sent += connection.send(part)
    assert sent < 100 * LARGEST_REQUEST_BYTES, "it was read to its end"
    answer = json.loads(connection.makefile("rb").readline())
    assert answer["error"]["code"] == NOT_A_REQUEST and f"{LARGEST_REQUEST_BYTES} bytes" in answer["error"]["message"]
    assert resident_bytes(camera) < before + 16_000_000


def test_empty_lines_without_end_take_no_memory_either(camera, connect):
    before, connection = resident_bytes(camera), connect()
    for _ in range(200):
        connection.sendall(b"\n" * (1 << 16))
    connection.sendall(STATUS)
    assert json.loads(connection.makefile("rb").readline())["result"]["ready"]
    assert resident_bytes(camera) < before + 16_000_000


@pytest.mark.parametrize("garbage", [b"\xff\xfe\x80", b"\xed\xa0\x80", b'{"method": "\xc3\x28"}', bytes(range(256))])
def test_bytes_that_are_no_utf_8_are_answered_and_the_connection_goes_on(camera, connect, garbage):
    connection = connect()
    connection.settimeout(TIMEOUT_S)
    connection.sendall(garbage.replace(b"\n", b"") + b"\n" + STATUS)
    with connection.makefile("rb") as answers:
        wrong = json.loads(answers.readline())["error"]
        assert wrong["code"] == NOT_JSON and "not JSON" in wrong["message"]
        assert "ready" in next(lines(json.loads(answers.readline())["result"]))


def resident_bytes(camera) -> int:
    with open(f"/proc/{camera.process.pid}/status") as facts:
        return next(int(line.split()[1]) for line in facts if line.startswith("VmRSS:")) * 1024

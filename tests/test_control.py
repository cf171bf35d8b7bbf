"""The control socket answers its own people, whatever they send, and nobody else."""

from __future__ import annotations

import contextlib
import json
import os
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from firmware.control.client import RequestRefused, call
from firmware.control.codes import NO_SUCH_METHOD, NOT_A_REQUEST, NOT_JSON, OUR_FAULT, REFUSED, TOO_MANY
from firmware.control.json_rpc import answer_line
from firmware.control.peers import Peer, may_connect
from firmware.control.server import LARGEST_REQUEST_BYTES, MOST_CONNECTIONS, ControlServer
from firmware.errors import ControlError, PressRefused
from firmware.service.heartbeat import Heartbeats
from firmware.settings import ControlSettings

ROOT = Path(__file__).resolve().parent.parent
NOBODY = 65534
only_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")


def refuse(params):
    raise PressRefused("The card is full.")


def fail(params):
    raise ZeroDivisionError("a defect")


HANDLERS = {"echo": lambda params: params, "refuse": refuse, "fail": fail}


@pytest.fixture
def serve(tmp_path):
    """A server with these settings; closed at the end of the test."""
    servers = []

    def start(path=tmp_path / "control.sock", idle_limit_s=60.0, handlers=HANDLERS):
        settings = ControlSettings(socket=str(path), group="no-such-group")
        server = ControlServer(settings, handlers, Heartbeats(), idle_limit_s)
        server.open()
        server.start()
        servers.append(server)
        return str(path)

    yield start
    for server in servers:
        server.close(5)


def talk(path: str, data: bytes, answers: int = 1) -> list[bytes]:
    """Send these bytes and read so many lines."""
    with socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(10)
        connection.connect(path)
        connection.sendall(data)
        with connection.makefile("rb") as lines:
            return [lines.readline() for _ in range(answers)]


def request(method="echo", **rest) -> bytes:
    return json.dumps({"jsonrpc": "2.0", "id": 7, "method": method} | rest).encode() + b"\n"


def code_of(line: bytes) -> int:
    return json.loads(line)["error"]["code"]


def test_a_call_returns_what_the_method_returns(serve):
    assert call(serve(), "echo", {"mode": "photo"}, timeout_s=5) == {"mode": "photo"}


def test_a_refusal_carries_the_camera_s_own_words(serve):
    with pytest.raises(RequestRefused, match="The card is full") as refusal:
        call(serve(), "refuse", timeout_s=5)
    assert refusal.value.code == REFUSED


def test_a_defect_in_one_request_is_told_and_the_next_request_works(serve):
    path = serve()
    with pytest.raises(RequestRefused, match="a defect") as refusal:
        call(path, "fail", timeout_s=5)
    assert refusal.value.code == OUR_FAULT
    assert call(path, "echo", timeout_s=5) == {}


def test_many_requests_go_over_one_connection(serve):
    answers = talk(serve(), request(params={"n": 1}) + b"\n\n" + request(params={"n": 2}), answers=2)
    assert [json.loads(line)["result"]["n"] for line in answers] == [1, 2]


@pytest.mark.parametrize(
    ("line", "code"),
    [
        (b"hello\n", NOT_JSON),
        (b"\xff\xfe\x00\n", NOT_JSON),
        (b'{"jsonrpc": "2.0", "id": 1, "method": "echo", "params": {"x": NaN}}\n', NOT_JSON),
        (b"[" * 60000 + b"\n", NOT_JSON),
        (b'{"id": ' + b"9" * 5000 + b"}\n", NOT_JSON),
        (b"17\n", NOT_A_REQUEST),
        (b"[]\n", NOT_A_REQUEST),
        (b'{"id": 1, "method": "echo"}\n', NOT_A_REQUEST),
        (b'{"jsonrpc": "2.0", "id": 1, "method": 5}\n', NOT_A_REQUEST),
        (b'{"jsonrpc": "2.0", "id": {}, "method": "echo"}\n', NOT_A_REQUEST),
        (b'{"jsonrpc": "2.0", "id": 1e999, "method": "echo"}\n', NOT_A_REQUEST),
        (b'{"jsonrpc": "2.0", "id": 1, "method": "echo", "params": [1]}\n', NOT_A_REQUEST),
        (b'{"jsonrpc": "2.0", "id": 1, "method": "e\\ud800"}\n', NO_SUCH_METHOD),
    ],
)
def test_garbage_gets_a_clear_error_and_the_connection_goes_on(serve, line, code):
    wrong, right = talk(serve(), line + request(), answers=2)
    assert code_of(wrong) == code
    assert json.loads(right)["id"] == 7


@pytest.mark.parametrize("end", [b"", b"\n"])
def test_a_request_without_end_is_cut_off(serve, end):
    path = serve()
    answer, nothing = talk(path, b"x" * (LARGEST_REQUEST_BYTES + 1) + end, answers=2)
    assert code_of(answer) == NOT_A_REQUEST
    assert nothing == b""
    assert call(path, "echo", timeout_s=5) == {}


def test_a_notification_is_done_and_not_answered():
    done = []
    note = b'{"jsonrpc": "2.0", "method": "note", "params": {"n": 1}}'
    assert answer_line(note, {"note": lambda params: done.append(params) or {}}) is None
    assert done == [{"n": 1}]


def test_a_batch_is_answered_in_one_line():
    batch = b"[" + request().strip() + b', 1, {"jsonrpc": "2.0", "method": "echo"}]'
    first, second = json.loads(answer_line(batch, HANDLERS))
    assert first["id"] == 7
    assert second["error"]["code"] == NOT_A_REQUEST


def test_callers_beyond_the_limit_are_told_and_those_inside_get_their_answers(serve):
    may_go, inside = threading.Event(), threading.Semaphore(0)

    def slow(params):
        inside.release()
        may_go.wait(20)
        return {"saved": True}

    path = serve(handlers=HANDLERS | {"slow": slow})
    with contextlib.ExitStack() as open_ends:
        connections = [open_ends.enter_context(socket.socket(socket.AF_UNIX)) for _ in range(MOST_CONNECTIONS)]
        for connection in connections:
            connection.settimeout(10)
            connection.connect(path)
            connection.sendall(request("slow"))
            assert inside.acquire(timeout=10)
        with pytest.raises(RequestRefused, match="connected already") as refusal:
            call(path, "echo", timeout_s=2)
        assert refusal.value.code == TOO_MANY
        may_go.set()
        for connection in connections:
            assert json.loads(connection.recv(1000))["result"] == {"saved": True}
    assert call(path, "echo", timeout_s=5) == {}


@pytest.mark.parametrize("sent", [b"", b"half a line", request("long")], ids=["silent", "half a line", "takes nothing"])
def test_callers_who_keep_the_camera_waiting_make_way_for_others(serve, sent):
    path = serve(handlers=HANDLERS | {"long": lambda _: {"text": "x" * 1_000_000}})
    with contextlib.ExitStack() as open_ends:
        for _ in range(2 * MOST_CONNECTIONS):
            connection = open_ends.enter_context(socket.socket(socket.AF_UNIX))
            connection.connect(path)
            connection.sendall(sent)
        assert call(path, "echo", {"mode": "photo"}, timeout_s=10) == {"mode": "photo"}


def test_a_silent_caller_is_let_go(serve):
    assert talk(serve(idle_limit_s=0.1), b"", answers=1) == [b""]


def test_an_answer_in_work_goes_out_when_the_server_closes(tmp_path):
    began, finish = threading.Event(), threading.Event()

    def slow(params):
        began.set()
        finish.wait(5)
        return {"saved": True}

    settings = ControlSettings(socket=str(tmp_path / "s"), group="no-such-group")
    server = ControlServer(settings, {"slow": slow}, Heartbeats())
    server.open()
    server.start()
    answers = []
    caller = threading.Thread(target=lambda: answers.append(call(settings.socket, "slow", timeout_s=5)))
    caller.start()
    assert began.wait(5)
    closer = threading.Thread(target=server.close, args=(5,))
    closer.start()
    finish.set()
    closer.join(5)
    caller.join(5)
    assert answers == [{"saved": True}]
    assert not Path(settings.socket).exists()


def test_callers_that_take_no_answer_do_not_hold_the_end_up(tmp_path):
    server = ControlServer(
        ControlSettings(socket=str(tmp_path / "s"), group="no-such-group"),
        {"long": lambda _: {"text": "x" * 10_000_000}},
        Heartbeats(),
    )
    server.open()
    server.start()
    with contextlib.ExitStack() as open_ends:
        for _ in range(5):
            connection = open_ends.enter_context(socket.socket(socket.AF_UNIX))
            connection.connect(str(tmp_path / "s"))
            connection.sendall(request("long"))
            assert connection.recv(1) == b"{"  # the answer is on its way, and stays there
        began_s = time.monotonic()
        server.close(0.3)
        assert time.monotonic() - began_s < 1.0


def test_only_owner_and_group_may_open_the_socket(serve):
    assert Path(serve()).stat().st_mode & 0o777 == 0o660


def test_the_socket_of_a_killed_daemon_is_replaced(serve, tmp_path):
    path = tmp_path / "stale.sock"
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(str(path))
        dead.listen()
    assert path.is_socket()
    assert call(serve(path), "echo", timeout_s=5) == {}


def test_the_socket_of_a_living_daemon_is_left_alone(serve):
    path = serve()
    with pytest.raises(ControlError, match="Another Nightjar answers"):
        serve(path)
    assert call(path, "echo", timeout_s=5) == {}


def test_a_file_in_the_place_of_the_socket_is_not_removed(serve, tmp_path):
    path = tmp_path / "precious.txt"
    path.write_text("mine")
    with pytest.raises(ControlError, match="is not a socket"):
        serve(path)
    assert path.read_text() == "mine"


def test_a_socket_path_that_cannot_be_made_says_how_to_mend_it(serve, tmp_path):
    with pytest.raises(ControlError, match=r"\[control\] socket"):
        serve(tmp_path / ("long" * 40))
    (tmp_path / "file").touch()
    with pytest.raises(ControlError, match="cannot be made"):
        serve(tmp_path / "file" / "control.sock")


def test_the_folder_of_the_socket_is_made(serve, tmp_path):
    assert call(serve(tmp_path / "run" / "control.sock"), "echo", timeout_s=5) == {}


def test_without_a_daemon_the_client_says_how_to_start_one(tmp_path):
    with pytest.raises(ControlError, match="systemctl start nightjar"):
        call(str(tmp_path / "absent.sock"), "status")


def test_a_hung_daemon_is_reported_after_the_timeout(tmp_path):
    path = str(tmp_path / "hung.sock")
    with socket.socket(socket.AF_UNIX) as hung:
        hung.bind(path)
        hung.listen()
        with pytest.raises(ControlError, match="No answer to 'status'"):
            call(path, "status", timeout_s=0.1)


def test_root_ourselves_and_the_group_may_connect():
    assert may_connect(Peer(1, 0, 0), "no-such-group")
    assert may_connect(Peer(1, os.geteuid(), 99), "no-such-group")
    assert not may_connect(Peer(1, 12345, 12345), "no-such-group")
    assert may_connect(Peer(1, 12345, 0), "root")


@only_root
def test_another_user_is_refused_even_when_the_file_lets_him_in(serve, tmp_path):
    path = serve()
    for folder in (tmp_path, *tmp_path.parents):
        if folder.stat().st_uid == os.geteuid() and folder != Path("/"):
            folder.chmod(folder.stat().st_mode | 0o011)
    os.chmod(path, 0o666)
    script = (
        f"import os, sys; sys.path.insert(0, {str(ROOT)!r})\n"
        "from firmware.control.client import RequestRefused, call\n"
        f"os.setgroups([]); os.setgid({NOBODY}); os.setuid({NOBODY})\n"
        "try:\n"
        f"    call({path!r}, 'echo', timeout_s=5)\n"
        "except RequestRefused as error:\n"
        "    print(error.code, error)\n"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=20)
    assert done.stdout.startswith("-32001 User nobody may not use this camera"), done.stderr
    assert call(path, "echo", timeout_s=5) == {}


@only_root
def test_another_user_is_stopped_by_the_file_s_mode_already(serve, tmp_path):
    path = serve()
    script = (
        f"import os, sys; sys.path.insert(0, {str(ROOT)!r})\n"
        "from firmware.control.client import call\n"
        f"os.setgroups([]); os.setgid({NOBODY}); os.setuid({NOBODY})\n"
        "try:\n"
        f"    call({path!r}, 'echo', timeout_s=5)\n"
        "except ConnectionError as error:\n"
        "    print(error)\n"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=20)
    assert "usermod -aG nightjar" in done.stdout, done.stderr


def test_the_client_imports_neither_numpy_nor_the_daemon():
    script = "import sys, firmware.control.client; print([m for m in sys.modules if 'numpy' in m or 'daemon' in m])"
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, timeout=20)
    assert done.stdout.strip() == "[]", done.stderr

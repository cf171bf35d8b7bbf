"""What comes over sockets: requests, the stream that they come in, the daemon's answers, an accelerator's messages."""

from __future__ import annotations

import functools
import json
import socket
import threading
from types import SimpleNamespace

from fuzz.target import Target, promise, scratch_file

from accelerators.runtime.messages import Garbled, pair, receive
from firmware.control.client import RequestRefused, call
from firmware.control.json_rpc import OUR_FAULT, answer_line
from firmware.control.methods import bench_handlers, request_handlers
from firmware.control.server import LARGEST_REQUEST_BYTES, ControlServer
from firmware.errors import ControlError, PressRefused
from firmware.service.heartbeat import Heartbeats
from firmware.settings import ControlSettings

ANSWER_S = 2.0


class RefusingCamera:
    """Where requests end that are right: there is no camera behind this socket, and every press is told so."""

    mode, look = "photo", SimpleNamespace(pipelines={"photo": None})

    def press(self, time_ns, mode, zoom):
        raise PressRefused(f"There is no camera for mode {mode!r} and zoom {zoom!r}.")

    def check_mode(self, name):
        raise PressRefused(f"There is no mode {name!r}.")


@functools.cache
def handlers() -> dict:
    told = {"state": "ready"}

    def shown(*_):
        return told

    methods = request_handlers(RefusingCamera(), shown, shown, shown, shown, shown)
    return methods | bench_handlers(lambda button, level: None)


def requests() -> list[bytes]:
    asked = [
        {"method": "status"}, {"method": "shoot", "params": {"mode": "night", "wait": False, "zoom": 1.5}},
        {"method": "white_balance", "params": {"action": "set", "choice": "5000 K", "tint": 0.1, "grey": [0.5, 0.6]}},
        {"method": "zoom", "params": {"factor": 2, "reset": False}}, {"method": "mode", "params": {"name": "night"}},
        {"method": "bench.pin", "params": {"button": "shutter", "level": 0}}, {"method": "version", "params": {}},
    ]  # fmt: skip
    whole = [{"jsonrpc": "2.0", "id": number, **request} for number, request in enumerate(asked)]
    return [*(json.dumps(request).encode() for request in whole), json.dumps(whole).encode()]


def take_request(content: bytes) -> None:
    check_answer(answer_line(content, handlers()))


def check_answer(answer: bytes | None) -> None:
    """One line of JSON-RPC, and none that says the daemon itself failed."""
    if answer is None:
        return
    promise(answer.endswith(b"\n") and answer.count(b"\n") == 1, "An answer is not one line.")
    told = json.loads(answer)
    for one in told if isinstance(told, list) else [told]:
        promise(one["jsonrpc"] == "2.0" and ("result" in one) != ("error" in one), "An answer is no JSON-RPC.")
        code = one.get("error", {}).get("code")
        promise(code != OUR_FAULT, f"The request failed inside the daemon: {one}")


@functools.cache
def server() -> ControlServer:
    """The daemon's own, with nobody behind it."""
    path = scratch_file("control.sock")
    made = ControlServer(ControlSettings(socket=str(path)), handlers(), Heartbeats(), idle_limit_s=ANSWER_S)
    made.open()
    made.start()
    return made


def streams() -> list[bytes]:
    """Several lines; the first byte says in how large parts they are sent."""
    lines = b"\n".join(requests()[:4])
    return [b"\x05" + lines + b"\n", b"\xff" + lines + b"\n\n\n" + lines, b"\x20" + b"\n", b"\x40" + b"x" * 4000]


def take_stream(content: bytes) -> None:
    """Whoever sends this and then is silent gets an answer for each line, and the end."""
    server()
    step, stream = 1 + 16 * (content[0] if content else 0), content[1:]
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as caller:
        caller.settimeout(ANSWER_S)
        caller.connect(str(scratch_file("control.sock")))
        for start in range(0, len(stream), step):
            caller.sendall(stream[start : start + step])
        caller.shutdown(socket.SHUT_WR)
        answers = b"".join(iter(lambda: caller.recv(65536), b""))
    lines = [line for line in stream.split(b"\n")[:-1] if line.strip()]
    wanted = [answer for line in lines if (answer := answer_line(line, handlers()))]
    if len(stream) < LARGEST_REQUEST_BYTES:
        promise(len(answers.splitlines()) == len(wanted), f"{len(wanted)} lines ask for an answer, not so many came.")
    for answer in answers.splitlines(keepends=True):
        check_answer(answer)


def answers() -> list[bytes]:
    refused = {"jsonrpc": "2.0", "id": 1, "error": {"code": -32000, "message": "The card is full."}}
    return [
        b'{"jsonrpc": "2.0", "id": 1, "result": {"state": "ready", "photos": 3}}\n',
        json.dumps(refused).encode() + b"\n",
    ]


def take_answer(content: bytes) -> None:
    """A client whose daemon says this, then ends."""
    path = scratch_file("answering.sock")
    path.unlink(missing_ok=True)
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as listener:
        listener.bind(str(path))
        listener.listen(1)
        thread = threading.Thread(target=_answer, args=(listener, content))
        thread.start()
        try:
            call(str(path), "status", timeout_s=ANSWER_S)
        except RequestRefused as refusal:
            promise(isinstance(refusal.code, int), "The code of a refusal is no number.")
            raise
        finally:
            thread.join()


def _answer(listener: socket.socket, content: bytes) -> None:
    connection, _ = listener.accept()
    with connection:
        connection.recv(65536)
        connection.sendall(content)


def packets() -> list[bytes]:
    said = [{"ready": True, "output": [4, 5, 3], "library": "x"}, {"sequence": 7, "checksum": 123456, "ms": 3.5}]
    return [json.dumps(message).encode() for message in said]


def take_packet(content: bytes) -> None:
    """A packet of an accelerator's child. An empty one is its end."""
    ours, theirs = pair()
    with ours, theirs:
        theirs.send(content[:100_000])
        message = receive(ours, ANSWER_S)
    promise(message is None or isinstance(message, dict), "A message is no table.")


MESSAGE_TARGETS = [
    Target("request", "text", requests, take_request, (), 6),
    Target("stream", "text", streams, take_stream, (), 1),
    Target("answer", "text", answers, take_answer, (ControlError,), 1),
    Target("accelerator-message", "text", packets, take_packet, (Garbled,), 4),
]

"""The client's half of the control socket. Standard library only: `nightjar status` answers in a blink over SSH."""

from __future__ import annotations

import json
import socket
import time
from typing import Any

from firmware.control.codes import TOO_MANY
from firmware.errors import ControlError
from isp.plain_values import read_json

LARGEST_ANSWER_BYTES = 16 * 1024 * 1024
# Where callers crowd a place gets free soon.
TRY_AGAIN_S = 0.1
CROWDED_LIMIT_S = 4.0


class RequestRefused(ControlError):
    """The daemon answered, and said no. `code` is the JSON-RPC error code."""

    def __init__(self, message: str, code: int) -> None:
        super().__init__(message)
        self.code = code


class _Crowded(Exception):
    """There was no place. `told` is what the caller hears when there never is one."""

    def __init__(self, told: ControlError) -> None:
        super().__init__(str(told))
        self.told = told


def call(socket_path: str, method: str, params: dict[str, Any] | None = None, timeout_s: float = 10.0) -> Any:
    """Ask the running daemon for `method` and return its result.

    Raises RequestRefused with the daemon's own message, ControlError when nobody answers.
    """
    deadline_s = time.monotonic() + timeout_s
    crowded_until_s = time.monotonic() + min(timeout_s / 2, CROWDED_LIMIT_S)
    while True:
        try:
            return _ask(socket_path, method, params or {}, deadline_s, timeout_s)
        except _Crowded as crowd:
            if time.monotonic() + TRY_AGAIN_S > crowded_until_s:
                raise crowd.told from None
            time.sleep(TRY_AGAIN_S)


def _ask(socket_path: str, method: str, params: dict[str, Any], deadline_s: float, timeout_s: float) -> Any:
    """One try. Raises _Crowded where the daemon had no place for us, and has not read the request."""
    too_late = _no_answer(socket_path, method, timeout_s)
    request = {"jsonrpc": "2.0", "id": 1, "method": method, "params": params}
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
        connection.settimeout(max(deadline_s - time.monotonic(), TRY_AGAIN_S))
        _connect(connection, socket_path)
        try:
            connection.sendall(json.dumps(request).encode() + b"\n")
        except (BrokenPipeError, ConnectionResetError):
            pass  # refused before it was read: the answer that says why is waiting
        except TimeoutError:
            raise too_late from None
        line = _read_line(connection, deadline_s, too_late)
    try:
        return _result(line, socket_path)
    except RequestRefused as refusal:
        if refusal.code == TOO_MANY:
            raise _Crowded(refusal) from None
        raise


def _connect(connection: socket.socket, path: str) -> None:
    try:
        connection.connect(path)
    except BlockingIOError:
        raise _Crowded(ControlError(f"Too many callers wait on {path}; try again.")) from None
    except (FileNotFoundError, ConnectionRefusedError):
        raise ControlError(
            f"The camera daemon does not run: nobody answers on {path}. `systemctl status "
            "nightjar` says why; start it with `sudo systemctl start nightjar`, or `nightjar run`."
        ) from None
    except PermissionError:
        raise ControlError(
            f"You may not use {path}. Join its group with `sudo usermod -aG nightjar $USER` and log in again."
        ) from None
    except OSError as error:
        raise ControlError(f"{path} cannot be used: {error}. Check [control] socket.") from None


def _read_line(connection: socket.socket, deadline_s: float, too_late: ControlError) -> bytes:
    received = bytearray()
    while not received.endswith(b"\n"):
        left_s = deadline_s - time.monotonic()
        if left_s <= 0:
            raise too_late
        connection.settimeout(left_s)
        try:
            part = connection.recv(65536)
        except TimeoutError:
            raise too_late from None
        except ConnectionResetError:
            part = b""
        if not part:
            raise ControlError(
                "The camera daemon closed the connection without an answer; see `sudo journalctl -u nightjar`."
            )
        received += part
        if len(received) > LARGEST_ANSWER_BYTES:
            raise ControlError(
                f"The answer is longer than {LARGEST_ANSWER_BYTES} bytes; that is not the camera daemon."
            )
    return bytes(received)


def _result(line: bytes, path: str) -> Any:
    stranger = ControlError(f"What answers on {path} is not the camera daemon; check [control] socket.")
    try:
        answer = read_json(line)
    except ValueError:
        raise stranger from None
    error = answer.get("error") if isinstance(answer, dict) else None
    if isinstance(error, dict) and isinstance(error.get("message"), str) and isinstance(error.get("code"), int):
        raise RequestRefused(error["message"].strip() or "The daemon refused, and did not say why.", error["code"])
    if not isinstance(answer, dict) or "result" not in answer:
        raise stranger
    return answer["result"]


def _no_answer(path: str, method: str, timeout_s: float) -> ControlError:
    return ControlError(f"No answer to '{method}' on {path} within {timeout_s:g} s; see `sudo journalctl -u nightjar`.")

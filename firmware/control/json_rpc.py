"""JSON-RPC 2.0 (jsonrpc.org/specification), one message a line: from a line to its answer, without any socket."""

from __future__ import annotations

import json
import logging
import math
from collections.abc import Callable, Mapping
from typing import Any

from firmware.control.codes import (
    NO_SUCH_METHOD,
    NOT_A_REQUEST,
    NOT_JSON,
    OUR_FAULT,
    REFUSED,
    WRONG_PARAMS,
)
from firmware.errors import NightjarError
from isp.errors import IspError
from isp.plain_values import read_json

logger = logging.getLogger(__name__)

Handlers = Mapping[str, Callable[[dict[str, Any]], dict[str, Any]]]


class ParamsError(NightjarError, ValueError):
    """A request's params are unknown, missing or of the wrong type."""


def answer_line(line: bytes, handlers: Handlers) -> bytes | None:
    """The answer to one line, newline included; None when nothing asks for an answer."""
    try:
        message = read_json(line, parse_constant=_no_constant)
    except ValueError as error:  # bad UTF-8 is a ValueError; so is a number of 5000 digits
        return error_line(NOT_JSON, f"This line is not JSON: {error}")
    if isinstance(message, list):
        return _answer_batch(message, handlers)
    answer = _answer(message, handlers)
    return None if answer is None else _line(answer)


def error_line(code: int, message: str) -> bytes:
    """An error that belongs to no request."""
    return _line(_error(None, code, message))


def _answer_batch(messages: list, handlers: Handlers) -> bytes | None:
    if not messages:
        return error_line(NOT_A_REQUEST, "The batch is empty.")
    answers = [answer for message in messages if (answer := _answer(message, handlers)) is not None]
    return _line(answers) if answers else None


def _answer(message: Any, handlers: Handlers) -> dict[str, Any] | None:
    wrong = _what_is_wrong(message)
    if wrong:
        return _error(None, NOT_A_REQUEST, wrong)
    answer = _call(message, handlers)
    return answer if "id" in message else None


def _call(message: dict[str, Any], handlers: Handlers) -> dict[str, Any]:
    name, identity = message["method"], message.get("id")
    handler = handlers.get(name)
    if handler is None:
        return _error(identity, NO_SUCH_METHOD, f"There is no method {name!r}. Methods: {', '.join(handlers)}.")
    try:
        return {"jsonrpc": "2.0", "id": identity, "result": handler(message.get("params", {}))}
    except ParamsError as error:
        return _error(identity, WRONG_PARAMS, str(error))
    except (NightjarError, IspError) as error:
        return _error(identity, REFUSED, str(error))
    except Exception as error:  # boundary: one request must not take the daemon with it
        logger.exception("The request %r failed", name)
        return _error(identity, OUR_FAULT, f"{name} failed inside the daemon: {error!r}. See `journalctl -u nightjar`.")


def _what_is_wrong(message: Any) -> str | None:
    if not isinstance(message, dict):
        return f"A request is an object, not a {type(message).__name__}."
    if message.get("jsonrpc") != "2.0":
        return 'A request says "jsonrpc": "2.0".'
    if not isinstance(message.get("method"), str):
        return "A request names its method in a string."
    identity = message.get("id")
    endless = isinstance(identity, float) and not math.isfinite(identity)  # 1e999, which no answer could repeat
    if isinstance(identity, bool) or endless or not isinstance(identity, str | int | float | None):
        return "A request's id is a string or a number."
    if not isinstance(message.get("params", {}), dict):
        return "A request's params are an object of names and values."
    return None


def _error(identity: Any, code: int, message: str) -> dict[str, Any]:
    return {"jsonrpc": "2.0", "id": identity, "error": {"code": code, "message": message}}


def _line(answer: Any) -> bytes:
    return json.dumps(answer, allow_nan=False).encode() + b"\n"


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is not a number in JSON")

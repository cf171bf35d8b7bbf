"""What parent and child tell each other: one JSON object per packet of a socket pair. Tensors go another way."""

from __future__ import annotations

import json
import socket
from typing import Any

from isp.plain_values import read_json

# An error's text is cut so that a message always fits.
MOST_BYTES = 16384
MOST_TEXT = 2000


class Garbled(ValueError):
    """What came is no message."""


def pair() -> tuple[socket.socket, socket.socket]:
    """Two ends that keep messages apart, which a pipe does not."""
    return socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)


def send(end: socket.socket, **fields: Any) -> None:
    """Send one message. Raises OSError when the other side is gone."""
    end.send(json.dumps(fields).encode())


def receive(end: socket.socket, timeout_s: float | None) -> dict[str, Any] | None:
    """The next message; None when the other side has closed its end. Raises TimeoutError and Garbled."""
    end.settimeout(timeout_s)
    try:
        packet = end.recv(MOST_BYTES)
    except BlockingIOError:
        raise TimeoutError from None
    except ConnectionError:
        return None
    if not packet:
        return None
    try:
        message = read_json(packet)
    except ValueError:
        raise Garbled(repr(packet[:40])) from None
    if not isinstance(message, dict):
        raise Garbled(repr(packet[:40]))
    return message

"""Telling systemd how the daemon is: sd_notify(3) is one datagram to `$NOTIFY_SOCKET`. Without it, silence."""

from __future__ import annotations

import logging
import os
import socket
import time

logger = logging.getLogger(__name__)

# How the status line of a daemon begins that could not start, or go on.
ENDED = "ended: "
# Who listens may be behind; a camera that waits for it for ever would be a broken camera.
PATIENCE_S = 1.0


def notify(**fields: str | int) -> bool:
    """Send fields such as `READY=1`; True when someone was told. Failing to tell is logged, never fatal."""
    address = os.environ.get("NOTIFY_SOCKET", "")
    if not address:
        return False
    # A line break inside a value would begin a field of its own.
    text = "\n".join(f"{name}={' '.join(str(value).split())}" for name, value in fields.items())
    # A leading @ stands for the zero byte of an abstract address.
    target = "\0" + address[1:] if address.startswith("@") else address
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as datagram:
            datagram.settimeout(PATIENCE_S)
            datagram.sendto(text.encode(), target)
    except OSError as error:
        logger.warning("systemd could not be told %r: %s", text, error)
        return False
    return True


def notify_reloading() -> bool:
    """Say that a reload began; systemd wants the moment of it on its own clock."""
    return notify(RELOADING=1, MONOTONIC_USEC=time.monotonic_ns() // 1000)


def watchdog_interval_s() -> float | None:
    """How often systemd wants to hear of us (half its limit), or None when its watchdog is off or meant for another."""
    limit_us = os.environ.get("WATCHDOG_USEC", "")
    meant_for = os.environ.get("WATCHDOG_PID", str(os.getpid()))
    if not limit_us.isdigit() or int(limit_us) == 0 or meant_for != str(os.getpid()):
        return None
    return int(limit_us) / 2e6

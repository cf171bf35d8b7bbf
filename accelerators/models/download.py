"""One file over HTTP, of known size, going on where an earlier attempt ended."""

from __future__ import annotations

import http.client
import os
import re
import socket
import ssl
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path

from accelerators.errors import ModelError
from accelerators.models.keeping import FILE_MODE, explained

# A server that says nothing for so long has gone. A slow line still says something.
SILENCE_S = 30.0
STEP_BYTES = 1 << 16
# A line that breaks is tried again as long as it brings something.
ATTEMPTS = 5
AGAIN = "Run the command again: it goes on where this ended. Without a network, name a folder with --from."


def download(url: str, partial: Path, size: int, moved: Callable[[int], None], silence_s: float = SILENCE_S) -> None:
    """Bring `partial` to its size.

    moved    is called with the number of bytes there are
    Raises ModelError with what went wrong; what came stays in `partial` for the next time. The caller checks the hash.
    """
    if not url.startswith(("http://", "https://")):
        raise ModelError(f"{url} is no address for a download: it must begin with https:// or http://.")
    trouble = ""
    for _ in range(ATTEMPTS):
        before = _size_of(partial, size)
        if before == size:
            moved(size)
            return
        trouble = _attempt(url, partial, size, moved, silence_s)
        if not trouble:
            return
        there = _size_of(partial, size)
        if there <= before and not (before and there == 0):  # A part that was dropped is worth another try.
            break
    raise ModelError(f"{url}: {trouble} {_size_of(partial, size)} of {size} bytes are here. {AGAIN}")


def _size_of(partial: Path, size: int) -> int:
    """How much is there. More than there can be is no part of it, and goes."""
    with explained(partial.parent):
        if partial.exists() and partial.stat().st_size > size:
            partial.unlink()
        return partial.stat().st_size if partial.exists() else 0


def _attempt(url: str, partial: Path, size: int, moved: Callable[[int], None], silence_s: float) -> str:
    """Ask once. Returns what broke it, if anything. Raises ModelError where asking again is vain."""
    start = _size_of(partial, size)
    headers = {"User-Agent": "nightjar"} | ({"Range": f"bytes={start}-"} if start else {})
    try:
        with urllib.request.urlopen(urllib.request.Request(url, headers=headers), timeout=silence_s) as answer:
            if start and answer.status == http.HTTPStatus.PARTIAL_CONTENT and not _goes_on(answer, start, size):
                return _drop(partial, "the server sends another part than it was asked for.")
            if answer.status != http.HTTPStatus.PARTIAL_CONTENT:  # It knows no ranges and sends all.
                start = 0
            return _receive(answer, partial, start, size, moved)
    except urllib.error.HTTPError as error:
        error.close()
        if error.code == http.HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE:
            return _drop(partial, "the server has not as many bytes as are expected.")
        raise ModelError(f"{url}: the server answers {error.code} {error.reason}. {AGAIN}") from None
    except urllib.error.URLError as error:
        return _why(error.reason, silence_s)
    except (http.client.InvalidURL, UnicodeError) as error:
        raise ModelError(f"{url} is no address for a download: {error}.") from None
    except (http.client.HTTPException, OSError) as error:
        return _why(error, silence_s)


def _goes_on(answer: http.client.HTTPResponse, start: int, size: int) -> bool:
    """Whether the part that the server sends is the rest from there."""
    return re.fullmatch(rf"bytes {start}-\d+/({size}|\*)", answer.headers.get("Content-Range", "")) is not None


def _drop(partial: Path, trouble: str) -> str:
    """Begin anew: what is here does not fit what the server has. Returns the trouble."""
    with explained(partial.parent):
        partial.unlink(missing_ok=True)
    return trouble


def _receive(
    answer: http.client.HTTPResponse, partial: Path, start: int, size: int, moved: Callable[[int], None]
) -> str:
    """Append what comes. Returns what broke it."""
    there = start
    with explained(partial.parent):
        handle = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, FILE_MODE)
    try:
        with explained(partial.parent):
            os.truncate(handle, start)
            os.lseek(handle, start, os.SEEK_SET)
        moved(there)
        while piece := answer.read1(min(STEP_BYTES, size + 1 - there)):
            if there + len(piece) > size:
                with explained(partial.parent):
                    os.truncate(handle, 0)
                raise ModelError(f"The server sends more than the {size} bytes that the file has: it is another file.")
            _write(handle, piece, partial.parent)
            there += len(piece)
            moved(there)
    finally:
        os.close(handle)
    return "" if there == size else "the connection ended early."


def _write(handle: int, piece: bytes, folder: Path) -> None:
    rest = memoryview(piece)
    with explained(folder):
        while rest:
            rest = rest[os.write(handle, rest) :]


def _why(reason: object, silence_s: float) -> str:
    """What broke a connection, in words."""
    if isinstance(reason, TimeoutError):
        return f"the server said nothing for {silence_s:g} s."
    if isinstance(reason, ssl.SSLError):
        return f"the server cannot be trusted ({reason.reason or reason}). Is the clock right? See: timedatectl."
    if isinstance(reason, socket.gaierror):
        return "the name of the server cannot be looked up: is there a network?"
    if isinstance(reason, OSError):
        return f"no connection: {reason.strerror or reason}."
    return f"the connection broke: {reason or type(reason).__name__}."

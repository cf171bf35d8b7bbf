"""A web server on this machine that serves models, well or badly."""

from __future__ import annotations

import http.server
import re
import socket
import threading
from dataclasses import dataclass, field


@dataclass
class Manners:
    """How the server behaves, and what it was asked.

    ranges        it knows how to send a part
    breaks_after  bytes after which each answer's connection ends, though more was promised; None: never
    silent        it takes the request and says nothing until the test ends
    status        an error that it answers instead
    shifted       it sends a part from another place than it was asked for
    asked         (path, Range) of each request
    """

    ranges: bool = True
    breaks_after: int | None = None
    silent: bool = False
    status: int = 0
    shifted: bool = False
    asked: list[tuple[str, str | None]] = field(default_factory=list)


class ModelServer:
    """Serves files by their path; `with` starts and ends it."""

    def __init__(self, files: dict[str, bytes]) -> None:
        self.files = files
        self.manners = Manners()
        self._end = threading.Event()

    def __enter__(self) -> ModelServer:
        serves = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                serves.answer(self)

            def log_message(self, *_: object) -> None:
                pass

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        self.address = f"http://127.0.0.1:{self._server.server_address[1]}"
        return self

    def __exit__(self, *_: object) -> None:
        self._end.set()
        self._server.shutdown()
        self._server.server_close()

    def answer(self, request: http.server.BaseHTTPRequestHandler) -> None:
        """One request, with the manners of the moment."""
        manners = self.manners
        wanted = request.headers.get("Range")
        manners.asked.append((request.path, wanted))
        if manners.silent:
            self._end.wait(30)
            return
        data = self.files.get(request.path)
        if manners.status or data is None:
            request.send_error(manners.status or 404)
            return
        start = int(re.fullmatch(r"bytes=(\d+)-", wanted)[1]) if wanted and manners.ranges else 0
        if start and start >= len(data):
            request.send_error(416)
            return
        request.send_response(206 if start else 200)
        told = start + 1 if manners.shifted else start
        if start:
            request.send_header("Content-Range", f"bytes {told}-{len(data) - 1}/{len(data)}")
        request.send_header("Content-Length", str(len(data) - start))
        request.end_headers()
        part = data[start:]
        if manners.breaks_after is None:
            request.wfile.write(part)
            return
        request.wfile.write(part[: manners.breaks_after])
        request.wfile.flush()
        request.connection.shutdown(socket.SHUT_RDWR)


def closed_address() -> str:
    """An address on this machine where nobody listens."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{taken.getsockname()[1]}"

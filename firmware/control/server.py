"""The server's half of the control socket: a Unix socket that only the camera's own people may use."""

from __future__ import annotations

import contextlib
import logging
import os
import select
import socket
import stat
import threading
import time
from pathlib import Path

from firmware.control.json_rpc import NOT_A_REQUEST, NOT_ALLOWED, TOO_MANY, Handlers, answer_line, error_line
from firmware.control.peers import group_id, may_connect, peer_of
from firmware.errors import ControlError
from firmware.service.heartbeat import BEAT_S, Heartbeats
from firmware.settings import ControlSettings

logger = logging.getLogger(__name__)

LARGEST_REQUEST_BYTES = 64 * 1024
MOST_CONNECTIONS = 16
# A caller that says nothing for so long is gone, or holds one of the few places for no reason.
IDLE_LIMIT_S = 60.0


class ControlServer:
    """Answers requests with `handlers`, one thread a connection. `open` claims the socket, `start` begins to answer."""

    def __init__(
        self,
        settings: ControlSettings,
        handlers: Handlers,
        heartbeats: Heartbeats,
        idle_limit_s: float = IDLE_LIMIT_S,
    ) -> None:
        self._path = Path(settings.socket)
        self._group = settings.group
        self._handlers = handlers
        self._heartbeats = heartbeats
        self._idle_limit_s = idle_limit_s
        self._stop = threading.Event()
        self._places = threading.BoundedSemaphore(MOST_CONNECTIONS)
        self._callers: dict[threading.Thread, socket.socket] = {}
        self._listener: socket.socket | None = None
        self._inode = 0
        self._wake, self._waker = socket.socketpair()
        self._thread = threading.Thread(target=self._accept, name="control", daemon=True)

    def open(self) -> None:
        """Make the socket. Raises ControlError when another daemon answers on it or it cannot be made."""
        listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            self._remove_stale()
            listener.bind(str(self._path))
            # Nobody can connect before listen(): the mode is right before the first caller.
            self._path.chmod(0o660)
            self._give_to_group()
            self._inode = self._path.stat().st_ino
            listener.listen(MOST_CONNECTIONS)
            listener.setblocking(False)
        except OSError as error:
            listener.close()
            if isinstance(error, ControlError):
                raise
            raise ControlError(
                f"The control socket {self._path} cannot be made: {error}. Make its folder with `sudo install -d -o "
                f"{os.geteuid()} {self._path.parent}`, or set [control] socket to a path you may write."
            ) from None
        self._listener = listener

    def start(self) -> None:
        """Begin to answer."""
        self._thread.start()

    def close(self, timeout_s: float) -> None:
        """Take no more callers, let answers in work go out, remove the socket: all of it within `timeout_s`."""
        deadline_s = time.monotonic() + timeout_s
        self._stop.set()
        if self._listener is not None:
            self._waker.send(b"x")
            if self._thread.is_alive():
                self._thread.join(timeout_s)
            self._listener.close()
            self._wake.close()
            self._waker.close()
            self._listener = None
        callers = list(self._callers.items())
        for _, connection in callers:
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RD)  # wakes recv(); an answer in work still goes out
        for thread, _ in callers:
            thread.join(max(0.0, deadline_s - time.monotonic()))
        with contextlib.suppress(OSError):
            if self._path.stat().st_ino == self._inode:
                self._path.unlink()

    def _remove_stale(self) -> None:
        """A killed daemon leaves its socket behind. Whoever answers on it is alive."""
        try:
            found = self._path.lstat()
        except FileNotFoundError:
            return
        if not stat.S_ISSOCK(found.st_mode):
            raise ControlError(f"{self._path} is not a socket. Move it away, or set [control] socket to another path.")
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as trial:
            trial.settimeout(BEAT_S)
            try:
                trial.connect(str(self._path))
            except (ConnectionRefusedError, FileNotFoundError):
                self._path.unlink(missing_ok=True)
                return
        raise ControlError(
            f"Another Nightjar answers on {self._path}. Stop it with `sudo systemctl stop nightjar`, or give this one "
            "its own [control] socket and [storage] folders."
        )

    def _give_to_group(self) -> None:
        gid = group_id(self._group)
        if gid is None:
            logger.warning("There is no group %s: only root and this user may use %s", self._group, self._path)
            return
        try:
            os.chown(self._path, -1, gid)
        except PermissionError:
            logger.warning("%s could not be given to the group %s, which we are not in", self._path, self._group)

    def _accept(self) -> None:
        while not self._stop.is_set():
            self._heartbeats.beat("control")
            ready, _, _ = select.select([self._listener, self._wake], [], [], BEAT_S)
            if self._listener not in ready:
                continue
            try:
                connection, _ = self._listener.accept()
            except BlockingIOError:  # the caller went away again
                continue
            except OSError as error:  # out of file descriptors: those that end give theirs back
                logger.error("A caller could not be let in: %s", error)
                self._stop.wait(BEAT_S)
                continue
            self._admit(connection)
        self._heartbeats.forget("control")

    def _admit(self, connection: socket.socket) -> None:
        peer = peer_of(connection)
        if not may_connect(peer, self._group):
            logger.warning("Refused user %s (uid %d, pid %d) on the control socket", peer.user, peer.uid, peer.pid)
            self._turn_away(connection, NOT_ALLOWED, f"User {peer.user} may not use this camera. Join its group with "
                            f"`sudo usermod -aG {self._group} {peer.user}` and log in again.")  # fmt: skip
        elif not self._places.acquire(blocking=False):
            self._turn_away(connection, TOO_MANY, f"{MOST_CONNECTIONS} callers are connected already; try again.")
        else:
            thread = threading.Thread(target=self._serve, args=(connection,), name="caller", daemon=True)
            self._callers[thread] = connection
            thread.start()

    @staticmethod
    def _turn_away(connection: socket.socket, code: int, message: str) -> None:
        with connection, contextlib.suppress(OSError):
            connection.send(error_line(code, message), socket.MSG_DONTWAIT)

    def _serve(self, connection: socket.socket) -> None:
        try:
            with connection:
                for line in self._lines(connection):
                    answer = answer_line(line, self._handlers)
                    if answer is not None:
                        connection.settimeout(self._idle_limit_s)
                        connection.sendall(answer)
        except OSError as error:  # the caller is gone, or silent too long
            logger.debug("A caller left: %s", error)
        finally:
            self._callers.pop(threading.current_thread(), None)
            self._places.release()

    def _lines(self, connection: socket.socket):
        """Lines as they come, without their newline. Ends when the caller does, or asks too much at once."""
        rest = b""
        while True:
            line, newline, after = rest.partition(b"\n")
            if len(line) > LARGEST_REQUEST_BYTES:
                limit = f"A request is at most {LARGEST_REQUEST_BYTES} bytes."
                connection.sendall(error_line(NOT_A_REQUEST, limit))
                return
            if newline:
                rest = after
                if line.strip():
                    yield line
                continue
            part = self._receive(connection)
            if not part:
                return
            rest += part

    def _receive(self, connection: socket.socket) -> bytes:
        """What comes next; nothing when the caller ended or the daemon stops. Raises TimeoutError after idling."""
        connection.settimeout(self._idle_limit_s)
        return b"" if self._stop.is_set() else connection.recv(65536)

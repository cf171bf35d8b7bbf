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
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from firmware.control.codes import NOT_A_REQUEST, NOT_ALLOWED, TOO_MANY
from firmware.control.json_rpc import Handlers, answer_line, error_line
from firmware.control.peers import group_id, may_connect, peer_of
from firmware.errors import ControlError
from firmware.service.heartbeat import BEAT_S, Heartbeats
from firmware.settings import ControlSettings

logger = logging.getLogger(__name__)

LARGEST_REQUEST_BYTES = 64 * 1024
MOST_CONNECTIONS = 16
# A caller that says nothing for so long is gone, or holds one of the few places for no reason.
IDLE_LIMIT_S = 60.0
# When others stand outside, he has so long.
MAKES_WAY_S = 1.0
# Between being told to go and being gone.
LEAVING_S = 0.2


@dataclass
class _Caller:
    """A connection.

    pid             the process at its other end
    silent_since_s  since when it has to say something, or to take its answer; None while its request is in work
    is_last         the answer in work is the last one it gets
    """

    connection: socket.socket
    pid: int
    silent_since_s: float | None
    is_last: bool = False


class ControlServer:
    """Answers requests with `handlers`, one thread a connection. `open` claims the socket, `start` begins to answer."""

    def __init__(
        self,
        settings: ControlSettings,
        handlers: Handlers,
        heartbeats: Heartbeats,
        idle_limit_s: float = IDLE_LIMIT_S,
        makes_way_s: float = MAKES_WAY_S,
    ) -> None:
        self._path = Path(settings.socket)
        self._group = settings.group
        self._handlers = handlers
        self._heartbeats = heartbeats
        self._idle_limit_s = idle_limit_s
        self._makes_way_s = makes_way_s
        self._stop = threading.Event()
        self._places = threading.BoundedSemaphore(MOST_CONNECTIONS)
        self._callers: dict[threading.Thread, _Caller] = {}
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
        for _, caller in callers:
            with contextlib.suppress(OSError):
                caller.connection.shutdown(socket.SHUT_RD)  # wakes recv(); an answer in work still goes out
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
        elif not self._places.acquire(blocking=False) and not self._place_of_another():
            self._turn_away(connection, TOO_MANY, f"{MOST_CONNECTIONS} callers are connected already; try again.")
        else:
            caller = _Caller(connection, peer.pid, time.monotonic())
            thread = threading.Thread(target=self._serve, args=(caller,), name="caller", daemon=True)
            self._callers[thread] = caller
            thread.start()

    def _place_of_another(self) -> bool:
        """Somebody stands outside: let one caller go who can be spared. True when that gave a place."""
        caller = self._to_be_spared(list(self._callers.values()))
        if caller is None:
            return False
        caller.is_last = True
        if caller.silent_since_s is not None:
            with contextlib.suppress(OSError):
                caller.connection.shutdown(socket.SHUT_RDWR)
        # One at work goes when that is done: whoever stands outside asks again.
        return self._places.acquire(timeout=LEAVING_S)

    def _to_be_spared(self, callers: list[_Caller]) -> _Caller | None:
        """Who has been silent for too long; else one of the process that has most places, if it has several."""
        now_s = time.monotonic()
        spared = max(callers, key=lambda caller: _silent_s(caller, now_s), default=None)
        if spared is not None and _silent_s(spared, now_s) > self._makes_way_s:
            return spared
        places = Counter(caller.pid for caller in callers if not caller.is_last)
        (crowd, most), *_ = places.most_common(1) or [(0, 0)]
        ours = [caller for caller in callers if caller.pid == crowd and not caller.is_last]
        return max(ours, key=lambda caller: _silent_s(caller, now_s)) if most > 1 else None

    @staticmethod
    def _turn_away(connection: socket.socket, code: int, message: str) -> None:
        with connection, contextlib.suppress(OSError):
            connection.send(error_line(code, message), socket.MSG_DONTWAIT)

    def _serve(self, caller: _Caller) -> None:
        connection = caller.connection
        try:
            with connection:
                for line in self._lines(connection):
                    caller.silent_since_s = None
                    answer = answer_line(line, self._handlers)
                    caller.silent_since_s = time.monotonic()
                    if answer is not None:
                        connection.settimeout(self._idle_limit_s)
                        connection.sendall(answer)
                    if caller.is_last:
                        break
        except OSError as error:  # the caller is gone, or silent too long
            logger.debug("A caller left: %s", error)
        finally:
            self._callers.pop(threading.current_thread(), None)
            self._places.release()

    def _lines(self, connection: socket.socket) -> Iterator[bytes]:
        """Lines as they come, without their newline. Ends when the caller does, or asks too much at once."""
        rest = b""
        while part := self._receive(connection):
            *whole, rest = (rest + part).split(b"\n")
            for line in (*whole, rest):
                if len(line) > LARGEST_REQUEST_BYTES:
                    limit = f"A request is at most {LARGEST_REQUEST_BYTES} bytes."
                    connection.sendall(error_line(NOT_A_REQUEST, limit))
                    return
            yield from (line for line in whole if line.strip())

    def _receive(self, connection: socket.socket) -> bytes:
        """What comes next; nothing when the caller ended or the daemon stops. Raises TimeoutError after idling."""
        connection.settimeout(self._idle_limit_s)
        return b"" if self._stop.is_set() else connection.recv(65536)


def _silent_s(caller: _Caller, now_s: float) -> float:
    """For how long it has kept us waiting; -1 while we work for it."""
    since_s = caller.silent_since_s
    return -1.0 if since_s is None else now_s - since_s

"""What a real process asks of the file system, with contents: strace's log, read into operations."""

from __future__ import annotations

import itertools
import os
import re
import select
import shutil
import subprocess
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from crash.operations import Link, Make, Operation, Remove, Rename, Sync, Told, Truncate, Write

LONGEST_WRITE_BYTES = 200_000_000
CHANGING = ("open", "openat", "creat", "write", "pwrite64", "writev", "truncate", "ftruncate", "fsync", "fdatasync",
            "rename", "renameat", "renameat2", "link", "linkat", "unlink", "unlinkat", "rmdir", "mkdir", "mkdirat",
            "sendto", "sendmsg")  # fmt: skip
# Other ways to change a file. Nobody here goes them; who does is not overlooked.
UNKNOWN = ("pwritev", "pwritev2", "fallocate", "copy_file_range", "sendfile", "splice", "sync", "syncfs",
           "sync_file_range", "symlink", "symlinkat", "lseek")  # fmt: skip
CALL = re.compile(r"(?P<thread>\d+) +(?P<name>\w+)\((?P<given>.*)\) += (?P<result>-?\d+|\?)")
BEGUN = re.compile(r"(?P<thread>\d+) +(?P<text>\w+\(.*) <unfinished \.\.\.>$")
RESUMED = re.compile(r"(?P<thread>\d+) +<\.\.\. \w+ resumed>(?P<rest>.*)$")
TEXT = re.compile(r'"((?:\\x[0-9a-f]{2})*)"')
OPEN_FILE = re.compile(r"(?:AT_FDCWD|\d+)<((?:\\x[0-9a-f]{2})*)>")
NUMBER = re.compile(r", (\d+)$")


def strace_command(log: Path, *options: str) -> list[str]:
    """Put before a command: it is the process that is started, strace watches from aside. Skips without strace."""
    if not shutil.which("strace"):
        pytest.skip("strace is not installed")
    # With its filter strace is quicker, and kills nobody.
    quicker = [] if options else ["--seccomp-bpf"]
    traced = ",".join(f"?{name}" for name in (*CHANGING, *UNKNOWN))
    return ["strace", "-D", "-f", "-y", "-xx", "-s", str(LONGEST_WRITE_BYTES), *quicker, "-o", str(log),
            "-e", f"trace={traced}", *options, "--"]  # fmt: skip


class TracedProcess(subprocess.Popen):
    """A process that is waited for until strace has written all that it did, too."""

    def __init__(self, command: Sequence[str], **options) -> None:
        self._open_until_end, handed_down = os.pipe()
        super().__init__(command, pass_fds=(handed_down,), **options)
        os.close(handed_down)

    def wait(self, timeout: float | None = None) -> int:
        code = super().wait(timeout)
        if self._open_until_end is not None:
            assert select.select([self._open_until_end], [], [], timeout)[0], "strace does not end"
            os.close(self._open_until_end)
            self._open_until_end = None
        return code


def begin_traced(trace: Path, *options: str) -> Callable:
    """Begins the bench's process as `begin_process` does, traced."""
    from firmware.demo.bench_daemon import NIGHTJAR

    def begin(words: Sequence[str], environment: dict[str, str], log: Path) -> subprocess.Popen:
        with log.open("ab") as written:
            command = [*strace_command(trace, *options), *NIGHTJAR, *words]
            return TracedProcess(command, env=environment, stderr=written, stdout=subprocess.DEVNULL)

    return begin


@dataclass
class Recording:
    """Operations below some folders, in the order in which the kernel did them.

    root     the folder that these are in; it was there
    watched  names in it that count; they may be made
    tells    what a message promises: from the bytes of one that went out over a socket or to stderr
    """

    root: Path
    watched: Sequence[str]
    tells: Callable[[bytes], Iterable[Told]]
    operations: list[Operation] = field(default_factory=list)
    _ends: dict[Path, int] = field(default_factory=dict)
    _files: set[Path] = field(default_factory=set)

    def was_there(self, path: Path) -> None:
        """A file, before the recording."""
        self._files.add(path)

    def read(self, trace: Path) -> None:
        """Go on with one more process's log."""
        for line, begun in _whole_lines(trace, lambda: len(self.operations)):
            call = CALL.match(line)
            is_made_up = line.endswith("(INJECTED)")  # the kernel never did it
            if call and not is_made_up and call["result"] != "?" and not call["result"].startswith("-"):
                self._call(call["name"], call["given"], int(call["result"]), begun)

    def _call(self, name: str, given: str, result: int, begun: int) -> None:
        texts = [bytes.fromhex(text.replace("\\x", "")) for text in TEXT.findall(given)]
        opened = [Path(os.fsdecode(bytes.fromhex(path.replace("\\x", "")))) for path in OPEN_FILE.findall(given)]
        if name in ("write", "sendto", "sendmsg") and not self._is_ours(opened[0]):
            for told in self.tells(b"".join(texts)):
                self.operations.append(told)
            return
        if name in ("fsync", "fdatasync", "write", "pwrite64", "writev", "ftruncate", *UNKNOWN):
            if opened and self._is_ours(opened[0]):
                self._through_handle(name, opened[0], b"".join(texts), given, result, begun)
            return
        paths = [*_paths(name, opened, texts)]
        if paths and all(map(self._is_ours, paths)):
            self._by_name(name, paths, given)

    def _is_ours(self, path: Path) -> bool:
        return path == self.root or any(path.is_relative_to(self.root / name) for name in self.watched)

    def _through_handle(self, name: str, path: Path, data: bytes, given: str, result: int, begun: int) -> None:
        if name in ("fsync", "fdatasync"):
            self.operations.append(Sync(path, begun))
        elif name in ("write", "writev"):
            self.operations.append(Write(path, data[:result], self._ends.get(path, 0)))
            self._ends[path] = self._ends.get(path, 0) + result
        elif name == "pwrite64":
            self.operations.append(Write(path, data[:result], int(NUMBER.search(given)[1])))
        elif name == "ftruncate":
            self.operations.append(Truncate(path, int(NUMBER.search(given)[1])))
        elif name != "lseek" or path in self._ends:  # who only reads may go where he likes
            raise NotImplementedError(f"{name} on {path}: teach the recording what that does")

    def _by_name(self, name: str, paths: Sequence[Path], given: str) -> None:
        path, *rest = paths
        if name in ("open", "openat", "creat"):
            self._open(path, "creat" if name == "creat" else given)
        elif name in ("mkdir", "mkdirat"):
            self.operations.append(Make(path, is_folder=True))
        elif name in ("link", "linkat"):
            self.operations.append(Link(path, rest[0]))
            self._files.add(rest[0])
        elif name.startswith("rename"):
            self.operations.append(Rename(path, rest[0]))
            self._files.discard(path)
            self._files.add(rest[0])
        elif name in ("unlink", "unlinkat", "rmdir"):
            self.operations.append(Remove(path))
            self._files.discard(path)
        else:
            raise NotImplementedError(f"{name} of {path}: teach the recording what that does")

    def _open(self, path: Path, given: str) -> None:
        if not any(flag in given for flag in ("O_WRONLY", "O_RDWR", "O_CREAT", "creat")):
            return
        if "O_APPEND" in given or "O_TMPFILE" in given:
            raise NotImplementedError(f"{path} is opened in a way that the recording does not know: {given[-80:]}")
        self._ends[path] = 0
        if path not in self._files:
            self.operations.append(Make(path))
            self._files.add(path)
        elif "O_TRUNC" in given:
            self.operations.append(Truncate(path))


def _whole_lines(trace: Path, done: Callable[[], int]) -> Iterator[tuple[str, int]]:
    """Each call in one line, when it ended, with the count of operations when it began."""
    waiting: dict[str, tuple[str, int]] = {}
    with trace.open(errors="replace") as lines:
        for line in itertools.chain(lines):
            text = line.rstrip("\n")
            if begun := BEGUN.match(text):
                waiting[begun["thread"]] = begun["text"], done()
            elif (resumed := RESUMED.match(text)) and resumed["thread"] in waiting:
                first, count = waiting.pop(resumed["thread"])
                yield f"{resumed['thread']} {first}{resumed['rest']}", count
            else:
                yield text, done()


def _paths(name: str, opened: Sequence[Path], texts: Sequence[bytes]) -> Iterator[Path]:
    """The absolute paths that a call names; those of *at calls count from the folders that are open."""
    for place, text in enumerate(texts):
        path = Path(os.fsdecode(text))
        folder = opened[place] if name.endswith(("at", "at2")) and place < len(opened) else Path("/")
        yield path if path.is_absolute() else folder / path

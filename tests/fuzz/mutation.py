"""Changed copies of valid files: of bytes, of numbers in them, and of the words and numbers of a text.

A change is three whole numbers: which kind, where, and what. The same changes of the same files give the same bytes, so
that hypothesis can shrink them and a case can be told by its changes.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Callable, Sequence

Change = tuple[int, int, int]
Kind = Callable[[bytes, int, int, Sequence[bytes]], bytes]

TOKEN = re.compile(rb'"(?:[^"\\\n]|\\.)*"|[-+]?\d[\w.+-]*|\w+|[\[\]{}=:,]')
NUMBER = re.compile(rb"(?<![\w.])-?\d+(?:\.\d+)?(?:[eE][-+]?\d+)?(?![\w.])")
SCALES = (-1.0, 0.0, 0.1, 0.5, 0.99, 1.01, 2.0, 10.0, 1e3, 1e6, 1e-3, 1e-6, 1e-30, 1e30)
NUMBERS = (
    b"0", b"-0", b"1", b"-1", b"2", b"255", b"256", b"65535", b"65536", b"2147483648", b"4294967296",
    b"9223372036854775807", b"9223372036854775808", b"-9223372036854775809", b"1e308", b"1e-308", b"5e-324", b"1e999",
    b"0.1", b"1.0", b"-1.5", b"1e12", b"NaN", b"nan", b"-Infinity", b"inf", b"9" * 400, b"9" * 5000,
)  # fmt: skip
WORDS = (
    b"null", b"true", b"false", b'""', b'"x"', b'"\\ud800"', b'"\\u0000"', b'"\xc3\xa4"', b'"\xff"', b"[]", b"{}",
    b"[[]]", b"[1]", b'["x"]', b'{"x": 1}', b"[" * 3000, b'{"a":' * 3000, b'"' + b"x" * 5000 + b'"', b"1979-05-27",
    *(b"[" * deep + b"]" * deep for deep in (100, 900, 940, 960, 970, 980, 990)), b"{" + b"a." * 3000 + b"b = 1}",
    b"a." * 900 + b"a", b"a." * 3000 + b"a", b'"\\u001b[2J"', b"[1, 2, 3, 4]", b'"../x"', b'"/dev/zero"', b"07:32:00",
)  # fmt: skip
SMALL = (0, 1, 2, 3, 4, 7, 8, 15, 16, 31, 32, 64, 127, 128, 255)
LARGE = (0x100, 0x7FFF, 0x8000, 0xFFFF, 0x10000, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFE, 0xFFFFFFFF)
LONGEST_STEP = 64


def changed(files: Sequence[bytes], which: int, changes: Sequence[Change], grammar: str) -> bytes:
    """One of the files after these changes."""
    kinds = GRAMMARS[grammar]
    content = files[which % len(files)]
    for kind, place, value in changes:
        content = kinds[kind % len(kinds)](content, place, value, files)
    return content


def _set_byte(content: bytes, place: int, value: int, _: Sequence[bytes]) -> bytes:
    return _put(content, place % (len(content) or 1), bytes([value % 256]))


def _flip_bit(content: bytes, place: int, value: int, _: Sequence[bytes]) -> bytes:
    at = place % (len(content) or 1)
    return _put(content, at, bytes([content[at] ^ 1 << value % 8])) if content else content


def _set_number(content: bytes, place: int, value: int, _: Sequence[bytes]) -> bytes:
    """A number of 2 or 4 bytes at a place where formats have them."""
    numbers = (*SMALL, *LARGE, len(content), len(content) - 1)
    number, layout = numbers[value // 4 % len(numbers)], ("<H", ">H", "<I", ">I")[value % 4]
    return _put(content, _even(content, place), struct.pack(layout, number % 2 ** (8 * struct.calcsize(layout))))


def _nudge_number(content: bytes, place: int, value: int, _: Sequence[bytes]) -> bytes:
    """A number of 2 or 4 bytes a little larger or smaller: offsets and counts that nearly fit."""
    at, layout = _even(content, place), ("<H", ">H", "<I", ">I")[value % 4]
    size = struct.calcsize(layout)
    if at + size > len(content):
        return content
    (number,) = struct.unpack_from(layout, content, at)
    return _put(content, at, struct.pack(layout, (number + value // 4 % 33 - 16) % 2 ** (8 * size)))


def _copy_number(content: bytes, place: int, value: int, _: Sequence[bytes]) -> bytes:
    at = _even(content, value)
    return _put(content, _even(content, place), content[at : at + 4])


def _cut_out(content: bytes, place: int, value: int, _: Sequence[bytes]) -> bytes:
    at = place % (len(content) + 1)
    return content[:at] + content[at + 1 + value % LONGEST_STEP :]


def _cut_off(content: bytes, place: int, _: int, __: Sequence[bytes]) -> bytes:
    return content[: place % (len(content) + 1)]


def _repeat(content: bytes, place: int, value: int, _: Sequence[bytes]) -> bytes:
    at = place % (len(content) + 1)
    end = at + 1 + value % LONGEST_STEP
    return content[:end] + content[at:end] + content[end:]


def _join(content: bytes, place: int, value: int, files: Sequence[bytes]) -> bytes:
    other = files[value % len(files)]
    return content[: place % (len(content) + 1)] + other[place % (len(other) + 1) :]


def _set_token(content: bytes, place: int, value: int, _: Sequence[bytes]) -> bytes:
    tokens = NUMBERS + WORDS
    return _with_token(content, place, tokens[value % len(tokens)])


def _other_number(content: bytes, place: int, value: int, _: Sequence[bytes]) -> bytes:
    """A number for a number: what is refused for its type is not tried for its size."""
    return _with_token(content, place, NUMBERS[value % len(NUMBERS)], NUMBER)


def _scale_number(content: bytes, place: int, value: int, _: Sequence[bytes]) -> bytes:
    found = list(NUMBER.finditer(content))
    if not found:
        return content
    old = found[place % len(found)]
    new = float(old[0]) * SCALES[value % len(SCALES)] if len(old[0]) < LONGEST_STEP else 1.0
    return content[: old.start()] + repr(new).encode() + content[old.end() :]


def _copy_token(content: bytes, place: int, value: int, files: Sequence[bytes]) -> bytes:
    other = files[value % len(files)]
    tokens = TOKEN.findall(other) or [b""]
    return _with_token(content, place, tokens[value // len(files) % len(tokens)])


def _drop_line(content: bytes, place: int, _: int, __: Sequence[bytes]) -> bytes:
    lines = content.split(b"\n")
    del lines[place % len(lines)]
    return b"\n".join(lines)


def _repeat_line(content: bytes, place: int, value: int, _: Sequence[bytes]) -> bytes:
    lines = content.split(b"\n")
    lines.insert(value % (len(lines) + 1), lines[place % len(lines)])
    return b"\n".join(lines)


def _with_token(content: bytes, place: int, token: bytes, kind: re.Pattern[bytes] = TOKEN) -> bytes:
    found = list(kind.finditer(content))
    if not found:
        return content + token
    old = found[place % len(found)]
    return content[: old.start()] + token + content[old.end() :]


def _even(content: bytes, place: int) -> int:
    return place % (len(content) // 2 or 1) * 2


def _put(content: bytes, at: int, new: bytes) -> bytes:
    """Over what is there; a file never grows by it."""
    new = new[: max(len(content) - at, 0)]
    return content[:at] + new + content[at + len(new) :]


OF_BYTES: tuple[Kind, ...] = (
    _set_byte, _flip_bit, _set_number, _nudge_number, _copy_number, _cut_out, _cut_off, _repeat, _join,
)  # fmt: skip
OF_TEXT: tuple[Kind, ...] = (
    _set_token, _set_token, _other_number, _other_number, _scale_number, _scale_number,
    _copy_token, _drop_line, _repeat_line, _set_byte, _cut_out, _cut_off, _repeat, _join,
)  # fmt: skip
GRAMMARS = {"bytes": OF_BYTES, "text": OF_TEXT}

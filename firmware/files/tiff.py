"""TIFF directories, the container of DNG and of Exif: always written the same way, and read with suspicion.

Source: TIFF Revision 6.0, Adobe 1992, section 2. Differs: only the little-endian form, and only directories; pixels are
appended by the caller, so that a 24 MB picture is never copied.
"""

from __future__ import annotations

import os
import struct
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, BinaryIO

from firmware.errors import RawFileError

# struct letter of each TIFF type; a rational is two letters.
BYTE, ASCII, SHORT, LONG, RATIONAL, UNDEFINED, SRATIONAL, DOUBLE, DIRECTORY = 1, 2, 3, 4, 5, 7, 10, 12, 13
LETTERS = {
    BYTE: "B", ASCII: "s", SHORT: "H", LONG: "I", RATIONAL: "II", UNDEFINED: "s", SRATIONAL: "ii", DOUBLE: "d",
    DIRECTORY: "I",
}  # fmt: skip
SIGNATURE = b"II*\0"
# Far beyond any directory of ours; a damaged file can claim four billion entries.
MOST_ENTRIES = 512
MOST_BYTES = 1 << 22
# All values of a directory together: 512 entries may each claim the same 4 MB of a file.
MOST_BYTES_IN_ALL = 6 << 20
LONGEST = 0xFFFFFFFF


@dataclass(frozen=True)
class Offset:
    """A field's value that is known only after layout: where a directory of this name begins, or "data"."""

    of: str


@dataclass(frozen=True)
class Field:
    """One directory entry."""

    tag: int
    kind: int
    values: tuple[Any, ...] | bytes | Offset

    @property
    def count(self) -> int:
        """How many values TIFF says there are."""
        return 1 if isinstance(self.values, Offset) else len(self.values)

    def payload(self, offsets: Mapping[str, int]) -> bytes:
        """The values as bytes."""
        if isinstance(self.values, bytes):
            return self.values
        values = (offsets[self.values.of],) if isinstance(self.values, Offset) else self.values
        return struct.pack("<" + LETTERS[self.kind] * len(values), *_flat(values))

    @property
    def size(self) -> int:
        """Bytes of the payload."""
        return self.count * struct.calcsize("<" + LETTERS[self.kind])


def text(tag: int, words: str) -> Field:
    """A field of ASCII text; other letters become question marks, as TIFF has none."""
    return Field(tag, ASCII, words.encode("ascii", "replace") + b"\0")


def rational(value: Fraction | float, limit: int = LONGEST) -> Fraction:
    """The nearest fraction whose two numbers fit 32 bits: exact wherever that is possible (1.5 is 3/2)."""
    value = Fraction(value)
    largest_denominator = max(1, min(limit, int(limit / max(abs(value), 1))))
    nearest = value.limit_denominator(largest_denominator)
    return max(min(nearest, Fraction(limit)), Fraction(-limit))


def encode_directories(
    directories: Mapping[str, list[Field]], after: Mapping[str, str] | None = None, alignment: int = 1
) -> bytes:
    """Header and directories, padded to `alignment`; what the caller appends next is at Offset("data").

    directories  by name, the first is the main one
    after        which directory follows another in TIFF's chain, by name
    """
    offsets, position = {}, 8
    for name, fields in directories.items():
        offsets[name] = position
        position += _directory_size(fields)
    offsets["data"] = -(-position // alignment) * alignment
    block = bytearray(SIGNATURE + struct.pack("<I", 8))
    for name, fields in directories.items():
        follower = (after or {}).get(name)
        block += _directory(fields, offsets, offsets[name], offsets[follower] if follower else 0)
    return bytes(block).ljust(offsets["data"], b"\0")


def _directory(fields: list[Field], offsets: Mapping[str, int], start: int, following: int) -> bytes:
    entries, overflow = struct.pack("<H", len(fields)), b""
    outside = start + 2 + 12 * len(fields) + 4
    for field in sorted(fields, key=lambda field: field.tag):
        payload = field.payload(offsets)
        if len(payload) > 4:
            where = struct.pack("<I", outside + len(overflow))
            overflow += payload + b"\0" * (len(payload) % 2)
        else:
            where = payload.ljust(4, b"\0")
        entries += struct.pack("<HHI", field.tag, field.kind, field.count) + where
    return entries + struct.pack("<I", following) + overflow


def _directory_size(fields: list[Field]) -> int:
    overflow = sum(field.size + field.size % 2 for field in fields if field.size > 4)
    return 2 + 12 * len(fields) + 4 + overflow


def _flat(values: Iterable[Any]) -> Iterable[Any]:
    for value in values:
        if isinstance(value, Fraction):
            yield from value.as_integer_ratio()
        else:
            yield value


@dataclass(frozen=True)
class TiffReader:
    """Directories of a file that may be damaged: RawFileError if anything it claims lies outside the file.

    order  "<" for little-endian ("II"), ">" for big-endian ("MM")
    """

    file: BinaryIO
    size: int
    order: str
    first: int

    @classmethod
    def open(cls, file: BinaryIO) -> TiffReader | None:
        """The reader, or None if the file does not begin as a TIFF."""
        size = os.fstat(file.fileno()).st_size
        file.seek(0)
        header = file.read(8)
        order = {SIGNATURE: "<", b"MM\0*": ">"}.get(header[:4])
        if order is None or len(header) < 8:
            return None
        return cls(file, size, order, struct.unpack(order + "I", header[4:])[0])

    def directory(self, offset: int) -> dict[int, tuple[Any, ...] | bytes]:
        """The directory at `offset` by tag; fields of types that we never use are left out."""
        (count,) = self._numbers("H", _bytes_at(self.file, offset, 2, self.size))
        if count > MOST_ENTRIES:
            raise RawFileError(f"A directory claims {count} entries; at most {MOST_ENTRIES} are read.")
        entries = _bytes_at(self.file, offset + 2, 12 * count, self.size)
        fields, left = {}, MOST_BYTES_IN_ALL
        for tag, kind, length, value in struct.iter_unpack(self.order + "HHI4s", entries):
            if kind in LETTERS:
                size = length * struct.calcsize("<" + LETTERS[kind])
                # Somebody's maker notes: nothing that we ask for is that long.
                is_read = size <= min(left, MOST_BYTES)
                fields[tag] = self._values(kind, length, size, value) if is_read else b""
                left -= size if is_read else 0
        return fields

    def _values(self, kind: int, length: int, size: int, value: bytes) -> tuple[Any, ...] | bytes:
        letters = LETTERS[kind]
        if size > 4:
            value = _bytes_at(self.file, *self._numbers("I", value), size, self.size)
        if letters == "s":
            return value[:size]
        numbers = tuple(value[:size]) if kind == BYTE else self._numbers(letters * length, value[:size])
        return numbers if len(letters) == 1 else tuple(zip(numbers[::2], numbers[1::2], strict=True))

    def _numbers(self, letters: str, payload: bytes) -> tuple[Any, ...]:
        return struct.unpack(self.order + letters, payload)


def whole_numbers(tags: Mapping[int, tuple[Any, ...] | bytes], tag: int) -> tuple[int, ...]:
    """The values of a tag if they are what a size or a place must be, else none."""
    values = tags.get(tag, ())
    return values if isinstance(values, tuple) and all(isinstance(value, int) for value in values) else ()


def _bytes_at(file: BinaryIO, offset: int, size: int, file_size: int) -> bytes:
    if offset + size > file_size:
        raise RawFileError(f"It ends at {file_size} bytes, but claims something at {offset} to {offset + size}.")
    file.seek(offset)
    found = file.read(size)
    if len(found) != size:
        raise RawFileError(f"It ended while being read at {offset}.")
    return found

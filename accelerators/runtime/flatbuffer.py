"""Reads a FlatBuffer without trusting it: every place is checked against the file's end before it is read.

The layout is that of flatbuffers.dev/internals: a table starts with the distance back to its vtable, and the vtable has
the place of each field. The library's own reader for Python checks nothing, and LiteRT only some.
"""

from __future__ import annotations

import struct

# A table or a list is cut off here: no model that a Raspberry Pi runs has as many parts.
MOST_PARTS = 100_000
Fields = dict[int, int]


class Broken(ValueError):
    """A place lies outside the file, or cannot be what it should be. The message names what was read."""


class FlatBuffer:
    """The bytes of one file. Places are counted from its start."""

    def __init__(self, content: bytes) -> None:
        self._content = content

    def number(self, place: int, kind: str) -> int | float:
        """One number; `kind` is a letter of `struct` (little-endian)."""
        self._inside(place, struct.calcsize(kind), "a number")
        return struct.unpack_from("<" + kind, self._content, place)[0]

    def root(self) -> Fields:
        """The fields of the root table."""
        return self.table(self.follow(0))

    def follow(self, place: int) -> int:
        """Where the offset at `place` points."""
        return place + self.number(place, "I")

    def table(self, place: int) -> Fields:
        """The places of a table's fields by number; a field at its default is missing."""
        vtable = place - self.number(place, "i")
        self._inside(vtable, 4, "a table's layout")
        vtable_bytes, table_bytes = self.number(vtable, "H"), self.number(vtable + 2, "H")
        if vtable_bytes < 4 or vtable_bytes % 2 or table_bytes < 4 or place % 4:
            raise Broken("a table's layout makes no sense")
        self._inside(vtable, vtable_bytes, "a table's layout")
        self._inside(place, table_bytes, "a table")
        offsets = struct.unpack_from(f"<{vtable_bytes // 2 - 2}H", self._content, vtable + 4)
        if any(offset and not 4 <= offset < table_bytes for offset in offsets):
            raise Broken("a field lies outside its table")
        return {number: place + offset for number, offset in enumerate(offsets) if offset}

    def table_at(self, fields: Fields, number: int) -> Fields:
        """The fields of the table that a field points to; none where it is missing."""
        return self.table(self.follow(fields[number])) if number in fields else {}

    def value(self, fields: Fields, number: int, kind: str, default: int = 0) -> int | float:
        """A scalar field."""
        return self.number(fields[number], kind) if number in fields else default

    def tables(self, fields: Fields, number: int) -> list[Fields]:
        """A field that is a list of tables."""
        start, count = self._list(fields, number, 4)
        if count > MOST_PARTS:
            raise Broken(f"a list has {count} parts")
        return [self.table(self.follow(start + 4 * index)) for index in range(count)]

    def numbers(self, fields: Fields, number: int, kind: str) -> tuple:
        """A field that is a list of numbers."""
        start, count = self._list(fields, number, struct.calcsize(kind))
        if count > MOST_PARTS:
            raise Broken(f"a list has {count} numbers")
        return struct.unpack_from(f"<{count}{kind}", self._content, start)

    def length(self, fields: Fields, number: int) -> int:
        """Size of a field that is a list of bytes."""
        return self._list(fields, number, 1)[1]

    def text(self, fields: Fields, number: int) -> str:
        """A field that is a text; it must end in a zero byte, which C++ reads up to."""
        start, count = self._list(fields, number, 1)
        if number in fields and self.number(start + count, "B") != 0:
            raise Broken("a name has no end")
        try:
            return self._content[start : start + count].decode()
        except UnicodeDecodeError:
            raise Broken("a name is no text") from None

    def _list(self, fields: Fields, number: int, item_bytes: int) -> tuple[int, int]:
        if number not in fields:
            return 0, 0
        place = self.follow(fields[number])
        count = self.number(place, "I")
        self._inside(place + 4, count * item_bytes, "a list")
        return place + 4, count

    def _inside(self, place: int, size: int, what: str) -> None:
        if not 0 <= place <= place + size <= len(self._content):
            raise Broken(f"{what} of {size} bytes at {place} lies outside the file of {len(self._content)} bytes")

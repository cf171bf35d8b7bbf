"""Reading a FlatBuffer from untrusted bytes: every offset and every length is checked against the file's end.

Format: "FlatBuffer Internals" of flatbuffers.dev. A table begins with the way back to its vtable, which holds the place
of each field; lists and texts begin with their length. All numbers are little-endian.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass

from accelerators.errors import ModelError

ROOT_AND_IDENTIFIER = 8
# Of a list of tables in a model that a Raspberry Pi could run: DeepLab has 186 tensors, the largest detectors 1500.
# Lists may share bytes, so that a small file can claim much.
MOST_TABLES = 10_000
MOST_NUMBERS = 100_000
# Converters join the names of all that they merged.
MOST_TEXT_BYTES = 4096


@dataclass(frozen=True)
class Table:
    """One table: the file's bytes, and where in them it begins. Fields are counted from 0, as in the schema."""

    data: bytes | bytearray
    at: int

    def number(self, field: int, kind: str, default: int | float = 0) -> int | float:
        """A scalar; `kind` as struct names it: "b", "B", "i", "I", "Q"."""
        place = self.place(field)
        return default if place is None else number_at(self.data, place, kind)

    def table(self, field: int) -> Table | None:
        """The table that the field points at."""
        place = self.place(field)
        return None if place is None else _table(self.data, self._follow(place))

    def tables(self, field: int) -> list[Table]:
        """A list of tables."""
        start, count = self.vector(field, 4)
        if count > MOST_TABLES:
            raise ModelError(
                f"It claims a list of {count} parts; a model that fits a camera has at most {MOST_TABLES}."
            )
        return [_table(self.data, self._follow(start + 4 * index)) for index in range(count)]

    def numbers(self, field: int, kind: str, most: int = MOST_NUMBERS) -> tuple[int, ...]:
        """A list of at most so many scalars."""
        start, count = self.vector(field, struct.calcsize(kind))
        if count > most:
            raise ModelError(f"It claims a list of {count} numbers where at most {most} make sense.")
        return struct.unpack_from(f"<{count}{kind}", self.data, start)

    def content(self, field: int) -> memoryview:
        """A list of bytes, not copied."""
        start, count = self.vector(field, 1)
        return memoryview(self.data)[start : start + count]

    def text(self, field: int) -> str:
        """A text, or its beginning; bytes that are none are shown as such. It ends in a zero, up to which C++ reads."""
        start, count = self.vector(field, 1)
        if start and number_at(self.data, start + count, "B"):
            raise ModelError(f"The text at byte {start} has no end: it is damaged.")
        return str(self.content(field)[:MOST_TEXT_BYTES], "utf-8", "backslashreplace")

    def vector(self, field: int, item_bytes: int) -> tuple[int, int]:
        """Where a list's first item lies and how many there are; (0, 0) where there is no list."""
        place = self.place(field)
        if place is None:
            return 0, 0
        start = self._follow(place)
        count = number_at(self.data, start, "I")
        if start + 4 + count * item_bytes > len(self.data):
            raise ModelError(f"A list of {count} items reaches beyond its end: it is truncated or damaged.")
        return start + 4, count

    def place(self, field: int) -> int | None:
        """Where the field's value lies; None where the table leaves it out."""
        vtable = self.at - number_at(self.data, self.at, "i")
        slot = 4 + 2 * field
        if slot + 2 > number_at(self.data, vtable, "H"):
            return None
        offset = number_at(self.data, vtable + slot, "H")
        return self.at + offset if offset else None

    def has(self, field: int) -> bool:
        """Whether the table gives the field at all."""
        return self.place(field) is not None

    def _follow(self, place: int) -> int:
        return place + number_at(self.data, place, "I")


def root_of(data: bytes | bytearray, identifier: bytes) -> Table:
    """The outermost table. Raises ModelError where the file is of another kind."""
    if len(data) < ROOT_AND_IDENTIFIER or bytes(data[4:8]) != identifier:
        raise ModelError(f"It is no .tflite file: bytes 4 to 8 are {bytes(data[4:8])!r} where {identifier!r} stands.")
    return _table(data, number_at(data, 0, "I"))


def _table(data: bytes | bytearray, at: int) -> Table:
    """The table that begins there. Raises ModelError where none can."""
    vtable = at - number_at(data, at, "i")
    size, table_size = number_at(data, vtable, "H"), number_at(data, vtable + 2, "H")
    # Even a table without fields has 4 bytes, and its vtable its two sizes.
    if size < 4 or size % 2 or table_size < 4 or at % 4 or vtable + size > len(data) or at + table_size > len(data):
        raise ModelError(f"At byte {at} of {len(data)} there is no table: it is truncated or damaged.")
    if any(
        offset and not 4 <= offset < table_size for offset in struct.unpack_from(f"<{size // 2 - 2}H", data, vtable + 4)
    ):
        raise ModelError(f"The table at byte {at} has a field outside itself: it is damaged.")
    return Table(data, at)


def number_at(data: bytes | bytearray, place: int, kind: str) -> int | float:
    """One number. Raises ModelError where it would lie outside the file."""
    if place < 0 or place + struct.calcsize(kind) > len(data):
        raise ModelError(f"It points at byte {place} of {len(data)}: it is truncated or damaged.")
    return struct.unpack_from(f"<{kind}", data, place)[0]

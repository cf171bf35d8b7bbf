"""The size of a picture in its Exif, put right in place: not one other byte of what a camera wrote is touched.

Source: CIPA DC-008-2019 (Exif 2.32), section 4.6; TIFF Revision 6.0, section 2. Either byte order.
"""

from __future__ import annotations

import struct

HEADER = b"Exif\0\0"
ORDERS = {b"II*\0": "<", b"MM\0*": ">"}
EXIF_POINTER, WIDTH, HEIGHT = 34665, 40962, 40963
LETTERS, LIMITS = {3: "H", 4: "I"}, {3: 0xFFFF, 4: 0xFFFFFFFF}
ENTRY_BYTES = 12


def with_size(exif: bytes, height: int, width: int) -> bytes:
    """The block, which begins with HEADER, for a picture of this size; as it was where it says no size."""
    start = len(HEADER)
    order = ORDERS.get(exif[start : start + 4])
    if order is None:
        return exif
    changed = bytearray(exif)
    try:
        (first,) = struct.unpack_from(f"{order}I", exif, start + 4)
        for tag, _, value_at in _entries(exif, order, start + first):
            if tag == EXIF_POINTER:
                (inner,) = struct.unpack_from(f"{order}I", exif, value_at)
                _put_sizes(changed, order, start + inner, {WIDTH: width, HEIGHT: height})
    except struct.error:  # an entry beyond the end: nobody reads a size from such a block
        return exif
    return bytes(changed)


def _put_sizes(changed: bytearray, order: str, directory: int, sizes: dict[int, int]) -> None:
    for tag, kind, value_at in _entries(bytes(changed), order, directory):
        if tag in sizes and kind in LETTERS and sizes[tag] <= LIMITS[kind]:
            struct.pack_into(f"{order}{LETTERS[kind]}", changed, value_at, sizes[tag])


def _entries(exif: bytes, order: str, directory: int) -> list[tuple[int, int, int]]:
    """Tag, type and place of the value of each entry; a value of more than four bytes has its offset there."""
    (count,) = struct.unpack_from(f"{order}H", exif, directory)
    places = [directory + 2 + ENTRY_BYTES * index for index in range(count)]
    return [(*struct.unpack_from(f"{order}HH", exif, place), place + 8) for place in places]

"""Read the published pictures' PNG: 16-bit RGB, not interlaced. Pillow keeps 8 of the bits, OpenCV is optional.

Source: PNG specification (W3C, third edition), sections 5 (chunks), 9 (filters) and 10 (compression).
"""

from __future__ import annotations

import struct
import zlib
from pathlib import Path

import numpy as np

from accelerators.errors import PictureError

SIGNATURE = b"\x89PNG\r\n\x1a\n"
RGB = 2
PIXEL_BYTES = 6
MOST_BYTES = 1_000_000  # 6 kB are pixels; the rest may be what a program wrote about itself
# The header's colour types, for the message.
KINDS = {0: "grey", 2: "RGB", 3: "palette", 4: "grey with transparency", 6: "RGB with transparency"}


def read_rgb16(path: Path, sizes: tuple[tuple[int, int], ...]) -> np.ndarray:
    """(rows, columns, 3) uint16 of a PNG file of one of these (rows, columns).

    Raises PictureError saying what the file is instead; a size that is not allowed is refused before it is unpacked.
    """
    try:
        with path.open("rb") as opened:
            content = opened.read(MOST_BYTES + 1)
        if len(content) > MOST_BYTES:
            raise PictureError(f"{path} has more than {MOST_BYTES} bytes; a published picture has some thousand.")
        chunks = _chunks(content)
        width, height, bits, kind, _, _, interlaced = struct.unpack(">IIBBBBB", chunks.get(b"IHDR", b""))
        if (height, width) not in sizes:
            allowed = " or ".join(f"{columns} x {rows}" for rows, columns in sizes)
            raise PictureError(f"{path} is {width} x {height} pixels; {allowed} are published.")
        if (bits, kind, interlaced) != (16, RGB, 0):
            found = f"{bits}-bit {KINDS.get(kind, 'unknown')}{', interlaced' if interlaced else ''}"
            raise PictureError(f"{path} is {found}; the format is 16-bit RGB: convert the raw picture again.")
        row_bytes = PIXEL_BYTES * width
        unpacker = zlib.decompressobj()
        packed = unpacker.decompress(chunks.get(b"IDAT", b""), height * (1 + row_bytes))
        rows = np.frombuffer(packed, np.uint8).reshape(height, 1 + row_bytes)
        return _unfiltered(rows).view(">u2").astype(np.uint16).reshape(height, width, 3)
    except OSError as error:
        raise PictureError(f"{path} cannot be read: {error.strerror or error}.") from None
    except PictureError:
        raise
    except (ValueError, struct.error, zlib.error) as error:
        raise PictureError(f"{path} is no whole PNG file: {error}.") from None


def _chunks(file: bytes) -> dict[bytes, bytes]:
    """Every chunk's bytes; those of the same name joined. Raises ValueError where the file is cut or altered."""
    if not file.startswith(SIGNATURE):
        raise ValueError("it does not begin as one")
    found: dict[bytes, bytes] = {}
    place = len(SIGNATURE)
    while place < len(file) and b"IEND" not in found:
        length, name = struct.unpack_from(">I4s", file, place)
        body = file[place + 8 : place + 8 + length]
        (sum_of_it,) = struct.unpack_from(">I", file, place + 8 + length)
        if zlib.crc32(name + body) != sum_of_it:
            raise ValueError("its bytes were altered")
        found[name] = found.get(name, b"") + body
        place += 12 + length
    if b"IEND" not in found:
        raise ValueError("its end is missing")
    return found


def _unfiltered(rows: np.ndarray) -> np.ndarray:
    """(height, bytes) uint8. Each row is its filter's number, then differences to pixels left and above."""
    plain = np.zeros((len(rows), rows.shape[1] - 1), np.uint8)
    above = np.zeros_like(plain[0])
    for row, line in zip(rows, plain, strict=True):
        number, differences = row[0], row[1:]
        if number == 0:
            line[:] = differences
        elif number == 1:
            line[:] = np.cumsum(differences.reshape(-1, PIXEL_BYTES), axis=0, dtype=np.uint8).ravel()
        elif number == 2:
            line[:] = differences + above
        elif number in (3, 4):
            line[:] = _from_left_and_above(differences.tolist(), above.tolist(), _mean if number == 3 else _paeth)
        else:
            raise ValueError(f"a row has the filter {number}")
        above = line
    return plain


def _from_left_and_above(differences: list[int], above: list[int], guess) -> list[int]:
    line = [0] * PIXEL_BYTES  # left of the first pixel all is 0
    corner = [0] * PIXEL_BYTES + above
    for place, difference in enumerate(differences):
        line.append((difference + guess(line[place], above[place], corner[place])) & 255)
    return line[PIXEL_BYTES:]


def _mean(left: int, up: int, _: int) -> int:
    return (left + up) // 2


def _paeth(left: int, up: int, corner: int) -> int:
    """Whichever of the three is nearest to left + up - corner; the earlier one where two are."""
    return min((left, up, corner), key=lambda value: abs(left + up - corner - value))

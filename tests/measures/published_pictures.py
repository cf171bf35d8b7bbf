"""Statistics pictures in the published format whose light is known, and a writer of 16-bit PNGs with any filter."""

from __future__ import annotations

import struct
import zlib
from pathlib import Path

import numpy as np

from accelerators.published.pictures import PLATFORM_OF
from accelerators.published.png import PIXEL_BYTES, SIGNATURE
from accelerators.published.sensors import published_tuning
from isp.light_statistics import render

SIZE_OF = {platform: size for size, platform in PLATFORM_OF.items()}


def write_labelled(
    folder: Path,
    true_k: float,
    *,
    platform: str = "pisp",
    photographer: str = "ann",
    sensor: str = "imx477",
    scene: str = "s",
    lux: float = 300,
    camera_k: float = 5000,
) -> Path:
    """A picture of greys and muted paints under a light on the sensor's curve; its name says the truth."""
    tuning = published_tuning(platform, sensor)
    assert tuning is not None
    rng = np.random.default_rng(zlib.crc32(f"{scene}{true_k}".encode()))
    rows, columns = SIZE_OF[platform]
    paints = rng.uniform(0.1, 0.5, (rows, columns, 1)) * rng.normal(1.0, 0.05, (rows, columns, 3)).clip(0.5, 1.5)
    red, blue = tuning.grey_at(true_k)
    path = folder / f"{photographer},{sensor},{scene},{true_k:g},{lux:g},{camera_k:g}.png"
    write_png16(path, render(paints * (red, 1.0, blue), tuning))
    return path


def write_png16(path: Path, pixels: np.ndarray, row_filter: int = 0) -> None:
    """A 16-bit RGB PNG whose rows all have one filter; section 9 of the PNG specification, byte by byte."""
    height, width, _ = pixels.shape
    rows = pixels.astype(">u2").view(np.uint8).reshape(height, -1).tolist()
    above = [0] * len(rows[0])
    packed = bytearray()
    for row in rows:
        packed.append(row_filter)
        for place, value in enumerate(row):
            left, corner = (row[place - PIXEL_BYTES], above[place - PIXEL_BYTES]) if place >= PIXEL_BYTES else (0, 0)
            packed.append((value - _guess(row_filter, left, above[place], corner)) & 255)
        above = row
    header = struct.pack(">IIBBBBB", width, height, 16, 2, 0, 0, 0)
    path.write_bytes(png_file(header, zlib.compress(bytes(packed))))


def png_file(header: bytes, packed: bytes) -> bytes:
    """A PNG file of this header and these packed rows."""
    chunks = [(b"IHDR", header), (b"IDAT", packed), (b"IEND", b"")]
    return SIGNATURE + b"".join(
        struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body)) for name, body in chunks
    )


def _guess(row_filter: int, left: int, up: int, corner: int) -> int:
    if row_filter == 4:
        far = [abs(left + up - corner - value) for value in (left, up, corner)]
        return (left, up, corner)[far.index(min(far))]
    return (0, left, up, (left + up) // 2)[row_filter]

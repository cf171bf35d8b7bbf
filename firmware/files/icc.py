"""The sRGB colour profile that our JPEGs carry: built from its definition, the same bytes every time.

Source: ICC.1:2001-04 (version 2.4), a matrix and curve display profile; colours of IEC 61966-2-1. Differs: the
fixed date below, because a photo must be a function of its pixels and facts only.
"""

from __future__ import annotations

import functools
import struct

# Colorants of sRGB adapted to D50 by Bradford, as the ICC's own profile has them, and D50 itself.
COLORANTS = {
    b"rXYZ": (0.43607, 0.22249, 0.01392),
    b"gXYZ": (0.38515, 0.71687, 0.09708),
    b"bXYZ": (0.14307, 0.06061, 0.71410),
    b"wtpt": (0.95045, 1.0, 1.08905),
}
D50 = (0.9642, 1.0, 0.8249)
# Programs interpolate between entries; with this many the error stays under 1/65535.
CURVE_ENTRIES = 1024
DATE = (2026, 1, 1, 0, 0, 0)


@functools.cache
def srgb_profile() -> bytes:
    """The profile, about 2.6 KB."""
    curve = _tag(b"curv", struct.pack(f">I{CURVE_ENTRIES}H", CURVE_ENTRIES, *map(_linear, range(CURVE_ENTRIES))))
    tags = {b"desc": _description(b"sRGB"), b"cprt": _tag(b"text", b"Public domain\0")}
    tags |= {name: _tag(b"XYZ ", _xyz(colour)) for name, colour in COLORANTS.items()}
    tags |= dict.fromkeys((b"rTRC", b"gTRC", b"bTRC"), curve)
    return _assemble(tags)


def _linear(entry: int) -> int:
    """Linear light of one curve entry, 16 bits."""
    encoded = entry / (CURVE_ENTRIES - 1)
    linear = encoded / 12.92 if encoded <= 0.04045 else ((encoded + 0.055) / 1.055) ** 2.4
    return round(65535 * linear)


def _assemble(tags: dict[bytes, bytes]) -> bytes:
    """Header, tag table and tags; equal tags are stored once."""
    start = 128 + 4 + 12 * len(tags)
    body, places, table = b"", {}, struct.pack(">I", len(tags))
    for name, content in tags.items():
        if content not in places:
            places[content] = start + len(body)
            body += content.ljust(-(-len(content) // 4) * 4, b"\0")
        table += struct.pack(">4sII", name, places[content], len(content))
    header = struct.pack(">I4xI", start + len(body), 0x02400000) + b"mntrRGB XYZ "
    header += struct.pack(">6H", *DATE) + b"acsp" + bytes(28) + _xyz(D50)
    return header.ljust(128, b"\0") + table + body


def _tag(kind: bytes, content: bytes) -> bytes:
    return kind + bytes(4) + content


def _xyz(colour: tuple[float, float, float]) -> bytes:
    return struct.pack(">3i", *(round(value * 65536) for value in colour))


def _description(name: bytes) -> bytes:
    """ASCII only; the empty Unicode and Macintosh parts must be there all the same."""
    return _tag(b"desc", struct.pack(">I", len(name) + 1) + name + b"\0" + bytes(4 + 4 + 2 + 1 + 67))

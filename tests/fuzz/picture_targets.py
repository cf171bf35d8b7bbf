"""Pictures at hand, masks and published pictures: PNG and JPEG of anybody; and other cameras' raw files."""

from __future__ import annotations

import dataclasses
import io

import numpy as np
from fuzz.raw_targets import SHAPE, SHOT, check_frame
from fuzz.target import Target, promise, scratch_file
from PIL import Image

from accelerators.errors import PictureError
from accelerators.published.png import read_rgb16
from firmware.errors import MaskFileError, PictureFileError, RawFileError, SettingsError
from firmware.files import dng
from firmware.files.exif import EXIF_POINTER
from firmware.files.icc import srgb_profile
from firmware.files.png import encode_png, read_mask
from firmware.files.raw_files import read_raw
from firmware.files.tiff import ASCII, LONG, SHORT, Field, encode_directories
from firmware.upscaling.picture_file import encode_picture, read_picture

MOST_PX = 1_000_000
FOREIGN = (24, 32)
# Makers whose files LibRaw unpacks in ways of its own, and how those say that they are packed.
MAKES = (
    (b"NIKON CORPORATION", 34713), (b"Canon", 6), (b"SONY", 32767), (b"OLYMPUS", 1), (b"Panasonic", 34316),
    (b"PENTAX", 65535), (b"SAMSUNG", 32770), (b"KODAK", 65000), (b"FUJIFILM", 1), (b"LEICA", 7), (b"Hasselblad", 7),
    (b"Phase One", 1), (b"Adobe", 7), (b"Adobe", 8), (b"Adobe", 34892),
)  # fmt: skip
OUR_FACTS = {274, 50740, 50829, 50719, 50720}


def _pixels(colours: int = 0) -> np.ndarray:
    shape = (*SHAPE, colours) if colours else SHAPE
    return np.random.default_rng(2).integers(0, 256, shape).astype(np.uint8)


def _saved(picture: Image.Image, kind: str, **options) -> bytes:
    file = io.BytesIO()
    picture.save(file, kind, **options)
    return file.getvalue()


def masks() -> list[bytes]:
    plain = Image.fromarray(_pixels())
    kinds = [plain.convert("1"), plain.convert("P"), Image.fromarray(_pixels(3)), Image.fromarray(_pixels(4))]
    return [encode_png(_pixels()), *(_saved(kind, "PNG") for kind in kinds)]


def take_mask(content: bytes) -> None:
    mask = read_mask(scratch_file("mask.png", content), SHAPE)
    promise(mask.shape == SHAPE and mask.dtype == np.uint8, "The mask is of another shape or type.")


def pictures() -> list[bytes]:
    colour, grey, exif = Image.fromarray(_pixels(3)), Image.fromarray(_pixels()), Image.Exif()
    exif[274], exif[36867] = 6, "2026:01:02 03:04:05"
    facts = {"exif": exif.tobytes(), "icc_profile": srgb_profile()}
    return [
        _saved(colour, "JPEG", quality=80, **facts), _saved(grey, "JPEG"), _saved(colour, "JPEG", progressive=True),
        _saved(colour, "PNG", **facts), _saved(grey, "PNG"), _saved(Image.fromarray(_pixels(4)), "PNG"),
        _saved(colour.quantize(16), "PNG", transparency=0),
    ]  # fmt: skip


def take_picture(content: bytes) -> None:
    """Read, and written again with its facts, as `nightjar upscale` does."""
    picture = read_picture(scratch_file("picture.jpg", content), MOST_PX)
    promise(picture.pixels.ndim == 3 and picture.pixels.dtype == np.uint8, "The pixels are of another shape or type.")
    for kind in ("PNG", "JPEG"):
        encode_picture(picture, picture.pixels, kind, 90, "a comment")


def published() -> list[bytes]:
    """A PNG of 16 bits with each of the five filters: Pillow writes none."""
    import struct
    import zlib

    def chunk(name: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))

    height, width = SHAPE
    rows = b"".join(bytes([row % 5]) + bytes(range(6 * width)) for row in range(height))
    header = struct.pack(">IIBBBBB", width, height, 16, 2, 0, 0, 0)
    whole = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")
    return [whole]


def take_published(content: bytes) -> None:
    picture = read_rgb16(scratch_file("published.png", content), (SHAPE,))
    promise(picture.shape == (*SHAPE, 3) and picture.dtype == np.uint16, "The picture is of another shape or type.")


def foreign_raws() -> list[bytes]:
    """DNGs as other programs write them: ours without our facts; with a margin; linear, which is refused."""
    pixels = np.random.default_rng(1).integers(0, 4096, FOREIGN).astype("<u2")
    shot = dataclasses.replace(SHOT, black_dn=(10.0, 20.0, 30.0, 40.0), white_dn=4000.0)
    main = dng._camera_fields(shot) + dng._picture_fields(FOREIGN) + dng._level_fields(shot)
    main = [field for field in main + dng._colour_fields(shot, None, None) if field.tag not in OUR_FACTS]
    made = []
    for orientation, margin in ((1, 0), (6, 2)):
        turned = [Field(274, SHORT, (orientation,)), Field(50829, LONG, (margin, margin, *FOREIGN))]
        header = encode_directories({"main": main + turned, "exif": dng.exif_fields(shot)}, alignment=64)
        made.append(header + pixels.tobytes())
    return made + [_as_of(make, compression, main, pixels) for make, compression in MAKES]


def _as_of(make: bytes, compression: int, main: list[Field], pixels: np.ndarray) -> bytes:
    """What LibRaw takes for this maker's file, and unpacks by that maker's rules; the pixels are noise to it."""
    own = {271: Field(271, ASCII, make + b"\0"), 259: Field(259, SHORT, (compression,)), 306: None}
    own |= dict.fromkeys((272, 50706, 50707, 50708))
    fields = [own.get(field.tag, field) for field in main]
    named = [field for field in fields if field is not None and field.tag != EXIF_POINTER]
    named.append(Field(272, ASCII, make + b" 1\0"))
    return encode_directories({"main": named}, alignment=64) + pixels.tobytes()


def take_foreign(content: bytes) -> None:
    """LibRaw is C++: a file that ends it must not end us."""
    check_frame(read_raw(scratch_file("foreign.nef", content)))


PICTURE_TARGETS = [
    Target("mask", "bytes", masks, take_mask, (MaskFileError,), 3),
    Target("picture", "bytes", pictures, take_picture, (PictureFileError,), 2),
    Target("published-png", "bytes", published, take_published, (PictureError,), 2),
    Target("foreign-raw", "bytes", foreign_raws, take_foreign, (RawFileError, SettingsError), 1),
]

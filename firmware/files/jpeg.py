"""The JPEG: libjpeg-turbo straight from the pixels, with the facts of the shot, a thumbnail and the sRGB profile.

Source: CIPA DC-008-2019 (Exif 2.32), section 4.5: Exif comes first, so libjpeg's own JFIF header is left out. The bytes
are a function of the pixels, the shot and the quality.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence

import numpy as np

from firmware.files.exif import EXIF_POINTER, camera_fields, exif_fields
from firmware.files.icc import srgb_profile
from firmware.files.tiff import LONG, RATIONAL, SHORT, UNDEFINED, Field, Offset, encode_directories, rational
from isp.errors import FrameError
from isp.frames import Photo, Shot

# From here on people look at edges; below it, half the colour resolution is the usual saving.
FULL_COLOUR_QUALITY = 90
# DCF wants 160 x 120 or less; quality 80 keeps any such picture far below the 64 KB of a segment.
THUMBNAIL_WIDTH, THUMBNAIL_HEIGHT, THUMBNAIL_QUALITY = 160, 120, 80
DOTS_PER_INCH = rational(72)


def encode_jpeg(photo: Photo, quality: int, zoom: float | None = None) -> bytes:
    """The file; `zoom` says how far a picture was enlarged. Raises FrameError for a photo of 16 bits: JPEG holds 8."""
    if photo.pixels.dtype != np.uint8:
        raise FrameError(f"A JPEG holds 8 bits; the photo has {photo.pixels.dtype}. End its recipe with eight_bit.")
    subsampling = "444" if quality >= FULL_COLOUR_QUALITY else "420"
    height, width = photo.pixels.shape[:2]
    small = _encode(thumbnail(photo.pixels), THUMBNAIL_QUALITY, "420")
    facts = _exif_block(photo.shot, height, width, small, zoom)
    return _with_facts(_encode(photo.pixels, quality, subsampling), facts)


def encode_jpeg_planes(planes: Sequence[np.ndarray], shot: Shot, quality: int) -> bytes:
    """The file of a picture that is in JPEG's own colours already, without a thumbnail.

    planes  uint8 luma (H, W), blue and red difference, both half as high and wide, rounded up
    """
    import simplejpeg

    luma, blue, red = map(np.ascontiguousarray, planes)
    picture = simplejpeg.encode_jpeg_yuv_planes(luma, blue, red, quality=quality)
    return _with_facts(picture, _exif_block(shot, *luma.shape))


def _with_facts(picture: bytes, exif_block: bytes) -> bytes:
    exif = b"Exif\0\0" + exif_block
    profile = b"ICC_PROFILE\0\x01\x01" + srgb_profile()
    rest = memoryview(picture)[_end_of_jfif(picture) :]
    return b"".join((b"\xff\xd8", _segment(0xE1, exif), _segment(0xE2, profile), rest))


def thumbnail(pixels: np.ndarray) -> np.ndarray:
    """(h, w, 3) uint8, at most 120 x 160: whole boxes averaged, a rest of less than one box cut at right and below."""
    height, width = pixels.shape[:2]
    step = max(-(-width // THUMBNAIL_WIDTH), -(-height // THUMBNAIL_HEIGHT))
    tall, wide = min(step, height), min(step, width)
    rows, columns = height // tall, width // wide
    small = np.empty((rows, columns, 3), np.uint8)
    for row in range(rows):  # One strip at a time: the sums of a whole picture would take 150 MB.
        strip = pixels[row * tall : (row + 1) * tall, : columns * wide].sum(axis=0, dtype=np.uint32)
        boxes = strip.reshape(columns, wide, 3).sum(axis=1)
        small[row] = (boxes + tall * wide // 2) // (tall * wide)
    return small


def _encode(pixels: np.ndarray, quality: int, subsampling: str) -> bytes:
    import simplejpeg

    return simplejpeg.encode_jpeg(
        np.ascontiguousarray(pixels), quality=quality, colorspace="RGB", colorsubsampling=subsampling, fastdct=False
    )


def _exif_block(shot: Shot, height: int, width: int, small: bytes = b"", zoom: float | None = None) -> bytes:
    """The facts of a picture of this size, with a thumbnail where there is one."""
    resolution = [
        Field(282, RATIONAL, (DOTS_PER_INCH,)),
        Field(283, RATIONAL, (DOTS_PER_INCH,)),
        Field(296, SHORT, (2,)),  # ResolutionUnit: inch
    ]
    directories = {
        "main": [
            *camera_fields(shot),
            *resolution,
            Field(531, SHORT, (1,)),  # YCbCrPositioning: centred, as libjpeg averages
            Field(EXIF_POINTER, LONG, Offset("exif")),
        ],
        "exif": [
            *exif_fields(shot, zoom),
            Field(34850, SHORT, (0,)),  # ExposureProgram: not defined; a shot does not say who chose its exposure
            Field(37121, UNDEFINED, b"\x01\x02\x03\0"),  # ComponentsConfiguration: YCbCr
            Field(40960, UNDEFINED, b"0100"),  # FlashpixVersion, which Exif demands
            Field(40961, SHORT, (1,)),  # ColorSpace: sRGB
            Field(40962, LONG, (width,)),
            Field(40963, LONG, (height,)),
        ],
        "thumbnail": [
            Field(259, SHORT, (6,)),  # Compression: JPEG
            *resolution,
            Field(513, LONG, Offset("data")),
            Field(514, LONG, (len(small),)),
        ],
    }
    if not small:
        del directories["thumbnail"]
        return encode_directories(directories)
    return encode_directories(directories, after={"main": "thumbnail"}) + small


def _segment(marker: int, content: bytes) -> bytes:
    return struct.pack(">BBH", 0xFF, marker, len(content) + 2) + content


def _end_of_jfif(picture: bytes) -> int:
    """Where libjpeg's SOI and JFIF header end."""
    (length,) = struct.unpack(">H", picture[4:6])
    return 4 + length if picture[2:4] == b"\xff\xe0" else 2

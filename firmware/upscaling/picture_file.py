"""Pictures at hand: JPEG and PNG files of any camera or program, read into 8 bits and written with their facts.

The pixels stay as they are stored, so what Exif says of their orientation stays true; Exif and colour profile are
handed on. What has no place in an 8-bit picture without transparency is refused, never dropped unsaid.
"""

from __future__ import annotations

import io
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from firmware.errors import PictureFileError
from firmware.files.exif_size import HEADER, with_size
from isp.errors import shown

if TYPE_CHECKING:
    from PIL.Image import Image

KINDS = {".jpg": "JPEG", ".jpeg": "JPEG", ".png": "PNG"}
GREY_MODES, PLAIN_MODES = ("1", "L"), ("1", "L", "P", "RGB")
ALPHA_MODES = ("LA", "PA", "RGBA")
FULL_COLOUR_QUALITY = 90
# One segment of a JPEG, and Exif has but one.
LONGEST_JPEG_EXIF = 65_533
# Levels 1 and 9 differ little in size on photos, and by ten times in time.
PNG_COMPRESSION = 1
PNG_DEPTH_AT = 24  # of the byte that says how many bits a PNG's values have
OPAQUE = 255
UNKNOWN_PROFILE = "an unknown profile"


@dataclass(frozen=True)
class PictureFile:
    """A picture and what its file says of it.

    pixels    (H, W, 3) uint8 as stored, in sRGB or in the colours of `profile`
    is_grey   the file has one channel, which all three are
    exif      the Exif block with its header, as it was; empty where there is none
    profile   the ICC profile; empty where there is none
    notes     what a person should know of how it was read
    """

    path: Path
    pixels: np.ndarray
    is_grey: bool
    exif: bytes
    profile: bytes
    notes: tuple[str, ...]


def read_picture(path: Path, most_px: int) -> PictureFile:
    """The picture in a file. Raises PictureFileError that says what the file is, what is allowed and what to do."""
    check_file(path)
    from PIL import Image

    with _told(path), warnings.catch_warnings():
        warnings.simplefilter("ignore", Image.DecompressionBombWarning)  # sizes are checked here, in our words
        with Image.open(path, formats=("JPEG", "PNG")) as picture:
            _check_size(path, picture, most_px)
            notes = _checked_notes(path, picture)
            picture.load()
            profile = bytes(picture.info.get("icc_profile") or b"")
            pixels, is_grey, dropped = _pixels(path, picture)
            notes += dropped + _colours(profile)
            return PictureFile(path, pixels, is_grey, _exif(picture), profile, tuple(notes))


def kind_of(path: Path) -> str:
    """ "JPEG" or "PNG", by the name. Raises PictureFileError for others."""
    kind = KINDS.get(path.suffix.lower())
    if kind is None:
        raise PictureFileError(f"{path} has no ending that says JPEG or PNG; name it .jpg or .png.")
    return kind


def encode_picture(source: PictureFile, pixels: np.ndarray, kind: str, quality: int, comment: str) -> bytes:
    """A file of that kind with the source's facts.

    pixels   (H, W, 3) uint8
    kind     "JPEG" or "PNG"
    comment  a sentence that stays with the picture wherever the file goes
    Raises PictureFileError for a picture that the kind cannot hold.
    """
    from PIL import Image
    from PIL.PngImagePlugin import PngInfo

    height, width, _ = pixels.shape
    if kind == "JPEG" and len(source.exif) > LONGEST_JPEG_EXIF:
        raise PictureFileError(f"{source.path} has more Exif than a JPEG holds. Write a PNG: --to OUT.png")
    file = io.BytesIO()
    facts = {"exif": with_size(source.exif, height, width), "icc_profile": source.profile or None}
    picture = Image.fromarray(np.ascontiguousarray(pixels[:, :, 0]) if source.is_grey else pixels)
    if kind == "PNG":
        told = PngInfo()
        told.add_text("Comment", comment)
        picture.save(file, "PNG", compress_level=PNG_COMPRESSION, pnginfo=told, **facts)
    else:
        halved = 0 if quality >= FULL_COLOUR_QUALITY else 2  # 4:4:4 or 4:2:0
        picture.save(file, "JPEG", quality=quality, subsampling=halved, comment=comment, **facts)
    return file.getvalue()


def check_file(path: Path) -> None:
    """Raises PictureFileError unless there is a file with something in it."""
    if path.is_dir():
        raise PictureFileError(f"{path} is a folder. Name a JPEG or PNG file in it.")
    if not path.is_file():
        raise PictureFileError(f"There is no file {path}.")
    if path.stat().st_size == 0:
        raise PictureFileError(f"{path} is empty.")


@contextmanager
def _told(path: Path) -> Iterator[None]:
    """Pillow's errors in our words; it tells of broken files by all of these."""
    from PIL import Image, UnidentifiedImageError

    try:
        yield
    except PictureFileError:
        raise
    except UnidentifiedImageError:
        raise PictureFileError(f"{path} is no JPEG or PNG file. Raw files are developed first: develop.") from None
    except Image.DecompressionBombError:
        raise PictureFileError(f"{path} says that it has more pixels than any photo.") from None
    except MemoryError:  # Pillow asks for as much as a part of the file claims to have
        raise PictureFileError(f"{path} claims more than the memory holds: it is damaged. Copy it again.") from None
    except (OSError, ValueError, SyntaxError, EOFError) as error:
        said = error.strerror if isinstance(error, OSError) and error.strerror else "it is cut off or damaged"
        raise PictureFileError(f"{path} cannot be read: {said}.") from None


def _check_size(path: Path, picture: Image, most_px: int) -> None:
    if picture.width * picture.height > most_px:
        raise PictureFileError(
            f"{path} is {picture.width} x {picture.height}; at this factor and with the memory that is free "
            f"{most_px / 1e6:.1f} Mpix become larger. Cut it first."
        )


def _checked_notes(path: Path, picture: Image) -> list[str]:
    """Raises PictureFileError for what does not fit 8 bits of grey, or of red, green and blue."""
    frames = getattr(picture, "n_frames", 1)
    if picture.format == "PNG" and frames > 1:
        raise PictureFileError(f"{path} moves: {frames} pictures. Save the one that is wanted as a file of its own.")
    bits = _png_depth(path) if picture.format == "PNG" else 8
    if bits > 8:
        raise PictureFileError(f"{path} has {bits} bits a colour; pictures of 8 bits are taken. Save it with 8.")
    if picture.mode not in (*PLAIN_MODES, *ALPHA_MODES):
        raise PictureFileError(f"{path} holds {picture.mode} pixels; grey or RGB is taken. Save it as RGB (sRGB).")
    return [f"{frames} pictures are in the file; the first is taken"] if frames > 1 else []


def _png_depth(path: Path) -> int:
    """Pillow does not say: it reads 16 bits of red, green and blue as 8."""
    with path.open("rb") as file:
        return file.read(PNG_DEPTH_AT + 1)[PNG_DEPTH_AT]


def _pixels(path: Path, picture: Image) -> tuple[np.ndarray, bool, list[str]]:
    dropped = []
    if picture.mode in ALPHA_MODES or "transparency" in picture.info:
        if np.asarray(picture.convert("RGBA"))[:, :, 3].min() < OPAQUE:
            raise PictureFileError(f"{path} has transparent pixels. Save it on a background first.")
        dropped = ["its alpha channel, opaque everywhere, is left out"]
    is_grey = picture.mode in (*GREY_MODES, "LA")
    return np.array(picture.convert("RGB")), is_grey, dropped


def _exif(picture: Image) -> bytes:
    stored = picture.info.get("exif") or b""
    return stored if not stored or stored.startswith(HEADER) else HEADER + stored


def _colours(profile: bytes) -> list[str]:
    """What is said of colours that are not sRGB's."""
    if not profile:
        return []
    name = shown(_profile_name(profile))
    if "srgb" in name.lower():
        return []
    return [f'its colours are those of "{name}", which are kept; their brightness is taken for sRGB\'s']


def _profile_name(profile: bytes) -> str:
    try:
        from PIL import ImageCms
    except ImportError:
        return UNKNOWN_PROFILE
    try:
        return ImageCms.getProfileDescription(ImageCms.ImageCmsProfile(io.BytesIO(profile))).strip() or UNKNOWN_PROFILE
    except (OSError, ValueError, TypeError, ImageCms.PyCMSError):
        return UNKNOWN_PROFILE

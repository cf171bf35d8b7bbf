"""PNG files: masks and steps, written quickly; masks read back, whoever painted them."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np

from firmware.errors import MaskFileError

# Levels 1 and 9 differ by a tenth in size on noisy pictures, and by ten times in time. A 12 Mpix mask takes 80 ms and
# half a megabyte.
COMPRESSION = 1
# What a painter may have saved a mask as; what is more than 8 bits or has a fourth channel could mean several things.
READ_AS = ("1", "L", "P", "RGB")


def encode_png(pixels: np.ndarray) -> bytes:
    """uint8 (H, W) or (H, W, 3) as a PNG file; the same pixels give the same bytes."""
    from PIL import Image

    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "PNG", compress_level=COMPRESSION)
    return file.getvalue()


def read_mask(path: Path, shape: tuple[int, int]) -> np.ndarray:
    """(height, width) uint8 of a mask's PNG file: white, 255, is the subject.

    Raises MaskFileError where it is no PNG, of another size than the picture, or of a kind that is no plain grey.
    """
    from PIL import Image

    try:
        with Image.open(path, formats=("PNG",)) as picture:
            if (picture.height, picture.width) != shape:
                raise MaskFileError(
                    f"{path} is {picture.width} x {picture.height} pixels, the picture {shape[1]} x {shape[0]}; a mask "
                    "has the size of its picture. Paint over the photo's own -mask.PNG, or over a copy of the photo."
                )
            if picture.mode not in READ_AS or "transparency" in picture.info:
                raise MaskFileError(
                    f"{path} holds {picture.mode} pixels; a mask is 8-bit grey without transparency, white where the "
                    "subject is. Save it as that."
                )
            return np.array(picture.convert("L"))
    except MaskFileError:
        raise
    except MemoryError:  # Pillow asks for as much as a part of the file claims to have
        raise MaskFileError(f"{path} claims more than the memory holds: it is damaged. Save it again.") from None
    # Pillow tells of broken files by all of these; its own bomb is an Exception of its own kind.
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        said = error.strerror if isinstance(error, OSError) and error.strerror else "it is no whole PNG file"
        raise MaskFileError(f"{path} cannot be read: {said}.") from None

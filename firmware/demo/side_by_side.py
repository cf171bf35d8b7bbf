"""What zooming is worth, to be looked at: the same small piece of a photo enlarged, and of the zoomed photo."""

from __future__ import annotations

import io
from pathlib import Path

from firmware.demo.contact_sheet import CELL_PX, PAPER

# Each point of the zoomed photo is shown as so many each way, so that an eye sees single ones.
ENLARGED = 2
GAP_PX = 6


def side_by_side(photo: Path, zoomed: Path, times: float) -> io.BytesIO:
    """A picture file: left from the middle of `photo`, enlarged bicubically by `times`; right from that of `zoomed`."""
    from PIL import Image

    wide, high = (CELL_PX[0] - GAP_PX) // 2 // ENLARGED, CELL_PX[1] // ENLARGED
    page = Image.new("RGB", CELL_PX, PAPER)
    for left, file, finer in ((0, photo, times), (CELL_PX[0] - wide * ENLARGED, zoomed, 1.0)):
        with Image.open(file) as picture:
            middle = (picture.width / 2, picture.height / 2)
            reach = (wide / finer / 2, high / finer / 2)
            box = (middle[0] - reach[0], middle[1] - reach[1], middle[0] + reach[0], middle[1] + reach[1])
            piece = picture.convert("RGB").resize((wide, high), Image.Resampling.BICUBIC, box)
        page.paste(piece.resize((wide * ENLARGED, high * ENLARGED), Image.Resampling.NEAREST), (left, 0))
    file = io.BytesIO()
    page.save(file, "PNG")
    file.seek(0)
    return file

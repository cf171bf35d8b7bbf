"""Many photos on one page, each with a line of what it is."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

if TYPE_CHECKING:
    from PIL.ImageFont import FreeTypeFont

COLUMNS = 3
CELL_PX = (480, 360)  # width, height: 4:3, as the sensors are
MARGIN_PX = 20
TITLE_PX, CAPTION_PX = 60, 58
PAPER, INK, FAINT = (24, 24, 26), (240, 240, 236), (150, 150, 146)


@dataclass(frozen=True)
class Print:
    """One picture of the sheet, and two lines below it. The picture is a file, on the card or in memory."""

    picture: Path | BinaryIO
    caption: str
    detail: str


def draw_contact_sheet(title: str, prints: Sequence[Print]) -> bytes:
    """The page as a PNG file."""
    from PIL import Image, ImageDraw, ImageFont

    rows = -(-len(prints) // COLUMNS)
    width = MARGIN_PX + COLUMNS * (CELL_PX[0] + MARGIN_PX)
    height = TITLE_PX + rows * (CELL_PX[1] + CAPTION_PX) + MARGIN_PX
    page = Image.new("RGB", (width, height), PAPER)
    pen = ImageDraw.Draw(page)
    pen.text((MARGIN_PX, 18), title, INK, ImageFont.load_default(26))
    for index, item in enumerate(prints):
        row, column = divmod(index, COLUMNS)
        left = MARGIN_PX + column * (CELL_PX[0] + MARGIN_PX)
        top = TITLE_PX + row * (CELL_PX[1] + CAPTION_PX)
        with Image.open(item.picture) as photo:
            photo.thumbnail(CELL_PX, Image.Resampling.LANCZOS)
            page.paste(photo, (left + (CELL_PX[0] - photo.width) // 2, top + (CELL_PX[1] - photo.height) // 2))
        pen.text((left, top + CELL_PX[1] + 5), item.caption, INK, ImageFont.load_default(17))
        small = ImageFont.load_default(14)
        pen.text((left, top + CELL_PX[1] + 28), _fitted(item.detail, small), FAINT, small)
    file = io.BytesIO()
    page.save(file, "PNG")
    return file.getvalue()


def _fitted(line: str, font: FreeTypeFont) -> str:
    """The line, cut to the width of a cell."""
    while font.getlength(line) > CELL_PX[0]:
        line = line.rstrip("…")[:-1] + "…"
    return line

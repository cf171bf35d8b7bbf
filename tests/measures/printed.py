"""Printed pages whose words are known, small enough that enlarging decides whether they are read."""

from __future__ import annotations

import difflib
from collections.abc import Sequence

import numpy as np
from measures.reading import PAGE
from PIL import Image, ImageDraw, ImageFont

PAPER, INK = 235, 30
PAGE_PX = (448, 720)  # height, width
EDGE_PX = 12
FINER = 4  # drawn so much finer, and averaged over each pixel's area
# Herman Melville, "Moby-Dick", 1851, without its stops.
PROSE = (
    f"{PAGE} Call me Ishmael Some years ago never mind how long precisely having little or no money in my purse and "
    "nothing particular to interest me on shore I thought I would sail about a little and see the watery part of the "
    "world It is a way I have of driving off the spleen and regulating the circulation"
)


def prose_page(size_px: float) -> tuple[np.ndarray, list[str]]:
    """(H, W) uint8 of dark print on light paper, letters of this size, in Pillow's own typeface; and its words."""
    page = Image.new("L", (PAGE_PX[1] * FINER, PAGE_PX[0] * FINER), PAPER)
    pen, font = ImageDraw.Draw(page), ImageFont.load_default(size_px * FINER)
    left, top, words = EDGE_PX * FINER, EDGE_PX * FINER, []
    for word in PROSE.split():
        if left + font.getlength(word) > page.width - EDGE_PX * FINER:
            left, top = EDGE_PX * FINER, top + round(1.5 * size_px * FINER)
        if top + 1.3 * size_px * FINER > page.height:
            break
        pen.text((left, top), word, INK, font)
        left += font.getlength(word + " ")
        words.append(word)
    fine = np.asarray(page, np.float64).reshape(PAGE_PX[0], FINER, PAGE_PX[1], FINER)
    return np.round(fine.mean(axis=(1, 3))).astype(np.uint8), words


def wrongly_read(read: Sequence[str], words: Sequence[str]) -> int:
    """How many of the words, in their order, were not read. One letter alone is no word: readers see them in dust."""
    printed, seen = _told(words), _told(read)
    same = difflib.SequenceMatcher(None, printed, seen, autojunk=False).get_matching_blocks()
    return len(printed) - sum(block.size for block in same)


def new_words(read: Sequence[str], known: Sequence[Sequence[str]]) -> list[str]:
    """Words that were read and are in none of the other texts."""
    others = {word for text in known for word in _told(text)}
    return [word for word in _told(read) if word not in others]


def _told(words: Sequence[str]) -> list[str]:
    return [word.lower() for word in words if len(word) > 1]

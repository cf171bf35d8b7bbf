"""Printed pages whose words are known, small enough that enlarging decides whether they are read."""

from __future__ import annotations

import difflib
from collections.abc import Sequence

import numpy as np
from PIL import Image, ImageDraw, ImageFont

PAPER, INK = 235, 30
PAGE_PX = (224, 720)  # height, width
FINER = 4  # drawn so much finer, and averaged over each pixel's area
# Nearly the same to the eye: a picture that guesses picks the wrong one.
WORDS = (
    "corner comer modern modem clear dear burn bum claim daim turn tum kern keru barn bam stern stem fill till bill "
    "hill ball hall cell oell rent nent lamp lanp cord card cart carl read road reed seed send sand band hand land "
    "lend bend fend feud fend form farm firm film fine line lime time tame lame lane cane care cere core cone"
).split()


def printed_page(size_px: float, seed: int) -> tuple[np.ndarray, list[str]]:
    """(H, W) uint8 of words that are easily taken for one another, `size_px` high with their gaps; and the words."""
    rng = np.random.default_rng([seed, 5])
    page = Image.new("L", (PAGE_PX[1] * FINER, PAGE_PX[0] * FINER), PAPER)
    pen, font = ImageDraw.Draw(page), ImageFont.load_default(size_px * FINER)
    edge, words = 12 * FINER, []
    for top in range(edge, page.height - edge - int(size_px * FINER * 1.3), int(size_px * FINER * 1.5)):
        left = edge
        while (word := str(rng.choice(WORDS))) and left + font.getlength(word) < page.width - edge:
            pen.text((left, top), word, INK, font)
            left += font.getlength(word) + 0.5 * size_px * FINER
            words.append(word)
    fine = np.asarray(page, np.float64).reshape(PAGE_PX[0], FINER, PAGE_PX[1], FINER)
    return np.round(fine.mean(axis=(1, 3))).astype(np.uint8), words


def placed(read: Sequence[str], words: Sequence[str]) -> list[str]:
    """What was read at the place of each word; "" where nothing, or not one word for one, was."""
    found = [""] * len(words)
    for how, a, b, c, d in difflib.SequenceMatcher(None, words, read, autojunk=False).get_opcodes():
        if how in ("equal", "replace") and b - a == d - c:
            found[a:b] = read[c:d]
    return found


def misread(read: Sequence[str], words: Sequence[str]) -> int:
    """At how many places something else was read than stands there."""
    return sum(seen != word for seen, word in zip(placed(read, words), words, strict=True))


def invented(drawn: Sequence[str], plain: Sequence[str], words: Sequence[str]) -> list[tuple[str, str, str]]:
    """(printed, read in the plain picture, read in the drawn one) where a drawn picture shows another sound word.

    That is, one of WORDS that does not stand there, and that the plain picture did not show there either. A word that
    is none of them deceives nobody: it cannot be read.
    """
    places = zip(words, placed(plain, words), placed(drawn, words), strict=True)
    return [place for place in places if place[2] in WORDS and place[2] not in place[:2]]

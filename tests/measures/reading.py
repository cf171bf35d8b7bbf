"""How many words of a photographed page does a machine still read? Tesseract reads; it is needed for tests only."""

from __future__ import annotations

import difflib
import io
import re
import shutil
import subprocess

import numpy as np
from PIL import Image, ImageFilter

# What scikit-image's photograph `page.png` shows, without its last lines of program text.
PAGE = (
    "Region based segmentation Let us first determine markers of the coins and the background These markers are pixels "
    "that we can label unambiguously as either object or background Here the markers are found at the two extreme "
    "parts of the histogram of grey values"
)
# The paper's own light and shade, taken away before reading: a box so wide that no letter fills it.
PAPER_PX = 75
PAPER_LEVEL = 190.0


def can_read() -> bool:
    """Whether tesseract is on this machine: `apt install tesseract-ocr`."""
    return shutil.which("tesseract") is not None


def unread_words(photo: np.ndarray, text: str = PAGE) -> int:
    """How many words of the text a reader of the (H, W, 3) uint8 photo does not find, in their order."""
    words = re.findall("[A-Za-z]{2,}", text)
    found = difflib.SequenceMatcher(None, words, _words(_even_paper(photo)), autojunk=False)
    return len(words) - sum(block.size for block in found.get_matching_blocks())


def words_read(picture: np.ndarray) -> list[str]:
    """What a reader takes for words, in their order, of an (H, W) uint8 picture of one block of dark print."""
    return _words(Image.fromarray(picture))


def _even_paper(photo: np.ndarray) -> Image.Image:
    grey = Image.fromarray(photo).convert("L")
    paper = np.asarray(grey.filter(ImageFilter.BoxBlur(PAPER_PX)), dtype=np.float64)
    even = np.asarray(grey) / np.maximum(paper, 1.0) * PAPER_LEVEL
    return Image.fromarray(np.clip(even, 0, 255).astype(np.uint8))


def _words(page: Image.Image) -> list[str]:
    png = io.BytesIO()
    page.save(png, "PNG")
    # "6": one block of text. One thread: as fast, and gentler to neighbours.
    command = ["tesseract", "stdin", "stdout", "--psm", "6", "-l", "eng"]
    read = subprocess.run(
        command, input=png.getvalue(), capture_output=True, env={"OMP_THREAD_LIMIT": "1"}, timeout=60, check=True
    )
    return re.findall("[A-Za-z]{2,}", read.stdout.decode())

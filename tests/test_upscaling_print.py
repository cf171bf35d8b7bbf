"""Print drawn by the network stays the same words: what a machine reads is printed, or was read without the network."""

from __future__ import annotations

import pytest
from measures.printed import new_words, prose_page, wrongly_read
from measures.reading import can_read, words_read
from measures.upscaled import as_grey_photo, halved

from accelerators.errors import AcceleratorError
from accelerators.upscaling.upscaler import opened_upscaler
from isp.zoom.resample import resampled
from isp.zoom.taps import Filter

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not can_read(), reason="tesseract is not on this machine: apt install tesseract-ocr"),
]
# Heights of print, in the large picture, that a reader can tell in the small one enlarged.
READABLE_PX = (18, 20, 24)


@pytest.fixture(scope="module")
def upscaler():
    try:
        with opened_upscaler(device="cpu") as ours:
            yield ours
    except AcceleratorError as error:
        pytest.skip(str(error))


@pytest.mark.parametrize("size_px", READABLE_PX)
def test_print_that_can_be_read_stays_the_same_words(upscaler, size_px):
    page, words = prose_page(size_px)
    half = halved("page", page).half
    plain = [words_read(resampled(half, page.shape, kind)) for kind in (Filter.BICUBIC, Filter.LANCZOS)]
    drawn = words_read(upscaler.upscaled(as_grey_photo(half))[..., 0])
    assert new_words(drawn, [words, *plain]) == []
    assert wrongly_read(drawn, words) <= max(wrongly_read(read, words) for read in plain)

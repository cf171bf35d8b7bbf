"""How much of the card a photo takes, at most: asked before it is taken."""

from __future__ import annotations

# A raw file, and a zoomed picture's, which is no larger than the whole frame.
RAW_BYTES_PER_PIXEL, ZOOMED_BYTES_PER_PIXEL = 2, 6
# More than a JPEG ever takes: its pixels, not compressed. A sidecar takes some kilobytes.
JPEG_BYTES_PER_PIXEL = 3
SIDECAR_BYTES = 64 * 1024
# Of a mask without a single even place.
MASK_BYTES_PER_PIXEL = 1


def most_bytes(shape: tuple[int, int], *, is_portrait: bool, takes_burst: bool, is_zoomed: bool) -> int:
    """Of all files of a photo of frames of this (height, width)."""
    raw, developed = RAW_BYTES_PER_PIXEL, JPEG_BYTES_PER_PIXEL
    if is_portrait:
        developed = 2 * JPEG_BYTES_PER_PIXEL + MASK_BYTES_PER_PIXEL
    if takes_burst:  # the first frame's stays until the merged one has taken its place
        raw += ZOOMED_BYTES_PER_PIXEL if is_zoomed else RAW_BYTES_PER_PIXEL
    return shape[0] * shape[1] * (raw + developed) + SIDECAR_BYTES

"""The black level of a picture with three colours a pixel."""

from __future__ import annotations

from isp.frames import Shot


def black_of_colours(shot: Shot) -> tuple[float, float, float]:
    """Of red, green and blue, in counts; green's is the mean of its two positions."""
    levels = [
        [level for level, has in zip(shot.black_dn, shot.bayer, strict=True) if has == letter] for letter in "RGB"
    ]
    red, green, blue = (sum(positions) / len(positions) for positions in levels)
    return red, green, blue

"""Where a burst is aligned and merged: places on a regular grid, each with a tile of raw pixels around it.

Place (row, column) stands at pixel (16 row, 16 column), its tile reaches 16 pixels from there each way, mirrored beyond
the frame. Every pixel so lies in exactly four tiles, those at the edge too, and all tiles begin at the same Bayer
colour. Source of half-overlapping tiles: Hasinoff et al. 2016, "Burst photography ...", section 5.
"""

from __future__ import annotations

PITCH_PX = 16
TILE_PX = 2 * PITCH_PX


def places_of(shape: tuple[int, int]) -> tuple[int, int]:
    """(rows, columns) of the places of a frame of (height, width) raw pixels."""
    return tuple(-(-length // PITCH_PX) + 1 for length in shape)

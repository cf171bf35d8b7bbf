"""The pixel loops, in C++17. The stages in `isp/` are the way to call them."""

try:
    from isp.kernels._kernels import (
        FILM_ENTRIES,
        GRAIN_STEPS,
        LIFT_LEVELS,
        LONGEST_BLUR_PX,
        PREVIEW_FILM_LINES,
        PREVIEW_LIMIT_KNOTS,
        PREVIEW_TONE_LINES,
        TILE_SUM_KINDS,
        TONE_ENTRIES,
        Chain,
        PreviewFacts,
        agree_with_neighbours,
        bin_quads,
        block_sums,
        grey_of_quads,
        match_tiles,
        measure_zones,
        shrink_grey,
        slope_energy,
        tile_sums,
    )
except ImportError as error:
    raise ImportError(f"The compiled kernels do not load ({error}). Build them: `make install`.") from error

__all__ = [
    "FILM_ENTRIES",
    "GRAIN_STEPS",
    "LIFT_LEVELS",
    "LONGEST_BLUR_PX",
    "PREVIEW_FILM_LINES",
    "PREVIEW_LIMIT_KNOTS",
    "PREVIEW_TONE_LINES",
    "TILE_SUM_KINDS",
    "TONE_ENTRIES",
    "Chain",
    "PreviewFacts",
    "agree_with_neighbours",
    "bin_quads",
    "block_sums",
    "grey_of_quads",
    "match_tiles",
    "measure_zones",
    "shrink_grey",
    "slope_energy",
    "tile_sums",
]

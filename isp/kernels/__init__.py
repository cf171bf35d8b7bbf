"""The pixel loops, in C++17. The stages in `isp/` are the way to call them."""

try:
    from isp.kernels._kernels import (
        ALIGN_TILE_PX,
        FILM_ENTRIES,
        GRAIN_STEPS,
        LIFT_LEVELS,
        LONGEST_BLUR_PX,
        PREVIEW_FILM_LINES,
        PREVIEW_LIMIT_KNOTS,
        PREVIEW_TONE_LINES,
        TONE_ENTRIES,
        Chain,
        PreviewFacts,
        agree_with_neighbours,
        bin_quads,
        block_sums,
        grey_of_quads,
        match_tiles,
        measure_zones,
        observe_tiles,
        settle_tiles,
        shrink_grey,
        slope_energy,
        soften_grey,
    )
except ImportError as error:
    raise ImportError(f"The compiled kernels do not load ({error}). Build them: `make install`.") from error

__all__ = [
    "ALIGN_TILE_PX",
    "FILM_ENTRIES",
    "GRAIN_STEPS",
    "LIFT_LEVELS",
    "LONGEST_BLUR_PX",
    "PREVIEW_FILM_LINES",
    "PREVIEW_LIMIT_KNOTS",
    "PREVIEW_TONE_LINES",
    "TONE_ENTRIES",
    "Chain",
    "PreviewFacts",
    "agree_with_neighbours",
    "bin_quads",
    "block_sums",
    "grey_of_quads",
    "match_tiles",
    "measure_zones",
    "observe_tiles",
    "settle_tiles",
    "shrink_grey",
    "slope_energy",
    "soften_grey",
]

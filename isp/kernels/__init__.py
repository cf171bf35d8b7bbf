"""The pixel loops, in C++17. The stages in `isp/` are the way to call them."""

try:
    from isp.kernels._kernels import (
        FILM_ENTRIES,
        GRAIN_STEPS,
        LIFT_LEVELS,
        LONGEST_BLUR_PX,
        MERGE_BANDS,
        MERGE_FREQUENCIES,
        MERGE_STEPS,
        MERGE_TAPS,
        PREVIEW_FILM_LINES,
        PREVIEW_LIMIT_KNOTS,
        PREVIEW_TONE_LINES,
        TONE_ENTRIES,
        Chain,
        MergeFacts,
        PreviewFacts,
        bin_quads,
        block_sums,
        measure_zones,
    )
except ImportError as error:
    raise ImportError(f"The compiled kernels do not load ({error}). Build them: `make install`.") from error

__all__ = [
    "FILM_ENTRIES",
    "GRAIN_STEPS",
    "LIFT_LEVELS",
    "LONGEST_BLUR_PX",
    "MERGE_BANDS",
    "MERGE_FREQUENCIES",
    "MERGE_STEPS",
    "MERGE_TAPS",
    "PREVIEW_FILM_LINES",
    "PREVIEW_LIMIT_KNOTS",
    "PREVIEW_TONE_LINES",
    "TONE_ENTRIES",
    "Chain",
    "MergeFacts",
    "PreviewFacts",
    "bin_quads",
    "block_sums",
    "measure_zones",
]

"""The pixel loops, in C++17. The stages in `isp/` are the way to call them."""

try:
    from isp.kernels._kernels import (
        CHROMA_STEPS,
        LONGEST_BLUR_PX,
        PREVIEW_LIMIT_KNOTS,
        PREVIEW_TONE_LINES,
        TONE_ENTRIES,
        Chain,
        PreviewFacts,
        measure_zones,
    )
except ImportError as error:
    raise ImportError(f"The compiled kernels do not load ({error}). Build them: `make install`.") from error

__all__ = [
    "CHROMA_STEPS",
    "LONGEST_BLUR_PX",
    "PREVIEW_LIMIT_KNOTS",
    "PREVIEW_TONE_LINES",
    "TONE_ENTRIES",
    "Chain",
    "PreviewFacts",
    "measure_zones",
]

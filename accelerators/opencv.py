"""OpenCV, imported when a portrait first needs it: importing it takes seconds from a slow card."""

from __future__ import annotations

import functools
from types import ModuleType

from accelerators.errors import RuntimeMissing


@functools.cache
def opencv() -> ModuleType:
    """The module cv2. Raises RuntimeMissing with the command that installs it."""
    try:
        import cv2
    except ImportError as error:
        raise RuntimeMissing(
            f"Portraits need OpenCV, which cannot be imported ({error}). Install it: pip install 'nightjar[portrait]'"
        ) from None
    return cv2


def opencv_errors() -> tuple[type[Exception], ...]:
    """What OpenCV's functions raise, for an `except`; nothing where it was never imported: then it raised nothing."""
    return (opencv().error,) if opencv.cache_info().currsize else ()

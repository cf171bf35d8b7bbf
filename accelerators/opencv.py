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
            f"Portraits need OpenCV, which is not installed ({error}). Install it: pip install 'nightjar[portrait]'"
        ) from None
    return cv2

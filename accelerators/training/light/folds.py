"""Who is held out with whom: a network that has seen one picture of a place knows all others of it.

So pictures are held out by photographer, of both platforms at once, for both were made of the same raw files.
"""

from __future__ import annotations

from collections.abc import Iterable

from accelerators.published.pictures import LabelledPicture

# Perhaps one person with several cameras: held out together, that makes fewer folds and is the stricter count.
FAMILY = "peter"
BY_NAME, STRICT = "by name", "one peter"
GROUPINGS = (BY_NAME, STRICT)


def photographers_of(pictures: Iterable[LabelledPicture]) -> list[str]:
    """Their names in order."""
    return sorted({picture.photographer for picture in pictures})


def folds(pictures: Iterable[LabelledPicture], grouping: str) -> dict[str, tuple[str, ...]]:
    """The names held out together, by the name of the fold."""
    names = photographers_of(pictures)
    family = tuple(name for name in names if name.startswith(FAMILY))
    if grouping == BY_NAME or not family:
        return {name: (name,) for name in names}
    return {name: (name,) for name in names if name not in family} | {f"{FAMILY}*": family}


def every_fold(pictures: Iterable[LabelledPicture]) -> set[tuple[str, ...]]:
    """What is held out at some time; each needs training once."""
    pictures = list(pictures)
    return {names for grouping in GROUPINGS for names in folds(pictures, grouping).values()}

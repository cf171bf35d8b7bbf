"""What the network's classes mean to a photographer."""

from __future__ import annotations

from dataclasses import dataclass

from accelerators.errors import ModelError

PEOPLE = frozenset({"person"})
ANIMALS = frozenset({"bird", "cat", "cow", "dog", "horse", "sheep"})
# What a room is full of. DeepLab finds a table under everything, and a cup on it is not the table.
FURNITURE = frozenset({"chair", "diningtable", "sofa"})
# Held, ridden or sat in: it belongs to whom it touches.
HELD = frozenset({"bicycle", "boat", "bottle", "motorbike"})


@dataclass(frozen=True)
class Classes:
    """Numbers of the classes by meaning, and their names."""

    names: tuple[str, ...]
    people: list[int]
    animals: list[int]
    held: list[int]
    things: list[int]
    furniture: list[int]

    @property
    def wanted(self) -> list[int]:
        return self.people + self.animals + self.held + self.things

    @property
    def living(self) -> list[int]:
        return self.people + self.animals


def classes_of(labels: tuple[str, ...]) -> Classes:
    """Sort a model's labels by meaning. A label that nobody thought of is a thing.

    Raises ModelError where there is no background, or nothing but it.
    """
    of = {
        meaning: [number for number, label in enumerate(labels) if label in meaning]
        for meaning in (PEOPLE, ANIMALS, HELD, FURNITURE)
    }
    known = PEOPLE | ANIMALS | HELD | FURNITURE | {"background"}
    things = [number for number, label in enumerate(labels) if label not in known]
    if "background" not in labels or len(labels) < 2:
        raise ModelError(
            f"The model's labels are {', '.join(labels) or 'none'}: 'background' and at least one more are needed."
        )
    return Classes(tuple(labels), of[PEOPLE], of[ANIMALS], of[HELD], things, of[FURNITURE])

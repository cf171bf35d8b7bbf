"""Faces, and the bodies that hang on them: seeds for a cut without a network.

Viola and Jones 2001 with the cascades that OpenCV brings. One cascade takes window shutters and coins for faces; two
that were trained apart seldom take the same ones. Bodies are drawn after the painters' canon: a figure is seven heads
high and two wide at the shoulders.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from accelerators.opencv import opencv
from accelerators.subject.grids import squashed

# Longer side of the picture that is searched: a face of a twelfth of it still has the 24 pixels that a cascade knows.
SEARCHED_PX = 480
LEAST_PX = 24
LEAST_SHARE = 1 / 12
# Faces less than this of the largest are those of passers-by.
LEAST_OF_LARGEST = 0.35


@dataclass(frozen=True)
class Sought:
    """Whose faces: the cascade that proposes, the one that must see a face there too, and how they search.

    is_evened  whether shadows are lifted first: it shows faces against the light, and hides fur
    """

    proposes: str
    confirms: str
    step: float
    neighbours: int
    is_evened: bool


HUMAN = Sought("haarcascade_frontalface_alt2.xml", "haarcascade_frontalface_default.xml", 1.1, 5, is_evened=True)
# Trained on cats; dogs, foxes and tigers come with them. Fewer pictures taught it, so it is asked more finely.
ANIMAL = Sought("haarcascade_frontalcatface.xml", "haarcascade_frontalcatface_extended.xml", 1.05, 3, is_evened=False)


@dataclass(frozen=True)
class Face:
    """Its centre and side, as shares of the picture's longer side from its top left corner."""

    y: float
    x: float
    size: float


def faces_of(picture: np.ndarray, sought: Sought = HUMAN) -> list[Face]:
    """All faces turned to the camera that are about as near as the nearest, the largest first."""
    cv2 = opencv()
    longer = max(picture.shape[:2])
    shape = tuple(max(1, round(side * min(1.0, SEARCHED_PX / longer))) for side in picture.shape[:2])
    grey = cv2.cvtColor(squashed(picture, shape), cv2.COLOR_RGB2GRAY)
    grey = cv2.equalizeHist(grey) if sought.is_evened else grey
    least = max(LEAST_PX, round(min(shape) * LEAST_SHARE))
    if min(shape) < least:
        return []
    found = _cascade(sought.proposes).detectMultiScale(grey, sought.step, sought.neighbours, 0, (least, least))
    boxes = sorted((box for box in found if _is_confirmed(sought, grey, *box)), key=lambda box: -box[2])
    faces = [
        Face(float(y + size / 2) / max(shape), float(x + size / 2) / max(shape), float(size) / max(shape))
        for x, y, size, _ in boxes
    ]
    return [face for face in faces if face.size >= LEAST_OF_LARGEST * faces[0].size]


def _is_confirmed(sought: Sought, grey: np.ndarray, x: int, y: int, size: int, _: int) -> bool:
    """The second cascade sees a face of about this size with its middle within this one."""
    room = size // 2
    around = grey[max(0, y - room) : y + size + room, max(0, x - room) : x + size + room]
    middle = np.array([x + size / 2 - max(0, x - room), y + size / 2 - max(0, y - room)])
    least = round(0.6 * size)
    cascade, near = _cascade(sought.confirms), np.ascontiguousarray(around)
    seen = cascade.detectMultiScale(near, sought.step, sought.neighbours, 0, (least, least))
    return any(np.linalg.norm(np.array([a + c / 2, b + c / 2]) - middle) < size / 3 for a, b, c, _ in seen)


@functools.cache
def _cascade(name: str):
    cv2 = opencv()
    return cv2.CascadeClassifier(str(Path(cv2.data.haarcascades) / name))


def bodies_below(faces: list[Face], shape: tuple[int, int]) -> np.ndarray:
    """How likely each pixel of a small picture of this shape belongs to one of them: (H, W) float32, 0 to 1."""
    y, x = np.mgrid[: shape[0], : shape[1]].astype(np.float32)
    return np.max([_body(face, y / max(shape), x / max(shape)) for face in faces], axis=0).astype(np.float32)


def animals_around(faces: list[Face], shape: tuple[int, int]) -> np.ndarray:
    """How likely each pixel belongs to an animal with such a face: it may lie, sit or stand on any side of its head."""
    y, x = np.mgrid[: shape[0], : shape[1]].astype(np.float32)
    away = [np.hypot(y / max(shape) - face.y, x / max(shape) - face.x) / face.size for face in faces]
    return np.interp(np.min(away, axis=0), [0.4, 0.5, 1.5, 3.5], [1.0, 0.85, 0.5, 0.15]).astype(np.float32)


def are_inside(faces: list[Face], mask: np.ndarray) -> bool:
    """Whether the mask holds the middle of each face: if not, the cut went round something else."""
    longer = max(mask.shape)
    places = np.array([(face.y, face.x) for face in faces]) * longer
    rows, columns = (np.clip(places.T, 0, np.array(mask.shape)[:, None] - 1)).astype(int)
    return bool(mask[rows, columns].all())


def _body(face: Face, y: np.ndarray, x: np.ndarray) -> np.ndarray:
    """0.5 at the outline of the drawn figure, more within and less without; the face is sure."""
    down, aside = (y - face.y) / face.size, np.abs(x - face.x) / face.size
    head = 1 - np.hypot(aside / 0.55, (down + 0.1) / 0.8)
    shoulders = np.interp(down, [0.4, 0.8, 1.4, 2.5, 6.5], [0.0, 0.45, 1.2, 1.3, 1.1])
    torso = np.where((down > 0.5) & (down < 6.5), np.minimum(shoulders - aside, down - 0.5), -1.0)
    return np.clip(0.5 + np.maximum(0.9 * head, 0.8 * torso), 0, 1)

"""What the picture may be of, without a network: faces and what hangs on them, or the one thing that stands out.

A guess is wrong more often than a network, and a blurred portrait of nothing is worse than none: whatever is not a
face must be one closed thing, set apart from all the rest, clear of the upper border and not smoother than what is
around it.
"""

from __future__ import annotations

import numpy as np

from accelerators.opencv import opencv
from accelerators.subject.cutting import Cut, cut_out, in_lab, set_apart
from accelerators.subject.faces import ANIMAL, HUMAN, animals_around, are_inside, bodies_below, faces_of
from accelerators.subject.grids import resampled, squashed
from accelerators.subject.standing_out import standing_out
from accelerators.subject.subject import NoSubject, Subject

# Longer side of the picture that is cut: GrabCut takes 30 ms at this size, and 200 in foliage.
CUT_PX = 160
# From "all that stands out" to "what stands out most"; one thing gives nearly the same cut from all of them.
LEAST_STANDING_OUT = (0.15, 0.25, 0.45, 0.6)
# Before any cut: grass, print, bricks and stars have less, things have several times more.
LEAST_SET_APART = 0.1
# Of two cuts with outlines about as closed the larger is the whole thing, the other its brightest part.
AS_CLOSED = 0.05
# Of cuts one in another the outermost, if its outline is closed so far: a cup has a saucer, and too much that stays
# sharp harms less than half a cup. It holds so much of the inner one.
CLOSED_AROUND, HOLDS = 0.8, 0.95
# Of the picture: a door knob is smaller, and a wall larger.
SMALLEST, LARGEST = 0.02, 0.7
# A thing that the picture is about takes at least this much of it; lamps and red roofs in a landscape stand out, too.
FULL_SIZE = 0.1
# More is asked of a guess than of somebody whom a network saw.
THING_MARGIN = 0.1
# Of the gradients elsewhere: less, and it is sky, water or a lamp.
LEAST_DETAIL = 0.5
# On 150 photographs two cascades that agree were right about nearly all human faces, and about four of six animals':
# how well the cut closes says the rest.
FACE_COUNTS = {"person": 0.5, "animal": 0.25}
# Of the picture: what is left round them then is gaps.
MOST_OF_BODIES = 0.92
# A side of the picture counts as touched when the cut covers this much of it.
COVERED_SIDE = 0.1
# Softens the mask's stairs: the matte finds the edge itself.
SOFTENED_PX = 1.0


def guess_subject(picture: np.ndarray, least_confidence: float, objects: bool = True) -> Subject | NoSubject:
    """Guess by faces, else by what stands out. Arguments and answer as find_subject's."""
    small = small_for_cutting(picture)
    for kind, sought, drawn in (("person", HUMAN, bodies_below), ("animal", ANIMAL, animals_around)):
        faces = faces_of(picture, sought)
        cut = cut_out(small, drawn(faces, small.shape[:2]), 0.5) if faces else None
        if cut is not None and SMALLEST <= cut.area <= MOST_OF_BODIES and are_inside(faces, cut.mask):
            sure = FACE_COUNTS[kind] + (1 - FACE_COUNTS[kind]) * cut.confidence
            if sure >= least_confidence:
                return _guess(cut, kind, "face", sure)
    if not objects:
        return NoSubject("Without a network no face was found, and nothing but people and animals is looked for.")
    return guess_thing(picture, "Without a network no face was found.", least_confidence)


def guess_thing(picture: np.ndarray, before: str, least_confidence: float) -> Subject | NoSubject:
    """Guess the one thing that the picture is about. `before` opens the reason if there is none: what was tried."""
    small = small_for_cutting(picture)
    if min(small.shape[:2]) < 3:
        return NoSubject(f"{before} In {small.shape[1]} x {small.shape[0]} pixels nothing can be told apart.")
    outstanding = standing_out(picture)
    if set_apart(in_lab(small), resampled(outstanding, small.shape[:2]) > LEAST_STANDING_OUT[2]) < LEAST_SET_APART:
        return NoSubject(f"{before} The middle has the colours of all the rest: a pattern, not a thing.")
    cuts = [cut for least in LEAST_STANDING_OUT if (cut := cut_out(small, outstanding, least)) is not None]
    if not cuts:
        return NoSubject(f"{before} Nothing stands out from the rest.")
    fitting = [cut for cut in cuts if not _flaw(cut)]
    if not fitting:
        return NoSubject(f"{before} What stands out most {_flaw(cuts[-1])}.")
    most_closed = max(cut.closed for cut in fitting)
    core = max((cut for cut in fitting if cut.closed >= most_closed - AS_CLOSED), key=lambda cut: cut.area)
    cut = max((cut for cut in fitting if _is_around(cut, core)), key=lambda cut: cut.area, default=core)
    sure, asked = core.confidence * min(1.0, cut.area / FULL_SIZE), min(1.0, least_confidence + THING_MARGIN)
    if sure < asked:
        percent = f"{100 * sure:.0f} % sure, {100 * asked:.0f} % is asked"
        return NoSubject(
            f"{before} What stands out most is not enough like one thing in the middle of it all: {percent}."
        )
    return _guess(cut, "object", "centre", sure)


def _is_around(cut: Cut, core: Cut) -> bool:
    """Whether a cut is the core with more of the same thing around it."""
    held = np.count_nonzero(cut.mask & core.mask) / np.count_nonzero(core.mask)
    return cut.closed >= CLOSED_AROUND and held >= HOLDS


def _flaw(cut: Cut) -> str:
    """Why this cannot be what somebody took a picture of; empty if it can."""
    top, *others = (side.mean() > COVERED_SIDE for side in (cut.mask[0], cut.mask[-1], cut.mask[:, 0], cut.mask[:, -1]))
    if not SMALLEST <= cut.area <= LARGEST:
        return f"is {100 * cut.area:.0f} % of the picture"
    if cut.parts > 1:
        return f"is {cut.parts} things"
    if top or sum(others) > 1:
        return "runs out of the picture"
    if cut.detail < LEAST_DETAIL:
        return "is smoother than all around it, as sky and lamps are"
    return ""


def _guess(cut: Cut, kind: str, name: str, confidence: float) -> Subject:
    soft = opencv().GaussianBlur(cut.mask.astype(np.float32), (0, 0), SOFTENED_PX)
    return Subject(soft.clip(0, 1), kind, (name,), confidence, is_guess=True)


def small_for_cutting(picture: np.ndarray) -> np.ndarray:
    """The picture at 160 pixels or less."""
    height, width = picture.shape[:2]
    scale = min(1.0, CUT_PX / max(height, width))
    return np.ascontiguousarray(squashed(picture, (max(1, round(height * scale)), max(1, round(width * scale)))))

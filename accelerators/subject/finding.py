"""What the picture is of, from a network if there is one, else guessed; or a sentence that says why nobody can tell."""

from __future__ import annotations

import numpy as np

from accelerators.errors import DeviceError, MaskError, ModelError
from accelerators.subject.choosing import choose
from accelerators.subject.classes import Classes, classes_of
from accelerators.subject.grids import overlap, resampled
from accelerators.subject.guessing import guess_subject, guess_thing
from accelerators.subject.looking import Network, Segment, box_around, look_closer
from accelerators.subject.subject import NoSubject, Subject

# Networks call textures and pages of text bottles and trains, hardly ever people: a thing must be surer than they.
LEAST_CONFIDENCE = 0.5
THING_MARGIN = 0.2
# Of the picture. A person this small is 20 m away: no lens would blur what is behind.
SMALLEST = 0.005
# Of the picture. What is left round the subject is no background, it is gaps in it.
LARGEST = 0.92
# A side of the picture counts as touched when a thing covers this much of it. What leaves it on three sides is no thing
# that somebody took a picture of: it is a wall, a page or a field.
COVERED_SIDE = 0.15
MOST_SIDES = 2


def find_subject(
    picture: np.ndarray,
    segment: Segment | None = None,
    labels: tuple[str, ...] = (),
    input_shape: tuple[int, int] = (513, 513),
    least_confidence: float = LEAST_CONFIDENCE,
) -> Subject | NoSubject:
    """Find what must stay sharp when the rest is blurred.

    picture           (H, W, 3) uint8, sRGB
    segment           asks the network about a (rows, columns, 3) uint8 picture of `input_shape`; None where there is none
    labels            the network's classes, background first
    least_confidence  0 to 1: below it the answer is NoSubject, and its reason says how sure anybody was
    Without a network, or if it fails, OpenCV guesses, and the Subject says so. Two inferences a picture, four where the
    subject is small. Raises MaskError if the picture is none, and ModelError if labels and answer do not fit.
    """
    _check_picture(picture)
    if segment is None:
        return guess_subject(picture)
    try:
        classes = classes_of(labels)
        seen = _seen(picture, Network(segment, len(labels), input_shape), classes)
    except (DeviceError, ModelError) as failure:
        return guess_subject(picture, note=f"The network failed, so this is a guess. {failure}")
    if seen is None:
        return guess_thing(picture, "The network saw nothing but background and furniture.")
    if reason := _out_of_size(seen):
        return NoSubject(reason)
    if reason := _doubt(seen, least_confidence):
        return guess_thing(picture, reason)
    return seen


def _seen(picture: np.ndarray, network: Network, classes: Classes) -> Subject | None:
    """What the network sees, however unsure it is; None if that is only background."""
    straight, mirrored = network.look(picture)
    chosen = choose((straight + mirrored) / 2, classes)
    if chosen is None:
        return None

    def weigh(shares: np.ndarray) -> np.ndarray:
        return shares[..., classes.wanted].sum(axis=2)

    agreement = overlap(*(weigh(shares) * chosen.keep > 0.5 for shares in (straight, mirrored)))
    first = weigh((straight + mirrored) / 2)
    box = box_around(chosen.mask, picture.shape[:2])
    probability = look_closer(network, picture, box, first, weigh)
    probability *= resampled(chosen.keep, probability.shape)
    certain = probability[probability > 0.5]
    confidence = float(agreement * certain.mean()) if certain.size else 0.0
    return Subject(probability.clip(0, 1).astype(np.float32), chosen.kind, chosen.names, confidence, is_guess=False)


def _out_of_size(subject: Subject) -> str:
    """Why a subject of this size gives no portrait; empty if it does."""
    share = float(subject.probability.mean())
    if share < SMALLEST:
        return f"The {subject.names[0]} is too small: {100 * share:.1f} % of the picture, {100 * SMALLEST:.1f} % is needed."
    if share > LARGEST:
        return f"The {subject.names[0]} fills {100 * share:.0f} % of the picture: there is nothing behind it to blur."
    return ""


def _doubt(subject: Subject, least_confidence: float) -> str:
    """Why this is not believed; empty if it is."""
    name, asked = subject.names[0], least_confidence
    if subject.kind == "object":
        asked = min(1.0, least_confidence + THING_MARGIN)
        if sum(side.mean() > COVERED_SIDE for side in _sides(subject.probability > 0.5)) > MOST_SIDES:
            return (
                f"The {name} that the network saw runs out of the picture on three sides: that is no thing in a frame."
            )
    if subject.confidence < asked:
        return f"The network is only {100 * subject.confidence:.0f} % sure of the {name} it saw; {100 * asked:.0f} % is asked."
    return ""


def _sides(mask: np.ndarray) -> tuple[np.ndarray, ...]:
    return mask[0], mask[-1], mask[:, 0], mask[:, -1]


def _check_picture(picture: np.ndarray) -> None:
    if not isinstance(picture, np.ndarray) or picture.ndim != 3 or picture.shape[2] != 3 or picture.dtype != np.uint8:
        found = f"{picture.dtype} {picture.shape}" if isinstance(picture, np.ndarray) else type(picture).__name__
        raise MaskError(f"A subject is looked for in a (height, width, 3) uint8 picture; this is {found}.")
    if min(picture.shape[:2]) < 1:
        raise MaskError(f"A picture of {picture.shape[1]} x {picture.shape[0]} pixels has nothing to look for.")

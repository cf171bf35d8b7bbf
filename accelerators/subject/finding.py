"""What the picture is of, from a network if there is one, else guessed; or a sentence that says why nobody can tell."""

from __future__ import annotations

import numpy as np

from accelerators.errors import MaskError
from accelerators.subject.choosing import Chosen, choose
from accelerators.subject.classes import Classes, classes_of
from accelerators.subject.cutting import judge
from accelerators.subject.grids import overlap, resampled
from accelerators.subject.guessing import guess_subject, guess_thing, small_for_cutting
from accelerators.subject.looking import Network, Segment, box_around, look_again
from accelerators.subject.scores import wanted_share
from accelerators.subject.subject import NoSubject, Subject

LEAST_CONFIDENCE = 0.5
# Networks take textures and pages of text for bottles and trains, hardly ever for people: of a thing more is asked.
THING_MARGIN = 0.15
# Of the picture. Somebody this small is 20 m away: no lens would blur what is behind.
SMALLEST = 0.005
# Of the picture. What is left round the subject then is no background, it is gaps in it.
LARGEST = 0.92
# From here on a place may be the subject; below, the matte drops it whatever its colours.
PERHAPS = 0.25
# Share of a thing's outline where the picture shows one, too. Patterns taken for things have less than a quarter, boats
# and motorbikes more than two fifths.
LEAST_CLOSED = 1 / 3


def find_subject(
    picture: np.ndarray,
    segment: Segment | None = None,
    labels: tuple[str, ...] = (),
    input_shape: tuple[int, int] = (513, 513),
    least_confidence: float = LEAST_CONFIDENCE,
    objects: bool = True,
) -> Subject | NoSubject:
    """Find what must stay sharp when the rest is blurred.

    picture           (H, W, 3) uint8, sRGB
    segment           asks the network about a (rows, columns, 3) uint8 picture of `input_shape`; None if there is none
    labels            the network's classes, background among them
    least_confidence  0 to 1: below it the answer is NoSubject, and its reason says how sure anybody was
    objects           whether a thing may be the subject, too
    Two inferences a picture, four where something is seen. Without a network OpenCV guesses: the Subject says so.
    Raises MaskError if the picture is none, ModelError if labels and answer do not fit, and whatever `segment` raises.
    """
    _check_picture(picture)
    if segment is None:
        return guess_subject(picture, least_confidence, objects)
    classes = classes_of(labels)
    network = Network(segment, len(labels), input_shape)
    looks = network.look(picture)
    chosen = choose((looks[0] + looks[1]) / 2, classes)
    if chosen is None:
        return _unless_a_thing(picture, "The network saw only background and furniture.", least_confidence, objects)
    seen = _seen_again(picture, network, classes, chosen, looks)
    reason = _out_of_size(seen)
    if reason and seen.kind != "object":
        return NoSubject(reason)
    # A speck of a thing that the network saw does not keep the picture from being of another one.
    if reason := reason or _doubt(seen, picture, least_confidence, objects):
        return _unless_a_thing(picture, reason, least_confidence, objects)
    return seen


def glance(
    picture: np.ndarray,
    segment: Segment,
    labels: tuple[str, ...],
    input_shape: tuple[int, int] = (513, 513),
    least_confidence: float = LEAST_CONFIDENCE,
    objects: bool = True,
) -> Subject | NoSubject:
    """As find_subject, in one inference and without a guess: a live picture asks again in a moment anyway."""
    _check_picture(picture)
    classes = classes_of(labels)
    shares = Network(segment, len(labels), input_shape).glance(picture)
    chosen = choose(shares, classes)
    if chosen is None:
        return NoSubject("The network saw only background and furniture.")
    seen = _subject(wanted_share(shares, classes) * chosen.keep, chosen, agreement=1.0)
    reason = _out_of_size(seen) or _doubt(seen, picture, least_confidence, objects)
    return NoSubject(reason) if reason else seen


def _unless_a_thing(picture: np.ndarray, reason: str, least_confidence: float, objects: bool) -> Subject | NoSubject:
    """VOC has no cup: where the network is lost the picture may still be of one thing."""
    return guess_thing(picture, reason, least_confidence) if objects else NoSubject(reason)


def _seen_again(
    picture: np.ndarray, network: Network, classes: Classes, chosen: Chosen, looks: tuple[np.ndarray, np.ndarray]
) -> Subject:
    """What the network sees after another look, from as near as suits the subject, however unsure it is."""

    def weigh(shares: np.ndarray) -> np.ndarray:
        return wanted_share(shares, classes)

    agreement = overlap(*(weigh(shares) * chosen.keep > 0.5 for shares in looks))
    box = box_around(chosen.mask, picture.shape[:2])
    probability = look_again(network, picture, box, weigh((looks[0] + looks[1]) / 2), weigh)
    return _subject(probability * resampled(chosen.keep, probability.shape), chosen, agreement)


def _subject(probability: np.ndarray, chosen: Chosen, agreement: float) -> Subject:
    certain = probability[probability > 0.5]
    # Much that may be subject around little that is: half a statue, the head of a tiger.
    decided = certain.size / max(1, np.count_nonzero(probability > PERHAPS))
    confidence = agreement * float(certain.mean()) * decided**0.5 if certain.size else 0.0
    return Subject(
        probability.clip(0, 1).astype(np.float32),
        chosen.kind,
        chosen.names,
        float(min(1.0, confidence)),
        is_guess=False,
    )


def _out_of_size(subject: Subject) -> str:
    """Why a subject of this size gives no portrait; empty if it does."""
    share, name = 100 * float((subject.probability > 0.5).mean()), subject.names[0]
    if share < 100 * SMALLEST:
        return f"The {name} is too small: {share:.1f} % of the picture, and {100 * SMALLEST:.1f} % is needed."
    if share > 100 * LARGEST:
        return f"The {name} fills {share:.0f} % of the picture: nothing behind it is left to blur."
    return ""


def _doubt(subject: Subject, picture: np.ndarray, least_confidence: float, objects: bool) -> str:
    """Why this is not believed; empty if it is."""
    name, asked = subject.names[0], least_confidence
    if subject.kind == "object":
        asked = min(1.0, least_confidence + THING_MARGIN)
        if not objects:
            return f"The {name} is a thing, and nothing but people and animals is looked for."
        small = small_for_cutting(picture)
        if judge(small, resampled(subject.probability, small.shape[:2]) > 0.5).closed < LEAST_CLOSED:
            return f"The {name} that the network saw has no outline in the picture: a pattern, not a thing."
    if subject.confidence < asked:
        sure = f"{100 * subject.confidence:.0f} % sure of the {name} it saw, and {100 * asked:.0f} % is asked"
        return f"The network is {sure}."
    return ""


def _check_picture(picture: np.ndarray) -> None:
    if not isinstance(picture, np.ndarray) or picture.ndim != 3 or picture.shape[2] != 3 or picture.dtype != np.uint8:
        found = f"{picture.dtype} {picture.shape}" if isinstance(picture, np.ndarray) else type(picture).__name__
        raise MaskError(f"A subject is looked for in a (height, width, 3) uint8 picture; this is {found}.")
    if min(picture.shape[:2]) < 1:
        raise MaskError(f"A picture of {picture.shape[1]} x {picture.shape[0]} pixels holds nothing to look for.")

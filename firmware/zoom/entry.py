"""What a sidecar says of a zoomed photo, as plain values. Imports no numpy: `nightjar shoot` says it too."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from isp.zoom.zoomed import ZoomStory

MEASURED, LEARNED, PLAIN = "measured", "learned", "plain"
RUNGS = (MEASURED, LEARNED, PLAIN)
# Who enlarged what was developed: the network, or a filter.
CLASSICAL = "classical"
CROP = ("top", "left", "height", "width")
DIVERSITY = ("phases", "frames", "enough")
# The ranges of `isp.zoom.crop`, which brings numpy; a test compares the two. Then a length that no sensor has.
SMALLEST, LARGEST = 1.0, 3.0
MOST_PX = 100_000
MOST_FRAMES = 64
RANGES = {
    "asked": (SMALLEST, LARGEST),
    "factor": (SMALLEST, LARGEST),
    "frames_behind": (0.0, MOST_FRAMES),
    "measured_share": (0.0, 1.0),
}
# A share below that rounds to nothing, and is not said in words.
LEAST_SAID = 0.005
# What the network's pictures have for one pixel, each way.
LEARNED_TIMES = 2.0
# In what order a picture was enlarged; there is no other way.
STEPS = ((), (LEARNED,), (CLASSICAL,), (LEARNED, CLASSICAL))


def entry_of(story: ZoomStory) -> dict[str, Any]:
    """The entry as the burst leaves it, before anything was enlarged; `size` is that of the photo to be."""
    diversity = story.diversity
    told = {
        "asked": story.asked,
        "factor": story.factor,
        "crop": {name: getattr(story.crop, name) for name in CROP},
        "rung": story.rung,
        "frames_behind": round(float(story.frames_behind), 2),
        "measured_share": round(float(story.measured_share), 4),
        "diversity": None if diversity is None else {name: getattr(diversity, name) for name in DIVERSITY},
        "why": story.why or None,
        "without_network": None,
        "size": list(story.crop.zoomed_shape(story.asked)),
        "enlarged": [],
    }
    return told | {"shares": shares_of(told)}


def of_one_frame(entry: Mapping[str, Any], why: str) -> dict[str, Any]:
    """The entry of the same photo, but of one frame alone."""
    nothing = {"factor": 1.0, "rung": PLAIN, "frames_behind": 1.0, "measured_share": 0.0}
    told = dict(entry) | nothing | {"why": " ".join(filter(None, (entry["why"], why)))}
    return told | {"shares": shares_of(told)}


def with_steps(entry: Mapping[str, Any], steps: Sequence[Mapping[str, Any]], lacking: str = "") -> dict[str, Any]:
    """The entry of a photo that was enlarged in these steps; `lacking` says why no network did it."""
    learned = any(step["by"] == LEARNED for step in steps)
    rung = LEARNED if learned and entry["rung"] != MEASURED else entry["rung"]
    done = {"rung": rung, "enlarged": [dict(step) for step in steps], "without_network": lacking or None}
    told = dict(entry) | done
    return told | {"shares": shares_of(told)}


def before_enlarging(entry: Mapping[str, Any]) -> dict[str, Any]:
    """The entry as the burst left it, of a photo that was finished."""
    measured = entry["rung"] == MEASURED
    return with_steps(dict(entry) | {"rung": MEASURED if measured else PLAIN}, ())


def shares_of(entry: Mapping[str, Any]) -> dict[str, float]:
    """Of the photo's pixels, how many more than one frame measured, a network drew, and neither: they add up to 1.

    A picture that is enlarged by 3 from a measured double has four ninths measured pixels; the rest is drawn between.
    """
    asked, shares = entry["asked"], {MEASURED: 0.0, LEARNED: 0.0}
    if entry["rung"] == MEASURED:
        shares[MEASURED] = entry["measured_share"] * min(entry["factor"] / asked, 1.0) ** 2
    elif entry["rung"] == LEARNED:
        shares[LEARNED] = (min(asked, LEARNED_TIMES) ** 2 - 1) / asked**2
    rounded = {name: round(share, 4) for name, share in shares.items()}
    return rounded | {PLAIN: round(1 - sum(rounded.values()), 4)}


def in_words(entry: Mapping[str, Any]) -> str:
    """One line for log and terminal."""
    named = [f"{100 * share:.0f} % {name}" for name, share in entry["shares"].items() if share >= LEAST_SAID]
    said = f"zoomed {entry['asked']:g} times, {', '.join(named)}"
    if entry["rung"] == MEASURED:
        said += f", {entry['frames_behind']:.1f} frames behind it"
    if entry.get("without_network"):
        said += f", without a network ({entry['without_network']})"
    return f"{said}: {entry['why']}" if entry["why"] else said


def fault_of(entry: Mapping[str, Any]) -> str:
    """Why what a sidecar holds cannot be an entry of ours; empty where it can."""
    if entry.get("rung") not in RUNGS:
        return f"zoom.rung is {entry.get('rung')!r}; it must be one of {', '.join(RUNGS)}."
    for name, (low, high) in RANGES.items():
        if not _is_number(entry.get(name), low, high):
            return f"zoom.{name} is {entry.get(name)!r}; it must be a number, {low:g} to {high:g}."
    crop, size, steps = (entry.get(name) for name in ("crop", "size", "enlarged"))
    if not isinstance(crop, dict) or not all(_is_length(crop.get(name)) for name in CROP):
        return f"zoom.crop is {crop!r}; it must have {', '.join(CROP)}, whole numbers."
    if not _is_size(size, crop):
        return f"zoom.size is {size!r}; it must be height and width, no more than the crop's times {LARGEST:g}."
    if not isinstance(steps, list) or not all(_is_step(step, crop) for step in steps):
        return f"zoom.enlarged is {steps!r:.200}; it must be a list of steps, each with by and size."
    if tuple(step["by"] for step in steps) not in STEPS or (steps and steps[-1]["size"] != size):
        return f"zoom.enlarged is {steps!r:.200}; at most the network, then a filter bring the picture to {size}."
    for name, kind in {"why": str, "without_network": str, "diversity": dict}.items():
        if name not in entry or not isinstance(entry[name], kind | None):
            return f"zoom.{name} is {entry.get(name)!r}; it must be a {kind.__name__} or null."
    if entry.get("shares") != shares_of(entry):
        return f"zoom.shares is {entry.get('shares')!r:.200}; by rung and steps they are {shares_of(entry)}."
    return ""


def _is_step(step: Any, crop: Mapping[str, int]) -> bool:
    known = isinstance(step, dict) and step.get("by") in (LEARNED, CLASSICAL) and _is_size(step.get("size"), crop)
    return known and (step["by"] == CLASSICAL or isinstance(step.get("model_sha256"), str))


def _is_size(size: Any, crop: Mapping[str, int]) -> bool:
    """What is larger than a zoom makes would take the memory of the machine."""
    most = [LARGEST * crop["height"], LARGEST * crop["width"]]
    return isinstance(size, list) and len(size) == 2 and all(map(_is_number, size, (1, 1), most)) and _are_whole(size)


def _are_whole(size: Sequence[Any]) -> bool:
    return all(isinstance(length, int) for length in size)


def _is_length(value: Any) -> bool:
    return _is_number(value, 0, MOST_PX) and isinstance(value, int)


def _is_number(value: Any, low: float, high: float) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and low <= value <= high

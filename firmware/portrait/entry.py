"""What a sidecar says of a portrait, as plain values. Imports no numpy: `nightjar status` and `shoot` say it too."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

# How the subject was found; the rest of the entry is of the blur.
OF_SUBJECT = ("subject", "device", "model", "model_sha256", "fell_back", "without_model", "ms")


def entry_of(story: Mapping[str, Any]) -> dict[str, Any]:
    """The sidecar's entry as far as the subject goes; `why` is there for a photo that stayed unblurred."""
    why = story.get("why")
    return {"blurred": why is None, "why": why} | {name: story.get(name) for name in OF_SUBJECT}


def fault_of(entry: Mapping[str, Any]) -> str:
    """Why what a sidecar holds cannot be an entry of ours; empty where it can."""
    blurred, why, subject = (entry.get(name) for name in ("blurred", "why", "subject"))
    if not isinstance(blurred, bool):
        return f"portrait.blurred is {blurred!r}; it must be true or false."
    if not blurred and not isinstance(why, str):
        return f"portrait.why is {why!r}; of a photo without blur it must say why."
    second = entry.get("second")
    if not isinstance(second, dict | None):
        return f"portrait.second is {second!r}; it must be a table, or not be there."
    texts = {name: entry.get(name) for name in ("device", "fell_back", "without_model")}
    texts["second.why"] = (second or {}).get("why")
    for name, text in texts.items():
        if not isinstance(text, str | None):
            return f"portrait.{name} is {text!r}; it must be text or null."
    if subject is None:
        return ""
    texts = [subject.get("kind"), *_list(subject.get("names"))] if isinstance(subject, dict) else [subject, None]
    if not all(isinstance(text, str) for text in texts):
        return f"portrait.subject is {subject!r}; it must be null, or have a kind and a list of names."
    return ""


def without_refused(entry: Mapping[str, Any], refusals: Mapping[Path, BaseException | None]) -> dict[str, Any]:
    """The entry of a photo some of whose files the card refused: it names only those that are there."""
    refused = {path.name: str(refusal) for path, refusal in refusals.items() if refusal is not None}
    told = dict(entry)
    for name in ("plain", "mask"):
        file = told.get(name)
        if (file["file"] if isinstance(file, dict) else file) in refused:
            told[name] = None
    return told | ({"not_written": refused} if refused else {})


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [None]


def in_words(entry: Mapping[str, Any]) -> str:
    """One line for log and terminal."""
    if not entry["blurred"]:
        return f"unblurred: {entry['why']}"
    subject = entry.get("subject") or {}
    who = " and ".join(subject.get("names", ()))
    if subject.get("is_guess"):
        return f"portrait, its subject guessed by the {who or 'picture'}"
    if not entry.get("device"):
        return "portrait, its mask " + subject.get("kind", "of unknown origin")
    return f"portrait of {who}, found by {entry['device']}"


def amiss(entry: Mapping[str, Any]) -> list[str]:
    """What `in_words` leaves out: why no network, or another device, answered; why two photos gave no depth."""
    told = str(entry.get("why"))
    missed = {
        "without a network": entry.get("without_model"),
        "the processor answered": entry.get("fell_back"),
        "blurred without the second photo": (entry.get("second") or {}).get("why"),
    }
    return [f"{what}: {why}" for what, why in missed.items() if why and why not in told]

"""The knobs of [white_balance] that say which light it is, and the words for them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from firmware.white_balance.choice import AUTO, CUSTOM, TEMPERATURE, Choice

if TYPE_CHECKING:
    from isp.pipeline import Pipeline

# The knobs that a choice decides; what it does not name stays as the settings and the mode have it.
UNDECIDED: dict[str, Any] = {
    "temperature_k": None,
    "tint": 0.0,
    "preset": AUTO,
    "custom_red": None,
    "custom_blue": None,
}
# How a light is found that is left to auto, where that is not by the learned judge.
OTHERWISE = {"camera": " (the camera's own gains)", "scene": " (the classical judge)"}


def settings_in_words(pipeline: Pipeline) -> str:
    """ "auto", "4200 K, tint +5"; empty where the pipeline balances nothing."""
    from isp.white_balance import WhiteBalance

    knobs = pipeline.stage(WhiteBalance)
    if knobs is None:
        return ""
    if knobs.custom_red is not None:
        return Choice(CUSTOM, tint=knobs.tint).in_words
    if knobs.temperature_k is not None:
        return Choice(TEMPERATURE, knobs.temperature_k, knobs.tint).in_words
    otherwise = OTHERWISE.get(knobs.source, "") if knobs.preset == AUTO else ""
    return Choice(knobs.preset, tint=knobs.tint).in_words + otherwise

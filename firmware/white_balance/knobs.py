"""The knobs of [white_balance], as a choice, a lock, the settings and an old photo turn them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from firmware.errors import WhiteBalanceError
from firmware.white_balance.choice import AUTO, CUSTOM, TEMPERATURE, Choice

if TYPE_CHECKING:
    from firmware.white_balance.kept import Lock
    from isp.light_estimate import LightEstimate
    from isp.pipeline import Pipeline

# The knobs that a choice decides; what it does not name stays as the settings and the mode have it.
UNDECIDED: dict[str, Any] = {
    "temperature_k": None,
    "tint": 0.0,
    "preset": AUTO,
    "custom_red": None,
    "custom_blue": None,
}
# Before what there is to say about a light that is held.
LOCKED = "Locked. "
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


def light_of_lock(lock: Lock) -> LightEstimate:
    """Raises WhiteBalanceError for what is no light."""
    from isp.errors import FrameError
    from isp.light_estimate import LightEstimate

    fields = dict(lock.light)
    try:
        if fields.get("covariance") is not None:
            fields["covariance"] = tuple(tuple(row) for row in fields["covariance"])
        return LightEstimate(**fields | {"grey": tuple(fields["grey"])})
    except (FrameError, TypeError) as error:
        raise WhiteBalanceError(f"a lock holds no light: {error}") from None


def facts_of(light: LightEstimate) -> dict[str, Any]:
    """What planning would find out in this light, for [white_balance]."""
    gains = (1.0 / light.grey[0], 1.0, 1.0 / light.grey[1])
    return {
        "gains": tuple(gain / min(gains) for gain in gains),
        "light_k": light.temperature_k,
        "light_tint": light.tint,
        "light_covariance": light.covariance,
        "light_trust": light.trust,
        "light_source": light.source,
        "light_why": light.why,
    }

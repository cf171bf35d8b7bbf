"""What a sidecar, `nightjar wb` and `nightjar status` say of a light, as plain values. Imports no numpy."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from isp.light_estimate import LightEstimate
    from isp.pipeline import Pipeline


def story_of(light: LightEstimate) -> dict[str, Any]:
    """The entry of a light.

    between_k  where 90 % of such lights lie, [lowest, highest]; None where nobody knows, or it was not judged
    tint       in percent, greener above 0
    trust      how much of it is the learned judgement's, 0 to 1
    """
    between = light.between_k()
    return {
        "source": light.source,
        "temperature_k": None if light.temperature_k is None else round(light.temperature_k),
        "tint": round(100.0 * light.tint, 1),
        "between_k": None if between is None else [round(edge) for edge in between],
        "trust": round(light.trust, 2),
        "grey": [round(part, 5) for part in light.grey],
        "why": light.why or None,
    }


def light_of(recipe: Pipeline | None) -> dict[str, Any] | None:
    """The entry of a planned recipe's light; None where nothing is balanced."""
    from isp.white_balance import WhiteBalance

    balance = None if recipe is None else recipe.stage(WhiteBalance)
    return None if balance is None or balance.gains is None else story_of(balance.light())


def in_words(entry: Mapping[str, Any]) -> str:
    """One line for log and terminal: "4210 K (3950 to 4500 K, 9 in 10), tint +2, 85 % learned: why"."""
    kelvin, between, tint = entry["temperature_k"], entry["between_k"], entry["tint"]
    said = f"grey {entry['grey'][0]:.3f}, {entry['grey'][1]:.3f}" if kelvin is None else f"{kelvin} K"
    if between is not None:
        said += f" ({between[0]} to {between[1]} K, 9 in 10)"
    if tint and kelvin is not None:
        said += f", tint {tint:+g}"
    partly = entry["source"] == "learned" and entry["trust"] < 1
    said += f", {100 * entry['trust']:.0f} % learned" if partly else f", {entry['source']}"
    return f"{said}: {entry['why']}" if entry["why"] else said


def amiss(told: Mapping[str, Any]) -> Iterator[str]:
    """What of a report of `firmware.white_balance.balances` is not as it was asked for: warnings."""
    found = {mode["amiss"]: None for mode in told["modes"].values() if mode["amiss"]}
    yield from (f"White balance: {why}" for why in found)
    if told["judge"]["lacking"]:
        yield f"White balance: the classical judge answers: {told['judge']['lacking']}"
    if told["trouble"]:
        yield told["trouble"]

"""A light that is held: as it is kept, and as photos go by it."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from firmware.errors import WhiteBalanceError
from firmware.white_balance.kept import Kept, Lock

if TYPE_CHECKING:
    from isp.light_estimate import LightEstimate
    from isp.light_statistics import LightStatistics

# Before what there is to say about it.
LOCKED = "Locked. "


@dataclass(frozen=True)
class Held:
    """A Judge that always gives the light that was locked."""

    light: LightEstimate

    def __call__(self, _statistics: LightStatistics) -> LightEstimate:
        """See `isp.light_estimate.Judge`."""
        return self.light


def lock_of(light: LightEstimate, sensor: str) -> Lock:
    """What is kept of a light that this sensor saw."""
    found = dataclasses.replace(light, why=light.why.removeprefix(LOCKED))
    return Lock(sensor, dataclasses.asdict(found))


def light_of(lock: Lock) -> LightEstimate:
    """The light that is held, and says so. Raises WhiteBalanceError for what is none."""
    from isp.errors import FrameError, KnobError
    from isp.light_estimate import LightEstimate
    from isp.white_balance import WhiteBalance

    fields = dict(lock.light)
    try:
        if fields.get("covariance") is not None:
            fields["covariance"] = tuple(tuple(row) for row in fields["covariance"])
        fields["grey"], fields["why"] = tuple(fields["grey"]), LOCKED + fields.get("why", "")
        light = LightEstimate(**fields)
        WhiteBalance(**facts_of(light))  # Refused now, it costs no photo.
    except (FrameError, KnobError, TypeError, OverflowError) as error:
        raise WhiteBalanceError(f"a lock holds no light: {error}") from None
    return light


def check_locks(kept: Kept) -> None:
    """Raise WhiteBalanceError where a lock holds no light."""
    for wish in (kept.general, *kept.modes.values()):
        if wish.lock is not None:
            light_of(wish.lock)


def facts_of(light: LightEstimate) -> dict[str, Any]:
    """What planning would find out in this light, for [white_balance]."""
    from isp.stage import LONGEST_TEXT

    gains = (1.0 / light.grey[0], 1.0, 1.0 / light.grey[1])
    return {
        "gains": tuple(gain / min(gains) for gain in gains),
        "light_k": light.temperature_k,
        "light_tint": light.tint,
        "light_covariance": light.covariance,
        "light_trust": light.trust,
        "light_source": light.source,
        "light_why": light.why[:LONGEST_TEXT],
    }

"""What a soak found, and whether a camera may be like that."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from fingers import Callers
from gauges import FEWEST_READINGS, QUANTITIES, Reading, Slope, slope_of
from presses import Outcomes

# So long the ring fills, networks are loaded and the allocator finds its size: a shorter soak says nothing of slopes.
SETTLING_S = 600.0
# A slope fails when even the low end of its 95 % interval is above these.
MOST_PER_HOUR = {"pss_mb": 5.0, "private_mb": 5.0, "children_mb": 5.0, "descriptors": 1.0, "threads": 1.0}
# Whatever the interval says: more than this above what was once enough is a leak.
MOST_MORE = {"descriptors": 4, "threads": 4, "children": 1}


@dataclass
class Soaked:
    """One soak, from beginning to end."""

    log: Path
    outcomes: Outcomes
    callers: Callers
    watchdog_s: float
    frames_per_second: float
    readings: list[Reading] = field(default_factory=list)
    reloads: int = 0
    reloads_done: int = 0
    pressed: int = 0
    seconds: float = 0.0
    longest_silence_s: float = 0.0
    temperature_c: tuple[float, float] | None = None
    exit_code: int | None = None
    status: Mapping[str, Any] = field(default_factory=dict)

    def note_temperature(self, celsius: float | None) -> None:
        """Coolest and hottest; boards that do not say are not guessed at."""
        if celsius is not None:
            low, high = self.temperature_c or (celsius, celsius)
            self.temperature_c = min(low, celsius), max(high, celsius)

    @property
    def settled(self) -> list[Reading]:
        """The readings after the first minutes."""
        return [reading for reading in self.readings if reading.at_s >= SETTLING_S]

    @property
    def missed(self) -> int:
        """Presses of which nothing came and nothing was said."""
        return self.outcomes.missed(self.pressed, self.callers.numbers)


def judge(soaked: Soaked) -> list[str]:
    """What is wrong, in words; nothing is a good camera."""
    outcomes, camera = soaked.outcomes, soaked.status["camera"]
    on_card = outcomes.whole + len(outcomes.torn)
    claims = {
        f"{soaked.missed} of {soaked.pressed} presses became neither a photo nor a refusal": soaked.missed,
        f"{outcomes.failed} photos failed": outcomes.failed,
        f"{len(outcomes.photos)} photos in the log, {on_card} on the card": len(outcomes.photos) != on_card,
        f"torn or lacking files: {', '.join(outcomes.torn[:5])}": outcomes.torn,
        f"the watchdog was silent for {soaked.longest_silence_s:.1f} s": soaked.longest_silence_s > soaked.watchdog_s,
        f"the camera fell silent {camera['stalls']} times": camera["stalls"],
        f"{soaked.reloads} reloads were asked for, {soaked.reloads_done} done": soaked.reloads_done != soaked.reloads,
        f"callers saw: {'; '.join(soaked.callers.broken[:3])}": soaked.callers.broken,
        f"the log holds: {'; '.join(outcomes.alarms[:3])}": outcomes.alarms,
        f"SIGTERM in mid-work ended with exit code {soaked.exit_code}": soaked.exit_code != 0,
        "no press became a photo: nothing was tried": not outcomes.photos,
    }
    return [words for words, is_so in claims.items() if is_so] + _growing(soaked)


def print_report(soaked: Soaked, failures: list[str]) -> None:
    """Everything measured, then the verdict."""
    outcomes, status = soaked.outcomes, soaked.status
    print(f"\n{soaked.seconds / 60:.1f} minutes, {len(soaked.readings)} rounds; per hour, from the settled ones:")
    for quantity in QUANTITIES:
        values = [getattr(reading, quantity) for reading in soaked.readings]
        slope = _in_words(slope_of(soaked.settled, quantity))
        print(f"  {quantity:12} first {values[0]:8.1f}  last {values[-1]:8.1f}  most {max(values):8.1f}   {slope}")
    by_mode = {mode: list(outcomes.photos.values()).count(mode) for mode in status["modes"]}
    print(f"presses {soaked.pressed}, missed {soaked.missed}, refused {outcomes.refused.total()}, ", end="")
    print(f"ended a burst {outcomes.ended}; photos {len(outcomes.photos)} {by_mode}, looked at {outcomes.whole}")
    _print_counts("refused", outcomes.refused)
    _print_counts("callers were answered", soaked.callers.answered)
    _print_counts("callers were refused", soaked.callers.refused)
    camera, preview = status["camera"], status["preview"]
    asked = status["uptime_s"] * soaked.frames_per_second
    print(f"frames {camera['frames']}, dropped or longer for a burst {1 - camera['frames'] / asked:.0%}; ", end="")
    print(f"preview developed {preview['developed']}, left out {preview['dropped']}")
    print(f"watchdog: longest silence {soaked.longest_silence_s:.1f} s of {soaked.watchdog_s:g}", end="; ")
    coolest_c, hottest_c = soaked.temperature_c or (None, None)
    print("temperature: not known here" if coolest_c is None else f"temperature: {coolest_c:.0f} to {hottest_c:.0f} C")
    print("\n".join(f"FAILED: {failure}" for failure in failures) or "PASSED: nothing grew, nothing was missed")


def _growing(soaked: Soaked) -> list[str]:
    failures = []
    for quantity, most in MOST_PER_HOUR.items():
        slope = slope_of(soaked.settled, quantity)
        if slope.least is not None and slope.least > most:
            failures.append(f"{quantity} grows: {_in_words(slope)}")
    third = max(1, len(soaked.readings) // 3)
    for quantity, most in MOST_MORE.items():
        values = [getattr(reading, quantity) for reading in soaked.readings]
        if values and values[-1] > max(values[:third]) + most:
            failures.append(f"{quantity}: {values[-1]:.0f} at the end, {max(values[:third]):.0f} at first")
    return failures


def _in_words(slope: Slope) -> str:
    if slope.least is None:
        return f"{slope.per_hour:+.1f} per hour, of fewer than {FEWEST_READINGS} readings: no verdict"
    return f"{slope.per_hour:+.2f} per hour ({slope.least:+.2f} to {slope.most:+.2f}, 95 %)"


def _print_counts(title: str, counts: Mapping[str, int]) -> None:
    for what, count in sorted(counts.items(), key=lambda item: -item[1]):
        print(f"  {title}: {count} x {what}")

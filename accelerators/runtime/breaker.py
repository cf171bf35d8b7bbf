"""When to try a device again that has failed: soon at first, then later, then for a good while not at all."""

from __future__ import annotations

# The first fault may be a loose plug: a second later it is back. Each wait doubles.
FIRST_WAIT_S = 1.0
# So many faults in a row are no accident: power, heat or a broken stick.
FAULTS_IN_A_ROW = 3
# Until a person has unplugged and replugged it, or the stick has cooled down.
LONG_WAIT_S = 60.0


class Breaker:
    """Counts faults in a row. Times are seconds of any clock that only goes forward; the caller brings them."""

    def __init__(self) -> None:
        self.faults = 0
        self.last_fault = ""
        self._rests_until = 0.0

    def failed(self, now: float, why: str) -> None:
        """Note a fault, and rest."""
        self.faults += 1
        self.last_fault = why
        wait = LONG_WAIT_S if self.faults >= FAULTS_IN_A_ROW else FIRST_WAIT_S * 2 ** (self.faults - 1)
        self._rests_until = now + wait

    def worked(self) -> None:
        """Forget the faults; `last_fault` stays for the report."""
        self.faults = 0
        self._rests_until = 0.0

    def rests(self, now: float) -> bool:
        """True while the device is to be left alone."""
        return now < self._rests_until

    def state(self, now: float) -> str:
        """ "closed" (all well), "backing off", "open" (many faults: the CPU alone for a while), "trying again"."""
        if not self.faults:
            return "closed"
        if not self.rests(now):
            return "trying again"
        return "open" if self.faults >= FAULTS_IN_A_ROW else "backing off"

"""From a bouncing contact to what the finger did. Pure: levels and times go in, steps come out.

A level counts once it has lasted `debounce`. So a spike shorter than that takes no photo, and chatter while pressing or
letting go takes no second one. Waiting costs the photo nothing: a step carries the time of the *first* edge, and the
ring of frames still holds the frame of that moment.

The kernel stamps an edge at once and reads its level a little later, when the contact may have bounced back: an edge
to the level that was known already tells of a change and its way back.
"""

from __future__ import annotations

import enum

# Most switches bounce for less than 10 ms, the worst one measured for 157 ms (Ganssle, "A Guide to Debouncing"). Edges
# longer ago belong to something else: a spike before the press.
LONGEST_BOUNCE_NS = 200_000_000


class Step(enum.Enum):
    """What the finger did."""

    DOWN = "pressed"
    HELD = "still pressed after the long time"
    TAP = "let go before the long time"


class Contact:
    """One button's contact. Times are nanoseconds of one clock, and do not run backwards."""

    def __init__(self, debounce_ns: int, long_press_ns: int, is_closed: bool = False) -> None:
        """A contact that is closed from the start is stuck or held; nothing counts until it has opened."""
        self.is_closed = is_closed
        self._debounce_ns = debounce_ns
        self._long_press_ns = long_press_ns
        self._since_ns = 0
        self._is_down = is_closed
        self._first_edge_ns: int | None = None
        self._long_at_ns: int | None = None

    def use_times(self, debounce_ns: int, long_press_ns: int) -> None:
        """Count with other times from the next edge on; a press that has begun keeps its long time."""
        self._debounce_ns, self._long_press_ns = debounce_ns, long_press_ns

    def edge(self, is_closed: bool, time_ns: int) -> list[tuple[Step, int]]:
        """The contact closed or opened. Returns steps with the time of the first edge of the press they belong to."""
        steps = self.settle(time_ns)
        closed_between = is_closed or not self.is_closed
        self.is_closed, self._since_ns = is_closed, max(self._since_ns, time_ns)
        if closed_between and not self._is_down and self._first_edge_ns is None:
            self._first_edge_ns = time_ns
        return steps + self.settle(time_ns)

    def settle(self, now_ns: int) -> list[tuple[Step, int]]:
        """Time has passed without an edge. Call it at `deadline_ns` or later; late calls lose nothing."""
        steps = []
        is_steady = now_ns - self._since_ns >= self._debounce_ns
        if is_steady and self.is_closed and not self._is_down:
            steps.append((Step.DOWN, self._press()))
        if self.is_closed and self._long_at_ns is not None and now_ns >= self._long_at_ns:
            self._long_at_ns = None
            steps.append((Step.HELD, self._first_edge_ns))
        if is_steady and not self.is_closed:
            if self._long_at_ns is not None:
                steps.append((Step.TAP, self._first_edge_ns))
            self._is_down, self._first_edge_ns, self._long_at_ns = False, None, None
        return steps

    @property
    def deadline_ns(self) -> int | None:
        """When `settle` will have something to say, if no edge comes before."""
        waits = []
        if self.is_closed != self._is_down or (not self.is_closed and self._first_edge_ns is not None):
            waits.append(self._since_ns + self._debounce_ns)
        if self.is_closed and self._long_at_ns is not None:
            waits.append(self._long_at_ns)
        return min(waits, default=None)

    def _press(self) -> int:
        if self._first_edge_ns is None or self._since_ns - self._first_edge_ns > LONGEST_BOUNCE_NS:
            self._first_edge_ns = self._since_ns
        self._is_down = True
        self._long_at_ns = self._first_edge_ns + self._long_press_ns
        return self._first_edge_ns

"""The clock on the wall labels photos and does nothing else: order is the number's, and time spans are monotonic.

A board without a battery starts in 1970, or when it was last switched off, until a network or a person sets its clock.
"""

from __future__ import annotations

import time

# 2025-01-01 UTC. Nightjar is not older, so a clock that stands before it was not set.
NOT_BEFORE_NS = 1_735_689_600 * 10**9


def was_set(wall_time_ns: int) -> bool:
    """False of a time that cannot be: such a photo has no date, rather than a wrong one."""
    return wall_time_ns >= NOT_BEFORE_NS


def not_set_in_words() -> str:
    """For the status; empty when the clock may be right."""
    now_ns = time.time_ns()
    if was_set(now_ns):
        return ""
    return (
        f"The clock says {time.strftime('%Y-%m-%d', time.gmtime(now_ns // 10**9))} and was never set: photos get no "
        "date, and are in order by their numbers. Connect a network once, or: sudo date -s 'YYYY-MM-DD HH:MM'"
    )

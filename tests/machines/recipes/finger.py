"""In the guest: move a pin as a finger does, and tell when. finger.py PULL-FILE MOMENT_NS EVERY_NS MILLISECONDS...

The contact closes at MOMENT_NS of the monotonic clock, or a whole number of EVERY_NS later, as soon as that can be
(0 0: now). It changes after each of the times given and is open at the end. Prints, as JSON, for each change what it
was and the monotonic nanoseconds just before and just after it.
"""

import json
import sys
import time

# Shorter than this nobody sleeps: under emulation waking takes longer.
BUSY_NS = 5_000_000


def wait_until(due_ns: int) -> None:
    """Sleep nearly so long, and be awake at the moment."""
    while (left_ns := due_ns - time.monotonic_ns()) > 0:
        if left_ns > BUSY_NS:
            time.sleep((left_ns - BUSY_NS) / 1e9)


def main() -> None:
    """Close, wait, open, wait ..."""
    path, moment_ns, every_ns, *waits_ms = sys.argv[1:]
    assert len(waits_ms) % 2, "an odd number of times leaves the contact open"
    changes, due_ns = [], int(moment_ns)
    while int(every_ns) and due_ns < time.monotonic_ns() + BUSY_NS:
        due_ns += int(every_ns)
    with open(path, "w", buffering=1) as pull:
        for number, wait_ms in enumerate([*map(float, waits_ms), 0.0]):
            is_closed = number % 2 == 0
            wait_until(due_ns)
            before_ns = time.monotonic_ns()
            pull.write("pull-down\n" if is_closed else "pull-up\n")
            after_ns = time.monotonic_ns()
            changes.append({"is_closed": is_closed, "before_ns": before_ns, "after_ns": after_ns})
            due_ns = before_ns + round(wait_ms * 1e6)
    print(json.dumps(changes))


main()

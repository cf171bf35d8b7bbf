"""In the guest: watch a pin that a program drives, for some seconds. watch_light.py VALUE-FILE SECONDS

Prints, as JSON, the level at the start and each change with its monotonic nanoseconds.
"""

import json
import sys
import time

LOOK_AGAIN_S = 0.01


def main() -> None:
    """Look a hundred times a second: the light's shortest step is a tenth."""
    path, seconds = sys.argv[1], float(sys.argv[2])
    seen, end_s = [], time.monotonic() + seconds
    while time.monotonic() < end_s:
        with open(path) as value:
            level = int(value.read())
        if not seen or seen[-1][0] != level:
            seen.append((level, time.monotonic_ns()))
        time.sleep(LOOK_AGAIN_S)
    print(json.dumps(seen))


main()

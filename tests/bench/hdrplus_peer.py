"""One burst through somebody else's program, in its own Python: HDR+ by Monod, Delon and Veit (IPOL 2021.336).

It is only run, never copied. Light goes in as floats without black: of 16-bit counts its squares overflow, and with
black in them its noise curve would not be the sensor's. Prints JSON; writes the merged light beside the burst.
"""

import json
import sys
import time
from pathlib import Path

import numpy as np

# Its program was written for a numpy that still had this name for Python's own type.
vars(np)["int"] = int

QUIET = {"verbose": 0, "mode": "full", "outputFolder": "."}
WARM_UP_PX = 1024  # what it compiles on first use is not counted; it takes nothing smaller


def kilobytes(name: str) -> int:
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith(name + ":"):
            return int(line.split()[1])
    raise OSError(f"/proc/self/status has no {name}")


def merge(frames: list[np.ndarray], curve: tuple[float, float], strengths: dict[str, float]) -> np.ndarray:
    from package.algorithm.alignment import alignBurst
    from package.algorithm.merging import mergeBurst
    from package.algorithm.params import getParams

    params, options = getParams("full"), QUIET | strengths
    params["merging"]["tuning"]["noiseCurve"] = curve
    for output in ("writeReferenceImage", "writeGammaReference", "writeMergedImage", "writeGammaMerged"):
        params["merging"][output] = False
    tiles, padding = alignBurst("burst", [], frames, 0, params["alignment"], options)
    return mergeBurst("burst", [], frames, 0, tiles, padding, {}, [0], 1, params["merging"], options)


def main() -> None:
    checkout, burst, merged = sys.argv[1:4]
    sys.path.insert(0, checkout)
    given = np.load(burst)
    strengths = {"temporalFactor": float(given["temporal"]), "spatialFactor": float(given["spatial"])}
    curve = (float(given["shot"]), float(given["read"]))
    frames = list(given["frames"])
    import package.algorithm.merging  # noqa: F401  compiles; counted as an import

    before_kb = kilobytes("VmRSS")
    merge([frame[:WARM_UP_PX, :WARM_UP_PX] for frame in frames], curve, strengths)
    start_s = time.process_time()
    made = merge(frames, curve, strengths)
    spent_s = time.process_time() - start_s
    np.save(merged, made)
    print(json.dumps({"cpu_s": spent_s, "peak_mb": (kilobytes("VmHWM") - before_kb) / 1024}))


if __name__ == "__main__":
    main()

"""The raw frame of the mode in use: format and levels as the camera says them, and whether the pixels agree."""

from __future__ import annotations

from collections.abc import Iterator

from firmware.cameras.base import Camera, ExposureLimits
from firmware.doctor.examination import PROBLEM
from firmware.selftest.bench import Bench, camera_of, exposed, metered, next_frame
from firmware.selftest.raw_levels import darkest_over_black_dn, noise_against_known, plateau_dn, steps_of_counts
from firmware.selftest.result import Measured, Result, judged, skipped
from isp.frames import RawFrame

AREA = "raw"
# So long, and with so much gain, that any lamp or window in view saturates.
LONG_US = 500_000
# Read noise of the darkest sensors here is a few counts of 12 bits; a wrong black level is off by tens.
LEAST_OVER_BLACK = -0.005
# Tuning files know the noise of a sensor model, not of the specimen, and fixed patterns differ.
LEAST_NOISE, MOST_NOISE = 0.7, 1.5
REPORT = "send this report: these are the numbers that photos are computed from"


def check_raw(bench: Bench) -> Iterator[Result]:
    """What the camera says, then dark, grey and blown pixels."""
    with camera_of(bench) as camera:
        frame, limits = metered(camera, bench), camera.exposure_limits
        yield _format(camera, frame)
        if limits is None:
            yield skipped(AREA, "levels", "asked for a short and a long exposure", "nobody can set this camera's")
            return
        yield _black(bench, camera, limits)
        yield _white(bench, camera, limits)
        yield _noise(bench, camera, frame)


def _format(camera: Camera, frame: RawFrame) -> Result:
    shot, granted = frame.shot, camera.granted
    measured = [
        Measured("sensor", shot.sensor),
        Measured("raw format", granted.raw_format),
        Measured("colour filters", shot.bayer),
        Measured("black level", " ".join(f"{level:g}" for level in shot.black_dn), "counts"),
        Measured("white level", shot.white_dn, "counts"),
        Measured("counts come in steps of", steps_of_counts(frame)),
        Measured("lux, as the camera says", "not said" if shot.lux is None else f"{shot.lux:.4g}"),
    ]
    return Result(AREA, "format", "took a frame of the mode in use and read what came with it", tuple(measured))


def _black(bench: Bench, camera: Camera, limits: ExposureLimits) -> Result:
    did = "took the shortest exposure at the lowest gain, and looked where its darkest hundredth of pixels lies"
    frame = exposed(camera, bench, limits.exposure_us[0], limits.analogue_gain[0])
    if frame is None:
        return _not_given("black level", did)
    span = frame.shot.white_dn - max(frame.shot.black_dn)
    over = darkest_over_black_dn(frame)
    measured = [
        Measured("exposure", frame.shot.exposure_us, "us"),
        Measured("darkest pixels above black", over, "counts"),
        Measured("the same of black to white", over / span, least=LEAST_OVER_BLACK),
    ]
    return judged(AREA, "black level", did, measured, PROBLEM, "black is lower than the camera says", REPORT)


def _white(bench: Bench, camera: Camera, limits: ExposureLimits) -> Result:
    did = f"took {LONG_US / 1e6:g} s at the highest gain, and looked for the count at which pixels are cut off"
    frame = exposed(camera, bench, LONG_US, limits.analogue_gain[1])
    if frame is None:
        return _not_given("white level", did)
    found = plateau_dn(frame)
    if found is None:
        return skipped(AREA, "white level", did, "nothing in view was bright enough", "point the camera at a lamp")
    white = frame.shot.white_dn
    measured = [Measured("cut off at", found, "counts"), Measured("of the white level", found / white, "", 0.99, 1.0)]
    return judged(AREA, "white level", did, measured, PROBLEM, "the white level that the camera says is wrong", REPORT)


def _noise(bench: Bench, camera: Camera, usual: RawFrame) -> Result:
    did = "took two frames of one exposure and compared what differs with the noise that is known of the sensor"
    first = exposed(camera, bench, usual.shot.exposure_us, usual.shot.analogue_gain)
    if first is None:
        return _not_given("noise", did)
    ratio = noise_against_known(first, next_frame(camera, bench))
    if ratio is None:
        return skipped(AREA, "noise", did, "hardly anything in view is grey", "point the camera at something grey")
    measured = [
        Measured("analogue gain", first.shot.analogue_gain),
        Measured("noise, of the known", ratio, "times", LEAST_NOISE, MOST_NOISE),
    ]
    why = "the scene or the camera may have moved, or a lamp flickered"
    return judged(AREA, "noise", did, measured, why=why, mend=f"run it again with the camera on a table; then {REPORT}")


def _not_given(title: str, did: str) -> Result:
    why = "the camera did not give the exposure that was asked for, within the frames that may take"
    return Result(AREA, title, did, (), PROBLEM, why, REPORT)

"""What the running camera is doing."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from typing import Any

from firmware.console import answer, coloured
from firmware.settings_in_force import settings_to_ask_with

# The daemon answers from memory; longer than this means that it hangs.
TIMEOUT_S = 5.0


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """`status` needs nothing."""


def run(arguments: argparse.Namespace) -> int:
    """Ask over the control socket."""
    from firmware.control.client import call

    settings = settings_to_ask_with(arguments.set, arguments.config)
    status = call(settings.control.socket, "status", {}, TIMEOUT_S)
    answer(arguments.json, status, lines(status))
    return 0


def lines(status: dict[str, Any]) -> Iterator[str]:
    """The status for a person: a line for each part of the camera."""
    camera, ring, photos, card = (status[part] for part in ("camera", "ring", "photos", "card"))
    state = coloured(status["state"], "green" if status["state"] == "ready" else "yellow")
    yield f"{state}, Nightjar {status['version']}, up {duration(status['uptime_s'])}"
    far = f", zoom {status['zoom']['factor']:g}" if status["zoom"]["on"] else ""
    yield f"mode     {status['mode']}{far}  (modes: {', '.join(status['modes'])})"
    yield f"camera   {_camera(camera)}"
    yield f"exposure {_exposure(camera)}"
    yield f"balance  {_balance(status['white_balance'], status['mode'])}"
    yield f"ring     {ring['frames']} of {ring['capacity']} frames"
    counts = f"{photos['taken']} taken, {photos['queue']} waiting, {photos['failed']} failed"
    yield f"photos   {counts}, last {photos['last'] or 'none'}"
    if status.get("burst"):
        yield f"burst    {status['burst']['in_words']}"
    if status["accelerator"]["state"] != "off":
        yield f"network  {_accelerator(status['accelerator'])}"
    yield f"preview  {_preview(status['preview'])}"
    free = "nothing can be saved in" if card["free_mb"] is None else f"{card['free_mb']} MB free in"
    yield f"card     {free} {card['folder']}"
    for warning in status["warnings"]:
        yield coloured(f"warning  {warning}", "yellow")


def duration(seconds: float) -> str:
    """Seconds as a person says them."""
    minutes, seconds = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours} h {minutes} min"
    return f"{minutes} min {seconds} s" if minutes else f"{seconds} s"


def _camera(camera: dict[str, Any]) -> str:
    if not camera["shape"]:
        return f"{camera['name'] or 'none'}, no frame yet"
    height, width = camera["shape"]
    age = "unknown" if camera["frame_age_s"] is None else f"{camera['frame_age_s'] * 1000:.0f} ms"
    return f"{camera['name']}, {camera['sensor']} at {width} x {height}, age of the newest frame {age}"


def _preview(preview: dict[str, Any]) -> str:
    wanted = preview["frames_per_second"]
    if preview["state"] != "on":
        return "off" if not wanted else f"{preview['state']}, {wanted} pictures per second wanted"
    height, width = preview["shape"]
    return (
        f"{preview['developed_per_second']:.1f} of {wanted} pictures per second at {width} x {height}, "
        f"{preview['core_share']:.0%} of a core, {preview['dropped']} dropped"
    )


def _balance(balance: dict[str, Any], mode: str) -> str:
    """What the white balance of this mode goes by. Who judges the light where it is judged is among the warnings."""
    return balance["modes"][mode]["in_words"]


def _accelerator(accelerator: dict[str, Any]) -> str:
    """Which device answered for portraits, and how fast; why it is not another one."""
    device = accelerator["device"]
    if device is None:
        return f"{accelerator['model']}: {'none answers' if accelerator['lacking'] else accelerator['state']}"
    answered = device["answered_by"]
    said = f"{device['model']} on {answered or device['chosen']}"
    if answered:
        said += f", {device['median_ms']:.0f} ms a look"
    why = device["fell_back"] or device["why"]
    breaker = "" if device["breaker"] == "closed" else f"; the device is {device['breaker']}: {device['last_fault']}"
    return f"{said} ({why}){breaker}" if why else said + breaker


def _exposure(camera: dict[str, Any]) -> str:
    if not camera.get("exposure_us"):
        return "none yet"
    return f"{camera['exposure_us'] / 1000:.2f} ms at gain {camera['analogue_gain']:.2f}"

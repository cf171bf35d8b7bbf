"""What the control socket can ask of the daemon. Each method checks its params and says what is allowed."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Any

from firmware.control.json_rpc import Handlers, ParamsError
from firmware.errors import ControlError
from firmware.shooting import Shooting
from firmware.version import VERSION

# A full queue of 12 Mpix photos on the slowest board takes minutes.
SAVED_LIMIT_S = 600.0


def bench_handlers(drive: Callable[[str, bool], None]) -> Handlers:
    """For mock pins only: `bench.pin` moves a button's pin (0 is pressed), as a finger would."""

    def pin(params: dict[str, Any]) -> dict[str, Any]:
        button, level = _known(params, button=(str, "shutter"), level=(int, 0))
        drive(button, bool(level))
        return {"button": button, "level": int(bool(level))}

    return {"bench.pin": pin}


def request_handlers(
    shooting: Shooting,
    status: Callable[[], dict[str, Any]],
    reload: Callable[[], dict[str, Any]],
    view: Callable[[], dict[str, Any]],
    white_balance: Callable[[str, str | None, Mapping[str, Any]], dict[str, Any]],
    zoom: Callable[[float | None, bool], dict[str, Any]],
) -> Handlers:
    """The methods by name. Taking a photo answers when it is durable, unless told not to wait."""

    def shoot(params: dict[str, Any]) -> dict[str, Any]:
        pressed_ns = time.monotonic_ns()
        mode, wait, factor = _known(params, mode=(str, None), wait=(bool, True), zoom=(float, None))
        accepted = shooting.press(pressed_ns, mode, factor)
        files = {"number": accepted.files.number, "jpeg": str(accepted.files.jpeg), "saved": False}
        if not wait:
            return files
        try:
            return files | accepted.done.result(SAVED_LIMIT_S) | {"saved": True}
        except TimeoutError:
            if accepted.done.done():  # the photo itself failed with one
                raise
            raise ControlError(f"{accepted.files.jpeg} was taken and is not saved after {SAVED_LIMIT_S:g} s.") from None

    def mode(params: dict[str, Any]) -> dict[str, Any]:
        (name,) = _known(params, name=(str, None))
        if name is not None:
            shooting.check_mode(name)
            shooting.mode = name
        return {"mode": shooting.mode, "modes": list(shooting.look.pipelines)}

    def balance(params: dict[str, Any]) -> dict[str, Any]:
        given = {"choice": (str, None), "tint": (float, 0.0), "grey": (list, None), "sensor": (str, None)}
        given |= {"file": (str, None)}
        action, mode, *values = _known(params, action=(str, "show"), mode=(str, None), **given)
        return white_balance(action, mode, dict(zip(given, values, strict=True)))

    def zooming(params: dict[str, Any]) -> dict[str, Any]:
        return zoom(*_known(params, factor=(float, None), reset=(bool, False)))

    return {
        "status": _without_params(status),
        "shoot": shoot,
        "mode": mode,
        "white_balance": balance,
        "zoom": zooming,
        "view": _without_params(view),
        "reload": _without_params(reload),
        "version": _without_params(lambda: {"version": VERSION}),
    }


def _without_params(answer: Callable[[], dict[str, Any]]) -> Callable[[dict[str, Any]], dict[str, Any]]:
    def handler(params: dict[str, Any]) -> dict[str, Any]:
        _known(params)
        return answer()

    return handler


def _known(params: dict[str, Any], **allowed: tuple[type, Any]) -> list[Any]:
    """The values of the allowed params, in order. Raises ParamsError for an unknown one or a wrong type."""
    for name, value in params.items():
        if name not in allowed:
            raise ParamsError(f"Unknown param '{name}'. Allowed: {', '.join(allowed) or 'none'}.")
        kind = allowed[name][0]
        # JavaScript, for one, writes 5.0 as 5. A bool is an int too, and no amount.
        is_whole = kind is float and type(value) is int
        if value is not None and not isinstance(value, kind) and not is_whole:
            raise ParamsError(f"{name} = {value!r} is a {type(value).__name__}; it must be a {kind.__name__}.")
    defaults = {name: default for name, (_, default) in allowed.items()}
    return [default if params.get(name) is None else params[name] for name, default in defaults.items()]

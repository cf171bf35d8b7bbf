"""The 40 pins of a Raspberry Pi's header, drawn with what hangs on them.

Source: the boards' own documentation; the same on every Pi since the B+.
"""

from __future__ import annotations

from collections.abc import Mapping

V3, V5, GROUND = "3V3", "5V", "ground"
# Position 1 first; a number is that of the GPIO.
HEADER: tuple[int | str, ...] = (
    *(V3, V5, 2, V5, 3, GROUND, 4, 14, GROUND, 15, 17, 18, 27, GROUND, 22, 23, V3, 24, 10, GROUND),
    *(9, 25, 11, 8, GROUND, 7, 0, 1, 5, GROUND, 6, 12, 13, GROUND, 19, 16, 26, 20, GROUND, 21),
)


def position_of(gpio: int) -> int:
    """Where on the header a GPIO is, counted from 1."""
    return HEADER.index(gpio) + 1


def draw_header(uses: Mapping[int, str]) -> list[str]:
    """The header from above, its first pin at the corner of the board; `uses` says in words what is on a GPIO.

    The grounds beside pins in use stay; the rows below the last pin in use are left out.
    """
    last_row = max((position_of(gpio) - 1) // 2 for gpio in uses) + 1
    width = max(map(len, uses.values()))
    lines = []
    for row in range(min(last_row + 1, len(HEADER) // 2)):
        left, right = HEADER[2 * row : 2 * row + 2]
        lines.append(
            f"{_use(left, uses):>{width}}  {_name(left):>7} ({2 * row + 1:2}) ({2 * row + 2:2}) "
            f"{_name(right):7}  {_use(right, uses)}".rstrip()
        )
    return lines


def _name(pin: int | str) -> str:
    return pin if isinstance(pin, str) else f"GPIO {pin}"


def _use(pin: int | str, uses: Mapping[int, str]) -> str:
    return uses.get(pin, "") if isinstance(pin, int) else ""

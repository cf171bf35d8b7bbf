"""A Raspberry Pi's pins in the virtual machine: a finger on its buttons, an eye on its light, the kernel's stamps."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path

from machines.virtual import VirtualMachine

RECIPES = Path(__file__).parent / "recipes"
SHUTTER, MODE, LIGHT = 17, 27, 22
TRACING = "/sys/kernel/tracing"


@dataclass(frozen=True)
class Edge:
    """One change of a contact: it came between these two moments of the guest's monotonic clock."""

    is_closed: bool
    before_ns: int
    after_ns: int


class Board:
    """The guest's pins, once its modules are loaded."""

    def __init__(self, machine: VirtualMachine) -> None:
        self._machine = machine
        self._pins = machine.run("sh -s", given=(RECIPES / "board.sh").read_text()).strip()
        for name in ("finger.py", "watch_light.py"):
            machine.put(f"/run/board/{name}", (RECIPES / name).read_text())
        # An edge arrives as an interrupt of the simulated pins; the kernel notes when, on the clock that counts.
        events = "echo 1 | tee events/irq/irq_handler_entry/enable events/gpio/gpio_value/enable"
        machine.run(f"cd {TRACING} && echo mono > trace_clock && {events}")

    def move(self, pin: int, *milliseconds: float, moment_ns: int = 0, every_ns: int = 0) -> list[Edge]:
        """Close the contact of this pin, and change it after each of these times.

        moment_ns, every_ns  when: at that moment, or a whole number of times later; 0 is now
        """
        words = " ".join(map(str, milliseconds))
        said = self._machine.run(
            f"python3 /run/board/finger.py {self._pins}/sim_gpio{pin}/pull {moment_ns} {every_ns} {words}"
        )
        return [Edge(**change) for change in json.loads(said)]

    def stamps_us(self, pin: int, edges: list[Edge]) -> list[tuple[int, int]]:
        """Between which microseconds the kernel stamped each change of this pin that it told of during these edges.

        It stamps in the interrupt; a thread takes the stamp and then reads the level (edge_irq_thread in Linux's
        gpiolib-cdev.c). On a busy machine several interrupts come before that, and one of their stamps is told.
        """
        numbers = self._machine.run(f"awk '$4 == \"irq_sim\" && $5 == {pin} {{ print $1 }}' /proc/interrupts")
        number = re.escape(numbers.strip().rstrip(":"))
        moment = r"(\d+)\.(\d{6}): "
        began = re.compile(rf"{moment}irq_handler_entry: irq={number} ")
        read = re.compile(rf"^ *irq/{number}-.* {moment}gpio_value: \d+ get")
        stamps, began_us = [], None
        for line in self._machine.run(f"cat {TRACING}/trace").splitlines():
            if found := began.search(line):
                began_us = began_us or int("".join(found.groups()))
            elif began_us is not None and (found := read.search(line)):
                stamps.append((began_us, int("".join(found.groups()))))
                began_us = None
        return [(begin, end) for begin, end in stamps if edges[0].before_ns <= 1000 * begin + 999 <= edges[-1].after_ns]

    def light(self, seconds: float) -> list[tuple[int, int]]:
        """The status light's level now and at each change for so long: (level, nanoseconds)."""
        value = f"{self._pins}/sim_gpio{LIGHT}/value"
        said = self._machine.run(f"python3 /run/board/watch_light.py {value} {seconds}")
        return [(level, time_ns) for level, time_ns in json.loads(said)]

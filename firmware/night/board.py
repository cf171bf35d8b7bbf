"""What the board says of its own health: too hot, or too little voltage. Read from sysfs, in microseconds.

Sources: the Raspberry Pi kernel's firmware driver (`get_throttled`, whose lowest bit is set while the supply is below
4.63 V), its hwmon driver `rpi_volt` (`in0_lcrit_alarm`), and the thermal zones in thousandths of a degree. Where a
board has none of them nothing is known of it, and that is no error.
"""

from __future__ import annotations

from pathlib import Path

# Up to the Pi 4 it is soc/soc:firmware, on a Pi 5 soc@107c000000/soc@107c000000:firmware.
THROTTLED = "devices/platform/soc*/soc*:firmware/get_throttled"


class Board:
    """The board under /sys, or under another folder in tests."""

    def __init__(self, sysfs: Path = Path("/sys")) -> None:
        self._sysfs = sysfs

    def trouble(self, hottest_c: float) -> str:
        """Why a burst should end now, in words; empty when there is no reason, or nothing is known."""
        if self._voltage_is_low():
            return "low voltage: use the board's own power supply and a short cable"
        celsius = self.temperature_c()
        if celsius is not None and celsius >= hottest_c:
            return f"heat: the processor has {celsius:.0f} degrees Celsius; give the board air, a heat sink or shade"
        return ""

    def temperature_c(self) -> float | None:
        """Of the hottest zone; None where there is none."""
        zones = (self._read(path) for path in self._sysfs.glob("class/thermal/thermal_zone*/temp"))
        return max((int(text) / 1000 for text in zones if _is_whole(text)), default=None)

    def _voltage_is_low(self) -> bool:
        if any(_lowest_bit(self._read(path)) for path in self._sysfs.glob(THROTTLED)):
            return True
        names = self._sysfs.glob("class/hwmon/hwmon*/name")
        volts = [path.parent for path in names if self._read(path) == "rpi_volt"]
        return any(self._read(folder / "in0_lcrit_alarm") == "1" for folder in volts)

    @staticmethod
    def _read(path: Path) -> str:
        try:
            return path.read_text(encoding="ascii", errors="replace").strip()
        except OSError:
            return ""


def _lowest_bit(word: str) -> bool:
    """Of a hexadecimal number; False of anything else."""
    try:
        return bool(int(word, 16) & 1)
    except ValueError:
        return False


def _is_whole(text: str) -> bool:
    return text.removeprefix("-").isdigit()

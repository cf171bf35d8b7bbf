"""Has this processor the instructions that the kernels were built with? Asked before they are loaded.

Built for the machine's own processor (CMakeLists.txt, NIGHTJAR_NATIVE) they are quick there; on an older one the first
instruction that it lacks ends the process without a word. So the build leaves beside them what they need: a line in the
words of /proc/cpuinfo (isp/kernels/processor.cmake). Where that or /proc is missing, nothing is known or refused.
"""

from __future__ import annotations

from pathlib import Path

from isp.errors import KernelsError

BUILT_FOR = Path(__file__).parent / "kernels" / "built-for.txt"
CPUINFO = Path("/proc/cpuinfo")
# The kernel's names of the line for aarch64 and for x86-64; it is the same for each core.
LINES = ("Features", "flags")
MEND = (
    "build them for this board: run `sudo ./install.sh` again on it (with --portable for a card that moves between "
    "boards), or `make clean install` where make built them"
)


def refuse_another_processor(built_for: Path = BUILT_FOR, cpuinfo: Path = CPUINFO) -> None:
    """Raises KernelsError that names what the kernels were built for, what is missing, and what to do."""
    found = trouble(built_for, cpuinfo)
    if found:
        raise KernelsError(f"The kernels do not run on this board; they were {found}. What to do: {MEND}.")


def trouble(built_for: Path = BUILT_FOR, cpuinfo: Path = CPUINFO) -> str:
    """Why the kernels cannot run here, in words; empty where they can, or nothing is known."""
    (needed_line, needed), (line, offered) = _instructions(built_for), _instructions(cpuinfo)
    missing = needed - offered
    # An emulator may show the line of the machine around it.
    if line != needed_line or not missing:
        return ""
    return f"built for a processor with {', '.join(sorted(needed))}; this one lacks {', '.join(sorted(missing))}"


def _instructions(path: Path) -> tuple[str, set[str]]:
    """The first line that names instruction sets, and its words."""
    try:
        with path.open(encoding="utf-8", errors="replace") as lines:
            for line in lines:
                name, _, words = line.partition(":")
                if name.strip() in LINES:
                    return name.strip(), set(words.split())
    except OSError:
        pass
    return "", set()

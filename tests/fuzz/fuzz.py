"""`make fuzz`: coverage-guided fuzzing of every target, or one, each in a process of its own. Needs atheris.

    python -P tests/fuzz/fuzz.py [--target NAME] [--cases N]

A case may take 2 s and a process 1 GB. What ends a target is kept as tests/fuzz/seeds/TARGET/NAME, which the suite
replays from then on, and is named with its last words; the target then goes on with the cases that are left.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import re
import resource
import subprocess
import sys
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

TESTS = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(TESTS))

from fuzz.target import Target  # noqa: E402 - the folder of tests is not on the path of a script
from fuzz.targets import TARGETS  # noqa: E402

SEEDS = Path(__file__).resolve().parent / "seeds"
CASE_S, MEMORY_MB, LARGEST_CASE_BYTES = 2, 1024, 65536
MOST_FINDINGS = 5
EXECUTED = re.compile(r"stat::number_of_executed_units:\s*(\d+)")
LAST_LINES = 6


@dataclass
class Tally:
    """What came of one target."""

    cases: int = 0
    cpu_s: float = 0.0
    kept: list[Path] = field(default_factory=list)
    is_cut_short: bool = False


def main() -> int:
    """1 where anything was found, or a target ended before its cases."""
    parser = argparse.ArgumentParser(description="Fuzz the camera's doors.")
    parser.add_argument("--target", choices=TARGETS, help="only this one (default: all)")
    parser.add_argument("--cases", type=int, default=100_000, help="of all targets together (default: %(default)s)")
    wanted = parser.parse_args()
    chosen = [TARGETS[wanted.target]] if wanted.target else list(TARGETS.values())
    shares = sum(target.share for target in chosen)
    tallies = {target.name: fuzz(target, wanted.cases * target.share // shares) for target in chosen}
    print(f"\n{'target':22}{'cases':>10}{'CPU s':>9}  found")
    for name, tally in tallies.items():
        print(f"{name:22}{tally.cases:>10}{tally.cpu_s:>9.1f}  {', '.join(map(str, tally.kept)) or '-'}")
    print(f"{'all':22}{sum(tally.cases for tally in tallies.values()):>10}")
    return 1 if any(tally.kept or tally.is_cut_short for tally in tallies.values()) else 0


def fuzz(target: Target, cases: int) -> Tally:
    """So many cases, or until too much was found."""
    tally = Tally()
    with tempfile.TemporaryDirectory(prefix="nightjar-fuzz-") as scratch:
        corpus, artifacts = Path(scratch) / "corpus", Path(scratch) / "artifacts"
        for folder in (corpus, artifacts):
            folder.mkdir()
        kept = [path.read_bytes() for path in sorted((SEEDS / target.name).glob("*"))]
        for number, content in enumerate([*target.files(), *kept]):
            (corpus / f"{number:03}").write_bytes(content)
        while tally.cases < cases and len(tally.kept) < MOST_FINDINGS:
            before = resource.getrusage(resource.RUSAGE_CHILDREN)
            said = _run(target, cases - tally.cases, corpus, artifacts)
            after = resource.getrusage(resource.RUSAGE_CHILDREN)
            tally.cpu_s += after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
            tally.cases += _executed(said)
            found = [_keep(target, path) for path in sorted(artifacts.iterdir())]
            tally.kept += found
            if found or not _executed(said):
                print(
                    f"{target.name}: {', '.join(map(str, found)) or 'it did not run'}\n{_last_words(said)}", flush=True
                )
            if not found:
                tally.is_cut_short = tally.cases < cases
                break
    print(f"{target.name}: {tally.cases} cases in {tally.cpu_s:.1f} s of CPU time", flush=True)
    return tally


def _run(target: Target, cases: int, corpus: Path, artifacts: Path) -> str:
    limits = [f"-runs={cases}", f"-timeout={CASE_S}", f"-rss_limit_mb={MEMORY_MB}", f"-max_len={LARGEST_CASE_BYTES}"]
    how = [
        f"-artifact_prefix={artifacts}/",
        "-print_final_stats=1",
        "-len_control=0",
        "-mutate_depth=2",
        "-verbosity=0",
    ]
    folders = [os.environ.get("PYTHONPATH", ""), str(TESTS)]
    command = [sys.executable, "-P", str(Path(__file__).with_name("one_target.py")), target.name, *limits, *how]
    ended = subprocess.run(
        [*command, str(corpus)],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        env=os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, folders))},
    )
    return ended.stdout.decode(errors="replace")


def _executed(said: str) -> int:
    found = EXECUTED.findall(said)
    return int(found[-1]) if found else 0


def _keep(target: Target, artifact: Path) -> Path:
    """The file that ended the target, under a name of its own in the folder of seeds."""
    content = artifact.read_bytes()
    folder = SEEDS / target.name
    folder.mkdir(parents=True, exist_ok=True)
    kept = folder / f"{artifact.name.split('-')[0]}-{hashlib.sha256(content).hexdigest()[:10]}"
    kept.write_bytes(content)
    artifact.unlink()
    return kept


def _last_words(said: str) -> str:
    """What Python or libFuzzer said of the end."""
    lines = [line for line in said.splitlines() if line.strip()]
    start = next((number for number, line in enumerate(lines) if "Uncaught Python exception" in line), None)
    if start is None:
        told = [line for line in lines if "ERROR" in line or "File " in line]
        return "\n".join((told or lines)[-2 * LAST_LINES :])
    end = next((number for number in range(start, len(lines)) if lines[number].startswith("==")), len(lines))
    return "\n".join(line[:300] for line in lines[start:end][-2 * LAST_LINES :])


if __name__ == "__main__":
    sys.exit(main())

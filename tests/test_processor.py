"""Kernels of another processor are refused in words: a missing instruction ends a process without one."""

from __future__ import annotations

import platform
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from isp.errors import KernelsError
from isp.processor import BUILT_FOR, CPUINFO, refuse_another_processor, trouble

ASKED = Path(__file__).parents[1] / "isp" / "kernels" / "processor.cmake"
PI_5 = "fp asimd evtstrm aes pmull sha1 sha2 crc32 atomics fphp asimdhp cpuid asimdrdm lrcpc dcpop asimddp"
ZERO_2 = "fp asimd evtstrm crc32 cpuid"


def cpuinfo(folder, words, line="Features"):
    core = f"processor\t: 0\nBogoMIPS\t: 38.40\n{line}\t: {words}\nCPU implementer\t: 0x41\n\n"
    path = folder / "cpuinfo"
    path.write_text(core + core.replace(": 0\n", ": 1\n", 1))
    return path


def built_for(folder, words, line="Features"):
    path = folder / "built-for.txt"
    path.write_text(f"{line}\t: {words}\n")
    return path


def test_a_card_from_a_pi_5_is_refused_on_a_zero_2_with_what_is_missing_and_what_to_do(tmp_path):
    with pytest.raises(KernelsError) as refused:
        refuse_another_processor(built_for(tmp_path, "crc32 atomics asimddp"), cpuinfo(tmp_path, ZERO_2))
    said = str(refused.value)
    assert "with asimddp, atomics, crc32; this one lacks asimddp, atomics." in said
    assert "sudo ./install.sh" in said
    assert "--portable" in said


@pytest.mark.parametrize("words", ["", "crc32", "crc32 atomics asimddp asimdhp"])
def test_a_processor_that_has_all_of_them_runs_the_kernels(words, tmp_path):
    refuse_another_processor(built_for(tmp_path, words), cpuinfo(tmp_path, PI_5))


def test_what_is_not_known_is_not_refused(tmp_path):
    pi, needed = cpuinfo(tmp_path, ZERO_2), built_for(tmp_path, "atomics")
    assert trouble(needed, pi)
    assert not trouble(tmp_path / "nothing", pi)
    assert not trouble(needed, tmp_path / "nothing")
    assert not trouble(needed, cpuinfo(tmp_path, "fpu avx2", line="flags")), "shown to an emulated processor"


def test_the_kernels_that_run_here_say_so():
    if not BUILT_FOR.exists():
        pytest.skip("these kernels were copied here without what they were built for")
    assert BUILT_FOR.read_text().partition(":")[0].strip() in CPUINFO.read_text()
    assert not trouble()


X86_64_V3 = "flags: avx avx2 bmi1 bmi2 f16c fma abm movbe popcnt pni sse4_1 sse4_2 ssse3"
CORTEX_A76 = "Features: atomics crc32 asimddp fphp asimdhp asimdrdm"
MADE_FOR = {
    "any x86-64": ("x86_64", "-march=x86-64", "", "flags:"),
    "x86-64-v3": ("x86_64", "-march=x86-64-v3", "", X86_64_V3),
    "a kernel that names two of them": ("x86_64", "-march=x86-64-v3", "fpu avx2 fma", "flags: avx2 fma"),
    "Zero 2 W": ("aarch64", "-march=armv8-a", "", "Features:"),
    "Pi 5": ("aarch64", "-mcpu=cortex-a76", "", CORTEX_A76),
}


@pytest.mark.aarch64
@pytest.mark.parametrize(("machine", "flags", "known", "needed"), MADE_FOR.values(), ids=MADE_FOR)
def test_the_compiler_is_asked_what_it_may_use(machine, flags, known, needed, tmp_path):
    compiler = shutil.which("g++" if machine == platform.machine() else f"{machine}-linux-gnu-g++")
    cmake = shutil.which("cmake", path=Path(sys.executable).parent) or shutil.which("cmake")
    if not compiler or not cmake:
        pytest.skip(f"cmake, or g++ for {machine}, is missing: apt install cmake g++ g++-aarch64-linux-gnu")
    script, found = tmp_path / "ask.cmake", tmp_path / "found"
    asked = f'needed_instructions("{compiler};-O3;{flags}" "{known}" found)'
    script.write_text(f'include("{ASKED}")\n{asked}\nfile(WRITE "{found}" "${{found}}")\n')
    subprocess.run([cmake, "-P", script], check=True)
    line, _, words = found.read_text().partition("\t: ")
    # Compilers before GCC 13 make no use of lrcpc, which a Pi 5 has.
    assert {f"{line}:", *words.split()} - {"lrcpc"} == set(needed.split())

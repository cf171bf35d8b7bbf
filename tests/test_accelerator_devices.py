"""Which device is taken and why, what a person is told, and when a device that failed is tried again."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from accelerators.errors import DeviceError
from accelerators.models.files import ModelFiles
from accelerators.runtime.breaker import FAULTS_IN_A_ROW, FIRST_WAIT_S, LONG_WAIT_S, Breaker
from accelerators.runtime.devices import Device, choose, find_library, read_device, sticks, why_not

ROOT = Path(__file__).parents[1]
BOTH = ModelFiles("tiny", Path("tiny.tflite"), Path("tiny_edgetpu.tflite"), (4, 5), ("background",))
CPU_ONLY = ModelFiles("tiny", Path("tiny.tflite"), None, (4, 5), ("background",))


@pytest.fixture
def stick(tmp_path):
    """A machine with one stick on USB, as sysfs shows it."""

    def plug_in(vendor="1a6e", product="089a", port="2-1", number=7):
        folder = tmp_path / "sys/bus/usb/devices" / port
        folder.mkdir(parents=True)
        facts = {"idVendor": vendor, "idProduct": product, "busnum": "2", "devnum": str(number)}
        for name, text in facts.items():
            (folder / name).write_text(text + "\n")
        node = tmp_path / f"dev/bus/usb/002/{number:03}"
        node.parent.mkdir(parents=True, exist_ok=True)
        node.write_text("")
        return node

    return plug_in


@pytest.mark.parametrize(
    ("text", "device"),
    [
        ("", ":0"),
        (":1", ":1"),
        ("usb", "usb:0"),
        ("usb:2", "usb:2"),
        ("pci", "pci:0"),
        ("pci:0", "pci:0"),
        ("cpu", "cpu"),
        ("auto", "auto"),
        ("child", "child"),
    ],
)
def test_the_library_always_gets_an_indexed_device(text, device):
    assert str(read_device(text)) == device


@pytest.mark.parametrize("text", ["tpu", "usb:", "usb:-1", "usb:one", "USB", "cpu:0", "usb:0 ", "pci:100", "usb:٣"])
def test_other_words_are_refused_with_those_that_are_allowed(text):
    with pytest.raises(DeviceError, match='Allowed: "auto", "cpu", "usb"'):
        read_device(text)


@pytest.mark.parametrize(("vendor", "product"), [("1a6e", "089a"), ("18d1", "9302")])
def test_a_stick_is_seen_asleep_and_awake(stick, tmp_path, vendor, product):
    assert sticks(tmp_path) == []
    node = stick(vendor, product)
    assert [(found.port, found.node) for found in sticks(tmp_path)] == [("2-1", node)]


def test_other_things_on_usb_are_no_sticks(stick, tmp_path):
    stick("1a6e", "0001")
    stick("18d1", "4ee7", port="2-2", number=8)
    assert sticks(tmp_path) == []


def test_auto_takes_the_edge_tpu_only_when_all_of_it_is_there(stick, tmp_path):
    auto = read_device("auto")
    assert choose(auto, BOTH, "libedgetpu.so.1", sticks(tmp_path)) == (Device("cpu"), "no Coral stick on USB")
    stick()
    plugged_in = sticks(tmp_path)
    assert choose(auto, BOTH, "libedgetpu.so.1", plugged_in)[0] == Device("usb", 0)
    device, why = choose(auto, BOTH, None, plugged_in)
    assert device == Device("cpu") and "libedgetpu.so.1 is not installed" in why
    device, why = choose(auto, CPU_ONLY, "libedgetpu.so.1", plugged_in)
    assert device == Device("cpu") and "no file compiled for it" in why


@pytest.mark.parametrize("text", ["cpu", "usb:1", "pci"])
def test_a_named_device_is_tried_even_where_none_is_seen(text):
    assert choose(read_device(text), CPU_ONLY, None, [])[0] == read_device(text)


def test_the_library_is_found_where_distributions_put_it(tmp_path):
    assert find_library(root=tmp_path) is None
    put = tmp_path / "usr/lib/aarch64-linux-gnu/libedgetpu.so.1"
    put.parent.mkdir(parents=True)
    put.write_text("")
    assert find_library(root=tmp_path) == str(put)
    assert find_library(str(put)) == str(put)
    assert find_library(str(tmp_path / "gone.so")) is None


def test_a_missing_library_and_a_missing_stick_are_told_apart(tmp_path):
    usb = read_device("usb")
    assert "Install libedgetpu1-std" in why_not(usb, OSError("libedgetpu.so.1: cannot open"), "x.so", tmp_path)
    # LiteRT's own words, with nothing after the line break.
    missing = ValueError("Failed to load delegate from libedgetpu.so.1\n")
    assert "No Coral stick is on USB (1a6e:089a or 18d1:9302 in" in why_not(usb, missing, "x.so", tmp_path)


def test_a_stick_that_may_not_be_used_is_told_from_one_that_is_busy(stick, tmp_path):
    usb, missing = read_device("usb"), ValueError("Failed to load delegate from libedgetpu.so.1\n")
    node = stick()
    assert "does another program use it" in why_not(usb, missing, "x.so", tmp_path)
    assert "1 on USB, numbered from 0" in why_not(read_device("usb:1"), missing, "x.so", tmp_path)
    node.unlink()
    said = why_not(usb, missing, "x.so", tmp_path)
    assert f"{node} may not be used: join group plugdev" in said


def test_what_the_library_says_is_passed_on():
    error = ValueError("Failed to load delegate from x.so\nUSB transfer error 2\n")
    assert "(USB transfer error 2)" in why_not(read_device("pci"), error, "x.so")


def test_a_device_that_fails_rests_longer_each_time_and_then_for_long():
    breaker, now, waits = Breaker(), 100.0, []
    for fault in range(FAULTS_IN_A_ROW + 1):
        breaker.failed(now, f"fault {fault}")
        waited = next(tenths / 10 for tenths in range(10_000) if not breaker.rests(now + tenths / 10))
        assert breaker.state(now) == ("open" if fault + 1 >= FAULTS_IN_A_ROW else "backing off")
        waits.append(waited)
        now += waited
        assert breaker.state(now) == "trying again"
    assert waits == [FIRST_WAIT_S, 2 * FIRST_WAIT_S, LONG_WAIT_S, LONG_WAIT_S]
    breaker.worked()
    assert breaker.state(now) == "closed" and not breaker.rests(now)
    assert breaker.last_fault == f"fault {FAULTS_IN_A_ROW}"


def imports(code, *folders):
    """Run code in a Python of its own, with folders of packages before all others."""
    path = os.pathsep.join([*map(str, folders), str(ROOT)])
    done = subprocess.run(
        [sys.executable, "-c", code],
        env=os.environ | {"PYTHONPATH": path},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def package(folder, **files):
    for name, text in files.items():
        path = folder / name.replace("__", "/").replace("/init", "/__init__")
        path = path.with_name(path.name + ".py")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return folder


def test_the_unrelated_package_named_pycoral_is_left_alone(tmp_path):
    impostor = package(tmp_path, pycoral__init="raise SystemExit('imported')", pycoral__utils__init="")
    said = imports("from accelerators.runtime.litert import edge_tpu_runtime as r; print(r().name)", impostor)
    assert said == "ai_edge_litert"


def test_googles_pycoral_brings_its_own_runtime(tmp_path):
    interpreter = "import enum\nclass Interpreter: pass\ndef load_delegate(library, options): pass\n"
    interpreter += "class OpResolverType(enum.Enum): BUILTIN_REF, BUILTIN_WITHOUT_DEFAULT_DELEGATES = 2, 3\n"
    google = package(
        tmp_path,
        pycoral__init="",
        pycoral__utils__init="",
        pycoral__utils__edgetpu="",
        pycoral__pybind__init="",
        pycoral__pybind___pywrap_coral="",
        tflite_runtime__init="",
        tflite_runtime__interpreter=interpreter,
    )
    said = imports(
        "from accelerators.runtime.litert import edge_tpu_runtime as t, runtime as c; print(t().name, c().name)", google
    )
    assert said == "pycoral ai_edge_litert"


def test_without_any_runtime_the_command_that_installs_it_is_said(tmp_path):
    absent = "import sys; sys.modules.update(dict.fromkeys(['ai_edge_litert', 'tflite_runtime']))\n"
    ask = "from accelerators.runtime import litert\nfrom accelerators.errors import RuntimeMissing\n"
    ask += "try: litert.runtime()\nexcept RuntimeMissing as error: print(error)"
    assert "pip install 'nightjar[portrait]'" in imports(absent + ask)


def test_the_child_imports_nothing_of_the_camera():
    said = imports("import accelerators.runtime.child, sys; print(*sys.modules)")
    loaded = {name.split(".")[0] for name in said.split()}
    assert "numpy" in loaded
    # How an error is worded and a message read, which is a screen of Python; no kernels.
    assert {name for name in said.split() if name.startswith("isp.")} <= {"isp.errors", "isp.plain_values"}
    assert not loaded & {"firmware", "gpiozero", "lgpio", "picamera2", "cv2", "PIL", "multiprocessing"}

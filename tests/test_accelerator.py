"""The device has a process of its own: killed, hung or answering nonsense, it costs one fall-back, never a photo."""

from __future__ import annotations

import functools
import os
import re
import select
import shutil
import signal
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pytest
from measures.delegates import delegate
from measures.tiny_models import for_edge_tpu, largest_colour, negative

from accelerators.errors import DeviceError, ModelError
from accelerators.models.files import ModelFiles
from accelerators.runtime.accelerator import Accelerator
from accelerators.runtime.breaker import FAULTS_IN_A_ROW, LONG_WAIT_S
from accelerators.runtime.choice import LOOK_AGAIN_S
from accelerators.runtime.devices import Device, find_library, sticks
from accelerators.runtime.model_file import read_model
from accelerators.runtime.worker import Worker

ROOT = Path(__file__).parents[1]
MISBEHAVING = Path(__file__).parent / "measures" / "misbehaving_child.py"
SIZE = (4, 5)
PICTURE = np.random.default_rng(8).integers(0, 256, (*SIZE, 3), dtype=np.uint8)
PATIENCE_S = 30.0


@pytest.fixture
def files(tmp_path):
    """A model that makes negatives. Its twin is the same file: the delegates here take no operator."""
    cpu, twin = tmp_path / "negative.tflite", tmp_path / "negative_edgetpu.tflite"
    for path in (cpu, twin):
        path.write_bytes(negative())
    return ModelFiles("negative", cpu, twin, SIZE, ("background",))


class Machine:
    """A folder with the files of a board: a Coral stick can be plugged in and pulled out."""

    def __init__(self, root):
        self.root = root
        self._stick = root / "sys/bus/usb/devices/2-1"

    def plug_in(self):
        self._stick.mkdir(parents=True)
        (self._stick / "idVendor").write_text("18d1\n")
        (self._stick / "idProduct").write_text("9302\n")

    def pull_out(self):
        shutil.rmtree(self._stick)

    def install(self, library):
        place = self.root / "usr/lib/aarch64-linux-gnu/libedgetpu.so.1"
        place.parent.mkdir(parents=True)
        shutil.copy(library, place)


@pytest.fixture
def machine(tmp_path):
    return Machine(tmp_path / "root")


@pytest.fixture
def opened(files, machine):
    """Accelerators that are closed at the end."""
    made = []

    def new(device, of=files, **options):
        made.append(Accelerator(of, device, root=machine.root, **options))
        return made[-1]

    yield new
    for accelerator in made:
        accelerator.close()


@pytest.fixture(scope="module")
def library(tmp_path_factory):
    folder = tmp_path_factory.mktemp("delegates")

    @functools.cache
    def compiled(behaviour):
        path = delegate(behaviour, folder)
        if path is None:
            pytest.skip("no g++ to compile a delegate library with")
        return str(path)

    return compiled


class Clock:
    """Seconds that go forward when the test says so."""

    def __init__(self):
        self.now = 1000.0

    def __call__(self):
        return self.now


def is_right(answer, picture=PICTURE):
    return np.abs(answer.values + picture / 255).max() < 1e-6


def shared_memory():
    """What Python's shared memory or ours would leave in /dev/shm; other programs come and go there."""
    return sorted(name for name in os.listdir("/dev/shm") if name.startswith(("psm_", "nightjar", "sem.")))


def misbehaving(behaviour):
    code = f"import sys, runpy; sys.path.append({str(ROOT)!r}); runpy.run_path({str(MISBEHAVING)!r})"
    return [sys.executable, "-c", code, behaviour]


def gone(process_descriptor):
    """Wait until a process has ended."""
    poll = select.poll()
    poll.register(process_descriptor, select.POLLIN)
    ended = bool(poll.poll(PATIENCE_S * 1000))
    os.close(process_descriptor)
    return ended


def test_the_cpu_answers_in_this_process(opened):
    accelerator = opened("cpu")
    answer = accelerator.run(PICTURE)
    assert is_right(answer)
    assert (answer.device, answer.model, answer.fell_back) == ("cpu", "negative.tflite", "")
    report = accelerator.report()
    assert (report["answered_by"], report["child"], report["breaker"]) == ("cpu", None, "closed")
    assert report["answers"] == {"cpu": 1}
    assert 0 < report["last_ms"] == report["median_ms"]


def test_auto_takes_a_stick_when_it_is_plugged_in_and_does_without_when_it_is_pulled_out(opened, machine, library):
    machine.install(library("works"))
    clock = Clock()
    accelerator = opened("auto", clock=clock)
    answer = accelerator.run(PICTURE)
    assert (answer.device, answer.fell_back) == ("cpu", "")
    assert accelerator.report()["why"] == "no Coral stick on USB"
    machine.plug_in()
    clock.now += LOOK_AGAIN_S
    assert accelerator.run(PICTURE).device == "usb:0"
    assert accelerator.report()["why"] == "a Coral stick is on USB"
    # libedgetpu ends its process when that happens.
    machine.pull_out()
    os.kill(accelerator.report()["child"], signal.SIGABRT)
    answer = accelerator.run(PICTURE)
    assert is_right(answer)
    assert "ended by SIGABRT" in answer.fell_back
    for _ in range(2 * FAULTS_IN_A_ROW):
        answer = accelerator.run(PICTURE)
        assert is_right(answer)
        assert "No Coral stick is on USB (1a6e:089a or 18d1:9302" in answer.fell_back
    # Whoever plugs it in again need not wait: no time passes here.
    machine.plug_in()
    accelerator.warm_up()
    assert accelerator.run(PICTURE).device == "usb:0"


def test_no_process_is_started_for_a_stick_that_is_not_there(opened, library):
    accelerator = opened("usb", library=library("hangs"))
    assert "plug it in" in accelerator.run(PICTURE).fell_back
    assert accelerator.report()["child"] is None


def test_pictures_that_come_while_a_device_warms_up_do_not_wait(opened, machine, library):
    machine.plug_in()
    accelerator = opened("usb", library=library("hangs"), deadline_s=0.5)
    warming = threading.Thread(target=accelerator.warm_up)
    warming.start()
    for _ in range(3):
        answer = accelerator.run(PICTURE)
        assert is_right(answer)
    # Only the first of them may have come before the warm-up, and have waited.
    assert "is being started; it takes a later picture" in answer.fell_back
    accelerator.close()
    warming.join(PATIENCE_S)
    assert not warming.is_alive()


def test_a_child_answers_like_this_process(opened):
    accelerator = opened("child")
    answer = accelerator.run(PICTURE)
    assert answer.device == "child"
    assert np.array_equal(answer.values, opened("cpu").run(PICTURE).values)
    child = os.pidfd_open(accelerator.report()["child"])
    accelerator.close()
    assert gone(child)
    with pytest.raises(DeviceError, match="was closed"):
        accelerator.run(PICTURE)


def test_systemd_does_not_hear_the_child_and_stops_the_parent_only(opened, monkeypatch):
    monkeypatch.setenv("NOTIFY_SOCKET", "/run/systemd/notify")
    accelerator = opened("child")
    accelerator.warm_up()
    child = accelerator.report()["child"]
    assert b"NOTIFY_SOCKET" not in Path(f"/proc/{child}/environ").read_bytes()
    for ending in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        os.kill(child, ending)
    assert accelerator.run(PICTURE).device == "child"


def test_threads_each_get_their_own_answer_while_the_child_is_killed(opened):
    accelerator = opened("child")
    accelerator.warm_up()
    child, half_way, right = accelerator.report()["child"], threading.Barrier(5), []

    def ask(seed):
        pictures = np.random.default_rng(seed).integers(0, 256, (20, *PICTURE.shape), dtype=np.uint8)
        for number, picture in enumerate(pictures):
            if number == 10:
                half_way.wait(PATIENCE_S)
            right.append(is_right(accelerator.run(picture), picture))

    threads = [threading.Thread(target=ask, args=(seed,)) for seed in range(4)]
    for thread in threads:
        thread.start()
    half_way.wait(PATIENCE_S)
    os.kill(child, signal.SIGKILL)
    for thread in threads:
        thread.join()
    assert right == [True] * 80
    assert accelerator.report()["answers"]["cpu"] > 0


def test_a_killed_child_costs_one_fall_back_and_comes_back(opened):
    clock = Clock()
    accelerator = opened("child", clock=clock)
    assert accelerator.run(PICTURE).device == "child"
    os.kill(accelerator.report()["child"], signal.SIGKILL)
    answer = accelerator.run(PICTURE)
    assert is_right(answer)
    assert answer.device == "cpu"
    assert "ended by SIGKILL" in answer.fell_back
    assert accelerator.report()["breaker"] == "backing off"
    assert "rests after a fault" in accelerator.run(PICTURE).fell_back
    clock.now += 1.0
    # Nobody waits for the new child: the CPU answers meanwhile.
    assert "is being started" in accelerator.run(PICTURE).fell_back
    accelerator.warm_up()
    assert accelerator.run(PICTURE).device == "child"
    report = accelerator.report()
    assert (report["breaker"], report["restarts"]) == ("closed", 1)
    assert report["answers"] == {"child": 2, "cpu": 3}
    assert "SIGKILL" in report["last_fault"]


def test_a_hanging_child_is_left_at_the_deadline_and_killed(opened):
    accelerator = opened("child", deadline_s=2.0)
    accelerator.warm_up()
    child = accelerator.report()["child"]
    ending = os.pidfd_open(child)
    os.kill(child, signal.SIGSTOP)
    answer = accelerator.run(PICTURE)
    assert is_right(answer)
    assert answer.device == "cpu"
    assert "gave no answer within" in answer.fell_back
    assert gone(ending)


def test_a_child_killed_in_the_middle_of_a_picture_is_replaced_at_once(opened):
    accelerator = opened("child")
    accelerator.warm_up()
    child = accelerator.report()["child"]
    os.kill(child, signal.SIGSTOP)
    answers = []
    asking = threading.Thread(target=lambda: answers.append(accelerator.run(PICTURE)))
    asking.start()
    os.kill(child, signal.SIGKILL)
    asking.join(PATIENCE_S)
    assert is_right(answers[0])
    assert answers[0].device == "cpu"
    # Well before the deadline of 10 s.
    assert "ended by SIGKILL" in answers[0].fell_back


@pytest.mark.parametrize(
    ("behaviour", "words"),
    [
        ("old answer", "answered picture 0 instead of 1"),
        ("torn answer", "other numbers than it says"),
        ("nan", "NaN or infinite"),
        ("half an answer", "NaN or infinite"),
        ("writes nothing", "NaN or infinite"),
        ("shortens the memory", "the memory is sealed"),
        ("impossible", "which the model cannot give"),
        ("no message", "sent garbage"),
        ("no object", "sent garbage"),
        ("error", "USB transfer error 2"),
        ("silent", "gave no answer within"),
        ("dies", r"ended by SIGABRT; it said: F usb_driver\.cc:834\] transfer on tag 1 failed\. Abort\."),
        ("wrong hello", "began with"),
        ("never ready", "was not ready within"),
        ("dies before hello", "ended by SIGABRT; it said: terminate called"),
    ],
)
def test_what_a_child_gets_wrong_is_noticed_and_ends_it(files, behaviour, words):
    program = misbehaving(behaviour)
    start_s = 0.5 if behaviour == "never ready" else PATIENCE_S
    worker = Worker(read_model(files.cpu), Device("usb"), "", 1, program, start_s)
    ending = os.pidfd_open(worker.pid)
    with pytest.raises(DeviceError, match=f"^usb:0: .*{words}"):
        assert worker.is_ready(PATIENCE_S)
        worker.run(PICTURE, 0.3 if behaviour == "silent" else PATIENCE_S)
    assert gone(ending)


def test_an_edge_tpu_that_works_answers_with_its_own_file(opened, machine, library):
    machine.plug_in()
    accelerator = opened("usb", library=library("works"))
    answer = accelerator.run(PICTURE)
    assert is_right(answer)
    assert (answer.device, answer.model, answer.fell_back) == ("usb:0", "negative_edgetpu.tflite", "")
    assert accelerator.report()["library"] == "made in a test"


@pytest.mark.parametrize(
    ("behaviour", "words"),
    [
        ("no_device", r"finds no Edge TPU there \(device=usb:1\)"),
        ("aborts", r"ended by SIGABRT; it said: F driver\.cc:88\] transfer on tag 2 failed\. Abort\."),
        pytest.param("fails_later", "cannot be loaded", marks=pytest.mark.slow),
    ],
)
def test_a_library_that_fails_leaves_the_photo_to_the_cpu(opened, machine, library, behaviour, words, caplog):
    machine.plug_in()
    accelerator = opened("usb:1", library=library(behaviour))
    answer = accelerator.run(PICTURE)
    assert is_right(answer)
    assert answer.device == "cpu"
    assert re.search(words, answer.fell_back), answer.fell_back
    assert [record.levelname for record in caplog.records] == ["WARNING"]


def test_while_a_device_that_failed_is_tried_again_the_fault_is_told(opened, machine, library):
    machine.plug_in()
    clock = Clock()
    accelerator = opened("usb", library=library("aborts"), clock=clock)
    assert "ended by SIGABRT" in accelerator.run(PICTURE).fell_back
    for _ in range(3):
        clock.now += LONG_WAIT_S
        answer = accelerator.run(PICTURE)  # its new process is being started, or has failed again
        assert is_right(answer)
        assert "ended by SIGABRT" in answer.fell_back


def test_a_library_that_hangs_while_loading_costs_the_deadline(opened, machine, library):
    machine.plug_in()
    accelerator = opened("usb", library=library("hangs"), deadline_s=0.5)
    answer = accelerator.run(PICTURE)
    assert is_right(answer)
    assert "is being started" in answer.fell_back
    child = os.pidfd_open(accelerator.report()["child"])
    accelerator.close()
    assert gone(child)


def test_after_three_faults_the_device_is_left_alone_for_long(opened, machine):
    machine.plug_in()
    clock = Clock()
    accelerator = opened("usb", library="/gone/libedgetpu.so.1", clock=clock)
    for wait_s in (1.0, 2.0, 0.0):
        assert "/gone/libedgetpu.so.1 is not there" in accelerator.run(PICTURE).fell_back
        clock.now += wait_s
    assert accelerator.report()["breaker"] == "open"
    clock.now += LONG_WAIT_S - 1
    accelerator.run(PICTURE)
    assert accelerator.report()["restarts"] == 2
    clock.now += 1
    accelerator.run(PICTURE)
    assert accelerator.report()["restarts"] == 3


def test_the_real_library_without_a_stick_leaves_the_photo_to_the_cpu(opened):
    real = find_library(os.environ.get("NIGHTJAR_LIBEDGETPU", ""))
    if real is None:
        pytest.skip("libedgetpu is not installed; name it in NIGHTJAR_LIBEDGETPU")
    if sticks():
        pytest.skip("a Coral stick is on USB")
    answer = opened(":0", library=real).run(PICTURE)
    assert is_right(answer)
    assert "libedgetpu finds no Edge TPU there. No Coral stick is on USB" in answer.fell_back


def test_a_model_without_a_twin_says_so(opened, machine, files, library):
    machine.plug_in()
    alone = ModelFiles("alone", files.cpu, None, SIZE, files.labels)
    answer = opened("usb", alone, library=library("works")).run(PICTURE)
    assert is_right(answer)
    assert "no file compiled for the Edge TPU" in answer.fell_back


def test_when_nothing_can_answer_both_reasons_are_said(opened, machine, tmp_path, files):
    machine.plug_in()
    broken = ModelFiles("broken", tmp_path / "gone.tflite", files.edge_tpu, SIZE, files.labels)
    with pytest.raises(DeviceError, match=r"(?s)The device: .*is not there.*The CPU: There is no model file"):
        opened("usb", broken, library="/gone/libedgetpu.so.1").run(PICTURE)
    with pytest.raises(ModelError, match="There is no model file"):
        opened("cpu", broken).run(PICTURE)


def test_a_twin_of_another_size_is_not_fed(opened, machine, files, library):
    machine.plug_in()
    files.edge_tpu.write_bytes(negative(size=(8, 8)))
    accelerator = opened("usb", library=library("works"))
    answer = accelerator.run(PICTURE)
    assert is_right(answer)
    assert "takes a picture of (8, 8, 3)" in answer.fell_back
    assert accelerator.report()["child"] is None


def test_a_damaged_twin_is_refused_before_a_process_is_started(opened, machine, files, library):
    machine.plug_in()
    files.edge_tpu.write_bytes(for_edge_tpu()[:400])
    accelerator = opened("usb", library=library("works"))
    assert "damaged, cut off" in accelerator.run(PICTURE).fell_back
    assert accelerator.report()["child"] is None


@pytest.mark.parametrize("picture", [PICTURE[:3], PICTURE.astype(np.float32), PICTURE[:0], None])
def test_a_picture_that_does_not_fit_is_nobodys_fault(opened, picture):
    accelerator = opened("child")
    with pytest.raises(ModelError, match=r"takes a uint8 picture of shape \(4, 5, 3\)"):
        accelerator.run(picture)
    assert accelerator.report()["breaker"] == "closed"


@pytest.mark.slow
def test_class_numbers_come_through_the_child(opened, tmp_path):
    path = tmp_path / "classes.tflite"
    path.write_bytes(largest_colour())
    answer = opened("child", ModelFiles("classes", path, None, SIZE, ())).run(PICTURE)
    assert answer.device == "child"
    assert np.array_equal(answer.values, PICTURE.argmax(axis=2))


def test_faults_leave_no_open_files_and_no_shared_memory(files):
    def left():
        return len(os.listdir("/proc/self/fd")), shared_memory()

    def fault(behaviour):
        worker = Worker(read_model(files.cpu), Device("usb"), "", 1, misbehaving(behaviour))
        with pytest.raises(DeviceError):
            worker.is_ready(PATIENCE_S)

    fault("dies before hello")
    before = left()
    for _ in range(2):
        fault("dies before hello")
    with pytest.raises(DeviceError, match="cannot be started"):
        Worker(read_model(files.cpu), Device("usb"), "", 1, ["/gone/python"])
    assert left() == before


PARENT = """
import sys, threading
from pathlib import Path
import numpy as np
from accelerators.models.files import ModelFiles
from accelerators.runtime.accelerator import Accelerator
accelerator = Accelerator(ModelFiles("negative", Path(sys.argv[1]), None, (4, 5), ()), "child")
starter = threading.Thread(target=accelerator.warm_up)
starter.start()
starter.join()
answer = accelerator.run(np.zeros((4, 5, 3), np.uint8))
print(answer.device, accelerator.report()["child"], flush=True)
sys.stdin.read()
"""


@pytest.mark.parametrize("state", ["waiting", "stopped"])
def test_the_child_ends_with_its_parent_and_leaves_nothing(files, state):
    shared = shared_memory()
    parent = subprocess.Popen(
        [sys.executable, "-c", PARENT, files.cpu], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    device, child = parent.stdout.readline().split()
    # The thread that started the child has ended long ago: it must not take the child along.
    assert device == "child"
    ending = os.pidfd_open(int(child))
    if state == "stopped":
        os.kill(int(child), signal.SIGSTOP)
    parent.kill()
    parent.communicate()
    assert gone(ending)
    assert shared_memory() == shared

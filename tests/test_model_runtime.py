"""One network on the CPU: real numbers come out whatever the file's own, and a damaged file is refused in words."""

from __future__ import annotations

import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pytest
from measures.small_networks import Network
from measures.tiny_models import divided, for_edge_tpu, largest_colour, negative, resized

from accelerators.errors import ModelError
from accelerators.runtime.model import Model
from accelerators.runtime.model_file import read_model

ROOT = Path(__file__).parents[1]
SIZE = (4, 5)
PICTURE = np.random.default_rng(5).integers(0, 256, (*SIZE, 3), dtype=np.uint8)


@pytest.fixture
def stored(tmp_path):
    def put(content, name="model.tflite"):
        path = tmp_path / name
        path.write_bytes(content)
        return path

    return put


@pytest.mark.parametrize("kind", ["uint8", "int8"])
def test_quantised_models_answer_in_real_numbers(stored, kind):
    answer = Model(stored(negative(kind))).run(PICTURE)
    assert answer.dtype == np.float32
    assert answer.shape == PICTURE.shape
    assert np.abs(answer + PICTURE / 255).max() < 1e-6


@pytest.mark.parametrize("kind", ["uint8", "int8", "float32"])
def test_real_numbers_go_in_as_the_model_stores_them(stored, kind):
    picture = np.random.default_rng(6).uniform(0, 1, PICTURE.shape).astype(np.float32)
    step = 0 if kind == "float32" else 0.5 / 255
    assert np.abs(Model(stored(negative(kind))).run(picture) + picture).max() <= step + 1e-6


def test_real_numbers_beyond_what_the_model_stores_are_clipped(stored):
    picture = np.full(PICTURE.shape, 3, np.float32)
    picture[0] = -3
    answer = Model(stored(negative())).run(picture)
    assert np.abs(answer[0]).max() < 1e-6
    assert np.abs(answer[1:] + 1).max() < 1e-6


def test_class_numbers_pass_as_they_are(stored):
    answer = Model(stored(largest_colour())).run(PICTURE)
    assert np.array_equal(answer, PICTURE.argmax(axis=2))


def test_a_model_that_xnnpack_fails_on_runs_without_it(stored):
    model = Model(stored(resized(0.5, 0.25)))
    assert not model.has_xnnpack
    assert np.array_equal(model.run(PICTURE), PICTURE * np.float32(0.25))
    assert Model(stored(resized(0.5, 0.5))).has_xnnpack


def test_a_file_replaced_while_it_runs_changes_nothing(stored):
    path = stored(negative())
    model = Model(path)
    before = model.run(PICTURE)
    path.write_bytes(b"")
    assert np.array_equal(model.run(PICTURE), before)


def test_threads_each_get_their_own_answer(stored):
    model = Model(stored(negative()), threads=2)
    wrong = []

    def ask(seed):
        pictures = np.random.default_rng(seed).integers(0, 256, (25, *PICTURE.shape), dtype=np.uint8)
        wrong.extend(seed for picture in pictures if np.abs(model.run(picture) + picture / 255).max() > 1e-6)

    threads = [threading.Thread(target=ask, args=(seed,)) for seed in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


@pytest.mark.parametrize(
    ("picture", "words"),
    [
        (PICTURE[:3], r"shape \(4, 5, 3\), not \(3, 5, 3\)"),
        (PICTURE[..., 0], r"not \(4, 5\)"),
        (PICTURE[np.newaxis], r"not \(1, 4, 5, 3\)"),
        (PICTURE[:0], r"not \(0, 5, 3\)"),
        (PICTURE.astype(np.float64), "uint8 or float32, not float64"),
        (PICTURE.astype(np.int8), "not int8"),
        (PICTURE.tolist(), "not list"),
        (np.full(PICTURE.shape, np.nan, np.float32), "NaN"),
    ],
)
def test_a_picture_that_does_not_fit_is_refused(stored, picture, words):
    with pytest.raises(ModelError, match=words):
        Model(stored(negative())).run(picture)


def test_a_model_of_real_numbers_does_not_guess_what_bytes_mean(stored):
    with pytest.raises(ModelError, match="takes a picture of float32, not uint8"):
        Model(stored(negative("float32"))).run(PICTURE)


def test_infinite_answers_are_refused(stored):
    with pytest.raises(ModelError, match="NaN or infinite"):
        Model(stored(divided())).run(np.zeros(PICTURE.shape, np.float32))


def test_a_model_for_the_edge_tpu_is_refused_on_the_cpu(stored):
    with pytest.raises(ModelError, match="compiled for the Edge TPU"):
        Model(stored(for_edge_tpu()))


def test_a_custom_operator_that_nobody_knows_is_named(stored):
    content = for_edge_tpu().replace(b"edgetpu-custom-op", b"somebodys-own--op")
    with pytest.raises(ModelError, match="somebodys-own--op"):
        Model(stored(content))


def test_models_without_a_fixed_shape_are_refused(stored):
    model, shape = Network(), (1, *SIZE, 3)
    light, out = model.tensor(shape, signature=(1, -1, -1, 3)), model.tensor(shape)
    model.operator("RELU", [light], [out])
    with pytest.raises(ModelError, match="fixed shapes"):
        Model(stored(model.written([light], [out])))


@pytest.mark.parametrize("shape", [(1, *SIZE, 2), (2, *SIZE, 3), (1, 4, 3)])
def test_models_that_take_no_picture_are_refused(stored, shape):
    model = Network()
    light, out = model.tensor(shape), model.tensor(shape)
    model.operator("RELU", [light], [out])
    with pytest.raises(ModelError, match="allowed is one picture"):
        Model(stored(model.written([light], [out])))


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "is empty"),
        (b"TFL3", "has 4 bytes"),
        (b"\xff\xd8\xff\xe0\x00\x10JFIF" + bytes(2000), "is no .tflite file"),
        (b"\x1c\x00\x00\x00TFL3" + bytes(2000), "damaged, cut off or not for this"),
        (b"\xff\xff\xff\xffTFL3" + bytes(2000), "damaged, cut off or not for this"),
    ],
)
def test_a_file_that_is_no_model_is_refused(stored, content, words):
    with pytest.raises(ModelError, match=words):
        Model(stored(content))


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(ModelError, match=r"There is no model file .*gone\.tflite"):
        Model(tmp_path / "gone.tflite")
    with pytest.raises(ModelError, match="cannot be read"):
        Model(tmp_path)


@pytest.mark.parametrize("content", [negative(), for_edge_tpu()], ids=["cpu", "edgetpu"])
def test_a_file_cut_off_anywhere_is_refused(stored, content):
    for length in range(0, len(content) - 4, 5):
        with pytest.raises(ModelError):
            read_model(stored(content[:length]))


def with_defect(defect):
    """A sound model but for one thing over which LiteRT may end the process, hang or answer at random."""
    model, shape = Network(), (1, *SIZE, 3)
    zero_point = 1 << 31 if defect == "zero point" else 0
    light, out = (model.tensor(shape, scale=1, zero_point=zero_point) for _ in range(2))
    between = model.tensor(shape, scale={"scale": np.nan, "no scale": None}.get(defect, 1), zero_point=zero_point)
    first, last = ([between], [light]) if defect == "order" else ([light], [between])
    if defect == "stride":
        model.operator("MAX_POOL_2D", first, last, options="Pool2DOptions")
    elif defect == "options":
        model.operator("CONCATENATION", first, last, options="Conv2DOptions")
    else:
        model.operator("RELU", [-1] if defect == "no input" else first, [out] if defect == "twice" else last)
    model.operator("RELU", [light if defect == "twice" else between], [out])
    return model.written([light], [{"output": 99, "no output": model.tensor(shape)}.get(defect, out)])


@pytest.mark.parametrize(
    ("defect", "words"),
    [
        ("zero point", "zero point beyond 0 to 255"),
        ("scale", "has a scale beyond"),
        ("no scale", "'tensor2' of uint8 has no scale"),
        ("order", "Operator 0 reads what no operator has written"),
        ("twice", "Operator 1 writes what is written already"),
        ("stride", "steps by 0 pixels"),
        ("options", "CONCATENATION has options of kind 1, which are another's"),
        ("no input", "An operator has no input"),
        ("output", r"Its outputs are tensors \[99\] of 4"),
        ("no output", "Its output, tensor 3, is written by no operator"),
    ],
)
def test_a_defect_that_litert_may_stumble_over_is_named(stored, defect, words):
    with pytest.raises(ModelError, match=words):
        Model(stored(with_defect(defect)))


def test_the_model_of_these_defects_is_sound_without_them(stored):
    assert np.array_equal(Model(stored(with_defect("none"))).run(PICTURE), PICTURE)


LOAD_EVERYTHING = """
import sys
from pathlib import Path
import numpy as np
from accelerators.errors import AcceleratorError
from accelerators.runtime.model import Model
answered = 0
for path in sorted(Path(sys.argv[1]).iterdir()):
    try:
        model = Model(path)
        model.run(np.zeros(model.picture_shape, np.uint8))
        answered += 1
    except AcceleratorError:
        pass
print(answered)
"""


def test_damaged_files_never_end_the_process(tmp_path):
    random = np.random.default_rng(7)
    for name, content in (("neg", negative()), ("resized", resized(0.5, 0.5)), ("argmax", largest_colour())):
        for number in range(100):
            damaged = bytearray(content)
            place = int(random.integers(8, len(content)))
            damaged[place] = random.choice([0, 1, 127, 128, 255, damaged[place] ^ 1 << int(random.integers(8))])
            (tmp_path / f"{name}{number}").write_bytes(damaged)
    done = subprocess.run(
        [sys.executable, "-c", LOAD_EVERYTHING, tmp_path],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    # Most damage is harmless: names, numbers, padding.
    assert 50 < int(done.stdout) < 300

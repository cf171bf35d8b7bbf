"""A network over pictures in eight bits: LiteRT runs what was written, an Edge TPU could, and it is near the floats."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("ai_edge_litert", reason="int8 files are written with ai-edge-litert's schema")

from measures.drawing_networks import HALO, eight_bit_pictures, random_filters

from accelerators.errors import ModelError
from accelerators.models.lint import lint
from accelerators.models.seal import check_seal
from accelerators.runtime.model import Model
from accelerators.training.filter_file import write_int8_filters
from accelerators.training.layers import Filter

TILE = (30, 26)


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    path = tmp_path_factory.mktemp("pictures") / "net.tflite"
    filters = random_filters()
    return path, filters, write_int8_filters(path, filters, eight_bit_pictures(), TILE, "a lottery")


def pictures(count=4, seed=9):
    rng = np.random.default_rng(seed)
    smooth = rng.uniform(0, 255, (count, TILE[0] // 2, TILE[1] // 2)).repeat(2, 1).repeat(2, 2)
    return [np.rint(picture).astype(np.uint8)[..., np.newaxis] for picture in smooth]


def in_turn(layers, picture):
    values = picture[np.newaxis] / 255
    for layer in layers:
        values = layer(values)
    return values[0]


def test_litert_runs_the_integers_that_were_written(written):
    path, _, whole = written
    model, step = Model(path), whole[-1].given.scale
    for picture in pictures():
        made = model.run(picture)
        assert made.shape == (TILE[0] - 2 * HALO, TILE[1] - 2 * HALO, 4)
        off = np.abs(made - in_turn(whole, picture)) / step
        # A sum that lies between two levels may be rounded to either.
        assert off.max() < 1.01 and np.mean(off > 0.01) < 0.02


def test_the_integers_are_nearly_the_floats(written):
    _, floats, whole = written
    seen = eight_bit_pictures(seed=20)
    for picture in seen:
        wanted = in_turn(floats, 255 * picture)
        assert np.std(in_turn(whole, 255 * picture) - wanted) < 0.05 * np.std(wanted)


def test_an_edge_tpu_could_run_all_of_it(written):
    report = lint(written[0])
    assert report.stays and not report.notes and not any(verdict.doubt for verdict in report.verdicts)


def test_the_same_layers_and_pictures_give_the_same_bytes_and_a_damaged_one_shows(written, tmp_path):
    path, filters, _ = written
    write_int8_filters(tmp_path / "again", filters, eight_bit_pictures(), TILE, "a lottery")
    content = path.read_bytes()
    assert (tmp_path / "again").read_bytes() == content
    check_seal(content)
    for place in range(len(content) // 2, len(content), 97):
        with pytest.raises(ModelError):
            check_seal(content[:place] + bytes([content[place] ^ 16]) + content[place + 1 :])


def test_nothing_in_gives_nothing_out_where_the_network_says_so(tmp_path):
    """Zero is a level of the answer: what has no detail gets none."""
    filters = [Filter(one.weights, np.zeros_like(one.bias), one.relu) for one in random_filters()]
    write_int8_filters(tmp_path / "net.tflite", filters, eight_bit_pictures(), TILE, "no bias")
    assert (Model(tmp_path / "net.tflite").run(np.zeros((*TILE, 1), np.uint8)) == 0).all()


def test_layers_and_pictures_that_do_not_fit_are_refused(tmp_path):
    filters, samples = random_filters(), eight_bit_pictures()

    def write(layers=filters, shown=samples, tile=TILE):
        write_int8_filters(tmp_path / "net", layers, shown, tile, "refused")

    for words, wrong in (
        ("Layer 2", {"layers": [filters[0], *filters]}),
        ("without RELU", {"layers": filters[:-1]}),
        ("finite", {"shown": np.full_like(samples, np.nan)}),
        ("pictures are 0 to 1", {"shown": 255 * samples}),
        ("smaller than what the network sees", {"shown": samples[:, :6, :6]}),
        ("smaller than what the network sees", {"tile": (6, 40)}),
        ("shape", {"shown": samples[..., 0]}),
    ):
        with pytest.raises(ModelError, match=words):
            write(**wrong)
    assert not (tmp_path / "net").exists()

"""The white balance's network: int8 in one file, the same bits by LiteRT and by numpy, and no damage goes unseen."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("ai_edge_litert", reason="int8 files are written with ai-edge-litert's schema")

from measures.tiny_models import negative

from accelerators.errors import ModelError
from accelerators.models.lint import lint
from accelerators.models.seal import sealed
from accelerators.training.int8_file import write_int8
from accelerators.training.joining import joined
from accelerators.training.layers import Layer
from accelerators.white_balance.network import load_network

ROOT = Path(__file__).parents[1]
CANDIDATES, FEATURES, MOST_KB = 80, 40, 64
MIRED = np.linspace(1e6 / 7600, 1e6 / 2800, CANDIDATES)
FORMS = {"one candidate at a time": (1, 1, 1), "with its neighbours": (3, 4, 1)}


def random_layers(taps, widths=(FEATURES, 24, 24, 1), seed=1):
    """Layers as training leaves them: as many weights of each sign, biases, RELU inside."""
    rng = np.random.default_rng(seed)
    sizes = list(zip(widths[:-1], widths[1:], taps, strict=True))
    return [
        Layer(
            rng.normal(0, (2 / (given * count)) ** 0.5, (made, count, given)).astype(np.float32),
            rng.normal(0, 0.3, made).astype(np.float32),
            relu=number < len(sizes),
        )
        for number, (given, made, count) in enumerate(sizes, 1)
    ]


def random_features(count, features=FEATURES, spread=1.0, seed=2):
    """Features of very different ranges, as shares of zones and logarithms are."""
    ranges = np.geomspace(0.01, 10, features, dtype=np.float32)
    return (spread * np.random.default_rng(seed).normal(0, 1, (count, CANDIDATES, features)) * ranges).astype(
        np.float32
    )


def in_floats(layers, features):
    for layer in layers:
        features = layer(features)
    return features[..., 0]


def seen_lights(count, seed):
    """(count, candidates, features) and (count,) mired: how far each candidate is from the light, through steps of
    various widths and places, with noise that all candidates of a feature share."""
    rng = np.random.default_rng(seed)
    lights = rng.uniform(MIRED[0], MIRED[-1], count)
    distance = MIRED[:, np.newaxis] - lights[:, np.newaxis, np.newaxis] + rng.normal(0, 20, (count, 1, FEATURES))
    features = np.tanh((distance - np.linspace(-60, 60, FEATURES)) / np.geomspace(10, 100, FEATURES))
    return features.astype(np.float32), lights


def finding(samples, lights, spread=15.0, ridge=1.0):
    """Random layers, of which the last is fitted so that its scores are those of a normal distribution."""
    hidden = random_layers((1, 1, 1))[:-1]
    inside = samples
    for layer in hidden:
        inside = layer(inside)
    wanted = np.maximum(-(((MIRED - lights[:, np.newaxis]) / spread) ** 2) / 2, -20).ravel()
    inside = np.column_stack([inside.reshape(len(wanted), -1), np.ones(len(wanted))])
    *weights, bias = np.linalg.solve(inside.T @ inside + ridge * np.eye(inside.shape[1]), inside.T @ wanted)
    return [*hidden, Layer(np.array([weights], np.float32), np.array([bias], np.float32), relu=False)]


def mean_mired(scores):
    """The mean of the distribution that scores, (n, candidates), stand for."""
    shares = np.exp(scores - scores.max(axis=1, keepdims=True))
    return shares @ MIRED / shares.sum(axis=1)


@pytest.fixture(scope="module", params=FORMS.values(), ids=FORMS)
def written(request, tmp_path_factory):
    """(path, layers) of a network that is written."""
    path, layers = tmp_path_factory.mktemp("network") / "light.tflite", random_layers(request.param)
    write_int8(path, layers, random_features(20), "white balance for a test")
    return path, layers


# One network


def test_litert_and_numpy_give_the_same_bits(written):
    """200 inputs, a quarter of them far beyond all that was seen: inputs, layers and scores run into their ends."""
    in_litert, in_numpy = (load_network(written[0], runs_in) for runs_in in ("litert", "numpy"))
    usual, wild = random_features(150, seed=3), random_features(50, spread=30, seed=4)
    for features in (*usual, *wild):
        assert np.array_equal(in_litert.scores(features), in_numpy.scores(features))
    stored = in_numpy.file.stored(wild[0])
    assert (stored.min(), stored.max()) == (-127, 127)
    least, most = (in_numpy.file.scores(np.full((CANDIDATES, 4), end, np.int8))[0] for end in (-128, 127))
    scores = np.stack([in_numpy.scores(features) for features in wild])
    assert (scores.min(), scores.max()) == (least, most)


def test_rounding_hardly_moves_the_light_that_is_found(tmp_path):
    """On 60 lights that were not among the samples, seen through 40 features with noise."""
    samples, lights = seen_lights(100, seed=6)
    layers = finding(samples, lights)
    write_int8(tmp_path / "light.tflite", layers, samples, "finds a light")
    network, (unseen, there) = load_network(tmp_path / "light.tflite"), seen_lights(60, seed=7)
    before = mean_mired(in_floats(layers, unseen))
    after = mean_mired(np.stack([network.scores(features) for features in unseen]))
    assert np.abs(before - there).mean() < 15
    assert np.abs(after - before).mean() < 0.5
    assert np.abs(after - before).max() < 3.0


def test_every_feature_counts_however_small_its_range(tmp_path):
    """The smallest one is a thousandth of the largest; a common scale for all of them would read it as nothing."""
    layers = [Layer(1 / np.geomspace(0.01, 10, FEATURES, dtype=np.float32)[np.newaxis], np.zeros(1, np.float32), False)]
    write_int8(tmp_path / "sum.tflite", layers, random_features(20), "a sum")
    network, features = load_network(tmp_path / "sum.tflite"), random_features(1)[0]
    before = network.scores(features)
    assert (network.scores(features * np.where(np.arange(FEATURES) == 0, -1, 1).astype(np.float32)) != before).any()


def test_candidates_beyond_the_ends_read_as_zeros(tmp_path):
    """A layer that hands each candidate the feature of its neighbour leaves one candidate with nothing."""
    samples = np.linspace(-2, 2, CANDIDATES, dtype=np.float32).reshape(1, CANDIDATES, 1)
    for taps, empty in (([1, 0, 0], 0), ([0, 0, 1], -1)):
        shift = Layer(np.array(taps, np.float32).reshape(1, 3, 1), np.zeros(1, np.float32), False)
        write_int8(tmp_path / "shift.tflite", [shift], samples, "a shift")
        for runs_in in ("litert", "numpy"):
            scores = load_network(tmp_path / "shift.tflite", runs_in).scores(samples[0])
            moved = np.roll(samples[0, :, 0], 1 if empty == 0 else -1)
            moved[empty] = 0
            assert np.abs(scores - moved).max() < 4 / 255


def test_the_file_fits_the_edge_tpu_and_a_small_package(written):
    report = lint(written[0])
    assert report.stays, report.summary
    assert [verdict.operator for verdict in report.verdicts] == ["CONV_2D"] * 3
    assert not any(verdict.doubt for verdict in report.verdicts)
    assert written[0].stat().st_size < 1000 * MOST_KB


def test_the_same_layers_give_the_same_bytes(written, tmp_path):
    path, layers = written
    write_int8(tmp_path / "again.tflite", layers, random_features(20), "white balance for a test")
    assert (tmp_path / "again.tflite").read_bytes() == path.read_bytes()


def test_joined_networks_say_the_mean_of_what_each_says(tmp_path):
    features = random_features(20, seed=9)
    for taps, widths in (((1, 3, 1), (FEATURES, 9, 8, 1)), ((3,), (FEATURES, 1))):
        several = [random_layers(taps, widths, seed) for seed in (1, 2, 3)]
        together = joined(several)
        means = np.mean([in_floats(layers, features) for layers in several], axis=0)
        assert np.abs(in_floats(together, features) - means).max() < 1e-4
        write_int8(tmp_path / "joined.tflite", together, features, "three in one")
        error = load_network(tmp_path / "joined.tflite").scores(features[0]) - means[0]
        assert np.sqrt(np.mean(error**2)) < 0.1 * means.std()


def test_networks_of_different_forms_are_not_joined():
    long, short = random_layers((1, 1, 1)), random_layers((1, 1), (FEATURES, 9, 1))
    for networks in ([long, short], [], [long[:1], long[:1]]):
        with pytest.raises(ModelError, match="cannot be joined"):
            joined(networks)


# Which of the two


def test_a_network_says_what_it_runs_in(written):
    assert [load_network(written[0], runs_in).runs_in for runs_in in ("auto", "litert", "numpy")] == [
        "litert",
        "litert",
        "numpy",
    ]


def test_without_litert_numpy_runs_it_and_says_why(written, tmp_path):
    """A package of that name that cannot be imported stands before the installed one, as a broken install does."""
    for name in ("ai_edge_litert", "tflite_runtime"):
        (tmp_path / f"{name}.py").write_text("raise ImportError('not for this processor')")
    code = (
        "import sys; sys.path[:0] = sys.argv[2:]\n"
        "from pathlib import Path\n"
        "import numpy as np\n"
        "from accelerators.white_balance.network import load_network\n"
        "network = load_network(Path(sys.argv[1]))\n"
        f"scores = network.scores(np.ones(({CANDIDATES}, {FEATURES}), np.float32))\n"
        "print(network.runs_in, network.why, scores.tobytes().hex(), sep='|')\n"
        "try: load_network(Path(sys.argv[1]), 'litert')\n"
        "except ImportError as error: print(error)\n"
    )
    told = subprocess.run(
        [sys.executable, "-c", code, written[0], tmp_path, ROOT], capture_output=True, text=True, check=True, timeout=60
    ).stdout
    first, second = told.splitlines()
    runs_in, why, scores = first.split("|")
    assert (runs_in, "not for this processor" in why, "pip install" in why) == ("numpy", True, True)
    assert (
        scores == load_network(written[0], "litert").scores(np.ones((CANDIDATES, FEATURES), np.float32)).tobytes().hex()
    )
    assert "not for this processor" in second


# What is refused


def test_no_changed_byte_goes_unseen(written, tmp_path):
    whole, path = written[0].read_bytes(), tmp_path / "changed.tflite"
    for place in range(0, len(whole), 131):
        path.write_bytes(whole[:place] + bytes([whole[place] ^ 0x10]) + whole[place + 1 :])
        with pytest.raises(ModelError, match=r"changed\.tflite is damaged or not for this"):
            load_network(path)


def test_damage_under_a_right_sum_is_refused_or_harmless(tmp_path):
    """A file from elsewhere may carry a sum that fits: numpy then answers with finite numbers, or it is refused."""
    path, rng = tmp_path / "damaged.tflite", np.random.default_rng(8)
    write_int8(path, random_layers((1, 3, 1), (4, 3, 3, 1)), random_features(5, features=4), "tiny")
    whole, fates = path.read_bytes(), []
    for place, value in zip(rng.integers(0, len(whole), 200), rng.integers(0, 256, 200), strict=True):
        try:
            path.write_bytes(sealed(whole[:place] + bytes([value]) + whole[place + 1 :]))
            network = load_network(path, "numpy")
        except ModelError:
            fates.append("refused")
        else:
            features = np.ones((network.candidates, len(network.file.features.middles)), np.float32)
            fates.append(bool(np.isfinite(network.scores(features)).all()))
    assert set(fates) == {"refused", True}


def test_a_file_that_is_cut_off_is_refused(written, tmp_path):
    whole, path = written[0].read_bytes(), tmp_path / "cut.tflite"
    for length in (0, 4, 100, len(whole) // 2, len(whole) - 1):
        path.write_bytes(whole[:length])
        with pytest.raises(ModelError, match=r"cut\.tflite .*Install nightjar again"):
            load_network(path)


def test_what_is_no_such_file_is_named(written, tmp_path):
    with pytest.raises(ModelError, match=r"none\.tflite cannot be read \(No such file"):
        load_network(tmp_path / "none.tflite")
    with pytest.raises(ModelError, match="It is no file"):
        load_network(tmp_path)
    (tmp_path / "text.tflite").write_text("not a network at all")
    with pytest.raises(ModelError, match=r"no \.tflite file"):
        load_network(tmp_path / "text.tflite")
    with pytest.raises(ModelError, match="auto, litert or numpy, not in 'tpu'"):
        load_network(written[0], "tpu")


@pytest.mark.parametrize(
    ("features", "said"),
    [
        (np.zeros((CANDIDATES, FEATURES - 1), np.float32), r"\(80, 40\), not float32 \(80, 39\)"),
        (np.zeros((0, FEATURES), np.float32), r"not float32 \(0, 40\)"),
        (np.zeros((CANDIDATES, FEATURES)), "not float64"),
        ([[1.0]], "not list"),
        (np.full((CANDIDATES, FEATURES), np.nan, np.float32), "NaN or infinite"),
        (np.full((CANDIDATES, FEATURES), -np.inf, np.float32), "NaN or infinite"),
    ],
)
def test_features_that_do_not_fit_are_refused(written, features, said):
    with pytest.raises(ModelError, match=said):
        load_network(written[0], "numpy").scores(features)


def test_the_largest_features_count_as_the_largest_seen(written):
    network = load_network(written[0], "numpy")
    largest, seen = np.finfo(np.float32).max, network.file.features.middles + network.file.features.halves
    scores = network.scores(np.full((CANDIDATES, FEATURES), largest))
    assert np.array_equal(scores, network.scores(np.broadcast_to(seen, (CANDIDATES, FEATURES))))


def test_another_network_is_refused(tmp_path):
    path = tmp_path / "other.tflite"
    path.write_bytes(negative("int8"))
    with pytest.raises(ModelError, match="It has no entry nightjar_sha256"):
        load_network(path)


@pytest.mark.parametrize(
    ("layers", "samples", "said"),
    [
        ([], random_features(2), "last layer"),
        (random_layers((1, 1, 1))[:2], random_features(2), "last layer gives one number"),
        (random_layers((1, 1, 1)), random_features(2, features=9), r"Layer 1 has weights \(24, 1, 40\)"),
        (random_layers((1, 1, 1))[::-1], random_features(2), "Layer 1 has weights"),
        (random_layers((1, 1, 1)), random_features(2) * np.float32(np.nan), "finite"),
        (random_layers((1, 1, 1)), random_features(2)[:0], "finite ones of shape"),
    ],
)
def test_layers_that_do_not_fit_their_samples_are_not_written(tmp_path, layers, samples, said):
    with pytest.raises(ModelError, match=said):
        write_int8(tmp_path / "light.tflite", layers, samples, "no network")
    assert not list(tmp_path.iterdir())

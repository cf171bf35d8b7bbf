"""What the upscaling network learned from is what its card says, and what ships is near to the truth."""

import numpy as np
import pytest
from measures.shared_folder import SHARED

from accelerators.models.lint import lint
from accelerators.training.layers import Filter
from accelerators.training.upscaling.card import CARD, sum_of
from accelerators.training.upscaling.drawings import (
    KINDS,
    SIDE_PX,
    drawings,
    gratings,
    leaves,
    print_on_paper,
    slanted_edges,
    zone_plate,
)
from accelerators.training.upscaling.measuring import (
    KODAK,
    SETS,
    Protocol,
    halved,
    psnr_db,
    upscaled_by_floats,
    upscaled_luma,
)
from accelerators.training.upscaling.patches import Patches
from accelerators.training.upscaling.photographs import FOLDS, Photograph, held_out, photographs_of, taught
from accelerators.upscaling.network_file import FOLDER, NAME
from accelerators.upscaling.upscaler import opened_upscaler
from isp.zoom.projection import difference_rms, enlarged_twice, projected
from isp.zoom.resample import resampled

# Nothing that trained or rounded the network has it.
UNSEEN_SEED = 1234


@pytest.fixture(scope="module")
def upscaler():
    with opened_upscaler(device="cpu") as opened:
        yield opened


def photograph_number(number):
    return Photograph(f"kodim{number:02d}", np.full((2, 2), number, np.uint8))


def in_8_bits(picture):
    return np.clip(np.rint(picture), 0, 255).astype(np.uint8)


def test_no_photograph_is_judged_by_a_network_that_saw_it():
    photographs = [photograph_number(number) for number in range(1, 25)]
    judged = [photograph.name for fold in range(FOLDS) for photograph in held_out(photographs, fold)]
    assert sorted(judged) == [photograph.name for photograph in photographs]
    for fold in range(FOLDS):
        teachers = {photograph.name for photograph in taught(photographs, fold)}
        judges = {photograph.name for photograph in held_out(photographs, fold)}
        assert not teachers & judges
        assert len(teachers) + len(judges) == len(photographs)


def test_the_card_tells_of_the_network_that_ships():
    assert sum_of(FOLDER / NAME) in (FOLDER / CARD).read_text(encoding="utf-8")


def test_the_network_stays_on_the_edge_tpu_as_a_whole():
    report = lint(FOLDER / NAME)
    assert report.stays
    assert not any(verdict.doubt for verdict in report.verdicts)


def test_drawings_are_of_all_kinds_and_alike_for_a_seed():
    first, again, other = drawings(len(KINDS), 1), drawings(2, 1), drawings(2, 2)
    assert all(picture.shape == (SIDE_PX, SIDE_PX) and picture.dtype == np.uint8 for picture in first)
    assert all(np.array_equal(one, same) for one, same in zip(first, again, strict=False))
    assert not any(np.array_equal(one, changed) for one, changed in zip(first, other, strict=False))


def test_print_is_mostly_paper_and_has_as_many_lines_as_fit():
    picture = print_on_paper(np.random.default_rng(3)).astype(int)
    paper = np.bincount(picture.ravel()).argmax()
    printed = np.abs(picture - paper) > 20
    assert 0.05 < printed.mean() < 0.5
    assert (printed.reshape(16, -1, SIDE_PX).any(axis=(1, 2))).all()


@pytest.mark.parametrize("kind", [slanted_edges, leaves])
def test_edges_end_between_pixels(kind):
    """Most pixels lie within one surface, and those on its edge have greys between the two."""
    picture = kind(np.random.default_rng(4)).astype(int)
    left, middle, right = picture[:, :-2], picture[:, 1:-1], picture[:, 2:]
    edges = np.abs(left - right) > 40
    between = (middle > np.minimum(left, right) + 4) & (middle < np.maximum(left, right) - 4)
    assert 0.01 < edges.mean() < 0.5
    assert between[edges].mean() > 0.5


def test_stripes_reach_what_a_picture_can_hold_and_no_further():
    finest = []
    for seed in range(4):
        picture = gratings(np.random.default_rng(seed)).astype(float)
        for tile in picture.reshape(4, 64, 4, 64).swapaxes(1, 2).reshape(16, 64, 64):
            power = np.abs(np.fft.fft2(tile - tile.mean()))
            row, column = np.unravel_index(power.argmax(), power.shape)
            finest.append(np.hypot(np.fft.fftfreq(64)[row], np.fft.fftfreq(64)[column]))
    assert max(finest) == pytest.approx(0.5, abs=0.03)
    assert min(finest) < 0.1


def test_rings_grow_finer_outwards():
    picture = zone_plate(np.random.default_rng(6)).astype(float)
    changes = np.abs(np.diff(picture, axis=1))
    contrast = picture.std()
    smooth = changes.reshape(16, 16, -1)[:, :, : 15 * 16].reshape(16, 16, 15, 16).mean(axis=(1, 3)) / contrast
    assert smooth.min() < 0.25
    assert smooth.max() > 3 * smooth.min()


def test_most_pieces_are_shown_as_the_cameras_own_reduction_makes_them():
    shown, truth = Patches(drawings(2, 8), [], 9).drawn(60, 24)
    assert (shown.shape, truth.shape) == ((60, 24, 24), (60, 48, 48))
    clean = 0
    for small, large in zip(shown, truth, strict=True):
        # At its edges a piece was reduced with what lay beyond it.
        off = halved(np.ascontiguousarray(large))[2:-2, 2:-2].astype(int) - small[2:-2, 2:-2]
        assert np.abs(off.mean()) < 1.0
        clean += not off.any()
    # Some are summed by areas and some have noise.
    assert 30 <= clean < 54


def test_a_level_off_everywhere_is_48_decibels():
    truth = np.full((20, 20), 100, np.uint8)
    made = truth + np.uint8(1)
    made[:4] = 0
    assert psnr_db(made, truth, 4) == pytest.approx(48.131, abs=1e-3)


def test_a_network_that_adds_nothing_leaves_the_projected_enlargement():
    small = halved(drawings(1, 10)[0])[:48, :40]
    nothing = [Filter(np.zeros((4, 3, 3, 1), np.float32), np.zeros(4, np.float32), False)]
    assert np.array_equal(upscaled_by_floats(nothing, small), in_8_bits(projected(enlarged_twice(small), small)))


@pytest.mark.parametrize(("kind", "better_db"), [(print_on_paper, 3.0), (slanted_edges, 3.0), (leaves, 1.0)])
def test_drawings_never_seen_come_nearer_than_by_bicubic(upscaler, kind, better_db):
    truth = kind(np.random.default_rng(UNSEEN_SEED))
    small = halved(truth)
    plain = psnr_db(in_8_bits(enlarged_twice(small)), truth, 4)
    assert psnr_db(upscaled_luma(upscaler, small), truth, 4) > plain + better_db


def test_an_edge_comes_back_without_new_rims(upscaler):
    """A dark field beside a bright one, drawn at twice the size, tilted: what is made of half of it has no halo."""
    rows, columns = np.mgrid[0:256, 0:256]
    truth = in_8_bits(60 + 120 * np.clip(columns - 127.5 + 0.2 * (rows - 128) + 0.5, 0, 1))
    drawn = upscaled_luma(upscaler, halved(truth))[32:-32, 32:-32]
    assert drawn.min() >= 60 - 0.06 * 120
    assert drawn.max() <= 180 + 0.06 * 120


def test_noise_on_a_flat_wall_stays_about_as_strong(upscaler):
    """What gives the noise back must have noise; bicubic interpolation smooths it to .8, and does not give it back."""
    small = in_8_bits(120 + np.random.default_rng(11).normal(0, 2.0, (96, 96)))
    assert upscaled_luma(upscaler, small)[16:-16, 16:-16].std() < 1.2 * small.std()


@pytest.mark.parametrize("grey", [0, 1, 127, 254, 255])
def test_a_flat_picture_stays_flat(upscaler, grey):
    drawn = upscaled_luma(upscaler, np.full((30, 50), grey, np.uint8)).astype(int)
    assert np.abs(drawn - grey).max() <= 1


@pytest.mark.slow
@pytest.mark.parametrize(
    ("protocol", "at_least_db"), [(KODAK, 31.6), (SETS[0], 36.6)], ids=["Kodak, luma", "Set5, as the literature"]
)
def test_photographs_come_as_near_as_asked(upscaler, protocol: Protocol, at_least_db):
    photographs = photographs_of(SHARED, protocol.folder, protocol.studio)
    if not photographs:
        pytest.skip(f"no pictures in {SHARED / 'data' / protocol.folder}")
    decibels = []
    for photograph in photographs:
        small = halved(photograph.luma)
        drawn = upscaled_luma(upscaler, small)
        decibels.append(psnr_db(drawn, photograph.luma, protocol.border_px))
        assert difference_rms(drawn, small) < 1.0, f"{photograph.name} does not give back what was given"
    assert np.mean(decibels) >= at_least_db


def test_a_photograph_never_seen_comes_nearer_than_by_lanczos(upscaler):
    photographs = photographs_of(SHARED, "set5", studio=True)
    if not photographs:
        pytest.skip(f"no pictures in {SHARED / 'data/set5'}")
    truth = photographs[2].luma[:200, :200]
    small = halved(truth)
    assert psnr_db(upscaled_luma(upscaler, small), truth, 4) > psnr_db(resampled(small, truth.shape), truth, 4) + 2.0


def test_what_training_projects_is_what_the_camera_projects():
    torch = pytest.importorskip("torch", reason="training needs torch: pip install 'nightjar[training]'")
    from accelerators.training.upscaling.network import Projection

    generator = np.random.default_rng(12)
    drawn = generator.normal(128, 12, (64, 64)).astype(np.float32)
    small = in_8_bits(generator.normal(128, 6, (32, 32)))
    learned = Projection(32)(*(torch.from_numpy(picture / np.float32(255)) for picture in (drawn, small)))
    assert np.abs(projected(drawn, small) - 255 * learned.numpy()).max() < 0.01


def test_an_orthogonal_step_moves_all_directions_alike():
    torch = pytest.importorskip("torch", reason="training needs torch: pip install 'nightjar[training]'")
    from accelerators.training.upscaling.orthogonal_steps import orthogonal

    generator = np.random.default_rng(13)
    for shape in ((8, 24), (24, 8)):
        matrix = generator.normal(size=shape) * np.exp(generator.uniform(-2, 2, shape[1]))
        made = orthogonal(torch.from_numpy(matrix))
        values = np.linalg.svd(made.numpy(), compute_uv=False)
        assert 0.6 < values.min() and values.max() < 1.3
        assert float((made * torch.from_numpy(matrix)).sum()) > 0


@pytest.mark.slow
def test_the_same_pictures_give_the_same_weights():
    pytest.importorskip("torch", reason="training needs torch: pip install 'nightjar[training]'")
    from accelerators.training.upscaling.fitting import fitted

    pictures = drawings(2, 14)
    first, again = (fitted(pictures, 3, "try") for _ in range(2))
    assert all(np.array_equal(one.weights, same.weights) for one, same in zip(first, again, strict=True))

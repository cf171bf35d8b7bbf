"""The light's judge is measured on people it has not seen, and the card that ships tells of the weights that ship."""

import numpy as np
import pytest
from measures.shared_folder import SHARED

from accelerators.published.judged import Judged
from accelerators.published.pictures import LabelledPicture, pictures_in, read_pictures
from accelerators.published.sensors import published_tuning
from accelerators.training.light.__main__ import main
from accelerators.training.light.card import CARD, sums_of
from accelerators.training.light.copies import MODULE_SPREAD, TINT_SPREAD, ZONE_NOISE, Scene, copied
from accelerators.training.light.folds import GROUPINGS, STRICT, every_fold, folds
from accelerators.training.light.softening import TEMPERATURES, WANTED, Scored, softened
from accelerators.training.light.validating import Figures, answers_of
from accelerators.white_balance.candidates import COARSE_MIRED, MIRED, Candidates
from accelerators.white_balance.judge import FOLDER
from accelerators.white_balance.zones import JudgedZones
from isp.light_estimate import LightEstimate

NAMES = ("david", "dom", "peter", "peter1", "zoe")
PICTURES = SHARED / "data/pi-awb"


def picture(photographer, scene, shape=(32, 32)):
    return LabelledPicture(None, photographer, "imx477", scene, 5000.0, 400.0, 5200.0, np.zeros((*shape, 3), np.uint16))


@pytest.fixture(scope="module")
def candidates():
    return Candidates.of(published_tuning("pisp", "imx477"))


@pytest.mark.parametrize("grouping", GROUPINGS)
def test_nobody_is_judged_by_what_saw_another_of_his_pictures(grouping):
    pictures = [
        picture(name, str(scene), shape) for name in NAMES for scene in range(2) for shape in ((32, 32), (12, 16))
    ]
    held_out = list(folds(pictures, grouping).values())
    assert sorted(name for names in held_out for name in names) == sorted(NAMES)
    assert set(held_out) <= every_fold(pictures)
    together = [names for names in held_out if "peter" in names]
    assert together == ([("peter", "peter1")] if grouping == STRICT else [("peter",)])


def test_the_card_tells_of_the_weights_that_ship():
    card = (FOLDER / CARD).read_text(encoding="utf-8")
    assert [line for line in sums_of(FOLDER) if line not in card] == []


def test_a_relit_grey_wall_is_grey_in_the_light_that_the_copy_says(candidates):
    generator = np.random.default_rng(0)
    grey = [np.interp(250.0, MIRED, axis) for axis in candidates.greys.T]
    wall = np.tile(np.exp([grey[0], 0.0, grey[1]]) * 0.2, (16, 16, 1)).astype(np.float32)
    scene = Scene(JudgedZones(wall, np.ones((16, 16), np.float32)), candidates, 100.0, 250.0)
    other = Candidates.of(published_tuning("pisp", "imx708"))
    moved = []
    for sensor in (None, other) * 20:
        copy = copied(scene, sensor, generator)
        logs = np.log(copy.zones.colours).mean(axis=(0, 1))
        expected = [np.interp(copy.mired, MIRED, axis) for axis in (sensor or candidates).greys.T]
        assert (logs[0] - logs[1], logs[2] - logs[1]) == pytest.approx(
            expected, abs=4 * np.hypot(MODULE_SPREAD, TINT_SPREAD) + ZONE_NOISE
        )
        moved.append(copy.mired)
    assert np.std(moved) > 10


def test_the_surer_a_judge_is_without_cause_the_more_it_is_softened(candidates):
    def softness(too_sure):
        generator = np.random.default_rng(1)
        scenes = []
        for middle, away in zip(generator.uniform(200, 280, 200), generator.normal(0, 15.0, 200), strict=True):
            scores = [-0.5 * too_sure * ((places - middle) / 15.0) ** 2 for places in (MIRED, COARSE_MIRED)]
            scenes.append(Scored(*scores, candidates, middle + away))
        return softened(scenes, 0.5)

    assert TEMPERATURES[0] < softness(1.2) < TEMPERATURES[-1] > softness(1.6)
    assert softness(1.6) / softness(1.2) == pytest.approx(1.6 / 1.2, rel=0.03)
    assert 0.9 <= WANTED < 0.95


def test_a_judge_that_states_no_region_is_never_inside_of_it():
    right = LightEstimate((0.5, 0.6), 5000.0)
    stated = LightEstimate((0.5, 0.6), 5000.0, covariance=((1.0, 0.0), (0.0, 1.0)))
    figures = Figures.of([Judged(picture("david", "a"), right), Judged(picture("david", "b"), stated)])
    assert (figures.mean, figures.inside) == (0.0, 0.5)


def test_without_the_pictures_it_is_said_what_is_missing(tmp_path, capsys):
    with pytest.raises(SystemExit):
        main(["--shared", str(tmp_path), "--into", str(tmp_path / "made")])
    assert f"there is no {tmp_path}/data/pi-awb/LICENSE" in capsys.readouterr().err
    assert not (tmp_path / "made").exists()


@pytest.mark.slow
@pytest.mark.skipif(not PICTURES.is_dir(), reason=f"{PICTURES} is not there: no labelled pictures")
def test_what_is_trained_on_others_judges_a_strangers_pictures_better_than_the_cameras_did(tmp_path):
    pytest.importorskip("torch", reason="torch is in the `training` extra")
    from accelerators.training.light.examples import examples_of
    from accelerators.training.light.fitting import trained
    from accelerators.white_balance.judge import load_judge

    pictures, _ = read_pictures(pictures_in(PICTURES)[::5])
    for folder in ("first", "second"):
        (tmp_path / folder).mkdir()
        trained(examples_of(pictures, copies=1).without(("david",))).write(tmp_path / folder)
    figures = Figures.of(answers_of(load_judge(tmp_path / "first"), [p for p in pictures if p.photographer == "david"]))
    assert figures.count > 30
    assert figures.mean < 0.8 * figures.bayes
    files = [sorted((tmp_path / folder).iterdir()) for folder in ("first", "second")]
    assert [file.read_bytes() for file in files[0]] == [file.read_bytes() for file in files[1]]

"""A relit scene is one that the camera could have seen: grey stays grey, and what was lost stays lost."""

import numpy as np
import pytest

from accelerators.training.relighting import KnownLight, relit, seen_by, somewhere_else, taken_again
from accelerators.training.zones import stretched
from firmware.sensors import load_sensor
from isp.grey_curve import grey_of, place_of
from isp.light_statistics import LightStatistics, render, unrendered

SENSORS = ("imx219", "imx477", "imx708", "ov5647")
CARDS = np.linspace(0.02, 0.3, 32 * 32).reshape(32, 32)


def tuning_of(sensor):
    return load_sensor(sensor).tuning


def card_scene(sensor, temperature_k=4000.0, tint=0.0, lux=300.0):
    """Grey cards of every level up to a third of saturation."""
    tuning = tuning_of(sensor)
    grey = grey_of(temperature_k, tint, tuning)
    raw = CARDS[..., None] * (grey[0], 1.0, grey[1])
    return KnownLight(LightStatistics(render(raw, tuning), lux, tuning), grey)


def painted_scene(sensor, temperature_k, seed=3):
    """Pale colours all over, none of them clipped."""
    tuning = tuning_of(sensor)
    grey = grey_of(temperature_k, 0.0, tuning)
    generator = np.random.default_rng(seed)
    displayed = 0.2 * (1 + 0.3 * generator.uniform(-1, 1, (32, 32, 3)))
    raw = displayed @ np.linalg.inv(tuning.matrix_at(temperature_k)).T * (grey[0], 1.0, grey[1])
    return KnownLight(LightStatistics(render(raw, tuning), 300.0, tuning), grey)


def assert_cards_are_grey(scene, tolerance=0.004):
    raw = unrendered(scene.statistics.zones, scene.tuning)
    # What the format clipped at either end says nothing.
    whole = (scene.statistics.zones > 200).all(axis=-1) & (scene.statistics.zones < 65000).all(axis=-1)
    assert whole.mean() > 0.3
    colours = np.log(raw[whole][:, [0, 2]] / raw[whole][:, 1:2])
    assert np.median(colours, axis=0) == pytest.approx(np.log(scene.grey), abs=tolerance)


def test_in_its_own_light_a_scene_is_what_it_was():
    scene = painted_scene("imx477", 4500.0)
    again = relit(scene, *place_of(scene.grey, scene.tuning))
    assert again.grey == pytest.approx(scene.grey, rel=1e-3)
    assert np.abs(again.statistics.zones.astype(int) - scene.statistics.zones).max() < 40, "of 65535"


def test_there_and_back_is_where_it_was():
    scene = painted_scene("imx708", 4500.0)
    back = relit(relit(scene, 6000.0), 4500.0)
    difference = back.statistics.zones.astype(int) - scene.statistics.zones
    assert np.abs(difference).max() < 100 and back.grey == pytest.approx(scene.grey, rel=1e-3)


@pytest.mark.parametrize("sensor", SENSORS)
@pytest.mark.parametrize(("temperature_k", "tint"), [(3200.0, 0.0), (5500.0, 0.05), (7000.0, -0.04)])
def test_grey_cards_are_grey_in_any_light(sensor, temperature_k, tint):
    scene = relit(card_scene(sensor), temperature_k, tint)
    assert scene.grey == pytest.approx(grey_of(temperature_k, tint, scene.tuning))
    assert_cards_are_grey(scene)


@pytest.mark.parametrize("sensor", SENSORS)
def test_grey_cards_are_grey_to_any_other_sensor(sensor):
    for other in SENSORS:
        scene = seen_by(card_scene(sensor, 4200.0, 0.03), tuning_of(other))
        assert scene.tuning.sensor == other
        assert place_of(scene.grey, scene.tuning) == pytest.approx((4200.0, 0.03), rel=0.02)
        assert_cards_are_grey(scene)


def test_another_sensor_sees_the_same_colours_on_the_display():
    scene = painted_scene("imx477", 5000.0)
    other = seen_by(scene, tuning_of("imx219"))
    displayed = [_displayed(s, 5000.0) for s in (scene, other)]
    assert np.abs(displayed[0] - displayed[1]).max() < 0.004


def test_what_was_blown_stays_blown_in_any_light():
    scene = card_scene("imx477")
    zones = scene.statistics.zones.copy()
    zones[:4] = 65535
    blown = KnownLight(LightStatistics(zones, 300.0, scene.tuning), scene.grey)
    for new in (relit(blown, 2900.0), relit(blown, 7000.0), seen_by(blown, tuning_of("ov5647"))):
        assert (new.statistics.zones[:4] > 65000).all() and (new.statistics.zones[8:] < 65000).any()


@pytest.mark.parametrize("seed", range(5))
def test_taken_again_by_another_module_cards_have_the_colour_of_the_label(seed):
    scene = taken_again(card_scene("imx477", lux=80.0), np.random.default_rng(seed))
    assert scene.statistics.zones.shape == (32, 32, 3)
    assert 10 < scene.statistics.lux < 640
    assert_cards_are_grey(scene, tolerance=0.01)


def test_an_augmented_light_is_near_and_inside_what_the_sensor_knows():
    generator, scene = np.random.default_rng(8), card_scene("imx708", 3200.0)
    drawn = [place_of(somewhere_else(scene, 60.0, generator).grey, scene.tuning) for _ in range(40)]
    mired = 1e6 / np.array([temperature_k for temperature_k, _ in drawn])
    ends = 1e6 / scene.tuning.grey_curve[[-1, 0], 0]
    assert ends[0] - 2 < mired.min() and mired.max() < ends[1] + 2
    assert 30 < np.std(mired) < 90 and 0.01 < np.std([tint for _, tint in drawn]) < 0.03


def test_a_scene_of_an_unknown_sensor_is_refused_with_the_reason():
    unknown = KnownLight(LightStatistics(np.zeros((32, 32, 3), np.uint16), None, None), (0.5, 0.6))
    with pytest.raises(ValueError, match=r"unknown sensor.*no curve"):
        relit(unknown, 5000.0)


def test_a_picture_of_zones_keeps_its_mean_on_a_coarser_grid():
    zones = np.random.default_rng(4).random((32, 32, 3))
    coarse = stretched(zones, (0.0, 0.0, 1.0), (12, 16))
    assert coarse.shape == (12, 16, 3) and coarse.mean() == pytest.approx(zones.mean())
    assert stretched(zones, (0.25, 0.5, 0.25), (8, 8)) == pytest.approx(zones[8:16, 16:24])


def _displayed(scene, temperature_k):
    raw = unrendered(scene.statistics.zones, scene.tuning) / (scene.grey[0], 1.0, scene.grey[1])
    return raw @ scene.tuning.matrix_at(temperature_k).T

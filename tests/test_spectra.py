"""A simulated sensor's greys lie where the real module's were measured; lamps lie off that curve as lamps do."""

import numpy as np
import pytest
from measures.shared_folder import SHARED

from accelerators.training.materials import KINDS, material
from accelerators.training.scenery import simulate
from accelerators.training.spectra import QUANTUM_EFFICIENCIES, WAVELENGTHS_NM, SpectralSensor, lamps, thermal_light
from accelerators.training.zones import averaged
from firmware.sensors import load_sensor
from isp.grey_curve import place_of
from isp.light_statistics import BLOWN

SPECTRA = SHARED / "data/pi-spectra"
pytest.importorskip("colour", reason="colour-science is in the `training` extra")
pytestmark = pytest.mark.skipif(not SPECTRA.is_dir(), reason=f"{SPECTRA} is not there: no published efficiencies")


@pytest.fixture(scope="module", params=sorted(QUANTUM_EFFICIENCIES))
def sensor(request):
    return SpectralSensor.fitted(load_sensor(request.param).tuning, SPECTRA)


@pytest.mark.parametrize("temperature_k", [2900, 3600, 4100, 5000, 6500])
def test_grey_in_thermal_light_lies_on_the_measured_curve(sensor, temperature_k):
    found = sensor.grey(thermal_light(temperature_k))
    assert found == pytest.approx(sensor.tuning.grey_at(temperature_k), rel=0.01)


def test_the_fitted_filter_blocks_infrared_and_passes_green(sensor):
    red = sensor.response[:, 0] / sensor.response[:, 0].max()
    assert red[WAVELENGTHS_NM == 700] < 0.3 < red[WAVELENGTHS_NM == 600]
    assert WAVELENGTHS_NM[sensor.response.argmax(axis=0)] == pytest.approx([600, 530, 465], abs=25)


@pytest.mark.parametrize(("lamp", "sign"), [("FL2", 1), ("FL3.1", 1), ("LED-V1", -1), ("LED-V2", -1)])
def test_tubes_are_greener_than_the_curve_and_violet_pumped_lamps_pinker(sensor, lamp, sign):
    _, tint = place_of(sensor.grey(lamps()[lamp]), sensor.tuning)
    assert sign * tint > 0.02


def test_a_grey_card_has_the_colour_of_its_light_however_dark_it_is(sensor):
    light = lamps()["LED-B3"]
    cards = sensor.colours(np.outer([0.04, 0.18, 0.9], np.ones(len(WAVELENGTHS_NM))), light)
    for card in cards:
        assert card[[0, 2]] / card[1] == pytest.approx(sensor.grey(light))


@pytest.mark.parametrize("kind", KINDS)
def test_materials_reflect_no_more_than_they_get(kind):
    generator = np.random.default_rng(1)
    drawn = np.array([material(kind, generator) for _ in range(50)])
    assert drawn.shape == (50, len(WAVELENGTHS_NM))
    assert 0 < drawn.min() and drawn.max() < 1
    assert np.ptp(drawn.mean(axis=1)) > 0.05, "each is drawn anew"


@pytest.mark.parametrize(
    ("kind", "more_nm", "less_nm"), [("foliage", 550, 670), ("skin", 650, 550), ("wood", 650, 450), ("brick", 650, 500)]
)
def test_materials_have_the_colours_they_are_known_by(kind, more_nm, less_nm):
    generator = np.random.default_rng(2)
    for _ in range(20):
        reflectance = material(kind, generator)
        assert reflectance[WAVELENGTHS_NM == more_nm] > reflectance[WAVELENGTHS_NM == less_nm]


@pytest.mark.parametrize("shape", [(32, 32), (12, 16)])
def test_a_seed_draws_the_same_scene_again_and_another_another(sensor, shape):
    first, again, other = (simulate(sensor, shape, np.random.default_rng(seed)).known for seed in (5, 5, 6))
    zones = first.statistics.zones
    assert zones.shape == (*shape, 3) and zones.dtype == np.uint16
    assert np.array_equal(zones, again.statistics.zones) and first.grey == again.grey
    assert not np.array_equal(zones, other.statistics.zones)


def test_scenes_hold_things_as_grey_as_their_truth_says(sensor):
    generator = np.random.default_rng(219)
    nearest, nearest_to_another, before = [], [], (1.0, 1.0)
    for _ in range(15):
        known = simulate(sensor, (32, 32), generator).known
        raw = known.statistics.raw_colours()
        raw = raw[np.isfinite(raw).all(axis=-1)]
        colours = np.log(raw[:, [0, 2]] / raw[:, 1:2])
        nearest.append(_tenth_nearest(colours, known.grey))
        nearest_to_another.append(_tenth_nearest(colours, before))
        before = known.grey
    assert np.median(nearest) < 0.1 < np.median(nearest_to_another)


def test_scenes_are_exposed_as_photographs_are(sensor):
    generator = np.random.default_rng(5647)
    zones = np.array([simulate(sensor, (12, 16), generator).known.statistics.zones for _ in range(15)]) / 65535
    means = zones.mean(axis=(1, 2, 3))
    assert 0.05 < np.median(means) < 0.3
    assert 0.1 < np.mean([(scene >= BLOWN).any() for scene in zones]) < 1.0, "many hold a blown window, sky or lamp"


def test_a_picture_of_zones_keeps_its_mean_on_a_coarser_grid():
    zones = np.random.default_rng(4).random((32, 32, 3))
    coarse = averaged(zones, (12, 16))
    assert coarse.shape == (12, 16, 3) and coarse.mean() == pytest.approx(zones.mean())
    assert averaged(zones, (16, 16))[3, 5] == pytest.approx(zones[6:8, 10:12].mean(axis=(0, 1)))


def _tenth_nearest(colours, grey):
    return np.quantile(np.linalg.norm(colours - np.log(grey), axis=1), 0.1)

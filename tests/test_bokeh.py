"""Claims about a picture that a fast lens draws."""

import dataclasses

import numpy as np
import pytest
from measures.lens_scenes import GREY, RED, lamp, mixed, rendered, round_subject, texture
from scipy.ndimage import gaussian_filter

from firmware.cameras.simulated import simulate
from firmware.sensors import load_sensor
from isp.bokeh import Bokeh
from isp.bokeh_layers import in_focus_share, layers_up_to
from isp.colour import Colour
from isp.defocus import Defocus
from isp.develop import run_stages
from isp.errors import FrameError
from isp.frames import NEUTRAL_SHOT, LinearImage
from isp.photo import photo_pipeline
from isp.pipeline import Pipeline
from isp.plan import plan

SHAPE = (260, 340)
MEASURED = {"noise": ((4e-4, 1e-6),) * 3, "grain_spread": (0.95, 0.21, 0.0, 0.06), "grain_alike": 0.75}


def linear_image(pixels):
    return LinearImage(np.ascontiguousarray(pixels, np.float32), NEUTRAL_SHOT)


def even(radius_px):
    return np.full((2, 2), radius_px, np.float32)


def middle(shape, margin):
    return tuple(slice(margin, length - margin) for length in shape[:2])


@pytest.mark.parametrize("radius_px", [0.3, 0.9, 2.5, 7.0, 33.0, 150.0])
def test_flat_stays_flat(radius_px):
    for subject in (None, round_subject(SHAPE, 60, 6)):
        assert np.abs(rendered(np.full((*SHAPE, 3), 0.4), radius_px, subject) - 0.4).max() < 2e-5


@pytest.mark.parametrize("radius_px", [1.3, 4.0, 11.0, 30.0])
def test_light_is_neither_made_nor_lost(radius_px):
    picture = np.zeros((*SHAPE, 3))
    picture[100:160, 140:200] = texture((60, 60))
    made = rendered(picture, radius_px, highlights_ev=0.0)
    assert made.sum() == pytest.approx(picture.sum(), rel=1e-3)


def test_what_is_in_focus_is_left_alone():
    picture = texture(SHAPE).astype(np.float32)
    assert np.array_equal(rendered(picture, 0.5), picture)
    radius = np.zeros(SHAPE, np.float32)
    radius[:, 200:] = 6.0
    made = rendered(picture, radius, **MEASURED)
    assert np.array_equal(made[:, :180], picture[:, :180])
    assert not np.array_equal(made[:, 210:], picture[:, 210:])


def test_the_subject_stays_as_it_was_whatever_its_radius():
    picture, mask = texture(SHAPE).astype(np.float32), round_subject(SHAPE, 60, 4)
    made = rendered(picture, 20.0, mask, **MEASURED)
    assert np.array_equal(made[mask == 255], picture[mask == 255])


def test_a_mask_that_is_all_subject_leaves_the_picture():
    picture = texture(SHAPE).astype(np.float32)
    assert np.array_equal(rendered(picture, 20.0, np.full(SHAPE, 255, np.uint8)), picture)


@pytest.mark.parametrize("soft_px", [1, 8, 24])
@pytest.mark.parametrize(("subject", "behind"), [(RED, GREY), (GREY, RED)], ids=["red on grey", "grey on red"])
def test_no_colour_is_carried_over_the_edge(subject, behind, soft_px):
    mask = round_subject(SHAPE, 70, soft_px)
    truth = mixed(mask, subject, behind)
    for radius_px in (4.0, 30.0, 60.0):
        off = np.abs(rendered(truth, radius_px, mask) - truth).max(axis=2) / np.abs(subject - behind).max()
        assert off[mask == 0].max() < 0.01
        assert off[mask > 0].max() < 0.01


def test_hair_keeps_its_own_colour_before_another_background():
    # Behind red hair the wall changes from dark to bright; blurred, there is a mean of both.
    mask = np.zeros(SHAPE, np.uint8)
    mask[:, 140:200] = (60 + 120 * np.random.default_rng(0).random((SHAPE[0], 60))).astype(np.uint8)
    mask[:, 195:240] = 255
    wall = np.where(np.indices(SHAPE)[0] // 65 % 2 == 0, 0.05, 0.5)[..., None] * np.ones(3)
    made = rendered(mixed(mask, RED, wall), 40.0, mask)
    wanted = mixed(mask, RED, rendered(wall, 40.0))
    hair = (slice(50, -50), slice(150, 190))
    mixture = mixed(mask, mixed(mask, RED, wall), rendered(wall, 40.0))
    assert np.abs(made - wanted)[hair].mean() < 0.3 * np.abs(mixture - wanted)[hair].mean()


def test_what_is_before_the_focus_is_blurred_over_the_subject():
    picture = np.full((*SHAPE, 3), 0.1)
    picture[:, 170:] = RED
    radius, mask = np.zeros(SHAPE, np.float32), np.zeros(SHAPE, np.uint8)
    radius[:, 170:] = -12.0
    mask[:, :170] = 255
    made = rendered(picture, radius, mask)
    assert made[130, 165, 0] > 0.2
    assert made[130, 150] == pytest.approx(picture[130, 150], abs=1e-5)


def test_a_sharp_edge_hides_the_blur_behind_it():
    picture, radius = np.full((*SHAPE, 3), 0.1), np.full(SHAPE, 25, np.float32)
    picture[:, 170:], radius[:, 170:] = RED, 0.0
    made = rendered(picture, radius)
    assert np.abs(made[:, :170] - 0.1).max() < 1e-4
    assert np.array_equal(made[:, 171:], picture[:, 171:].astype(np.float32))


def test_a_ramp_of_radii_shows_no_steps():
    across = np.where(np.indices(SHAPE)[1] < 170, 0.1, 0.6)[..., None] * np.ones(3)
    radius = np.broadcast_to(np.linspace(0, 30, SHAPE[0], dtype=np.float32)[:, None], SHAPE)
    # Along a column near the edge light changes as smoothly as the radius does.
    down = rendered(across, radius)[20:-20, 176, 0]
    assert np.abs(np.diff(down, 2)).max() < 0.004


@pytest.mark.parametrize("radius_px", [20.0, 45.3, 90.0])
def test_a_lamp_becomes_a_crisp_even_disc_of_its_colour(radius_px):
    light = np.array([8.0, 4.4, 1.3])
    made = rendered(lamp(light), radius_px, highlights_ev=0.0) - 0.01
    y, x = np.indices(made.shape[:2]) - 150
    inside = made[np.hypot(y, x) < radius_px - 2]
    level = np.median(inside, axis=0)
    assert np.abs(inside / level - 1).max() < 0.1
    assert level / level[0] == pytest.approx(light / light[0], rel=0.02)
    ten, ninety = np.interp([-0.9, -0.1], -made[150, 155:, 0] / level[0], np.arange(155, 300))
    assert ninety - ten < 2.0
    assert made.sum(axis=(0, 1)) == pytest.approx(light - 0.01, rel=0.01)


def blown(light, size_px=1.3, white=1.0):
    y, x = np.indices((300, 300))
    spot = np.exp(-((y - 150.2) ** 2 + (x - 149.7) ** 2) / (2 * size_px**2))[..., None]
    return np.minimum(spot * light + 0.01, white), spot * light + 0.01


@pytest.mark.parametrize("light", [(8.0, 4.4, 1.3), (1.0, 8.0, 3.0)])
def test_a_blown_lamp_gets_its_light_and_colour_back(light):
    measured, true = blown(np.array(light))
    disc = np.hypot(*(np.indices((300, 300)) - 150)) < 36
    levels = {
        name: np.median(rendered(picture, 40.0, highlights_ev=ev)[disc] - 0.01, axis=0)
        for name, picture, ev in (("true", true, 0.0), ("kept", measured, 0.0), ("recovered", measured, 2.0))
    }
    off = {
        name: np.abs(level / level.max() - levels["true"] / levels["true"].max()).max()
        for name, level in levels.items()
    }
    assert off["recovered"] < 0.05 < off["kept"]
    assert 0.7 < levels["recovered"].max() / levels["true"].max() < 1.3


def test_a_blown_sky_is_not_made_brighter():
    sky = np.full((*SHAPE, 3), 0.1)
    sky[:130] = 1.0
    assert rendered(sky, 20.0, highlights_ev=4.0).max() < 1.001
    assert np.array_equal(rendered(sky, 20.0, highlights_ev=4.0), rendered(sky, 20.0, highlights_ev=0.0))


@pytest.mark.parametrize("radius_px", [7.0, 12.0])
def test_a_blown_window_glows_nowhere_not_even_at_its_corners(radius_px):
    room = np.full((400, 4056, 3), 0.05)
    room[130:400, 1000:1270] = 1.0
    assert rendered(room, radius_px, highlights_ev=4.0).max() < 1.01


def strands(shape=(200, 240), soft=0.5):
    """(H, W) uint8 mask of hair through which one sees."""
    rng, mask = np.random.default_rng(5), np.zeros(shape)
    rows = np.arange(shape[0])
    for _ in range(70):
        middle, slope, turn = rng.uniform(40, 200), rng.uniform(-0.4, 0.4), rng.uniform(0, 6)
        columns = middle + slope * (rows - 100) + 6 * np.sin(rows / 40 + turn)
        first = np.clip(columns.astype(int), 0, shape[1] - 2)
        for step, share in ((0, 1 - columns % 1), (1, columns % 1)):
            mask[rows, first + step] = np.maximum(mask[rows, first + step], 0.8 * share)
    return np.round(255 * gaussian_filter(mask, soft)).astype(np.uint8)


@pytest.mark.parametrize("size_px", [3, 10])
def test_a_lamp_behind_hair_leaves_no_spot_in_it(size_px):
    mask, hair = strands(), np.array([0.12, 0.06, 0.03])
    spot = np.hypot(*(np.indices(mask.shape) - 110)) < size_px / 2
    behind = gaussian_filter(spot.astype(float), 0.7)[..., None] * np.array([8.0, 4.4, 1.3]) + 0.02
    made = rendered(np.minimum(mixed(mask, hair, behind), 1.0), 40.0, mask)
    wanted = mixed(mask, hair, rendered(behind, 40.0, highlights_ev=0.0))
    assert np.abs(made - wanted).max() < 0.1


def test_a_glint_on_the_subject_stays_on_it():
    mask = round_subject(SHAPE, 60, 8)
    picture = mixed(mask, np.array([0.1, 0.1, 0.1]), np.array([0.05, 0.05, 0.05]))
    inner = np.argwhere(mask == 255)
    # The outermost places that are wholly subject, and a soft pixel beside them.
    y = int(inner[:, 0].min())
    x = int(inner[inner[:, 0] == y, 1][0])
    glint = np.s_[y - 1 : y + 4, x - 2 : x + 3]
    picture[glint] = 1.0
    made = rendered(picture, 40.0, mask)
    assert made[glint].min() > 0.85
    outside = mask == 0
    assert made[outside].max() < 0.06


@pytest.mark.parametrize("blades", [5, 6, 9])
def test_blades_give_a_polygon_of_the_same_light(blades):
    round_disc, polygon = (rendered(lamp((8.0, 8.0, 8.0)), 40.0, blades=number) for number in (0, blades))
    assert polygon.sum() == pytest.approx(round_disc.sum(), rel=1e-3)
    lit = polygon[..., 1] > 0.0105
    assert lit.sum() == pytest.approx((round_disc[..., 1] > 0.0105).sum(), rel=0.03)
    y, x = np.nonzero(lit)
    # A disc's corners are as far out as its sides; a polygon's are not.
    far = np.array(
        [np.max((y - 150) * np.sin(turn) + (x - 150) * np.cos(turn)) for turn in np.linspace(0, 2 * np.pi, 60)]
    )
    assert far.max() / far.min() > 1.02


def test_cat_eyes_cut_discs_in_the_corners_only():
    picture = lamp((8.0, 8.0, 8.0), at=(150, 150)) + lamp((8.0, 8.0, 8.0), at=(60, 60), dark=0.0)
    cut, whole = (rendered(picture, 40.0, cat_eye=amount)[..., 1] > 0.0105 for amount in (1.0, 0.0))
    assert np.array_equal(cut[110:191, 110:191], whole[110:191, 110:191])
    corner = np.s_[:105, :105]
    assert cut[corner].sum() < 0.8 * whole[corner].sum()


@pytest.mark.parametrize("threads", [1, 3, 0])
def test_any_number_of_threads_gives_the_same_bytes(threads):
    picture, mask = (
        texture((300, 310)) + 3 * lamp((5.0, 2.0, 1.0), shape=(300, 310), dark=0.0),
        round_subject((300, 310), 60, 9),
    )
    radius = np.linspace(-9, 25, 12, dtype=np.float32).reshape(4, 3)
    made = [rendered(picture, radius, mask, number, **MEASURED) for number in (2, threads)]
    assert np.array_equal(*made)


@pytest.mark.parametrize("threads", [1, 2, 7])
def test_a_picture_drawn_over_itself_has_the_same_bytes(threads):
    # Bands of rows read the rows of their neighbours, which others may be drawing.
    picture, mask = texture((1300, 64)).astype(np.float32), round_subject((1300, 64), 200, 9)
    radius = np.linspace(-20, 90, 12, dtype=np.float32).reshape(4, 3)
    wanted = rendered(picture, radius, mask, **MEASURED)
    for _ in range(3):
        own = picture.copy()
        made = Bokeh(**MEASURED).render(linear_image(own), Defocus(radius, mask), threads, into=own)
        assert made.pixels is own
        assert np.array_equal(own, wanted)


def test_memory_that_does_not_fit_is_refused():
    room = np.zeros((9, 8, 3), np.float32)
    locked = np.zeros((8, 8, 3), np.float32)
    locked.flags.writeable = False
    for into, said in (
        (room, "float32 array \\(8, 8, 3\\)"),
        (room[:8].astype(float), "float32 array"),
        (locked, "writeable"),
        (room[1:], "part of the picture's memory"),
    ):
        with pytest.raises(FrameError, match=said):
            Bokeh().render(LinearImage(room[:8], NEUTRAL_SHOT), Defocus(even(3.0)), into=into)


def test_the_grain_of_the_blurred_part_is_that_of_the_sharp_part():
    frame, _ = simulate("grey", "imx219", 1640, 1232, lux=60.0)
    stages = photo_pipeline().stages
    index = [type(stage) for stage in stages].index(Colour) + 1
    recipe = plan(Pipeline((*stages[:index], Bokeh(), *stages[index:])), frame, load_sensor("imx219").tuning)
    bokeh = recipe.stage(Bokeh)
    assert Bokeh.from_dict(bokeh.to_dict()) == bokeh
    # The frame's middle: shading adds noise towards the corners, and this grain knows none of that.
    sharp = run_stages(frame, recipe.stages[:index]).pixels[416:816, 520:1120]
    soft = bokeh.render(linear_image(sharp), Defocus(even(40.0))).pixels
    bare = dataclasses.replace(bokeh, grain=0.0).render(linear_image(sharp), Defocus(even(40.0))).pixels
    steps = {
        name: np.diff(light.mean(axis=2), axis=1) for name, light in (("sharp", sharp), ("soft", soft), ("bare", bare))
    }
    amounts = {name: np.median(np.abs(step)) for name, step in steps.items()}
    assert amounts["bare"] < 0.2 * amounts["sharp"]
    assert 0.75 < amounts["soft"] / amounts["sharp"] < 1.25


def test_grain_is_stronger_where_shading_made_it_so():
    corners = ((2.0, 1.0, 2.0), (1.0, 1.0, 1.0), (2.0, 1.0, 2.0))
    made = rendered(np.full((*SHAPE, 3), 0.2), 9.0, lens_noise=corners, **MEASURED)
    even_made = rendered(np.full((*SHAPE, 3), 0.2), 9.0, **MEASURED)
    assert made[:30, :30].std() == pytest.approx(2 * even_made[:30, :30].std(), rel=0.02)
    assert made[110:150, 150:190].std() == pytest.approx(even_made[110:150, 150:190].std(), rel=0.1)


def test_each_photo_has_grain_of_its_own():
    picture = linear_image(np.full((*SHAPE, 3), 0.2))
    later = LinearImage(picture.pixels, dataclasses.replace(NEUTRAL_SHOT, timestamp_ns=1))
    one, again, other = (Bokeh(**MEASURED).render(p, Defocus(even(9.0))).pixels for p in (picture, picture, later))
    assert np.array_equal(one, again)
    assert abs(np.corrcoef(one[..., 1].ravel(), other[..., 1].ravel())[0, 1]) < 0.02


def test_the_plan_draws_half_the_disc_with_half_the_opening():
    frame, _ = simulate("grey", "imx219", 640, 480)
    stages = photo_pipeline().stages
    index = [type(stage) for stage in stages].index(Colour) + 1
    wide, narrow, shut = (
        plan(Pipeline((*stages[:index], Bokeh(f_number=f_number), *stages[index:])), frame, None).stage(Bokeh)
        for f_number in (2.0, 4.0, 22.0)
    )
    assert wide.largest_px == pytest.approx(2 * narrow.largest_px, rel=1e-3)
    assert shut.largest_px == pytest.approx(wide.largest_px * 2 / 22, rel=1e-2)
    assert wide.white >= 1.0
    again = plan(Pipeline((*stages[:index], wide, *stages[index:])), frame, None).stage(Bokeh)
    assert again == wide


@pytest.mark.parametrize("largest_px", [0.7, 3.0, 60.0, 1999.0])
def test_every_radius_belongs_wholly_to_its_layers(largest_px):
    radii = np.linspace(-largest_px, largest_px, 4001)
    shares = [in_focus_share(largest_px, largest_px)]
    shares += [layer.share for sign in (1, -1) for layer in layers_up_to(largest_px, sign)]
    total = sum(np.clip(np.minimum(r * radii + r0, f * radii + f0), 0, 1) for r, r0, f, f0 in shares)
    assert total == pytest.approx(1.0, abs=2e-3)


@pytest.mark.parametrize("shape", [(2, 2), (2, 300), (257, 3)])
@pytest.mark.parametrize("radius_px", [-40.0, 3.0, 1000.0])
def test_odd_sizes_and_radii_beyond_the_picture_work(shape, radius_px):
    mask = np.random.default_rng(0).integers(0, 256, shape).astype(np.uint8)
    for subject in (None, mask):
        assert np.abs(rendered(np.full((*shape, 3), 0.4), radius_px, subject) - 0.4).max() < 1e-4


def test_without_knowing_what_is_far_the_stage_says_what_it_needs():
    with pytest.raises(FrameError, match="render\\(picture, defocus\\)"):
        Bokeh()(texture(SHAPE).astype(np.float32))


@pytest.mark.parametrize(
    ("picture", "defocus", "said"),
    [
        (np.zeros((4, 4, 3), np.float32), Defocus(even(3.0)), "LinearImage, not ndarray"),
        (linear_image(np.zeros((4, 4, 3))), even(3.0), "Defocus, not ndarray"),
        (
            linear_image(np.zeros((4, 6, 3))),
            Defocus(even(3.0), np.zeros((4, 4), np.uint8)),
            "4 x 4 pixels, the picture 6 x 4",
        ),
        (linear_image(np.zeros((4, 4, 3))), Defocus(even(5000.0)), "5000 px is too large"),
    ],
)
def test_what_does_not_fit_is_named(picture, defocus, said):
    with pytest.raises(FrameError, match=said):
        Bokeh().render(picture, defocus)

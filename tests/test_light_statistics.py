"""What the light is judged from: the format in which labelled pictures are published, made from our own frames."""

import dataclasses
import math

import numpy as np
import pytest
from measures.exposed import CORNER, WHOLE, exposed

from firmware.sensors import load_sensor
from isp.frames import RawFrame
from isp.light_statistics import RENDERED_FOR_K, LightStatistics, gather, render

SIZE = (512, 640)  # 32 rows of 8 quads, 32 columns of 10
ORDERS = ("RGGB", "BGGR", "GRBG", "GBRG")


@pytest.fixture(scope="module")
def colourful():
    """(H, W, 3) patches of every hue, from dark to blown in places."""
    small = np.random.default_rng(6).uniform(0.0, 0.7, (8, 8, 3))
    small[0, 0] = 3.0
    return np.repeat(np.repeat(small, SIZE[0] // 8, axis=0), SIZE[1] // 8, axis=1).astype(np.float32)


def tuning_of(sensor):
    return load_sensor(sensor).tuning


def places_of_red(bayer):
    return divmod(bayer.index("R"), 2)


def enlarged(table, size):
    """A shading table at the centres of zones, by bilinear interpolation; beyond its outermost centres they hold."""
    zones = np.empty(size)
    for row, column in np.ndindex(*size):
        y, x = ((index + 0.5) * have / n - 0.5 for index, have, n in zip((row, column), table.shape, size, strict=True))
        y, x = min(max(y, 0), table.shape[0] - 1), min(max(x, 0), table.shape[1] - 1)
        top, left = min(int(y), table.shape[0] - 2), min(int(x), table.shape[1] - 2)
        down, right = y - top, x - left
        near = table[top : top + 2, left : left + 2]
        zones[row, column] = [1 - down, down] @ near @ [1 - right, right]
    return zones


def published(frame, tuning):
    """The converter's steps in its order: awb_nn's `dng_to_rgb`, a mean over each zone, `raw_to_rgb` for 5000 K."""
    places = np.reshape(list(frame.shot.bayer), (2, 2))
    channels = []
    for colour in "RGB":
        planes = [frame.pixels[y::2, x::2].astype(float) for y, x in np.argwhere(places == colour)]
        channels.append((np.mean(planes, axis=0) - frame.shot.black_dn[0]) / frame.shot.white_dn)
    rgb = np.stack(channels, axis=2).clip(0, 1)
    rows, columns = rgb.shape[0] // 32, rgb.shape[1] // 32
    zones = rgb.reshape(32, rows, 32, columns, 3).mean(axis=(1, 3))
    temperatures = [k for k, _ in tuning.red_shading]
    for index, tables in enumerate((tuning.red_shading, None, tuning.blue_shading)):
        table = tuning.luminance_shading
        if tables:
            stacked = np.stack([cells for _, cells in tables]).reshape(len(tables), -1)
            cells = [np.interp(RENDERED_FOR_K, temperatures, column) for column in stacked.T]
            table = np.reshape(cells, table.shape) * table
        zones[..., index] *= enlarged(table / table.min(), (32, 32))
    red, blue = (np.interp(RENDERED_FOR_K, tuning.grey_curve[:, 0], tuning.grey_curve[:, column]) for column in (1, 2))
    balanced = (zones.clip(0, 1) / (red, 1, blue)).clip(0, 1)
    return (balanced @ tuning.matrix_at(RENDERED_FOR_K).T).clip(0, 1) * 65535


@pytest.mark.parametrize("sensor", ["imx219", "imx477", "imx708"])
def test_a_frame_becomes_what_the_publishers_converter_makes_of_it(colourful, sensor):
    frame = exposed(colourful, sensor, field_of_view=WHOLE, noise=False, light_k=4000)
    made = gather(frame, tuning_of(sensor)).zones
    assert made.dtype == np.uint16 and made.shape == (32, 32, 3)
    np.testing.assert_allclose(made, published(frame, tuning_of(sensor)), atol=1.0)


@pytest.mark.parametrize("bayer", ORDERS)
def test_the_four_bayer_orders_have_one_statistics(colourful, bayer):
    frame, tuning = exposed(colourful, noise=False), tuning_of("imx477")
    ways = zip(places_of_red(bayer), places_of_red(frame.shot.bayer), strict=True)
    shifts = [(here - there) % 2 for here, there in ways]
    quads = frame.pixels.reshape(SIZE[0] // 2, 2, SIZE[1] // 2, 2)
    turned = np.roll(quads, shifts, (1, 3)).reshape(SIZE)
    other = RawFrame(turned, dataclasses.replace(frame.shot, bayer=bayer))
    np.testing.assert_array_equal(gather(other, tuning).zones, gather(frame, tuning).zones)


@pytest.mark.parametrize(("hflip", "vflip"), [(False, False), (True, False), (False, True), (True, True)])
@pytest.mark.parametrize("window", [WHOLE, CORNER, (0.2, 0.1, 0.5, 0.6)])
def test_a_flat_field_is_flat_in_any_crop_and_turn(window, hflip, vflip):
    frame = exposed(
        np.full(SIZE, 0.2), "imx219", field_of_view=window, hflip=hflip, vflip=vflip, noise=False, light_k=5000
    )
    zones = gather(frame, tuning_of("imx219")).zones / 65535.0
    # Outside the centres of the outermost cells the table holds, and the lens goes on.
    assert zones.std(axis=(0, 1)).max() < (0.02 if window == CORNER else 0.01) * zones.mean()


def test_what_the_sensor_read_comes_back_from_the_rendering(colourful):
    tuning = tuning_of("imx477")
    statistics = gather(exposed(0.4 * colourful, noise=False), tuning)
    raw = statistics.raw_colours()
    seen = np.isfinite(raw).all(axis=-1) & (statistics.zones.min(axis=-1) > 0)
    assert seen.mean() > 0.4
    np.testing.assert_allclose(render(raw[seen][None], tuning)[0], statistics.zones[seen], atol=2)


def test_a_published_picture_of_a_sensitive_module_tells_the_same_colours(colourful):
    plain = tuning_of("imx477")
    sensitive = dataclasses.replace(plain, sensitivity=(1.05, 1.05))
    frame = exposed(0.3 * colourful, noise=False)
    one, other = (gather(frame, tuning) for tuning in (plain, sensitive))
    assert other.zones[..., 0].mean() < 0.98 * one.zones[..., 0].mean()
    both = np.isfinite(one.raw_colours() + other.raw_colours()).all(axis=-1)
    both &= np.minimum(one.zones, other.zones).min(axis=-1) > 0
    np.testing.assert_allclose(one.raw_colours()[both], other.raw_colours()[both], atol=1e-4)


def test_clipped_and_dark_zones_have_no_colour():
    light = np.full(SIZE, 0.3)
    light[:64], light[64:128] = 2.0, 0.001
    raw = gather(exposed(light, noise=False), tuning_of("imx477")).raw_colours()
    assert np.isnan(raw[:8]).all()
    assert np.isfinite(raw[8:]).all()


def test_an_unknown_sensor_is_shown_as_it_reads():
    frame = exposed(np.full(SIZE, 0.3), noise=False)
    statistics = gather(frame, None)
    assert statistics.tuning is None and statistics.lux is None
    black = frame.shot.black_dn[0]
    reads = (frame.pixels[::2, ::2].mean() - black) / (frame.shot.white_dn - black)
    assert abs(statistics.zones[..., "RGB".index(frame.shot.bayer[0])].mean() / 65535 - reads) < 0.001


@pytest.mark.parametrize("size", [(480, 640), (99, 131)])
def test_a_zone_of_an_unknown_sensor_with_clipped_pixels_has_no_colour(size):
    light = np.full(size, 0.2)
    light[: size[0] // 4, ::9] = 3.0
    raw = gather(exposed(light, noise=False), None).raw_colours()
    assert np.isnan(raw[:7]).any(axis=(0, 2)).mean() > 0.3
    assert np.isfinite(raw[9:]).all()


@pytest.mark.parametrize("size", [(2, 2), (3, 5), (9, 200), (64, 62)])
def test_tiny_frames_have_fewer_zones_and_no_holes(size):
    statistics = gather(exposed(np.full(size, 0.3)), tuning_of("imx477"))
    assert statistics.zones.shape[:2] == tuple(min(32, side // 2) for side in size)


def test_light_is_the_cameras_else_what_the_exposure_tells():
    frame, tuning = exposed(np.full(SIZE, 0.3), noise=False), tuning_of("imx477")

    def lux(**facts):
        return gather(RawFrame(frame.pixels, dataclasses.replace(frame.shot, **facts)), tuning).lux

    assert lux(lux=123.0) == 123.0
    assert lux(exposure_us=4000.0) == pytest.approx(lux() / 4)
    assert lux(analogue_gain=2.0) == pytest.approx(lux() / 2)
    for unusable in (math.nan, math.inf, 0.0, -3.0):
        assert lux(lux=unusable) == lux()
    black = RawFrame(np.full(SIZE, 0, np.uint16), frame.shot)
    assert 0 < gather(black, tuning).lux < 0.1


@pytest.mark.parametrize("size", [(32, 32), (12, 16)])
def test_both_published_sizes_are_taken(size):
    picture = np.full((*size, 3), 20000, np.uint16)
    colours = LightStatistics(picture, 100.0, tuning_of("imx219")).raw_colours()
    np.testing.assert_allclose(colours[..., 0] / colours[..., 1], tuning_of("imx219").grey_at(5000)[0], rtol=1e-3)

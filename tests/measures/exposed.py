"""Any light, as the simulated sensor's raw frame: for truths that no ready-made scene draws."""

from __future__ import annotations

import numpy as np

from firmware.cameras.simulation.bad_pixels import scatter_bad_pixels
from firmware.cameras.simulation.sensor_physics import Converter, flipped_order, light_on_pixels, read_out
from firmware.sensors import load_sensor
from isp.frames import RawFrame, Shot

# A tenth of the array around its middle, where the lens hardly shades.
MIDDLE = (0.45, 0.45, 0.1, 0.1)
CORNER = (0.0, 0.0, 0.1, 0.1)
WHOLE = (0.0, 0.0, 1.0, 1.0)


def exposed(
    picture: np.ndarray,
    sensor: str = "imx477",
    *,
    gain: float = 1.0,
    noise: bool = True,
    light_k: float = 5000.0,
    field_of_view: tuple[float, float, float, float] = MIDDLE,
    hflip: bool = False,
    vflip: bool = False,
    colour_fringes: float = 0.0,
    seed: int = 1,
) -> RawFrame:
    """The raw frame of (H, W) or (H, W, 3) linear sRGB, 1 = saturated green; of the sensor's largest mode."""
    facts = load_sensor(sensor)
    mode = facts.modes[0]
    planes = [np.ascontiguousarray(np.broadcast_to(picture.T, (3, *picture.T.shape[-2:]))[c].T) for c in range(3)]
    planes = [plane.astype(np.float32) for plane in planes]
    shape = planes[0].shape
    model = facts.noise_at(gain, mode)
    converter = Converter.of(facts.tuning, mode.bits)
    light = light_on_pixels(planes, shape, facts.bayer, facts.tuning, light_k, field_of_view, colour_fringes)
    light = np.ascontiguousarray(light[:: -1 if vflip else 1, :: -1 if hflip else 1])
    flawless = scatter_bad_pixels(0.0, shape, seed)
    generator = np.random.Generator(np.random.SFC64([seed]))
    counts = read_out(light, 1.0, model if noise else None, converter, flawless, generator)
    shot = Shot(
        sensor=facts.name,
        bayer=flipped_order(facts.bayer, hflip, vflip),
        black_dn=(float(converter.black_dn),) * 4,
        white_dn=float(converter.white_dn),
        timestamp_ns=0,
        wall_time_ns=0,
        exposure_us=1000.0,
        analogue_gain=gain,
        noise=model,
        field_of_view=field_of_view,
        hflip=hflip,
        vflip=vflip,
    )
    return RawFrame(counts, shot)

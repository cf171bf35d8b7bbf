"""A shot of which everything is known, each fact with digits enough to show whether they come back."""

from __future__ import annotations

from isp.frames import Noise, Shot

EVERY_FACT = Shot(
    sensor="imx477",
    bayer="GRBG",
    black_dn=(256.1, 256.2, 256.30000000000004, 1 / 3),
    white_dn=4095.7,
    timestamp_ns=2**62 + 1,
    wall_time_ns=1763800000123456789,
    exposure_us=1500000.1,
    analogue_gain=2.1,
    noise=Noise(1.1e-4, 3.3e-7),
    field_of_view=(0.1, 0.2, 0.3, 0.4),
    hflip=True,
    colour_gains=(2.1, 1.7),
    temperature_k=4321.1,
    lens_position=0.7,
    lux=123.4,
)

"""Claims about noise: what the model says is what the photo shows, what goes, and what must stay."""

import dataclasses

import numpy as np
import pytest

from firmware.cameras.simulated import simulate
from firmware.sensors import load_sensor
from isp.develop import run_stages
from isp.linear_noise import DISPLAY_LUMA
from isp.noise import luma_noise_at
from isp.photo import photo_pipeline
from isp.pipeline import Pipeline
from isp.plan import Scene, plan
from isp.tone import decode_srgb

SMALL = {"imx477": (1332, 990), "imx708": (1536, 864), "imx219": (640, 480)}
# At 60 lux and gain 1 this exposure puts the grey card at 0.18 of saturation.
GREY_CARD_US = {"imx477": 250e3, "imx708": 266e3, "imx219": 425e3}
OFF = {"chroma_noise": {"strength": 0.0}, "luma_noise": {"strength": 0.0}, "sharpen": {"amount": 0.0}}


def noisy(scene, sensor, gain, brightness=1.0, **simulated):
    """A frame at this analogue gain; at brightness 1 its grey card lies at about 0.18."""
    fixed = dict(exposure_us=int(GREY_CARD_US[sensor] * brightness / gain), analogue_gain=gain)
    return simulate(scene, sensor, *SMALL[sensor], lux=60.0, **fixed, **simulated)[0]


def scene_of(frame, sensor, recipe: Pipeline) -> Scene:
    """What a stage behind the whole recipe would plan from."""
    return Scene(frame.shot, load_sensor(sensor).tuning, (1.0, 1.0), None, lambda: None, recipe.stages)


def middle(picture, size=200):
    y, x = picture.shape[0] // 2, picture.shape[1] // 2
    return picture[y - size // 2 : y + size // 2, x - size // 2 : x + size // 2]


@pytest.mark.parametrize("sensor", SMALL)
@pytest.mark.parametrize("gain", [1.0, 10.0])
@pytest.mark.parametrize("brightness", [0.5, 1.0, 2.0])
def test_the_noise_model_says_what_the_photo_shows(sensor, gain, brightness):
    frame = noisy("grey", sensor, gain, brightness, bad_pixels=0.0)
    tuning = load_sensor(sensor).tuning
    recipe = plan(photo_pipeline(OFF), frame, tuning)
    luma = middle(run_stages(frame, recipe.stages[:-1]).pixels) / 65535.0 @ DISPLAY_LUMA
    predicted = luma_noise_at(scene_of(frame, sensor, recipe), decode_srgb(luma.mean()))
    # To first order: in the deep shadows of a high gain the tone curve bends within the noise.
    assert luma.std() == pytest.approx(float(predicted), rel=0.1)


def test_unknown_noise_is_not_guessed():
    frame = noisy("grey", "imx219", 1.0)
    foreign = dataclasses.replace(frame, shot=dataclasses.replace(frame.shot, sensor="unknown", noise=None))
    recipe = plan(photo_pipeline(), foreign, None)
    assert luma_noise_at(scene_of(foreign, "imx219", recipe), np.array([0.1])) is None

"""The blur against brute force, where depth is known."""

import pytest
from measures.lens_blur import decibels, shown_decibels, strewn
from measures.lens_scenes import depth_scenes, rendered

SCENES = depth_scenes()


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=pytest.mark.slow if "motor" in name else ()) for name in SCENES]
)
def test_a_scene_of_known_depth_comes_near_to_brute_force(name):
    picture, radius = SCENES[name]
    made, true = rendered(picture, radius, highlights_ev=0.0), strewn(picture, radius)
    assert decibels(made, true) >= 40
    assert shown_decibels(made, true) >= 40

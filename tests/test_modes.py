"""The modes: what configs/modes.toml may say, and which knob wins."""

from __future__ import annotations

import pytest

from firmware.darkroom.modes import check_modes, choose_mode, load_modes, mode_pipeline
from firmware.errors import SettingsError
from isp.errors import KnobError


def modes_file(folder, text):
    file = folder / "modes.toml"
    file.write_text(text)
    return file


def values(pipeline, stage, key):
    return next(line[key] for line in pipeline.to_dict() if line["stage"] == stage)


def test_the_shipped_modes_name_only_knobs_that_exist():
    modes = load_modes()
    assert list(modes) == ["photo", "plain", "night", "portrait", "zoom"]
    check_modes(modes)


def test_night_alone_takes_bursts():
    assert [mode.name for mode in load_modes().values() if mode.burst] == ["night"]


def test_zoom_alone_zooms():
    assert [mode.name for mode in load_modes().values() if mode.zoom] == ["zoom"]


def test_portrait_alone_blurs_and_its_chain_is_the_photo_s_with_the_blur_between_colour_and_local_tone():
    modes = load_modes()
    assert [mode.name for mode in modes.values() if mode.portrait] == ["portrait"]
    names = {name: [line["stage"] for line in mode_pipeline(mode, {}).to_dict()] for name, mode in modes.items()}
    at = names["portrait"].index("bokeh")
    assert names["portrait"][at - 1 : at + 2] == ["colour", "bokeh", "local_tone"]
    del names["portrait"][at]
    assert names["portrait"] == names["photo"] == names["plain"] == names["night"] == names["zoom"]


def test_the_blur_s_knobs_reach_portraits_and_are_checked_in_every_mode():
    modes = load_modes()
    assert values(mode_pipeline(modes["portrait"], {"bokeh": {"f_number": 1.2}}), "bokeh", "f_number") == 1.2
    mode_pipeline(modes["photo"], {"bokeh": {"f_number": 1.2}})
    with pytest.raises(KnobError, match="f_number"):
        mode_pipeline(modes["photo"], {"bokeh": {"f_number": 0.1}})


def test_photo_is_the_default_chain():
    from isp.photo import photo_pipeline

    assert mode_pipeline(load_modes()["photo"], {}) == photo_pipeline({})


def test_plain_switches_off_lifted_shadows_noise_reduction_and_sharpening():
    plain = mode_pipeline(load_modes()["plain"], {})
    assert values(plain, "local_tone", "strength") == 0
    assert values(plain, "chroma_noise", "strength") == values(plain, "luma_noise", "strength") == 0
    assert values(plain, "sharpen", "amount") == 0


def test_the_mode_wins_over_the_settings_and_the_hand_wins_over_the_mode():
    plain = load_modes()["plain"]
    assert values(mode_pipeline(plain, {"sharpen": {"amount": 0.9}}), "sharpen", "amount") == 0
    by_hand = mode_pipeline(plain, {"sharpen": {"amount": 0.9}}, {"sharpen": {"amount": 0.3}})
    assert values(by_hand, "sharpen", "amount") == 0.3


def test_the_settings_look_reaches_a_mode_that_does_not_mention_it():
    photo = mode_pipeline(load_modes()["photo"], {"sharpen": {"amount": 0.9}})
    assert values(photo, "sharpen", "amount") == 0.9


def test_an_unknown_mode_is_refused_with_the_list():
    with pytest.raises(SettingsError, match=r"'nigth'.*photo, plain, night, portrait"):
        choose_mode("nigth", load_modes())


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("", "holds no mode"),
        ("[photo]\n", "meaning"),
        ("[photo]\nmeaning = 'x'\nsharpen = 1\n", "'sharpen'"),
        ("[photo]\nmeaning = 'x'\nburst = 15\n", "burst = 15"),
        ("[photo]\nmeaning = 'x'\nportrait = 'yes'\n", "portrait = 'yes'.*true for a blurred background"),
        ("[photo]\nmeaning = 'x'\nportrait = true\nburst = true\n", "burst and portrait; a mode is one of them"),
        ("[photo]\nmeaning = 'x'\nzoom = 2\n", "zoom = 2.*true for the middle, enlarged"),
        ("[photo]\nmeaning = 'x'\nzoom = true\nportrait = true\n", "portrait and zoom; a mode is one of them"),
        ("[photo\n", "line 1"),
    ],
)
def test_a_malformed_file_is_refused_by_name(tmp_path, text, complaint):
    with pytest.raises(SettingsError, match=complaint) as refusal:
        load_modes(modes_file(tmp_path, text))
    assert "modes.toml" in str(refusal.value)


def test_a_mode_with_an_unknown_knob_is_refused_with_file_mode_and_key(tmp_path):
    file = modes_file(tmp_path, "[soft]\nmeaning = 'x'\n[soft.sharpen]\namont = 0.1\n")
    with pytest.raises(SettingsError, match=r"modes.toml.*soft.*amont"):
        check_modes(load_modes(file), file)


def test_a_value_outside_the_range_is_refused():
    with pytest.raises(KnobError, match="amount"):
        mode_pipeline(load_modes()["photo"], {"sharpen": {"amount": float("nan")}})

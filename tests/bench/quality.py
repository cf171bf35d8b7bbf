"""How good are the pictures? Every bar of quality, measured against truth; `python tests/bench/quality.py`.

All rows but the demosaic's judge the final 8-bit photo, every knob at its default except where a row compares a stage
with itself switched off. The light is given where white balance would disturb what is measured. What a bar is held
against is known: the simulated sensor's scene, a formula, a chart's reflectances.
"""

from __future__ import annotations

from bars import Bar, print_bars, run_alone
from demosaic import quality as demosaic_quality
from quality_detail import lens_bars, sharpness_bars
from quality_light import colour_bars, tone_bars
from quality_noise import noise_bars


def demosaic_bars(tables: dict[str, dict[str, float]]) -> list[Bar]:
    """The bars on the tables of `demosaic.py`; none where its photographs are not at hand."""
    least = {"Kodak 24": 39.3, "saturated": 36.3}
    bars = [
        Bar(f"demosaic, {name}: colour PSNR", "dB", {"fine": tables[name]["fine"]}, least=decibels)
        for name, decibels in least.items()
        if name in tables
    ]
    if noisy := tables.get("Kodak 24, linear, ISO 1600"):
        above = {name: noisy[name] - noisy["fast (Malvar)"] for name in ("fine", "fine, noise known")}
        bars.append(Bar("demosaic, Kodak at ISO 1600: above fast by", "dB", above, least=1.5))
    return bars


def print_quality(demosaicked: dict[str, dict[str, float]] | None = None) -> dict[str, list[dict]]:
    """Print the table; returns it. `demosaicked` is what `print_demosaic` found, else it is measured here."""
    groups = {
        "demosaic": lambda: demosaic_bars(demosaicked or demosaic_quality(ours_only=True)),
        "noise and bad pixels": noise_bars,
        "colour and highlights": colour_bars,
        "tone": tone_bars,
        "sharpness": sharpness_bars,
        "lens": lens_bars,
    }
    found = {}
    for title, measured in groups.items():
        print_bars(title, bars := measured())
        found[title] = [bar.to_dict() for bar in bars]
    everything = [bar for bars in found.values() for bar in bars]
    print(f"\n{sum(bar['holds'] for bar in everything)} of {len(everything)} bars of quality hold")
    return found


if __name__ == "__main__":
    run_alone(__doc__, print_quality)

"""Judges of the light against each other on Raspberry Pi's labelled pictures, each on photographers it has not seen.

Whoever learns is trained anew for each photographer on the pictures of all others, of both platforms: a network that
has seen one picture of a place knows the others. All names that begin with peter are taken for one photographer with
four cameras, which makes five folds and is the stricter count. The camera's own Bayesian answers stand in the names.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import awb_peer
import numpy as np
from bars import Bar, print_bars, run_alone
from measures import light_errors
from measures.shared_folder import SHARED

from accelerators.published.pictures import PLATFORM_OF, LabelledPicture, pictures_in, read_pictures
from accelerators.training.light.examples import examples_of
from accelerators.training.light.fitting import trained
from accelerators.white_balance.judge import FOLDER, NUMBERS, load_judge
from accelerators.white_balance.light_file import read_numbers
from firmware.evaluation.judges import judge_called
from firmware.evaluation.white_balance import DARK_LUX, Judged, Summary, judge_pictures
from isp.grey_curve import place_of
from isp.light import daylight
from isp.light_estimate import Judge, LightEstimate
from isp.light_statistics import LightStatistics

Trainer = Callable[[Sequence[LabelledPicture]], Judge]
FAMILY = "peter"
LEARNED, PEER = "learned, in folds", "peer network, in folds"
PLATFORMS = tuple(PLATFORM_OF.values())


def labelled_pictures(shared: Path = SHARED) -> list[LabelledPicture]:
    """Every labelled picture at hand, of both platforms; none where there is no folder of them."""
    folder = shared / "data/pi-awb"
    return read_pictures(pictures_in(folder))[0] if folder.is_dir() else []


def photographer_of(picture: LabelledPicture) -> str:
    """Who took it, as far as folds go."""
    return FAMILY if picture.photographer.startswith(FAMILY) else picture.photographer


def judged_in_folds(pictures: Sequence[LabelledPicture], train: Trainer) -> list[Judged]:
    """Each picture as judged by what was trained on all photographers but its own."""
    judged = []
    for name in sorted({photographer_of(picture) for picture in pictures}):
        judge = train([picture for picture in pictures if photographer_of(picture) != name])
        held_out = [picture for picture in pictures if photographer_of(picture) == name]
        judged += judge_pictures(held_out, judge)[0]
    return judged


def grey_world(statistics: LightStatistics) -> LightEstimate:
    """The mean of the zones that have a colour is grey, at the curve's nearest point."""
    if not np.isfinite(statistics.raw_colours()).all(axis=-1).any():
        return daylight(statistics.tuning, "No zone has a colour.")
    grey = light_errors.grey_world(statistics)
    return LightEstimate(grey, *place_of(grey, statistics.tuning))


def trainers() -> dict[str, Trainer | str]:
    """Who learns, by the name of its row: what trains it, or a sentence that says why it is not measured."""
    if not awb_peer.is_installed():
        return dict.fromkeys((LEARNED, PEER), f"not measured: {awb_peer.INSTALL}")
    return {LEARNED: train_learned, PEER: awb_peer.train}


def train_learned(pictures: Sequence[LabelledPicture]) -> Judge:
    """Ours, anew; only how much it doubts itself is as shipped."""
    with tempfile.TemporaryDirectory() as folder:
        softness = read_numbers(FOLDER / NUMBERS).temperature
        trained(examples_of(pictures)).write(Path(folder), softness)
        return load_judge(Path(folder))


def contestants(pictures: list[LabelledPicture]) -> Iterator[tuple[str, list[Judged] | str]]:
    """Every judge's name with its judgements, or with a sentence that says why there are none."""
    yield "grey world", judge_pictures(pictures, grey_world)[0]
    # Its constants were chosen on david, dwt, peter and peter3, so it is a little flattered here.
    yield "classical", judge_pictures(pictures, judge_called("classical"))[0]
    for name, train in trainers().items():
        yield name, train if isinstance(train, str) else judged_in_folds(pictures, train)


def print_labelled(pictures: list[LabelledPicture]) -> dict[str, Any]:
    """Print the table; returns its figures."""
    if not pictures:
        print(f"\nwhite balance on labelled pictures: not measured: there are none in {SHARED}/data/pi-awb")
        return {}
    titles = ("mean", "median", "p95", "worst 25 %", "< 50 lux", "in 90 %")
    print(f"\nwhite balance on {len(pictures)} labelled pictures: errors in mired")
    print(f"  {'':34}" + "".join(f"{title:>12}" for title in titles) + "  worst sensor, beside its Bayes")
    figures: dict[str, Any] = {}
    for platform in sorted({picture.platform for picture in pictures}):
        here = [picture for picture in pictures if picture.platform == platform]
        _print_row(f"{platform}: camera's own (Bayes)", _of_cameras(here))
        figures[f"{platform} camera"] = _of_cameras(here)
    for name, judged in contestants(pictures):
        if isinstance(judged, str):
            print(f"  {name:34}{judged}")
            figures[name] = judged
            continue
        for platform in sorted({one.picture.platform for one in judged}):
            figures[f"{platform} {name}"] = _of_judge([one for one in judged if one.picture.platform == platform])
            _print_row(f"{platform}: {name}", figures[f"{platform} {name}"])
    if bars := bars_of(figures):
        print_bars("white balance, cross-validated by photographer", bars)
        figures["bars"] = [bar.to_dict() for bar in bars]
    return figures


def bars_of(figures: dict[str, Any]) -> list[Bar]:
    """What the learned judge is held to; none where it was not trained in this run."""
    ours = {platform: figures.get(f"{platform} {LEARNED}") for platform in PLATFORMS}
    if not all(ours.values()):
        return []

    def of(key: str) -> dict[str, float]:
        return {platform: figures[key] for platform, figures in ours.items()}

    bars = [
        Bar(f"mean{where}", "mired", of(key), most=13.0) for key, where in (("mean", ""), ("dark", " below 50 lux"))
    ]
    bars.append(Bar("median", "mired", of("median"), most=10.0))
    bars.append(Bar("95th percentile", "mired", of("p95"), most=42.0))
    bars.append(Bar("share of truths in the 90 % region", "", of("inside_90"), least=0.85))
    bars.append(Bar("share of truths in the 90 % region", "", of("inside_90"), most=0.95))
    sensors = {
        f"{platform} {sensor}": own / cameras
        for platform, found in ours.items()
        for sensor, (own, cameras) in found["sensors"].items()
    }
    bars.append(Bar("mean of a sensor beside its Bayes", "x", sensors, most=1.0))
    peers = {platform: figures.get(f"{platform} {PEER}") for platform in PLATFORMS}
    if all(peers.values()):
        beside = {platform: ours[platform]["mean"] / peers[platform]["mean"] for platform in PLATFORMS}
        bars.append(Bar("mean beside the peer network", "x", beside, most=0.7))
    return bars


def _of_cameras(pictures: Sequence[LabelledPicture]) -> dict[str, Any]:
    dark = [picture.camera_error for picture in pictures if picture.lux < DARK_LUX]
    return vars(Summary.of(picture.camera_error for picture in pictures)) | {"dark": Summary.of(dark).mean}


def _of_judge(judged: Sequence[Judged]) -> dict[str, Any]:
    """The summary, the mean in the dark, the region's share, and the worst sensor beside its Bayes."""
    dark = [one.error for one in judged if one.picture.lux < DARK_LUX]
    stated = [one.is_inside for one in judged if one.is_inside is not None]
    return vars(Summary.of(one.error for one in judged)) | {
        "dark": Summary.of(dark).mean,
        "inside_90": float(np.mean(stated)) if stated else None,
        "worst_sensor": _worst_sensor(judged),
        "sensors": {
            sensor: [float(np.mean([part(one) for one in group])) for part in (_own, _cameras)]
            for sensor, group in _by_sensor(judged).items()
        },
    }


def _worst_sensor(judged: Sequence[Judged]) -> str:
    """The sensor whose mean is worst beside its camera's own."""
    means = {
        sensor: (np.mean([_own(one) for one in group]), np.mean([_cameras(one) for one in group]))
        for sensor, group in _by_sensor(judged).items()
    }
    sensor, (own, cameras) = max(means.items(), key=lambda item: item[1][0] / item[1][1])
    return f"{sensor} {own:.1f}/{cameras:.1f}"


def _by_sensor(judged: Sequence[Judged]) -> dict[str, list[Judged]]:
    sensors = sorted({one.picture.sensor for one in judged})
    return {sensor: [one for one in judged if one.picture.sensor == sensor] for sensor in sensors}


def _own(one: Judged) -> float:
    return one.error


def _cameras(one: Judged) -> float:
    return one.picture.camera_error


def _print_row(name: str, figures: dict[str, Any]) -> None:
    numbers = (figures[key] for key in ("mean", "median", "p95", "worst_quarter", "dark"))
    inside = figures.get("inside_90")
    share = "" if inside is None else f"{100 * inside:.0f} %"
    print(f"  {name:34}" + "".join(f"{number:12.1f}" for number in numbers), end="")
    print(f"{share:>12}  {figures.get('worst_sensor', '')}", flush=True)


if __name__ == "__main__":
    run_alone(__doc__, lambda: print_labelled(labelled_pictures()))

"""The model card: what the network was made of, how near to the truth it comes, and what it cannot do."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path

from accelerators.training.upscaling.drawings import KINDS
from accelerators.training.upscaling.form import CHANNELS, HALO_PX, HIDDEN, TAPS
from accelerators.training.upscaling.measuring import KODAK, Figures, mean
from accelerators.training.upscaling.patches import (
    DRAWINGS,
    DRAWN_SHARE,
    MOST_NOISE,
    NOISY_SHARE,
    SHARPENED_SHARE,
    SUMMED_SHARE,
)
from accelerators.training.upscaling.photographs import FOLDS
from accelerators.upscaling.network_file import NAME

CARD = "CARD.md"
TEXT = """\
# The network that draws a picture at twice the size

Training writes this card; `python -m accelerators.training.upscaling --shared ../shared` makes the file and the numbers
again: {steps} steps on one thread, then as many for each of {folds} folds.

{file}

## What it does

It sees the luma of a developed photo, 8 bits, and says for each pixel how much brighter than a bicubic enlargement the
four new ones are. {convolutions} convolutions of {taps} x {taps} with {channels} channels between them, int8; an answer
depends on {halo} pixels to all sides. What it drew is then held to the photo (isp/zoom/projection.py): reduced by half
again it is the photo. All numbers below are of both together, as the camera does it.

## Data

- The 24 photographs of the Kodak Lossless True Color Image Suite, released by Eastman Kodak "for unrestricted usage".
  At full size and at .85 and .7 of it, in pieces, turned and mirrored.
- {drawings} drawings of {kinds} kinds, made by code here (accelerators/training/upscaling/drawings.py): print, slanted
  edges, leaves over leaves, stripes, rings. {drawn:.0%} of the pieces. The print is in Aileron, the typeface inside
  Pillow (CC0).
- Shown are bicubic reductions, and of {summed:.0%} of the pieces sums over 2 x 2 pixels. {sharpened:.0%} were sharpened
  beforehand, as a camera does. {noisy:.0%} have noise where they are shown, up to {noise:g} levels; the truth has none.

Nothing else taught it, and nothing was judged but the distance to the truth: no other network, no adversary.

## How near it comes

Decibels (peak signal over noise) of luma, mean over pictures, higher is nearer; the picture is reduced by half without
aliases and rounded to 8 bits beforehand. "Given back" is how far the result, reduced again, is from the picture that
was given: root mean square in levels of 8 bits.

| | pictures | bicubic | Lanczos | floats | int8, as shipped | given back |
|---|--:|--:|--:|--:|--:|--:|
{rows}

"Not seen": each photograph was judged by a network that learned in as many steps from the other folds; every {folds}th
picture is held out. {covered}Kodak: luma 0 to 255, 4 pixels cut at the edges.
The other sets: luma 16 to 235 and 2 pixels, as in the literature; they only measure, for their pictures have no licence
to learn from.

| Kodak, int8 | bicubic | not seen | taught |
|---|--:|--:|--:|
{kodak}

## Chosen on these numbers

When the form was looked for, in runs of one to three minutes, the number of layers and the length of steps were chosen
by Kodak (taught) and Set5, the steps of the projection by Kodak; the loss, and how much print is shown, by how well
small print is read. By the folds, Set14 and BSD68 nothing was chosen.

## What it cannot do

- It does not find detail that was not seen. It draws edges where they most likely lie; finest stripes and print that
  the small picture shows with a wrong direction stay wrong, only crisper.
- Small print: letters (a typeface's size) below some 7 pixels in the picture that is given are misread about as often
  as when bicubic interpolation enlarges them, at some sizes more often. Those it cannot tell apart, such as e and o or
  rn and m, may be drawn as the other.
- Noise stays: what is held to the photo holds its noise, too, and a flat wall is a little grainier than where bicubic
  interpolation smooths it. It was taught to draw no detail from noise of up to {noise:g} levels; more of it, and JPEG's
  blocks, it has not seen.
- A photo that is softer than what it was shown (a soft lens, heavy smoothing) gets less from it; one that was sharpened
  much keeps its halos.
- Only brightness; colours are enlarged classically.
- Kodak's are 24 pictures, scanned from film. Screens, drawings and faces nearer than theirs were hardly seen.
"""


def card_text(
    path: Path,
    steps: int,
    taught: Mapping[str, Figures],
    not_seen: Mapping[str, Figures],
    others: Mapping[str, Mapping[str, Figures]],
) -> str:
    """The card, as Markdown, of the network at `path`; figures by picture, of the other sets by set and picture."""
    groups: dict[str, Mapping[str, Figures]] = {f"{KODAK.name}, not seen": not_seen}
    if len(not_seen) < len(taught):
        groups["the same, taught"] = {name: taught[name] for name in not_seen}
    groups |= {f"{KODAK.name}, taught": taught, **others}
    return TEXT.format(
        file=sum_of(path),
        steps=steps,
        covered=_covered(taught, not_seen),
        folds=FOLDS,
        convolutions=HIDDEN + 2,
        channels=CHANNELS,
        taps=TAPS,
        halo=HALO_PX,
        drawings=DRAWINGS,
        kinds=len(set(KINDS)),
        drawn=DRAWN_SHARE,
        noisy=NOISY_SHARE,
        sharpened=SHARPENED_SHARE,
        summed=SUMMED_SHARE,
        noise=MOST_NOISE,
        rows="\n".join(_row(name, figures) for name, figures in groups.items()),
        kodak="\n".join(
            f"| {name} | {figures.bicubic_db:.2f} | {figures.int8_db:.2f} | {taught[name].int8_db:.2f} |"
            for name, figures in sorted(not_seen.items())
        ),
    )


def sum_of(path: Path) -> str:
    """The line of the card that says which file it is about."""
    content = path.read_bytes()
    return f"- `{NAME}`: {len(content)} bytes, SHA-256 `{hashlib.sha256(content).hexdigest()}`"


def _covered(taught: Mapping[str, Figures], not_seen: Mapping[str, Figures]) -> str:
    return "" if len(taught) == len(not_seen) else f"So far that is known of {len(not_seen)} pictures. "


def _row(name: str, figures: Mapping[str, Figures]) -> str:
    of = mean(figures.values())
    decibels = " | ".join(f"{value:.2f}" for value in (of.bicubic_db, of.lanczos_db))
    return f"| {name} | {len(figures)} | {decibels} | {of.floats_db:.3f} | {of.int8_db:.3f} | {of.given_back_rms:.2f} |"

"""The learned judge: what colour is the light, by two small networks that were trained on labelled photographs.

Both give each light of the sensor's curve a score, one by the colours that are present, one by clues such as how
much of the scene would be grey. Where what they say together is vague, the classical judgement counts too, each as far
as its error is known. A light warmer or colder than any labelled one is the classical judgement's.
"""

from __future__ import annotations

import hashlib
import math
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from accelerators.errors import ModelError
from accelerators.white_balance.candidates import COARSE_MIRED, LABELS_MIRED, MIRED, Candidates
from accelerators.white_balance.clues import CLUES, clues
from accelerators.white_balance.light_file import LearnedNumbers, read_numbers
from accelerators.white_balance.network import Network, Runs, load_network
from accelerators.white_balance.network_file import REPAIR
from accelerators.white_balance.posterior import Posterior, joined, posterior, prior
from accelerators.white_balance.presence import FEATURES, presence
from accelerators.white_balance.tint import tint_numbers, tint_of
from accelerators.white_balance.weighing import trust_in_learned
from accelerators.white_balance.zones import JudgedZones, judged
from isp.grey_curve import grey_of
from isp.light import classical
from isp.light_estimate import WITHIN_90, Judge, LightEstimate
from isp.light_statistics import LightStatistics
from isp.tuning import Tuning

FOLDER = Path(__file__).resolve().parent
PRESENCE, CLUES_NAME, NUMBERS = "presence.tflite", "clues.tflite", "light.json"
# A lamp at night, a room, a cloudy day: where nobody knows how bright the scene is, each may be.
UNKNOWN_LUX = 30.0, 300.0, 5000.0
# The full sun on snow; what is said to be brighter is a wrong number.
MOST_LUX = 2e5
# Below this much trust the story says what else was asked.
PLAIN_TRUST = 0.75
# Every second row and column of zones are enough for the classical judgement, where it is only asked beside.
FEWER = slice(None, None, 2)
FEW_ZONES = 16
# An answer as near as this to the last label would be beyond it if any label were.
AT_THE_END_MIRED = 4.0


@dataclass
class LearnedJudge:
    """Judges statistics; safe to use from several threads. See `load_judge`."""

    presence_network: Network
    clue_network: Network
    numbers: LearnedNumbers

    def __post_init__(self) -> None:
        self._prior = np.array(self.numbers.prior)
        self._tint_weights = np.array(self.numbers.tint_weights)
        self._known: tuple[Tuning | None, Candidates | None] = None, None

    def __call__(self, statistics: LightStatistics) -> LightEstimate:
        """The light; the classical judgement's, and why, where the networks cannot tell."""
        candidates = self._candidates(statistics.tuning)
        if candidates is None:
            return _by_rule(statistics, "The learned judgement needs the sensor's curve of greys.")
        zones = judged(statistics)
        if not zones.say_something:
            return _by_rule(statistics, "Too few zones can be judged by what was learned.")
        found = posterior(self.probabilities(zones, candidates, statistics.lux), candidates)
        tint = tint_of(
            tint_numbers(zones, 1e6 / found.mired, statistics.tuning), self._tint_weights, self.numbers.tint_middle
        )
        return self._weighed(found, tint, statistics)

    def probabilities(self, zones: JudgedZones, candidates: Candidates, lux: float | None) -> np.ndarray:
        """(63,) of the candidates."""
        present = self.presence_network.scores(presence(zones, candidates))
        known = _known_lux(lux)
        answers = [
            self._in_light(zones, candidates, present, at) for at in (UNKNOWN_LUX if known is None else (known,))
        ]
        return np.mean(answers, axis=0)

    def _in_light(self, zones: JudgedZones, candidates: Candidates, present: np.ndarray, lux: float) -> np.ndarray:
        scores = self.clue_network.scores(clues(zones, candidates, lux))
        numbers = self.numbers
        return joined(present + prior(self._prior, lux), scores, candidates, numbers.clue_weight, numbers.temperature)

    def _candidates(self, tuning: Tuning | None) -> Candidates | None:
        """The sensor's; kept, for a camera asks of one sensor again and again."""
        known, candidates = self._known
        if tuning is None or known is not tuning:
            candidates = None if tuning is None else Candidates.of(tuning)
            self._known = tuning, candidates
        return candidates

    def _weighed(self, found: Posterior, tint: float, statistics: LightStatistics) -> LightEstimate:
        """What was learned, and the classical judgement as far as that is the surer of the two."""
        lux, mired, deviation = _known_lux(statistics.lux), found.mired, found.deviation_mired
        trust = trust_in_learned(deviation, lux)
        # Asking takes time, and where what was learned is trusted in full nobody needs to.
        rule = classical(_fewer(statistics)) if trust < 1 or _at_last_label(mired) else None
        if rule is None or rule.temperature_k is None or rule.covariance is None:
            trust = 1.0
        elif _beyond_labels(mired, 1e6 / rule.temperature_k):
            return replace(rule, why=f"No labelled light is as warm or as cold as this one. {rule.why}")
        else:
            # The rule knows nothing of what scenes look like: it chooses among what was learned to be likely.
            room = WITHIN_90 * deviation
            by_rule = min(max(1e6 / rule.temperature_k, mired - room), mired + room)
            mired = trust * mired + (1 - trust) * by_rule
            tint = trust * tint + (1 - trust) * rule.tint
        return LightEstimate(
            grey=grey_of(1e6 / mired, tint, statistics.tuning),
            temperature_k=1e6 / mired,
            tint=tint,
            covariance=((deviation**2, 0.0), (0.0, self.numbers.tint_deviation**2)),
            source="learned",
            trust=trust,
            why=_why(trust, lux is not None),
        )


def load_judge(folder: Path = FOLDER, runs_in: Runs = "auto") -> Judge:
    """The judge of the weights in a folder.

    runs_in  "litert" or "numpy"; "auto" takes LiteRT where it is installed
    Raises ModelError where a file is missing, damaged or of another training; RuntimeMissing where LiteRT is asked for
    and not there.
    """
    numbers = read_numbers(folder / NUMBERS)
    networks = []
    wanted = (
        (PRESENCE, numbers.presence_sha256, (len(MIRED), FEATURES)),
        (
            CLUES_NAME,
            numbers.clues_sha256,
            (len(COARSE_MIRED), CLUES),
        ),
    )
    for name, written, shape in wanted:
        network = load_network(folder / name, runs_in)
        if hashlib.sha256(network.file.content).hexdigest() != written:
            raise ModelError(f"{folder / name} is not of the same training as {NUMBERS}. {REPAIR}")
        if (network.candidates, len(network.file.features.middles)) != shape:
            raise ModelError(f"{folder / name} takes other features than {shape[0]} x {shape[1]}. {REPAIR}")
        networks.append(network)
    return LearnedJudge(*networks, numbers)


def _known_lux(lux: float | None) -> float | None:
    return min(lux, MOST_LUX) if lux is not None and math.isfinite(lux) and lux >= 0 else None


def _at_last_label(mired: float) -> bool:
    cold, warm = LABELS_MIRED
    return mired <= cold + AT_THE_END_MIRED or mired >= warm - AT_THE_END_MIRED


def _beyond_labels(learned: float, by_rule: float) -> bool:
    """Whether the last labelled light was found and the rule says that the light lies further out; in mired."""
    cold, warm = LABELS_MIRED
    return _at_last_label(learned) and (by_rule < cold if learned < (cold + warm) / 2 else by_rule > warm)


def _fewer(statistics: LightStatistics) -> LightStatistics:
    enough = min(statistics.zones.shape[:2]) > FEW_ZONES
    return replace(statistics, zones=statistics.zones[FEWER, FEWER]) if enough else statistics


def _by_rule(statistics: LightStatistics, reason: str) -> LightEstimate:
    estimate = classical(statistics)
    return replace(estimate, why=f"{reason} {estimate.why}")


def _why(trust: float, lux_known: bool) -> str:
    said = "The light was found by what was learned from labelled photographs."
    if not lux_known:
        said += " Nobody knows how bright the scene is, so it was judged for a night, a room and a day."
    if trust < PLAIN_TRUST:
        said += f" {1 - trust:.0%} of the answer is the classical judgement's, which is the surer one in such light."
    return said

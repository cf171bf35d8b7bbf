"""The learned judge: what colour is the light, by two small networks that were trained on labelled photographs.

Both give each light of the sensor's curve a score, one by the colours that are present, one by clues such as how much
of the scene would be grey. Where what they say together is vague, and in dim light, the classical judgement counts too,
as far as the errors of both are known. Where nothing was learned, it answers alone.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from accelerators.errors import ModelError
from accelerators.white_balance.brightness import known_lux
from accelerators.white_balance.candidates import COARSE_MIRED, MIRED, Candidates
from accelerators.white_balance.clues import CLUES, clues
from accelerators.white_balance.light_file import LearnedNumbers, read_numbers
from accelerators.white_balance.network import Network, Runs, load_network
from accelerators.white_balance.network_file import REPAIR
from accelerators.white_balance.posterior import Posterior, joined, posterior, prior
from accelerators.white_balance.presence import FEATURES, presence
from accelerators.white_balance.tint import tint_numbers, tint_of
from accelerators.white_balance.weighing import held_to_learned, trust_in_learned
from accelerators.white_balance.zones import JudgedZones, judged
from isp.grey_curve import grey_of
from isp.light import classical
from isp.light_estimate import Judge, LightEstimate
from isp.light_statistics import LightStatistics
from isp.tuning import Tuning

FOLDER = Path(__file__).resolve().parent
PRESENCE, CLUES_FILE, NUMBERS = "presence.tflite", "clues.tflite", "light.json"
# Where nobody knows how bright the scene is, each may be: the middles of the thirds of labelled scenes.
UNKNOWN_LUX = 80.0, 900.0, 10_000.0
# Below this much trust the story says what else was asked.
PLAIN_TRUST = 0.75
# Every second row and column of zones are enough for the classical judgement, where it is only asked beside.
FEWER = slice(None, None, 2)
FEW_ZONES = 16


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
        lux = known_lux(statistics.lux, statistics.tuning)
        likely = self.probabilities(zones, candidates, lux)
        found = posterior(likely, candidates, self.numbers.temperature)
        tint = tint_of(
            tint_numbers(zones, 1e6 / found.mired, statistics.tuning), self._tint_weights, self.numbers.tint_middle
        )
        return self._weighed(found, tint, lux, statistics)

    def probabilities(self, zones: JudgedZones, candidates: Candidates, lux: float | None) -> np.ndarray:
        """(63,) of the candidates. lux: see `known_lux`."""
        present = self.presence_network.scores(presence(zones, candidates))
        answers = [self._in_light(zones, candidates, present, at) for at in (UNKNOWN_LUX if lux is None else (lux,))]
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

    def _weighed(self, found: Posterior, tint: float, lux: float | None, statistics: LightStatistics) -> LightEstimate:
        """What was learned, and the classical judgement as far as that is the surer of the two."""
        mired, deviation = found.mired, found.deviation_mired
        trust = trust_in_learned(deviation, lux)
        # Asking takes time, and where what was learned is trusted in full nobody needs to.
        rule = None if trust == 1.0 else classical(_fewer(statistics))
        if rule is None or rule.temperature_k is None or rule.covariance is None:
            trust = 1.0
        else:
            by_rule = held_to_learned(1e6 / rule.temperature_k, mired, deviation)
            mired = trust * mired + (1 - trust) * by_rule
            tint = trust * tint + (1 - trust) * rule.tint
        return LightEstimate(
            grey=grey_of(1e6 / mired, tint, statistics.tuning),
            temperature_k=1e6 / mired,
            tint=tint,
            covariance=((deviation**2, 0.0), (0.0, self.numbers.tint_deviation**2)),
            source="learned" if trust else "classical",
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
    return LearnedJudge(
        _network(folder / PRESENCE, numbers.presence_sha256, (len(MIRED), FEATURES), runs_in),
        _network(folder / CLUES_FILE, numbers.clues_sha256, (len(COARSE_MIRED), CLUES), runs_in),
        numbers,
    )


def _network(path: Path, sha256: str, shape: tuple[int, int], runs_in: Runs) -> Network:
    network = load_network(path, runs_in)
    if hashlib.sha256(network.file.content).hexdigest() != sha256:
        raise ModelError(f"{path} is not of the same training as {NUMBERS}. {REPAIR}")
    found = network.candidates, len(network.file.features.middles)
    if found != shape:
        raise ModelError(f"{path} takes {found[0]} x {found[1]} features; {shape[0]} x {shape[1]} are made. {REPAIR}")
    return network


def _fewer(statistics: LightStatistics) -> LightStatistics:
    """Asked beside, the rule sees what the networks see, as it did where its error was measured."""
    enough = min(statistics.zones.shape[:2]) > FEW_ZONES
    zones = statistics.zones[FEWER, FEWER] if enough else statistics.zones
    return replace(statistics, zones=zones, bare=None)


def _by_rule(statistics: LightStatistics, reason: str) -> LightEstimate:
    estimate = classical(statistics)
    return replace(estimate, why=f"{reason} {estimate.why}")


def _why(trust: float, lux_known: bool) -> str:
    said = "The light was found by what was learned from labelled photographs."
    if trust == 0:
        said = "The classical judgement answers: it is the surer one in such light."
    elif trust < PLAIN_TRUST:
        said += f" {1 - trust:.0%} of the answer is the classical judgement's."
    unknown = "" if lux_known else " Nobody knows how bright the scene is, so it was judged for a room, shade and sun."
    return said + unknown

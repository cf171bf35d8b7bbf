"""The white balance of each mode, as chosen, locked and kept: what one photo goes by, and what is said of it."""

from __future__ import annotations

import dataclasses
import logging
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from firmware.errors import StorageError, WhiteBalanceError
from firmware.storage.durable import sweep
from firmware.white_balance.choice import AUTO, CUSTOM, TEMPERATURE, Choice
from firmware.white_balance.judging import Judging
from firmware.white_balance.kept import FILE, NOTHING, GreyCard, Kept, Wish, read_kept, write_kept
from firmware.white_balance.knobs import UNDECIDED, settings_in_words
from firmware.white_balance.locked import Held, check_locks, facts_of, light_of, lock_of

if TYPE_CHECKING:
    from isp.light_estimate import Judge, LightEstimate
    from isp.pipeline import Pipeline
    from isp.tuning import Tuning

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Balance:
    """What one photo's white balance goes by; held fast at the press.

    knobs   of [white_balance], that win over the settings' and the mode's
    judge   asked where the knobs leave the light to be judged
    """

    knobs: Mapping[str, Any]
    judge: Judge

    def pipeline(self, pipeline: Pipeline) -> Pipeline:
        """The pipeline with these knobs."""
        from isp.white_balance import WhiteBalance

        balance = pipeline.stage(WhiteBalance)
        if balance is None or not self.knobs:
            return pipeline
        return pipeline.with_stage(dataclasses.replace(balance, **self.knobs))


class Balances:
    """What the photographer asked for, for any thread. Changes are in force at once, and durable.

    trouble  why something is not as it was asked for; empty where all is well
    """

    def __init__(self, state_folder: Path | str, judging: Judging | None = None) -> None:
        self.judging = judging or Judging()
        self.trouble = ""
        self._file = Path(state_folder) / FILE
        self._changing = threading.Lock()
        self._kept = Kept()

    def open(self) -> None:
        """Read what was kept. Of a damaged file nothing holds, and that is said until the next choice."""
        sweep(self._file)
        try:
            kept = read_kept(self._file)
            check_locks(kept)
        except WhiteBalanceError as error:
            self.trouble = f"{self._file} is damaged, nothing of it holds; choose anew with `nightjar wb`: {error}"
            logger.warning(self.trouble)
        else:
            self._kept = kept

    def of(self, mode: str, sensor: str, tuning: Tuning | None) -> Balance:
        """For a photo of this mode and sensor. What does not hold for the sensor is not used: the light is judged."""
        wish = self._kept.wish_of(mode)
        if wish.lock is not None and wish.lock.sensor == sensor:
            return self._locked(light_of(wish.lock), tuning)
        return self.unlocked(mode, sensor, tuning)

    def unlocked(self, mode: str, sensor: str, tuning: Tuning | None) -> Balance:
        """As `of`, were nothing locked."""
        wish = self._kept.wish_of(mode)
        if wish.choice is None:
            return Balance({}, self.judging)
        does_not_hold = self._amiss(Wish(wish.choice), sensor, tuning)
        return Balance(UNDECIDED if does_not_hold else self._knobs(wish.choice, sensor), self.judging)

    def choose(self, choice: Choice, mode: str | None, sensor: str | None, tuning: Tuning | None) -> None:
        """From now on, in this mode or in all that have no choice of their own. A lock there ends.

        sensor, tuning  of the frames that come; None before the first: then nothing is refused
        Raises WhiteBalanceError for what this sensor cannot have: custom without a card, a temperature without a curve.
        """
        amiss = "" if sensor is None else self._amiss(Wish(choice), sensor, tuning)
        if amiss:
            mend = "Fill the middle of a photo with a grey card, then: nightjar wb --from last"
            raise WhiteBalanceError(f"{choice.in_words} cannot be chosen: {amiss}. {mend}")
        self._change(lambda kept: kept.with_wish(mode, Wish(choice)))

    def chosen(self, mode: str | None) -> Choice:
        """What was chosen for this mode, or with None for all; auto where nothing was."""
        wish = self._kept.general if mode is None else self._kept.wish_of(mode)
        return wish.choice or Choice()

    def keep_card(self, sensor: str, card: GreyCard, mode: str | None) -> None:
        """What this sensor read of a grey card is its custom white balance, and is chosen."""
        self._change(lambda kept: kept.with_card(sensor, card).with_wish(mode, Wish(Choice(CUSTOM))))

    def lock(self, light: LightEstimate, sensor: str, mode: str | None) -> None:
        """Hold this light until `unlock` or another choice."""
        lock = lock_of(light, sensor)
        self._change(lambda kept: kept.with_wish(mode, dataclasses.replace(kept.own(mode), lock=lock)))

    def is_locked(self, mode: str | None) -> bool:
        """Whether a light is held for this mode, or with None for all."""
        return self._kept.own(mode).lock is not None

    def unlock(self, mode: str | None) -> None:
        """Back to what was chosen before. Raises WhiteBalanceError where nothing is locked."""
        if not self.is_locked(mode):
            raise WhiteBalanceError(f"The white balance {_where(mode)} is not locked.{self._locked_elsewhere(mode)}")
        self._change(lambda kept: kept.with_wish(mode, dataclasses.replace(kept.own(mode), lock=None)))

    def reset(self, mode: str | None) -> None:
        """Forget what was asked for: a mode then goes with all others, and all go by the settings."""
        self._change(lambda kept: kept.with_wish(mode, NOTHING))

    def report(
        self,
        modes: list[str],
        sensor: str | None,
        tuning: Tuning | None,
        pipelines: Mapping[str, Pipeline] | None = None,
    ) -> dict[str, Any]:
        """Plain values for `nightjar wb` and `nightjar status`, of these modes.

        sensor     None before any frame
        pipelines  of the settings and the modes, to say what holds where nothing was chosen
        """
        kept = self._kept
        return {
            "general": _told(kept.general),
            "modes": {name: self._told_of(name, sensor, tuning, (pipelines or {}).get(name)) for name in modes},
            "cards": {name: {"grey": list(card.grey), "file": card.file} for name, card in kept.cards.items()},
            "sensor": sensor,
            "judge": self.judging.report(),
            "trouble": self.trouble or None,
        }

    def _told_of(
        self, mode: str, sensor: str | None, tuning: Tuning | None, pipeline: Pipeline | None
    ) -> dict[str, Any]:
        wish = self._kept.wish_of(mode)
        told = _told(wish, "" if pipeline is None else settings_in_words(pipeline))
        amiss = self._amiss(wish, sensor, tuning) if sensor else ""
        said = f"what was asked for ({told['in_words']}) does not hold: {amiss}" if amiss else None
        return told | {"own": self._kept.own(mode) != NOTHING, "amiss": said}

    def _amiss(self, wish: Wish, sensor: str, tuning: Tuning | None) -> str:
        """Why what was asked for does not hold for this sensor; empty where it does."""
        if wish.lock is not None:
            return "" if wish.lock.sensor == sensor else f"the light was locked with {wish.lock.sensor}, not {sensor}"
        if wish.choice is None or wish.choice.kind == AUTO:
            return ""
        if wish.choice.kind == CUSTOM:
            return "" if sensor in self._kept.cards else f"no grey card was photographed with {sensor} yet"
        from isp.grey_curve import with_curve

        return "" if with_curve(tuning) is not None else f"no curve tells what {sensor} reads of grey at a temperature"

    def _knobs(self, choice: Choice, sensor: str) -> Mapping[str, Any]:
        knobs = UNDECIDED | {"tint": choice.tint}
        if choice.kind == CUSTOM:
            red, blue = self._kept.cards[sensor].grey
            return knobs | {"custom_red": red, "custom_blue": blue}
        if choice.kind == TEMPERATURE:
            return knobs | {"temperature_k": choice.temperature_k}
        return knobs | {"preset": choice.kind}  # one of them is auto

    def _locked(self, light: LightEstimate, tuning: Tuning | None) -> Balance:
        """A mode still shows a locked light as warm as it shows others. Where no curve tells how warm it is, nobody is
        asked to judge: the gains themselves are held."""
        from isp.grey_curve import with_curve

        if with_curve(tuning) is None:
            return Balance(UNDECIDED | facts_of(light), self.judging)
        return Balance(UNDECIDED | {"source": "learned"}, Held(light))

    def _change(self, change: Callable[[Kept], Kept]) -> None:
        with self._changing:
            self._kept = change(self._kept)
            try:
                write_kept(self._file, self._kept)
            except StorageError as error:
                self.trouble = f"The white balance holds until the camera is switched off, it was not kept: {error}"
                logger.error(self.trouble)
            else:
                self.trouble = ""

    def _locked_elsewhere(self, mode: str | None) -> str:
        if mode is not None and self._kept.general.lock is not None:
            return " All modes are: nightjar wb unlock"
        locked = [name for name, wish in self._kept.modes.items() if wish.lock is not None]
        return f" But in mode {locked[0]} it is: nightjar wb unlock --mode {locked[0]}" if locked else ""


def _told(wish: Wish, by_settings: str = "") -> dict[str, Any]:
    choice, lock = wish.choice, wish.lock
    as_settings = f"as the settings say: {by_settings}" if by_settings else "as the settings say"
    words = as_settings if choice is None else choice.in_words
    return {
        "choice": None if choice is None else choice.to_dict(),
        "locked": None if lock is None else {"sensor": lock.sensor, **lock.light},
        "in_words": words if lock is None else f"locked at {_place_of(lock.light)}; when unlocked: {words}",
    }


def _place_of(light: Mapping[str, Any]) -> str:
    kelvin = light.get("temperature_k")
    return "the colour of {:.3f}, {:.3f}".format(*light["grey"]) if kelvin is None else f"{kelvin:.0f} K"


def _where(mode: str | None) -> str:
    return "of all modes" if mode is None else f"of mode {mode}"

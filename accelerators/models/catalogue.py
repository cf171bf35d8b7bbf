"""configs/models.toml: which models there are, where each file comes from and what it must be. Read strictly."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from accelerators.errors import ModelError
from isp.plain_values import read_toml

ABOVE = Path(__file__).resolve().parents[2]
# Installed, the settings that come with Nightjar lie inside its package; in a checkout beside it.
PLACES = [ABOVE / "firmware/configs/models.toml", ABOVE / "configs/models.toml"]
CATALOGUE = next((place for place in PLACES if place.is_file()), PLACES[-1])
DOWNLOAD_FROM = "https://raw.githubusercontent.com"

MODEL_KEYS = {"serves": str, "meaning": str, "repository": str, "commit": str, "licence": str, "input": list}
MODEL_KEYS |= {"classes": int, "cpu": dict, "edge_tpu": dict, "labels": dict}
OPTIONAL = {"edge_tpu"}
FILE_KEYS = {"path": str, "bytes": int, "sha256": str}
CUT_KEYS = {"cut": str, "cut_sha256": str}
FORMS = {
    "repository": re.compile(r"[\w.-]+/[\w.-]+"),
    "commit": re.compile(r"[0-9a-f]{40}"),
    "sha256": re.compile(r"[0-9a-f]{64}"),
    "cut_sha256": re.compile(r"[0-9a-f]{64}"),
    # Names that stay inside their folder and are never hidden: a file that is still growing is.
    "cut": re.compile(r"\w[\w.-]*"),
    "path": re.compile(r"\w[\w.-]*(/\w[\w.-]*)*"),
}


@dataclass(frozen=True)
class KnownFile:
    """One file: its name in the models' folder, where in the repository it is, its size and SHA-256."""

    name: str
    path: str
    bytes: int
    sha256: str


@dataclass(frozen=True)
class Twins:
    """A network as it is published, and cut. The cut is made by editing, so its size is the same."""

    original: KnownFile
    cut: KnownFile


@dataclass(frozen=True)
class KnownModel:
    """One table of configs/models.toml.

    serves   what it is called in the settings: "fast" or "quality"
    input    (height, width) of the picture it takes
    classes  how many scores it gives for each place
    """

    name: str
    serves: str
    meaning: str
    repository: str
    commit: str
    licence: str
    input: tuple[int, int]
    classes: int
    cpu: Twins
    edge_tpu: Twins | None
    labels: KnownFile

    @property
    def networks(self) -> list[Twins]:
        """For the CPU, and for the Edge TPU where there is one."""
        return [self.cpu] + ([self.edge_tpu] if self.edge_tpu else [])

    @property
    def published(self) -> list[KnownFile]:
        """What has to be fetched."""
        return [twins.original for twins in self.networks] + [self.labels]

    @property
    def page(self) -> str:
        """Where a person can look at it."""
        return f"https://github.com/{self.repository}/tree/{self.commit}"

    def url(self, file: KnownFile, source: str = DOWNLOAD_FROM) -> str:
        """Where a file is fetched; `source` may be a mirror with the same folders."""
        return f"{source.rstrip('/')}/{self.repository}/{self.commit}/{file.path}"


def read_catalogue(file: Path = CATALOGUE) -> dict[str, KnownModel]:
    """All models by name. Raises ModelError that names the file, the table and the key."""
    try:
        tables = read_toml(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise ModelError(f"{file} cannot be read: {error.strerror}.") from None
    except ValueError as error:  # not TOML, or not UTF-8
        raise ModelError(f"{file} is not TOML: {error}.") from None
    return {name: _model(file, name, table) for name, table in tables.items()}


def find_model(name: str, catalogue: Mapping[str, KnownModel]) -> KnownModel:
    """The model of that name, or the one that serves as that. Raises ModelError that lists all."""
    for model in catalogue.values():
        if name in (model.name, model.serves):
            return model
    known = ", ".join(f"{model.name} ({model.serves})" for model in catalogue.values())
    raise ModelError(f"There is no model '{name}'. Models: {known}.")


def _model(file: Path, name: str, table: Any) -> KnownModel:
    where = f"{file}: [{name}]"
    _check(where, table, MODEL_KEYS, OPTIONAL)
    size = table["input"]
    if len(size) != 2 or not all(isinstance(side, int) and side > 0 for side in size) or table["classes"] < 1:
        raise ModelError(f"{where} input is {size} with {table['classes']} classes; give [height, width], all above 0.")
    parts = {key: _twins(f"{where[:-1]}.{key}]", table[key]) for key in ("cpu", "edge_tpu") if key in table}
    _check(f"{where[:-1]}.labels]", table["labels"], FILE_KEYS)
    facts = {key: value for key, value in table.items() if not isinstance(value, dict)}
    return KnownModel(
        **facts | {"name": name, "input": tuple(size)},
        cpu=parts["cpu"],
        edge_tpu=parts.get("edge_tpu"),
        labels=_file(table["labels"]),
    )


def _twins(where: str, table: Any) -> Twins:
    _check(where, table, FILE_KEYS | CUT_KEYS)
    original = _file(table)
    return Twins(original, KnownFile(table["cut"], original.path, original.bytes, table["cut_sha256"]))


def _file(table: Mapping[str, Any]) -> KnownFile:
    return KnownFile(table["path"].rpartition("/")[2], table["path"], table["bytes"], table["sha256"])


def _check(where: str, table: Any, keys: Mapping[str, type], optional: set[str] = frozenset()) -> None:
    """Exactly these keys, each of its type and form."""
    if not isinstance(table, dict):
        raise ModelError(f"{where} is {table!r}; it must be a table.")
    if unknown := sorted(table.keys() - keys.keys()):
        raise ModelError(f"{where} has no key '{unknown[0]}'. Keys: {', '.join(keys)}.")
    if missing := sorted(keys.keys() - table.keys() - optional):
        raise ModelError(f"{where} lacks the key '{missing[0]}'.")
    for key, value in table.items():
        form = FORMS.get(key)
        wrong = type(value) is not keys[key] or (form is not None and not form.fullmatch(value))
        if wrong or (keys[key] is int and value < 1):
            raise ModelError(f"{where} {key} = {value!r} is not what belongs there.")

"""A folder of models and a catalogue of it, made from a small network: no published model is needed."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

from measures.small_networks import CLASSES, SIDE, segmenting

from accelerators.models.cut import cut

REPOSITORY, COMMIT = "somebody/models", "0" * 40
LABELS = b"background\ncat\ndog\ncup\nperson\n\nwords after an empty line\n"


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


@dataclass(frozen=True)
class Shelf:
    """What is published, by name, and what the catalogue says of it.

    published  the files that can be fetched
    cut        their cut twins
    """

    published: dict[str, bytes]
    cut: dict[str, bytes]

    def catalogue_text(self, **changes: str) -> str:
        """configs/models.toml with one model, "small"; a change puts another line in a key's place."""
        lines = [
            "[small]",
            'serves = "fast"',
            'meaning = "five classes"',
            f'repository = "{REPOSITORY}"',
            f'commit = "{COMMIT}"',
            'licence = "Apache-2.0"',
            f"input = [{SIDE}, {SIDE}]",
            f"classes = {CLASSES}",
        ]
        for table, name in (("cpu", "net.tflite"), ("edge_tpu", "net_edgetpu.tflite"), ("labels", "labels.txt")):
            data = self.published[name]
            lines += [f"[small.{table}]", f'path = "sub/{name}"', f"bytes = {len(data)}", f'sha256 = "{sha256(data)}"']
            if table != "labels":
                twin = name.replace("net", "net_logits")
                lines += [f'cut = "{twin}"', f'cut_sha256 = "{sha256(self.cut[twin])}"']
        text = "\n".join(changes.get(line.partition(" ")[0], line) for line in lines)
        return text + "\n" + changes.get("more", "")

    def write_catalogue(self, folder: Path, **changes: str) -> Path:
        """The catalogue as a file."""
        file = folder / "models.toml"
        file.write_text(self.catalogue_text(**changes))
        return file

    def fill(self, folder: Path, *names: str) -> Path:
        """Put files into a folder of models: these, or all."""
        folder.mkdir(parents=True, exist_ok=True)
        every = self.published | self.cut
        for name in names or every:
            (folder / name).write_bytes(every[name])
        return folder


def make_shelf() -> Shelf:
    """The CPU's network and its twin differ in their weights, so that they cannot be taken for each other."""
    networks = {"net.tflite": segmenting(seed=1), "net_edgetpu.tflite": segmenting(seed=2)}
    twins = {name.replace("net", "net_logits"): cut(data) for name, data in networks.items()}
    return Shelf(networks | {"labels.txt": LABELS}, twins)

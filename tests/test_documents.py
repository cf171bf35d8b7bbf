"""What the documents point to is there."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
DOCUMENTS = [ROOT / "README.md", *sorted(ROOT.glob("docs/*.md")), *sorted(ROOT.glob("accelerators/*/CARD.md"))]


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_link_leads_to_a_file_and_a_heading_of_it(document):
    targets = re.findall(r"\]\((?!https?:)([^)#]*)(?:#([^)]*))?\)", document.read_text(encoding="utf-8"))
    lost = [f"{file}#{heading}" for file, heading in targets if not _is_there(document, file, heading)]
    assert not lost


def test_every_target_of_make_that_a_document_names_is_one():
    known = re.findall(r"^([a-z][\w-]*):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)
    named = {name for document in DOCUMENTS for name in re.findall(r"`make ([a-z][\w-]*)", document.read_text("utf-8"))}
    assert "test" in named and named <= set(known)


def _is_there(document: Path, file: str, heading: str) -> bool:
    """Whether the file lies where it is said to, seen from the document, and has that heading."""
    path = document.parent / file if file else document
    if not heading:
        return path.exists()
    headings = re.findall(r"^#+ (.*)$", path.read_text(encoding="utf-8"), re.MULTILINE)
    return heading in {re.sub(r"[^\w -]", "", text).lower().replace(" ", "-") for text in headings}

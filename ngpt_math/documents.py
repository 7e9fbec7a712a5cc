"""Eight long documents that no model here learned, and how they are read. NumPy only.

They stand in for PG19 where loss is measured beyond the training context: books of the same kind
and licence, but not PG19, and losses on them are not comparable with published PG19 numbers. Each
is committed as text, with a card that says which package it was taken from. `novels` makes the six
of Jane Austen, `epics` the other two.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from ngpt_math.errors import StudioError
from ngpt_math.files import ASSETS, read_card, sha256_of, shown, write_bytes, write_card

KINDS = {  # the two shortest novels first: the film shows these
    "persuasion": "novel",
    "northanger-abbey": "novel",
    "emma": "novel",
    "mansfield-park": "novel",
    "pride-and-prejudice": "novel",
    "sense-and-sensibility": "novel",
    "moby-dick": "novel",
    "paradise-lost": "poem",
}
USE = "long document that no model here learned; PG19-style, not PG19"
REMAKE = "make it again with `python -m ngpt_math.novels` or `python -m ngpt_math.epics`"


def document_path(name: str) -> Path:
    """Where a document lies."""
    return ASSETS / "corpora" / f"{name}.txt"


def read_document(name: str) -> str:
    """The text of a document, checked against its card.

    Raises:
        DamagedFile: it is missing or is not the text its card describes.
    """
    read_card(document_path(name), REMAKE)
    return document_path(name).read_text(encoding="utf-8")


def plain_text(lines: list[str]) -> str:
    """A text from its lines: paragraphs parted by one blank line, marks of emphasis left out."""
    text = "\n".join(line.rstrip() for line in lines).replace("_", "")
    return re.sub("\n{3,}", "\n\n", text).strip() + "\n"


def check_package(package: Path, what: str, sha256: str, remedy: str) -> None:
    """Refuse another file than the package that documents are made from.

    Raises:
        StudioError: its sha256 differs.
    """
    found = sha256_of(package)
    if found != sha256:
        raise StudioError(
            f"{shown(package)} is not {what} (sha256 expected {sha256[:12]}…, found {found[:12]}…)",
            remedy,
        )


def keep(name: str, text: str, card: dict[str, Any]) -> Path:
    """Write a document and its card; gives its path."""
    path = document_path(name)
    write_bytes(path, text.encode())
    counts = {"characters": len(text), "distinct_characters": len(set(text))}
    write_card(path, {**card, "use": USE, **counts})
    return path

"""Files that are whole or absent, and the cards that say what they are.

Every asset `NAME.EXT` has a card `NAME.card.json` beside it: source, licence, how it was made, and
the sha256 of the file. A file is written to a temporary name in its own folder, flushed to disk and
renamed, so that a killed run leaves the last good one.
"""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from ngpt_math.errors import DamagedFile

ROOT = Path(__file__).resolve().parent.parent
ASSETS = ROOT / "assets"


@contextmanager
def whole_file(path: Path) -> Iterator[Path]:
    """Give a temporary path to write to; on success it becomes `path`, on failure it vanishes."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(prefix=f".{path.name}.", suffix=".partial", dir=path.parent)
    os.close(handle)
    temporary = Path(name)
    try:
        yield temporary
        with temporary.open("rb") as written:
            os.fsync(written.fileno())
        temporary.chmod(0o644)
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def write_bytes(path: Path, data: bytes) -> None:
    """Write `data` to `path`, wholly or not at all."""
    with whole_file(path) as temporary:
        temporary.write_bytes(data)


def write_json(path: Path, document: Any) -> None:
    """Write `document` as readable JSON to `path`, wholly or not at all."""
    text = json.dumps(document, indent=2, sort_keys=True, ensure_ascii=False)
    write_bytes(path, (text + "\n").encode())


def sha256_of(path: Path) -> str:
    """The sha256 of a file, in hex."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def shown(path: Path) -> str:
    """`path` as a person would write it: relative to the working folder where that is shorter."""
    try:
        return str(path.resolve().relative_to(Path.cwd()))
    except ValueError:
        return str(path)


def card_path(path: Path) -> Path:
    """Where the card of an asset lies."""
    return path.with_name(path.stem + ".card.json")


def write_card(path: Path, card: dict[str, Any]) -> None:
    """Write the card of the asset at `path`; the sha256 is taken from the file itself."""
    write_json(card_path(path), {**card, "file": path.name, "sha256": sha256_of(path)})


def read_card(path: Path, remake: str) -> dict[str, Any]:
    """Read the card of the asset at `path` and check the asset against it.

    Raises:
        DamagedFile: the asset or its card is missing or unreadable, or the sha256 differs.
    """
    for needed in (path, card_path(path)):
        if not needed.is_file():
            raise DamagedFile(f"{shown(needed)} is missing", remake)
    try:
        card = json.loads(card_path(path).read_text())
        expected = card["sha256"]
    except (ValueError, KeyError, TypeError) as error:
        raise DamagedFile(f"{shown(card_path(path))} is not a readable card", remake) from error
    found = sha256_of(path)
    if found != expected:
        raise DamagedFile(
            f"{shown(path)} is not the file its card describes"
            f" (sha256 expected {str(expected)[:12]}…, found {found[:12]}…)",
            remake,
        )
    return dict(card)

"""The manifest: every published file with its sha256, and what it was made from."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

from ngpt_math.errors import DamagedFile
from ngpt_math.files import shown, write_bytes

NAME = "manifest.json"
FORMAT = "ngpt-publication/1"


def text(document: dict[str, Any]) -> str:
    """The manifest's file, sealed: its own sha256, without that line, stands in it."""
    open_document = {key: value for key, value in document.items() if key != "sha256"}
    seal = hashlib.sha256(_json(open_document).encode()).hexdigest()
    return _json({**open_document, "sha256": seal})


def _json(document: dict[str, Any]) -> str:
    return json.dumps(document, indent=1, sort_keys=True, ensure_ascii=False) + "\n"


def write(folder: Path, document: dict[str, Any]) -> None:
    """Write the manifest of a folder."""
    write_bytes(folder / NAME, text({**document, "format": FORMAT}).encode())


def read(folder: Path) -> dict[str, Any]:
    """Read the manifest of a folder.

    Raises:
        DamagedFile: it is missing, altered, or not a manifest of this format.
    """
    path = folder / NAME
    remedy = "publish again with `ngpt publish`"
    if not path.is_file():
        raise DamagedFile(f"{shown(path)} is missing", remedy)
    try:
        data = path.read_text()
        document = json.loads(data)
        whole = document["format"] == FORMAT and text(document) == data
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise DamagedFile(f"{shown(path)} is not a readable manifest", remedy) from error
    if not whole:
        raise DamagedFile(f"{shown(path)} is not as it was written", remedy)
    return dict(document)

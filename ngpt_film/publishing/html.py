"""Pages from templates: everything is in the one file, and nothing may be loaded from elsewhere."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import asdict
from html import escape
from pathlib import Path
from typing import Any

from scenes.stage.style import COLOUR

TEMPLATES = Path(__file__).parent / "templates"
EDGE = "#243040"  # the frames of panels, between the film's panel and its lines


def page(name: str, parts: Mapping[str, str], document: Any) -> str:
    """The page `name`: its template with its style, its script, the parts and the data filled in.

    The script reads `document`. The page's policy lets the browser load nothing but files beside
    it, and run nothing but this script.
    """
    style = _fill(_template(f"{name}.css"), {"COLOURS": _colours()})
    script = _template(f"{name}.js")
    filled = {**parts, "STYLE": style, "SCRIPT": script, "DATA": _json(document)}
    filled["POLICY"] = _policy(style, script)
    return _fill(_template(f"{name}.html"), filled)


def _template(name: str) -> str:
    return (TEMPLATES / name).read_text()


def _fill(template: str, parts: Mapping[str, str]) -> str:
    return re.sub(r"\{\{([A-Z]+)\}\}", lambda found: parts[found[1]], template)


def _colours() -> str:
    colours = {**asdict(COLOUR), "edge": EDGE}
    return " ".join(f"--{name.replace('_', '-')}: {value};" for name, value in colours.items())


def _json(document: Any) -> str:
    """JSON that cannot end the element it stands in."""
    return json.dumps(document, ensure_ascii=False).replace("<", "\\u003c")


def _policy(style: str, script: str) -> str:
    """What browsers may do: pictures, films and fonts from beside the page, and this script."""
    beside = "'self' file: data: blob:"
    return (
        f"default-src 'none'; img-src {beside}; media-src {beside}; font-src 'self' file:;"
        f" style-src '{_hash(style)}'; script-src '{_hash(script)}'; base-uri 'none'"
    )


def _hash(text: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


def keys(known: Mapping[str, str]) -> str:
    """A list of keys, apart by spaces, and what they do."""
    return "".join(
        f"<div><dt>{' '.join(f'<kbd>{escape(key)}</kbd>' for key in names.split())}</dt>"
        f"<dd>{escape(what)}</dd></div>"
        for names, what in known.items()
    )

"""What the film calls a token of the larger model: a letter, or a token where it may be longer.

The toy models always read letters, so what is said of them is left as it is.
"""

from __future__ import annotations

import re
from typing import Any

LETTERS = re.compile(r"\b([Ll])etter(s?)(?: (?:and|or) signs?)?\b")


def in_tokens(record: Any, words: str) -> str:
    """Words about the larger model's letters as they are true of a recording."""
    if getattr(record, "noun", "letter") == "letter":
        return words
    return LETTERS.sub(lambda found: ("T" if found[1] == "L" else "t") + "oken" + found[2], words)

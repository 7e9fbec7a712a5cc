"""Whose models a recording was made from."""

from __future__ import annotations

import json

from ngpt_math.files import ASSETS, card_path
from ngpt_math.recordings import Recording


def shipped(record: Recording, *models: str) -> bool:
    """Whether it was made from these of the project's own models, as `mini-ngpt`."""
    return all(record.sources.get(f"{name}.safetensors") == _sha256(name) for name in models)


def _sha256(name: str) -> str:
    card = card_path(ASSETS / "checkpoints" / f"{name}.safetensors")
    return str(json.loads(card.read_text())["sha256"]) if card.is_file() else "not there"

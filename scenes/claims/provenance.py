"""Whose models a recording was made from."""

from __future__ import annotations

from ngpt_math.recordings import Recording, is_shipped


def shipped(record: Recording, *models: str) -> bool:
    """Whether it was made from these of the project's own models, as `mini-ngpt`."""
    names = [f"{model}.safetensors" for model in models]
    return all(is_shipped(name, record.sources.get(name, "")) for name in names)

"""What the opening card shows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from ngpt_math.recordings.format import Array, Recording, array, text

TOY = "toy ngpt"


@dataclass(frozen=True, eq=False)
class Opening(Recording):
    """The opening: where the smallest nGPT put its letters on the sphere."""

    chapter: ClassVar[str] = "opening"

    letters: str = text("the letters, one character each; ␣ is the space")
    embeddings: Array = array(
        "input embedding of each letter", "letters", 3, model=TOY, unit_vectors=True
    )

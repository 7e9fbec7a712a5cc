"""Draws the stills that README.md shows, one a chapter: `python -m tools.film_stills`."""

from __future__ import annotations

import tempfile
from pathlib import Path

from PIL import Image

from ngpt_film import contact
from ngpt_film.gallery import reduced
from ngpt_film.outline import target
from ngpt_film.quality import quality
from ngpt_math.files import ROOT, whole_file
from scenes.film import FILM

FOLDER = ROOT / "docs" / "film"
SHOWN = {
    "traditional_vs_normalized": "side_by_side",
    "l2_norm_shell": "together",
    "normlinear_groups": "every_row",
    "slerp_vs_lerp": "slerp",
    "attention": "patterns",
    "scale_management": "gate",
    "full_architecture": "overview",
}
"""The section of each chapter whose end is shown."""


def main() -> None:
    """Draw them all."""
    for entry in FILM:
        if entry.key not in SHOWN:
            continue
        chosen = target(f"{entry.key}:{SHOWN[entry.key]}")
        with tempfile.TemporaryDirectory() as name:
            file = Path(name, "still.png")
            section = chosen.sections[0].name
            contact.draw([contact.Frame(entry, section, "end", file, quality("draft"))])
            with whole_file(FOLDER / f"{entry.key}.png") as temporary:
                reduced(Image.open(file)).save(temporary, format="png", optimize=True)


if __name__ == "__main__":
    main()

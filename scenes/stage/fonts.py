"""The typeface, from this repository: the picture must not depend on the machine's own fonts."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import manimpango

from ngpt_math.errors import DamagedFile
from ngpt_math.files import ASSETS, read_card

FAMILY = "IBM Plex Sans"
FOLDER = ASSETS / "fonts"
FILES = ("IBMPlexSans-Regular.ttf", "IBMPlexSans-SemiBold.ttf")
REMEDY = "restore it with `git checkout -- assets/fonts`"


def font_files() -> tuple[Path, ...]:
    """The files of the typeface."""
    return tuple(FOLDER / name for name in FILES)


@cache
def register() -> str:
    """Make the typeface known to Pango, once a process, and give its family's name.

    Raises:
        DamagedFile: a file of it is missing, altered, or no font.
    """
    for path in font_files():
        read_card(path, REMEDY)
        if not manimpango.register_font(str(path)):
            raise DamagedFile(f"{path.name} is not a font that Pango can read", REMEDY)
    return FAMILY

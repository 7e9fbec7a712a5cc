"""The typeface, from this repository: the picture must not depend on the machine's own fonts."""

from __future__ import annotations

import ctypes
import ctypes.util
import sys
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
    _look_again()
    return FAMILY


def _look_again() -> None:
    """Have Pango look for fonts anew.

    Where any text was drawn before, as in a notebook, Pango goes on with the list of fonts that it
    made then and draws ours in another typeface. ManimPango has no call for this.
    """
    library = ctypes.util.find_library("pangocairo-1.0") if sys.platform == "linux" else None
    if library is not None:
        ctypes.CDLL(library).pango_cairo_font_map_set_default(None)

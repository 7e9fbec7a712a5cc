"""The gallery of the stage as small pictures with a page that lists them."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Sequence
from contextlib import redirect_stdout
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ngpt_film.quality import quality
from ngpt_math.errors import UsageError
from ngpt_math.files import ROOT, shown, whole_file, write_bytes

if TYPE_CHECKING:
    from PIL.Image import Image

    from scenes.stage.gallery import Exhibit

DOCS = ROOT / "docs" / "stage"
COLOURS = 128
"""Colours of a picture's palette: enough for the shaded sphere, and well below 40 kB."""

HEAD = """# The stage

Every mobject of `scenes/stage`, drawn from the shipped recordings, with the code that made it.
`ngpt stage` makes this page and its pictures, `ngpt stage NAME` a single one. The code stands in
[scenes/stage/gallery.py](../../scenes/stage/gallery.py), where `self.recording` is the recording
named and constants in capitals are at the top.
"""


def page(exhibits: Sequence[Exhibit]) -> str:
    """The page in Markdown: name, picture and code of each."""
    return "\n".join([HEAD, *(_entry(exhibit) for exhibit in exhibits)])


def _entry(exhibit: Exhibit) -> str:
    code = "\n".join(exhibit.code)
    record = exhibit.Record
    numbers = f" The numbers: `assets/recordings/{record.chapter}`." if record else ""
    return f"""## {exhibit.name}

{exhibit.title}.{numbers}

![{exhibit.title}]({exhibit.name}.png)

```python
{code}
```
"""


def draw(name: str) -> Image:
    """The still of one exhibit, 854 × 480 pixels with a palette."""
    from ngpt_film.shoot import last_picture
    from scenes.stage.gallery import Gallery

    with tempfile.TemporaryDirectory() as cache:
        return reduced(last_picture(Gallery.of(name), quality("draft"), Path(cache)))


def reduced(picture: Image) -> Image:
    """A still in few colours, for the pages of the docs."""
    from PIL.Image import Dither, Quantize

    # Colours by how far apart they are, not by area: a thin line keeps the colour of its role.
    return picture.quantize(COLOURS, Quantize.MAXCOVERAGE, kmeans=2, dither=Dither.NONE)


def chosen(names: Sequence[str]) -> tuple[Exhibit, ...]:
    """The exhibits called so, or all.

    Raises:
        UsageError: there is none of that name.
    """
    from scenes.stage.gallery import Gallery

    there = {exhibit.name: exhibit for exhibit in Gallery.exhibits()}
    for name in names:
        if name not in there:
            raise UsageError(f"the stage has no {name!r}", f"it has {', '.join(there)}")
    return tuple(e for e in there.values() if not names or e.name in names)


@click.command()
@click.argument("names", nargs=-1, metavar="[NAME]...")
@click.option(
    "--out", type=click.Path(path_type=Path, file_okay=False), default=DOCS, help="The folder."
)
def stage(names: tuple[str, ...], out: Path) -> None:
    """Draw the mobjects of the stage, each in one still, with the code that makes it.

    Without names, all of them and the page that lists them.
    """
    with redirect_stdout(sys.stderr):  # Manim's words
        exhibits = chosen(names)
        for exhibit in exhibits:
            with whole_file(out / f"{exhibit.name}.png") as temporary:
                draw(exhibit.name).save(temporary, format="png", optimize=True)
    if not names:
        write_bytes(out / "README.md", page(exhibits).encode())
    click.echo(f"{len(exhibits)} stills in {shown(out)}")

"""The page of the stage and its pictures are what `ngpt stage` makes now."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from PIL import Image

from ngpt_film import cli
from ngpt_film.gallery import DOCS, draw, page
from scenes.stage.gallery import Gallery
from scenes.stage.style import COLOUR

NAMES = [exhibit.name for exhibit in Gallery.exhibits()]


def difference(name: str, cache: Path) -> float:
    """How far the committed still is from one drawn now, in levels, over its worst hundredth."""
    drawn, kept = draw(name, cache), Image.open(DOCS / f"{name}.png")
    one, other = (np.asarray(picture.convert("RGB"), dtype=float) for picture in (drawn, kept))
    return float(np.percentile(np.abs(one - other), 99))


@pytest.mark.parametrize("name", NAMES)
def test_pictures_are_those_of_now(name: str, tmp_path: Path) -> None:
    # Other processors and libraries may round a pixel otherwise, not a whole stroke.
    assert difference(name, tmp_path) < 12


@pytest.mark.parametrize("name", NAMES)
def test_pictures_are_small(name: str) -> None:
    path = DOCS / f"{name}.png"
    assert Image.open(path).size == (854, 480)
    assert path.stat().st_size < 40_000


def test_a_still_of_something_else_is_noticed(tmp_path: Path) -> None:
    drawn, kept = draw("bars", tmp_path), Image.open(DOCS / "table.png")
    one, other = (np.asarray(picture.convert("RGB"), dtype=float) for picture in (drawn, kept))
    assert np.percentile(np.abs(one - other), 99) > 12


def test_the_page_lists_what_the_stage_has() -> None:
    assert (DOCS / "README.md").read_text() == page(Gallery.exhibits())
    assert {path.stem for path in DOCS.glob("*.png")} == set(NAMES)


def test_roles_keep_their_colours(tmp_path: Path) -> None:
    kept = io.BytesIO()
    draw("arcs", tmp_path).save(kept, format="png")
    pixels = np.asarray(Image.open(kept).convert("RGB"), dtype=int).reshape(-1, 3)
    for colour in (COLOUR.normalized, COLOUR.traditional):
        wanted = [int(colour[i : i + 2], 16) for i in (1, 3, 5)]
        assert np.abs(pixels - wanted).max(axis=1).min() <= 12


def test_one_still_goes_where_it_is_wanted(tmp_path: Path) -> None:
    done = CliRunner().invoke(cli.cli, ["stage", "prompt", "--out", str(tmp_path)])
    assert done.exit_code == 0, done.output
    assert [path.name for path in tmp_path.iterdir()] == ["prompt.png"]


def test_an_unknown_name_lists_those_there_are(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run(["stage", "nosuch"]) == 2
    said = capsys.readouterr().err.strip()
    assert said.startswith("error: the stage has no 'nosuch'; it has hypersphere, ")
    assert len(said.splitlines()) == 1

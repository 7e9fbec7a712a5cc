"""`ngpt record --checkpoint` and `ngpt render --recordings`: the film of other models."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image
from token_models import VOCAB, vocabulary

from ngpt_film import cli
from ngpt_math import recordings
from ngpt_math.checkpoint import build_model, checkpoint_path, load_model, save_model
from ngpt_math.files import read_card
from ngpt_math.recordings import default_path

OTHER = """
import numpy as np
from pathlib import Path
from ngpt_math.recordings import Tiny, save
tiny = Tiny(sources={}, steps=np.float32([0.5]), point=np.float32([0, 0.6, 0.8]))
save(tiny, Path("elsewhere/tiny.safetensors"), "test")
"""

CLAIMS = """
from scenes.claims import Claim, Claims
def both(record): return len(record.steps) == 2
CLAIMS = Claims(
    slides=(Claim("The dot slides to the right.", both, "The dot slides."),),
    drifts=(Claim("Then it drifts, a little at a time.", both),),
    steps=(Claim("It steps", both, lambda record: f"Steps: {len(record.steps)}"),),
)
"""


@pytest.fixture
def converted(tmp_path: Path) -> Path:
    """An nGPT of which nothing but the weights is known, as a converted one."""
    path = tmp_path / "theirs.safetensors"
    save_model(path, load_model(checkpoint_path("mini", "ngpt")), {})
    return path


def test_chapters_that_show_a_training_are_left_out_where_none_is_known(
    converted: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "film"
    before = default_path("attention").stat().st_mtime_ns
    assert cli.run(["record", "--checkpoint", str(converted), "--out", str(out), "--json"]) == 0
    said = capsys.readouterr()
    made = {row["chapter"] for row in json.loads(said.out)}
    left_out = {line.split()[2].strip(":") for line in said.err.splitlines()}
    assert made | left_out == set(recordings.CHAPTERS)
    trained = {"traditional_vs_normalized", "scale_management", "full_architecture"}
    assert left_out == trained | {"closing"}, "the closing tells what was measured on ours"
    assert {path.stem for path in out.glob("*.safetensors")} == made
    assert read_card(out / "attention.safetensors", "")["made_by"] == (
        "ngpt record attention --checkpoint theirs.safetensors"
    )
    assert default_path("attention").stat().st_mtime_ns == before
    command = ["record", "attention", "--check", "--checkpoint", str(converted), "--out", str(out)]
    assert cli.run(command) == 0
    assert "as recorded, to 0.0e+00" in capsys.readouterr().out


def test_a_chapter_asked_for_by_name_is_not_left_out(
    converted: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["record", "scale_management", "--checkpoint", str(converted), "--out", str(tmp_path)]
    assert cli.run(words) == 1
    assert "theirs.history.safetensors is missing" in capsys.readouterr().err


@pytest.fixture
def two_films(filmed_studio, copy_studio: Callable) -> object:
    """A filmed studio with the recordings of other models beside it."""
    studio = copy_studio(filmed_studio)
    studio.python(OTHER)
    return studio


def test_the_film_of_other_models(two_films) -> None:
    film = (two_films.root / "renders" / "ngpt.mp4").read_bytes()
    done = two_films.ngpt("status", "--recordings", "elsewhere", "-q", "draft", "--json")
    why = [row["why"] for row in json.loads(done.stdout)]
    assert len(why) == 4 and all(words == ["recording changed"] for words in why)
    assert "left out, for want of a recording in elsewhere: other" in done.stderr
    done = two_films.ngpt("render", "--recordings", "elsewhere", "-q", "draft", "--json")
    assert done.returncode == 0, done.stderr
    made = json.loads(done.stdout)
    assert Path(made["path"]) == two_films.root / "renders" / "ngpt-elsewhere.mp4"
    assert len(made["rendered"]) == 4
    steps = [row["end_s"] - row["start_s"] for row in made["sections"]]
    for arguments, count in ((("--recordings", "elsewhere"), 4), ((), 5)):
        done = two_films.ngpt("status", *arguments, "-q", "draft", "--json")
        rows = json.loads(done.stdout)
        assert len(rows) == count and all(row["fresh"] for row in rows)
    assert (two_films.root / "renders" / "ngpt.mp4").read_bytes() == film
    again = two_films.ngpt("render", "-q", "draft", "--json")
    ours = json.loads(again.stdout)
    assert ours["rendered"] == []
    mine = [row["end_s"] - row["start_s"] for row in ours["sections"]]
    assert mine[3] > steps[3], "it takes two steps with ours, one with theirs"


def test_what_is_not_true_of_other_models_is_told_and_not_said(two_films) -> None:
    two_films.write("scenes/claims/tiny.py", CLAIMS)
    two_films.edit("scenes/tiny.py", "    Record = ", "    claimed = CLAIMS\n    Record = ")
    two_films.edit(
        "scenes/tiny.py",
        "from scenes import",
        "from scenes.claims.tiny import CLAIMS\nfrom scenes import",
    )
    words = ("render", "tiny", "-q", "draft", "--json", "--out", "film.mp4")
    done = two_films.ngpt(*words)
    assert done.returncode == 0, done.stderr
    assert "not true" not in done.stderr, "of ours, all is"
    assert "Then it drifts" in (two_films.root / "film.srt").read_text()
    assert [row["title"][-8:] for row in json.loads(done.stdout)["sections"]][3] == "It steps"
    done = two_films.ngpt(*words, "--recordings", "elsewhere")
    assert done.returncode == 0, done.stderr
    told = [line for line in done.stderr.splitlines() if line.startswith("not true")]
    assert [line.split("; ")[1] for line in told] == [
        "instead: “The dot slides.”", "it is left out", "instead: “Steps: 1”",
    ]  # fmt: skip
    assert "tiny:drifts “Then it drifts, a little at a time.”" in told[1]
    assert "drifts" not in (two_films.root / "film.srt").read_text()
    assert json.loads(done.stdout)["sections"][3]["title"].endswith(": Steps: 1")
    for command in ("status", "storyboard", "sheet"):
        done = two_films.ngpt(command, "tiny", "--recordings", "elsewhere")
        assert done.stderr.count("not true of this recording: tiny:") == 3, command


def test_stills_and_sheets_of_other_models(two_films) -> None:
    found = []
    for options in ((), ("--recordings", "elsewhere")):
        done = two_films.ngpt("still", "tiny:steps", "-q", "draft", *options)
        assert done.returncode == 0, done.stderr
        found.append(Image.open(two_films.root / done.stdout.strip()).tobytes())
        done = two_films.ngpt("sheet", "tiny:steps", *options)
        assert done.returncode == 0, done.stderr
    assert found[0] != found[1]
    names = {path.name for path in (two_films.root / "renders").glob("*.png")}
    assert names == {
        "tiny.steps.end.png", "tiny.steps-elsewhere.end.png", "tiny.steps.sheet.png",
        "tiny.steps-elsewhere.sheet.png",
    }  # fmt: skip
    done = two_films.ngpt("where", "tiny", "--recordings", "elsewhere")
    assert done.stdout.endswith("numbers, from elsewhere/tiny.safetensors\n")


def test_a_damaged_or_empty_folder_is_one_line(two_films) -> None:
    path = two_films.root / "elsewhere" / "tiny.safetensors"
    path.write_bytes(path.read_bytes()[:-4])
    done = two_films.ngpt("render", "--recordings", "elsewhere", "-q", "draft", "tiny")
    assert done.returncode == 1
    (line,) = done.stderr.strip().splitlines()
    assert "elsewhere/tiny.safetensors is not the file its card describes" in line
    assert line.endswith("`ngpt record tiny --checkpoint FILE --out elsewhere`")
    path.unlink()
    done = two_films.ngpt("render", "--recordings", "elsewhere", "-q", "draft")
    assert done.returncode == 2
    assert "elsewhere holds no recording of a chapter" in done.stderr


def test_workers_of_a_cluster_have_the_shipped_recordings_only(two_films) -> None:
    words = ("--recordings", "elsewhere", "--cluster", "tcp://nowhere:1")
    done = two_films.ngpt("render", *words)
    assert done.returncode == 2
    assert "shipped recordings only; leave out --cluster" in done.stderr


def test_a_vocabulary_that_is_not_known_is_given(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    theirs, out = tmp_path / "theirs.safetensors", tmp_path / "film"
    config = load_model(checkpoint_path("mini", "ngpt")).config
    shape = dataclasses.replace(config, tokenizer="gpt-2", vocab=VOCAB)
    save_model(theirs, build_model(shape), {})
    command = ["record", "normlinear_groups", "--checkpoint", str(theirs), "--out", str(out)]
    assert cli.run(command) == 2
    said = capsys.readouterr().err
    assert "'gpt-2', which is not known here; give its tokenizer.json" in said
    assert said.count("\n") == 1
    given = vocabulary(tmp_path / "tokenizer.json")
    assert cli.run([*command, "--tokenizer", str(given)]) == 0
    card = read_card(out / "normlinear_groups.safetensors", "")
    assert card["made_by"].endswith("--checkpoint theirs.safetensors --tokenizer tokenizer.json")
    assert cli.run([*command, "--check", "--tokenizer", str(given)]) == 0
    capsys.readouterr()
    given.write_text("{}")
    assert cli.run([*command, "--tokenizer", str(given)]) == 1
    assert capsys.readouterr().err.count("\n") == 1

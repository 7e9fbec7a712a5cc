"""Recordings are made from whatever checkpoints stand where the shipped ones do."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest
from conftest import small

from ngpt_math import record, recordings
from ngpt_math import training as t
from ngpt_math.checkpoint import build_model, checkpoint_path, load_model, save_model
from ngpt_math.config import TrainConfig
from ngpt_math.corpus import TOKENIZERS
from ngpt_math.errors import DamagedFile, NothingKept, UsageError
from ngpt_math.files import ROOT, read_card, sha256_of
from ngpt_math.record.models import Models
from ngpt_math.runfolder import RunFolder
from ngpt_math.vocabulary import piece

SETTINGS = TrainConfig(
    steps=8, batch=4, lr=1e-2, eval_every=4, eval_windows=2, save_every=8, snapshots=6
)
LETTERS = {"tokenizer": "letters", "vocab": 27}


def trained(folder: Path, kind: str, **shape: object) -> Path:
    """The weights of a model that was trained for a few steps."""
    settings = dataclasses.replace(
        SETTINGS, snapshot_of="weights" if "toy" in folder.name else "norms"
    )
    run = RunFolder(folder, "a test")
    t.train(small(kind, **shape), settings, run)
    return run.model


@pytest.fixture(scope="module")
def others(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """An nGPT and a baseline of another depth and width, trained for a few steps."""
    shape = {"layers": 3, "heads": 3, "d_head": 12, "d_model": 20, "d_mlp": 24, "context": 24}
    own = {"ngpt": {}, "gpt": {"kv_heads": 1, "layers": 2, "heads": 4}}
    return {
        f"mini {kind}": trained(tmp_path_factory.mktemp(kind), kind, **{**shape, **own[kind]})
        for kind in own
    }


@pytest.fixture(scope="module")
def all_four(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Models in the place of every shipped one: another depth, heads, width and vocabulary."""
    toy = {"layers": 2, "heads": 1, "d_head": 6, "d_model": 3, "d_mlp": 7, **LETTERS}
    mini = {"layers": 5, "heads": 1, "d_head": 10, "d_model": 14, "d_mlp": 30, **LETTERS}
    shapes = {"toy ngpt": toy, "toy gpt": toy | {"d_mlp": 9}, "mini ngpt": mini,
              "mini gpt": mini | {"layers": 1, "heads": 2, "vocab": 40}}  # fmt: skip
    return {
        name: trained(tmp_path_factory.mktemp(name), name.split()[1], **shape)
        for name, shape in shapes.items()
    }


# The closing tells what was measured on the shipped models; with others it is left out.
CHAPTERS = [chapter for chapter in record.MAKERS if chapter != "closing"]


@pytest.mark.parametrize("chapter", CHAPTERS)
def test_a_film_needs_none_of_the_shipped_models(
    chapter: str, all_four: dict[str, Path], tmp_path: Path
) -> None:
    assert record.roles(all_four.values()) == all_four
    path = record.record(chapter, tmp_path / f"{chapter}.safetensors", all_four)
    kept = recordings.load(recordings.CHAPTERS[chapter], path)
    assert record.check(chapter, path, all_four) == 0.0
    assert not any(source.startswith(("mini-", "toy-")) for source in kept.sources)
    own = {
        sha256_of(file)
        for model in all_four.values()
        for file in model.parent.glob("*.safetensors")
    }
    assert set(kept.sources.values()) <= own


@pytest.mark.parametrize("chapter", CHAPTERS)
def test_other_models_make_recordings_too(chapter: str, others: dict[str, Path]) -> None:
    recording = record.make(chapter, others)
    recordings.validate(recording)
    used = {spec.model for spec in recording.specs().values()}
    for name, path in others.items():
        found = [source for source in recording.sources if source.startswith(path.parent.name)]
        assert found or name not in used
    assert not any(source.startswith("mini-") for source in recording.sources)


def test_another_model_is_written_and_checked(others: dict[str, Path], tmp_path: Path) -> None:
    path = record.record("attention", tmp_path / "attention.safetensors", others)
    assert record.check("attention", path, others) == 0.0
    assert "--checkpoint" in read_card(path, "")["made_by"]
    assert str(tmp_path) not in read_card(path, "")["made_by"]


def test_a_card_names_the_checkpoints_that_are_not_the_projects_own(
    others: dict[str, Path], all_four: dict[str, Path], tmp_path: Path
) -> None:
    """The toy of the first is the shipped one."""
    path = tmp_path / "attention.safetensors"
    for given, own in ((others, True), (all_four, False), ({}, True)):
        record.record("attention", path, given)
        card = read_card(path, "")
        mine = [f"{file.parent.name}/{file.name}" for file in given.values()]
        named = [name for name in mine if name in card["sources"]]
        assert bool(named) == bool(given)
        assert all(name in card["licence"] for name in named)
        assert ("the project's own models" in card["licence"]) == own
    assert card["licence"] == "MIT, as the project; read from the project's own models"


def test_a_checkpoint_knows_what_it_can_stand_for(others: dict[str, Path]) -> None:
    assert record.role(others["mini gpt"]) == "mini gpt"
    assert record.role(checkpoint_path("toy", "ngpt")) == "toy ngpt"


def test_a_model_in_the_wrong_place_is_refused(others: dict[str, Path]) -> None:
    with pytest.raises(UsageError, match="holds a gpt"):
        record.make("attention", {"mini ngpt": others["mini gpt"]})
    with pytest.raises(UsageError, match="20 entries"):
        record.make("slerp_vs_lerp", {"toy ngpt": others["mini ngpt"]})
    with pytest.raises(UsageError, match="toy ngpt"):
        Models({"nosuch": others["mini gpt"]})


def test_a_missing_history_is_named(others: dict[str, Path]) -> None:
    history = others["mini ngpt"].with_name("history.safetensors")
    aside = history.rename(history.with_suffix(".aside"))
    try:
        with pytest.raises(NothingKept, match=r"history\.safetensors is missing"):
            record.make("scale_management", others)
    finally:
        aside.rename(history)


def test_letters_are_visible() -> None:
    coder = TOKENIZERS["bytes"]
    assert "".join(piece(coder, token) for token in [32, 10, 65, 255, 256, 299]) == "␣⏎A···"


def test_two_models_for_one_place_are_refused(all_four: dict[str, Path], others: dict) -> None:
    with pytest.raises(UsageError, match="both stand for the mini ngpt"):
        record.roles([all_four["mini ngpt"], others["mini ngpt"]])


def test_a_model_that_cannot_read_the_text_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "foreign.safetensors"
    save_model(path, build_model(small(vocab=100)), {})
    with pytest.raises(UsageError, match="has 100 tokens, bytes has 256"):
        record.roles([path])


def test_a_missing_checkpoint_is_named(tmp_path: Path) -> None:
    with pytest.raises(DamagedFile, match=r"none\.safetensors is missing"):
        record.roles([tmp_path / "none.safetensors"])


def test_toys_of_two_shapes_are_refused(all_four: dict[str, Path]) -> None:
    with pytest.raises(UsageError, match="side by side, and have layers 2 and 3"):
        record.make("slerp_vs_lerp", {"toy ngpt": all_four["toy ngpt"]})


def test_toys_trained_for_other_lengths_are_refused(
    all_four: dict[str, Path], tmp_path: Path
) -> None:
    shape = load_model(all_four["toy gpt"]).config
    run = RunFolder(tmp_path / "toy longer", "a test")
    settings = dataclasses.replace(SETTINGS, steps=40, snapshots=20, snapshot_of="weights")
    t.train(shape, settings, run)
    chapter = "traditional_vs_normalized"
    with pytest.raises(UsageError, match=f"{chapter} cannot show these models together: gpt_rows"):
        record.record(chapter, tmp_path / "r.safetensors", {**all_four, "toy gpt": run.model})
    assert not (tmp_path / "r.safetensors").exists()


def test_recordings_of_others_never_take_the_shipped_ones_place(others: dict[str, Path]) -> None:
    assert record.place({}) is None
    first = others["mini ngpt"]
    assert record.place(others) == ROOT / "runs" / "recordings" / first.parent.name
    assert record.place({"mini ngpt": Path("a/mine.safetensors")}) == (
        ROOT / "runs" / "recordings" / "mine"
    )
    assert record.place(others, Path("here")) == Path("here")

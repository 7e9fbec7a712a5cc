"""The film of four other models, trained for a moment: it finds room, and says nothing untrue."""

from __future__ import annotations

import dataclasses
from collections.abc import Set
from pathlib import Path

import numpy as np
import pytest
import test_chapters as whole
from watched import Watched, play

from ngpt_film import captions
from ngpt_film.claims import claims_of, left_out, recorded, told
from scenes.claims.attention import CLAIMS
from scenes.film import FILM, Entry

pytest.importorskip("torch")

TEXT = {"tokenizer": "letters", "vocab": 27, "context": 24}
TOY = {**TEXT, "layers": 4, "heads": 2, "d_head": 8, "d_model": 3, "d_mlp": 7}
SHAPES: dict[str, dict[str, object]] = {
    "toy ngpt": TOY,
    "toy gpt": TOY,
    "mini ngpt": {**TEXT, "layers": 6, "heads": 1, "d_head": 40, "d_model": 48, "d_mlp": 30},
    "mini gpt": {**TEXT, "layers": 1, "heads": 3, "d_head": 8, "d_model": 20, "d_mlp": 24},
}
"""More layers and fewer, more rows, one head, heads of two sizes, another vocabulary."""

OTHERS = [
    pytest.param(each, id=each.key)
    for each in FILM
    if not each.card and each.key != "normlinear_groups"  # see `test_other_numbers`
]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Their recordings."""
    from ngpt_math import record, training
    from ngpt_math.config import ModelConfig, TrainConfig
    from ngpt_math.runfolder import RunFolder

    settings = TrainConfig(
        steps=8, batch=4, lr=1e-2, eval_every=4, eval_windows=2, save_every=8, snapshots=6
    )
    models = {}
    for name, shape in SHAPES.items():
        run = RunFolder(tmp_path_factory.mktemp(name), "a test")
        kept = "weights" if "toy" in name else "norms"
        kind = name.split()[1]
        training.train(
            ModelConfig(kind=kind, **shape),  # type: ignore[arg-type]
            dataclasses.replace(settings, snapshot_of=kept),
            run,
        )
        models[name] = run.model
    made = tmp_path_factory.mktemp("recordings")
    for key in (param.id for param in OTHERS):
        record.record(key, made / f"{key}.safetensors", models)
    return made


def finds_room(watched: Watched) -> None:
    """What holds for the shipped models holds for others: room, contrast, budget, rest."""
    whole.test_nothing_leaves_the_frame_or_meets_the_captions(watched)
    whole.test_no_text_overlaps_another(watched)
    whole.test_frames_keep_to_the_budget(watched)
    whole.test_text_can_be_read(watched)
    whole.test_nothing_moves_while_text_appears(watched)


@pytest.mark.parametrize("chapter", OTHERS)
def test_the_film_of_other_models(chapter: Entry, folder: Path) -> None:
    entry = dataclasses.replace(chapter, recordings=folder)
    watched = play(entry.load(), recording=entry.recording)
    finds_room(watched)
    says_what_is_true(entry, watched)


def test_attention_of_a_baseline_with_qk_norm(tmp_path: Path) -> None:
    """The project's own takes the baseline's place: chapter 5 says what that one does."""
    from ngpt_math import record
    from ngpt_math.checkpoint import checkpoint_path

    given = {"mini gpt": checkpoint_path("mini", "gpt-qknorm")}
    record.record("attention", tmp_path / "attention.safetensors", given)
    chapter = next(each for each in FILM if each.key == "attention")
    entry = dataclasses.replace(chapter, recordings=tmp_path)
    watched = play(entry.load(), recording=entry.recording)
    finds_room(watched)
    says_what_is_true(entry, watched)
    shown = {text.words for moment in watched.moments for text in moment.texts}
    assert {"2 QK-norm", "after RMSNorm"} <= shown
    assert "Traditional: RMSNorm sizes q and k; a root divides products." in shown


@pytest.mark.parametrize("layout", ["nvidia", "lucidrains"])
def test_attention_of_models_in_other_peoples_layouts(layout: str, tmp_path: Path) -> None:
    """What their code does otherwise than the paper is not shown as if it did the same."""
    import torch

    from ngpt_math import record
    from ngpt_math.checkpoint import build_model, save_model
    from ngpt_math.config import ModelConfig
    from ngpt_math.fidelity import as_in

    torch.manual_seed(3)
    model = build_model(as_in(layout, ModelConfig(kind="ngpt", **SHAPES["mini ngpt"])))  # type: ignore[arg-type]
    for name, stored in model.named_parameters():
        if name.endswith("s_qk.stored"):
            torch.nn.init.uniform_(stored, 0.5 * stored[0].item(), 4 * stored[0].item())
    save_model(tmp_path / "theirs.safetensors", model, {})
    given = {"mini ngpt": tmp_path / "theirs.safetensors"}
    record.record("attention", tmp_path / "attention.safetensors", given)
    chapter = next(each for each in FILM if each.key == "attention")
    entry = dataclasses.replace(chapter, recordings=tmp_path)
    watched = play(entry.load(), recording=entry.recording)
    finds_room(watched)
    says_what_is_true(entry, watched, of_baseline={"turned by position"})
    turning = ("rotary", "offset", "bent")
    shown = {text.words for moment in watched.moments for text in moment.texts}
    if layout == "nvidia":
        assert not watched.seconds.keys() & turning
        assert left_out([entry]) == [
            f"left out attention:{name}: {CLAIMS.only[name].why}" for name in turning
        ]
        assert {"turned by position", "changed by position"} <= shown
        return
    assert watched.seconds.keys() > set(turning)
    assert "length of each query" in shown
    assert "length of each key" not in shown
    theirs = recorded(entry)
    assert np.allclose(theirs.k_lengths, 1, atol=1e-5)
    assert theirs.q_lengths.std() > 0.01


def says_what_is_true(entry: Entry, watched: Watched, of_baseline: Set[str] = frozenset()) -> None:
    """No claim that does not hold stands on the screen or is spoken; captions can be followed.

    `of_baseline` are words that are untrue of the nGPT, and stand where the baseline is shown.
    """
    sections = told(entry, entry.load().sections())
    assert [section.name for section in sections] == list(watched.seconds)
    untrue = {claim.words for _, claim in claims_of(entry).untrue(recorded(entry))}
    shown = {text.words for moment in watched.moments for text in moment.texts}
    assert untrue, "they are others"
    assert not (untrue - of_baseline) & shown
    for section in sections:
        assert not untrue & {section.title, *section.says}
        assert section.title in shown
        assert max(map(len, section.says), default=0) <= 84
        seconds = watched.seconds[section.name]
        assert not captions.faults(captions.cues(section.says, 0.0, seconds)), section.name

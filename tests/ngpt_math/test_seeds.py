"""Another seed: what is kept of its runs, and what the page of results says of it."""

from __future__ import annotations

import copy
import dataclasses
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from conftest import small

from ngpt_math.config import KINDS, TrainConfig
from ngpt_math.documents import KINDS as DOCUMENTS
from ngpt_math.errors import DamagedFile, UsageError
from ngpt_math.files import read_card
from ngpt_math.measuring import beyond, results, seeds
from ngpt_math.runfolder import RunFolder
from ngpt_math.training import train

SIZES = {"length_tokens": 64, "state_windows": 2}


def trained(folder: Path, training: TrainConfig, seed: int, kind: str) -> None:
    settings = dataclasses.replace(training, seed=seed)
    run = RunFolder(folder / f"mini-{kind}", f"ngpt train mini --kind {kind} --seed {seed}")
    train(small(kind), settings, run)


def test_what_is_kept_of_a_seed(tmp_path: Path, training: TrainConfig) -> None:
    for kind in KINDS:
        trained(tmp_path, training, 2, kind)
    found = seeds.measured(tmp_path, **SIZES)
    path = seeds.keep(found, tmp_path / "results", "python -m this")
    assert path.name == "mini-seed-2.json" and json.loads(path.read_text()) == found
    card = read_card(path, "")
    assert card["trained_by"][1] == "ngpt train mini --kind gpt --seed 2 --out FOLDER"
    (kept,) = seeds.others(tmp_path / "results", "")
    assert list(kept) == list(KINDS) and seeds.seed_of(kept) == 2
    weights = read_card(tmp_path / "mini-gpt" / "model.safetensors", "")
    assert kept["gpt"]["sha256"] == weights["sha256"]
    assert kept["gpt"]["run"]["curve"]["step"] == [0, 5, 10, 12]
    assert kept["gpt"]["trained"]["validation_loss"] == pytest.approx(
        weights["validation_loss"], rel=1e-5
    )


def test_runs_of_two_seeds_are_not_one(tmp_path: Path, training: TrainConfig) -> None:
    for seed, kind in zip((2, 2, 3), KINDS, strict=True):
        trained(tmp_path, training, seed, kind)
    with pytest.raises(UsageError, match="runs of the seeds 2, 3"):
        seeds.measured(tmp_path, **SIZES)


def test_a_missing_run_is_named(tmp_path: Path, training: TrainConfig) -> None:
    trained(tmp_path, training, 2, "ngpt")
    with pytest.raises(DamagedFile, match=r"mini-gpt.*is missing"):
        seeds.measured(tmp_path, **SIZES)


# The page, on numbers whose answers are known.


def model(kind: str, seed: int, losses: list[float], ends: tuple[float, float]) -> dict[str, Any]:
    """A model whose curve has a point every ten steps of 100,000 tokens."""
    texts = [
        {"document": name, "lengths": [16, 32, 64], "positions": [0, 16, 32, 48],
         "position_loss": [ends[0], 2.0, 2.0, ends[1] + more]}
        for name, more in (("plays", 9.0), ("one", -0.1), ("other", 0.1))
    ]  # fmt: skip
    steps = [10 * at for at in range(len(losses))]
    return {
        "name": f"mini-{kind}",
        "kind": kind,
        "trained": {"seed": seed, "steps": steps[-1], "batch": 4, "lr": 0.1, "data": "plays.txt",
                    "parameters": 7, "validation_loss": losses[-1]},
        "run": {"name": f"mini-{kind}", "curve": {"step": steps, "loss": losses},
                "tokens_a_step": 100_000, "cpu_seconds_a_step": 1.0},
        "lengths": texts,
    }  # fmt: skip


def runs(seed: int, ngpt: list[float], gpt: list[float], end: float) -> list[dict[str, Any]]:
    qknorm = [loss + 0.5 for loss in gpt]
    return [
        model("ngpt", seed, ngpt, (1.5, 1.75)),
        model("gpt", seed, gpt, (1.5, end)),
        model("gpt-qknorm", seed, qknorm, (1.5, 2.5)),
    ]


FIRST = {"models": runs(1, [5.0, 2.0, 1.0], [5.0, 3.0, 2.0], 3.5)}
SECOND = seeds.by_kind({"models": runs(2, [5.0, 3.0, 1.5], [5.0, 3.0, 2.25], 3.0)})


def rows(text: str) -> dict[str, list[str]]:
    lines = [line.strip("| ").split(" | ") for line in text.splitlines() if line.startswith("|")]
    return {line[0]: line[1:] for line in lines}


def test_the_table_of_seeds() -> None:
    found = rows(seeds.spread(FIRST, [SECOND]))
    assert found["mini-ngpt, seed 1"] == [
        "1.0000",
        "1.00 million",
        "2.00",
        "1.500",
        "1.750",
        "+0.250",
    ]
    # From 3 at step 10 to 1.5 at step 20: 2.25 at step 15.
    assert found["mini-ngpt, seed 2"][:3] == ["1.5000", "1.50 million", "1.33"]
    assert found["mini-gpt, seed 2"] == ["2.2500", "–", "–", "1.500", "3.000", "+1.500"]
    assert found["mini-gpt-qknorm, seed 1"][1:3] == ["never", "–"]
    assert found["other"] == [
        "1.500 / 1.500", "1.850 / 1.850", "1.500 / 1.500", "3.600 / 3.100", "1.500 / 1.500",
        "2.600 / 2.600",
    ]  # fmt: skip


def test_differences_between_models_and_between_seeds() -> None:
    text = seeds.spread(FIRST, [SECOND])
    assert "nGPT less baseline: -1.0000 and -0.7500." in text
    assert "nGPT 0.5000, baseline 0.2500, baseline with QK-norm 0.2500." in text
    assert "with the seeds 1 and 2" in text
    assert "Of the 4 differences between the nGPT and a baseline, 0 are smaller" in text


def test_a_difference_that_another_seed_makes_too_is_counted() -> None:
    near = seeds.by_kind({"models": runs(2, [5.0, 3.0, 2.0], [5.0, 3.0, 2.25], 3.0)})
    text = seeds.spread(FIRST, [near])  # 2.0 less 2.25 and 2.75; the nGPT's seeds: 1.0 apart
    assert "Of the 4 differences between the nGPT and a baseline, 2 are smaller" in text


def test_losses_from_other_seeds_stand_beside_the_first() -> None:
    assert results.again([SECOND, SECOND], "mini-ngpt") == "1.500, 1.500"
    assert results.again([SECOND], "toy-ngpt") == "–"


def test_runs_that_differ_in_more_than_the_seed_are_refused() -> None:
    other = copy.deepcopy(SECOND)
    other["gpt"]["trained"]["lr"] = 0.2
    with pytest.raises(ValueError, match=r"lr of the gpt is 0\.2 with another seed, not 0\.1"):
        seeds.spread(FIRST, [other])


# What no model could know.


def test_what_bytes_outside_the_alphabet_cost() -> None:
    text = {"position_loss": [2.0, 3.0], "position_loss_seen": [1.9, 2.6]}
    other = {"position_loss": [2.0, 3.5], "position_loss_seen": [1.5, 2.5]}
    measured = {"lengths": [{}, text, other]}
    assert beyond.costs(measured) == pytest.approx([0.25, 0.75])
    assert beyond.rise(measured) == pytest.approx(1.25)
    assert beyond.rise(measured, "position_loss_seen") == pytest.approx(0.85)


def test_characters_outside_are_named_by_how_often_they_occur() -> None:
    text = {"document": "whale", "tokens": 2000, "unseen": 0.01, "outside": {"(": 3, '"': 12}}
    assert beyond.outside(text) == ("whale", "2,000", "15", "2", "1.00%", '`"` `(`')


# What is committed.


def test_the_committed_seeds_are_of_the_shipped_settings() -> None:
    report = json.loads(results.MEASURES.read_text())
    more = seeds.others(results.RESULTS, "")
    assert [seeds.seed_of(models) for models in more] == list(range(2, len(more) + 2)) != []
    for models in more:
        seeds.check_same(seeds.by_kind(report), models)
        for shipped in report["models"]:
            other = models[shipped["kind"]]
            assert other["sha256"] != shipped["sha256"]
            texts = [[text["document"] for text in each["lengths"]] for each in (shipped, other)]
            assert texts[0] == texts[1] == ["plays", *DOCUMENTS]
            # The measured weights are those of the run: two samples of one text agree.
            plays = other["lengths"][0]["loss"][0]
            assert np.isclose(plays, other["trained"]["validation_loss"], atol=0.05)
            assert np.isclose(other["run"]["curve"]["loss"][-1], plays, atol=0.05)


def test_what_the_readme_says_of_seeds_is_so() -> None:
    """Losses change with the seed as they do with the model; rises beyond the context do not."""
    every = [seeds.by_kind(json.loads(results.MEASURES.read_text()))]
    every += seeds.others(results.RESULTS, "")
    losses = {kind: seeds.validation_losses(every, kind) for kind in KINDS}
    rises = {kind: [beyond.rise(models[kind]) for models in every] for kind in KINDS}
    seed, between = max(map(np.ptp, losses.values())), np.ptp([v[0] for v in losses.values()])
    assert 0.5 < seed / between < 2
    assert max(rises["ngpt"]) < min(rises["gpt-qknorm"])
    assert max(rises["gpt-qknorm"]) < min(rises["gpt"])

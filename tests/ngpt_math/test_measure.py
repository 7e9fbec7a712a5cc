"""What is read off weights, and what becomes of it in a history."""

from __future__ import annotations

import json

import numpy as np
import pytest
import torch
from conftest import small

from ngpt_math import measure
from ngpt_math.checkpoint import build_model, checkpoint_path, history_path, load_model, remake
from ngpt_math.config import KINDS
from ngpt_math.files import ASSETS, read_card
from ngpt_math.history import load_history
from ngpt_math.ngpt import NGPT


@pytest.mark.parametrize("kind", KINDS)
def test_matrices_are_all_of_them_and_no_number_twice(kind: str) -> None:
    model = build_model(small(kind))
    found = sum(w.numel() for _, w, _ in measure.matrices(model))
    assert found == sum(p.numel() for p in model.parameters() if p.ndim > 1)
    names = [name for name, _, _ in measure.matrices(model)]
    assert len(names) == len(set(names)) == 2 + 7 * 2


def test_norms_are_one_where_the_model_says_so() -> None:
    model = NGPT(small())
    lengths = measure.norms(model)
    assert all(np.allclose(values, 1, atol=1e-6) for values in lengths.values())
    assert lengths["norm.layer0.o"].shape == (16,)
    assert lengths["norm.layer0.mlp_out"].shape == (32,)
    assert lengths["norm.embed"].shape == (256,)


def test_condition_numbers() -> None:
    assert measure.condition_number(torch.diag(torch.tensor([8.0, 4.0, 2.0]))) == pytest.approx(4)
    two = torch.cat((torch.eye(3) * 5, torch.diag(torch.tensor([1.0, 2.0, 3.0]))))
    assert measure.head_condition_numbers(two, 3).tolist() == pytest.approx([1, 3])
    found = measure.conditions(build_model(small()))
    assert found["cond.layer1.q"].shape == (2,) and found["cond.embed"].shape == (1,)


def test_scales_are_effective_values() -> None:
    found = measure.scales(NGPT(small()))
    assert np.allclose(found["scale.blocks.0.alpha_mlp"], 0.05)
    assert np.allclose(found["scale.s_logit"], 1.0)
    assert len(found) == 1 + 2 * 5
    assert measure.scales(build_model(small("gpt"))) == {}


def test_first_query_is_the_first_heads() -> None:
    model = build_model(small())
    query = measure.first_query(model)["first_query"]
    assert np.array_equal(query, model.get_parameter("blocks.0.attention.qkv.weight").detach()[:8])


@pytest.mark.parametrize("preset", ["toy", "mini"])
@pytest.mark.parametrize("kind", ["ngpt", "gpt"])
def test_shipped_models_end_where_their_histories_end(preset: str, kind: str) -> None:
    path = checkpoint_path(preset, kind)
    model, card = load_model(path), read_card(path, remake(path))
    history = load_history(history_path(preset, kind), "")
    training = card["settings"]["training"]
    assert len(history["loss"]) == training["steps"]
    assert history["snapshot.step"][0] == 0
    assert history["snapshot.step"][-1] == training["steps"]
    assert history["validation.whole"][0] == pytest.approx(card["validation_loss"], rel=1e-6)
    now = measure.weights(model) if training["snapshot_of"] == "weights" else measure.norms(model)
    for name, values in now.items():
        assert np.array_equal(history[f"snapshot.{name}"][-1], values), name


@pytest.mark.parametrize("preset", ["toy", "mini"])
def test_shipped_models_of_both_kinds_learned_the_same_way(preset: str) -> None:
    cards = [read_card(checkpoint_path(preset, kind), "") for kind in ("ngpt", "gpt")]
    assert cards[0]["data_sha256"] == cards[1]["data_sha256"]
    for name in ("seed", "steps", "batch", "accumulation"):
        assert len({card["settings"]["training"][name] for card in cards}) == 1
    for name in ("layers", "d_model", "heads", "d_head", "d_mlp", "vocab", "context"):
        assert len({card["settings"]["model"][name] for card in cards}) == 1


@pytest.mark.parametrize("preset", ["toy", "mini"])
def test_shipped_models_use_the_best_rate_of_their_sweep(preset: str) -> None:
    path = ASSETS / "results" / f"{preset}-sweep.json"
    read_card(path, "")
    best = json.loads(path.read_text())["best"]
    for kind in (kind for kind in KINDS if best[kind]):
        card = read_card(checkpoint_path(preset, kind), "")
        assert card["settings"]["training"]["lr"] == best[kind]["lr"]
        assert card["validation_loss"] == pytest.approx(best[kind]["validation_loss"], abs=1e-6)


@pytest.mark.parametrize("kind", ["ngpt", "gpt"])
def test_the_toy_learned_more_than_letter_frequencies(kind: str) -> None:
    """2.84 nats a letter is what frequencies alone give; see the history for what it reached."""
    assert read_card(checkpoint_path("toy", kind), "")["validation_loss"] < 2.5

"""The opening's and the closing's numbers."""

from __future__ import annotations

import importlib
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from shipped import shipped, shown, weight

from ngpt_math import record
from ngpt_math.checkpoint import checkpoint_path
from ngpt_math.errors import NothingKept, StudioError
from ngpt_math.files import write_card
from ngpt_math.measuring.results import MEASURES, RESULTS

# The package gives this name to the function in it.
closing = importlib.import_module("ngpt_math.record.closing")


def measures() -> dict[str, Any]:
    found: dict[str, Any] = json.loads(MEASURES.read_text())
    return found


def test_the_letters_are_the_toy_models_embeddings() -> None:
    r = shown("opening")
    assert np.allclose(r.embeddings, weight(shipped("toy", "ngpt"), "embed.weight"), atol=1e-6)
    assert len(r.letters) == len(r.embeddings) and {"a", "z", "␣"} <= set(r.letters)


def test_the_closings_numbers_are_the_committed_measures() -> None:
    r, report = shown("closing"), measures()
    ngpt, gpt, qknorm = report["models"]
    assert np.allclose(r.loss, ngpt["run"]["curve"]["loss"])
    assert np.allclose(r.qknorm_loss, qknorm["run"]["curve"]["loss"])
    assert np.allclose(r.gpt_condition[0], np.median(gpt["conditions"]["layer0.q"]))
    assert np.allclose(r.length_loss[0], ngpt["lengths"][1]["position_loss"])
    assert np.allclose(r.qknorm_length_loss[1], qknorm["lengths"][2]["position_loss"])
    assert r.novels == "Persuasion|Northanger Abbey"
    assert r.edges[1] == r.context and len(r.edges) == r.length_loss.shape[1] + 1


def test_equal_loss_is_read_where_it_was_reached() -> None:
    r = shown("closing")
    for name, loss, tokens in (
        ("equal", r.gpt_loss, r.gpt_tokens),
        ("equal_qknorm", r.qknorm_loss, r.qknorm_tokens),
    ):
        assert np.isclose(getattr(r, f"{name}_loss"), loss[-1], atol=1e-4)
        if getattr(r, f"{name}_reached"):
            assert r.loss.min() <= loss[-1]
            ratio = tokens[-1] / getattr(r, f"{name}_tokens")
            assert np.isclose(getattr(r, f"{name}_ratio"), ratio, rtol=1e-3)


def test_other_seeds_are_those_of_the_committed_measures() -> None:
    r = shown("closing")
    for place, seed in enumerate(r.again_seed):
        models = json.loads((RESULTS / f"mini-seed-{seed:.0f}.json").read_text())["models"]
        losses = {model["kind"]: model["run"]["curve"]["loss"] for model in models}
        assert np.isclose(r.again_loss[place], losses["ngpt"][-1])
        assert np.isclose(r.again_qknorm_loss[place], losses["gpt-qknorm"][-1])
        for name, kind in (("again_ratio", "gpt"), ("again_qknorm_ratio", "gpt-qknorm")):
            reached = min(losses["ngpt"]) <= losses[kind][-1]
            assert (getattr(r, name)[place] >= 1) == reached
    assert len(r.again_seed) >= 1 and len(r.rise) == len(r.again_seed) + 1


def test_rises_are_means_over_all_long_texts() -> None:
    r, (ngpt, gpt, _) = shown("closing"), measures()["models"]
    for found, model in ((r.rise, ngpt), (r.gpt_rise, gpt)):
        ends = [(text["position_loss"][0], text["position_loss"][-1])
                for text in model["lengths"] if text["document"] != "plays"]  # fmt: skip
        first, last = np.mean(ends, axis=0)
        assert np.isclose(found[0], last - first, atol=1e-5)


def test_a_loss_that_was_never_reached_is_said_to_be_none() -> None:
    report = measures()
    by_kind = {row["kind"]: row for row in report["models"]}
    for row in report["equal_loss"]:
        row["tokens"] = row["tokens_ratio"] = None
    found = closing.equal(report, by_kind, "gpt", "equal_")
    assert found["equal_reached"] == 0 == found["equal_ratio"]


def test_measures_of_other_checkpoints_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    report = measures()
    report["models"][1]["sha256"] = "0" * 64
    path = tmp_path / MEASURES.name
    path.write_text(json.dumps(report))
    write_card(path, {"what": "a test"})
    monkeypatch.setattr(closing, "MEASURES", path)
    with pytest.raises(StudioError, match="does not measure the shipped mini-gpt"):
        record.make("closing")


def test_a_film_of_another_model_does_not_end_with_measures_of_ours() -> None:
    other = {"mini ngpt": checkpoint_path("mini", "ngpt")}
    with pytest.raises(NothingKept, match=r"no measures of .*mini-ngpt.safetensors.*ngpt measure"):
        record.make("closing", other)

"""Every measure against an independent computation, on models of two small layers."""

from __future__ import annotations

import json
from math import log
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from conftest import small

from ngpt_math import documents
from ngpt_math.checkpoint import build_model, save_model
from ngpt_math.config import KINDS
from ngpt_math.corpus import load_tokens
from ngpt_math.errors import UsageError
from ngpt_math.files import read_card
from ngpt_math.layers import Trace
from ngpt_math.measuring import figures, histories, lengths, report, results, spectra, states
from ngpt_math.training import loss_of, spread_windows
from scenes.stage.style import Palette

PALETTE = Palette()
RANDOM = np.random.default_rng(7)


def windows(length: int = 16, count: int = 3) -> torch.Tensor:
    return torch.from_numpy(RANDOM.integers(0, 256, size=(count, length)))


# Embeddings.


@pytest.mark.parametrize("shape", [(40, 6), (5, 9)])
def test_spectrum_is_the_covariances(shape: tuple[int, int]) -> None:
    vectors = RANDOM.normal(size=shape) * np.arange(1, shape[1] + 1)
    expected = np.sort(np.linalg.eigvalsh(np.cov(vectors.T)))[::-1][: min(shape[0] - 1, shape[1])]
    found = spectra.covariance_eigenvalues(vectors)
    assert np.allclose(found, expected, rtol=1e-9)
    assert spectra.cloud(vectors)["condition"] == pytest.approx(expected[0] / expected[-1])


def test_pairwise_products_one_by_one() -> None:
    vectors = RANDOM.normal(size=(5, 3))
    expected = [np.dot(vectors[i], vectors[j]) for i in range(5) for j in range(i + 1, 5)]
    assert np.allclose(spectra.pairwise(vectors), expected)
    cosines = [
        e / np.linalg.norm(vectors[i]) / np.linalg.norm(vectors[j])
        for e, (i, j) in zip(expected, zip(*np.triu_indices(5, 1), strict=True), strict=True)
    ]
    assert spectra.cloud(vectors)["cosine"]["mean"] == pytest.approx(np.mean(cosines))


# Hidden states.


def test_entropy_of_known_patterns() -> None:
    pattern = torch.tensor([[1.0, 0.0, 0.0], [0.5, 0.5, 0.0], [1 / 3, 1 / 3, 1 / 3]])
    assert states.entropy(pattern).tolist() == pytest.approx([0, log(2), log(3)])
    equal = np.log(np.arange(1, 7)) * np.ones((2, 1, 2, 1))
    assert np.allclose(states.attention(equal)["of_uniform"], 1)


@pytest.mark.parametrize("kind", KINDS)
def test_angles_and_entropies_again_from_the_trace(kind: str) -> None:
    model, rows = build_model(small(kind)), windows()
    trace: Trace = {}
    with torch.no_grad():
        model(rows, trace)
    found = states.states(model, rows)
    start = trace["layer1.h_in"].double().numpy()
    for name, end in (("moved", "h_mid"), ("suggested", _answer(kind))):
        other = trace[f"layer1.{end}"].double().numpy()
        lengths_ = np.linalg.norm(start, axis=-1) * np.linalg.norm(other, axis=-1)
        expected = np.degrees(np.arccos((start * other).sum(-1) / lengths_)).mean()
        assert found["angles"][f"attention.{name}"]["mean"][1] == pytest.approx(expected, rel=1e-5)
    pattern = trace["layer0.pattern"].double().numpy()[:, :, 1:]
    terms = np.where(pattern > 0, -pattern * np.log(np.where(pattern > 0, pattern, 1)), 0)
    expected = terms.sum(-1).mean(axis=(0, 2))
    assert found["attention"]["entropy"][0] == pytest.approx(expected, rel=1e-6)


def _answer(kind: str) -> str:
    return "h_attention" if kind == "ngpt" else "f_attention"


def test_batches_of_windows_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    model, rows = build_model(small()), windows(count=5)
    whole = states.states(model, rows)
    parts = [list(states.traces(model, rows, batch)) for batch in (2, 8)]
    assert [len(p) for p in parts] == [3, 1]
    joined = torch.cat([states.moves(t, 0)["mlp.moved"] for t in parts[0]])
    assert float(joined.mean()) == pytest.approx(whole["angles"]["mlp.moved"]["mean"][0], rel=1e-6)


def test_hidden_states_of_the_nothing_but_directions() -> None:
    found = states.states(build_model(small()), windows())["angles"]
    assert found["mlp.length"]["mean"] == pytest.approx([1, 1], abs=1e-6)
    assert "mlp.added" not in found


# Lengths.


def test_token_losses_are_cross_entropies_of_single_tokens(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(lengths, "BATCH_TOKENS", 27)  # four windows in parts of three
    model, rows = build_model(small()), windows(length=9, count=4)
    found = lengths.token_losses(model, rows)
    assert found.shape == (4, 8)
    with torch.no_grad():
        logits = model(rows[:, :-1]).double().numpy()
    powers = np.exp(logits - logits.max(-1, keepdims=True))
    chances = powers / powers.sum(-1, keepdims=True)
    for place in range(8):
        right = chances[np.arange(4), place, rows[:, place + 1].numpy()]
        assert found[:, place].numpy() == pytest.approx(-np.log(right), abs=1e-5)
    assert float(found.mean()) == pytest.approx(float(loss_of(model, rows).detach()), abs=1e-5)


def document(text: np.ndarray, learned: list[int]) -> lengths.Document:
    return lengths.Document("noise", "", text, np.array(learned, np.uint8), {})


def test_buckets_are_of_the_longest_windows() -> None:
    model = build_model(small())
    text = RANDOM.integers(0, 256, size=700).astype(np.uint8)
    found = lengths.by_length(model, document(text, list(range(256))), tokens=128)
    assert found["lengths"] == [16, 32, 64] and found["positions"] == [0, 16, 32, 48]
    assert np.mean(found["position_loss"]) == pytest.approx(found["loss"][-1])
    expected = float(loss_of(model, spread_windows(text, 16, 8)).detach())
    assert found["loss"][0] == pytest.approx(expected, abs=1e-5)
    assert found["bits_a_token"][0] == pytest.approx(expected / np.log(2), abs=1e-5)
    assert found["position_loss_seen"] == pytest.approx(found["position_loss"])


def test_losses_of_seen_tokens_leave_out_the_others_one_by_one() -> None:
    model = build_model(small())
    text = RANDOM.integers(0, 256, size=700).astype(np.uint8)
    found = lengths.by_length(model, document(text, list(range(100))), tokens=128)
    rows = spread_windows(text, 64, 2)
    each = lengths.token_losses(model, rows)
    for bucket, mean in enumerate(found["position_loss_seen"]):
        kept = [
            float(each[n, at])
            for n in range(2)
            for at in range(16 * bucket, 16 * bucket + 16)
            if rows[n, at + 1] < 100
        ]
        assert 0 < len(kept) < 32
        assert mean == pytest.approx(np.mean(kept))


def test_unseen_is_counted_token_by_token() -> None:
    assert document(np.array([1, 2, 2, 9], np.uint8), [2, 1, 3]).unseen == pytest.approx(0.25)


def test_characters_outside_the_alphabet_are_counted() -> None:
    counted = lengths.outside("a—b (—) a!", set("ab !"))
    assert counted == {"—": 2, "(": 1, ")": 1} and next(iter(counted)) == "—"


def test_bytes_and_letters_see_other_alphabets() -> None:
    """A dash is three bytes that the plays do not have; folded to letters it is a space."""
    by_name = {text.name: text for text in lengths.texts("bytes").documents}
    whale = by_name["moby-dick"]
    assert whale.outside["—"] == documents.read_document("moby-dick").count("—") > 1000
    foreign = sum(n * len(character.encode()) for character, n in whale.outside.items())
    assert whale.unseen == pytest.approx(foreign / len(whale.tokens))
    assert by_name["plays"].outside == {} and list(by_name)[1:] == list(documents.KINDS)
    assert all(
        text.outside == {} and text.unseen == 0 for text in lengths.texts("letters").documents
    )


# Histories.


def test_rotation_of_a_matrix_that_turns_by_known_angles() -> None:
    at = np.radians([0, 3, 9])
    rows = np.stack([np.cos(at), np.sin(at)], axis=-1)[:, None] * np.array([2.0, 5.0])[:, None]
    history = {"snapshot.step": np.array([0, 1, 3]), "snapshot.first_query": rows}
    found = histories.rotation(history, "first_query")
    assert found is not None
    assert found["degrees_a_step"] == pytest.approx([3, 3])
    assert found["from_step"] == [0, 1] and found["steps"] == [1, 2]
    assert histories.rotation(history, "weight.embed") is None


def test_first_reach_agrees_with_interpolation() -> None:
    steps, losses = np.array([0, 100, 200]), np.array([5.0, 3.0, 2.0])
    for target in (4.0, 3.0, 2.25):
        expected = np.interp(target, losses[::-1], steps[::-1])
        assert histories.first_reach(steps, losses, target) == pytest.approx(expected)
    assert histories.first_reach(steps, losses, 1.0) is None
    assert histories.first_reach(steps, losses, 6.0) == 0


def test_equal_loss_states_steps_tokens_and_seconds() -> None:
    fast = {"name": "fast", "curve": {"step": [0, 10, 20], "loss": [4.0, 2.0, 1.0]},
            "tokens_a_step": 8, "cpu_seconds_a_step": 3.0}  # fmt: skip
    slow = {"name": "slow", "curve": {"step": [0, 20], "loss": [4.0, 2.0]},
            "tokens_a_step": 8, "cpu_seconds_a_step": 1.0}  # fmt: skip
    back, there = histories.equal_loss([fast, slow])
    assert there["run"] == "fast" and there["reaches"] == "slow"
    assert (there["step"], there["tokens"], there["cpu_seconds"]) == (10, 80, 30)
    assert there["tokens_ratio"] == 2 and there["cpu_seconds_ratio"] == pytest.approx(20 / 30)
    assert back["step"] is None and back["tokens"] is None and back["tokens_ratio"] is None


# The report.


def saved(folder: Path, name: str, kind: str) -> Path:
    path = folder / f"{name}.safetensors"
    save_model(path, build_model(small(kind)), {"what": "random"})
    return path


def test_report_of_two_models_with_figures(tmp_path: Path) -> None:
    paths = [saved(tmp_path, kind, kind) for kind in ("ngpt", "gpt")]
    found = report.measure(paths, tmp_path / "out", length_tokens=64, state_windows=2)
    assert json.loads((tmp_path / "out" / report.REPORT).read_text()) == found
    drawn = {path.stem for path in (tmp_path / "out").glob("*.png")}
    assert drawn == set(figures.FIGURES) - {"training", "weights"}
    assert not list((tmp_path / "out").glob(".*"))
    ngpt, gpt = found["models"]
    assert ngpt["scales"]["blocks.1.alpha_mlp"]["mean"] == pytest.approx(0.05, rel=1e-5)
    assert gpt["scales"] == {} and gpt["run"] is None and gpt["rotation"] == []
    seen = len(np.unique(load_tokens("bytes")[0]))
    assert ngpt["embeddings"]["embed"]["vectors"] == seen < 256


def test_report_reads_the_history_beside_a_checkpoint(tmp_path: Path) -> None:
    from ngpt_math.training import run

    (path,) = run("toy", "gpt", steps=4, out=tmp_path, show=False)
    found = report.measure([path], length_tokens=64, state_windows=2)["models"][0]
    assert found["name"] == "toy-gpt" and found["run"]["curve"]["step"] == [0, 4]
    assert found["run"]["tokens_a_step"] == 32 * 64
    turning = {row["of"]: row["degrees_a_step"] for row in found["rotation"]}
    assert all(value >= 0 for value in turning["weight.embed.weight"])
    assert "weight.norm.gain" not in turning


def test_names_that_cannot_be_told_apart_are_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="two checkpoints are called"):
        report.measure([tmp_path / "a" / "x.safetensors", tmp_path / "b" / "x.safetensors"])
    with pytest.raises(UsageError, match="nothing to measure"):
        report.measure([])


def test_no_infinity_goes_into_json() -> None:
    assert report.rounded({"a": [1 / 3, float("inf")], "b": (2, "c")}) == {
        "a": [0.333333, None],
        "b": [2, "c"],
    }


def test_colours_are_the_films() -> None:
    assert figures.COLOUR["ngpt"] == PALETTE.normalized
    assert figures.COLOUR["gpt"] == figures.COLOUR["gpt-qknorm"] == PALETTE.traditional
    drawn = (figures.GROUND, figures.INK, figures.MUTED, figures.LINE)
    assert drawn == (PALETTE.ground, PALETTE.ink, PALETTE.muted, PALETTE.line)


# What is committed.


def shipped() -> dict[str, Any]:
    read_card(results.MEASURES, "")
    document: dict[str, Any] = json.loads(results.MEASURES.read_text())
    return document


def test_committed_measures_are_of_the_committed_models() -> None:
    for model in shipped()["models"]:
        from ngpt_math.checkpoint import checkpoint_path

        card = read_card(checkpoint_path("mini", model["kind"]), "")
        assert model["sha256"] == card["sha256"]


def test_committed_page_is_what_the_results_say() -> None:
    assert results.PAGE.read_text() == results.page()
    assert results.READ_ME.read_text().count(results.short()) == 1

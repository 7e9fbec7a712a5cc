"""What chapters 5 to 7 say follows from the models, by other ways than the makers'."""

from __future__ import annotations

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from conftest import small
from shipped import as_text, shipped, shown, softmax, trace_text, weight

from ngpt_math import record
from ngpt_math import training as t
from ngpt_math.checkpoint import build_model, checkpoint_path
from ngpt_math.corpus import load_tokens
from ngpt_math.files import read_card
from ngpt_math.record.full_architecture import PROMPT, normalized_points, norms
from ngpt_math.recordings import Attention


class TestAttention:
    """Chapter 5."""

    def test_means_and_pairs_are_those_of_what_they_sum_up(self) -> None:
        r = shown("attention")
        assert np.isclose(r.entropies.mean(), r.entropies_mean)
        assert np.isclose(r.gpt_entropies.mean(), r.gpt_entropies_mean)
        half = len(r.rope_angles)
        assert np.array_equal(np.abs(r.s_qk[:half]), r.rope_scale_pairs[0])
        assert np.array_equal(np.abs(r.s_qk[half:]), r.rope_scale_pairs[1])

    def test_the_recalled_update_is_the_fourth_chapters(self) -> None:
        r, before = shown("attention"), shown("slerp_vs_lerp")
        assert r.recall_update == before.update
        assert (r.recall_prompt, r.recall_position) == (before.prompt, before.position)
        assert np.array_equal(r.recall_h, before.states[int(before.update)])

    @pytest.mark.parametrize("prefix", ["", "gpt_"])
    def test_the_query_is_followed_to_its_output(self, prefix: str) -> None:
        r = shown("attention")
        q, k, v, dots, scale, scores, weights, pattern, mixed = (
            getattr(r, prefix + name).astype(np.float64)
            for name in ["q", "k", "v", "dots", "scale", "scores", "weights", "pattern", "mixed"]
        )
        query = int(r.query)
        assert np.allclose(k[: query + 1] @ q[query], dots, atol=1e-4)
        assert np.allclose(dots * scale, scores, atol=1e-4)
        assert np.allclose(softmax(scores), weights, atol=1e-5)
        assert np.allclose(pattern[query, : query + 1], weights, atol=1e-6)
        assert np.allclose(pattern @ v, mixed, atol=1e-5)
        assert np.allclose(np.triu(pattern, 1), 0)

    def test_one_multiplies_by_the_root_the_other_divides(self) -> None:
        r = shown("attention")
        assert np.isclose(r.scale, r.head_dim**0.5)
        assert np.isclose(r.gpt_scale, r.gpt_head_dim**-0.5)

    def test_heads_are_the_median_ones(self) -> None:
        r = shown("attention")
        for prefix, kind in (("", "ngpt"), ("gpt_", "gpt")):
            found = getattr(r, f"{prefix}entropies")
            layer, head = int(getattr(r, f"{prefix}layer")), int(getattr(r, f"{prefix}head"))
            assert (found < found[layer, head]).sum() == found.size // 2
            trace = trace_text(shipped("mini", kind), as_text(r.sentence))
            own = trace[f"layer{layer}.pattern"][0, head].double().numpy()
            assert np.allclose(own, getattr(r, f"{prefix}pattern"), atol=1e-4)
            logs = np.log(np.where(own > 0, own, 1))
            assert np.isclose(found[layer, head], -(own * logs).sum(1).mean(), atol=1e-4)

    def test_qk_normalization_and_its_scale(self) -> None:
        r = shown("attention")
        assert np.abs(r.q_lengths_unit - 1).max() < 1e-6
        assert np.abs(r.k_lengths_unit - 1).max() < 1e-6
        assert np.allclose(np.linalg.norm(r.q / r.s_qk, axis=1), 1, atol=1e-5)
        assert np.allclose(np.linalg.norm(r.q, axis=1), r.q_lengths, atol=1e-5)
        assert np.abs(r.q_lengths_raw - 1).max() > 1e-2

    def test_the_baseline_leaves_its_keys_as_they_come(self) -> None:
        r = shown("attention")
        assert r.qk_norm == 1 and r.gpt_qk_norm == 0
        assert np.allclose(r.gpt_k_lengths_raw, r.gpt_k_lengths, atol=1e-5)

    def test_a_baseline_with_qk_norm_says_so(self) -> None:
        model = shipped("mini", "gpt-qknorm")
        r = record.make("attention", {"mini gpt": checkpoint_path("mini", "gpt-qknorm")})
        assert isinstance(r, Attention) and r.gpt_qk_norm == 1
        gains = weight(model, f"blocks.{int(r.gpt_layer)}.attention.k_norm.gain")
        assert (r.gpt_k_lengths < np.abs(gains).max() * r.gpt_head_dim**0.5 + 1e-4).all()
        assert np.ptp(r.gpt_k_lengths) < 0.5 * np.ptp(r.gpt_k_lengths_raw)

    def test_the_rotation_is_a_rotation(self) -> None:
        r = shown("attention")
        pairs = r.rope_q[:, 0] + 1j * r.rope_q[:, 1]
        turned = pairs[0] * np.exp(1j * float(r.rope_angle) * np.arange(len(pairs)))
        assert np.allclose(pairs, turned, atol=1e-5)
        assert np.abs(r.rope_q_lengths - 1).max() < 1e-6
        assert r.rope_angle == r.rope_angles[int(r.rope_pair)]
        assert r.rope_angle * (len(pairs) - 1) < 2 * np.pi

    def test_scores_depend_on_the_offset_only_until_s_qk(self) -> None:
        r = shown("attention")
        places = len(r.rope_scores)
        for back in range(places):
            assert np.ptp(np.diagonal(r.rope_scores, -back)) < 1e-5
        assert r.rope_spread < 1e-6
        scaled = [np.ptp(np.diagonal(r.rope_scores_scaled, -back)) for back in range(places)]
        assert np.isclose(max(scaled), r.rope_scaled_spread, atol=1e-5)
        assert r.rope_scaled_spread > r.rope_spread

    def test_the_rotated_query_is_the_one_in_use(self) -> None:
        r = shown("attention")
        query, key = int(r.query), int(r.rope_key)
        assert key == r.weights.argmax()
        assert np.isclose(r.rope_scores_scaled[query, key], r.dots[key], atol=1e-5)


class TestScaleManagement:
    """Chapter 6."""

    def test_stored_values_times_their_factor_are_in_effect(self) -> None:
        r = shown("scale_management")
        assert np.allclose(r.stored * r.factor[:, None], r.effective, rtol=1e-5)
        assert np.allclose(r.effective[:, 0], r.init, rtol=1e-5)
        assert np.allclose(r.stored[:, 0], r.scale, rtol=1e-5)
        assert (r.effective_low <= r.effective_high).all()

    def test_one_step_of_adam_moves_every_stored_value_alike(self) -> None:
        r = shown("scale_management")
        assert r.one_step_at == 0
        assert np.allclose(r.one_step_stored, r.learning_rate, rtol=0.02)
        assert np.allclose(r.one_step, r.one_step_stored * r.factor, rtol=1e-5)

    def test_the_last_values_are_the_shipped_ones(self) -> None:
        r = shown("scale_management")
        model = shipped("mini", "ngpt")
        ends = dict(zip(r.kinds.split(","), r.effective[:, -1], strict=True))
        z = weight(model, "s_logit.stored") * float(r.factor[-1])
        qk = [
            weight(model, f"blocks.{n}.attention.s_qk.stored") for n in range(model.config.layers)
        ]
        used = np.unique(load_tokens(model.config.tokenizer)[0])
        assert r.used == len(used) < len(z)
        assert np.isclose(ends["s_z"], np.abs(z[used]).mean(), rtol=1e-4)
        assert ends["s_z"] < 0.5 * np.abs(z).mean()  # the others would hide those in use
        assert np.isclose(ends["s_qk"], np.abs(qk).mean() * r.factor[2], rtol=1e-4)

    def test_factor_one_is_the_model_as_trained(self) -> None:
        r = shown("scale_management")
        trained = int(r.trained)
        assert r.multiplier[trained] == 1
        assert np.allclose(r.attention[trained], r.recall_weights, atol=1e-5)
        logits = trace_text(shipped("mini", "ngpt"), as_text(r.prompt))["logits"][0, -1]
        best = logits.softmax(-1).topk(r.probabilities.shape[1]).values.numpy()
        assert np.allclose(r.probabilities[trained], best, atol=1e-4)
        assert np.isclose(r.output_loss[trained], validation_loss("mini", 1.0), atol=1e-4)

    def test_another_factor_is_another_temperature(self) -> None:
        r = shown("scale_management")
        at = int(r.trained) + 4
        assert np.isclose(r.output_loss[at], validation_loss("mini", r.multiplier[at]), atol=1e-4)
        powers = r.attention[int(r.trained)].astype(np.float64) ** r.multiplier[at]
        assert np.allclose(r.attention[at], powers / powers.sum(), atol=1e-4)

    def test_larger_factors_are_sharper(self) -> None:
        r = shown("scale_management")
        for name in ("query_entropy", "attention_entropy", "output_entropy"):
            assert (np.diff(getattr(r, name)) < 0).all()
        assert r.attention_entropy[0] < r.attention_entropy_uniform
        assert r.output_entropy[0] < r.output_entropy_uniform

    def test_the_factors_reach_the_traditional_temperature(self) -> None:
        r = shown("scale_management")
        assert np.isclose(r.multiplier[0] * r.multiplier[-1], 1)
        assert np.isclose(r.multiplier[-1], shipped("mini", "ngpt").config.d_head)

    def test_without_the_root_silu_is_nearly_a_line(self) -> None:
        r = shown("scale_management")
        assert np.allclose(r.gate_raw * r.root_d, r.gate, atol=1e-4)
        assert np.allclose(r.half, r.gate_line / 2, atol=1e-6)
        assert np.allclose(r.silu, r.gate_line / (1 + np.exp(-r.gate_line)), atol=1e-6)
        assert r.gate_bend_raw < r.gate_bend

    def test_the_nearest_line_is_nearest_and_explains_less_with_the_root(self) -> None:
        r = shown("scale_management")
        assert np.isclose(r.gate_factor[0] * r.root_d, 1)
        assert r.gate_factor[-1] == 1
        assert np.allclose(r.gate_swept[0], r.gate_raw[1:-1], atol=1e-5)
        assert np.allclose(r.gate_swept[-1], r.gate[1:-1], atol=1e-4)
        x = r.gate_swept.astype(np.float64)
        assert np.allclose(r.silu_swept, x / (1 + np.exp(-x)), atol=1e-5)
        slopes = np.diff(r.fit_swept) / np.diff(r.gate_swept)
        assert np.allclose(slopes, slopes[:, :1], rtol=1e-2)
        assert (np.diff(r.fit_share) < 0).all()
        assert 0 < r.fit_share[-1] < r.fit_share[0] < 100

    def test_cosines_times_their_scales_are_the_logits(self) -> None:
        r = shown("scale_management")
        assert (np.abs(r.cosines) <= 1).all()
        assert np.allclose(r.cosines * r.s_z, r.logits, rtol=1e-4)
        odds = np.exp(r.logits - r.logits[0])
        trained = r.probabilities[int(r.trained)]
        assert np.allclose(odds, trained / trained[0], rtol=1e-3)
        flat = np.exp(r.cosines - r.cosines[0])
        assert np.allclose(flat, r.unscaled / r.unscaled[0], rtol=1e-3)

    def test_the_toys_cosines_are_those_of_its_letters(self) -> None:
        r = shown("scale_management")
        assert len(r.toy_letters) == len(r.toy_directions) == shipped("toy", "ngpt").config.vocab
        assert np.allclose(r.toy_directions @ r.toy_h, r.toy_cosines, atol=1e-5)
        rows = weight(shipped("toy", "ngpt"), "unembed.weight")
        assert np.allclose(r.toy_directions, rows, atol=1e-5)

    def test_a_share_of_init_is_the_learning_rate_over_scale(self) -> None:
        r = shown("scale_management")
        assert np.allclose(r.one_step_share / 100, r.one_step / r.init, rtol=1e-5)
        assert np.allclose(r.one_step_share / 100, r.learning_rate / r.scale, rtol=0.02)


def validation_loss(preset: str, factor: float) -> float:
    """Loss of an nGPT with its s_z multiplied, on the windows of the scales chapter."""
    model = shipped(preset, "ngpt")
    context = model.config.context
    rows = t.spread_windows(load_tokens(model.config.tokenizer)[1], context, 2048 // context)
    with torch.no_grad():
        model.get_parameter("s_logit.stored").mul_(float(factor))
        logits = model(rows[:, :-1])
    return float(F.cross_entropy(logits.flatten(0, 1), rows[:, 1:].flatten()))


class TestFullArchitecture:
    """Chapter 7."""

    def test_counts_are_those_of_the_shipped_model(self) -> None:
        r = shown("full_architecture")
        card = read_card(checkpoint_path("mini", "ngpt"), "")
        shape = card["settings"]["model"]
        assert r.parameters == card["parameters"]
        names = {"layers": "layers", "d_model": "d_model", "heads": "heads", "head_dim": "d_head",
                 "d_mlp": "d_mlp", "vocabulary": "vocab", "context": "context"}  # fmt: skip
        assert all(getattr(r, field) == shape[key] for field, key in names.items())
        d, heads, mlp = shape["d_model"], shape["heads"] * shape["d_head"], shape["d_mlp"]
        scales = shape["layers"] * (2 * d + heads + 2 * mlp) + shape["vocab"]
        assert r.scale_parameters == scales

    def test_normalizations_are_the_papers(self) -> None:
        r = shown("full_architecture")
        assert r.norm_points == "q,k,h_attention,h_mid,h_mlp,h_out"
        assert (r.norms_per_layer, r.gpt_norms_per_layer) == (6, 2)
        assert r.norms == 6 * r.layers
        assert r.gpt_norms == 2 * r.layers + 1
        assert r.normalized_matrices == r.matrices == 2 + 7 * r.layers
        assert (r.layer_matrices, r.other_matrices) == (7, 2)

    def test_normalizations_are_counted_and_not_assumed(self) -> None:
        model = build_model(small(qk_norm=False))
        found = normalized_points(model, trace_text(model, "some text"))
        assert found == ["h_attention", "h_mid", "h_mlp", "h_out"]
        model.get_parameter("embed.weight").data.mul_(2)
        counted = norms(model, model, trace_text(model, "some text"))
        assert counted["normalized_matrices"] == counted["matrices"] - 1

    def test_the_path_is_walked_and_ends_in_the_bars(self) -> None:
        r = shown("full_architecture")
        model = shipped("toy", "ngpt")
        ids = r.token_ids.astype(int)
        assert "".join(r.alphabet[i] for i in ids) == r.prompt
        assert np.array_equal(r.paths[0], r.embeddings[ids])
        steps = r.paths[:-1, -1] * r.paths[1:, -1]
        assert np.allclose(np.cos(r.moved), steps.sum(-1), atol=1e-5)
        assert np.allclose(r.output_embeddings @ r.paths[-1, -1], r.cosines, atol=1e-6)
        logits = r.cosines * weight(model, "s_logit.stored") * 3**0.5
        assert np.allclose(r.s_z * r.cosines, logits, atol=1e-5)
        back = r.stepped / r.stepped_length[:, None]
        assert np.allclose(back, r.paths[1:, -1], atol=1e-5)
        best = np.argsort(-logits)[: len(r.logits)]
        assert "".join(r.alphabet[i] for i in best) == r.toy_tokens
        assert np.allclose(logits[best], r.logits, atol=1e-4)
        assert np.allclose(softmax(logits)[best], r.probabilities, atol=1e-5)
        assert np.isclose(r.probabilities.sum() + r.rest, 1, atol=1e-6)

    def test_the_larger_models_bars(self) -> None:
        r = shown("full_architecture")
        trace = trace_text(shipped("mini", "ngpt"), as_text(r.mini_prompt))
        shares = trace["logits"][0, -1].softmax(-1)
        own = [float(shares[ord(sign)]) for sign in r.mini_tokens]
        assert np.allclose(own, r.mini_probabilities, atol=1e-4)
        assert (np.diff(r.mini_probabilities) <= 0).all()
        assert np.isclose(r.mini_probabilities.sum() + r.mini_rest, 1, atol=1e-5)
        assert len(r.mini_moved) == 2 * r.layers


def test_prompts_are_lines_of_the_validation_text() -> None:
    validation = load_tokens("bytes")[1].tobytes().decode()
    assert "O brave new world" in validation
    assert PROMPT + shown("full_architecture").goes_on == "O brave new world"
    assert as_text(shown("attention").sentence) == "brave new world"

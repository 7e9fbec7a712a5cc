"""What chapters 1 to 3 say of weights follows from the models, by other ways than the makers'."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from shipped import as_text, queries, shipped, shown, trace_text, weight

from ngpt_math import training as t
from ngpt_math.checkpoint import Model, checkpoint_path
from ngpt_math.corpus import load_tokens
from ngpt_math.files import ASSETS, read_card
from ngpt_math.record.traditional_vs_normalized import loud_pair

LEAST = 1e-5
QKV = "blocks.{}.attention.qkv.weight"


def conditions(matrix: np.ndarray, d_head: int) -> list[float]:
    """Condition numbers of the heads of a matrix, from their singular values."""
    heads = matrix.reshape(-1, d_head, matrix.shape[1])
    values = [np.linalg.svd(head, compute_uv=False) for head in heads]
    return [float(v.max() / v.min()) for v in values]


class TestTraditionalVsNormalized:
    """Chapter 1."""

    def test_the_last_rows_are_the_shipped_weights(self) -> None:
        r = shown("traditional_vs_normalized")
        for rows, kind in ((r.rows, "ngpt"), (r.gpt_rows, "gpt")):
            assert np.allclose(rows[-1], queries(shipped("toy", kind), 0), atol=1e-7)

    def test_lengths_are_those_of_the_rows(self) -> None:
        r = shown("traditional_vs_normalized")
        assert np.abs(r.norms - 1).max() < LEAST
        assert np.allclose(np.linalg.norm(r.gpt_rows, axis=-1), r.gpt_norms, atol=1e-6)
        assert np.array_equal(r.gpt_norms.min(1), r.gpt_norm_min)
        assert np.array_equal(r.gpt_norms.max(1), r.gpt_norm_max)

    def test_at_length_one_outputs_are_fits_times_the_input(self) -> None:
        r = shown("traditional_vs_normalized")
        assert np.allclose(r.gpt_unit_outputs, r.gpt_fits * r.gpt_input_length, atol=1e-5)
        assert np.allclose(r.gpt_unit_outputs * r.gpt_norms[-1], r.gpt_outputs, atol=1e-5)
        assert np.abs(r.gpt_unit_norms - 1).max() < LEAST

    def test_losses_of_other_seeds_are_the_measured_ones(self) -> None:
        r = shown("traditional_vs_normalized")
        path = ASSETS / "results" / "mini-seed-2.json"
        others = {m["kind"]: m["trained"] for m in json.loads(path.read_text())["models"]}
        for prefix, kind in (("", "ngpt"), ("gpt_", "gpt")):
            card = read_card(checkpoint_path("mini", kind), "")
            losses = getattr(r, f"{prefix}seed_loss")
            assert getattr(r, f"{prefix}seeds").tolist() == [1, 2]
            assert np.allclose(losses, [card["validation_loss"], others[kind]["validation_loss"]])

    def test_both_toy_models_were_trained_alike(self) -> None:
        r = shown("traditional_vs_normalized")
        cards = [read_card(checkpoint_path("toy", kind), "") for kind in ("ngpt", "gpt")]
        assert r.seed == r.gpt_seed == cards[0]["settings"]["training"]["seed"]
        assert cards[0]["data_sha256"] == cards[1]["data_sha256"]
        assert r.toy_steps[-1] == r.toy_loss_steps[-1] == cards[0]["settings"]["training"]["steps"]

    def test_the_larger_models_end_as_shipped(self) -> None:
        r = shown("traditional_vs_normalized")
        for prefix, kind in (("", "ngpt"), ("gpt_", "gpt")):
            model = shipped("mini", kind)
            matrix = queries(model, 0)
            band = np.percentile(np.linalg.norm(matrix, axis=1), (0, 25, 50, 75, 100))
            found = np.median(conditions(matrix, model.config.d_head))
            assert np.allclose(getattr(r, f"{prefix}band")[-1], band, atol=1e-5)
            assert np.isclose(getattr(r, f"{prefix}condition")[-1], found, rtol=1e-4)

    def test_conditions_of_a_kind_are_medians_over_layers_and_heads(self) -> None:
        r = shown("traditional_vs_normalized")
        model = shipped("mini", "gpt")
        heads, layers = model.config.d_head, range(model.config.layers)
        found = np.median([conditions(queries(model, layer), heads) for layer in layers])
        outs = [weight(model, f"blocks.{layer}.mlp.out.weight") for layer in layers]
        out = np.median([conditions(matrix, len(matrix)) for matrix in outs])
        kinds = dict(zip(r.kinds.split(","), r.gpt_kind_condition, strict=True))
        assert np.isclose(kinds["Q"], found, rtol=1e-4)
        assert np.isclose(kinds["MLP out"], out, rtol=1e-4)

    def test_the_toy_conditions_are_those_of_the_rows(self) -> None:
        r = shown("traditional_vs_normalized")
        for rows, found, stretch in (
            (r.rows, r.toy_condition, r.toy_stretch),
            (r.gpt_rows, r.toy_gpt_condition, r.toy_gpt_stretch),
        ):
            expected = [conditions(each.astype(float), len(each)) for each in rows]
            assert np.allclose(np.ravel(expected), found, rtol=1e-4)
            assert np.allclose(stretch[:, 0] / stretch[:, 1], found, rtol=1e-4)
            size = np.linalg.norm(rows, axis=(1, 2))
            assert (stretch[:, 0] <= size).all() and (stretch[:, 0] > size / 2).all()

    def test_outputs_are_the_baselines_own_and_length_times_fit(self) -> None:
        r = shown("traditional_vs_normalized")
        queries_made = trace_text(shipped("toy", "gpt"), r.prompt)["layer0.q_raw"][0, -1]
        assert np.allclose(r.gpt_outputs, queries_made.flatten(), atol=1e-4)
        product = r.gpt_norms[-1] * r.gpt_fits * r.gpt_input_length
        assert np.allclose(product, r.gpt_outputs, atol=1e-5)
        assert (np.abs(r.gpt_fits) <= 1).all()

    def test_of_the_loud_pair_the_longer_fits_worse_and_gives_more(self) -> None:
        r = shown("traditional_vs_normalized")
        long, short = r.loud_pair.astype(int)
        assert r.gpt_norms[-1, long] > r.gpt_norms[-1, short]
        assert 0 < r.gpt_fits[long] < r.gpt_fits[short]
        assert r.gpt_outputs[long] > r.gpt_outputs[short]

    def test_without_such_a_pair_longest_and_shortest_are_taken(self) -> None:
        assert loud_pair(np.array([1.0, 3.0, 2.0]), np.array([0.1, 0.9, 0.5])) == (1, 0)

    def test_the_guesses_are_the_baselines_likeliest_letters(self) -> None:
        r = shown("traditional_vs_normalized")
        logits = trace_text(shipped("toy", "gpt"), r.prompt)["logits"][0, -1].double()
        chances = (logits - logits.logsumexp(0)).exp().sort(descending=True).values
        assert np.allclose(r.guess, chances[: len(r.guess)], atol=1e-5)
        assert len(r.guessed) == len(r.guess) and 0 < r.guess.sum() < 1

    def test_the_letters_embedding_ends_as_shipped(self) -> None:
        r = shown("traditional_vs_normalized")
        place = " abcdefghijklmnopqrstuvwxyz".index(r.prompt[-1])
        for rows, kind in ((r.letter, "ngpt"), (r.gpt_letter, "gpt")):
            assert np.allclose(rows[-1], weight(shipped("toy", kind), "embed.weight")[place])


class TestL2NormShell:
    """Chapter 2."""

    def test_the_division_leads_straight_from_the_vector_to_length_one(self) -> None:
        r = shown("l2_norm_shell")
        assert np.allclose(r.division[0], r.vector) and np.allclose(r.division[-1], r.unit)
        assert np.allclose(r.division, r.division_lengths[:, None] * r.unit, atol=1e-6)
        assert (np.diff(r.division_lengths) < 0).all()
        assert r.norm_eps == shipped("toy", "ngpt").config.norm_eps

    def test_the_vector_is_the_one_farthest_from_length_one(self) -> None:
        r = shown("l2_norm_shell")
        model = shipped("toy", "gpt")
        rows = np.concatenate([queries(model, layer) for layer in range(model.config.layers)])
        assert np.allclose(r.many, rows, atol=1e-7)
        first = rows[: model.config.heads * model.config.d_head]
        off = np.abs(np.linalg.norm(first, axis=1) - 1)
        assert int(r.vector_index) == off.argmax()
        assert np.array_equal(r.many[int(r.vector_index)], r.vector)

    def test_pieces_add_up(self) -> None:
        r = shown("l2_norm_shell")
        assert np.isclose(r.length, np.linalg.norm(r.vector))
        assert np.allclose(r.unit * r.length, r.vector, atol=1e-6)

    def test_what_is_worked_out_comes_out_by_hand(self) -> None:
        """Each number follows from those on the screen, in thousandths."""
        r = shown("l2_norm_shell")
        assert np.abs(r.written - r.vector).max() <= 0.0005 + 1e-6
        assert np.abs(r.root - r.length) < 0.002
        for numbers, squares, total, root in (
            (r.written, r.squares, r.square_sum, r.root),
            (r.shares, r.share_squares, r.share_sum, r.share_root),
        ):
            worked = [Decimal(f"{n:.3f}") ** 2 for n in numbers]
            assert [f"{n:.3f}" for n in worked] == [f"{n:.3f}" for n in squares]
            assert f"{sum(Decimal(f'{n:.3f}') for n in squares):.3f}" == f"{total:.3f}"
            assert f"{Decimal(f'{total:.3f}').sqrt():.3f}" == f"{root:.3f}"
        over = [Decimal(f"{n:.3f}") / Decimal(f"{r.root:.3f}") for n in r.written]
        assert [f"{n:.3f}" for n in over] == [f"{n:.3f}" for n in r.shares]
        assert abs(r.share_root - 1) < 0.002

    def test_the_gradient_at_the_ngpts_vector_is_the_slope_of_the_loss(self) -> None:
        r = shown("l2_norm_shell")
        model, index = shipped("toy", "ngpt").double(), int(r.turn_index)
        rows = queries(model, 0)
        size = float(np.linalg.norm(r.turn_gradient))
        way = r.turn_gradient.astype(float) / size
        losses = []
        for move in (1e-4, -1e-4):
            moved = torch.from_numpy(rows.copy()).double()
            moved[index] += torch.from_numpy(move * way)
            losses.append(loss_of(model, 0, moved))
        assert np.isclose((losses[0] - losses[1]) / 2e-4, size, rtol=1e-3)
        assert np.isclose(r.turn_gradient @ rows[index], r.turn_along, atol=1e-6)
        assert np.isclose(np.hypot(r.turn_along, r.turn_across), size)

    def test_a_step_goes_against_the_gradient_and_back_to_length_one(self) -> None:
        r = shown("l2_norm_shell")
        half = len(r.turn_path) // 2
        there = np.array([-r.turn_rate * r.turn_across, 1 - r.turn_rate * r.turn_along])
        assert np.allclose(r.turn_path[0], [0, 1])
        assert np.allclose(r.turn_path[half], there, atol=1e-6)
        assert np.allclose(r.turn_path[-1], there / r.turn_lengths[half], atol=1e-6)
        assert np.allclose(np.linalg.norm(r.turn_path, axis=1), r.turn_lengths)

    def test_the_shell_keeps_what_is_inside_and_moves_the_rest_to_its_edge(self) -> None:
        r = shown("l2_norm_shell")
        for eps, vectors, lengths, count in zip(
            r.eps, r.shell, r.shell_lengths, r.shell_inside, strict=True
        ):
            inside = np.abs(r.many_lengths - 1) <= eps
            assert count == inside.sum()
            assert np.allclose(vectors[inside], r.many[inside], atol=1e-6)
            edges = np.where(r.many_lengths > 1, 1 + eps, 1 - eps)
            assert np.allclose(lengths[~inside], edges[~inside], atol=1e-6)
            assert np.allclose(vectors / lengths[:, None], r.many_units, atol=1e-5)

    def test_the_point_lies_inside_the_shell_and_stays(self) -> None:
        r = shown("l2_norm_shell")
        assert abs(r.point_length - 1) < r.eps_shown == r.eps[int(r.eps_shown_index)]
        assert np.array_equal(r.point, r.point_shell)
        assert np.array_equal(r.point, r.many[int(r.point_index)])

    def test_only_the_radial_part_of_the_gradient_is_gone(self) -> None:
        r = shown("l2_norm_shell")
        unit = r.point / r.point_length
        assert np.isclose(r.gradient_before @ unit, r.radial_before, atol=1e-6)
        assert abs(r.radial_before) > 1e-3 > 1e-6 > abs(r.gradient @ unit)
        assert np.allclose(r.gradient + r.radial_part, r.gradient_before, atol=1e-6)

    def test_the_gradient_is_the_slope_of_the_loss(self) -> None:
        r = shown("l2_norm_shell")
        model = shipped("toy", "gpt").double()
        layer, row = divmod(int(r.point_index), model.config.heads * model.config.d_head)
        for direction in (r.gradient / r.gradient_length, r.point / r.point_length):
            losses = [shell_loss(model, layer, row, r, step * direction) for step in (1e-4, -1e-4)]
            slope = (losses[0] - losses[1]) / 2e-4
            assert np.isclose(slope, r.gradient_before @ direction, atol=1e-6)


def shell_loss(model: Model, layer: int, row: int, r: Any, change: np.ndarray) -> float:
    """Loss with one layer's W_q in the shell of the recording and one of its rows changed."""
    rows = model.get_parameter(QKV.format(layer)).detach()
    rows = rows[: model.config.heads * model.config.d_head].clone()
    lengths = rows.norm(dim=1, keepdim=True)
    rows *= lengths.clamp(1 - float(r.eps_shown), 1 + float(r.eps_shown)) / lengths
    rows[row] += torch.from_numpy(change.astype(np.float64))
    return loss_of(model, layer, rows)


def loss_of(model: Model, layer: int, rows: torch.Tensor) -> float:
    """Loss on training text with another W_q in a layer."""
    parameter = model.get_parameter(QKV.format(layer))
    kept = parameter.detach().clone()
    with torch.no_grad():
        parameter[: len(rows)] = rows
        window = t.spread_windows(load_tokens("letters")[0], model.config.context, 64)
        logits = model(window[:, :-1])
        parameter.copy_(kept)
    return float(F.cross_entropy(logits.flatten(0, 1), window[:, 1:].flatten()))


class TestNormlinearGroups:
    """Chapter 3."""

    def test_the_window_is_the_shipped_matrix(self) -> None:
        r = shown("normlinear_groups")
        model, layer = shipped("mini", "gpt"), int(r.layer)
        rows, columns = r.row_index.astype(int), r.column_index.astype(int)
        matrix, size = queries(model, layer), r.weight.shape[1]
        assert np.allclose(r.weight, matrix[rows, :size], atol=1e-7)
        assert np.allclose(r.row_lengths, np.linalg.norm(matrix[rows], axis=1), atol=1e-6)
        out = weight(model, f"blocks.{layer}.attention.out.weight")
        assert np.allclose(r.output, out[:size, columns], atol=1e-7)
        assert np.allclose(r.column_lengths, np.linalg.norm(out[:, columns], axis=0), atol=1e-6)

    def test_shortest_and_longest_row_are_drawn(self) -> None:
        r = shown("normlinear_groups")
        assert r.row_lengths.min() == r.row_length_min
        assert r.row_lengths.max() == r.row_length_max
        assert (np.diff(r.row_index) > 0).all() and (np.diff(r.column_index) > 0).all()

    def test_lengths_come_out_one(self) -> None:
        r = shown("normlinear_groups")
        assert np.allclose(r.weight_unit * r.row_lengths[:, None], r.weight, atol=1e-6)
        assert np.allclose(r.output_unit * r.column_lengths, r.output, atol=1e-6)
        for name in ("row_unit_lengths", "column_unit_lengths", "group_unit_lengths"):
            assert np.abs(getattr(r, name) - 1).max() < 1e-6
        assert np.allclose(r.grouped_row_lengths, np.sqrt(r.groups), atol=1e-6)

    def test_lengths_are_counted_evenly_to_one(self) -> None:
        r = shown("normlinear_groups")
        for name, before, after in (
            ("weight_steps", r.weight, r.weight_unit),
            ("row_length_steps", r.row_lengths, r.row_unit_lengths),
            ("output_steps", r.output, r.output_unit),
            ("column_length_steps", r.column_lengths, r.column_unit_lengths),
            ("split_steps", r.weight_split, r.weight_grouped),
            ("group_length_steps", r.group_lengths, r.group_unit_lengths),
        ):
            way = getattr(r, name)
            assert np.allclose(way[0], before, atol=1e-7), name
            assert np.allclose(way[-1], after, atol=1e-6), name
            assert np.allclose(np.diff(way, axis=0), (after - before) / (len(way) - 1), atol=1e-6)

    def test_all_rows_have_their_lengths(self) -> None:
        r = shown("normlinear_groups")
        assert np.allclose(r.all_row_lengths[r.row_index.astype(int)], r.row_lengths, atol=1e-7)
        assert r.all_row_lengths.min() == r.row_length_min
        assert r.all_row_lengths.max() == r.row_length_max
        assert np.abs(r.all_row_unit_lengths - 1).max() < 1e-6
        assert abs(r.gpt_input_unit_length - 1) < 1e-6

    def test_groups_are_cut_from_the_same_rows(self) -> None:
        r = shown("normlinear_groups")
        assert np.allclose((r.group_lengths**2).sum(1), r.row_lengths**2, atol=1e-6)
        whole = r.weight_grouped * r.group_lengths[..., None]
        assert np.allclose(whole, r.weight_split, atol=1e-6)
        assert np.allclose(r.weight_split[:, 0], r.weight[:, : r.weight_split.shape[2]], atol=1e-7)

    def test_outputs_are_the_queries_of_the_models_themselves(self) -> None:
        r = shown("normlinear_groups")
        for kind, found in (("gpt", r.gpt_outputs), ("ngpt", r.outputs)):
            trace = trace_text(shipped("mini", kind), as_text(r.prompt))
            own = trace[f"layer{int(r.layer)}.q_raw"][0, -1].flatten()
            assert np.allclose(found, own, atol=1e-4)

    def test_the_baseline_reads_the_normed_state(self) -> None:
        """x = RMSNorm(h): h over its root mean square, times the layer's gains."""
        r = shown("normlinear_groups")
        model, layer = shipped("mini", "gpt"), int(r.layer)
        h = trace_text(model, as_text(r.prompt))[f"layer{layer}.h_in"][0, -1].detach().numpy()
        gains = weight(model, f"blocks.{layer}.attention_norm.gain")
        x = h / np.sqrt((h**2).mean() + 1e-6) * gains
        assert np.allclose(r.gpt_input, x[: len(r.gpt_input)], atol=1e-5)
        assert np.isclose(r.gpt_input_length, np.linalg.norm(x), atol=1e-5)

    def test_normalized_outputs_are_cosines(self) -> None:
        r = shown("normlinear_groups")
        assert np.isclose(r.input_length, 1, atol=1e-6)
        assert np.allclose(np.cos(r.angles), r.outputs, atol=1e-6)
        assert r.output_max == np.abs(r.outputs).max() <= 1
        lengths = np.linalg.norm(queries(shipped("mini", "gpt"), int(r.layer)), axis=1)
        assert np.allclose(r.same_outputs * lengths * r.gpt_input_length, r.gpt_outputs, atol=1e-4)
        assert r.same_output_max <= 1 < r.gpt_output_max

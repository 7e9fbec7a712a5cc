"""Other people's checkpoints: read to the same function, or refused in one line."""

from __future__ import annotations

import math
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st
from nGPT_pytorch import nGPT
from safetensors.torch import save_file
from torch import Tensor, nn

from ngpt_math import record
from ngpt_math.checkpoint import load_model
from ngpt_math.convert import convert, read
from ngpt_math.errors import StudioError, UsageError
from ngpt_math.files import card_path, read_card

V, D, H, DK, L, WIDE = 50, 32, 2, 16, 2, 128
TOKENS = torch.randint(0, V, (2, 20), generator=torch.Generator().manual_seed(5))
State = dict[str, Tensor]


def nvidia_state() -> State:
    """A state_dict with NVIDIA's names, shapes and unit vectors, its scales away from the start."""
    random = torch.Generator().manual_seed(1)

    def unit_rows(*shape: int, axis: int = 1) -> Tensor:
        return F.normalize(torch.randn(shape, generator=random), dim=axis)

    def around(value: float, size: int) -> Tensor:
        return value * (0.5 + torch.rand(size, generator=random))

    start = D**-0.5
    state = {"transformer.wte.weight": unit_rows(V, D), "lm_head.weight": unit_rows(V, D),
             "sz": around(start, V)}  # fmt: skip
    for layer in range(L):
        at = f"transformer.h.{layer}"
        for name in ("query", "key", "value"):
            state[f"{at}.{name}.weight"] = unit_rows(D, D)
        state[f"{at}.att_c_proj.weight"] = unit_rows(D, D, axis=0)
        state[f"{at}.c_fc.weight"] = unit_rows(2 * WIDE, D)
        state[f"{at}.mlp_c_proj.weight"] = unit_rows(D, WIDE, axis=0)
        for name, value, size in (("attn_alpha", start, D), ("mlp_alpha", -start, D),
                                  ("sqk", start, D), ("suv", 1.0, 2 * WIDE)):  # fmt: skip
            state[f"{at}.{name}"] = around(value, size)
    return state


def rotated(x: Tensor) -> Tensor:
    """A real rotary embedding of x [B, T, H, d_k], pairs side by side, written with complex i."""
    frequency = 10000.0 ** (-torch.arange(0, DK, 2) / DK)
    turn = torch.exp(1j * torch.outer(torch.arange(x.shape[1]), frequency))[:, None]
    pairs = torch.view_as_complex(x.unflatten(-1, (-1, 2)).contiguous())
    return torch.view_as_real(pairs * turn).flatten(-2)


def tabled(x: Tensor) -> Tensor:
    """What stands in its place in their public code: two halves of one alternating table."""
    frequency = 10000.0 ** (-torch.arange(0, DK, 2) / DK)
    turn = torch.outer(torch.arange(x.shape[1]), frequency)
    whole = torch.zeros(x.shape[1], DK)
    whole[:, 0::2], whole[:, 1::2] = turn.sin(), turn.cos()
    sin, cos = whole[:, None, : DK // 2], whole[:, None, DK // 2 :]
    even, odd = x[..., 0::2], x[..., 1::2]
    return torch.stack((-odd * cos, even * sin), dim=-1).flatten(-2)


def nvidia_logits(state: State, positions: Callable[[Tensor], Tensor]) -> Tensor:
    """The forward pass of their nGPT, from what is known of it: √d on u too, eight norms."""

    def norm(x: Tensor) -> Tensor:
        return x / x.norm(dim=-1, keepdim=True)

    def towards(h: Tensor, goal: Tensor, alpha: Tensor) -> Tensor:
        here = norm(h)
        return norm(here + (alpha * 0.05 * D**0.5).abs() * (norm(goal) - here))

    h = state["transformer.wte.weight"][TOKENS]
    causal = torch.ones(TOKENS.shape[1], TOKENS.shape[1]).tril().bool()
    for layer in range(L):
        w = {n.removeprefix(f"transformer.h.{layer}."): t for n, t in state.items()}
        q, k, v = (
            (h @ w[f"{n}.weight"].T).unflatten(-1, (H, DK)) for n in ("query", "key", "value")
        )
        s_qk = (w["sqk"] * D**0.5).view(H, DK)
        q, k = (s_qk * norm(positions(x)) for x in (q, k))
        scores = torch.einsum("bthd,bshd->bhts", q, k) * DK**0.5
        share = scores.masked_fill(~causal, -math.inf).softmax(-1)
        gathered = torch.einsum("bhts,bshd->bthd", share, v).flatten(2)
        h = towards(h, gathered @ w["att_c_proj.weight"].T, w["attn_alpha"])
        u, nu = (w["suv"] * D**0.5 * (h @ w["c_fc.weight"].T)).chunk(2, dim=-1)
        h = towards(h, (u * F.silu(nu)) @ w["mlp_c_proj.weight"].T, w["mlp_alpha"])
    return (h @ state["lm_head.weight"].T) * state["sz"] * D**0.5


def saved(path: Path, state: Any, **beside: Any) -> Path:
    """A checkpoint as their training writes it."""
    arguments = {"n_head": H, "n_layer": L, "n_embd": D, "block_size": 64}
    torch.save({"model": state, "model_args": arguments, "iter_num": 7, **beside}, path)
    return path


@pytest.mark.parametrize(("rope", "positions"), [("rotation", rotated), ("nvidia", tabled)])
def test_a_model_of_nvidia_computes_what_it_did(
    rope: str, positions: Callable[[Tensor], Tensor], tmp_path: Path
) -> None:
    state = nvidia_state()
    target = tmp_path / "theirs.safetensors"
    report = convert(saved(tmp_path / "ckpt.pt", state), target, rope=rope)
    assert report.layout == "nvidia" and report.config.context == 64
    model = load_model(target)
    assert (model(TOKENS) - nvidia_logits(state, positions)).abs().max() < 1e-5
    other = nvidia_logits(state, tabled if rope == "rotation" else rotated)
    assert (model(TOKENS) - other).abs().max() > 1e-3


def test_the_table_of_nvidia_is_no_rotation_and_stays_unless_replaced(tmp_path: Path) -> None:
    path = saved(tmp_path / "ckpt.pt", nvidia_state())
    _, report = read(path)
    assert report.config.rope == "nvidia" and report.assumed["rope"] == "nvidia"
    assert any("rope nvidia" in line for line in report.lines())
    _, report = read(path, rope="rotation")
    assert "rope" not in report.assumed


def test_bfloat16_weights_are_renormalized_and_reported(tmp_path: Path) -> None:
    state = nvidia_state()
    rounded = {n: t.bfloat16() if ".h." in n and t.ndim > 1 else t for n, t in state.items()}
    model, report = read(saved(tmp_path / "ckpt.pt", rounded), rope="rotation")
    again = {n: t.float() for n, t in rounded.items()}
    for row in report.rows:
        if row.source in rounded and rounded[row.source].dtype == torch.bfloat16:
            assert row.done == "renormalized" and 1e-5 < row.error < 0.004
            axis = 0 if "c_proj" in row.source else 1
            again[row.source] = F.normalize(again[row.source], dim=axis)
        elif row.source in rounded:
            assert row.done == "copied"
    assert (model(TOKENS) - nvidia_logits(again, rotated)).abs().max() < 1e-5


def test_every_tensor_of_the_file_is_in_the_report(tmp_path: Path) -> None:
    state = nvidia_state()
    model, report = read(saved(tmp_path / "ckpt.pt", state, optimizer={}))
    assert {row.source for row in report.rows} == {*state, "optimizer", "iter_num"}
    targets = {t for row in report.rows if row.target for t in row.target.split(", ")}
    assert targets == {name for name, _ in model.named_parameters()}
    assert [row.source for row in report.rows if row.done == "left out"] == [
        "iter_num",
        "optimizer",
    ]
    moved = {
        row.source.split(".")[-2] for row in report.rows if row.reordered and "weight" in row.source
    }
    assert moved == {"query", "key"}
    assert len(report.lines()) == 2 + len(report.rows)


def test_names_of_compiled_models_and_safetensors(tmp_path: Path) -> None:
    state = nvidia_state()
    expected = read(saved(tmp_path / "a.pt", state))[0](TOKENS)
    torch.save({f"_orig_mod.{name}": tensor for name, tensor in state.items()}, tmp_path / "b.pt")
    assert torch.equal(read(tmp_path / "b.pt", heads=H)[0](TOKENS), expected)
    save_file(state, tmp_path / "c.safetensors")
    assert torch.equal(read(tmp_path / "c.safetensors", heads=H)[0](TOKENS), expected)


def lucidrains(**options: Any) -> nn.Module:
    """A model of theirs, its scales away from the start, its weights drifted where they may."""
    torch.manual_seed(3)
    model = nGPT(num_tokens=V, dim=D, depth=L, dim_head=DK, heads=H, **options)
    for name, parameter in model.named_parameters():
        if parameter.ndim == 1 and "rotary" not in name:
            parameter.data.mul_(2 * torch.rand_like(parameter) - 0.5)
        elif "original" in name:
            parameter.data.mul_(0.5 + torch.rand_like(parameter))
    return model


@pytest.mark.parametrize(
    ("options", "given"),
    [
        ({}, {}),
        ({"manual_norm_weights": True}, {}),
        ({"add_value_residual": False}, {"value_residual": False}),
        ({"attn_norm_qk": False}, {"qk_norm": False}),
        ({"norm_eps": 0.1}, {"norm_eps": 0.1}),
        ({"norm_eps": 0.1, "manual_norm_weights": True}, {"norm_eps": 0.1}),
        ({"alpha_init": 0.05, "s_qk_scale": 0.2}, {"alpha_init": 0.05, "s_qk_scale": 0.2}),
        ({"ff_expand_factor": 3.0}, {}),
    ],
)
def test_a_model_of_lucidrains_computes_what_it_did(
    options: dict[str, Any], given: dict[str, Any], tmp_path: Path
) -> None:
    theirs = lucidrains(**options)
    torch.save(theirs.state_dict(), tmp_path / "theirs.pt")
    target = tmp_path / "ours.safetensors"
    report = convert(tmp_path / "theirs.pt", target, **given)
    assert report.layout == "lucidrains"
    assert {row.source for row in report.rows} == set(theirs.state_dict())
    model = load_model(target)
    assert (model(TOKENS) - theirs(TOKENS)).abs().max() < 1e-5
    renormalized = {row.source for row in report.rows if row.done == "renormalized"}
    assert any("original" in name for name in renormalized) != ("manual_norm_weights" in options)


def test_what_the_file_does_not_say_is_reported_and_matters(tmp_path: Path) -> None:
    theirs = lucidrains(add_value_residual=False)
    torch.save(theirs.state_dict(), tmp_path / "theirs.pt")
    model, report = read(tmp_path / "theirs.pt")
    assert report.assumed["value_residual"] is True
    assert report.assumed["alpha_init"] == 1 / L and report.assumed["s_qk_scale"] == 1 / D
    assert (model(TOKENS) - theirs(TOKENS)).abs().max() > 1e-4
    assert "value_residual" not in read(tmp_path / "theirs.pt", value_residual=False)[1].assumed


def test_a_converted_model_has_a_card_and_a_trace(tmp_path: Path) -> None:
    torch.save(lucidrains().state_dict(), tmp_path / "theirs.pt")
    target = tmp_path / "ours.safetensors"
    convert(tmp_path / "theirs.pt", target, tokenizer="bytes")
    card = read_card(target, "")
    assert card["source"] == "theirs.pt" and card["assumed"]["value_residual"] is True
    assert card["made_by"] == "ngpt convert theirs.pt ours.safetensors"
    model, trace = load_model(target), {}
    assert model.config.tokenizer == "bytes"
    logits = model(TOKENS, trace)
    assert torch.equal(logits, model(TOKENS))
    for name in ("q", "k", "v", "pattern", "mixed", "q_raw", "u", "nu", "h_in", "h_attention",
                 "h_mid", "h_mlp", "h_out"):  # fmt: skip
        assert trace[f"layer{L - 1}.{name}"].isfinite().all()


def test_a_film_can_be_made_of_a_converted_model(tmp_path: Path) -> None:
    theirs = nGPT(num_tokens=256, dim=D, depth=L, dim_head=DK, heads=H)
    torch.save(theirs.state_dict(), tmp_path / "theirs.pt")
    target = tmp_path / "ours.safetensors"
    convert(tmp_path / "theirs.pt", target, context=32)
    made = record.make("slerp_vs_lerp", {record.role(target): target})
    assert "ours.safetensors" in made.sources
    alpha = theirs.layers[0][0].branch_scale().detach().abs().numpy()
    assert abs(made.alpha_attn[0] - alpha).max() < 1e-6


def refused(path: Path, words: str, **given: Any) -> None:
    """Reading ends with one line that names the file."""
    target = path.with_name("never.safetensors")
    with pytest.raises(StudioError) as caught:
        convert(path, target, **given)
    message = str(caught.value)
    assert words in message and "\n" not in message, message
    assert not target.exists() and not card_path(target).exists()


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda s: s.pop("sz"), "sz is missing"),
        (lambda s: s.pop("transformer.h.1.key.weight"), "transformer.h.1.key.weight is missing"),
        (lambda s: s.pop("transformer.wte.weight"), "no embedding"),
        (lambda s: s.update({"sz": s["sz"][:-1]}), "sz has shape [49], expected [50]"),
        (lambda s: s.update({"lm_head.weight": s["lm_head.weight"].T}), "expected [50, 32]"),
        (lambda s: s.update({"lm_head.weight": s["sz"]}), "lm_head.weight has shape [50]"),
        (lambda s: s.update({"transformer.wpe.weight": s["sz"]}), "wpe.weight is not part of"),
        (lambda s: s["transformer.h.0.c_fc.weight"].mul_(1.1), "off by 1.0e-01"),
        (lambda s: s["transformer.h.0.c_fc.weight"][3].zero_(), "holds a zero vector"),
        (lambda s: s["transformer.h.0.att_c_proj.weight"].mul_(torch.rand(D, 1)), "unit vectors"),
        (lambda s: s["sz"].div_(0), "not a finite number"),
        (lambda s: s.update({"sz": torch.ones(V, dtype=torch.long)}), "not a finite number"),
    ],
)  # fmt: skip
def test_wrong_tensors_are_refused_by_name(
    change: Callable[[State], Any], words: str, tmp_path: Path
) -> None:
    state = nvidia_state()
    change(state)
    refused(saved(tmp_path / "ckpt.pt", state), words)


def test_impossible_and_contradicting_settings(tmp_path: Path) -> None:
    path = saved(tmp_path / "ckpt.pt", nvidia_state())
    for wrong, words in (
        ({"nonsense": 1}, "no setting 'nonsense'"), ({"layers": 3}, "has layers 2, not 3"),
        ({"heads": 5}, "does not say how many heads"), ({"heads": 32}, "d_head must be even"),
        ({"rope": "none"}, "rope is 'none'"), ({"groups": 2}, "groups"),
        ({"parametrize": True}, "raw"), ({"kind": "gpt"}, "baseline"),
        ({"alpha_scale": -1.0}, "alpha_scale is -1.0"), ({"d_mlp": 1}, "has d_mlp 128, not 1"),
    ):  # fmt: skip
        with pytest.raises(UsageError):
            read(path, **wrong)
        refused(path, words, **wrong)
    torch.save(nvidia_state(), tmp_path / "bare.pt")
    refused(tmp_path / "bare.pt", "does not say how many heads")


def test_another_rotary_table_is_refused(tmp_path: Path) -> None:
    state = lucidrains().state_dict()
    state["rotary_embed.freqs"] = state["rotary_embed.freqs"] * 0.5
    torch.save(state, tmp_path / "theirs.pt")
    refused(tmp_path / "theirs.pt", "rotary_embed.freqs is not of base 10000")


class Trap:
    """A pickle that would run a command when it is read."""

    def __reduce__(self) -> tuple[Any, ...]:
        return (Path.touch, (Path(TRAPPED),))


TRAPPED = "trapped"


def test_a_pickle_with_code_is_refused_and_not_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    saved(tmp_path / "ckpt.pt", nvidia_state(), surprise=Trap())
    refused(tmp_path / "ckpt.pt", "holds more than tensors")
    (tmp_path / "plain.pt").write_bytes(pickle.dumps(Trap()))
    refused(tmp_path / "plain.pt", "state_dict() alone")
    assert not (tmp_path / TRAPPED).exists()


def test_files_that_are_none(tmp_path: Path) -> None:
    refused(tmp_path / "nothing.pt", "nothing.pt is missing")
    refused(tmp_path, "is missing")
    for content in (b"", b"words", b"PK\3\4"):
        (tmp_path / "bad.pt").write_bytes(content)
        refused(tmp_path / "bad.pt", "bad.pt")
        (tmp_path / "bad.safetensors").write_bytes(content)
        refused(tmp_path / "bad.safetensors", "cannot be read")
    torch.save([1, 2], tmp_path / "list.pt")
    refused(tmp_path / "list.pt", "holds no state_dict")


@settings(max_examples=60)
@given(data=st.data())
def test_damage_never_ends_in_a_traceback(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    path = tmp_path_factory.getbasetemp() / "damaged.pt"
    content = bytearray(saved(path, nvidia_state()).read_bytes())
    place = data.draw(st.integers(0, len(content) - 1))
    if data.draw(st.booleans()):
        del content[place:]
    else:
        content[place] ^= 1 << data.draw(st.integers(0, 7))
    path.write_bytes(bytes(content))
    try:
        read(path)
    except StudioError as error:
        assert "\n" not in str(error)

"""Checkpoints and histories: what is read is whole and right, or one line says what is wrong."""

from __future__ import annotations

import json
import math
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from conftest import small
from hypothesis import given, settings
from hypothesis import strategies as st
from safetensors.torch import load_file, safe_open, save_file
from torch import Tensor

from ngpt_math import checkpoint as c
from ngpt_math.checkpoint import build_model, load_model, save_model
from ngpt_math.config import KINDS
from ngpt_math.errors import DamagedFile
from ngpt_math.files import card_path, read_card, write_card
from ngpt_math.history import load_history, save_history

REMEDY = "make it again with `ngpt train toy --kind ngpt`"


@pytest.fixture(scope="module")
def good(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A whole checkpoint."""
    torch.manual_seed(0)
    path = tmp_path_factory.mktemp("good") / "toy-ngpt.safetensors"
    save_model(path, build_model(small()), {"what": "a test"})
    return path


@pytest.fixture(scope="module")
def copy(good: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A place for damaged copies."""
    return tmp_path_factory.mktemp("bad") / good.name


def restore(good: Path, copy: Path) -> None:
    """Make the copy whole again."""
    for source, target in ((good, copy), (card_path(good), card_path(copy))):
        shutil.copyfile(source, target)


def assert_refused(path: Path, reason: str = "") -> None:
    """Loading names the file and the remedy in one line."""
    with pytest.raises(DamagedFile) as caught:
        load_model(path)
    message = str(caught.value)
    assert path.name.split(".")[0] in message and REMEDY in message and "\n" not in message
    assert reason in message, message


def altered(path: Path, change: Callable[[dict[str, Tensor]], None]) -> None:
    """Change the tensors of a checkpoint and give it a card that fits."""
    with safe_open(path, framework="pt") as file:
        header = file.metadata()
    tensors = load_file(path)
    change(tensors)
    save_file(tensors, path, metadata=header)
    write_card(path, read_card_text(path))


def read_card_text(path: Path) -> dict[str, object]:
    """The card as it lies there, unchecked."""
    return json.loads(card_path(path).read_text())


@pytest.mark.parametrize("kind", KINDS)
def test_a_model_comes_back_as_it_was(kind: str, tmp_path: Path) -> None:
    model = build_model(small(kind))
    path = tmp_path / f"toy-{kind}.safetensors"
    save_model(path, model, {})
    back = load_model(path)
    assert back.config == model.config
    tokens = torch.randint(0, 256, (2, 8))
    assert torch.equal(back(tokens), model(tokens))


@settings(max_examples=600)
@given(data=st.data())
def test_any_damage_to_the_bytes_is_refused(good: Path, copy: Path, data: st.DataObject) -> None:
    restore(good, copy)
    target = data.draw(st.sampled_from([copy, card_path(copy)]))
    content = target.read_bytes()
    damaged = data.draw(st.one_of(cuts(content), flips(content), swaps(content), st.binary()))
    target.write_bytes(damaged)
    if damaged == content:
        load_model(copy)
    elif target == copy:
        assert_refused(copy)
    else:
        # A card may lose a word that nobody checks; the weights must still be the right ones.
        try:
            model = load_model(copy)
        except DamagedFile as error:
            assert REMEDY in str(error)
        else:
            weights = dict(model.named_parameters())
            assert all(torch.equal(weights[n], t) for n, t in load_file(good).items())


def cuts(content: bytes) -> st.SearchStrategy[bytes]:
    """The beginning only."""
    return st.integers(0, len(content) - 1).map(lambda n: content[:n])


def flips(content: bytes) -> st.SearchStrategy[bytes]:
    """One bit is another."""
    places = st.tuples(st.integers(0, len(content) - 1), st.integers(0, 7))
    return places.map(
        lambda p: content[: p[0]] + bytes([content[p[0]] ^ 1 << p[1]]) + content[p[0] + 1 :]
    )


def swaps(content: bytes) -> st.SearchStrategy[bytes]:
    """Two halves have changed places."""
    return st.integers(0, len(content)).map(lambda n: content[n:] + content[:n])


@settings(max_examples=300)
@given(data=st.data())
def test_a_wrong_header_is_refused_even_with_a_fitting_card(
    good: Path, copy: Path, data: st.DataObject
) -> None:
    restore(good, copy)
    content = good.read_bytes()
    length = int.from_bytes(content[:8], "little")
    place = data.draw(st.integers(0, 8 + length - 1))
    bit = data.draw(st.integers(0, 7))
    copy.write_bytes(content[:place] + bytes([content[place] ^ 1 << bit]) + content[place + 1 :])
    write_card(copy, {})
    try:
        load_model(copy)
    except DamagedFile as error:
        assert REMEDY in str(error)


@pytest.mark.parametrize(
    ("name", "change", "reason"),
    [
        ("s_logit.stored", lambda t: t[:-1], "has shape [255], expected [256]"),
        ("embed.weight", lambda t: t.T, "has shape [16, 256], expected [256, 16]"),
        ("embed.weight", lambda t: t.double(), "has dtype torch.float64"),
        ("embed.weight", lambda t: t.half(), "has dtype torch.float16"),
        ("s_logit.stored", lambda t: t * math.nan, "not a finite number"),
        ("s_logit.stored", lambda t: t / 0, "not a finite number"),
        ("embed.weight", lambda t: t * 1.001, "off by 1.0e-03"),
        ("unembed.weight", lambda t: t * 0, "off by 1.0e+00"),
        ("blocks.1.mlp.out.weight", lambda t: t * 0.999, "off by 1.0e-03"),
        ("blocks.0.attention.out.weight", lambda t: t + 1e-3, "should hold unit vectors"),
    ],
)
def test_wrong_tensors_are_refused_by_name(
    good: Path, copy: Path, name: str, change: Callable[[Tensor], Tensor], reason: str
) -> None:
    restore(good, copy)
    altered(copy, lambda t: t.update({name: change(t[name]).contiguous()}))
    assert_refused(copy, reason)
    assert_refused(copy, name)


@settings(max_examples=100)
@given(index=st.integers(0, 10**6), factor=st.sampled_from([1.001, 0.999, math.nan, 1.1]))
def test_one_vector_off_its_length_is_found(
    good: Path, copy: Path, index: int, factor: float
) -> None:
    restore(good, copy)
    constrained = build_model(small()).constrained()  # type: ignore[union-attr]
    name, module = constrained[index % len(constrained)]

    def change(tensors: dict[str, Tensor]) -> None:
        weight = tensors[f"{name}.weight"].movedim(module.norm_axis, -1)
        weight[index % len(weight)] *= factor

    altered(copy, change)
    assert_refused(copy, f"{name}.weight")


def test_missing_unknown_and_swapped_tensors(good: Path, copy: Path) -> None:
    restore(good, copy)
    altered(copy, lambda t: t.__delitem__("embed.weight"))
    assert_refused(copy, "embed.weight is missing")
    restore(good, copy)
    altered(copy, lambda t: t.update({"other": torch.zeros(1)}))
    assert_refused(copy, "other is not part of the model")
    restore(good, copy)
    a, b = "blocks.0.mlp.out.weight", "blocks.0.mlp.hidden_gate.weight"
    altered(copy, lambda t: t.update({a: t[b], b: t[a]}))
    assert_refused(copy, "has shape")


def test_missing_files(tmp_path: Path, good: Path) -> None:
    assert_refused(tmp_path / "toy-ngpt.safetensors", "is missing")
    shutil.copyfile(good, tmp_path / "toy-ngpt.safetensors")
    assert_refused(tmp_path / "toy-ngpt.safetensors", "toy-ngpt.card.json is missing")


def test_a_pickle_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "toy-ngpt.safetensors"
    torch.save(build_model(small()).state_dict(), path)
    write_card(path, {})
    assert_refused(path)


def test_the_sha256_of_an_altered_file_is_named(good: Path, copy: Path) -> None:
    restore(good, copy)
    copy.write_bytes(good.read_bytes()[:-1] + b"\1")
    assert_refused(copy, f"sha256 expected {read_card(good, '')['sha256'][:12]}")


@pytest.mark.parametrize("damage", ["cut", "shape", "nan", "extra", "format"])
def test_a_damaged_history_is_refused(damage: str, tmp_path: Path) -> None:
    path = tmp_path / "toy-ngpt.history.safetensors"
    arrays = {"loss": np.ones(5, dtype=np.float32), "snapshot.step": np.arange(3)}
    save_history(path, arrays, {})
    assert load_history(path, "")["loss"].shape == (5,)
    card = read_card_text(path)
    if damage == "cut":
        path.write_bytes(path.read_bytes()[:-4])
    elif damage == "format":
        save_file({"loss": torch.ones(5)}, path)
        write_card(path, card)
    else:
        change = {"shape": {"loss": arrays["loss"][:4]}, "nan": {"loss": arrays["loss"] * np.nan},
                  "extra": {"other": np.zeros(1)}}[damage]  # fmt: skip
        save_history(path, arrays | change, {})
        write_card(path, card)
    with pytest.raises(DamagedFile, match="ngpt train toy"):
        load_history(path, c.remake(path))


def test_remedies_name_the_preset_and_kind() -> None:
    assert c.remake(c.checkpoint_path("mini", "gpt-qknorm")).endswith(
        "`ngpt train mini --kind gpt-qknorm`"
    )
    assert c.remake(c.history_path("toy", "gpt")).endswith("`ngpt train toy --kind gpt`")
    assert "PRESET" in c.remake(Path("somewhere/else.safetensors"))

"""Checkpoints in bf16 and in parts: what comes back, and what is refused."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch
from conftest import small

from ngpt_math.checkpoint import build_model, load_model, norm_error
from ngpt_math.config import KINDS
from ngpt_math.errors import DamagedFile
from ngpt_math.files import read_card
from ngpt_math.ngpt import NGPT
from ngpt_math.shards import index_path, save_shards, through_bf16


@pytest.fixture(params=KINDS)
def model(request: pytest.FixtureRequest) -> torch.nn.Module:
    torch.manual_seed(0)
    return build_model(small(request.param))


def test_what_comes_back_is_near_and_on_the_sphere(model: NGPT, tmp_path: Path) -> None:
    index, *parts = save_shards(tmp_path, "m", model, {"licence": "MIT"}, limit=9000)
    assert len(parts) > 1
    back = load_model(index)
    for (name, was), now in zip(model.named_parameters(), back.parameters(), strict=True):
        assert torch.allclose(was, now, rtol=2**-7, atol=1e-6), name
        assert now.dtype == torch.float32
    if isinstance(back, NGPT):
        for _, module in back.constrained():
            assert norm_error(module.weight.detach(), module.norm_axis, back.config) < 1e-6
    again = through_bf16(model)
    for now, same in zip(back.parameters(), again.parameters(), strict=True):
        assert torch.equal(now, same)


def test_parts_are_small_and_each_has_a_card(tmp_path: Path) -> None:
    files = save_shards(tmp_path, "m", build_model(small()), {"licence": "MIT"}, limit=9000)
    assert [f.name for f in files[1:]] == [
        f"m-{at:05d}-of-{len(files) - 1:05d}.safetensors" for at in range(1, len(files))
    ]
    for file in files:
        assert file.stat().st_size < 9000 + 4096
        assert read_card(file, "")["licence"] == "MIT"
    with pytest.raises(ValueError, match="more than a part may have"):
        save_shards(tmp_path, "m", build_model(small()), {}, limit=1000)


def test_a_part_that_is_missing_or_another_is_named(tmp_path: Path) -> None:
    _, first, *_ = save_shards(tmp_path, "m", build_model(small()), {}, limit=9000)
    kept = first.read_bytes()
    first.unlink()
    with pytest.raises(DamagedFile, match=f"{first.name} is missing"):
        load_model(index_path(tmp_path, "m"))
    first.write_bytes(kept[:-1] + b"\1")
    with pytest.raises(DamagedFile, match="not the file its card describes"):
        load_model(index_path(tmp_path, "m"))


def test_an_index_that_leaves_weights_out_is_refused(tmp_path: Path) -> None:
    from ngpt_math.files import write_card, write_json

    index, *_ = save_shards(tmp_path, "m", build_model(small()), {}, limit=9000)
    document = json.loads(index.read_text())
    last = max(document["weight_map"].values())
    document["weight_map"] = {n: f for n, f in document["weight_map"].items() if f != last}
    write_json(index, document)
    write_card(index, {})
    with pytest.raises(DamagedFile, match="is missing"):
        load_model(index)

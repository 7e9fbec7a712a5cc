"""The list of differences: complete, true, and readable."""

from __future__ import annotations

import dataclasses
import json

import pytest
from conftest import small

from ngpt_math import fidelity
from ngpt_math.checkpoint import build_model
from ngpt_math.config import ModelConfig, preset
from ngpt_math.errors import UsageError
from ngpt_math.ngpt import NGPT
from ngpt_math.ngpt_variants import VariantNGPT


def test_every_difference_of_settings_is_listed_and_explained() -> None:
    for shape in ("toy", "mini", "paper-0.5b"):
        config, _ = preset(shape, "ngpt")
        built = [fidelity.as_in(variant, config) for variant in fidelity.VARIANTS]
        names = {f.name for f in dataclasses.fields(ModelConfig)}
        differing = {n for n in names if len({getattr(made, n) for made in built}) > 1}
        rows = [row for row in fidelity.compare(shape) if row.reproduced]
        assert {row.setting for row in rows} == differing == set(fidelity.MEANING)
        assert all(set(row.values) == set(fidelity.VARIANTS) for row in rows)


def test_values_are_those_of_the_shape() -> None:
    rows = {row.setting: row for row in fidelity.compare("paper-0.5b")}
    assert rows["d_mlp"].values == {"paper": 4096, "nvidia": 4096, "lucidrains": 2730}
    assert rows["alpha_init"].values["lucidrains"] == 1 / 24
    assert rows["s_qk_scale"].values["paper"] == 1 / 32
    assert rows["s_qk_scale"].values["lucidrains"] == 1 / 1024


def test_only_the_paper_runs_on_the_papers_file() -> None:
    kinds = [type(build_model(fidelity.as_in(v, small()))) for v in fidelity.VARIANTS]
    assert kinds == [NGPT, VariantNGPT, VariantNGPT]
    assert type(build_model(small(parametrize=True))) is NGPT


def test_the_table_fits_a_terminal_and_the_rows_are_json() -> None:
    rows = fidelity.compare()
    text = fidelity.table(rows)
    assert all(len(line) <= 100 for line in text.splitlines())
    assert text.count("(no setting)") == len(fidelity.NOT_REPRODUCED)
    assert len(text.splitlines()) == 1 + 2 * len(rows)
    back = json.loads(json.dumps([dataclasses.asdict(row) for row in rows]))
    assert back[0]["values"]["paper"] == 4096


def test_unknown_variants_and_shapes() -> None:
    with pytest.raises(UsageError, match="choose from paper, nvidia, lucidrains"):
        fidelity.as_in("mine", small())
    with pytest.raises(UsageError, match="choose from"):
        fidelity.compare("huge")

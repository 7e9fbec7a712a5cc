"""The table of a sweep: what is gathered, what is kept, and which rate is best."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from ngpt_math import sweep, training
from ngpt_math.errors import DamagedFile
from ngpt_math.files import ASSETS


@pytest.fixture
def studio(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder for runs and results of a sweep's own."""
    monkeypatch.setattr(sweep, "ROOT", tmp_path)
    monkeypatch.setattr(sweep, "ASSETS", tmp_path / "assets")
    return tmp_path


def run(rate: float, steps: int = 3) -> None:
    """A training so short that it learns nothing."""
    folder = sweep.folder("gpt", rate)
    training.run("toy", "gpt", lr=rate, steps=steps, out=folder, show=False)


def gathered() -> dict[str, Any]:
    """The table after a gathering."""
    table: dict[str, Any] = json.loads(sweep.gather("toy").read_text())
    return table


def test_runs_are_gathered_and_those_whose_folders_are_gone_are_kept(studio: Path) -> None:
    run(0.01)
    (first,) = gathered()["runs"]
    assert len(first["curve_step"]) == len(first["curve_validation_loss"])
    assert first["made_by"] == "ngpt train toy --kind gpt --steps 3 --lr 0.01"
    sweep.folder("gpt", 0.01).rename(studio / "gone")
    run(0.03)
    table = gathered()
    assert [row["lr"] for row in table["runs"]] == [0.01, 0.03]
    assert table["runs"][0] == first
    assert gathered() == table


def test_a_row_that_does_not_say_how_it_was_made_gets_the_command(studio: Path) -> None:
    run(0.01)
    path = sweep.gather("toy")
    document = json.loads(path.read_text())
    del document["runs"][0]["made_by"]
    sweep.write_json(path, document)
    sweep.write_card(path, {})
    sweep.folder("gpt", 0.01).rename(studio / "gone")
    assert gathered()["runs"][0]["made_by"] == "ngpt train toy --kind gpt --lr 0.01"


def test_a_table_that_was_altered_is_refused(studio: Path) -> None:
    run(0.01)
    path = sweep.gather("toy")
    path.write_text(path.read_text().replace("gpt", "tpg"))
    with pytest.raises(DamagedFile, match=r"toy-sweep\.json is not the file"):
        sweep.gather("toy")


def test_the_best_rate_is_interior_only_between_worse_ones() -> None:
    rows = [{"lr": lr, "validation_loss": loss} for lr, loss in ((1, 3.0), (2, 2.0), (4, 2.5))]
    assert sweep.best_of(rows) == {"lr": 2, "validation_loss": 2.0, "interior": True}
    assert sweep.best_of(rows[1:]) == {"lr": 2, "validation_loss": 2.0, "interior": False}
    assert sweep.best_of([]) is None


@pytest.mark.parametrize("name", ["mini", "toy"])
def test_the_shipped_rates_are_the_best_of_their_sweeps(name: str) -> None:
    from ngpt_math.config import LEARNING_RATES

    table = json.loads((ASSETS / "results" / f"{name}-sweep.json").read_text())
    for kind, best in table["best"].items():
        if best is not None:
            assert best["interior"], f"{kind}: the best rate tried is the last one tried"
            assert best["lr"] == LEARNING_RATES[name][kind]
    assert all(row["made_by"].startswith("ngpt train") for row in table["runs"])

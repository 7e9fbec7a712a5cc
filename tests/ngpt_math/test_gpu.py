"""The whole of a plan at a size of seconds: stopped, killed, gone on with, packed and published."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tarfile
import textwrap
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ngpt_math import corpus
from ngpt_math.checkpoint import load_model
from ngpt_math.config import KINDS
from ngpt_math.errors import DamagedFile, StudioError, UsageError
from ngpt_math.files import ROOT, read_card
from ngpt_math.gpu import equal, go, page, parcels, results, work
from ngpt_math.gpu.ledger import Ledger
from ngpt_math.gpu.plan import SMALL, TINY, units
from ngpt_math.measuring import lengths

TEXT = 6000
FINALS = [f"final-{c}-{k}-{s}" for c in TINY.contexts for k in KINDS for s in TINY.seeds]


def short_text(name: str) -> tuple[np.ndarray, np.ndarray]:
    """The beginning of both parts of the plays."""
    training, validation = corpus.load_tokens(name)
    return training[: 10 * TEXT], validation[:TEXT]


@pytest.fixture(scope="module")
def short() -> Any:
    """Of the texts only the beginnings are read, and of the long documents there are two."""
    with pytest.MonkeyPatch.context() as patch:
        for module in ("training", "gpu.work", "measuring.lengths"):
            patch.setattr(f"ngpt_math.{module}.load_tokens", short_text)
        patch.setattr(lengths, "KINDS", dict(list(lengths.KINDS.items())[:2]))
        two = lengths.texts.__wrapped__("bytes")
        patch.setattr(lengths, "texts", lambda name: two)
        yield


@pytest.fixture(scope="module")
def whole(short: None, tmp_path_factory: pytest.TempPathFactory) -> Ledger:
    """The plan, stopped twice before it was done."""
    folder = tmp_path_factory.mktemp("gpu")
    said: list[str] = []
    assert not go.go("tiny", device="cpu", minutes=1e-4, out=folder, say=said.append)
    assert said == ["device would take 1 s, more than is left"]
    ledger = Ledger.of(TINY, folder)
    assert not ledger.done()
    assert not go.go("tiny", device="cpu", only=("device", "sweep-8-gpt-0.02"), out=folder)
    assert set(ledger.done()) == {"device", "sweep-8-gpt-0.02"}
    assert go.go("tiny", device="cpu", out=folder, say=said.append)
    assert said[-1] == "all of the plan is done"
    return ledger


def test_every_unit_is_done_once(whole: Ledger) -> None:
    done = whole.done()
    assert set(done) == {unit.name for unit in units(TINY, done)}
    assert all(row.done for row in go.rows(whole))
    log = whole.log.read_text()
    for name in done:
        assert log.count(f"{name} is done") == 1, name
    assert not list((whole.path / "work").iterdir())


def test_runs_say_what_they_cost_and_came_to(whole: Ledger) -> None:
    done = whole.done()
    for name in FINALS:
        run = done[name]
        training, model = run["settings"]["training"], run["settings"]["model"]
        assert run["tokens"] == TINY.tokens_a_step * TINY.steps
        assert run["epochs"] == pytest.approx(run["tokens"] / (10 * TEXT), abs=1e-4)
        assert len(run["clock"]) == len(run["curve"]["loss"]) == TINY.evaluations + 1
        assert run["clock"] == sorted(run["clock"]) and run["clock"][0] == 0
        assert run["seconds_a_step"] > 0
        assert training["weight_decay"] == (0.0 if model["kind"] == "ngpt" else 0.1)
        assert run["measures"]["kind"] == model["kind"]
        assert len(run["measures"]["lengths"]) == 3
    assert done["bench-tiny-16"]["eager_ratio"] > 0


def test_rates_are_the_best_of_the_sweeps(whole: Ledger) -> None:
    done = whole.done()
    for context in TINY.contexts:
        for kind in KINDS:
            swept = [r for n, r in done.items() if n.startswith(f"sweep-{context}-{kind}-0")]
            tried = {r["settings"]["training"]["lr"]: r["validation_loss"] for r in swept}
            best = min(tried, key=lambda lr: tried[lr])
            assert done[f"final-{context}-{kind}-2"]["settings"]["training"]["lr"] == best


def test_a_done_unit_can_be_done_again_and_gives_the_same(whole: Ledger) -> None:
    before = whole.done()["sweep-8-gpt-0.02"]
    go.go("tiny", device="cpu", only=("sweep-8-gpt-0.02",), out=whole.path.parent)
    after = whole.done()["sweep-8-gpt-0.02"]
    assert after["curve"] == before["curve"]
    assert after["validation_loss"] == before["validation_loss"]


def test_a_chosen_unit_has_to_be_there_and_to_be_possible(short: None, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no unit 'train'"):
        go.go("tiny", device="cpu", only=("train",), out=tmp_path)
    with pytest.raises(UsageError, match="waits for the sweep"):
        go.go("tiny", device="cpu", only=("final-8-gpt-2",), out=tmp_path)


def test_results_of_another_plan_are_refused(whole: Ledger, tmp_path: Path) -> None:
    kept = Ledger(TINY, tmp_path / "tiny")
    kept.keep("device", {"took": 1})
    path = kept.done_folder / "plan.json"
    path.write_text(path.read_text().replace('"steps": 8', '"steps": 9'))
    with pytest.raises(UsageError, match="another plan called tiny"):
        Ledger.of(TINY, tmp_path)
    path.unlink()
    (kept.done_folder / "device.json").write_text("{")
    with pytest.raises(DamagedFile, match=r"device\.json cannot be read.*done again"):
        Ledger.of(TINY, tmp_path).done()


def test_a_unit_that_fails_does_not_stop_the_others(
    short: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*arguments: object, **named: object) -> None:
        raise RuntimeError("the device has no memory left")

    monkeypatch.setattr(work, "bench_device", fail)
    monkeypatch.setattr(go, "units", lambda plan, done: units(plan, done)[:3])
    with pytest.raises(StudioError, match="1 units failed: bench-tiny-16"):
        go.go("tiny", device="cpu", out=tmp_path)
    ledger = Ledger.of(TINY, tmp_path)
    assert set(ledger.done()) == {"device", "sweep-8-ngpt-0.1"}
    assert "no memory left" in ledger.log.read_text()


def test_a_run_that_diverges_is_said_to_and_not_chosen(
    short: None, whole: Ledger, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ngpt_math.training.evaluate", lambda *a, **k: float("nan"))
    go.go("tiny", device="cpu", only=("sweep-8-gpt-0.02",), out=tmp_path)
    result = Ledger.of(TINY, tmp_path).done()["sweep-8-gpt-0.02"]
    assert result["validation_loss"] is None
    mixed = whole.done() | {"sweep-8-gpt-0.02": result, "final-8-gpt-2": result}
    assert (8, "gpt", 2) not in equal.finals(mixed)
    assert "0.02: diverged" in page.page(TINY, mixed, [])


CODE = """
    import sys
    from ngpt_film import cli
    from ngpt_math import training
    take = training.Loop.take_step
    def slow(self):
        import time
        time.sleep(0.2)
        return take(self)
    training.Loop.take_step = slow
    sys.path.insert(0, {tests!r})
    from test_gpu import short_text
    training.load_tokens = short_text
    cli.main(sys.argv[1:])
"""


def test_sigterm_keeps_what_a_training_saved_and_the_next_call_goes_on(
    short: None, tmp_path: Path
) -> None:
    arguments = ["gpu", "--plan", "tiny", "--device", "cpu", "--out", str(tmp_path),
                 "--only", "sweep-8-gpt-0.02"]  # fmt: skip
    code = textwrap.dedent(CODE.format(tests=str(Path(__file__).parent)))
    command = [sys.executable, "-c", code, *arguments]
    environment = os.environ | {"PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
    state = tmp_path / "tiny" / "work" / "sweep-8-gpt-0.02" / "state.safetensors"
    with subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, text=True) as running:
        deadline = time.monotonic() + 60
        while not state.is_file():
            assert running.poll() is None and time.monotonic() < deadline
            time.sleep(0.02)
        running.send_signal(signal.SIGTERM)
        _, told = running.communicate(timeout=60)
    assert running.returncode == 130, told
    assert "the same command goes on" in told
    ledger = Ledger.of(TINY, tmp_path)
    assert not ledger.done() and "was stopped" in ledger.log.read_text()
    kept = state.read_bytes()
    go.go("tiny", device="cpu", only=("sweep-8-gpt-0.02",), out=tmp_path / "whole")
    assert state.read_bytes() == kept
    go.go("tiny", device="cpu", only=("sweep-8-gpt-0.02",), out=tmp_path)
    broken = ledger.done()["sweep-8-gpt-0.02"]
    unbroken = Ledger.of(TINY, tmp_path / "whole").done()["sweep-8-gpt-0.02"]
    assert broken["curve"] == unbroken["curve"]
    assert broken["validation_loss"] == unbroken["validation_loss"]


def test_time_that_is_up_ends_a_training(
    short: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(go, "expected", lambda *a: 0.0)
    monkeypatch.setattr(go, "Deadline", lambda end: work.Deadline(0.0))
    monkeypatch.setattr(go.time, "monotonic", iter([0.0, 0.0, 0.0, 1e9, 1e9, 1e9]).__next__)
    said: list[str] = []
    done = go.go("tiny", device="cpu", minutes=1, only=("sweep-8-gpt-0.02",), out=tmp_path,
                 say=said.append)  # fmt: skip
    assert not done and said[-1] == "time is up in sweep-8-gpt-0.02"


# Parcels.


def test_parcels_carry_everything_home(whole: Ledger, tmp_path: Path) -> None:
    home = Ledger.of(TINY, tmp_path / "home")
    sizes = [f.stat().st_size for f in whole.checkpoints.glob("*.safetensors")]
    patch = pytest.MonkeyPatch()
    patch.setattr(parcels, "BYTES", 40_000 + len(parcels.archived(whole)))
    try:
        for at in range(len(sizes)):
            files = parcels.pack(whole, tmp_path / str(at))
            assert len(files) == 2 and files[-1].name == parcels.ARCHIVE
            new = parcels.unpack(home, tmp_path / str(at))
            assert len(new) == (len(whole.done()) + 1 if at == 0 else 0)
        assert parcels.left(whole) == []
        assert parcels.archived(whole) == (tmp_path / "0" / parcels.ARCHIVE).read_bytes()
        assert len(parcels.pack(whole, tmp_path / "last")) == 1
    finally:
        patch.undo()
        (whole.path / parcels.GONE).unlink()
    assert home.done() == whole.done()
    assert home.log.read_text() == whole.log.read_text()
    for file in whole.checkpoints.iterdir():
        assert (home.checkpoints / file.name).read_bytes() == file.read_bytes()


def test_a_parcel_has_at_most_eight_files_none_of_them_large(
    whole: Ledger, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = Ledger(TINY, tmp_path / "tiny")
    kept.checkpoints.mkdir(parents=True)
    kept.done_folder.mkdir()
    for at in range(12):
        (kept.checkpoints / f"a-{at:02d}.safetensors").write_bytes(bytes(100 + at))
    monkeypatch.setattr(parcels, "LIMIT", 110)
    files = parcels.pack(kept, tmp_path / "one")
    assert len(files) == len(list((tmp_path / "one").iterdir())) == parcels.FILES
    second = parcels.pack(kept, tmp_path / "two")
    assert [f.name for f in second] == [
        *(f"a-{at:02d}.safetensors" for at in range(7, 11)),
        parcels.ARCHIVE,
    ]
    assert parcels.left(kept) == ["a-11.safetensors"]


def test_what_is_no_parcel_is_refused(tmp_path: Path) -> None:
    kept = Ledger(TINY, tmp_path / "tiny")
    with pytest.raises(DamagedFile, match=r"results\.tar\.gz is missing"):
        parcels.unpack(kept, tmp_path)
    (tmp_path / parcels.ARCHIVE).write_bytes(b"no archive")
    with pytest.raises(DamagedFile, match="cannot be read"):
        parcels.unpack(kept, tmp_path)
    (tmp_path / "evil").write_text("x")
    with tarfile.open(tmp_path / parcels.ARCHIVE, "w:gz") as archive:
        archive.add(tmp_path / "evil", "../../evil.txt")
    with pytest.raises(DamagedFile, match="does not belong"):
        parcels.unpack(kept, tmp_path)
    assert not (tmp_path.parent / "evil.txt").exists()


# What is written of it.


def test_weights_come_back_and_their_loss_is_that_of_the_card(whole: Ledger, short: None) -> None:
    for kind in KINDS:
        index = whole.checkpoints / f"tiny-{kind}.safetensors.index.json"
        model = load_model(index)
        assert model.config == TINY.model_config(kind, 8)
        card = read_card(index, "")
        loss = work.whole_loss(model, "cpu")
        assert card["validation_loss_bf16"] == pytest.approx(loss, rel=1e-6)
        assert loss == pytest.approx(card["validation_loss"], abs=0.02)
        assert whole.done()[f"final-8-{kind}-2"]["bf16"]["validation_loss"] == loss


def test_results_become_assets_with_cards(whole: Ledger, tmp_path: Path) -> None:
    written = results.publish(whole, tmp_path)
    assert {path.parent.name for path in written} == {"results", "checkpoints"}
    for path in written:
        if path.suffix != ".md":
            assert read_card(path, "")["licence"]
            assert str(ROOT) not in path.with_name(f"{path.stem}.card.json").read_text()
    document = json.loads((tmp_path / "results" / "gpu-tiny.json").read_text())
    assert set(document["units"]) == set(whole.done())
    assert len(document["equal_loss"]) == 2 * 2 * 2 * len(equal.SHARES)
    for context in TINY.contexts:
        path = tmp_path / "results" / f"gpu-tiny-{context}-measures.json"
        assert [m["kind"] for m in json.loads(path.read_text())["models"]] == list(KINDS)
    load_model(tmp_path / "checkpoints" / "tiny-ngpt.safetensors.index.json")
    text = (tmp_path / "results" / "gpu-tiny.md").read_text()
    for path in written:
        if path.suffix == ".png":
            assert f"({path.name})" in text


def test_checkpoints_of_which_a_part_is_missing_are_not_published(
    whole: Ledger, tmp_path: Path
) -> None:
    kept = Ledger(TINY, tmp_path / "tiny")
    for file in whole.checkpoints.iterdir():
        if file.name != "tiny-gpt-00001-of-00001.safetensors":
            parcels.write_bytes(kept.checkpoints / file.name, file.read_bytes())
    kept.keep("device", whole.done()["device"])
    written = {path.name for path in results.publish(kept, tmp_path / "assets")}
    assert "tiny-ngpt.safetensors.index.json" in written
    assert not any(name.startswith("tiny-gpt.") for name in written)


def test_without_results_nothing_is_written(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no results yet"):
        results.publish(Ledger.of(SMALL, tmp_path), tmp_path / "assets")
    assert not (tmp_path / "assets").exists()


def test_the_page_has_the_parts_of_which_there_are_results(whole: Ledger) -> None:
    done = whole.done()
    full = page.page(TINY, done, [])
    heads = [line[3:] for line in full.splitlines() if line.startswith("## ")]
    assert heads == [
        "What was trained", "Learning-rate sweeps", "Tokens and seconds to equal loss",
        "Beyond the training context", "Condition numbers", "Scales", "What a step costs",
        "What this does not say",
    ]  # fmt: skip
    device = page.page(TINY, {"device": done["device"]}, [])
    assert [line[3:] for line in device.splitlines() if line.startswith("## ")] == heads[-1:]
    for name in FINALS:
        _, context, *kind, seed = name.split("-")
        row = f"| {'-'.join(kind)}, context {context}, seed {seed} |"
        (line,) = [ln for ln in full.splitlines() if ln.startswith(row) and "M |" in ln]
        assert f"{done[name]['validation_loss']:.4f}" in line


# Equal loss.


def run(kind: str, losses: list[float], seconds: float = 0.5, seed: int = 2) -> dict[str, Any]:
    """A run whose curve is known."""
    settings = {"model": {"kind": kind, "context": 8}, "training": {"seed": seed}}
    return {
        "settings": settings, "validation_loss": losses[-1], "tokens_a_step": 10,
        "seconds_a_step": seconds,
        "curve": {"step": [0, 2, 4, 6, 8], "loss": losses},
    }  # fmt: skip


def test_equal_loss_of_known_curves() -> None:
    rows = equal.equal_loss({
        "final-8-gpt-2": run("gpt", [5.0, 4.0, 3.0, 2.5, 2.0], seconds=0.5),
        "final-8-ngpt-2": run("ngpt", [5.0, 3.0, 2.0, 1.5, 1.0], seconds=1.0),
    })  # fmt: skip
    assert [row["loss"] for row in rows] == [4.0, 3.0, 2.5, 2.0]
    assert [row["tokens"] for row in rows] == [10, 20, 30, 40]
    assert [row["tokens_ratio"] for row in rows] == [2, 2, 2, 2]
    assert [row["seconds_ratio"] for row in rows] == [1, 1, 1, 1]
    never = equal.equal_loss({
        "final-8-gpt-2": run("gpt", [5.0, 4.0, 3.0, 2.5, 2.0]),
        "final-8-ngpt-2": run("ngpt", [5.0, 4.9, 4.8, 4.7, 4.6]),
    })  # fmt: skip
    assert [row["tokens_ratio"] for row in never] == [None] * 4


def test_a_trend_is_one_only_if_every_seed_has_it() -> None:
    assert equal.trend([1.0, 1.5], [1.2, 1.6]) == "grows with every seed"
    assert equal.trend([1.0, 1.5], [0.9, 1.4]) == "shrinks with every seed"
    assert equal.trend([1.0, 1.5], [1.2, 1.4]) == "goes both ways, by seed"
    assert equal.trend([1.0, None], [1.2, 1.4]) == equal.trend([], []) == "cannot be told"
    assert equal.spread([1.5, 2.5]) == "2.00 (1.50, 2.50)"
    assert equal.spread([1.5]) == "1.50"
    assert equal.spread([1.5, None]) == "never in 1 of 2"
    assert equal.spread([None, None]) == "never"

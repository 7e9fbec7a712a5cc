"""Training: exactness, resumption, invariants after each step."""

from __future__ import annotations

import dataclasses
import os
import re
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import numpy as np
import pytest
import torch
from conftest import small
from safetensors.torch import load_file

from ngpt_math import checkpoint
from ngpt_math import training as t
from ngpt_math.checkpoint import build_model, load_model
from ngpt_math.config import KINDS, TrainConfig, preset
from ngpt_math.corpus import load_tokens
from ngpt_math.errors import DamagedFile, StudioError, UsageError
from ngpt_math.files import read_card
from ngpt_math.history import load_history
from ngpt_math.ngpt import NGPT
from ngpt_math.progress import Bar
from ngpt_math.ranks import Ranks
from ngpt_math.runfolder import RunFolder


def folder(path: Path) -> RunFolder:
    """The folder of a test's run."""
    return RunFolder(path, "ngpt train test")


def results(run: RunFolder) -> dict[str, np.ndarray]:
    """Weights and history of a finished run."""
    weights = {n: w.numpy() for n, w in load_file(run.model).items()}
    return weights | load_history(run.history, "")


def assert_equal(a: dict[str, np.ndarray], b: dict[str, np.ndarray]) -> None:
    """Bit for bit."""
    assert a.keys() == b.keys()
    for name in a:
        assert np.array_equal(a[name], b[name], equal_nan=True), name


class Stop(Exception):
    """Thrown by an observer in the middle of a step's aftermath."""


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("stop_at", [1, 6, 8, 11])
def test_a_run_that_broke_off_ends_as_if_it_had_not(
    kind: str, stop_at: int, training: TrainConfig, tmp_path: Path
) -> None:
    whole, broken = folder(tmp_path / "whole"), folder(tmp_path / "broken")
    t.train(small(kind), training, whole)

    def stop(moment: t.Moment) -> None:
        if moment.step == stop_at:
            raise Stop

    with pytest.raises(Stop):
        t.train(small(kind), training, broken, [stop])
    seen: list[int] = []
    t.train(small(kind), training, broken, [lambda moment: seen.append(moment.step)])
    assert seen[0] == stop_at // 4 * 4 - (4 if stop_at % 4 == 0 else 0) + 1
    assert_equal(results(whole), results(broken))


RUN = """
    import sys
    from pathlib import Path
    import torch
    torch.set_num_threads(1)
    sys.path.insert(0, {tests!r})
    from conftest import small
    from ngpt_math.config import TrainConfig
    from ngpt_math.runfolder import RunFolder
    from ngpt_math.training import train
    config = TrainConfig(steps=250, batch=4, lr=1e-2, eval_every=50, eval_windows=4, save_every=3,
                         snapshots=6)
    def show(moment):
        print(moment.step, flush=True)
    train(small(), config, RunFolder(Path({path!r}), "test"), [show])
"""


def start(path: Path) -> subprocess.Popen[str]:
    """A training in a process of its own."""
    code = textwrap.dedent(RUN.format(tests=str(Path(__file__).parent), path=str(path)))
    return subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)


def test_kill_9_and_the_same_command_again(tmp_path: Path) -> None:
    whole = start(tmp_path / "whole")
    killed = start(tmp_path / "killed")
    assert killed.stdout is not None
    while int(killed.stdout.readline()) < 17:
        pass
    time.sleep(0.01)
    os.kill(killed.pid, signal.SIGKILL)
    killed.wait()
    assert not (tmp_path / "killed" / "model.safetensors").exists()
    again = start(tmp_path / "killed")
    assert whole.wait() == 0 and again.wait() == 0
    assert_equal(results(folder(tmp_path / "whole")), results(folder(tmp_path / "killed")))


def test_a_finished_run_is_not_trained_again(training: TrainConfig, out: Path) -> None:
    t.train(small(), training, folder(out))
    before = results(folder(out))

    def refuse(moment: t.Moment) -> None:
        raise AssertionError("a step was made")

    t.train(small(), training, folder(out), [refuse])
    assert_equal(before, results(folder(out)))


def test_constrained_vectors_have_length_one_after_every_step(
    training: TrainConfig, out: Path
) -> None:
    worst: list[float] = []

    def look(moment: t.Moment) -> None:
        assert isinstance(moment.model, NGPT)
        for _, module in moment.model.constrained():
            lengths = module.weight.detach().double().norm(dim=module.norm_axis)
            worst.append(float((lengths - 1).abs().max()))

    t.train(small(), training, folder(out), [look])
    assert len(worst) == 12 * 10
    assert max(worst) < 1e-6


def test_projection_is_part_of_any_loop_that_uses_the_optimizer(training: TrainConfig) -> None:
    torch.manual_seed(0)
    model = build_model(small())
    assert isinstance(model, NGPT)
    optimizer = t.make_optimizer(model, training)
    t.loss_of(model, torch.randint(0, 256, (2, 9))).backward()
    optimizer.step()
    for name, module in model.constrained():
        lengths = module.weight.detach().norm(dim=module.norm_axis)
        assert (lengths - 1).abs().max() < 1e-6, name


def test_ctrl_c_keeps_the_last_state_and_says_how_to_go_on(
    training: TrainConfig, out: Path
) -> None:
    def interrupt(moment: t.Moment) -> None:
        if moment.step == 6:
            raise KeyboardInterrupt

    with pytest.raises(StudioError, match=r"step 4 of 12 is kept.*the same command goes on"):
        t.train(small(), training, folder(out), [interrupt])
    t.train(small(), training, folder(out))
    assert load_model(folder(out).model)


def test_a_folder_of_another_run_is_refused(training: TrainConfig, out: Path) -> None:
    t.train(small(), training, folder(out))
    with pytest.raises(UsageError, match=r"lr 0\.01, not 0\.5"):
        t.train(small(), dataclasses.replace(training, lr=0.5), folder(out))
    with pytest.raises(UsageError, match="kind ngpt, not gpt"):
        t.train(small("gpt"), training, folder(out))


@pytest.mark.parametrize("damage", [b"", b"\0" * 100, b"\x10" + b"\0" * 7 + b'{"a": {}}       '])
def test_a_damaged_state_is_named(damage: bytes, training: TrainConfig, out: Path) -> None:
    t.train(small(), training, folder(out))
    folder(out).state.write_bytes(damage)
    with pytest.raises(DamagedFile, match=r"state\.safetensors.*remove the folder"):
        t.train(small(), training, folder(out))


def test_accumulation_is_the_big_batch(training: TrainConfig, tmp_path: Path) -> None:
    runs = []
    for parts in (1, 2, 4):
        run = folder(tmp_path / str(parts))
        t.train(small(), dataclasses.replace(training, accumulation=parts), run)
        runs.append(load_history(run.history, "")["loss"])
    assert np.allclose(runs[0], runs[1], atol=1e-5)
    assert np.allclose(runs[0], runs[2], atol=1e-5)


def test_batches_follow_from_seed_and_step_only(training: TrainConfig) -> None:
    text, _ = load_tokens("bytes")
    rows = t.batch_at(text, 16, training, 7)
    assert rows.shape == (4, 17)
    assert torch.equal(rows, t.batch_at(text, 16, training, 7))
    assert not torch.equal(rows, t.batch_at(text, 16, training, 8))
    other = dataclasses.replace(training, seed=2)
    assert not torch.equal(rows, t.batch_at(text, 16, other, 7))


def test_the_feed_cuts_the_same_windows(training: TrainConfig) -> None:
    text, _ = load_tokens("bytes")
    feed = t.Feed(text, 16, training, torch.device("cpu"))
    for step in (0, 7):
        assert torch.equal(feed.at(step, Ranks()), t.batch_at(text, 16, training, step))
    halves = [feed.at(7, Ranks(rank, 2)) for rank in (0, 1)]
    assert torch.equal(torch.cat(halves), t.batch_at(text, 16, training, 7))
    wide = np.arange(40, dtype=np.uint16) * 1000
    last = t.Feed(wide, 39, dataclasses.replace(training, batch=9), torch.device("cpu"))
    assert last.at(0, Ranks()).tolist() == [wide.tolist()] * 9


def test_the_clock_counts_steps_and_nothing_else(
    training: TrainConfig, out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = [0.0]
    step, look = t.Loop.take_step, t.evaluate

    def slow_step(loop: t.Loop) -> t.Moment:
        now[0] += 1
        return step(loop)

    def slow_look(*arguments: object) -> float:
        now[0] += 100
        return look(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(t.Loop, "take_step", slow_step)
    monkeypatch.setattr(t.Loop, "now", lambda loop: now[0])
    monkeypatch.setattr(t, "evaluate", slow_look)
    with pytest.raises(Stop):
        t.train(small(), training, folder(out), [stop_at(9)])
    t.train(small(), training, folder(out))
    history = load_history(folder(out).history, "")
    assert read_card(folder(out).model, "")["clock"] == history["validation.step"].tolist()


def stop_at(step: int) -> t.Observer:
    """An observer that breaks a training off."""

    def stop(moment: t.Moment) -> None:
        if moment.step == step:
            raise Stop

    return stop


def test_snapshots_of_queries_and_none_at_all(training: TrainConfig, out: Path) -> None:
    t.train(small(), dataclasses.replace(training, snapshot_of="queries"), folder(out / "queries"))
    history = load_history(folder(out / "queries").history, "")
    assert history["snapshot.cond.layer1.q"].shape == (len(history["snapshot.step"]), 2)
    assert "snapshot.cond.layer1.k" not in history
    t.train(small(), dataclasses.replace(training, snapshots=0), folder(out / "none"))
    history = load_history(folder(out / "none").history, "")
    assert not any(name.startswith("snapshot") for name in history)


def test_kinds_see_the_same_batches() -> None:
    (_, ngpt), (_, gpt) = preset("mini", "ngpt"), preset("mini", "gpt")
    text, _ = load_tokens("bytes")
    assert (ngpt.seed, ngpt.steps, ngpt.batch) == (gpt.seed, gpt.steps, gpt.batch)
    assert torch.equal(t.batch_at(text, 128, ngpt, 5), t.batch_at(text, 128, gpt, 5))


def test_learning_rate_warms_up_and_ends_at_zero() -> None:
    config = TrainConfig(steps=100, lr=2.0, warmup=10)
    rates = [t.learning_rate(config, step) for step in range(101)]
    assert rates[0] == pytest.approx(0.2)
    assert max(rates) == rates[9] == rates[10] == 2.0
    assert rates[10:] == sorted(rates[10:], reverse=True)
    assert rates[100] == pytest.approx(0.0)
    assert t.learning_rate(TrainConfig(steps=10, lr=2.0), 0) == 2.0


def test_decay_is_on_the_baselines_matrices_only() -> None:
    config = preset("mini", "gpt")[1]
    groups = t.make_optimizer(build_model(small("gpt")), config).param_groups
    assert [g["weight_decay"] for g in groups] == [0.1, 0.0]
    assert all(p.ndim > 1 for p in groups[0]["params"])
    assert all(p.ndim == 1 for p in groups[1]["params"])
    ngpt = t.make_optimizer(build_model(small()), preset("mini", "ngpt")[1]).param_groups
    assert [g["weight_decay"] for g in ngpt] == [0.0, 0.0]


def test_windows_of_the_whole_text_do_not_overlap() -> None:
    text = np.arange(100, dtype=np.uint8)
    rows = t.all_windows(text, 16)
    assert rows[:, 0].tolist() == [0, 16, 32, 48, 64, 80]
    assert rows[-1, -1] == 96


def test_evaluate_is_the_mean_over_windows() -> None:
    model = build_model(small())
    rows = torch.randint(0, 256, (7, 17))
    whole = t.loss_of(model, rows).item()
    assert t.evaluate(model, rows, batch=3) == pytest.approx(whole, rel=1e-5)


def test_a_training_learns(out: Path) -> None:
    config = TrainConfig(steps=60, batch=16, lr=1e-2, eval_every=30, save_every=30, snapshots=4)
    t.train(small(), config, folder(out))
    loss = load_history(folder(out).history, "")["validation.loss"]
    assert loss[-1] < loss[0] - 1.2


def test_history_and_card_say_what_was_done(training: TrainConfig, out: Path) -> None:
    t.train(small(), training, folder(out))
    history = load_history(folder(out).history, "")
    assert history["loss"].shape == (12,)
    assert history["validation.step"].tolist() == [0, 5, 10, 12]
    assert history["snapshot.step"].tolist() == sorted(t.snapshot_steps(training))
    assert history["snapshot.norm.layer1.mlp_out"].shape[1] == 32
    card = read_card(folder(out).model, "")
    assert card["settings"]["training"]["lr"] == 1e-2
    assert card["made_by"] == "ngpt train test"
    assert card["validation_loss"] == pytest.approx(float(history["validation.whole"][0]))
    assert card["cpu_seconds"] > 0


def test_run_names_its_command_and_keeps_trials_out_of_the_assets(tmp_path: Path) -> None:
    (path,) = t.run("toy", "gpt", steps=3, lr=0.02, out=tmp_path, show=False)
    assert path == tmp_path / "toy-gpt" / "model.safetensors"
    assert read_card(path, "")["made_by"] == "ngpt train toy --kind gpt --steps 3 --lr 0.02"


def test_unknown_presets_kinds_and_devices(tmp_path: Path) -> None:
    for name, kind, device in (("huge", "ngpt", None), ("toy", "rnn", None), ("toy", "gpt", "tpu")):
        with pytest.raises(UsageError):
            t.run(name, kind, device=device, out=tmp_path, show=False)


def test_results_become_assets_with_their_own_cards(
    training: TrainConfig, out: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(checkpoint, "ASSETS", tmp_path / "assets")
    t.train(small(), training, folder(out))
    path = folder(out).publish("toy", "ngpt")
    assert path == tmp_path / "assets" / "checkpoints" / "toy-ngpt.safetensors"
    assert read_card(path, "")["file"] == "toy-ngpt.safetensors"
    assert load_model(path).config == small()
    history = load_history(checkpoint.history_path("toy", "ngpt"), "")
    assert len(history["loss"]) == 12


def test_progress_is_plain_lines_where_there_is_no_terminal(
    training: TrainConfig, out: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with Bar("toy ngpt", training.steps) as bar:
        t.train(small(), training, folder(out), [bar])
    shown = capsys.readouterr()
    assert shown.out == ""
    assert re.fullmatch(r"toy ngpt: step 12/12, loss \d\.\d{3}, [\d,]+ tokens/s\n", shown.err), (
        shown.err
    )


def test_optimizer_is_fused() -> None:
    optimizer = t.make_optimizer(build_model(small()), TrainConfig())
    assert isinstance(optimizer, torch.optim.AdamW) and optimizer.defaults["fused"]

"""Training: batches, learning rate, optimizer, and a loop that a killed run goes on from.

`run` is what the command line calls; `train` does the work for one model. Everything that happens
follows from the settings: on one device and number of threads and processes, a run that was killed
and started again ends with the same losses and weights, bit for bit. Under `torchrun` a batch is
shared out among the processes; see `ranks`.
"""

from __future__ import annotations

import dataclasses
import math
import time
from collections.abc import Callable, Iterable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ngpt_math import measure, ranks
from ngpt_math.checkpoint import Model, build_model
from ngpt_math.config import KINDS, ModelConfig, TrainConfig, preset
from ngpt_math.corpus import Tokens, load_tokens
from ngpt_math.errors import StudioError, UsageError
from ngpt_math.files import ROOT, shown
from ngpt_math.history import save_arrays
from ngpt_math.ngpt import NGPT
from ngpt_math.progress import Bar
from ngpt_math.runfolder import Log, RunFolder

EVALUATED_AT_ONCE = 1 << 16  # tokens, lest the logits of long windows fill a device
SNAPSHOT_OF = {
    "weights": (measure.weights,),
    "norms": (measure.norms, measure.conditions, measure.scales, measure.first_query),
    "queries": (measure.query_conditions, measure.scales, measure.first_query),
}


@dataclass(frozen=True, slots=True)
class Moment:
    """What observers see after each step; `loss` is a tensor, read it only when needed."""

    step: int
    steps: int
    loss: Tensor
    lr: float
    tokens: int
    model: Model


Observer = Callable[[Moment], None]


def run(
    name: str,
    kind: str = "both",
    *,
    device: str | None = None,
    out: Path | None = None,
    observers: Sequence[Observer] = (),
    show: bool = True,
    **changes: Any,
) -> list[Path]:
    """Train a preset's models, one after the other, and give the paths of their weights.

    With the preset's own settings and no `out`, the results become the project's assets:
    `assets/checkpoints/NAME-KIND.safetensors` and `NAME-KIND.history.safetensors`, each with its
    card. With any other setting they stay in the run's folder, so no asset is lost to a trial.
    A run that was stopped goes on from its last saved state when it is called again in the same
    way; one that was finished is not trained again.

    Args:
        name: a preset ("toy", "mini", "small", …).
        kind: "ngpt", "gpt", "gpt-qknorm", or "both" for "ngpt" and "gpt".
        device: instead of the preset's; see `TrainConfig`.
        out: the folder of the runs, one folder NAME-KIND in it for each; None is `runs/`.
        observers: called after each step with a `Moment`.
        show: draw a progress bar with loss and tokens a second on standard error (plain lines where
            that is no terminal).
        changes: other settings of `TrainConfig` instead of the preset's; None and False leave it.

    Returns:
        The paths; none in a process of a `torchrun` that is not the first.

    Raises:
        UsageError: no such preset, kind or device; or the folder holds a run of other settings.
        StudioError: interrupted; the message says what is kept and how to go on.
        DamagedFile: the corpus or the saved state of the run is damaged.
    """
    changes = {k: v for k, v in changes.items() if v is not None and v is not False}
    own = out is None and not changes
    paths = []
    with ranks.joined(find_device(device or "auto")) as processes:
        for each in ("ngpt", "gpt") if kind == "both" else (kind,):
            made_by = command(name, each, changes, processes.count)
            folder = RunFolder((out or ROOT / "runs") / f"{name}-{each}", made_by)
            model_config, train_config = preset(name, each, **changes, device=device)
            with ExitStack() as stack:
                bar = Bar(f"{name} {each}", train_config.steps)
                shown_on = [stack.enter_context(bar)] if show and processes.first else []
                train(model_config, train_config, folder, [*shown_on, *observers])
            if processes.first:
                paths.append(folder.publish(name, each) if own else folder.model)
    return paths


def command(name: str, kind: str, changes: dict[str, Any], processes: int = 1) -> str:
    """The command that trains this again."""
    names = (field.name for field in dataclasses.fields(TrainConfig) if field.name in changes)
    given = {name: changes[name] for name in names}
    options = [f"--{k}" if v is True else f"--{k} {v}" for k, v in given.items()]
    start = [f"torchrun --nproc-per-node {processes} --no-python"] if processes > 1 else []
    return " ".join([*start, "ngpt train", name, "--kind", kind, *options])


def train(
    model_config: ModelConfig,
    train_config: TrainConfig,
    folder: RunFolder,
    observers: Iterable[Observer] = (),
) -> None:
    """Train one model to the end, from the folder's saved state if it has one, and write results.

    Of several joined processes all train, and the first writes and has the observers.

    Raises:
        UsageError: the folder holds a run of other settings, or the device is not there.
        StudioError: interrupted by the keyboard.
    """
    device = find_device(train_config.device)
    training_text, validation_text = load_tokens(model_config.tokenizer)
    torch.manual_seed(train_config.seed)
    model = build_model(model_config).to(device)
    optimizer = make_optimizer(model, train_config)
    log = folder.resume(model, optimizer, train_config)
    processes = ranks.here()
    processes.check_same(log.step, "the run's saved state at steps")
    feed = Feed(training_text, model_config.context, train_config, device)
    losses = loss_reader(model, train_config.compile)
    loop = Loop(
        model, losses, optimizer, train_config, feed, validation_text, folder, log, processes
    )
    try:
        loop.go(list(observers))
    except KeyboardInterrupt as error:
        raise StudioError(
            f"training was stopped; what was reached by step {folder.saved_step()} of"
            f" {train_config.steps} is kept in {shown(folder.path)}",
            "the same command goes on from there",
        ) from error
    if processes.first:
        whole = evaluate(model, all_windows(validation_text, model_config.context))
        folder.finish(model, train_config, log, whole)
    processes.check_same(log.step, "the end of the run at steps")


def find_device(name: str) -> torch.device:
    """The device called `name`; "auto" is CUDA where there is one.

    Raises:
        UsageError: there is no such device here.
    """
    if name == "auto":
        name = "cuda" if torch.cuda.is_available() else "cpu"
    if name == "cuda" and not torch.cuda.is_available():
        raise UsageError("no CUDA device was found", "use --device cpu")
    if name not in ("cpu", "cuda"):
        raise UsageError(f"there is no device {name!r}", "use cpu, cuda or auto")
    return torch.device(name)


def make_optimizer(model: Model, config: TrainConfig) -> torch.optim.AdamW:
    """AdamW with decay on matrices only. For an nGPT its step ends with the weights' projection.

    The projection is part of the optimizer, not of the loop, so that no loop can forget it.
    """
    matrices = [p for p in model.parameters() if p.ndim > 1]
    others = [p for p in model.parameters() if p.ndim <= 1]
    groups = [
        {"params": matrices, "weight_decay": config.weight_decay},
        {"params": others, "weight_decay": 0.0},
    ]
    optimizer = torch.optim.AdamW(groups, lr=config.lr, betas=config.betas, fused=True)
    if isinstance(model, NGPT):
        project = model.normalize_weights
        if config.compile and matrices[0].is_cuda:  # on a CPU, a compiled call costs more
            project = torch.compile(project, dynamic=False)
        optimizer.register_step_post_hook(lambda *_: project())
    return optimizer


def autocast(device: torch.device, precision: str) -> torch.autocast:
    """Where products are computed in bf16, if the precision says so; see `TrainConfig`."""
    bf16 = precision == "bf16" or (precision == "auto" and device.type == "cuda")
    return torch.autocast(device.type, torch.bfloat16, enabled=bf16)


def learning_rate(config: TrainConfig, step: int) -> float:
    """Linear warm-up, then a cosine that reaches 0 after the last step."""
    if step < config.warmup:
        return config.lr * (step + 1) / config.warmup
    progress = (step - config.warmup) / max(1, config.steps - config.warmup)
    return config.lr * 0.5 * (1 + math.cos(math.pi * progress))


def batch_at(text: Tokens, context: int, config: TrainConfig, step: int) -> Tensor:
    """The windows [batch, context + 1] of one step; they depend on (seed, step) only."""
    return windows(text, starts_at(len(text) - context, config, step), context)


def starts_at(last: int, config: TrainConfig, step: int) -> np.ndarray:
    """Where the windows of one step begin, from 0 to `last` − 1: [batch]."""
    random = np.random.default_rng([config.seed, step])
    return random.integers(0, last, size=config.batch)


class Feed:
    """The windows of each step, cut on the device where the text lies.

    Only where they begin goes there, by a copy that nobody waits for.
    """

    def __init__(self, text: Tokens, context: int, config: TrainConfig, device: torch.device):
        # One row for each place a window can begin, without a copy of the text.
        on_device = torch.from_numpy(text.astype(np.int32)).to(device)
        self.rows = on_device.unfold(0, context + 1, 1)
        self.last = len(text) - context
        self.config, self.device = config, device

    def at(self, step: int, processes: ranks.Ranks) -> Tensor:
        """This process's windows of one step [its share of the batch, context + 1]."""
        starts = processes.share(torch.from_numpy(starts_at(self.last, self.config, step)))
        if self.device.type == "cuda":
            starts = starts.pin_memory().to(self.device, non_blocking=True)
        return self.rows[starts].long()


def windows(text: Tokens, starts: np.ndarray, context: int) -> Tensor:
    """Windows [n, context + 1] of the text, as token numbers for torch."""
    rows = text[starts[:, None] + np.arange(context + 1)]
    return torch.from_numpy(rows.astype(np.int64))


def spread_windows(text: Tokens, context: int, count: int) -> Tensor:
    """`count` evenly spread windows [count, context + 1]."""
    last = len(text) - context - 1
    return windows(text, np.linspace(0, last, count).astype(np.int64), context)


def all_windows(text: Tokens, context: int) -> Tensor:
    """The whole text in windows that follow on each other; a rest shorter than one is left out."""
    return windows(text, np.arange(0, len(text) - context - 1, context), context)


def loss_of(model: Callable[[Tensor], Tensor], rows: Tensor) -> Tensor:
    """Mean cross-entropy of predicting each token from those before it, nats a token."""
    logits = model(rows[:, :-1])
    return F.cross_entropy(logits.flatten(0, 1).float(), rows[:, 1:].flatten())


def loss_reader(model: nn.Module, compiled: bool) -> Callable[[Tensor], Tensor]:
    """Windows to their mean loss; compiled as one, so that logits are read where they are made."""

    def losses(rows: Tensor) -> Tensor:
        return loss_of(model, rows)

    # All windows have one length; were it left open, attention would be cut out of the graph.
    return torch.compile(losses, dynamic=False) if compiled else losses


@torch.no_grad()
def evaluate(model: Model, rows: Tensor, batch: int = 64) -> float:
    """Loss over all windows, nats a token, in the precision of the weights."""
    device = next(model.parameters()).device
    parts = rows.split(min(batch, max(1, EVALUATED_AT_ONCE // rows.shape[1])))
    # Read when all are made: reading one waits for the device.
    losses = torch.stack([loss_of(model, part.to(device)) for part in parts]).tolist()
    return sum(loss * len(part) for loss, part in zip(losses, parts, strict=True)) / len(rows)


def snapshot_steps(config: TrainConfig) -> set[int]:
    """When snapshots are taken: half of them by ratio, half by difference, first and last too."""
    half = config.snapshots // 2
    by_ratio = np.geomspace(1, config.steps, half).round()
    by_difference = np.linspace(0, config.steps, config.snapshots - half).round()
    return {int(step) for step in (*by_ratio, *by_difference)}


@dataclass(slots=True)
class Loop:
    """One training in progress; `losses` gives the loss of windows, compiled if asked for."""

    model: Model
    losses: Callable[[Tensor], Tensor]
    optimizer: torch.optim.AdamW
    config: TrainConfig
    feed: Feed
    validation_text: Tokens
    folder: RunFolder
    log: Log
    processes: ranks.Ranks

    def go(self, observers: list[Observer]) -> None:
        """Train from the log's step to the last."""
        first = self.processes.first
        context = self.model.config.context
        validation = spread_windows(self.validation_text, context, self.config.eval_windows)
        snapshots = snapshot_steps(self.config)
        if self.log.step == 0:
            self.keep(validation, snapshots)
        began = self.now()
        while self.log.step < self.config.steps:
            started = time.process_time()
            moment = self.take_step()
            for observe in observers if first else ():
                observe(moment)
            self.log.step += 1
            rests = first and self.rests(snapshots)
            if rests:
                self.log.seconds += self.now() - began
                self.keep(validation, snapshots)
            self.log.cpu_seconds += time.process_time() - started
            if first and self.due(self.config.save_every):
                self.folder.save(self.model, self.optimizer, self.config, self.log)
            if rests:
                began = self.now()

    def now(self) -> float:
        """Seconds by a wall clock, read when the device has done what it was given."""
        if self.feed.device.type == "cuda":
            torch.cuda.synchronize()
        return time.perf_counter()

    def due(self, every: int) -> bool:
        """Whether something that is done every so many steps, and at the end, is to be done now."""
        return self.log.step % every == 0 or self.log.step == self.config.steps

    def rests(self, snapshots: set[int]) -> bool:
        """Whether something else than a step comes now, which the clock should not count."""
        every = (self.config.eval_every, self.config.save_every)
        return self.log.step in snapshots or any(map(self.due, every))

    def take_step(self) -> Moment:
        """One optimizer step."""
        step, config = self.log.step, self.config
        rows = self.feed.at(step, self.processes)
        lr = learning_rate(config, step)
        for group in self.optimizer.param_groups:
            group["lr"] = lr
        loss = self.backward(rows)
        nn.utils.clip_grad_norm_(self.model.parameters(), config.clip)
        self.optimizer.step()
        self.optimizer.zero_grad()
        self.log.loss[step] = loss
        tokens = config.batch * self.model.config.context
        return Moment(step + 1, config.steps, loss, lr, tokens, self.model)

    def backward(self, rows: Tensor) -> Tensor:
        """Gradients of the batch's mean loss, one part of the batch at a time; gives that loss."""
        device, batch = self.feed.device, self.config.batch
        total = torch.zeros((), device=device)
        at_once = math.ceil(batch / self.config.accumulation)
        for part in rows.split(at_once):
            with autocast(device, self.config.precision):
                loss = self.losses(part) * (len(part) / batch)
            loss.backward()
            total += loss.detach()
        gradients = (p.grad for p in self.model.parameters() if p.grad is not None)
        self.processes.add_up([*gradients, total])
        return total

    def keep(self, validation: Tensor, snapshots: set[int]) -> None:
        """Evaluate and take a snapshot where they are due, in the first process."""
        if not self.processes.first:
            return
        step = self.log.step
        if self.due(self.config.eval_every):
            self.log.validation.append((step, evaluate(self.model, validation)))
            self.log.clock.append(round(self.log.seconds, 4))
        if step in snapshots:
            parts = [read(self.model) for read in SNAPSHOT_OF[self.config.snapshot_of]]
            arrays = {name: array for part in parts for name, array in part.items()}
            save_arrays(self.folder.snapshot(step), arrays, {})


__all__ = ["KINDS", "Moment", "Observer", "run", "train"]

"""Doing one unit of a plan: the device's speed, a bench, or a training with its measures."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from math import isfinite, log
from pathlib import Path
from typing import Any

import numpy as np
import torch

from ngpt_math import prose
from ngpt_math.bench_device import bench_device, speed_of
from ngpt_math.bench_steps import Shape
from ngpt_math.checkpoint import load_model
from ngpt_math.corpus import load_tokens
from ngpt_math.files import read_card
from ngpt_math.gpu.ledger import Ledger
from ngpt_math.gpu.plan import Plan, Unit
from ngpt_math.history import load_history
from ngpt_math.measuring.report import measure_one, rounded
from ngpt_math.runfolder import RunFolder
from ngpt_math.shards import save_shards, through_bf16
from ngpt_math.training import Moment, all_windows, evaluate, train

AGAIN = "the same command does the unit again"


@dataclass(slots=True)
class Deadline:
    """An observer of trainings that ends one when the time is up, as Ctrl-C would."""

    at: float

    def __call__(self, moment: Moment) -> None:
        """Look at the clock."""
        if time.monotonic() > self.at:
            raise KeyboardInterrupt


@dataclass(frozen=True, slots=True)
class Workshop:
    """What units are done with: where results go, on which device, until when."""

    ledger: Ledger
    device: str
    deadline: Deadline
    say: Callable[[str], None]

    def do(self, unit: Unit) -> dict[str, Any]:
        """Do a unit and give its result.

        Raises:
            StudioError: interrupted; what its training saved is kept.
        """
        if unit.what == "device":
            return speed_of(self.device, size=8192 if self.device == "cuda" else 256)
        if unit.what == "bench":
            return self.bench(unit)
        return self.run(unit)

    def bench(self, unit: Unit) -> dict[str, Any]:
        """The bench of one shape and context, beside the speed that the device was seen to have."""
        plan = self.ledger.plan
        peak = self.ledger.done().get("device", {}).get("tflops")
        compiled = self.device == "cuda"
        shape = bench_shape(plan, unit.shape, unit.context)
        return bench_device(shape, self.device, plan.rounds, peak, compiled, self.say)

    def run(self, unit: Unit) -> dict[str, Any]:
        """A training; of those that are compared, measures and weights in parts too."""
        plan, path = self.ledger.plan, self.ledger.work(unit.name)
        folder = RunFolder(path, f"ngpt gpu --plan {plan.name} --only {unit.name}")
        model = plan.model_config(unit.kind, unit.context)
        config = plan.train_config(unit, self.device, self.device == "cuda")
        train(model, config, folder, [self.deadline, Lines(unit.name, self.say)])
        result = run_result(folder)
        if unit.what == "final" and result["validation_loss"] is not None:
            result |= self.measured(unit, folder)
        shutil.rmtree(path)
        return result

    def measured(self, unit: Unit, folder: RunFolder) -> dict[str, Any]:
        """Losses by source and length, everything that the paper plots, and the loss of bf16."""
        plan = self.ledger.plan
        name = f"{plan.called}-{unit.kind}"
        self.say(f"{unit.name}: measures")
        found = measure_one(
            name, folder.model, plan.length_tokens, plan.state_windows, device=self.device
        )
        kept: dict[str, Any] = {"parts": losses_by_part(folder.model, self.device)}
        if unit.seed == plan.seeds[0] and unit.context in plan.kept_contexts:
            kept["bf16"] = self.keep_weights(name, unit, folder)
        return {"measures": rounded(found), **kept}

    def keep_weights(self, name: str, unit: Unit, folder: RunFolder) -> dict[str, Any]:
        """Write the weights in bf16 and in parts, and give the loss of what was written."""
        model, full = load_model(folder.model), read_card(folder.model, AGAIN)
        named = f"{name}-{unit.context}" if len(self.ledger.plan.kept_contexts) > 1 else name
        card = {k: v for k, v in full.items() if k not in ("what", "file", "sha256")}
        loss = whole_loss(through_bf16(model), self.device)
        card |= {"precision": "bf16", "validation_loss_bf16": loss}
        files = save_shards(self.ledger.checkpoints, named, model, card)
        return {"files": [file.name for file in files], "validation_loss": loss}


@dataclass(slots=True)
class Lines:
    """An observer that says four times in a training how far it is."""

    name: str
    say: Callable[[str], None]

    def __call__(self, moment: Moment) -> None:
        """Say it where it is due; reading the loss waits for the device."""
        if moment.step % max(1, moment.steps // 4) == 0:
            loss = float(moment.loss)
            self.say(f"{self.name}: step {moment.step:,} of {moment.steps:,}, loss {loss:.3f}")


def bench_shapes(plan: Plan) -> Iterator[tuple[str, Shape]]:
    """The shapes of a plan's bench, by name."""
    for name, settings in plan.benches.items():
        for context in settings["contexts"]:
            yield f"{name}-{context}", bench_shape(plan, name, context)


def bench_shape(plan: Plan, name: str, context: int) -> Shape:
    """One shape of a plan's bench."""
    settings = dict(plan.benches[name])
    settings.pop("contexts")
    batch = settings.pop("batch_tokens") // context
    return Shape(**settings, context=context, batch=batch)


def run_result(folder: RunFolder) -> dict[str, Any]:
    """What a finished training contributes: settings, curve, clock, losses; None if it diverged."""
    card = read_card(folder.model, AGAIN)
    if not isfinite(card["validation_loss"]):
        return {"settings": card["settings"], "validation_loss": None}
    history = load_history(folder.history, AGAIN)
    steps = history["validation.step"]
    text, _ = load_tokens(card["settings"]["model"]["tokenizer"])
    training, model = card["settings"]["training"], card["settings"]["model"]
    tokens = training["batch"] * model["context"]
    kept = ("settings", "parameters", "training_loss", "validation_loss", "cpu_seconds", "device",
            "versions", "data", "data_sha256", "made_by")  # fmt: skip
    return {
        **{name: card[name] for name in kept},
        "tokens_a_step": tokens,
        "tokens": tokens * training["steps"],
        "epochs": round(tokens * training["steps"] / len(text), 4),
        "curve": {
            "step": steps.tolist(),
            "loss": history["validation.loss"].astype(float).tolist(),
        },
        "clock": card["clock"],
        "seconds_a_step": seconds_a_step(steps, np.array(card["clock"])),
    }


def seconds_a_step(steps: np.ndarray, clock: np.ndarray) -> float:
    """The median over the stretches between validations; the first holds the compiling.

    What a step takes when nothing else happens is that of most stretches.
    """
    return float(np.median(np.diff(clock) / np.diff(steps)))


def whole_loss(model: Any, device: str) -> float:
    """The loss on all of the validation text, in single precision."""
    _, validation = load_tokens(model.config.tokenizer)
    return evaluate(model.to(device), all_windows(validation, model.config.context))


def losses_by_part(path: Path, device: str) -> dict[str, Any]:
    """Validation losses by source, nats a token, where the text has sources; and bits a byte."""
    model = load_model(path).to(device)
    if model.config.tokenizer != prose.NAME:
        return {}
    text = prose.load()
    context = model.config.context
    enough = {name: tokens for name, tokens in text.parts.items() if len(tokens) > context + 1}
    losses = {n: evaluate(model, all_windows(tokens, context)) for n, tokens in enough.items()}
    whole = evaluate(model, all_windows(text.validation, context))
    return {"loss": losses, "bits_a_byte": whole / log(2) / text.bytes_a_token}


def forget_compiled() -> None:
    """Drop compiled code, so that graphs of models that are done are not tried on the next."""
    torch.compiler.reset()

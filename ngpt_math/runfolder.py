"""The folder of one training: saved state, snapshots, and in the end the results.

`state.safetensors` holds weights, moments of AdamW and losses so far, one file that is replaced
whole; `snapshots/` one file a snapshot; `model.safetensors`, `history.safetensors` and their cards
come when it is finished.
"""

from __future__ import annotations

import dataclasses
import json
import platform
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import safetensors
import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor

from ngpt_math import ranks
from ngpt_math.checkpoint import Model, checkpoint_path, history_path, save_model
from ngpt_math.config import TrainConfig
from ngpt_math.corpus import source_of
from ngpt_math.errors import DamagedFile, UsageError
from ngpt_math.files import read_card, shown, whole_file, write_bytes, write_card
from ngpt_math.history import gather, save_history

UNREADABLE = (SafetensorError, ValueError, KeyError, TypeError, AttributeError, RuntimeError)
MOMENTS = ("exp_avg", "exp_avg_sq")
LICENCE = "MIT, as the project; trained on texts under the licences that their cards name"


@dataclass(slots=True)
class Log:
    """How far a training has come.

    Attributes:
        loss: training loss of each step [steps]; NaN where it is not yet made.
        validation: (step, loss) pairs.
        clock: seconds by a wall clock that the steps up to each validation took, those alone.
        cpu_seconds: of the process that writes it, everything in it.
    """

    loss: Tensor
    step: int = 0
    validation: list[tuple[int, float]] = field(default_factory=list)
    clock: list[float] = field(default_factory=list)
    seconds: float = 0.0
    cpu_seconds: float = 0.0

    @property
    def timed(self) -> bool:
        """Whether the clock is known for all of it; it is not where an older run went on."""
        return 0 < len(self.clock) == len(self.validation)

    def progress(self) -> dict[str, Any]:
        """All but the losses of the steps, for the header of a saved state."""
        names = ("step", "validation", "clock", "seconds", "cpu_seconds")
        return {name: getattr(self, name) for name in names}


@dataclass(frozen=True, slots=True)
class RunFolder:
    """Paths and files of one training; `made_by` is the command that makes it."""

    path: Path
    made_by: str

    @property
    def state(self) -> Path:
        """Everything a killed run needs to go on."""
        return self.path / "state.safetensors"

    @property
    def model(self) -> Path:
        """The trained weights."""
        return self.path / "model.safetensors"

    @property
    def history(self) -> Path:
        """Losses and snapshots."""
        return self.path / "history.safetensors"

    def snapshot(self, step: int) -> Path:
        """The file of one snapshot."""
        return self.path / "snapshots" / f"{step:07d}.safetensors"

    def saved_step(self) -> int:
        """The step of the saved state, 0 if there is none."""
        if not self.state.is_file():
            return 0
        with safe_open(self.state, framework="pt") as file:
            return int(json.loads(file.metadata()["log"])["step"])

    def save(
        self, model: Model, optimizer: torch.optim.AdamW, config: TrainConfig, log: Log
    ) -> None:
        """Replace the saved state by this one."""
        tensors = {"loss": log.loss.cpu()}
        for name, parameter in model.named_parameters():
            tensors[f"weight.{name}"] = parameter.detach().cpu().contiguous()
            for moment in MOMENTS:
                kept = optimizer.state[parameter][moment]
                tensors[f"{moment}.{name}"] = kept.cpu().contiguous()
        header = {"settings": settings(model, config), "log": json.dumps(log.progress())}
        with whole_file(self.state) as temporary:
            save_file(tensors, temporary, metadata=header)

    def resume(self, model: Model, optimizer: torch.optim.AdamW, config: TrainConfig) -> Log:
        """Put the saved state, if there is one, into the model and its optimizer.

        Raises:
            UsageError: the folder holds a run of other settings.
            DamagedFile: the state cannot be read.
        """
        device = next(model.parameters()).device
        log = Log(torch.full((config.steps,), torch.nan, device=device))
        if not self.state.is_file():
            return log
        remedy = f"remove the folder {shown(self.path)} and train again"
        try:
            with safe_open(self.state, framework="pt") as file:
                header = file.metadata()
                tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
            self._check_settings(json.loads(header["settings"]), model, config)
            progress = json.loads(header["log"])
            put_back(model, optimizer, tensors, progress["step"])
            log.loss.copy_(tensors["loss"])
        except UNREADABLE as error:
            raise DamagedFile(f"{shown(self.state)} cannot be read: {error}", remedy) from error
        log.step, log.cpu_seconds = progress["step"], progress["cpu_seconds"]
        log.validation = [(int(step), float(loss)) for step, loss in progress["validation"]]
        log.clock, log.seconds = progress.get("clock", []), progress.get("seconds", 0.0)
        return log

    def _check_settings(self, kept: dict[str, Any], model: Model, config: TrainConfig) -> None:
        wanted = json.loads(settings(model, config))
        for part, of in (("model", model.config), ("training", config)):
            # A run older than a setting was made with what is now its default.
            kept_all = {f.name: f.default for f in dataclasses.fields(of)} | kept[part]
            for name, value in wanted[part].items():
                if name != "device" and kept_all[name] != value:
                    raise UsageError(
                        f"{shown(self.path)} holds a run with {name} {kept_all[name]}, not {value}",
                        "choose another --out or remove that folder",
                    )

    def finish(self, model: Model, config: TrainConfig, log: Log, whole: float) -> None:
        """Write weights, history and their cards. `whole`: loss on the whole validation text."""
        card = self._card(model, config, log, whole)
        save_model(self.model, model, {"what": "trained weights", **card})
        steps, losses = zip(*log.validation, strict=True)
        snapshots = sorted((self.path / "snapshots").glob("*.safetensors"))
        arrays = {
            "loss": log.loss.cpu().numpy(),
            "validation.step": np.array(steps, dtype=np.int64),
            "validation.loss": np.array(losses, dtype=np.float32),
            "validation.whole": np.array([whole], dtype=np.float32),
            **gather(snapshots),
        }
        save_history(self.history, arrays, {"what": "losses and snapshots", **card})

    def _card(self, model: Model, config: TrainConfig, log: Log, whole: float) -> dict[str, Any]:
        return {
            "licence": LICENCE,
            "made_by": self.made_by,
            **source_of(model.config.tokenizer),
            "settings": json.loads(settings(model, config)),
            "parameters": sum(p.numel() for p in model.parameters()),
            "training_loss": float(log.loss[-100:].mean()),
            "validation_loss": whole,
            "cpu_seconds": round(log.cpu_seconds, 1),
            **({"clock": log.clock} if log.timed else {}),
            "processes": ranks.here().count,
            "threads": torch.get_num_threads(),
            "device": next(model.parameters()).device.type,
            "versions": versions(),
        }

    def publish(self, preset: str, kind: str) -> Path:
        """Copy the results to the project's assets; gives the path of the weights there."""
        targets = (checkpoint_path(preset, kind), history_path(preset, kind))
        for source, target in zip((self.model, self.history), targets, strict=True):
            card = read_card(source, self.made_by)
            write_bytes(target, source.read_bytes())
            write_card(target, card)
        return targets[0]


def settings(model: Model, config: TrainConfig) -> str:
    """The settings of a run as JSON, for the header of its state and for its card."""
    parts = {"model": dataclasses.asdict(model.config), "training": dataclasses.asdict(config)}
    return json.dumps(parts)


def put_back(
    model: Model, optimizer: torch.optim.AdamW, tensors: dict[str, Tensor], step: int
) -> None:
    """Load weights and moments; they are copied into tensors of torch's own, aligned as before."""
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            parameter.copy_(tensors[f"weight.{name}"])
            state = optimizer.state[parameter]
            state["step"] = torch.tensor(float(step), device=parameter.device)
            for moment in MOMENTS:
                state[moment] = torch.zeros_like(parameter).copy_(tensors[f"{moment}.{name}"])


def versions() -> dict[str, str]:
    """What the numbers may depend on."""
    return {
        "python": platform.python_version(),
        "torch": torch.__version__,
        "numpy": np.__version__,
        "safetensors": safetensors.__version__,
    }

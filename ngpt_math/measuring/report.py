"""`measure` reads checkpoints and their histories and writes down everything the paper plots."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from torch import nn

from ngpt_math import measure as weights
from ngpt_math.checkpoint import Model, load_model, remake
from ngpt_math.config import ModelConfig
from ngpt_math.corpus import source_of
from ngpt_math.errors import UsageError
from ngpt_math.files import read_card, write_json
from ngpt_math.history import Arrays, load_history
from ngpt_math.measuring import histories, lengths, spectra, states
from ngpt_math.training import spread_windows
from ngpt_math.vocabulary import Given, check_needed, coder_of, is_unknown

FORMAT = "ngpt-measures/1"
REPORT = "measures.json"
DIGITS = 6  # significant ones that are kept
STATE_WINDOWS = 32
LENGTH_TOKENS = 65_536

UNITS = {
    "norm, dot, scales": "none (the model's own)",
    "eigenvalues": "squared lengths, falling; condition: greatest over least",
    "conditions": "greatest over least singular value, one for each head of W_q, W_k, W_v",
    "angles": "degrees, means and standard deviations over tokens, by layer; length, added: none",
    "attention.entropy": "nats, [layer][head]; of_uniform: share of equal weights' entropy",
    "loss, position_loss": "nats a token; bits_a_token: bits; _seen: of tokens that occur in the"
    " training text; unseen: share of the others; outside: how many of which characters",
    "rotation": "degrees a step, at least (net angle between snapshots over steps between them)",
    "equal_loss": "optimizer steps, tokens, CPU seconds (one shared machine, spread evenly)",
}
NOTES = (
    "Lengths beyond the context are tried on PG19-style documents, not on PG19.",
    "Each run is one seed; a spread over seeds is not in these numbers.",
    "Embeddings are measured on tokens that occur in the training text; others never learned."
    " Where that is not known, on those that occur in the plays.",
)


def measure(
    checkpoints: Sequence[Path],
    out: Path | None = None,
    *,
    given: Given | None = None,
    device: str = "cpu",
    length_tokens: int = LENGTH_TOKENS,
    state_windows: int = STATE_WINDOWS,
    say: Callable[[str], None] = lambda line: None,
) -> dict[str, Any]:
    """Measure checkpoints of any kind; figures and `measures.json` go to `out` if it is given.

    Args:
        given: the vocabulary of those that have none of this project's.
        device: where the models run, "cpu" or "cuda"; in single precision on either.
        length_tokens: predicted for each document and length. state_windows: windows of the
            validation text in which angles and entropies are taken. say: told what is measured.

    Raises:
        UsageError: no checkpoint, two of one name, or a vocabulary that is not known or needed.
        DamagedFile: a checkpoint, its history or a text is missing or damaged.
    """
    names = check_names(checkpoints)
    check_needed(given, (load_model(path).config for path in checkpoints))
    models = []
    for name, path in zip(names, checkpoints, strict=True):
        say(f"measuring {name}")
        models.append(
            measure_one(
                name, path, length_tokens, state_windows, device=device, given=given, say=say
            )
        )
    runs = [row["run"] for row in models if row["run"]]
    document = rounded(
        {
            "format": FORMAT,
            "units": UNITS,
            "notes": list(NOTES),
            "models": models,
            "equal_loss": histories.equal_loss(runs),
        }
    )
    if out is not None:
        from ngpt_math.measuring import figures

        write_json(out / REPORT, document)
        figures.draw(document, out)
    return document


def check_names(checkpoints: Sequence[Path]) -> list[str]:
    """A name for each checkpoint: the file's, or its folder's where the file is just "model"."""
    if not checkpoints:
        raise UsageError("there is nothing to measure", "name a CHECKPOINT.safetensors")
    names = [p.resolve().parent.name if p.stem == "model" else p.stem for p in checkpoints]
    for name in names:
        if names.count(name) > 1:
            raise UsageError(f"two checkpoints are called {name}", "measure them one by one")
    return names


def measure_one(
    name: str,
    path: Path,
    length_tokens: int,
    state_windows: int,
    *,
    device: str = "cpu",
    given: Given | None = None,
    say: Callable[[str], None] = lambda line: None,
) -> dict[str, Any]:
    """Everything about one checkpoint; `given` is its vocabulary if that is not known here."""
    model, card = load_model(path).to(device), read_card(path, remake(path))
    texts = texts_of(model.config, card, path, given)
    windows = spread_windows(texts.validation, model.config.context, state_windows)[:, :-1]
    history = history_of(path)
    by_length = []
    for text in texts.documents:
        say(f"measuring {name}: {text.name}")
        by_length.append(lengths.by_length(model, text, length_tokens))
    return {
        "name": name,
        "kind": model.config.kind,
        "sha256": card["sha256"],
        "trained": trained(card),
        "run": None if history is None else run_of(name, history, card),
        **of_weights(model, texts.tokens),
        "states": states.states(model, windows),
        "lengths": by_length,
        **of_history(history),
    }


def texts_of(
    config: ModelConfig, card: dict[str, Any], path: Path, given: Given | None
) -> lengths.Texts:
    """What a model is measured on, in its tokens.

    Raises:
        UsageError: its vocabulary is not known and none is given, or does not fit.
    """
    coder, learned = coder_of(config, path, given), card.get("data_sha256")
    if not is_unknown(config) and learned == source_of(config.tokenizer)["data_sha256"]:
        return lengths.texts(config.tokenizer)
    return lengths.texts_of_others(coder)


def of_weights(model: Model, tokens: np.ndarray) -> dict[str, Any]:
    """Embeddings of the tokens that occur, and lengths, conditions and scales of everything."""
    found = {name: weight.cpu().numpy() for name, weight, _ in weights.matrices(model)}
    return {
        "embeddings": {name: spectra.cloud(found[name][tokens]) for name in ("embed", "unembed")},
        "norms": {_short(k): spectra.summary(v) for k, v in weights.norms(model).items()},
        "conditions": {_short(k): v.tolist() for k, v in weights.conditions(model).items()},
        "scales": scales(model),
    }


def scales(model: nn.Module) -> dict[str, Any]:
    """Effective values of every scale: of α the sizes |α|; and the share that is negative."""
    found = {}
    for name, values in weights.scales(model).items():
        used = np.abs(values) if "alpha" in name else values
        found[_short(name)] = {**spectra.summary(used), "negative": float((values < 0).mean())}
    return found


def _short(name: str) -> str:
    """`name` without the kind of measure before it: "layer0.q" of "norm.layer0.q"."""
    return name.partition(".")[2]


def history_of(path: Path) -> Arrays | None:
    """The history beside a checkpoint, None where there is none."""
    stem = "history" if path.stem == "model" else f"{path.stem}.history"
    history = path.with_name(f"{stem}.safetensors")
    return load_history(history, remake(path)) if history.is_file() else None


def trained(card: dict[str, Any]) -> dict[str, Any]:
    """How the checkpoint's card says it was trained; what it does not say is left out."""
    training = card.get("settings", {}).get("training", {})
    kept = {k: training[k] for k in ("steps", "batch", "lr", "seed") if k in training}
    for name in ("made_by", "data", "parameters", "validation_loss", "cpu_seconds", "threads"):
        if name in card:
            kept[name] = card[name]
    return kept


def run_of(name: str, history: Arrays, card: dict[str, Any]) -> dict[str, Any]:
    """A run's validation curve and what its steps cost."""
    model, training = card["settings"]["model"], card["settings"]["training"]
    curve = {
        "step": history["validation.step"].tolist(),
        "loss": history["validation.loss"].astype(float).tolist(),
    }
    return {
        "name": name,
        "curve": curve,
        "tokens_a_step": training["batch"] * model["context"],
        "cpu_seconds_a_step": card["cpu_seconds"] / training["steps"],
    }


def of_history(history: Arrays | None) -> dict[str, Any]:
    """Rotation of each weight matrix that was kept, and condition numbers of W_q over training."""
    if history is None:
        return {"rotation": [], "conditions_over_training": []}
    kept = (name.removeprefix("snapshot.") for name in history)
    moving = [n for n in kept if n == "first_query" or _is_matrix(n, history)]
    queries = sorted(n.removeprefix("snapshot.cond.") for n in history if _is_query(n))
    return {
        "rotation": [histories.rotation(history, name) for name in moving],
        "conditions_over_training": [histories.conditions(history, name) for name in queries],
    }


def _is_matrix(name: str, history: Arrays) -> bool:
    return name.startswith("weight.") and history[f"snapshot.{name}"].ndim == 3


def _is_query(name: str) -> bool:
    return name.startswith("snapshot.cond.") and name.endswith(".q")


def rounded(document: Any) -> Any:
    """The document with every float at `DIGITS` significant digits; one that is not finite: None.

    JSON has no infinity, which a condition number can be.
    """
    if isinstance(document, dict):
        return {name: rounded(value) for name, value in document.items()}
    if isinstance(document, list | tuple):
        return [rounded(value) for value in document]
    if isinstance(document, float):
        return float(f"{document:.{DIGITS}g}") if math.isfinite(document) else None
    return document

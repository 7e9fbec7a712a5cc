"""Chapter 1's numbers: the recorded trainings of all four models."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ngpt_math import sphere
from ngpt_math.checkpoint import remake
from ngpt_math.corpus import CORPUS, REMAKE
from ngpt_math.errors import NothingKept
from ngpt_math.files import read_card
from ngpt_math.history import Arrays
from ngpt_math.measuring import seeds
from ngpt_math.measuring.results import MADE_BY, RESULTS
from ngpt_math.record.models import Models, Shipped, floats, kept_along, letters, sources
from ngpt_math.recordings import TraditionalVsNormalized

MATRIX = (
    "query weights of the first layer: W_q of all heads, the first matrix that a letter's embedding"
    " meets"
)
LARGER = "W_q of the first layer, as for the toy models"
KINDS = {"Q": "q", "K": "k", "V": "v", "O": "o", "u": "u", "ν": "nu", "MLP out": "mlp_out"}
PROMPT = "These our actors, as I f"  # The Tempest IV.1, in the validation text; "oretold" follows
GUESSES = 5
QUARTILES = (0, 25, 50, 75, 100)


def traditional_vs_normalized(models: Models) -> TraditionalVsNormalized:
    """Read the histories of all four models and fill the recording.

    Raises:
        NothingKept: little is known of a training, or the larger models' losses are of different
            vocabularies, or texts, and cannot be compared.
    """
    toy, toy_gpt = models.load("toy ngpt"), models.load("toy gpt")
    mini, mini_gpt = models.load("mini ngpt"), models.load("mini gpt")
    if mini.coder is not mini_gpt.coder or mini.data != mini_gpt.data:
        problem = f"the losses of {mini.name} and {mini_gpt.name} are of different tokens or texts"
        raise NothingKept(problem, "add a baseline that learned the same with --checkpoint")
    kept = {name: models.history(name) for name in ("toy ngpt", "toy gpt", "mini ngpt", "mini gpt")}
    larger, larger_gpt = kept["mini ngpt"].arrays, kept["mini gpt"].arrays
    more = again(models)
    measured = {path.name: str(read_card(path, MADE_BY)["sha256"]) for path in more}
    return TraditionalVsNormalized(
        sources={**sources((toy, toy_gpt, mini, *kept.values())), **measured},
        matrix=MATRIX,
        corpus=read_card(CORPUS, REMAKE)["what"],
        larger_matrix=LARGER,
        kinds=",".join(KINDS),
        prompt=PROMPT,
        seed=floats(models.training("toy ngpt")["seed"]),
        gpt_seed=floats(models.training("toy gpt")["seed"]),
        parameters=floats(sum(part.numel() for part in mini.model.parameters())),
        learning_rate=floats(models.training("mini ngpt")["lr"]),
        gpt_learning_rate=floats(models.training("mini gpt")["lr"]),
        **toy_weights(toy, kept["toy ngpt"].arrays, ""),
        **toy_weights(toy_gpt, kept["toy gpt"].arrays, "gpt_"),
        **guesses(toy_gpt),
        **outputs(toy_gpt),
        **toy_losses(kept["toy ngpt"].arrays, kept["toy gpt"].arrays),
        **larger_model(larger, ""),
        **larger_model(larger_gpt, "gpt_"),
        **seed_losses(models, more, "ngpt", ""),
        **seed_losses(models, more, "gpt", "gpt_"),
    )


def toy_weights(toy: Shipped, history: Arrays, prefix: str) -> dict[str, Any]:
    """W_q of the first layer over a toy model's training, and what is read off it."""
    config = toy.model.config
    qkv = history["snapshot.weight.blocks.0.attention.qkv.weight"].astype(np.float64)
    rows = qkv[:, : config.heads * config.d_head]
    norms = sphere.norm(rows)[..., 0]
    stretch = np.linalg.svd(rows, compute_uv=False)[:, [0, -1]]
    found = {
        f"{prefix}rows": floats(rows),
        f"{prefix}norms": floats(norms),
        f"{prefix}norm_min": floats(norms.min(-1)),
        f"{prefix}norm_max": floats(norms.max(-1)),
        f"{prefix}letter": floats(history["snapshot.weight.embed.weight"][:, last_letter(toy)]),
        f"toy_{prefix}stretch": floats(stretch),
        f"toy_{prefix}condition": floats(stretch[:, 0] / stretch[:, 1]),
    }
    return found if prefix else {**found, "toy_steps": floats(history["snapshot.step"])}


def last_letter(toy: Shipped) -> int:
    """The last letter of the prompt, as an index of the alphabet."""
    return int(toy.encode(PROMPT)[-1])


def guesses(toy: Shipped) -> dict[str, Any]:
    """The likeliest letters after the prompt, and their probabilities."""
    shares = toy.trace(PROMPT)["logits"][0, -1].softmax(-1)
    best = shares.topk(GUESSES)
    return {
        "guessed": letters(toy, best.indices),
        "guess": floats(best.values),
    }


def outputs(toy: Shipped) -> dict[str, Any]:
    """What the first matrix makes of the prompt's last letter, row by row: length times fit."""
    block: Any = toy.model.get_submodule("blocks.0")
    config = toy.model.config
    stream = toy.trace(PROMPT)["layer0.h_in"][0, -1]
    given = block.attention_norm(stream).detach().numpy()
    rows = block.attention.qkv.weight.detach().numpy()[: config.heads * config.d_head]
    lengths, length = sphere.norm(rows)[:, 0], sphere.norm(given)[0]
    products = rows @ given
    fits = products / (lengths * length)
    return {
        "gpt_input": floats(given),
        "gpt_input_length": floats(length),
        "gpt_fits": floats(fits),
        "gpt_outputs": floats(products),
        "loud_pair": floats(loud_pair(lengths, fits)),
        "gpt_unit_norms": floats(sphere.norm(sphere.normalize(rows))[:, 0]),
        "gpt_unit_outputs": floats(sphere.normalize(rows) @ given),
    }


def loud_pair(lengths: NDArray[Any], fits: NDArray[Any]) -> tuple[int, int]:
    """Two rows of which the first fits worse and gives more, with the largest gap between the fits.

    If the better fit gives more every time, the longest and the shortest row.
    """
    pairs = [
        (fits[short] - fits[long], long, short)
        for long, short in np.ndindex(len(fits), len(fits))
        if 0 < fits[long] < fits[short]
        and lengths[long] * fits[long] > lengths[short] * fits[short]
    ]
    if not pairs:
        return int(lengths.argmax()), int(lengths.argmin())
    _, long, short = max(pairs)
    return long, short


def toy_losses(ngpt: Arrays, gpt: Arrays) -> dict[str, Any]:
    """Validation losses of both toy models at the same steps."""
    return {
        "toy_loss_steps": floats(ngpt["validation.step"]),
        "toy_loss": floats(ngpt["validation.loss"]),
        "toy_gpt_loss": floats(gpt["validation.loss"]),
    }


def larger_model(history: Arrays, prefix: str) -> dict[str, Any]:
    """Row lengths and condition numbers of a larger model over its training."""
    lengths = kept_along(history, "norm.layer0", "q")
    return {
        f"{prefix}steps": floats(history["snapshot.step"]),
        f"{prefix}band": floats(np.percentile(lengths, QUARTILES, axis=1).T),
        f"{prefix}condition": floats(np.median(kept_along(history, "cond.layer0", "q"), axis=1)),
        f"{prefix}kind_start": floats([of_kind(history, name)[0] for name in KINDS.values()]),
        f"{prefix}kind_condition": floats([of_kind(history, name)[-1] for name in KINDS.values()]),
    }


def again(models: Models) -> list[Path]:
    """The measures of the larger models trained with other seeds; none of models put in place."""
    replaced = any(name.startswith("mini") for name in models.paths)
    return [] if replaced else sorted(RESULTS.glob("mini-seed-*[0-9].json"))


def seed_losses(models: Models, more: Iterable[Path], kind: str, prefix: str) -> dict[str, Any]:
    """Losses on all of the validation text: of the model shown, and of the same with other seeds.

    Raises:
        DamagedFile: the measures of a seed are damaged.
    """
    path = models.path(f"mini {kind}")
    card = read_card(path, remake(path))
    found = [(card["settings"]["training"]["seed"], card["validation_loss"])]
    for measures in more:
        row = seeds.by_kind(json.loads(measures.read_text()))[kind]["trained"]
        found.append((row["seed"], row["validation_loss"]))
    return {
        f"{prefix}seeds": floats([seed for seed, _ in found]),
        f"{prefix}seed_loss": floats([loss for _, loss in found]),
    }


def of_kind(history: Arrays, kind: str) -> NDArray[Any]:
    """Condition numbers of one kind of matrix by snapshot [S], median over layers and heads."""
    return np.median(kept_along(history, "cond.layer", kind), axis=1)

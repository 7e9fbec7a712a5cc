"""The closing card's numbers: read from the committed measures, and cited from others."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from ngpt_math.checkpoint import checkpoint_path, remake
from ngpt_math.config import KINDS
from ngpt_math.corpus import CORPUS, REMAKE
from ngpt_math.errors import NothingKept, StudioError
from ngpt_math.files import read_card, shown
from ngpt_math.measuring import seeds
from ngpt_math.measuring.beyond import rise
from ngpt_math.measuring.histories import equal_loss
from ngpt_math.measuring.results import MADE_BY, MEASURES, REMAKE_SEED, RESULTS
from ngpt_math.record.models import Floats, Models, floats
from ngpt_math.recordings import Closing

PREFIXES = {"ngpt": "", "gpt": "gpt_", "gpt-qknorm": "qknorm_"}

# Cited: the paper's abstract and section 3 (arXiv 2410.01131), 0.5B and 1B parameters.
PAPER_CONTEXT, PAPER_RATIO = (1, 4, 8), (4, 10, 20)

# Cited: the curves of github.com/JoeLi12345/nGPT, 0.5B parameters in fp32, read by eye; at 4k one
# reading, about 4.
OTHER_CONTEXT, OTHER_LOW, OTHER_HIGH = (1, 4), (1.5, 4), (2, 4)

PANELS = 2  # for novels, on the card

Report = Mapping[str, Any]


def closing(models: Models) -> Closing:
    """Read the committed measures of the shipped models and fill the recording.

    Raises:
        NothingKept: a larger model is put in the place of a shipped one; it was not measured.
        DamagedFile: the measures or a checkpoint are missing or damaged.
        StudioError: the measures are of other checkpoints than the shipped ones.
    """
    check_shipped(models)
    sha256 = read_card(MEASURES, f"make it again with `{MADE_BY}`")["sha256"]
    report = json.loads(MEASURES.read_text())
    by_kind = {row["kind"]: row for row in report["models"]}
    more = seeds.others(RESULTS, REMAKE_SEED)
    cards = {kind: read_card(path_of(kind), remake(path_of(kind))) for kind in KINDS}
    check(by_kind, cards)
    training = cards["ngpt"]["settings"]["training"]
    return Closing(
        sources={MEASURES.name: sha256, **sources_of_seeds()},
        measures=f"{shown(MEASURES)}, made by `{MADE_BY}`",
        corpus=read_card(CORPUS, REMAKE)["what"],
        novels="|".join(title(row["document"]) for row in novels(by_kind["ngpt"])),
        parameters=floats(cards["ngpt"]["parameters"]),
        gpt_parameters=floats(cards["gpt"]["parameters"]),
        seed=floats(training["seed"]),
        steps=floats(training["steps"]),
        context=floats(cards["ngpt"]["settings"]["model"]["context"]),
        edges=edges(by_kind["ngpt"]),
        **equal(report, by_kind, "gpt", "equal_"),
        **equal(report, by_kind, "gpt-qknorm", "equal_qknorm_"),
        **{name: values for kind in KINDS for name, values in of_model(by_kind[kind]).items()},
        **again(more),
        **rises([by_kind, *more]),
        **cited(),
    )


def path_of(kind: str) -> Path:
    """The shipped larger model of a kind."""
    return checkpoint_path("mini", kind)


def check_shipped(models: Models) -> None:
    """Refuse other models: a film of theirs would end with measures of ours.

    Raises:
        NothingKept: names the file.
    """
    for name, path in models.paths.items():
        if name.startswith("mini"):
            problem = f"{shown(MEASURES)} holds no measures of {shown(path)}"
            raise NothingKept(problem, f"see what `ngpt measure {shown(path)}` says of it")


def check(by_kind: Mapping[str, Report], cards: Mapping[str, Report]) -> None:
    """Refuse measures of other checkpoints.

    Raises:
        StudioError: names the model.
    """
    for kind, card in cards.items():
        if kind not in by_kind or by_kind[kind]["sha256"] != card["sha256"]:
            problem = f"{shown(MEASURES)} does not measure the shipped mini-{kind}"
            raise StudioError(problem, f"measure again with `{MADE_BY}`")


def novels(row: Report) -> list[Report]:
    """The two shortest of the novels; of the others the page of results tells the same."""
    found = [each for each in row["lengths"] if each["note"].startswith("novel")]
    return found[:PANELS]  # they are listed first


def title(document: str) -> str:
    """A novel's title, from the name of its file."""
    return document.replace("-", " ").title()


def query_matrices(row: Report) -> list[str]:
    """The names of W_q of all layers, in their order."""
    found = [name for name in row["conditions"] if name.endswith(".q")]
    return sorted(found, key=lambda name: int(name.removeprefix("layer").split(".")[0]))


def edges(row: Report) -> Floats:
    """Where the buckets of positions begin, and where the last one ends."""
    first = novels(row)[0]["positions"]
    return floats([*first, 2 * first[-1] - first[-2]])


def of_model(row: Report) -> dict[str, Floats]:
    """Loss curve, condition numbers and losses by position of one model."""
    prefix, curve = PREFIXES[row["kind"]], row["run"]["curve"]
    heads = [row["conditions"][name] for name in query_matrices(row)]
    tokens = np.array(curve["step"]) * row["run"]["tokens_a_step"] / 1e6
    return {
        f"{prefix}tokens": floats(tokens),
        f"{prefix}loss": floats(curve["loss"]),
        f"{prefix}condition": floats([np.median(each) for each in heads]),
        f"{prefix}length_loss": floats([each["position_loss"] for each in novels(row)]),
    }


def equal(
    report: Report, by_kind: Mapping[str, Report], other: str, prefix: str
) -> dict[str, Floats]:
    """When the nGPT's loss was as low as another's last one."""
    names = (by_kind["ngpt"]["name"], by_kind[other]["name"])
    found = next(row for row in report["equal_loss"] if (row["run"], row["reaches"]) == names)
    reached = found["tokens"] is not None
    return {
        f"{prefix}reached": floats(reached),
        f"{prefix}loss": floats(found["loss"]),
        f"{prefix}tokens": floats(found["tokens"] / 1e6 if reached else 0),
        f"{prefix}ratio": floats(found["tokens_ratio"] if reached else 0),
    }


def sources_of_seeds() -> dict[str, str]:
    """The sha256 of the measures from other seeds."""
    files = sorted(RESULTS.glob("mini-seed-*[0-9].json"))
    return {path.name: read_card(path, REMAKE_SEED)["sha256"] for path in files}


def again(more: list[seeds.ByKind]) -> dict[str, Floats]:
    """The same trainings from other seeds: last losses, and tokens to equal loss."""
    last = {
        f"again_{prefix}loss": floats([each[kind]["run"]["curve"]["loss"][-1] for each in more])
        for kind, prefix in PREFIXES.items()
    }
    return {
        "again_seed": floats([seeds.seed_of(each) for each in more]),
        **last,
        "again_ratio": floats([ratio(each, "gpt") for each in more]),
        "again_qknorm_ratio": floats([ratio(each, "gpt-qknorm") for each in more]),
    }


def ratio(models: seeds.ByKind, other: str) -> float:
    """How many times the nGPT's tokens another model of its seed took to end; 0: never there."""
    runs = [dict(models[kind]["run"]) for kind in (other, "ngpt")]
    found = next(row for row in equal_loss(runs) if row["reaches"] == runs[0]["name"])
    return float(found["tokens_ratio"] or 0)


def rises(every: list[seeds.ByKind]) -> dict[str, Floats]:
    """How much the mean loss on the long texts rises beyond the context, seed by seed."""
    return {
        f"{prefix}rise": floats([rise(models[kind]) for models in every])
        for kind, prefix in PREFIXES.items()
    }


def cited() -> dict[str, Floats]:
    """What the paper and an independent reproduction report."""
    return {
        "paper_context": floats(PAPER_CONTEXT),
        "paper_ratio": floats(PAPER_RATIO),
        "other_context": floats(OTHER_CONTEXT),
        "other_ratio_low": floats(OTHER_LOW),
        "other_ratio_high": floats(OTHER_HIGH),
    }

"""The results page about loss beyond the training context, and about what no model could know."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from ngpt_math.measuring.tables import table

Row = Mapping[str, Any]
OFTEN = 5  # characters outside the alphabet that are named


def beyond(report: Row) -> str:
    """Losses by position, and the characters that no model could learn."""
    texts = report["models"][0]["lengths"]
    words = (
        f"Nats a token by position in windows of {texts[0]['lengths'][-1]} tokens; training windows"
        f" had {texts[0]['lengths'][0]}. The {len(long(texts))} long documents, novels and a poem,"
        " are texts that nobody learned, PG19-style but not PG19, and another kind of text than the"
        " plays: compare along a row and between models, not between texts."
    )
    parts = (words, by_position(report), *of_alphabet(report))
    return "\n\n".join(("## Beyond the training context", *parts))


def long(texts: list[Row]) -> list[Row]:
    """The long documents among a model's texts: all but the first, the plays' last part."""
    return texts[1:]


def mean_of(texts: list[Row], name: str = "position_loss") -> np.ndarray:
    """The mean over long documents, by bucket of positions."""
    mean: np.ndarray = np.mean([text[name] for text in long(texts)], axis=0)
    return mean


def by_position(report: Row) -> str:
    """A row for each model and text, and one for the mean of the long documents."""
    rows: list[tuple[str, ...]] = []
    for model in report["models"]:
        texts = model["lengths"]
        losses = [(text["document"], text["position_loss"]) for text in texts]
        losses.append((f"mean of the {len(long(texts))} long ones", mean_of(texts)))
        rows += [(f"{model['name']}, {of}", *(f"{x:.3f}" for x in each)) for of, each in losses]
    first = report["models"][0]["lengths"][0]
    width = first["lengths"][0]
    return table(["model, text", *(f"{at}–{at + width - 1}" for at in first["positions"])], rows)


def of_alphabet(report: Row) -> Iterator[str]:
    """What the texts hold that does not occur in training, and what difference it makes."""
    yield (
        "The models read bytes. A character that does not occur in the training text is read as its"
        " bytes like any other and has to be predicted too, though nobody could learn it; in the"
        " table above it counts. How many there are:"
    )
    texts = report["models"][0]["lengths"]
    head = ("text", "bytes", "characters outside", "kinds", "share of bytes", "most frequent")
    yield table(head, map(outside, texts))
    lower = [cost for model in report["models"] for cost in costs(model)]
    rises = (
        f"{model['name']} {rise(model):+.3f} and {rise(model, 'position_loss_seen'):+.3f}"
        for model in report["models"]
    )
    yield (
        "Without those bytes among what is predicted, the mean loss of a long document is lower by"
        f" {min(lower):.3f} to {max(lower):.3f}. The rise of their mean from the first bucket to"
        f" the last, with and without: {', '.join(rises)}."
    )


def outside(text: Row) -> tuple[str, ...]:
    """What a text holds that does not occur in training."""
    counts = sorted(text["outside"].items(), key=lambda item: (-item[1], item[0]))
    often = " ".join(f"`{character}`" for character, _ in counts[:OFTEN])
    sizes = (text["tokens"], sum(text["outside"].values()), len(counts))
    return (text["document"], *(f"{n:,}" for n in sizes), f"{text['unseen']:.2%}", often or "–")


def costs(model: Row) -> list[float]:
    """By how much lower each long document's loss is without what could not be learned."""
    return [
        float(np.mean(text["position_loss"]) - np.mean(text["position_loss_seen"]))
        for text in long(model["lengths"])
    ]


def rise(model: Row, name: str = "position_loss") -> float:
    """How much the mean of the long documents rises from the first bucket to the last."""
    mean = mean_of(model["lengths"], name)
    return float(mean[-1] - mean[0])

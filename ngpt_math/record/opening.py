"""The opening's numbers: the letters of the toy nGPT."""

from __future__ import annotations

from ngpt_math.record.models import Models, floats, letters, sources
from ngpt_math.recordings import Opening


def opening(models: Models) -> Opening:
    """Read the input embeddings of the toy nGPT."""
    toy = models.load("toy ngpt")
    embeddings = toy.model.get_submodule("embed").get_parameter("weight")
    return Opening(
        sources=sources((toy,)),
        letters=letters(toy, range(len(embeddings))),
        embeddings=floats(embeddings),
    )

"""What the film has to show, line by line. A section names the lines that it shows in `covers`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from scenes.film import Entry

EVERY = 0  # the chapter number under which stands what holds for every chapter
FILM = 8  # the number under which stand the lines of the opening and the closing


@dataclass(frozen=True, slots=True)
class Line:
    """One requirement: `name` is `CHAPTER.LINE`, as in a section's `covers`."""

    name: str
    words: str

    @property
    def chapter(self) -> int:
        """The chapter's number; 0 for every chapter."""
        return int(self.name.partition(".")[0])


WORDS: Mapping[int, tuple[str, ...]] = {
    EVERY: (
        "recalls the chapter before, ends with takeaways, leads on to the next",
        "equation beside the picture, simplified first, terms in role colours",
        "pauses at key ideas, the active part lit, live readouts",
        "colours and lines by role",
        "spheres in 3D with grid and axes, hidden lines fainter, the camera turns",
        "every number is the model's own",
        "names the notebooks it goes with",
    ),
    1: (
        "two trained networks side by side, drawn alike: same text, seed and steps",
        "left: weights as arrows that grow and shrink, the spread of norms, the instability",
        "right: weights move along the sphere at length 1 and leave their paths",
        "both losses against steps",
    ),
    2: (
        "a real weight vector: its length worked out, each component divided, length 1",
        "many vectors normalized together land on the unit sphere",
        "norm_eps: the shell of two spheres, inside and outside it, a slider, the gradient",
    ),
    3: (
        "a real weight matrix with values, rows or columns normalized, norms beside it",
        "the same input through both layers; the normalized outputs are cosines, and why",
        "groups: the matrix splits, norms of groups before and after",
    ),
    4: (
        "h + f(h) leaves the sphere, the nGPT update returns to it",
        "two real points: LERP as the chord, renormalized, SLERP as the arc, swept together",
        "where they agree and where not: sin θ/θ on a plot, the model's own θ marked",
        "learned |α| by layer, different α on one update, α as eigen learning rate",
    ),
    5: (
        "split screen from embeddings to aggregated values, QK normalization, both scalings",
        "one real sentence, the real attention of a real head in each model",
        "rotary embeddings: q and k rotated, norms kept, the score by offset only",
    ),
    6: (
        "every scale with its init and scale, and α",
        "stored against effective value: relative learning rates, on recorded training",
        "other values on real activations: entropy, SiLU, the output distribution",
    ),
    7: (
        "the whole nGPT, then into embeddings, attention, feed-forward, update, output",
        "a real prompt flows through: path on the sphere, next-token probabilities",
        "all normalization points counted, against two RMSNorms",
    ),
    FILM: (
        "the title: what the film is, and the paper",
        "tokens to equal loss of both models, with model and data",
        "condition numbers of both",
        "length extrapolation of both, on texts not learned",
        "the paper's figures cited as the paper's, and what a reproduction saw",
    ),
}
OPENING = 1  # line of the film; the closing shows the others


def lines(chapter: int) -> tuple[Line, ...]:
    """The lines of a chapter; those that hold for every chapter under number 0."""
    return tuple(Line(f"{chapter}.{i}", words) for i, words in enumerate(WORDS[chapter], 1))


def needed(entry: Entry) -> tuple[Line, ...]:
    """The lines that a chapter has to show, its own first; or the opening or the closing."""
    if entry.card:
        film = lines(FILM)
        return film[OPENING:] if entry.number == FILM else film[:OPENING]
    return (*lines(entry.number), *lines(EVERY))

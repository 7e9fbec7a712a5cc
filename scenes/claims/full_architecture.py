"""Claims of chapter 7."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ngpt_math.recordings import FullArchitecture as R
from scenes.claims import Claim, Claims
from scenes.claims.provenance import shipped

Point = NDArray[np.float64]
VOWELS, LIKELIEST = "aeiou", 5
COUNTS = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
POINTS = "q,k,h_attention,h_mid,h_mlp,h_out"
NAMES = {"␣": "the space", "⏎": "the new line"}


def moved(r: R) -> bool:
    """Training made steps longer, attention sharper and the output surer."""
    kinds = r.kinds.split(",")
    places = [kinds.index(name) for name in ("α_A", "α_M", "s_qk", "s_z")]
    return bool((r.recall_end[places] > 1.05 * r.recall_start[places]).all())


def looked_at(r: R) -> Point:
    """The point between the prompt's last letter and e, onto which the letters are seen."""
    points = r.embeddings.astype(float)
    aim = points[int(r.token_ids[-1])] + points[max(r.alphabet.find("e"), 0)]
    return np.asarray(aim / np.linalg.norm(aim))


def vowels_close(r: R) -> bool:
    """The vowels lie closer together than letters do on average, and are seen."""
    cosines = r.embeddings @ r.embeddings.T
    places = [r.alphabet.index(letter) for letter in VOWELS if letter in r.alphabet]
    close = cosines[np.ix_(places, places)].mean() > cosines.mean() + 0.2
    return bool(close and (r.embeddings[places] @ looked_at(r) > 0.2).sum() >= 4)


def aside(r: R) -> bool:
    """Some step of the last token leaves the straight line to the suggestion."""
    h, to, went = (a.astype(float) for a in (r.paths[:-1, -1], r.suggestions, r.stepped))
    along = (to - h) / np.linalg.norm(to - h, axis=1, keepdims=True)
    step = went - h
    off = step - (step * along).sum(axis=1, keepdims=True) * along
    return bool(np.linalg.norm(off, axis=1).max() > 0.02)


def named(letter: str) -> str:
    """A letter as it is spoken."""
    return NAMES.get(letter, letter)


def nearest(r: R) -> str:
    """Which letter has the largest cosine, and which the largest logit."""
    near, best = r.alphabet[int(r.cosines.argmax())], r.toy_tokens[0]
    if near == best:
        return f"{named(best)} is nearest here, and likeliest"
    return f"{named(near)} is nearest here, but {named(best)} is likeliest"


def guessed(tokens: str, r: R) -> bool:
    """Whether the likeliest letter is the one that follows."""
    return tokens[0] == r.goes_on[0]


def bets(r: R) -> str:
    """The toy's bet, and what follows."""
    word = r.prompt.split("␣")[-1] + r.goes_on
    right = guessed(r.toy_tokens, r)
    then = f"and {r.goes_on[0]} it is" if right else f"but {r.goes_on[0]} follows"
    return f"Softmax makes probabilities. Our toy nGPT bets on {named(r.toy_tokens[0])}, " + (
        f"{then}: {word}."
    )


def larger_bets(r: R) -> str:
    """The larger model's bet, if that can be said as a letter can."""
    if r.noun != "letter":
        return "On the right, what the larger model expects. One line does not tell who is better."
    return (
        f"The larger model bets on {named(r.mini_tokens[0])} here."
        " One line does not tell which is the better one."
    )


def spelled(number: float) -> str:
    """A small number as a word."""
    return COUNTS[int(number)] if number < len(COUNTS) else f"{number:.0f}"


def twice(r: R) -> bool:
    """The baseline has two RMSNorms a layer."""
    return float(r.gpt_norms_per_layer) == 2


def measured(r: R) -> bool:
    """The film goes on with measures of this model."""
    return shipped(r, "mini-ngpt", "mini-gpt")


CLAIMS = Claims(
    of_toys=("embeddings", "walk", "output"),
    recall=(
        Claim(
            "s_z: of letters that occur in its training text",
            lambda r: bool(r.learned_plays),
            "s_z: of letters that occur in Shakespeare’s plays",
        ),
        Claim(
            "Training moved them: longer steps, sharper attention, a surer output.",
            moved,
            "Training moved them.",
        ),
    ),
    embeddings=(
        Claim(
            "letters used alike tend to\nlie close: here, the vowels",
            vowels_close,
            "training gave each letter\nits own point",
        ),
    ),
    walk=(
        Claim(
            "Each update steps towards a suggestion, red, though not along the straight line.",
            aside,
            "Each update steps towards a suggestion, drawn in red.",
        ),
    ),
    output=(
        Claim(
            "Each letter has its own learned scale s z: i is nearest here, but o is likeliest.",
            lambda r: nearest(r) == "i is nearest here, but o is likeliest",
            lambda r: f"Each letter has its own learned scale s z: {nearest(r)}.",
        ),
    ),
    guess=(
        Claim(
            "The next letter: our toy nGPT’s best guess is right",
            lambda r: guessed(r.toy_tokens, r),
            "The next letter: what both models expect, and what follows",
        ),
        Claim(
            "Softmax makes probabilities. Our toy nGPT bets on o, and o it is: world.",
            lambda r: (
                bets(r)
                == "Softmax makes probabilities. Our toy nGPT bets on o, and o it is: world."
            ),
            bets,
        ),
        Claim(
            "The larger model bets on i here. One line does not tell which is the better one.",
            lambda r: larger_bets(r).startswith("The larger model bets on i here."),
            larger_bets,
        ),
    ),
    count=(
        Claim(
            "Count the dotted circles: six normalizations a layer",
            lambda r: float(r.norms_per_layer) == 6,
            lambda r: (
                f"Count the dotted circles: {spelled(r.norms_per_layer)} normalizations a layer"
            ),
        ),
        Claim(
            "Count the circles: queries, keys, both suggestions, both updated states.",
            lambda r: r.norm_points == POINTS,
            "Count the circles: what is normalized in each layer.",
        ),
        Claim(
            "And after every training step, all weight matrices are normalized as well.",
            lambda r: float(r.normalized_matrices) == float(r.matrices),
            "And after every training step, weight matrices are normalized as well.",
        ),
    ),
    versus=(
        Claim(
            "A traditional layer normalizes twice, and only what goes in",
            twice,
            "The same layer in the traditional model",
        ),
        Claim(
            "Traditionally there are two RMSNorms a layer, before the blocks, and one at the end.",
            lambda r: twice(r) and float(r.gpt_norms) % 2 == 1,
        ),
    ),
    onward=(
        Claim("Does it pay off?", measured, "That is the whole nGPT"),
        Claim(
            "That is the whole nGPT. Does it pay off? Next: what we measured.",
            measured,
            "That is the whole nGPT.",
        ),
        Claim("Next\nWhat was measured", measured, "The whole nGPT\nThe paper: arXiv 2410.01131"),
    ),
)

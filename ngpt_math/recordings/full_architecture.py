"""What chapter 7 shows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from ngpt_math.recordings.format import Array, Recording, array, pieces, text

TOY = "toy ngpt"
MINI = "mini ngpt"


@dataclass(frozen=True, eq=False)
class FullArchitecture(Recording):
    """Chapter 7: the whole model, with a real prompt flowing through it.

    Counts are read from the models: modules, and results whose vectors all have length 1. The path
    on the sphere is the toy model's, whose hidden states are points of S²; probabilities are shown
    for both models. The `kinds` of scales are those of chapter 6.
    """

    chapter: ClassVar[str] = "full_architecture"

    prompt: str = text("the prompt of the toy model, a space as ␣")
    toy_tokens: str = text("letters of the toy model's bars, most likely first")
    mini_prompt: tuple[str, ...] = pieces("the prompt of the larger model, a space as ␣")
    mini_tokens: tuple[str, ...] = pieces(
        "tokens of the larger model's bars, most likely first", "top"
    )
    noun: str = text("what a token of the larger nGPT is: letter, or token where it may be longer")
    goes_on: str = text("how the line goes on after the prompt, to the end of the word")
    mini_goes_on: str = text("how it goes on after the larger model's prompt, a space as ␣")
    chosen_by: str = text("the rule by which prompt and bars were chosen")
    alphabet: str = text("the toy model's letters, in the order of `embeddings`")
    norm_points: str = text("what is normalized in a layer, in order, separated by commas")
    kinds: str = text("names of the kinds of scales, separated by commas")

    layers: Array = array("L, layers of the larger model", model=MINI)
    d_model: Array = array("d, entries of a hidden state", model=MINI)
    heads: Array = array("heads a layer", model=MINI)
    head_dim: Array = array("d_k", model=MINI)
    d_mlp: Array = array("entries of u and of ν", model=MINI)
    vocabulary: Array = array("tokens", model=MINI)
    context: Array = array("longest sequence in training", model=MINI, unit="token")
    parameters: Array = array("trained numbers", model=MINI)
    scale_parameters: Array = array("of these, scales", model=MINI)
    norms_per_layer: Array = array("activation norms a layer, nGPT", model=MINI)
    norms: Array = array("the same in all layers", model=MINI)
    gpt_norms_per_layer: Array = array("RMSNorms a layer, baseline", model="mini gpt")
    gpt_norms: Array = array("RMSNorms in all, with the last one", model="mini gpt")
    normalized_matrices: Array = array("weight matrices normalized after each step", model=MINI)
    matrices: Array = array("weight matrices", model=MINI)
    layer_matrices: Array = array("of these, in each layer", model=MINI)
    other_matrices: Array = array("of these, outside of layers: E_in and E_out", model=MINI)

    embeddings: Array = array(
        "input embeddings of all letters", "alphabet", 3, model=TOY, unit_vectors=True
    )
    output_embeddings: Array = array(
        "output embeddings of all letters", "alphabet", 3, model=TOY, unit_vectors=True
    )
    token_ids: Array = array("the prompt as indices of the alphabet", "tokens", model=TOY)
    paths: Array = array(
        "hidden state of each token before the first and after each update",
        "toy_updates+1", "tokens", 3, model=TOY, unit_vectors=True,
    )  # fmt: skip
    suggestions: Array = array(
        "h_A or h_M of each update, last token", "toy_updates", 3, model=TOY, unit_vectors=True
    )
    stepped: Array = array(
        "h + |α| ⊙ (suggestion − h) of each update, last token: what Norm puts back",
        "toy_updates", 3, model=TOY,
    )  # fmt: skip
    stepped_length: Array = array("their lengths", "toy_updates", model=TOY)
    moved: Array = array(
        "angle moved by each update, last token", "toy_updates", model=TOY, unit="rad"
    )
    cosines: Array = array("E_out h of all letters, last token: cosines", "alphabet", model=TOY)
    s_z: Array = array(
        "effective s_z of all letters: a logit is s_z · cosine", "alphabet", model=TOY
    )
    logits: Array = array("logits of toy_tokens after the prompt", "top", model=TOY)
    probabilities: Array = array("their probabilities", "top", model=TOY)
    rest: Array = array("probability of all other letters", model=TOY)
    mini_moved: Array = array(
        "angle moved by each update of the larger model, last token",
        "updates", model=MINI, unit="rad",
    )  # fmt: skip
    mini_logits: Array = array("logits of mini_tokens after the prompt", "top", model=MINI)
    mini_probabilities: Array = array("probabilities of mini_tokens", "top", model=MINI)
    mini_rest: Array = array("probability of all other tokens", model=MINI)

    # For the recall of chapter 6: every kind of scale at the start and at the end. Of s_z those of
    # the tokens that occur in the training text, or, where that is not known, in the plays.
    learned_plays: Array = array(
        "1 if the first nine tenths of the plays were the training text, 0 if it is not known",
        model=MINI,
    )
    recall_start: Array = array("mean |effective value| at the start", "kinds", model=MINI)
    recall_end: Array = array("mean |effective value| at the end", "kinds", model=MINI)

"""How the field's terms are said, for a voice that would spell or misread them.

Phonemes are in the voice's own alphabet, which is that of the package misaki: IPA with `A` `I` `O`
for the diphthongs of *day*, *eye* and *go*, `ʤ` for the j of *jam*; ˈ and ˌ stand before stressed
vowels.
"""

from __future__ import annotations

import re

LEXICON = {
    "nGPT": "ˌɛnʤˌipˌitˈi",  # its letters
    "GPT": "ʤˌipˌitˈi",
    "SLERP": "slˈɜɹp",  # as in "slurp"
    "LERP": "lˈɜɹp",
    "RoPE": "ɹˈOp",  # as "rope"
    "RMSNorm": "ˌɑɹˌɛmˈɛs nˈɔɹm",
    "RMSNorms": "ˌɑɹˌɛmˈɛs nˈɔɹmz",
    "LayerNorm": "lˈAəɹ nˈɔɹm",
    "NormLinear": "nˈɔɹm lˈɪniəɹ",
    "SiLU": "sˈilˌu",  # "see-loo"
    "SwiGLU": "swˈɪɡlˌu",
    "MLP": "ˌɛmˌɛlpˈi",
    "QK": "kjˌukˈA",
    "eigen": "ˈIɡən",  # a hard g
    "logit": "lˈOʤɪt",
    "logits": "lˈOʤɪts",
    "softmax": "sˈɔftmæks",
    "eps": "ˈɛps",
    "init": "ˈɪnɪt",
    "optimizer": "ˈɑptəmˌIzəɹ",
    "multiplied": "mˈʌltəplˌId",
    "surer": "ʃˈʊɹəɹ",
    "h": "ˈAʧ",
}

# At a sentence's end the voice takes a letter and its full stop for somebody's initial.
LETTERS = {"A": "ˈA", "L": "ˈɛl", "M": "ˈɛm", "d": "dˈi", "k": "kˈA", "q": "kjˈu", "s": "ˈɛs",
           "v": "vˈi", "z": "zˈi"}  # fmt: skip

# Letter by letter, as spoken lines may write it.
SPELLED = {"n G P T": "nGPT"}

# Words that are written alike; the voice takes them for the other one.
ALIKE = {"weights read": ("read", "ɹˈid")}

VOICELESS, HISSING = "ptkfθ", "szʃʒʧʤ"

_TERMS = re.compile(
    r"(?<![\w'’])(" + "|".join(sorted(LEXICON, key=len, reverse=True)) + r")(['’]s?)?(?!\w)",
    re.IGNORECASE,
)
_LAST_LETTER = re.compile(rf"(?<![\w'’])([{''.join(LETTERS)}])(?=[.?!]|$)")
_LOWER = {term.lower(): phonemes for term, phonemes in LEXICON.items()}


def spelled(sentence: str) -> str:
    """A sentence with the pronunciation of its terms written in, as the voice reads it."""
    for letters, term in SPELLED.items():
        sentence = sentence.replace(letters, term)
    for phrase, (word, phonemes) in ALIKE.items():
        sentence = sentence.replace(phrase, phrase.replace(word, _link(word, phonemes)))
    sentence = _LAST_LETTER.sub(lambda found: _link(found[1], LETTERS[found[1]]), sentence)
    return _TERMS.sub(_said, sentence)


def _said(found: re.Match[str]) -> str:
    ending = found[2] or ""
    phonemes = _LOWER[found[1].lower()]
    return _link(found[1], phonemes + (_genitive(phonemes) if ending.endswith("s") else ""))


def _link(term: str, phonemes: str) -> str:
    return f"[{term}](/{phonemes}/)"


def _genitive(phonemes: str) -> str:
    """How 's sounds after this."""
    if phonemes[-1] in HISSING:
        return "ᵻz"
    return "s" if phonemes[-1] in VOICELESS else "z"

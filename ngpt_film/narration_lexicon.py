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
    "h": "ˈAʧ",
}

# Letter by letter, as spoken lines may write it.
SPELLED = {"n G P T": "nGPT"}

VOICELESS, HISSING = "ptkfθ", "szʃʒʧʤ"

_TERMS = re.compile(
    r"(?<![\w'’])(" + "|".join(sorted(map(re.escape, LEXICON), key=len, reverse=True)) + r")"
    r"(['’]s?)?(?!\w)"
)


def spelled(sentence: str) -> str:
    """A sentence with the pronunciation of its terms written in, as the voice reads it."""
    for letters, term in SPELLED.items():
        sentence = sentence.replace(letters, term)
    return _TERMS.sub(_said, sentence)


def _said(found: re.Match[str]) -> str:
    ending = found[2] or ""
    phonemes = LEXICON[found[1]] + (_genitive(LEXICON[found[1]]) if ending.endswith("s") else "")
    return f"[{found[1]}](/{phonemes}/)"


def _genitive(phonemes: str) -> str:
    """How 's sounds after this."""
    if phonemes[-1] in HISSING:
        return "ᵻz"
    return "s" if phonemes[-1] in VOICELESS else "z"

"""Claims of chapter 3."""

from __future__ import annotations

from ngpt_math.recordings import NormlinearGroups as R
from scenes.claims import Claim, Claims
from scenes.claims.compared import spread

FIT, LOW = 1.2, 0.7
"""How many times chance is a fit; up to which size a cosine is far below one."""


def lengths_differ(r: R) -> bool:
    """The rows of the matrix have different lengths."""
    return spread(r.all_row_lengths) > 0.1 * float(r.all_row_lengths.mean())


def all_short(r: R) -> bool:
    """Every row drawn is shorter than one."""
    return bool(r.row_lengths.max() < 1)


def blown_up(r: R) -> bool:
    """Outputs of the traditional layer leave the band, and it is the input that is long."""
    most = int(abs(r.gpt_outputs).argmax())
    return bool(r.gpt_output_max > 1 and r.gpt_input_length > max(1, r.all_row_lengths[most]))


def fits(r: R) -> bool:
    """nGPT's rows fit h better than random directions would."""
    return bool(r.output_rms > FIT * r.typical_cosine)


def low(r: R) -> bool:
    """All cosines of nGPT's layer are far below one."""
    return bool(r.output_max < LOW)


def landing(r: R) -> str:
    """What becomes of rows of which not all are short."""
    if r.row_lengths.min() > 1:
        return "All rows here are longer, and shrink. Row after row lands on the sphere."
    return "Short rows grow, long rows shrink. Row after row lands on the sphere."


def beside_chance(r: R) -> str:
    """How a typical cosine compares with chance where it is no fit."""
    near = r.output_rms > r.typical_cosine / FIT
    return "Near what chance makes." if near else "Smaller than by chance."


CLAIMS = Claims(
    rows=(
        Claim(
            "Each row is a vector. Training left every row with another length.",
            lengths_differ,
            "Each row is a vector, with a length of its own.",
        ),
    ),
    normalize=(
        Claim(
            "All rows here are shorter, and grow. Row after row lands on the sphere.",
            all_short,
            landing,
        ),
    ),
    both_outputs=(
        Claim(
            "Left, each carries the row’s length and the input’s; the long input drives some out.",
            blown_up,
            "Left, each output carries the row’s length and the input’s.",
        ),
    ),
    cosines=(
        Claim(
            "Random directions would fit less. Yet all cosines stay far below one.",
            lambda r: fits(r) and low(r),
            lambda r: "Random directions would fit less." if fits(r) else "",
        ),
        Claim("Scales will enlarge them.", low),
        Claim("Larger than chance:\ntraining made the rows fit.", fits, beside_chance),
        Claim(
            "Still far below 1. Where cosines choose\nletters, scales enlarge them: chapter 6.",
            low,
            "Learned scales multiply them:\nchapter 6.",
        ),
    ),
)

"""The closing of the film: what was measured, on which models and texts, and what is cited."""

from __future__ import annotations

from typing import ClassVar

from ngpt_math.recordings import Closing as Recorded
from ngpt_math.recordings import Recording
from scenes.claims import Claims
from scenes.claims.closing import CLAIMS
from scenes.closing_pictures import Beyond, Conditions, Ratios, Training
from scenes.stage.cards import Takeaways
from scenes.stage.chapter import Chapter, section
from scenes.stage.motion import Appear, appear, drawn, grown
from scenes.stage.style import TIME

LARGER = 1.2
"""How much larger than a chapter's takeaways the last words stand."""


class Closing(Chapter):
    """Tokens to equal loss, condition numbers and lengths, beside what the paper reports."""

    key: ClassVar[str] = "closing"
    number: ClassVar[int] = 8
    heading: ClassVar[str] = "What was measured"
    Record: ClassVar[type[Recording]] = Recorded
    notebooks: ClassVar[tuple[str, ...]] = ()
    claimed: ClassVar[Claims] = CLAIMS
    card: ClassVar[bool] = True

    @section(
        "Slightly fewer tokens to the last loss; with another seed, hardly any",
        says=(
            "For half of training nGPT lags; at four fifths it has the baseline's last loss.",
            "All three from another seed: nGPT reaches only one, later. The gain may be chance.",
        ),
        covers=("8.2",),
    )
    def tokens(self) -> None:
        """Loss curves of all three models, and where nGPT was as good as the others' ends."""
        training = Training(self.recording)
        self.play(*appear(training.plot, *training.keys, training.source, training.about))
        self.wait(TIME.rest)
        self.play(*(drawn(curve, run_time=TIME.sweep / 2) for curve in training.curves))
        self.wait(TIME.rest)
        self.play(*appear(training.level, *training.marks, training.equal[0]))
        self.play(Appear(training.equal[1]))
        self.wait(TIME.read)
        self.clear_next()

    @section(
        "Condition numbers of query weights: here nGPT’s are the larger ones",
        says=(
            "A condition number says how unevenly a matrix stretches: one is even.",
            "In the paper, nGPT's are smaller; here, of the queries, larger. The cause is open.",
        ),
        covers=("8.3",),
    )
    def conditions(self) -> None:
        """Condition numbers of W_q by layer."""
        shown = Conditions(self.recording)
        self.play(*appear(shown.bars.axis, shown.bars.names, shown.legend, shown.what))
        self.wait(TIME.rest)
        self.play(*(grown(row) for row in shown.bars.rows), run_time=TIME.sweep / 2)
        self.play(*appear(shown.bars.numbers, shown.source))
        self.wait(TIME.rest)
        self.play(*appear(shown.paper, shown.why))
        self.wait(TIME.read)
        self.clear_next()

    @section(
        "Beyond its training context, nGPT holds its loss",
        says=(
            "The clearest gain: texts longer than any in training, from two unseen novels.",
            "Baselines get lost, the one with normalized q and k less. nGPT's loss hardly rises.",
        ),
        covers=("8.4",),
    )
    def lengths(self) -> None:
        """Loss by position on the novels."""
        beyond = Beyond(self.recording)
        legend = (beyond.source, beyond.keys, beyond.buckets)
        self.play(*appear(*beyond.plots, *beyond.learned, *legend))
        self.play(*(drawn(curve, run_time=TIME.sweep / 2) for curve in beyond.curves))
        self.play(Appear(beyond.ends))
        self.wait(TIME.rest)
        self.play(*appear(*beyond.why))
        self.wait(TIME.read)
        self.clear_next()

    @section(
        "The paper reports larger savings, on larger models",
        says=(
            "The paper reports four, ten and twenty times fewer tokens, on far larger models.",
            "A reproduction saw less, at contexts 1k and 4k; we, at 128 letters, less still.",
        ),
        covers=("8.5",),
    )
    def claims(self) -> None:
        """Times fewer tokens to the same loss, by context: here, the paper, a reproduction."""
        ratios = Ratios(self.recording)
        for part, words in zip(ratios.parts, ratios.about, strict=True):
            self.play(*appear(part.axis, part.names, words))
            self.play(*(grown(row) for row in part.rows))
            self.play(Appear(part.numbers), run_time=TIME.quick)
        self.wait(TIME.read)
        self.clear_next()

    @section(
        "Every number of ours can be traced",
        says=("Two commands trace every number of ours to its source, and derive it again.",),
        covers=("8.5",),
    )
    def end(self) -> None:
        """Where the numbers are, and the paper."""
        points = Takeaways(
            (
                ("ink", ("In the project’s folder, “ngpt where” lists every number",
                         "of ours, and where it is from.")),
                ("ink", ("There, “ngpt record --check” derives them again",
                         "from the models and their measures.")),
                ("ink", ("The paper: Loshchilov et al. 2024, arXiv 2410.01131.",)),
            )
        )  # fmt: skip
        points.scale(LARGER)
        for point in points:
            self.play(Appear(point))
        self.wait(TIME.read)
        self.wait(TIME.rest)

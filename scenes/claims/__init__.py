"""What the film says of its models' numbers, each with a check that it is true of them.

Most of what is said holds for every nGPT and needs no check. Whatever depends on how a training
went is a claim: it stands in the table `CLAIMS` of its chapter's module here, with a check on the
recording. Of models for which the check fails, the film says something else, or nothing.

Reports read the tables without Manim.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from scenes.claims.tokens import in_tokens

Check = Callable[[Any], bool]
"""Whether something is true of a chapter's recording."""


@dataclass(frozen=True, slots=True)
class Claim:
    """Words of the film that `holds` says are true of a recording.

    `words` are a title, a spoken line, or words in a picture, its lines parted by newlines.
    `otherwise` is said where they do not hold; a function of the recording chooses by its numbers.
    Nothing means that they are left out, which a title cannot be.
    """

    words: str
    holds: Check
    otherwise: str | Callable[[Any], str] = ""

    def true(self, record: Any) -> str:
        """The words if they hold, or what is said in their place."""
        if self.holds(record):
            return self.words
        return self.otherwise if isinstance(self.otherwise, str) else self.otherwise(record)


@dataclass(frozen=True, slots=True)
class Condition:
    """What a whole section needs to be true of a recording, and why it is left out elsewhere."""

    holds: Check
    why: str


class Claims:
    """The claims of a chapter, by section: `Claims(recall=(Claim(…), …), …)`.

    `of_toys` are the sections whose letters are the toy models': these are always letters. `only`
    names sections that are shown only where their condition holds.
    """

    def __init__(
        self,
        *,
        of_toys: Sequence[str] = (),
        only: Mapping[str, Condition] | None = None,
        **by_section: Sequence[Claim],
    ) -> None:
        self.by_section, self.of_toys, self.only = by_section, tuple(of_toys), dict(only or {})
        self._known = {claim.words: claim for group in by_section.values() for claim in group}

    def true(self, record: Any, words: str) -> str:
        """What may be said of a recording; words that are no claim are said as they are."""
        claim = self._known.get(words)
        return words if claim is None else claim.true(record)

    def said(self, record: Any, words: str, section: str = "") -> str:
        """As `true`, and tokens are called what they are: letters, or tokens in general.

        Those of toys are letters: of their sections' titles and spoken lines, `section` says so.
        """
        true = self.true(record, words)
        return true if section in self.of_toys else in_tokens(record, true)

    def lines(self, record: Any, *words: str) -> tuple[str, ...]:
        """As `true`, of words in several lines; none where nothing may be said."""
        return tuple(filter(None, self.true(record, "\n".join(words)).split("\n")))

    def shows(self, record: Any, section: str) -> bool:
        """Whether a section can be shown of a recording."""
        return section not in self.only or self.only[section].holds(record)

    def left_out(self, record: Any) -> list[tuple[str, Condition]]:
        """The sections that cannot be shown, each with its condition."""
        return [each for each in self.only.items() if not each[1].holds(record)]

    def untrue(self, record: Any) -> list[tuple[str, Claim]]:
        """The claims that do not hold, each with its section, of the sections that are shown."""
        return [
            (section, claim)
            for section, group in self.by_section.items()
            for claim in group
            if self.shows(record, section) and not claim.holds(record)
        ]

"""The shot: one section in one quality, kept under the fingerprint of what it was made from.

`renders/shots/QUALITY/CHAPTER/SECTION-FINGERPRINT.mp4` has a card beside it: fingerprint, length,
sha256, and the files read while drawing. The card is written last, so a shot without one is not
there yet.
"""

from __future__ import annotations

import importlib
import os
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stdout, suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ngpt_film.crew import Failure, StopAll, Tell, disk_full, failure
from ngpt_film.fingerprint import Chapters, Fingerprint, changes
from ngpt_film.outline import Target
from ngpt_film.quality import Quality
from ngpt_math.errors import DamagedFile
from ngpt_math.files import ROOT, card_path, read_card, sha256_of, write_card
from scenes.film import Entry

if TYPE_CHECKING:
    from ngpt_film.shoot import Take
    from scenes.stage.chapter import Chapter

RENDERS = ROOT / "renders"


@dataclass(frozen=True, slots=True)
class Shot:
    """One section of a chapter, in one quality, as it would be made now.

    `environment` is a digest of the versions and fonts that drawn text depends on.
    """

    entry: Entry
    section: str
    quality: Quality
    fingerprint: Fingerprint
    environment: str
    renders: Path = RENDERS

    @property
    def name(self) -> str:
        """What the command line calls it."""
        return f"{self.entry.key}:{self.section}"

    @property
    def folder(self) -> Path:
        """Where the shots of this chapter and quality lie."""
        return self.renders / "shots" / self.quality.name / self.entry.key

    @property
    def path(self) -> Path:
        """The file, whether it is there or not."""
        return self.folder / f"{self.section}-{self.fingerprint.digest[:16]}.mp4"


@dataclass(frozen=True, slots=True)
class Status:
    """Whether a shot is there as it would be made now; if not, `why` says what changed."""

    shot: Shot
    fresh: bool
    why: tuple[str, ...]
    card: dict[str, Any]

    @property
    def seconds(self) -> float:
        """The shot's length. Only a fresh shot has one."""
        return float(self.card["frames"]) / float(self.card["fps"])


def plan(
    wanted: tuple[Target, ...],
    quality: Quality,
    renders: Path = RENDERS,
    chapters: Chapters | None = None,
) -> tuple[Shot, ...]:
    """The shots that these targets consist of, in order, each once."""
    chapters = chapters or Chapters()
    environment = Fingerprint.of(chapters.shared).digest[:16]
    found: dict[str, Shot] = {}
    for target in wanted:
        entry = target.outline.entry
        for section in target.sections:
            fingerprint = chapters.fingerprint(entry, section.name, settings(quality))
            shot = Shot(entry, section.name, quality, fingerprint, environment, renders)
            found.setdefault(shot.name, shot)
    return tuple(found.values())


def settings(quality: Quality) -> dict[str, str]:
    """The parts of a fingerprint that the quality gives."""
    return {f"quality {name}": repr(value) for name, value in asdict(quality).items()}


def status(shot: Shot) -> Status:
    """Look for the shot among those that are there."""
    try:
        card = read_card(shot.path, "")
    except DamagedFile as error:
        return Status(shot, False, _why_not(shot, error), {})
    if card.get("fingerprint") != shot.fingerprint.digest:
        return Status(shot, False, ("its card is of another shot",), {})
    moved = tuple(f"{name} changed" for name in _moved(card))
    return Status(shot, not moved, moved, card)


def _why_not(shot: Shot, error: DamagedFile) -> tuple[str, ...]:
    """Why a shot is not there: never made, damaged, or made from something else."""
    if shot.path.exists() and card_path(shot.path).exists():
        return (error.problem,)
    older = newest(shot)
    return changes(older.card["parts"], shot.fingerprint.parts) if older else ("never rendered",)


@dataclass(frozen=True, slots=True)
class Version:
    """A whole shot of a section as it once was, and its card."""

    path: Path
    card: dict[str, Any]

    @property
    def seconds(self) -> float:
        """Its length."""
        return float(self.card["frames"]) / float(self.card["fps"])


def newest(shot: Shot) -> Version | None:
    """The newest whole version of a shot that is there, if any."""
    found = [*shot.folder.glob(f"{shot.section}-{'[0-9a-f]' * 16}.mp4")]
    for path in sorted(found, key=lambda path: path.stat().st_mtime, reverse=True):
        with suppress(DamagedFile):
            return Version(path, read_card(path, ""))
    return None


def _moved(card: dict[str, Any]) -> Iterator[str]:
    """The files read while drawing that are not now what they were then."""
    for name, then in sorted(card["inputs"].items()):
        path = ROOT / name
        if not path.is_file() or sha256_of(path) != then:
            yield name


def load_camera() -> None:
    """Import what draws, before processes are forked: each would import it again.

    Manim may say something on standard output then, which belongs to reports.
    """
    with redirect_stdout(sys.stderr):
        importlib.import_module("ngpt_film.shoot")


Run = tuple[Shot, ...]  # shots of one chapter and quality, in its order


@dataclass(frozen=True, slots=True)
class Rendered:
    """What became of a run: whether a section failed, which ended it, and why."""

    failed: str = ""
    failure: Failure | None = None


def render(
    run: Run,
    tell: Tell,
    *,
    chapter: type[Chapter] | None = None,
    text_at: Path | None = None,
    taken: Callable[[str, Take], None] | None = None,
) -> Rendered:
    """Draw and encode the shots of a run in this process, playing their chapter once.

    Each is kept as soon as it is complete, and one that is there is passed over. `tell` hears the
    number of frames done, and `taken` of a segment before it is known that its sources are still
    the same. What a section raises ends the run and is returned. `chapter` plays in place of the
    run's own; `text_at` is where drawn text lies meanwhile.

    Raises:
        StopAll: a source changed while it was drawn.
        OSError: the disk is full.
    """
    from ngpt_film.shoot import SectionFailed, shoot_each

    missing = {shot.section: shot for shot in run if not status(shot).fresh}
    first = run[0]
    with files_read(ROOT) as inputs, text_cache(first, text_at) as cache:

        def keep(name: str, take: Take) -> None:
            if taken is not None:
                taken(name, take)
            _check_unchanged(missing[name])
            write_card(take.path, _card(missing[name], take.frames, inputs))

        paths = {name: shot.path for name, shot in missing.items()}
        try:
            played = chapter or first.entry.load()
            shoot_each(played, paths, first.quality, text_cache=cache, tell=tell, taken=keep)
        except SectionFailed as stop:
            cause = own_fault(stop)
            return Rendered(f"{first.entry.key}:{stop.section}", failure(cause))
    return Rendered()


def own_fault(stop: Exception) -> BaseException:
    """What a section that failed raised; raised on where it is not the section's own fault."""
    cause = stop.__cause__ or stop
    if isinstance(cause, StopAll) or disk_full(cause):
        raise cause
    return cause


def _card(shot: Shot, frames: int, inputs: set[str]) -> dict[str, Any]:
    return {
        "chapter": shot.entry.key,
        "section": shot.section,
        "quality": shot.quality.name,
        "fingerprint": shot.fingerprint.digest,
        "parts": dict(shot.fingerprint.parts),
        "frames": frames,
        "fps": shot.quality.fps,
        "inputs": {name: sha256_of(ROOT / name) for name in sorted(inputs)},
    }


def _check_unchanged(shot: Shot) -> None:
    """What was drawn came from the sources that the fingerprint was taken of, or it is dropped."""
    now = Chapters().fingerprint(shot.entry, shot.section, settings(shot.quality))
    if now.digest != shot.fingerprint.digest:
        shot.path.unlink()
        why = changes(shot.fingerprint.parts, now.parts)[0]
        raise StopAll(f"{why} while {shot.name} was drawn", "run the same command again")


def measure(shot: Shot) -> dict[str, int]:
    """How many frames each section of the shot's chapter has, found without drawing any."""
    from ngpt_film.shoot import lengths

    with text_cache(shot) as cache:
        return lengths(shot.entry.load(), shot.quality, text_cache=cache)


@contextmanager
def text_cache(shot: Shot, at: Path | None = None) -> Iterator[Path]:
    """A folder of drawn text for one process, `at` a place; what it adds is shared when it is done.

    Manim writes into its cache in place, even into files that are there already, so sharing the
    folder itself would hand half-written text to others. Its keys know neither fonts nor sizes nor
    versions; ours do.
    """
    shared = shot.renders / "text" / f"{shot.quality.name}-{shot.environment}"
    shared.mkdir(parents=True, exist_ok=True)
    with _own_folder(shared.parent, at) as own:
        shutil.copytree(shared, own, dirs_exist_ok=True)
        yield own
        for path in own.rglob("*.svg"):
            goal = shared / path.relative_to(own)
            goal.parent.mkdir(parents=True, exist_ok=True)
            with suppress(FileExistsError):
                os.link(path, goal)


@contextmanager
def _own_folder(parent: Path, at: Path | None) -> Iterator[Path]:
    """An empty folder that vanishes: somewhere in `parent`, or `at` a place of the caller's own."""
    if at is None:
        with tempfile.TemporaryDirectory(prefix=".", suffix=".partial", dir=parent) as name:
            yield Path(name)
        return
    shutil.rmtree(at, ignore_errors=True)  # a process that was killed may have left it
    at.mkdir(parents=True)
    yield at


@contextmanager
def files_read(root: Path) -> Iterator[set[str]]:
    """Collect the files below `root` that Python opens for reading, by relative path.

    Sources are left out, the fingerprint covers them better; so is what we render.
    """
    found: set[str] = set()
    watching = [True]

    def hear(event: str, arguments: tuple[Any, ...]) -> None:
        if watching[0] and event == "open" and isinstance(arguments[0], str):
            path, mode = Path(arguments[0]), arguments[1]
            if mode in ("r", "rb") and path.is_relative_to(root) and _is_data(path, root):
                found.add(str(path.relative_to(root)))

    sys.addaudithook(hear)  # it cannot be taken away again, only be told to stop
    try:
        yield found
    finally:
        watching[0] = False


def _is_data(path: Path, root: Path) -> bool:
    first = path.relative_to(root).parts[0]
    code = path.suffix in (".py", ".pyc", ".so") or first.startswith(".")
    return not code and first != "renders" and path.is_file()


def remove_older(shots: tuple[Shot, ...], keep: int = 2) -> None:
    """Delete all but the `keep` newest versions of these shots."""
    for shot in shots:
        versions = list(shot.folder.glob(f"{shot.section}-{'[0-9a-f]' * 16}.mp4"))
        versions.sort(key=lambda path: (path == shot.path, path.stat().st_mtime))
        for path in versions[:-keep]:
            card_path(path).unlink(missing_ok=True)
            path.unlink(missing_ok=True)

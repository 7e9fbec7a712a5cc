"""The commands about the models. Each imports torch only when it runs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ngpt_film import measure_command
from ngpt_film.terminal import print_json, say
from ngpt_math.config import PRECISIONS
from ngpt_math.errors import NothingKept, UsageError
from ngpt_math.files import shown

if TYPE_CHECKING:
    from ngpt_math.vocabulary import Given

FILE = click.Path(path_type=Path, dir_okay=False)
FOLDER = click.Path(path_type=Path, file_okay=False)
KINDS = ("ngpt", "gpt", "gpt-qknorm", "both")


def need_torch() -> None:
    """Raises UsageError where torch is not installed: rendering does without it."""
    from importlib.util import find_spec

    if find_spec("torch") is None:
        raise UsageError("this command runs a model and torch is not installed",
                         "install it with `make model`")  # fmt: skip


@click.command()
@click.argument("preset")
@click.option("--kind", type=click.Choice(KINDS), default="both", show_default=True)
@click.option("--steps", type=click.IntRange(min=1), help="Instead of the preset's.")
@click.option("--batch", type=click.IntRange(min=1), help="Sequences a step.")
@click.option("--accumulation", type=click.IntRange(min=1), help="Parts a batch is split into.")
@click.option("--seed", type=int, help="Instead of the preset's.")
@click.option("--lr", type=float, help="Peak learning rate, instead of the preset's.")
@click.option("--device", help="cpu, cuda or auto; default: the preset's.")
@click.option("--precision", type=click.Choice(PRECISIONS), help="auto is bf16 on CUDA.")
@click.option("--compile", is_flag=True, help="Compile the model, which takes about a minute.")
@click.option("--out", type=click.Path(path_type=Path, file_okay=False), help="Folder of the runs.")
def train(preset: str, out: Path | None, **options: Any) -> None:
    """Train a preset's models; a stopped run goes on with the same command.

    On several GPUs or processes: torchrun --nproc-per-node N --no-python ngpt train PRESET …
    """
    need_torch()
    from ngpt_math import training

    for path in training.run(preset, options.pop("kind"), out=out, **options):
        click.echo(shown(path))


@click.command()
@click.argument("chapters", nargs=-1, metavar="[CHAPTER]...")
@click.option("--checkpoint", "given", type=FILE, multiple=True, metavar="FILE",
              help="A model to show instead of the shipped one; repeatable.")  # fmt: skip
@click.option("--tokenizer", type=FILE, metavar="FILE",
              help="Its tokenizer.json, if its vocabulary is not known here.")  # fmt: skip
@click.option("--out", type=FOLDER, help="Folder of the recordings; then `render --recordings`.")
@click.option("--check", is_flag=True, help="Compare with what is recorded, and write nothing.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
def record(
    chapters: tuple[str, ...],
    given: tuple[Path, ...],
    tokenizer: Path | None,
    out: Path | None,
    check: bool,
    as_json: bool,
) -> None:
    """Run the models and write down what chapters show; all of them when none is named.

    Of other models, the chapters that show more of a training than is known are left out.
    """
    from ngpt_math.recordings import CHAPTERS

    for chapter in chapters:
        if chapter not in CHAPTERS:
            known = ", ".join(CHAPTERS)
            raise UsageError(f"there is no chapter '{chapter}'", f"the chapters are: {known}")
    need_torch()
    from ngpt_math import record as recorder

    vocabulary = None if tokenizer is None else recorder.Given(tokenizer)
    models = recorder.roles(given, vocabulary)
    folder = recorder.place(models, out)
    rows = []
    for chapter in chapters or tuple(recorder.MAKERS):
        try:
            rows.append(_record(chapter, folder, (models, vocabulary), check))
        except NothingKept as error:
            if chapters:
                raise
            say(f"left out {chapter}: {error.problem}")
            continue
        if not as_json:
            click.echo(f"{rows[-1]['path']}  {_words(rows[-1])}")
    if not check:
        _say_untrue([row["chapter"] for row in rows], folder)
    if as_json:
        print_json(rows)
    elif folder is not None and not check:
        say(f"`ngpt render --recordings {shown(folder)}` makes the film of it")


def _record(
    chapter: str,
    folder: Path | None,
    models: tuple[dict[str, Path], Given | None],
    check: bool,
) -> dict[str, Any]:
    """Record a chapter, or check it; gives what is said of it."""
    from ngpt_math import record as recorder
    from ngpt_math.recordings import default_path

    path = default_path(chapter)
    path = path if folder is None else folder / path.name
    row: dict[str, Any] = {"chapter": chapter, "path": shown(path)}
    if check:
        row["largest_difference"] = recorder.check(chapter, path, *models)
    else:
        recorder.record(chapter, path, *models)
    return row


def _say_untrue(chapters: Sequence[str], folder: Path | None) -> None:
    """What the film says that is not true of the chapters just recorded."""
    from ngpt_film.claims import say_untrue
    from scenes.film import FILM

    recordings = folder and folder.resolve()
    say_untrue(replace(e, recordings=recordings) for e in FILM if e.key in chapters)


def _words(row: dict[str, Any]) -> str:
    off = row.get("largest_difference")
    return "recorded" if off is None else f"as recorded, to {off:.1e}"


COMMANDS = (train, record, *measure_command.COMMANDS)

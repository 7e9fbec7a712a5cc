"""`ngpt measure`: what the paper plots, of any checkpoints. Imports torch only when it runs."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from typing import Any

import click

from ngpt_film.terminal import print_json, say
from ngpt_math.errors import UsageError
from ngpt_math.files import ROOT, shown

FILE = click.Path(path_type=Path, dir_okay=False)
FOLDER = click.Path(path_type=Path, file_okay=False)
NEEDED = ("torch", "matplotlib")


@click.command()
@click.argument("checkpoints", type=FILE, nargs=-1, required=True, metavar="CHECKPOINT...")
@click.option("--tokenizer", type=FILE, metavar="FILE",
              help="Their tokenizer.json, if their vocabulary is not known here.")  # fmt: skip
@click.option("--out", type=FOLDER, help="Folder of report and figures; default runs/measures.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
def measure(
    checkpoints: tuple[Path, ...], tokenizer: Path | None, out: Path | None, as_json: bool
) -> None:
    """Measure trained models side by side: norms, spectra, conditions, angles, losses by length."""
    missing = [name for name in NEEDED if find_spec(name) is None]
    if missing:
        raise UsageError(f"this command needs {', '.join(missing)}", "install it with `make model`")
    from ngpt_math.measuring.report import REPORT, measure
    from ngpt_math.vocabulary import Given

    folder = out or ROOT / "runs" / "measures"
    given = None if tokenizer is None else Given(tokenizer)
    report = measure(checkpoints, folder, given=given, say=say)
    if as_json:
        print_json(report)
    else:
        click.echo("\n".join([*map(line, report["models"]), shown(folder / REPORT)]))


def line(model: dict[str, Any]) -> str:
    """One model in a line: its loss on each document, within the context and at its multiples."""
    losses = (
        f"{text['document']} " + " ".join(f"{loss:.3f}" for loss in text["position_loss"])
        for text in model["lengths"]
    )
    return f"{model['name']}  nats a token by position: {', '.join(losses)}"


COMMANDS = (measure,)

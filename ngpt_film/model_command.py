"""`ngpt model` and `ngpt convert`: what a model is, how it differs from others, others' weights."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import Any

import click

from ngpt_film.model_commands import need_torch
from ngpt_film.terminal import print_json
from ngpt_math import fidelity
from ngpt_math.errors import UsageError
from ngpt_math.files import shown

FILE = click.Path(path_type=Path, dir_okay=False)


@click.command()
@click.argument("checkpoint", type=FILE, required=False)
@click.option("--compare", is_flag=True, help="List how the paper, NVIDIA and lucidrains differ.")
@click.option("--shape", default="paper-0.5b", show_default=True, help="Preset to compare at.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
def model(checkpoint: Path | None, compare: bool, shape: str, as_json: bool) -> None:
    """Show a checkpoint's parts with their stored and effective scales, or compare nGPTs."""
    if compare == (checkpoint is not None):
        raise UsageError("there is nothing to show", "give a CHECKPOINT, or --compare")
    if checkpoint is None:
        rows = fidelity.compare(shape)
        if as_json:
            print_json([dataclasses.asdict(row) for row in rows])
        else:
            click.echo(fidelity.table(rows))
        return
    need_torch()
    from ngpt_math.checkpoint import load_model

    loaded = load_model(checkpoint)
    if as_json:
        print_json(dataclasses.asdict(loaded.config))
    else:
        click.echo(repr(loaded))


@click.command()
@click.argument("source", type=FILE)
@click.argument("target", type=FILE)
@click.option(
    "--set", "given", multiple=True, metavar="NAME=VALUE", help="As heads=16; repeatable."
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
def convert(source: Path, target: Path, given: tuple[str, ...], as_json: bool) -> None:
    """Read a checkpoint of NVIDIA/ngpt or nGPT-pytorch and write TARGET.safetensors."""
    if target.suffix != ".safetensors":
        raise UsageError(f"{shown(target)} is no name for weights", "end it in .safetensors")
    need_torch()
    from ngpt_math import convert as converter

    report = converter.convert(source, target, **dict(setting(text) for text in given))
    if as_json:
        print_json(dataclasses.asdict(report))
    else:
        click.echo("\n".join(report.lines()))


def setting(text: str) -> tuple[str, Any]:
    """NAME=VALUE as a setting: numbers, true, false and null as in JSON, anything else a word."""
    name, equals, value = text.partition("=")
    if not equals:
        raise UsageError(f"{text!r} is no setting", "write NAME=VALUE")
    try:
        return name, json.loads(value)
    except ValueError:
        return name, value


COMMANDS = (model, convert)

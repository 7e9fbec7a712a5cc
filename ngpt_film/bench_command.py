"""`ngpt bench`: what rendering costs, measured here and now."""

from __future__ import annotations

import click

from ngpt_film.terminal import print_json, say


@click.group()
def bench() -> None:
    """Measure speed."""


@bench.command()
@click.option("--full", is_flag=True, help="The whole film too.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
def render(full: bool, as_json: bool) -> None:
    """Measure a frame's cost, scene by scene, against stock Manim and against encoding alone."""
    from ngpt_film import bench as benchmark

    result = benchmark.render_bench(full, say)
    if as_json:
        print_json(result)
    else:
        click.echo(benchmark.table(result))


COMMANDS = (bench,)

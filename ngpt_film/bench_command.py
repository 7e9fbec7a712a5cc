"""`ngpt bench`: what rendering and the models cost, measured here and now."""

from __future__ import annotations

import click

from ngpt_film.model_commands import need_torch
from ngpt_film.terminal import print_json, say
from ngpt_math.errors import UsageError


@click.group()
def bench() -> None:
    """Measure speed."""


@bench.command()
@click.option("--full", is_flag=True, help="The whole film too.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
def render(full: bool, as_json: bool) -> None:
    """Measure a frame's cost, scene by scene, against stock Manim and against encoding alone."""
    from ngpt_film import bench as benchmark

    result = benchmark.render_bench(full, say if as_json else click.echo)
    if as_json:
        print_json(result)
    else:
        click.echo(benchmark.summary(result))


@bench.command()
@click.option("--full", is_flag=True, help="More rounds, about three times as long.")
@click.option("--device", type=click.Choice(("cpu", "cuda")), default="cpu", show_default=True,
              help="On cuda: compiled steps at contexts of 1,024 and 4,096.")  # fmt: skip
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
def model(full: bool, device: str, as_json: bool) -> None:
    """Measure the nGPT beside its baseline and nGPT-pytorch: steps, memory, generation."""
    need_torch()
    need_peer()
    if device == "cuda":
        _model_on_cuda(full, as_json)
        return
    from ngpt_math import bench_model as benchmark

    result = benchmark.bench_model(quick=not full, tell=say)
    if as_json:
        print_json(result)
    else:
        click.echo(benchmark.table(result))


def _model_on_cuda(full: bool, as_json: bool) -> None:
    """The shapes and contexts of the plan `small` of `ngpt gpu`, without keeping the result."""
    from ngpt_math import bench_device as benchmark
    from ngpt_math.gpu.plan import SMALL
    from ngpt_math.gpu.work import bench_shapes
    from ngpt_math.training import find_device

    find_device("cuda")
    results = {}
    for name, shape in bench_shapes(SMALL):
        say(name)
        results[name] = benchmark.bench_device(
            shape, rounds=SMALL.rounds * (3 if full else 1), tell=say
        )
    if as_json:
        print_json(results)
    else:
        click.echo("\n\n".join(map(benchmark.table, results.values())))


def need_peer() -> None:
    """Raises UsageError where there is no nGPT-pytorch to compare with, or another version."""
    from ngpt_math.bench_steps import has_peer

    if not has_peer():
        raise UsageError(
            "the models are compared with nGPT-pytorch 0.2.10, which is not installed",
            "`.venv/bin/pip install -c constraints.txt nGPT-pytorch` adds it",
        )


COMMANDS = (bench,)

"""`ngpt gpu`: everything that a GPU is needed for. Imports torch only when it runs."""

from __future__ import annotations

import signal
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ngpt_film.model_commands import need_torch
from ngpt_film.terminal import print_json, say
from ngpt_math.errors import UsageError
from ngpt_math.files import shown

if TYPE_CHECKING:
    from ngpt_math.gpu.go import Row

FOLDER = click.Path(path_type=Path, file_okay=False)


@click.command()
@click.option("--plan", default="small", show_default=True, help="small, long or tiny.")
@click.option("--device", default="cuda", show_default=True, help="cpu or cuda.")
@click.option("--minutes", type=click.FloatRange(min=0, min_open=True),
              help="Stop in good order before so many minutes are over.")  # fmt: skip
@click.option("--only", multiple=True, metavar="UNIT", help="This unit alone, again; repeatable.")
@click.option("--out", type=FOLDER, help="Folder of the results; default runs/gpu.")
@click.option(
    "--pack", type=FOLDER, metavar="DIR", help="Put what must travel into DIR, at the end."
)
@click.option("--unpack", type=FOLDER, metavar="DIR", help="Take in a parcel, and do nothing else.")
@click.option("--publish", is_flag=True, help="Write assets from the results, and nothing else.")
@click.option("--list", "listed", is_flag=True, help="Show the units and how they stand.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
def gpu(
    plan: str,
    device: str,
    minutes: float | None,
    only: tuple[str, ...],
    out: Path | None,
    pack: Path | None,
    unpack: Path | None,
    publish: bool,
    listed: bool,
    as_json: bool,
) -> None:
    """Train, measure and time the models of a plan; stopped or not, the same command goes on."""
    need_torch()
    if sum(map(bool, (unpack, publish, listed))) > 1:
        raise UsageError("--unpack, --publish and --list are each a work of their own", "give one")
    from ngpt_math.gpu import go, ledger, parcels
    from ngpt_math.gpu import plan as plans

    kept = ledger.Ledger.of(plans.plan_of(plan), out)
    if unpack is not None:
        say(f"{len(parcels.unpack(kept, unpack))} new results")
    elif publish:
        from ngpt_math.gpu import results

        for path in results.publish(kept):
            click.echo(shown(path))
        return
    elif not listed:
        try:
            go.go(plan, device=device, minutes=minutes, only=only, out=out, say=say)
        finally:
            if pack is not None:
                signal.setitimer(signal.ITIMER_REAL, 0)  # a stop is not asked for again meanwhile
                _packed(parcels.pack(kept, pack), parcels.left(kept))
    _show(go.rows(kept), as_json)


def _packed(files: Sequence[Path], left: Sequence[str]) -> None:
    say(f"packed {len(files)} files in {shown(files[0].parent)}")
    if left:
        say(f"{len(left)} parts of checkpoints wait for the next parcel: {', '.join(left)}")


def _show(rows: list[Row], as_json: bool) -> None:
    """The units, and what is left."""
    if as_json:
        print_json([_row(row) for row in rows])
        return
    for row in rows:
        click.echo(f"{'done' if row.done else 'open':5} {row.seconds:7.1f} s  {row.unit.name}")
    left = sum(row.seconds for row in rows if not row.done)
    click.echo(f"{sum(row.done for row in rows)} of {len(rows)} units are done,"
               f" about {left / 60:.0f} minutes are left")  # fmt: skip


def _row(row: Row) -> dict[str, Any]:
    return {"unit": row.unit.name, "what": row.unit.what, "done": row.done, "seconds": row.seconds}


COMMANDS = (gpu,)

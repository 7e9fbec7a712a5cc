"""`ngpt preview`: a page that shows a section as its sources are now."""

from __future__ import annotations

import signal
import tempfile
import webbrowser
from pathlib import Path

import click

from ngpt_film.options import RECORDINGS
from ngpt_film.outline import film_of, target
from ngpt_film.terminal import say
from scenes.film import Entry

HEARD = 0.5
"""Seconds within which a request to end is heard: one that comes just before a wait, or to another
thread, does not end the wait."""


@click.command()
@click.argument("wanted", required=False, metavar="[CHAPTER[:SECTION]]")
@click.option("--port", type=click.IntRange(1, 65535), help="The page's port; default: a free one.")
@click.option("--open", "open_page", is_flag=True, help="Open the page in the browser.")
@RECORDINGS
def preview(wanted: str | None, port: int | None, open_page: bool, recordings: Path | None) -> None:
    """Show a section in the browser at draft quality, and show it anew whenever a file is saved.

    Without a name, the whole film is listed. The page is at 127.0.0.1, for this machine only;
    Ctrl-C ends it.
    """
    film = film_of(recordings)
    key, shown = _first_shown(wanted, film)
    from ngpt_film.previewing import folder
    from ngpt_film.previewing.desk import Desk
    from ngpt_film.previewing.news import Page
    from ngpt_film.previewing.server import serve
    from ngpt_film.previewing.watch import watching

    page = Page()
    with tempfile.TemporaryDirectory(prefix="ngpt-preview-") as name:
        own = Path(name)
        server = serve(port, folder.lay(own), page, lambda kind, what: desk.tell(kind, what))
        desk = Desk(key, shown, own, page, recordings and recordings.resolve())
        desk.start()
        try:
            with server, watching(lambda paths: desk.tell("saved", paths), recordings):
                click.echo(server.address)
                say(f"previewing {shown}; Ctrl-C ends it")
                if open_page:
                    webbrowser.open(server.address)
                while not desk.ended.wait(HEARD):
                    pass
        except KeyboardInterrupt:
            signal.setitimer(signal.ITIMER_REAL, 0)  # it was heard, and need not be made again
            say("the preview has ended")
        finally:
            desk.tell("end")
            desk.ended.wait(30)
    if desk.error is not None:
        raise desk.error


def _first_shown(wanted: str | None, film: tuple[Entry, ...]) -> tuple[str | None, str]:
    """The chapter to list, None for all, and the section to show first."""
    chosen = target(wanted or film[0].key, film)
    first = chosen.section or chosen.outline.sections[0]
    key = chosen.outline.entry.key
    return (key if wanted else None), f"{key}:{first.name}"


COMMANDS = (preview,)

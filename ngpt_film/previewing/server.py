"""The page's server: on this machine only, for this page only, and only from its own folder.

It answers to nobody who calls it by another name (a page elsewhere that had its name point here),
takes no orders from other pages, and gives out the regular files below one folder.
"""

from __future__ import annotations

import errno
import json
import mimetypes
import shutil
import sys
import threading
from collections.abc import Callable
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from ngpt_film.previewing.news import Page
from ngpt_math.errors import StudioError

LOOPBACK = "127.0.0.1"
PORT, TRIES = 8377, 20
ALIVE = 5.0  # seconds after which a page that hears nothing is sent a sign of life
LONGEST = 10_000  # bytes of an order

HEADERS = {
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Content-Security-Policy": "default-src 'self'; media-src 'self' blob:; img-src 'self' blob:; "
    "frame-ancestors 'none'",
}

Order = Callable[[str, Any], None]


class Server(ThreadingHTTPServer):
    """Serves the folder `root` and the states of `page`; orders go to `order`."""

    daemon_threads = True
    # So that a preview started again has the address of the last one: connections that were just
    # closed keep a port for a minute. Windows would give it to two that listen.
    allow_reuse_address = sys.platform != "win32"

    def __init__(self, port: int, root: Path, page: Page, order: Order) -> None:
        self.root, self.page, self.order = root.resolve(), page, order
        super().__init__((LOOPBACK, port), _Handler)

    def __enter__(self) -> Server:
        """Serve in a thread until the block is left: no thread may run while Python ends."""
        self._thread = threading.Thread(target=self.serve_forever, args=(0.1,), daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        """Stop, and let pages that wait for news go."""
        self.page.close()
        self.shutdown()
        self._thread.join()
        self.server_close()

    @property
    def names(self) -> set[str]:
        """By what names a page of ours calls this server."""
        return {f"{host}:{self.server_port}" for host in (LOOPBACK, "localhost")}

    @property
    def address(self) -> str:
        """What to open in a browser."""
        return f"http://{LOOPBACK}:{self.server_port}/"

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A page that is closed in the middle is no error."""


def serve(port: int | None, root: Path, page: Page, order: Order) -> Server:
    """A server on that port; on the usual one or the next that is free, where none is given.

    Raises:
        StudioError: the port is taken, or all that were tried are.
    """
    wanted = range(PORT, PORT + TRIES) if port is None else (port,)
    for number in wanted:
        try:
            return Server(number, root, page, order)
        except OSError as error:
            if error.errno not in (errno.EADDRINUSE, errno.EACCES):
                raise
    if port is not None:
        raise StudioError(f"port {port} cannot be had", "choose another with --port")
    raise StudioError(f"ports {PORT} to {wanted[-1]} are all taken", "choose one with --port")


class _Handler(BaseHTTPRequestHandler):
    server: Server
    protocol_version = "HTTP/1.1"
    timeout = 30  # seconds for a request to come in, and for what is sent to be taken

    def do_GET(self) -> None:
        """Give a file, or the news."""
        if not self._is_ours():
            return
        path = unquote(urlsplit(self.path).path)
        if path == "/events":
            self._send_news()
        else:
            self._send_file("index.html" if path == "/" else path.lstrip("/"))

    def do_POST(self) -> None:
        """Take an order of the page: which section it shows, or to try again."""
        if not self._is_ours(orders=True):
            return
        try:
            length = int(self.headers.get("Content-Length", ""))
            order = json.loads(self.rfile.read(length) if length <= LONGEST else "")
            kind, what = order["do"], order.get("what")
            if kind not in ("show", "again") or not isinstance(what, str | None):
                raise ValueError(kind)
        except (ValueError, TypeError, KeyError, AttributeError):
            self._refuse(HTTPStatus.BAD_REQUEST)
            return
        self.server.order(kind, what)
        self._begin(HTTPStatus.NO_CONTENT, {})

    def _is_ours(self, *, orders: bool = False) -> bool:
        """Whether the page that asks is ours; otherwise it is refused."""
        host, origin = self.headers.get("Host", ""), self.headers.get("Origin")
        site = self.headers.get("Sec-Fetch-Site", "none")
        known = host in self.server.names and site in ("none", "same-origin")
        if origin is not None or orders:
            known &= origin == f"http://{host}"
        if not known:
            self._refuse(HTTPStatus.FORBIDDEN)
        return known

    def _send_file(self, name: str) -> None:
        """A regular file below the folder; a link is none, wherever it leads."""
        try:
            path = self.server.root / name
            inside = path.resolve() == path and path.is_relative_to(self.server.root)
            file = path.open("rb") if inside and path.is_file() else None
        except (OSError, ValueError):
            file = None
        if file is None:
            self._refuse(HTTPStatus.NOT_FOUND)
            return
        with file:
            kind = mimetypes.guess_type(name)[0] or "application/octet-stream"
            size = str(path.stat().st_size)
            self._begin(HTTPStatus.OK, {"Content-Type": kind, "Content-Length": size})
            shutil.copyfileobj(file, self.wfile)

    def _send_news(self) -> None:
        """Server-sent events: each new state, as long as the page is open."""
        self.close_connection = True
        self._begin(HTTPStatus.OK, {"Content-Type": "text/event-stream"})
        number = 0
        while not self.server.page.closed:
            number, text = self.server.page.after(number, ALIVE)
            self.wfile.write(b": still here\n\n" if text is None else _event(text))
            self.wfile.flush()

    def _refuse(self, status: HTTPStatus) -> None:
        self.close_connection = True
        body = f"{status.value} {status.phrase}\n".encode()
        self._begin(status, {"Content-Type": "text/plain", "Content-Length": str(len(body))})
        self.wfile.write(body)

    def _begin(self, status: HTTPStatus, headers: dict[str, str]) -> None:
        self.send_response(status)
        for name, value in {**HEADERS, **headers}.items():
            self.send_header(name, value)
        if self.close_connection:
            self.send_header("Connection", "close")
        self.end_headers()

    def version_string(self) -> str:
        """Nobody needs to know."""
        return "ngpt preview"

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing: the terminal is for the author."""


def _event(text: str) -> bytes:
    return f"data: {text}\n\n".encode()

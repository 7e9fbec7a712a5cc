"""The preview's server answers its own page only, and gives out its own folder only."""

from __future__ import annotations

import http.client
import json
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from ngpt_film.previewing.news import Page
from ngpt_film.previewing.server import PORT, TRIES, Server, serve
from ngpt_math.errors import StudioError

SECRET = "nobody may read this"


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    (tmp_path / "secret.txt").write_text(SECRET)
    root = tmp_path / "page"
    (root / "pictures").mkdir(parents=True)
    (root / "index.html").write_text("<!doctype html>the page")
    (root / "pictures" / "one.mp4").write_bytes(b"0123456789")
    (root / "out").symlink_to(tmp_path)
    (root / "link.txt").symlink_to(tmp_path / "secret.txt")
    (root / "alias.html").symlink_to(root / "index.html")
    orders: list[tuple] = []
    with Server(0, root, Page(), lambda *order: orders.append(order)) as started:
        started.orders = orders
        yield started


def ask(server: Server, path: str, method: str = "GET", body: str | None = None, **headers: str):
    """The status and the body of an answer; header names with underscores for hyphens."""
    connection = http.client.HTTPConnection("127.0.0.1", server.server_port, timeout=10)
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    connection.request(method, path, body, named)
    answer = connection.getresponse()
    told = answer.read().decode()
    connection.close()
    return answer.status, told


def origin(server: Server) -> str:
    return f"http://127.0.0.1:{server.server_port}"


def test_it_gives_out_its_folder(server: Server) -> None:
    assert ask(server, "/") == (200, "<!doctype html>the page")
    assert ask(server, "/pictures/one.mp4?v=2") == (200, "0123456789")
    assert ask(server, "/pictures/%6fne.mp4") == (200, "0123456789")


@pytest.mark.parametrize(
    "path",
    [
        "/../secret.txt", "/%2e%2e/secret.txt", "/pictures/../../secret.txt",
        "/pictures/%2e%2e/%2e%2e/secret.txt", "/%2e%2e%2fsecret.txt", "/..%5csecret.txt",
        "/pictures/..%2f..%2fsecret.txt", "//etc/passwd", "/%2fetc/passwd", "///etc/passwd",
        "/etc/passwd", "/link.txt", "/out/secret.txt", "/alias.html", "/out", "/pictures", "/.",
        "/%00", "/index.html%00.txt", "/" + "a" * 5000, "/nosuch.html",
        "/pictures/../index.html", "/file:///etc/passwd",
    ],
)  # fmt: skip
def test_and_nothing_else(server: Server, path: str) -> None:
    assert ask(server, path) == (404, "404 Not Found\n")


def test_an_absolute_path_on_this_machine_is_none_of_it(server: Server, tmp_path: Path) -> None:
    for path in (f"/{tmp_path}/secret.txt", f"//{tmp_path}/secret.txt", f"{tmp_path}/secret.txt"):
        status, told = ask(server, path)
        assert status == 404
        assert SECRET not in told


def test_it_is_heard_on_this_machine_only(server: Server) -> None:
    assert server.server_address[0] == "127.0.0.1"


@pytest.mark.parametrize(
    "host", ["evil.example", "evil.example:{port}", "127.0.0.1", "", "[::1]:{port}"]
)
def test_who_calls_it_by_another_name_is_refused(server: Server, host: str) -> None:
    assert ask(server, "/", Host=host.format(port=server.server_port))[0] == 403


def test_it_is_called_localhost_too(server: Server) -> None:
    assert ask(server, "/", Host=f"localhost:{server.server_port}")[0] == 200


@pytest.mark.parametrize("headers", [
    {"Origin": "http://evil.example"},
    {"Origin": "null"},
    {"Origin": "http://127.0.0.1:1"},
    {"Sec_Fetch_Site": "cross-site"},
    {"Sec_Fetch_Site": "same-site"},
])  # fmt: skip
def test_other_pages_read_nothing(server: Server, headers: dict[str, str]) -> None:
    for path in ("/", "/events", "/pictures/one.mp4"):
        assert ask(server, path, **headers) == (403, "403 Forbidden\n")


def test_orders_come_from_its_page_only(server: Server) -> None:
    order = json.dumps({"do": "show", "what": "tiny:drifts"})
    assert ask(server, "/order", "POST", order)[0] == 403, "no origin"
    assert ask(server, "/order", "POST", order, Origin="http://evil.example")[0] == 403
    assert server.orders == []
    assert ask(server, "/order", "POST", order, Origin=origin(server))[0] == 204
    assert server.orders == [("show", "tiny:drifts")]


OTHERS = ("", "[]", "{}", "not json", '{"do": "end"}', '{"do": "saved"}',
          '{"do": "show", "what": 3}', '"' + "a" * 20_000 + '"')  # fmt: skip


@pytest.mark.parametrize("body", OTHERS)
def test_other_orders_are_refused(server: Server, body: str) -> None:
    assert ask(server, "/order", "POST", body, Origin=origin(server))[0] == 400
    assert server.orders == []


def test_pages_may_not_frame_it_nor_load_from_elsewhere(server: Server) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", server.server_port, timeout=10)
    connection.request("GET", "/")
    policy = connection.getresponse().headers["Content-Security-Policy"]
    assert "default-src 'self'" in policy
    assert "frame-ancestors 'none'" in policy
    connection.close()


def test_news_come_as_they_happen_and_a_page_may_leave(server: Server) -> None:
    server.page.put('{"a": 1}')
    with socket.create_connection(server.server_address, timeout=10) as page:
        page.sendall(f"GET /events HTTP/1.1\r\nHost: {next(iter(server.names))}\r\n\r\n".encode())
        heard = b""
        while b"\n\n" not in heard.split(b"\r\n\r\n", 1)[-1]:
            heard += page.recv(4096)
        assert heard.endswith(b'data: {"a": 1}\n\n')
        server.page.put('{"a": 2}')
        assert page.recv(4096) == b'data: {"a": 2}\n\n'
    for number in range(20):
        server.page.put(str(number))
    assert ask(server, "/")[0] == 200


def test_a_port_that_is_taken_is_told_of_and_otherwise_the_next_one_is_used(tmp_path: Path) -> None:
    def silent(*order: object) -> None: ...

    with (
        serve(None, tmp_path, Page(), silent) as first,
        serve(None, tmp_path, Page(), silent) as second,
    ):
        assert first.server_port != second.server_port
        assert {first.server_port, second.server_port} <= set(range(PORT, PORT + TRIES))
        with pytest.raises(StudioError, match=f"port {first.server_port} cannot be had; choose"):
            serve(first.server_port, tmp_path, Page(), silent)


def test_a_preview_started_again_has_the_address_that_its_page_knows(tmp_path: Path) -> None:
    (tmp_path / "index.html").write_text("the page")
    with serve(None, tmp_path, Page(), lambda *order: None) as first:
        # A page that listens to the news: the server is the one that hangs up.
        page = socket.create_connection(first.server_address, timeout=10)
        page.sendall(f"GET /events HTTP/1.1\r\nHost: {next(iter(first.names))}\r\n\r\n".encode())
        page.recv(4096)
    while page.recv(4096):
        pass
    page.close()
    with serve(None, tmp_path, Page(), lambda *order: None) as again:
        assert again.server_port == first.server_port

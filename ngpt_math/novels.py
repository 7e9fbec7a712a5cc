"""The novels of Jane Austen, six of the long documents that no model here learned. NumPy only.

They come from Debian's package r-cran-janeaustenr, whose data file is read without R.
`python -m ngpt_math.novels` builds them again.
"""

from __future__ import annotations

import struct
import subprocess
import tempfile
import zlib
from collections.abc import Iterator
from pathlib import Path

from ngpt_math.documents import check_package, keep, plain_text
from ngpt_math.errors import DamagedFile, StudioError
from ngpt_math.files import shown

PACKAGE = "r-cran-janeaustenr"
VERSION = "1.0.0-1"
PACKAGE_SHA256 = "df6bddf211906d1ff404f8ff662c21b34e6660e7f54a311084e749050c019c95"
DATA = "usr/lib/R/site-library/janeaustenr/data/Rdata.rdb"
NOVELS = {
    "persuasion": "PERSUASION",
    "northanger-abbey": "NORTHANGER ABBEY",
    "emma": "EMMA",
    "mansfield-park": "MANSFIELD PARK",
    "pride-and-prejudice": "PRIDE AND PREJUDICE",
    "sense-and-sensibility": "SENSE AND SENSIBILITY",
}
REMAKE = "make it again with `python -m ngpt_math.novels` (needs Debian's apt-get and dpkg-deb)"

STRINGS, STRING, TYPE_MASK = 16, 9, 0xFF  # R's types STRSXP and CHARSXP in a serialized value


def values(database: bytes) -> Iterator[bytes]:
    """The serialized values of an R database: each its length, big-endian, and a zlib stream.

    Raises:
        ValueError: a stream is cut short or has another length than is written before it.
    """
    rest = database
    while rest:
        (length,) = struct.unpack_from(">I", rest)
        stream = zlib.decompressobj()
        value = stream.decompress(rest[4:])
        if len(value) != length or not stream.eof:
            raise ValueError(f"a value has {len(value)} bytes, expected {length}")
        yield value
        rest = stream.unused_data


def strings(value: bytes) -> list[str]:
    """The strings of a serialized vector of strings (R's format X, version 3).

    Raises:
        ValueError: it is another kind of value.
    """
    (encoding,) = struct.unpack_from(">i", value, 14)
    at = 18 + encoding
    flags, count = struct.unpack_from(">ii", value, at)
    if not value.startswith(b"X\n") or flags & TYPE_MASK != STRINGS:
        raise ValueError("this is not a vector of strings")
    at += 8
    found = []
    for _ in range(count):
        flags, length = struct.unpack_from(">ii", value, at)
        if flags & TYPE_MASK != STRING or length < 0:
            raise ValueError("an element is not a string")
        found.append(value[at + 8 : at + 8 + length].decode())
        at += 8 + length
    return found


def read_novels(database: bytes) -> dict[str, str]:
    """The novels by name; each begins with its title.

    Raises:
        ValueError: one is not there.
    """
    by_title = {lines[0].upper(): lines for lines in map(strings, values(database))}
    missing = set(NOVELS.values()) - set(by_title)
    if missing:
        raise ValueError(f"there is no {', '.join(sorted(missing))}")
    return {name: plain_text(by_title[title]) for name, title in NOVELS.items()}


def build(package: Path) -> list[Path]:
    """Make the novels and their cards from the Debian package.

    Raises:
        StudioError: it is not the package that they are made from.
        DamagedFile: what is in it cannot be read.
    """
    remedy = f"get it with `apt-get download {PACKAGE}={VERSION}`"
    check_package(package, f"{PACKAGE} {VERSION}", PACKAGE_SHA256, remedy)
    try:
        novels = read_novels(_database(package))
    except (ValueError, struct.error, zlib.error) as error:
        raise DamagedFile(f"{shown(package)}: {error}", REMAKE) from error
    return [keep(name, text, _card(name)) for name, text in novels.items()]


def _database(package: Path) -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run(["dpkg-deb", "-x", str(package), folder], check=True)
        return (Path(folder) / DATA).read_bytes()


def _card(name: str) -> dict[str, object]:
    return {
        "what": f"Jane Austen, {NOVELS[name].title()}, whole, as plain text",
        "licence": "text: public domain; package it was taken from: MIT",
        "source": f"Debian, package {PACKAGE} {VERSION}, file {DATA}",
        "source_sha256": PACKAGE_SHA256,
        "made_by": "python -m ngpt_math.novels",
    }


def main() -> None:
    """Build the novels from the package, fetched to a temporary folder."""
    with tempfile.TemporaryDirectory() as folder:
        try:
            command = ["apt-get", "--quiet", "download", f"{PACKAGE}={VERSION}"]
            subprocess.run(command, cwd=folder, check=True)
        except (OSError, subprocess.CalledProcessError) as error:
            raise StudioError(f"{PACKAGE} could not be fetched", "use a Debian machine") from error
        for path in build(next(Path(folder).glob("*.deb"))):
            print(shown(path))


if __name__ == "__main__":
    main()

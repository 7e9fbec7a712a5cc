"""Packing what must travel from a borrowed machine: few files, each of them small.

A parcel is a folder of at most eight files of at most 16 MB each, and 66 MB together: one archive
of results and log, and as many parts of checkpoints as have room. What had none goes with the next
parcel, which is packed on the same machine; a list in the ledger says what has gone.
"""

from __future__ import annotations

import gzip
import io
import json
import tarfile
from pathlib import Path

from ngpt_math.errors import DamagedFile
from ngpt_math.files import read_card, shown, write_bytes, write_json
from ngpt_math.gpu.ledger import Ledger

ARCHIVE = "results.tar.gz"
FILES, BYTES, LIMIT = 8, 66_000_000, 16_000_000
GONE = "gone.json"
REMEDY = "pack it again where it was made"


def pack(ledger: Ledger, out: Path) -> list[Path]:
    """Fill the folder `out` with a parcel; gives its files, those of weights first."""
    archive = archived(ledger)
    gone = packed_before(ledger)
    waiting = [f for f in sorted(ledger.checkpoints.glob("*.safetensors")) if f.name not in gone]
    chosen: list[Path] = []
    room = BYTES - len(archive)
    for file in waiting:
        size = file.stat().st_size
        if size <= min(room, LIMIT) and len(chosen) < FILES - 1:
            chosen.append(file)
            room -= size
    write_bytes(out / ARCHIVE, archive)  # first, since it matters most
    for file in chosen:
        write_bytes(out / file.name, file.read_bytes())
    write_json(ledger.path / GONE, sorted(gone | {file.name for file in chosen}))
    return [*(out / file.name for file in chosen), out / ARCHIVE]


def left(ledger: Ledger) -> list[str]:
    """The parts of checkpoints that no parcel has taken yet."""
    gone = packed_before(ledger)
    return [f.name for f in sorted(ledger.checkpoints.glob("*.safetensors")) if f.name not in gone]


def packed_before(ledger: Ledger) -> set[str]:
    """The parts that an earlier parcel took."""
    path = ledger.path / GONE
    return set(json.loads(path.read_text())) if path.is_file() else set()


def archived(ledger: Ledger) -> bytes:
    """All results, cards and indices and the log, as one archive; the same bytes for the same."""
    results = sorted(ledger.done_folder.glob("*.json"))
    small = sorted(ledger.checkpoints.glob("*.json"))
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        for file in (*results, *small, *filter(Path.is_file, (ledger.log,))):
            entry = tarfile.TarInfo(file.relative_to(ledger.path).as_posix())
            data = file.read_bytes()
            entry.size = len(data)
            archive.addfile(entry, io.BytesIO(data))
    return gzip.compress(buffer.getvalue(), mtime=0)


def unpack(ledger: Ledger, parcel: Path) -> list[Path]:
    """Put a parcel's files where they belong; gives the results that are new.

    A result that is here already stays as it is: units are done once.

    Raises:
        DamagedFile: there is no parcel, a file of it is not what its card says, or an entry of the
            archive lies elsewhere.
    """
    path = parcel / ARCHIVE
    if not path.is_file():
        raise DamagedFile(f"{shown(path)} is missing", REMEDY)
    for part in sorted(parcel.glob("*.safetensors")):
        write_bytes(ledger.checkpoints / part.name, part.read_bytes())
    try:
        new = [*_extract(path, ledger)]
    except (OSError, tarfile.TarError, EOFError, ValueError) as error:
        raise DamagedFile(f"{shown(path)} cannot be read: {error}", REMEDY) from error
    for part in sorted(parcel.glob("*.safetensors")):
        read_card(ledger.checkpoints / part.name, REMEDY)
    return new


def _extract(path: Path, ledger: Ledger) -> list[Path]:
    """Each entry to its place: results that are not here yet, cards and indices, the log."""
    new = []
    with tarfile.open(path) as archive:
        for entry in archive.getmembers():
            target = ledger.path / entry.name
            if not (entry.isfile() and target.resolve().is_relative_to(ledger.path.resolve())):
                raise ValueError(f"{entry.name} does not belong into a parcel")
            file = archive.extractfile(entry)
            assert file is not None
            if target == ledger.log:
                _append(ledger.log, file.read())
            elif target.parent != ledger.done_folder or not target.is_file():
                write_bytes(target, file.read())
                new += [target] if target.parent == ledger.done_folder else []
    return new


def _append(log: Path, data: bytes) -> None:
    """The lines of a log that are not in this one, put behind it."""
    here = log.read_text().splitlines() if log.is_file() else []
    known = set(here)
    lines = [*here, *(line for line in data.decode().splitlines() if line not in known)]
    write_bytes(log, ("\n".join(lines) + "\n").encode())

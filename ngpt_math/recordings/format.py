"""The format of recordings: declared arrays, checked when saved and when loaded.

Every field states its shape, its unit and the model it was read from; loading checks all of that,
so a scene never draws damaged numbers.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar, TypeVar

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save_file

from ngpt_math.errors import DamagedFile
from ngpt_math.files import ASSETS, card_path, read_card, shown, whole_file, write_card

FORMAT = "ngpt-recording/1"
OWN_LICENCE = "MIT, as the project; read from the project's own models"
UNIT_NORM_TOLERANCE = 1e-5  # float32 vectors that went through a file

Array = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Spec:
    """What one array of a recording holds.

    `shape` mixes numbers and names; a name stands for the same length in the whole recording.
    `unit`: "nat/letter" is "nat/token" where the recording's `noun` is token. `model` says whose
    numbers these are: a preset and kind such as "toy ngpt", or "geometry" for a
    table worked out from other fields by a formula. `unit_vectors`: the last axis has norm 1.
    """

    meaning: str
    shape: tuple[int | str, ...]
    unit: str
    model: str
    unit_vectors: bool = False


def array(
    meaning: str, *shape: int | str, model: str, unit: str = "1", unit_vectors: bool = False
) -> Any:
    """Declare a float32 array field of a recording."""
    return field(metadata={"spec": Spec(meaning, shape, unit, model, unit_vectors)})


def text(meaning: str) -> Any:
    """Declare a text field of a recording: a prompt, a rule by which an example was chosen."""
    return field(metadata={"meaning": meaning})


def pieces(meaning: str, length: str = "") -> Any:
    """Declare a field that holds tokens as pieces of text, each of one character or more.

    A space is ␣, the end of a line ⏎. `length` names the axis that has as many entries.
    """
    return field(metadata={"meaning": meaning, "pieces": length})


@dataclass(frozen=True, slots=True)
class Traced:
    """A number that knows where it comes from, as every number on screen must.

    `field` and `index` open it in the recording of `chapter`; `unit` is the unit of `value`.
    """

    value: float
    chapter: str
    field: str
    index: tuple[int, ...]
    unit: str
    model: str

    @property
    def source(self) -> str:
        """The place in the recording, as `ngpt where` prints it: `theta_attn[2, 5]`."""
        return f"{self.field}[{', '.join(map(str, self.index))}]" if self.index else self.field

    @property
    def degrees(self) -> Traced:
        """The same angle in degrees.

        Raises:
            ValueError: the value is not an angle in radians.
        """
        if self.unit != "rad":
            raise ValueError(f"{self.source} is in {self.unit!r}, not in radians")
        return dataclasses.replace(self, value=float(np.degrees(self.value)), unit="°")


@dataclass(frozen=True, eq=False)
class Recording:
    """Base of every chapter's recording.

    `sources` maps the checkpoints used, by asset name, to their sha256.
    """

    chapter: ClassVar[str]
    sources: Mapping[str, str]

    @classmethod
    def specs(cls) -> dict[str, Spec]:
        """The declared arrays by field name."""
        return {f.name: f.metadata["spec"] for f in dataclasses.fields(cls) if "spec" in f.metadata}

    @classmethod
    def texts(cls) -> tuple[str, ...]:
        """The names of the declared text fields, and of those that hold pieces of text."""
        return tuple(f.name for f in dataclasses.fields(cls) if "meaning" in f.metadata)

    @classmethod
    def in_pieces(cls) -> dict[str, str]:
        """The fields that hold pieces of text, each with the name of its length, if it has one."""
        found = {f.name: f.metadata for f in dataclasses.fields(cls)}
        return {name: about["pieces"] for name, about in found.items() if "pieces" in about}

    def traced(self, name: str, *index: int) -> Traced:
        """The number at `index` of the array field `name`, with its origin.

        Raises:
            KeyError: there is no such array.
            IndexError: the index does not lead to a single number.
        """
        spec = self.specs()[name]
        values = getattr(self, name)
        if len(index) != values.ndim:
            raise IndexError(f"{name} has {values.ndim} axes, {len(index)} indices were given")
        positive = tuple(int(range(n)[i]) for i, n in zip(index, values.shape, strict=True))
        value = float(values[positive])
        return Traced(value, self.chapter, name, positive, self.unit_of(name), spec.model)

    def unit_of(self, name: str) -> str:
        """The unit of the array field `name`, in whatever this recording's tokens are."""
        return self.specs()[name].unit.replace("letter", getattr(self, "noun", "letter"))


R = TypeVar("R", bound=Recording)


def default_path(chapter: str) -> Path:
    """Where the shipped recording of a chapter lies."""
    return ASSETS / "recordings" / f"{chapter}.safetensors"


def remake(chapter: str, path: Path | None = None) -> str:
    """The remedy for a missing or damaged recording."""
    shipped = path is None or path == default_path(chapter)
    others = "" if path is None or shipped else f" --checkpoint FILE --out {shown(path.parent)}"
    return f"make it again with `ngpt record {chapter}{others}`"


def validate(recording: Recording) -> None:
    """Check every array and every text against its declaration.

    Raises:
        ValueError: names the field and what is wrong: dtype, shape, a value that is no finite
            number, a unit vector that is none, a text that is none, or pieces of text that are
            none, or as many as there should be.
    """
    lengths: dict[str, int] = {}
    for name, spec in recording.specs().items():
        values = getattr(recording, name)
        if values.dtype != np.float32:
            raise ValueError(f"{name} has dtype {values.dtype}, expected float32")
        _check_shape(name, spec, values.shape, lengths)
        if not np.isfinite(values).all():
            raise ValueError(f"{name} holds a value that is not a finite number")
        if spec.unit_vectors:
            _check_unit(name, values)
    for name in recording.texts():
        length = recording.in_pieces().get(name)
        if length is None and not isinstance(getattr(recording, name), str):
            raise ValueError(f"{name} is no text")
        if length is not None:
            _check_pieces(name, getattr(recording, name), lengths.get(length))


def _check_pieces(name: str, found: Any, length: int | None) -> None:
    """A tuple of texts, none of them empty, of which there are `length`."""
    if not (isinstance(found, tuple) and all(isinstance(each, str) and each for each in found)):
        raise ValueError(f"{name} does not hold pieces of text")
    if length is not None and len(found) != length:
        raise ValueError(f"{name} holds {len(found)} pieces of text, expected {length}")


def _check_shape(name: str, spec: Spec, found: tuple[int, ...], lengths: dict[str, int]) -> None:
    """Names in a declared shape stand for one length each; `n+1` is one more than `n`."""
    expected = []
    for axis, length in enumerate(spec.shape):
        if isinstance(length, str) and len(found) == len(spec.shape):
            base, more = (length[:-2], 1) if length.endswith("+1") else (length, 0)
            length = lengths.setdefault(base, found[axis] - more) + more
        expected.append(length)
    if tuple(expected) != found:
        raise ValueError(f"{name} has shape {found}, expected {tuple(expected)}")


def _check_unit(name: str, values: Array) -> None:
    """Every vector along the last axis has length 1."""
    error = np.abs(np.linalg.norm(values.astype(np.float64), axis=-1) - 1)
    if error.size and error.max() > UNIT_NORM_TOLERANCE:
        raise ValueError(f"{name} should hold unit vectors, one is off by {error.max():.1e}")


def save(recording: Recording, path: Path, made_by: str) -> None:
    """Write a recording and its card; `made_by` is the command that did it.

    Raises:
        ValueError: the recording does not hold what it declares.
    """
    validate(recording)
    arrays = {n: np.asarray(getattr(recording, n), order="C") for n in recording.specs()}
    words = {n: getattr(recording, n) for n in recording.texts()}
    header = {
        "format": FORMAT,
        "chapter": recording.chapter,
        "texts": json.dumps(words, sort_keys=True, ensure_ascii=False),
        "sources": json.dumps(dict(recording.sources), sort_keys=True),
    }
    with whole_file(path) as temporary:
        save_file(arrays, temporary, metadata=header)
    write_card(path, _card(recording, made_by))


def _card(recording: Recording, made_by: str) -> dict[str, Any]:
    fields = {
        name: {"meaning": s.meaning, "shape": list(getattr(recording, name).shape),
               "unit": recording.unit_of(name), "model": s.model}
        for name, s in recording.specs().items()
    }  # fmt: skip
    return {
        "chapter": recording.chapter,
        "made_by": made_by,
        "licence": _licence(recording.sources),
        "sources": dict(recording.sources),
        "texts": {n: getattr(recording, n) for n in recording.texts()},
        "fields": fields,
    }


def _licence(sources: Mapping[str, str]) -> str:
    """The project's; where numbers were read from other checkpoints, these are named."""
    others = sorted(name for name, sha256 in sources.items() if not is_shipped(name, sha256))
    if not others:
        return OWN_LICENCE
    rest = "; what was read from the project's own models: MIT" * (len(others) < len(sources))
    return f"that of the checkpoints it was read from: {', '.join(others)}{rest}"


def is_shipped(name: str, sha256: str) -> bool:
    """Whether a source of a recording is the shipped file of that name."""
    cards = [card_path(ASSETS / folder / name) for folder in ("checkpoints", "results", "corpora")]
    return sha256 in [json.loads(card.read_text())["sha256"] for card in cards if card.is_file()]


def load(cls: type[R], path: Path | None = None) -> R:
    """Read, check and return a recording.

    Raises:
        DamagedFile: the file is missing, altered, of another chapter, or does not hold what `cls`
            declares; the message names the file and the command that remakes it.
    """
    path = path or default_path(cls.chapter)
    remedy = remake(cls.chapter, path)
    read_card(path, remedy)
    try:
        recording = _read(cls, path)
        validate(recording)
    except (SafetensorError, ValueError, KeyError, TypeError, OSError) as error:
        reason = f"{error.args[0]} is missing" if isinstance(error, KeyError) else str(error)
        raise DamagedFile(f"{shown(path)}: {reason}", remedy) from error
    return recording


def _read(cls: type[R], path: Path) -> R:
    with safe_open(path, framework="np") as file:
        header = file.metadata() or {}
        if header.get("format") != FORMAT or header.get("chapter") != cls.chapter:
            raise ValueError(f"this is not a recording of {cls.chapter} in format {FORMAT}")
        names = set(file.keys())
        unknown = names - set(cls.specs())
        if unknown:
            raise ValueError(f"unknown field {sorted(unknown)[0]}")
        missing = set(cls.specs()) - names
        if missing:
            raise KeyError(sorted(missing)[0])
        arrays = {name: file.get_tensor(name) for name in cls.specs()}
    words = json.loads(header["texts"])
    sources = json.loads(header["sources"])
    texts = {name: words[name] for name in cls.texts()}
    for name in cls.in_pieces():
        texts[name] = tuple(texts[name]) if isinstance(texts[name], list) else texts[name]
    return cls(sources=sources, **texts, **arrays)


def fields(recording: Recording) -> Iterator[tuple[str, Spec, Array]]:
    """Every array of a recording with its declaration, in order."""
    for name, spec in recording.specs().items():
        yield name, spec, getattr(recording, name)

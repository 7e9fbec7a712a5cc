"""The pins cover whatever this project needs, so that every machine gets the same packages."""

from __future__ import annotations

import re
import tomllib
from importlib import metadata

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from ngpt_math.files import ROOT


def pins() -> dict[str, str]:
    lines = (ROOT / "constraints.txt").read_text().splitlines()
    pairs = [line.split("==") for line in lines if line and not line.startswith("#")]
    return dict(pairs)


def project() -> dict:
    return tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]


def applies(wish: Requirement, extras: set[str]) -> bool:
    """Whether a distribution's requirement holds on this machine for these of its extras."""
    if wish.marker is None:
        return True
    return any(wish.marker.evaluate({"extra": extra}) for extra in ("", *extras))


def needed(lines: list[str]) -> set[str]:
    """The installed distributions that these requirements need, directly or not."""
    waiting = [Requirement(line) for line in lines]
    found: dict[str, set[str]] = {}
    while waiting:
        wish = waiting.pop()
        name = canonicalize_name(wish.name)
        if name in found and wish.extras <= found[name]:
            continue
        found[name] = found.get(name, set()) | wish.extras
        asked = metadata.requires(name) or []
        waiting += [w for w in map(Requirement, asked) if applies(w, found[name])]
    return set(found)


def all_lines() -> list[str]:
    declared = project()
    extras = declared["optional-dependencies"].values()
    return [*declared["dependencies"], *(line for extra in extras for line in extra)]


def test_pins_are_exact_and_without_local_parts() -> None:
    for name, version in pins().items():
        assert name == canonicalize_name(name)
        assert re.fullmatch(r"[0-9]+(\.[0-9]+)*(\.post[0-9]+)?", version), f"{name}=={version}"


def test_everything_needed_is_installed_as_pinned() -> None:
    pinned = pins()
    for name in needed(all_lines()):
        installed = metadata.version(name).partition("+")[0]
        assert pinned.get(name) == installed, f"{name} is installed as {installed}"


def test_rendering_needs_no_torch() -> None:
    assert "torch" not in needed(project()["dependencies"])


def test_a_requirement_without_a_pin_would_be_seen() -> None:
    assert "pip" in needed(["pip"])
    with pytest.raises(metadata.PackageNotFoundError):
        needed(["no-such-distribution"])

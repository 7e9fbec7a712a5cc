"""What came of a plan's units: one small file each, whole or not there.

runs/gpu/PLAN/done/UNIT.json     the result of a unit; what travels from one loan to the next
runs/gpu/PLAN/done/plan.json     the plan that the results are of
runs/gpu/PLAN/log.txt            what was done when, for people
runs/gpu/PLAN/work/UNIT/         a training in progress; gone when its unit is done
runs/gpu/PLAN/checkpoints/       weights in bf16 and in parts
"""

from __future__ import annotations

import json
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ngpt_math.errors import DamagedFile, UsageError
from ngpt_math.files import ROOT, shown, write_json
from ngpt_math.gpu.plan import Plan

PLAN_FILE = "plan.json"


@dataclass(frozen=True, slots=True)
class Ledger:
    """The folder of one plan."""

    plan: Plan
    path: Path

    @classmethod
    def of(cls, plan: Plan, folder: Path | None = None) -> Ledger:
        """The plan's ledger in a folder of several, `runs/gpu` if None is given.

        Raises:
            UsageError: what is there are results of another plan of that name.
            DamagedFile: it cannot be read.
        """
        ledger = cls(plan, (folder or ROOT / "runs" / "gpu") / plan.name)
        ledger._check_plan()
        return ledger

    @property
    def done_folder(self) -> Path:
        """Where results lie."""
        return self.path / "done"

    @property
    def checkpoints(self) -> Path:
        """Where weights in parts lie."""
        return self.path / "checkpoints"

    @property
    def log(self) -> Path:
        """What was done when."""
        return self.path / "log.txt"

    def work(self, unit: str) -> Path:
        """Where a unit's training lies while it is not done."""
        return self.path / "work" / unit

    def done(self) -> dict[str, dict[str, Any]]:
        """The results so far, by unit."""
        files = sorted(self.done_folder.glob("*.json"))
        return {f.stem: read_json(f) for f in files if f.name != PLAN_FILE}

    def keep(self, unit: str, result: dict[str, Any]) -> None:
        """Write a unit's result; from now on it is done."""
        kept = self.done_folder / PLAN_FILE
        if not kept.is_file():
            write_json(kept, self.plan.fingerprint())
        write_json(self.done_folder / f"{unit}.json", result)

    def note(self, line: str) -> None:
        """Add a line to the log."""
        self.path.mkdir(parents=True, exist_ok=True)
        stamp = time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime())
        with self.log.open("a") as file:
            file.write(f"{stamp}  {line}\n")

    def _check_plan(self) -> None:
        kept = self.done_folder / PLAN_FILE
        wanted = json.loads(json.dumps(self.plan.fingerprint()))
        if kept.is_file() and read_json(kept) != wanted:
            raise UsageError(
                f"{shown(self.path)} holds results of another plan called {self.plan.name}",
                "choose another --out, or remove that folder",
            )


def read_json(path: Path) -> dict[str, Any]:
    """A result.

    Raises:
        DamagedFile: it cannot be read.
    """
    try:
        found: dict[str, Any] = json.loads(path.read_text())
    except (OSError, ValueError) as error:
        remedy = f"remove {shown(path)}, and the unit is done again"
        raise DamagedFile(f"{shown(path)} cannot be read: {error}", remedy) from error
    return found

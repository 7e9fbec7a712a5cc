"""Training on several processes at once, as `torchrun` starts them: each takes a part of a batch.

Every process holds the whole model and makes the same steps: gradients are added up over the
processes before each of them. The first process evaluates and writes the run's folder; all of them
read it when they begin, so all must see it.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import torch
import torch.distributed as dist
from torch import Tensor

from ngpt_math.errors import StudioError, UsageError

BACKENDS = {"cpu": "gloo", "cuda": "nccl"}


@dataclass(frozen=True, slots=True)
class Ranks:
    """Which process this is, from 0, and of how many."""

    rank: int = 0
    count: int = 1

    @property
    def first(self) -> bool:
        """Whether this is the process that evaluates and writes."""
        return self.rank == 0

    def share(self, rows: Tensor) -> Tensor:
        """This process's rows [about n/count, …] of a batch [n, …].

        Raises:
            UsageError: there are fewer rows than processes.
        """
        if len(rows) < self.count:
            raise UsageError(
                f"a batch of {len(rows)} is too small for {self.count} processes", "start fewer"
            )
        return rows.tensor_split(self.count)[self.rank]

    def add_up(self, tensors: Iterable[Tensor]) -> None:
        """Replace every tensor by its sum over the processes; the same bits in each of them."""
        if self.count == 1:
            return
        for work in [dist.all_reduce(tensor, async_op=True) for tensor in tensors]:
            assert work is not None
            work.wait()

    def check_same(self, number: int, what: str) -> None:
        """Wait for all processes, and compare a number of theirs.

        Raises:
            StudioError: not all have the same; `what` says what was compared.
        """
        if self.count == 1:
            return
        found: list[int] = [0] * self.count
        dist.all_gather_object(found, number)
        if len(set(found)) > 1:
            raise StudioError(
                f"the processes find {what} {', '.join(map(str, found))}",
                "give --out a folder that all of them see",
            )


def here() -> Ranks:
    """The processes that were joined; one alone where none were."""
    if not (dist.is_available() and dist.is_initialized()):
        return Ranks()
    return Ranks(dist.get_rank(), dist.get_world_size())


@contextmanager
def joined(device: torch.device) -> Iterator[Ranks]:
    """Join the processes that `torchrun` started together with this one, if it did."""
    if int(os.environ.get("WORLD_SIZE", "1")) == 1 or dist.is_initialized():
        yield here()
        return
    if device.type == "cuda":
        torch.cuda.set_device(int(os.environ["LOCAL_RANK"]))
    dist.init_process_group(BACKENDS[device.type])
    try:
        yield here()
    finally:
        dist.destroy_process_group()

"""What an nGPT costs beside its baseline and beside nGPT-pytorch, measured in one run.

All contestants take their training steps in turn, in one process and on one thread, so that a busy
machine slows them alike; a ratio is the median over the rounds of one step's time over another's in
the same round. On a CPU the time is the process's own. A step is forward, loss, backward, clipping,
AdamW, and for an nGPT the projection of its weights. The baseline has every optimization that
applies to it: `fused`, folded gains, whole tensors.
"""

from __future__ import annotations

import gc
import statistics
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from typing import Any

import torch
from torch import Tensor, nn

from ngpt_math.bench_memory import peak_of_process, peak_of_tensors
from ngpt_math.bench_steps import Shape, Stepper, has_peer, model_step, peer_shape, peer_step
from ngpt_math.checkpoint import build_model
from ngpt_math.generation import generate
from ngpt_math.runfolder import versions

TARGETS = {
    "eager_ratio": 1.10,
    "compiled_ratio": 1.03,
    "vs_lucidrains": 0.75,
    "memory_ratio": 1.08,
    "kv_speedup": 5.0,
}
PEER = "nGPT-pytorch 0.2.10"
NO_PEER = f"{PEER} is not installed; `pip install nGPT-pytorch==0.2.10` adds the comparison"


def bench_model(
    quick: bool = True,
    shape: Shape | None = None,
    compiled: bool = True,
    tell: Callable[[str], None] = lambda line: None,
) -> dict[str, Any]:
    """Measure on the CPU, and give the numbers with what was compared.

    Args:
        quick: 15 rounds instead of 41, and memory once instead of three times.
        shape: of models and batch; None is the one the targets are for.
        compiled: also compile both models, which takes about a minute.
        tell: hears what is measured now.

    Returns:
        `eager_ratio`, `compiled_ratio`: step time nGPT/baseline. `vs_lucidrains`: ours over theirs
        for the same function. `memory_ratio`: peak nGPT/baseline. `kv_speedup`: generation without
        a cache over with one. None where it was not measured. Beside them `medians_ms`, `spread`
        (quartiles of the ratios), `memory`, `generation`, `targets`, and `compared`.
    """
    shape = shape or Shape()
    rounds = 15 if quick else 41
    with one_quiet_thread():
        tell(f"training steps, {rounds} rounds")
        times = step_times(contestants(shape, compiled), rounds)
        tell("generation")
        generation = generation_times(shape, 3 if quick else 5)
    tell("memory")
    memory = memory_peaks(shape, 1 if quick else 3)
    return report(times, memory, generation) | {"compared": compared(shape, rounds)}


def contestants(shape: Shape, compiled: bool) -> dict[str, Stepper]:
    """Everybody's training step by name."""
    steps = {kind: model_step(kind, shape) for kind in ("ngpt", "gpt")}
    if compiled:
        for kind in ("ngpt", "gpt"):
            steps[f"{kind} compiled"] = model_step(kind, shape, compiled=True)
    if has_peer():
        steps["ngpt, their shape"] = model_step("ngpt", peer_shape(shape))
        steps["lucidrains"] = peer_step(shape, parametrize=True)
        steps["lucidrains, manual"] = peer_step(shape, parametrize=False)
    return steps


@contextmanager
def one_quiet_thread() -> Iterator[None]:
    """One thread, no garbage collection while a step is timed, memory kept for the next step."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    keep_freed_memory()
    gc.collect()
    gc.disable()
    try:
        yield
    finally:
        gc.enable()
        torch.set_num_threads(threads)


def keep_freed_memory() -> None:
    """Tell glibc to hand out freed memory again instead of giving it back to the system.

    Otherwise the page faults of large tensors land on some contestants in some runs.
    """
    import ctypes

    trim_threshold, mmap_threshold = -1, -3
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        mallopt(mmap_threshold, 1 << 30)
        mallopt(trim_threshold, (1 << 31) - 1)


def step_times(steps: dict[str, Stepper], rounds: int) -> dict[str, list[float]]:
    """Milliseconds of each contestant's steps, every other round backwards."""
    for step in steps.values():
        for _ in range(3):
            step()
    times: dict[str, list[float]] = {name: [] for name in steps}
    for turn in range(rounds):
        names = list(steps)
        for name in names if turn % 2 else reversed(names):
            times[name].append(cpu_ms(steps[name]))
    return times


def cpu_ms(action: Callable[[], object]) -> float:
    """The CPU time of one call, milliseconds."""
    start = time.process_time()
    action()
    return 1e3 * (time.process_time() - start)


def ratio(above: Sequence[float], below: Sequence[float]) -> tuple[float, list[float]]:
    """The median of the rounds' ratios, and their first and third quartile."""
    ratios = [a / b for a, b in zip(above, below, strict=True)]
    low, middle, high = statistics.quantiles(ratios, n=4)
    return round(middle, 4), [round(low, 4), round(high, 4)]


PAIRS = {
    "eager_ratio": ("ngpt", "gpt"),
    "compiled_ratio": ("ngpt compiled", "gpt compiled"),
    "vs_lucidrains": ("ngpt, their shape", "lucidrains"),
    "vs_lucidrains_manual": ("ngpt, their shape", "lucidrains, manual"),
}


def report(
    times: dict[str, list[float]], memory: dict[str, Any], generation: dict[str, Any]
) -> dict[str, Any]:
    """The numbers by name, with their medians and quartiles."""
    ratios: dict[str, float | None] = dict.fromkeys(PAIRS)
    spread: dict[str, list[float] | None] = dict.fromkeys(PAIRS)
    for name, (above, below) in PAIRS.items():
        if above in times and below in times:
            ratios[name], spread[name] = ratio(times[above], times[below])
    return {
        **ratios,
        "memory_ratio": memory["tensors_ratio"],
        "kv_speedup": generation["speedup"],
        "medians_ms": {name: round(statistics.median(t), 2) for name, t in times.items()},
        "spread": spread,
        "memory": memory,
        "generation": generation,
        "targets": TARGETS,
    }


FIGURES = {
    "eager_ratio": "nGPT step / baseline step, eager",
    "compiled_ratio": "nGPT step / baseline step, compiled",
    "vs_lucidrains": "our step / nGPT-pytorch step, same function",
    "vs_lucidrains_manual": "the same with its manual_norm_weights",
    "memory_ratio": "peak memory nGPT / baseline, tensors",
    "kv_speedup": "generation without cache / with cache",
}


def table(result: dict[str, Any]) -> str:
    """The result of `bench_model` for people: figures, raw medians, and what was compared."""
    lines = [f"{'':44} measured  quartiles     target"]
    for name, figure in FIGURES.items():
        found = "–" if result[name] is None else f"{result[name]:.3f}"
        quartiles = result["spread"].get(name)
        low_high = "–" if quartiles is None else f"{quartiles[0]:.3f}–{quartiles[1]:.3f}"
        sign = "≥" if name == "kv_speedup" else "≤"
        target = f"{sign} {TARGETS[name]:.2f}" if name in TARGETS else ""
        lines.append(f"{figure:44} {found:>8}  {low_high:12}  {target}".rstrip())
    medians = (f"{name} {ms:.1f}" for name, ms in result["medians_ms"].items())
    memory, made = result["memory"], result["generation"]
    tensors = (f"{kind} {memory[kind]['tensors_mib']:.1f}" for kind in ("ngpt", "gpt"))
    processes = (f"{kind} {memory[kind]['process_mib']:.1f}" for kind in ("ngpt", "gpt"))
    same = "identical" if made["same_tokens"] else "OTHER"
    lines += [
        f"CPU ms a step: {', '.join(medians)}",
        f"MiB: tensors {', '.join(tensors)}; processes over their imports {', '.join(processes)}",
        f"{made['new_tokens']} new tokens: {made['cached_s']:.3f} s with cache,"
        f" {made['full_forward_s']:.3f} s without, {same} tokens",
    ]
    return "\n".join([*lines, *(f"{k}: {words(v)}" for k, v in result["compared"].items())])


def words(value: Any) -> str:
    """A number, a text, or several by name, in one line."""
    if isinstance(value, dict):
        return ", ".join(f"{name} {words(each)}" for name, each in value.items())
    return f"{value:,}" if isinstance(value, int) else str(value)


def memory_peaks(shape: Shape, times: int) -> dict[str, Any]:
    """Peaks of both models in MiB: of a process over its imports, and of the tensors alone."""
    found: dict[str, Any] = {}
    for kind in ("ngpt", "gpt"):
        peaks = [peak_of_process(kind, shape) for _ in range(times)]
        found[kind] = {
            "process_mib": round(statistics.median(peaks), 1),
            "tensors_mib": round(peak_of_tensors(kind, shape), 1),
        }
    for what in ("process", "tensors"):
        above, below = (found[kind][f"{what}_mib"] for kind in ("ngpt", "gpt"))
        found[f"{what}_ratio"] = round(above / below, 4)
    return found


def generation_times(shape: Shape, times: int) -> dict[str, Any]:
    """CPU seconds for 256 new tokens with and without a cache, in turn; the speed-up of medians."""
    torch.manual_seed(0)
    model = build_model(shape.config("ngpt"))
    prompt = torch.randint(0, shape.vocab, (1, 16))
    texts: dict[bool, Tensor] = {}
    ms: dict[bool, list[float]] = {True: [], False: []}
    for _ in range(times):
        for cached, measured in ms.items():
            start = time.process_time()
            texts[cached] = generate(model, prompt, 256, cached=cached)
            measured.append(time.process_time() - start)
    with_cache, without = (statistics.median(ms[cached]) for cached in (True, False))
    return {
        "speedup": round(without / with_cache, 3),
        "same_tokens": torch.equal(texts[True], texts[False]),
        "cached_s": round(with_cache, 4),
        "full_forward_s": round(without, 4),
        "prompt": 16,
        "new_tokens": 256,
    }


def compared(shape: Shape, rounds: int) -> dict[str, Any]:
    """What was measured, in words and numbers."""
    return {
        "shape": asdict(shape),
        "their_shape": asdict(peer_shape(shape)),
        "parameters": {kind: count(build_model(shape.config(kind))) for kind in ("ngpt", "gpt")},
        "step": "forward, loss, backward, clip 1.0, AdamW (fused), nGPT: weight normalization",
        "time": "CPU time of the process, one thread, contestants in turn",
        "ratio": "median over the rounds of one contestant's step over another's",
        "rounds": rounds,
        "lucidrains": peer_words() if has_peer() else NO_PEER,
        "memory": "tensors: largest sum of live tensors in two training steps, parameters and all,"
        " the ratio above; process: largest resident size of a process, less that after imports",
        "threads": 1,
        "device": "cpu",
        "versions": versions(),
    }


def peer_words() -> str:
    """Which of their settings were taken."""
    return (
        f"{PEER}, parametrized as by default, and with manual_norm_weights; add_value_residual"
        " off, alpha_init 0.05, s_qk_scale 1/√d, so that it is the same function as ours"
    )


def count(model: nn.Module) -> int:
    """How many parameters a model has."""
    return sum(p.numel() for p in model.parameters())

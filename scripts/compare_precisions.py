"""Train the report's recipe in fp32 and in bf16 with three seeds, and compare the best dev figures.

    python scripts/compare_precisions.py    # writes docs/results/precisions.json, docs/training.md

Every run ends at the first epoch that is no better than the one before it. Runs of one seed begin
from the same weights and see the same batches. They are kept in the user's cache folder and resume
where they were stopped.
"""

import statistics
from typing import Any

from shared import DOCS, fill, keep, table, trained

SEEDS = (1, 2, 3)
WAYS = ("fp32", "bf16")


def best(way: str, seed: int) -> dict[str, Any]:
    """Train one run and give its best epoch's figures."""
    settings = (f"training.precision={way}", f"training.seed={seed}", "training.patience=1")
    lines = trained(f"precisions/{way}-{seed}", *(f"--set={change}" for change in settings))
    found = min(lines, key=lambda line: line["dev"]["per_token"])
    return {
        "way": way,
        "seed": seed,
        "epoch": found["epoch"],
        "per_token": found["dev"]["per_token"],
        "per_token_closed": found["dev"]["per_token_closed"],
        "targets_per_second": round(statistics.median(m["targets_per_second"] for m in lines)),
    }


def shown(results: list[dict[str, Any]]) -> str:
    """The results as a table in Markdown."""
    reference = {r["seed"]: r["per_token"] for r in results if r["way"] == "fp32"}
    rows = []
    for r in sorted(results, key=lambda r: (WAYS.index(r["way"]), r["seed"])):
        change = f"{r['per_token'] / reference[r['seed']] - 1:+.2%}"
        figures = (f"{r[name]:.2f}" for name in ("per_token", "per_token_closed"))
        rows.append((r["way"], r["seed"], r["epoch"], *figures, change))
    return table(("way", "seed", "best epoch", "dev per_token", "closed", "against fp32"), rows)


if __name__ == "__main__":
    found = [best(way, seed) for seed in SEEDS for way in WAYS]
    keep("precisions", found, indent=2)
    fill(DOCS / "training.md", "precisions", shown(found))
    print(shown(found))

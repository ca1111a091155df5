"""Train the report's recipe in fp32 and in bf16 with three seeds, and compare the best dev figures.

    python scripts/compare_precisions.py    # writes docs/results/precisions.json, docs/training.md

Every run ends at the first epoch that is no better than the one before it. Runs of one seed begin
from the same weights and see the same batches. They are kept in the user's cache folder and go on
where they were stopped.
"""

import json
import statistics
import subprocess
import sys
from pathlib import Path
from typing import Any

import platformdirs

from tangyin.files import write_whole

ROOT = Path(__file__).parents[1]
SEEDS = (1, 2, 3)
WAYS = ("fp32", "bf16")
RUNS = platformdirs.user_cache_path("tangyin") / "runs/precisions"


def best(way: str, seed: int) -> dict[str, Any]:
    """Train one run and give its best epoch's figures."""
    run = RUNS / f"{way}-{seed}"
    command = [
        sys.executable, "-m", "tangyin", "train", str(ROOT / "configs/report.toml"),
        "--run", str(run), "--resume", "--set", f"training.precision={way}",
        "--set", f"training.seed={seed}",
        "--set", "training.patience=1",
    ]  # fmt: skip
    subprocess.run(command, check=True)
    lines = [json.loads(line) for line in (run / "metrics.jsonl").read_text("utf-8").splitlines()]
    found = min(lines, key=lambda line: line["dev"]["per_token"])
    return {
        "way": way,
        "seed": seed,
        "epoch": found["epoch"],
        "per_token": found["dev"]["per_token"],
        "per_token_closed": found["dev"]["per_token_closed"],
        "targets_per_second": round(statistics.median(m["targets_per_second"] for m in lines)),
    }


def table(results: list[dict[str, Any]]) -> str:
    """The results as a table in Markdown."""
    reference = {r["seed"]: r["per_token"] for r in results if r["way"] == "fp32"}
    lines = [
        "| way | seed | best epoch | dev per_token | closed | against fp32 |",
        "| --- | --- | --- | --- | --- | --- |",
    ]
    for r in sorted(results, key=lambda r: (WAYS.index(r["way"]), r["seed"])):
        change = r["per_token"] / reference[r["seed"]] - 1
        lines.append(
            f"| {r['way']} | {r['seed']} | {r['epoch']} | {r['per_token']:.2f} "
            f"| {r['per_token_closed']:.2f} | {change:+.2%} |"
        )
    return "\n".join(lines)


if __name__ == "__main__":
    found = [best(way, seed) for seed in SEEDS for way in WAYS]
    write_whole(ROOT / "docs/results/precisions.json", json.dumps(found, indent=2) + "\n")
    page = ROOT / "docs/training.md"
    before, _, rest = page.read_text("utf-8").partition("<!-- precisions -->")
    _, _, after = rest.partition("<!-- /precisions -->")
    filled = f"{before}<!-- precisions -->\n{table(found)}\n<!-- /precisions -->{after}"
    write_whole(page, filled)
    print(table(found))

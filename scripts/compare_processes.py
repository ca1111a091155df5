"""Train a small network in fp32 in one process and in two, and compare dev after each epoch.

    python scripts/compare_processes.py    # writes docs/results/processes.json, docs/scaling.md

The network is the report's, half as wide, on the 五絕. Runs of one seed begin from the same weights
and take the same batches; only the order of sums differs. They are kept in the user's cache folder
and go on where they were stopped.
"""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import platformdirs

from tangyin.files import write_whole

ROOT = Path(__file__).parents[1]
SEEDS, EPOCHS = (1, 2), 6
SMALL = (
    "model.hidden_size=128", "model.embedding_size=128", "data.forms=['五絕']",
    "training.batch_size=32", f"training.epochs={EPOCHS}", f"training.patience={EPOCHS}",
)  # fmt: skip
RUNS = platformdirs.user_cache_path("tangyin") / "runs/processes"


def dev(count: int, seed: int) -> list[float]:
    """Train in so many processes, and give the open dev perplexity after each epoch."""
    run = RUNS / f"{count}-{seed}"
    launcher = ["-m", "torch.distributed.run", "--standalone", f"--nproc-per-node={count}"]
    command = [
        sys.executable, *launcher, "-m", "tangyin", "train", str(ROOT / "configs/report.toml"),
        "-o", str(run), "--resume", "--precision", "fp32",
        *(f"--set={change}" for change in (*SMALL, f"training.seed={seed}")),
    ]  # fmt: skip
    subprocess.run(command, check=True)
    lines = (run / "metrics.jsonl").read_text("utf-8").splitlines()
    return [json.loads(line)["dev"]["per_token"] for line in lines]


def table(results: list[dict[str, Any]]) -> str:
    """The results as a table in Markdown."""
    epochs = [f"epoch {number}" for number in range(1, EPOCHS + 1)]
    rows = [["seed", *epochs, "largest difference"], ["---"] * (EPOCHS + 2)]
    for found in results:
        one, two = found["one"], found["two"]
        changes = [b / a - 1 for a, b in zip(one, two, strict=True)]
        pairs = [f"{a:.2f}, {b:.2f}" for a, b in zip(one, two, strict=True)]
        rows.append([str(found["seed"]), *pairs, f"{max(changes, key=abs):+.2%}"])
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)


if __name__ == "__main__":
    found = [{"seed": seed, "one": dev(1, seed), "two": dev(2, seed)} for seed in SEEDS]
    write_whole(ROOT / "docs/results/processes.json", json.dumps(found, indent=2) + "\n")
    page = ROOT / "docs/scaling.md"
    before, _, rest = page.read_text("utf-8").partition("<!-- processes -->")
    _, _, after = rest.partition("<!-- /processes -->")
    filled = f"{before}<!-- processes -->\n{table(found)}\n<!-- /processes -->{after}"
    write_whole(page, filled)
    print(table(found))

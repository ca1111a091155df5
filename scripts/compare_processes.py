"""Train a small network in fp32 in one process and in two, and compare dev after each epoch.

    python scripts/compare_processes.py    # writes docs/results/processes.json, docs/training.md

The network is the report's, half as wide, on the 五絕. Runs of one seed begin from the same weights
and take the same batches; only the order of sums differs. They are kept in the user's cache folder
and resume where they were stopped.
"""

from typing import Any

from shared import DOCS, fill, keep, table, trained

SEEDS, EPOCHS = (1, 2), 6
SMALL = (
    "model.hidden_size=128", "model.embedding_size=128", "data.forms=['五絕']",
    "training.batch_size=32", f"training.epochs={EPOCHS}", f"training.patience={EPOCHS}",
)  # fmt: skip


def dev(count: int, seed: int) -> list[float]:
    """Train in so many processes, and give the open dev perplexity after each epoch."""
    launcher = ("-m", "torch.distributed.run", "--standalone", f"--nproc-per-node={count}")
    words = [f"--set={change}" for change in (*SMALL, f"training.seed={seed}")]
    words += ["--precision", "fp32"]
    lines = trained(f"processes/{count}-{seed}", *words, launcher=launcher)
    return [line["dev"]["per_token"] for line in lines]


def shown(results: list[dict[str, Any]]) -> str:
    """The results as a table in Markdown."""
    rows = []
    for found in results:
        pairs = list(zip(found["one"], found["two"], strict=True))
        largest = max((b / a - 1 for a, b in pairs), key=abs)
        rows.append((found["seed"], *(f"{a:.2f}, {b:.2f}" for a, b in pairs), f"{largest:+.2%}"))
    epochs = (f"epoch {number}" for number in range(1, EPOCHS + 1))
    return table(("seed", *epochs, "largest difference"), rows)


if __name__ == "__main__":
    found = [{"seed": seed, "one": dev(1, seed), "two": dev(2, seed)} for seed in SEEDS]
    keep("processes", found, indent=2)
    fill(DOCS / "training.md", "processes", shown(found))
    print(shown(found))

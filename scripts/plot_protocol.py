"""Draw `docs/images/protocol.svg`: one network, measured honestly and in the report's own way.

    python scripts/plot_protocol.py

Reads docs/results/report_training.jsonl (the metrics of `tangyin train configs/report.toml --set
training.patience=20`) and docs/results/report_protocol.json (`tangyin study report-protocol`).
"""

import json
from pathlib import Path

import matplotlib as mpl
import matplotlib.pyplot as plt

DOCS = Path(__file__).parents[1] / "docs"
BLUE, ORANGE, GREY = "#0072b2", "#d55e00", "#777777"

if __name__ == "__main__":
    results = DOCS / "results"
    lines = (results / "report_training.jsonl").read_text(encoding="utf-8").splitlines()
    honest = [json.loads(line) for line in lines]
    leaking = json.loads((results / "report_protocol.json").read_text(encoding="utf-8"))["epochs"]
    mpl.rcParams["svg.hashsalt"] = "tangyin"
    figure, axes = plt.subplots(figsize=(7, 4), layout="constrained")
    epochs = [line["epoch"] for line in honest]
    dev = [line["dev"]["per_token_closed"] for line in honest]
    axes.plot(epochs, dev, color=BLUE, marker="o", markersize=3, label="unseen dev poems")
    axes.plot(
        epochs,
        [line["train_per_token"] for line in honest],
        color=BLUE,
        linestyle=":",
        label="training poems, while training",
    )
    axes.plot(
        [line["epoch"] for line in leaking],
        [line["dev_mean_of_poems"] for line in leaking],
        color=ORANGE,
        marker="s",
        markersize=3,
        label="the report's dev: redrawn every epoch",
    )
    best = min(range(len(dev)), key=dev.__getitem__)
    axes.annotate(
        f"{dev[best]:.1f}",
        (epochs[best], dev[best]),
        (0, 8),
        textcoords="offset points",
        color=BLUE,
    )
    axes.axhline(47, color=GREY, linewidth=0.8, linestyle="--")
    axes.annotate("the report's 47", (1, 47), (0, 3), textcoords="offset points", color=GREY)
    axes.set(yscale="log", xlabel="epoch", ylabel="perplexity", ylim=(20, 450))
    axes.set_yticks([20, 50, 100, 200, 400], labels=["20", "50", "100", "200", "400"])
    axes.minorticks_off()
    axes.spines[["top", "right"]].set_visible(False)
    axes.legend(frameon=False)
    figure.savefig(DOCS / "images/protocol.svg", metadata={"Date": None})

"""Fill docs/protocol.md with the figures of the two ways of measuring, and draw their plot.

    tangyin train configs/report.toml --set training.patience=20 --run runs/long
    cp runs/long/metrics.jsonl docs/results/report_training.jsonl
    tangyin study report-protocol -o docs/results/report_protocol.json
    python scripts/build_protocol_page.py

The text between the two markers of the page is replaced; a test checks that it is up to date.
"""

import json
import re
from pathlib import Path
from typing import Any

DOCS = Path(__file__).parents[1] / "docs"
PAGE = DOCS / "protocol.md"
SECTION = re.compile(r"(<!-- figures -->\n).*(<!-- end of figures -->)", re.S)
TEXT = """\
On unseen poems the network is at its best after epoch {best[epoch]}: a closed per_token of \
{best[dev][per_token_closed]:.1f} (open {best[dev][per_token]:.1f}, {more:.0%} more; closed \
per_hanzi {best[dev][per_hanzi_closed]:.0f}). Then it overfits: after epoch {last[epoch]} it is at \
{last[dev][per_token_closed]:.1f}.

Measured as in the report, the same network has {leak[dev_mean_of_poems]:.1f} after epoch \
{leak[epoch]} ({leak[dev_per_token]:.1f} if the exponential is taken once), still falling, because \
by then {leak[dev_share_seen]:.0%} of its dev poems have been trained on.

| epoch | train | dev, open | dev, closed | dev, closed, per Hanzi | the report's way \
| of its dev seen before |
| --- | --- | --- | --- | --- | --- | --- |
{rows}
"""
ROW = (
    "| {epoch} | {train_per_token:.1f} | {dev[per_token]:.1f} | {dev[per_token_closed]:.1f} "
    "| {dev[per_hanzi_closed]:.1f} | {leak[dev_mean_of_poems]:.1f} | {leak[dev_share_seen]:.0%} |"
)
BLUE, ORANGE, GREY = "#0072b2", "#d55e00", "#777777"


def results() -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """The metrics of the protocol's run, one object an epoch, and the study's results."""
    folder = DOCS / "results"
    lines = (folder / "report_training.jsonl").read_text(encoding="utf-8").splitlines()
    study = json.loads((folder / "report_protocol.json").read_text(encoding="utf-8"))
    return [json.loads(line) for line in lines], study


def section() -> str:
    """The paragraphs and the table with the figures."""
    honest, study = results()
    best = min(honest, key=lambda line: line["dev"]["per_token"])
    epochs = {1, 2, 3, 5, 10, 15, best["epoch"], len(honest)}
    more = best["dev"]["per_token"] / best["dev"]["per_token_closed"] - 1
    rows = [
        ROW.format(**line, leak=leak)
        for line, leak in zip(honest, study["epochs"], strict=False)
        if line["epoch"] in epochs
    ]
    words = {"best": best, "last": honest[-1], "leak": study["epochs"][-1], "more": more}
    return TEXT.format(**words, rows="\n".join(rows))


def page() -> str:
    """The page as it should be."""
    text = PAGE.read_text(encoding="utf-8")
    return SECTION.sub(lambda found: found[1] + section() + found[2], text)


def draw() -> None:
    """Draw docs/images/protocol.svg."""
    import matplotlib as mpl
    import matplotlib.pyplot as plt

    honest, study = results()
    mpl.rcParams["svg.hashsalt"] = "tangyin"
    figure, axes = plt.subplots(figsize=(7, 4), layout="constrained")
    epochs = [line["epoch"] for line in honest]
    dev = [line["dev"]["per_token_closed"] for line in honest]
    train = [line["train_per_token"] for line in honest]
    axes.plot(epochs, dev, color=BLUE, marker="o", markersize=3, label="unseen dev poems")
    axes.plot(epochs, train, color=BLUE, ls=":", label="training poems, while training")
    axes.plot(
        [line["epoch"] for line in study["epochs"]],
        [line["dev_mean_of_poems"] for line in study["epochs"]],
        color=ORANGE,
        marker="s",
        markersize=3,
        label="the report's dev, redrawn every epoch",
    )
    best = min(range(len(dev)), key=dev.__getitem__)
    axes.annotate(
        f"{dev[best]:.1f}",
        (epochs[best], dev[best]),
        color=BLUE,
        xytext=(0, 8),
        textcoords="offset points",
    )
    axes.axhline(47, color=GREY, linewidth=0.8, linestyle="--")
    axes.annotate("the report's 47", (1, 47), color=GREY, xytext=(0, 3), textcoords="offset points")
    axes.set(yscale="log", xlabel="epoch", ylabel="perplexity", ylim=(20, 450))
    axes.set_yticks([20, 50, 100, 200, 400], labels=["20", "50", "100", "200", "400"])
    axes.set_xticks([1, 5, 10, 15, 20])
    axes.minorticks_off()
    axes.spines[["top", "right"]].set_visible(False)
    axes.legend(frameon=False)
    figure.savefig(DOCS / "images/protocol.svg", metadata={"Date": None})


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
    draw()

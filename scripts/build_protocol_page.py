"""Fill docs/protocol.md with the figures of the two ways of measuring, and draw their plot.

    tangyin study perplexity && tangyin report -o docs/report
    python scripts/build_protocol_page.py

They are those of the report's part on perplexity, three seeds of each way. The text between the two
markers of the page is replaced; a test checks that it is up to date.
"""

import json
import re
from pathlib import Path
from typing import Any

from tangyin.studies.filters import mean, percent, span, spread

DOCS = Path(__file__).parents[1] / "docs"
PAGE = DOCS / "protocol.md"
SECTION = re.compile(r"(<!-- figures -->\n).*(<!-- end of figures -->)", re.S)
TEXT = """\
On unseen poems the network is at its best after epoch {best_epoch}: a closed per_token of \
{closed}, an open one of {opened}. Then it overfits: after epoch {epochs} the open one is {last}.

Measured as in the report, the same network has {own} after epoch {epochs} ({once} if the \
exponential is taken once), still falling, because by then {seen} of its dev poems have been \
trained on. Three seeds: means, and in brackets the lowest and the highest.

| epoch | train | dev, open | dev, closed | the report's way | of its dev seen before |
| --- | --- | --- | --- | --- | --- |
{rows}
"""
SHOWN = (1, 2, 3, 5, 6, 10, 15, 20)
"""Epochs of the table."""
BLUE, ORANGE, GREY = "#0072b2", "#d55e00", "#777777"


def results() -> dict[str, Any]:
    """The results of the study of perplexity."""
    found = json.loads((DOCS / "report/results.json").read_text(encoding="utf-8"))
    return dict(found["studies"]["perplexity"]["results"])


def means(curves: list[dict[str, Any]], name: str) -> list[float]:
    """A curve, the mean over seeds."""
    return [mean(values) for values in zip(*(curve[name] for curve in curves), strict=True)]


def section() -> str:
    """The paragraphs and the table with the figures."""
    found = results()
    honest, report = found["honest"], found["report"]
    epochs = found["settings"]["way_epochs"]
    best = [curve["dev"].index(min(curve["dev"])) for curve in honest]
    columns = [means(honest, name) for name in ("train", "dev", "dev_closed")]
    columns.append(means(report, "dev"))
    seen = means(report, "share_seen")
    rows = [
        f"| {n} | {' | '.join(f'{column[n - 1]:.1f}' for column in columns)} | {seen[n - 1]:.0%} |"
        for n in SHOWN
    ]
    return TEXT.format(
        best_epoch=span([number + 1 for number in best]),
        closed=spread([c["dev_closed"][n] for c, n in zip(honest, best, strict=True)]),
        opened=spread([min(curve["dev"]) for curve in honest]),
        last=spread([curve["dev"][epochs - 1] for curve in honest]),
        own=spread([curve["dev"][-1] for curve in report]),
        once=spread([curve["dev_per_token"][-1] for curve in report]),
        seen=percent(seen[-1], 0),
        epochs=epochs,
        rows="\n".join(rows),
    )


def page() -> str:
    """The page as it should be."""
    text = PAGE.read_text(encoding="utf-8")
    return SECTION.sub(lambda found: found[1] + section() + found[2], text)


def draw() -> None:
    """Draw docs/images/protocol.svg."""
    import matplotlib as mpl
    import matplotlib.pyplot as plt

    found = results()
    dev, train = (means(found["honest"], name) for name in ("dev_closed", "train"))
    own = means(found["report"], "dev")
    mpl.rcParams["svg.hashsalt"] = "tangyin"
    figure, axes = plt.subplots(figsize=(7, 4), layout="constrained")
    epochs = list(range(1, len(own) + 1))
    dev, train = dev[: len(own)], train[: len(own)]
    axes.plot(epochs, dev, color=BLUE, marker="o", markersize=3, label="unseen dev poems")
    axes.plot(epochs, train, color=BLUE, ls=":", label="training poems, while training")
    axes.plot(
        epochs,
        own,
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

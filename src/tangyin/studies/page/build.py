"""From results to the files of the report."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import matplotlib as mpl
from matplotlib.figure import Figure as Canvas

from tangyin.files import make_folder, write_whole
from tangyin.studies.page.blocks import Figure, Formula
from tangyin.studies.page.html import html_page
from tangyin.studies.page.markdown import markdown_page
from tangyin.studies.page.outline import NUMERALS, Part, Report
from tangyin.studies.page.style import FORMULA_POINTS, file_svg, svg_of
from tangyin.studies.page.words import counted
from tangyin.studies.study import Study

COUNTS = {10: "Ten", 11: "Eleven", 12: "Twelve"}


def build(results: dict[str, Any], studies: Mapping[str, Study], folder: Path) -> list[Path]:
    """Write the report: `index.html`, `report.md`, `figures/*.svg` and `results.json`.

    Figures of an earlier report that this one does not have are deleted.

    Returns:
        The files.
    """
    files = render(results, studies)
    make_folder(folder / "figures")
    for stale in (folder / "figures").glob("*.svg"):
        if f"figures/{stale.name}" not in files:
            stale.unlink()
    for name, content in files.items():
        write_whole(folder / name, content)
    return [folder / name for name in files]


def render(results: dict[str, Any], studies: Mapping[str, Study]) -> dict[str, str]:
    """The files of the report by their path in its folder; the same results give the same."""
    report = outline(results, studies)
    files = {
        "index.html": html_page(report),
        "report.md": markdown_page(report),
        "results.json": json.dumps(results, ensure_ascii=False, indent=1) + "\n",
    }
    for name in report.figures:
        files[f"figures/{name}.svg"] = file_svg(report.drawn[name])
    return files


def outline(results: dict[str, Any], studies: Mapping[str, Study]) -> Report:
    """The report with everything drawn."""
    parts = []
    for study in studies.values():
        if study.section is None:
            continue
        found = results["studies"].get(study.name)
        if found is None and study.apart:
            continue
        parts.append(
            Part(
                study.name,
                study.title,
                study.question,
                f"Not run yet: `tangyin study {study.name}` (about {study.minutes:g} minutes).",
                [] if found is None else study.section(found["results"]),
            )
        )
    report = Report(_title(len(parts)), _lead(results), parts, _reading(), _tail(results))
    for part in parts:
        for block in part.blocks:
            if isinstance(block, Figure):
                svg = svg_of(block.draw, block.name)
                report.figures.append(block.name)
                report.drawn[block.name] = block.moving(svg) if block.moving else svg
            elif isinstance(block, Formula):
                report.formulas.append(block.tex)
                report.drawn[block.tex] = formula_svg(block.tex)
    return report


def formula_svg(tex: str) -> str:
    """A formula as SVG, set by Matplotlib."""

    def draw() -> Any:
        mpl.rcParams["mathtext.fontset"] = "stix"
        mpl.rcParams["savefig.bbox"] = "tight"
        mpl.rcParams["savefig.pad_inches"] = 0.02
        mpl.rcParams["figure.constrained_layout.use"] = False
        canvas = Canvas(figsize=(0.01, 0.01))
        canvas.text(0, 0, f"${tex}$", fontsize=FORMULA_POINTS)
        return canvas

    return svg_of(draw, "formula")


def _title(parts: int) -> str:
    return (
        f"唐詩與小 LSTM：{NUMERALS[parts]}項實驗 {COUNTS.get(parts, str(parts))} studies of a "
        "small LSTM that writes Tang poetry"
    )


def _lead(results: dict[str, Any]) -> list[str]:
    found = results["studies"].values()
    quick = any(study["results"]["settings"].get("quick") for study in found)
    lead = [
        "A course report trained a one-layer LSTM on Tang poems and told what it saw. Here each "
        "of its experiments is done again, on a split that does not leak, with several seeds, and "
        "with what the numbers cannot show said beside them. The report itself was not at hand: "
        "its claims are given as they were told to this project.",
        "Unless a caption says otherwise the network is the report's: one layer of 128 hidden "
        "units, an embedding of 256, batches of 128 poems, Adam at a rate of 0.01, trained on the "
        "Tang 五律, poems of eight lines of five characters. *Perplexity* is how many characters "
        "the network is, as it were, undecided between: the lower, the better it knows the poem "
        "that comes. *a (b–c)* is a mean over seeds, the lowest and the highest. Every number here "
        "comes from `results.json` beside this page.",
    ]
    if quick:
        lead.insert(
            0,
            "**Quick sizes.** This page was made to see that everything runs. Its numbers mean "
            "nothing.",
        )
    return lead


def _reading() -> list[str]:
    return [
        "**How perplexity is counted.** By `docs/protocol.md`: the mean negative log-likelihood of "
        "all characters, marks and poem ends of the dev part, one exponential at the end, the "
        "first character predicted like any other. *Open* figures, which stand here unless "
        "*closed* is said, charge a character outside the vocabulary for being one of the 20,992 "
        "there are, so that a small vocabulary gains nothing; *closed* ones take `<unk>` for a "
        "token like any other. Training perplexity is the mean over an epoch while the weights "
        "move, and so a little behind what the network has at the epoch's end.",
        "**What the seeds say.** A seed decides the first weights and the order of the poems, not "
        "the split. Three of them give a range, not a confidence interval. When two things do not "
        "differ at all, all three seeds of the one lie below all three of the other once in twenty "
        "times by chance, and where many are compared some pair will.",
        "**What the dev part says.** Best epochs and best rates are chosen on the same dev poems "
        "whose figures are shown, which flatters each a little; comparisons suffer less, since "
        "all are chosen alike. The test part was not looked at.",
        "**One machine, one corpus.** Trainings of the report's network use matrix products in "
        "bf16 where the processor has them (three seeds end where fp32 ends, "
        "`docs/training.md`); on a processor of another kind the third digit may differ. "
        "Seconds were measured while other work ran on the same machine, which can only add to "
        "them: where times are compared, the least of all epochs and seeds stands for each. "
        "Nothing here says how the same comparisons come out for a larger network, another "
        "language, or prose.",
    ]


def _tail(results: dict[str, Any]) -> list[str]:
    found = results["studies"]
    if not found:
        return ["Nothing was run yet: `tangyin study all`."]
    ways: dict[str, list[str]] = {}
    for name, study in found.items():
        made = study["made"]
        key = (
            f"tangyin {made['tangyin'].removeprefix('tangyin ')[:12]}, torch {made['torch']}, "
            f"NumPy {made['numpy']}, {made['machine']}, {counted(made['threads'], 'thread')}, "
            f"matrix products in {made['precision']}"
        )
        ways.setdefault(key, []).append(name)
    return [
        "How it was made. "
        + " ".join(f"{', '.join(names)}: {key}." for key, names in ways.items())
        + f" Plots by Matplotlib {results['matplotlib']}.",
        "All of it again: `tangyin study all`, then `tangyin report`. Trainings are kept by their "
        "recipe, so that a study that was stopped goes on, and nothing is trained twice.",
    ]

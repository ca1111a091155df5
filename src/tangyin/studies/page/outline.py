"""The report as a whole, before it is rendered."""

from dataclasses import dataclass, field

from tangyin.studies.page.blocks import Block, Claim, Finding, Table

NUMERALS = ("", "一", "二", "三", "四", "五", "六", "七", "八", "九", "十", "十一", "十二")


@dataclass(frozen=True)
class Part:
    """A study's part of the report.

    Attributes:
        name: of the study.
        title: its heading.
        question: what it asks.
        missing: what stands there when it was not run.
        blocks: its content, empty when it was not run.
    """

    name: str
    title: str
    question: str
    missing: str
    blocks: list[Block]

    @property
    def claims(self) -> list[Claim]:
        """Its lines of the summary; the finding is one where it has none of its own."""
        found = [block for block in self.blocks if isinstance(block, Claim)]
        findings = [block.text for block in self.blocks if isinstance(block, Finding)]
        return found or [Claim("", text, "") for text in findings or [self.missing]]

    @property
    def shown(self) -> list[Block]:
        """What its section shows: all but the lines of the summary."""
        return [block for block in self.blocks if not isinstance(block, Claim)]


@dataclass
class Report:
    """The report.

    Attributes:
        title: of the page.
        lead: paragraphs before the summary.
        parts: one a study.
        reading: how the numbers are to be read, and what none of the studies can show.
        tail: paragraphs at the end.
        figures: names of the figures in their order.
        formulas: the formulas' TeX in its order.
        drawn: SVG of each figure by name, and of each formula by its TeX.
    """

    title: str
    lead: list[str]
    parts: list[Part]
    reading: list[str]
    tail: list[str]
    figures: list[str] = field(default_factory=list)
    formulas: list[str] = field(default_factory=list)
    drawn: dict[str, str] = field(default_factory=dict)

    def number_of(self, table: Table) -> int:
        """The number of a table in the whole report, from 1."""
        tables = [b for part in self.parts for b in part.blocks if isinstance(b, Table)]
        return next(n for n, other in enumerate(tables, 1) if other is table)

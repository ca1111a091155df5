"""The report as a whole, before it is rendered."""

from dataclasses import dataclass, field

from tangyin.studies.page.blocks import Block, Finding

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
    def finding(self) -> str:
        """What it found, or "" when it was not run."""
        return next((block.text for block in self.blocks if isinstance(block, Finding)), "")


@dataclass
class Report:
    """The report.

    Attributes:
        title: of the page.
        lead: paragraphs before the contents.
        parts: one a study.
        tail: paragraphs at the end.
        figures: names of the figures in their order.
        formulas: the formulas' TeX in its order.
        drawn: SVG of each figure by name, and of each formula by its TeX.
    """

    title: str
    lead: list[str]
    parts: list[Part]
    tail: list[str]
    figures: list[str] = field(default_factory=list)
    formulas: list[str] = field(default_factory=list)
    drawn: dict[str, str] = field(default_factory=dict)

"""A Chinese page says what its English twin says, as far as a program can see."""

import re
from collections import Counter
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.zh.md", *sorted((ROOT / "docs").rglob("*.zh.md"))]
SUMMARY = "report.zh.md"
"""The Chinese page of the report has its first part alone."""

FENCE = re.compile(r"^( *)(`{3,}).*?^\1\2$", re.MULTILINE | re.DOTALL)
INDENTED = re.compile(r"(?<=\n\n)(?:(?: {4}.*)?\n)+")
FORMULA = re.compile(r"^\$\$\n.*?^\$\$$", re.MULTILINE | re.DOTALL)
WORDS = re.compile(r"\\text\{[^}]*\}")
ASIDE = re.compile(r"`[^`\n]*`|\$[^$\n]*\$|\]\([^)]*\)|<[^>]*>|\{[^}\n]*\}")
"""What is no prose: code, formulas, targets of links, tags."""
NUMBER = re.compile(r"(?<![A-Za-z\d])\d+(?:,\d{3})*(?:\.\d+)?( million| ?[万億亿])?")
UNITS = {"million": 10**6, "万": 10**4, "亿": 10**8}


def twin(page: Path) -> Path:
    return page.with_name(page.name.replace(".zh.md", ".md"))


def both(page: Path) -> tuple[str, str]:
    chinese, english = (path.read_text(encoding="utf-8") for path in (page, twin(page)))
    if page.name == SUMMARY:
        english = english[: english.index('<a id="perplexity">')]
    return chinese, english


def prose(text: str) -> str:
    for pattern in (FENCE, FORMULA, INDENTED, ASIDE):
        text = pattern.sub(" ", text)
    return text


def headings(text: str) -> list[int]:
    return [len(marks) for marks in re.findall(r"^(#+) ", FENCE.sub("", text), re.MULTILINE)]


def blocks(text: str) -> list[str]:
    found = [match[0] for match in FENCE.finditer(text)]
    found += [match[0].strip() for match in INDENTED.finditer(FENCE.sub("", text))]
    found += [WORDS.sub("", formula) for formula in FORMULA.findall(text)]
    return [block for block in found if block]


def rows(text: str) -> list[int]:
    """How many cells each row of each table has."""
    return [len(re.findall(r"(?<!\\)\|", row)) for row in re.findall(r"^\|.*", text, re.MULTILINE)]


def numbers(text: str) -> Counter[float]:
    return Counter(
        float(found[0].removesuffix(found[1] or "").replace(",", ""))
        * UNITS.get((found[1] or "").strip(), 1)
        for found in NUMBER.finditer(prose(text))
    )


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_a_chinese_page_has_the_headings_code_and_numbers_of_its_twin(page) -> None:
    chinese, english = both(page)
    assert headings(chinese) == headings(english)
    assert blocks(chinese) == blocks(english)
    assert rows(FENCE.sub("", chinese)) == rows(FENCE.sub("", english))
    ours, theirs = numbers(chinese), numbers(english)
    assert (ours - theirs, theirs - ours) == (Counter(), Counter())


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_a_chinese_page_links_to_chinese_pages_where_there_are_any(page) -> None:
    links = re.findall(r"\]\(([^)\s#]+\.md)", FENCE.sub("", page.read_text(encoding="utf-8")))
    twins = [(page.parent / link).with_suffix(".zh.md") for link in links]
    itself = page.with_name(page.name.replace(".zh.md", ".md")).name
    wrong = [a for a, b in zip(links, twins, strict=True) if b.exists() and a != itself]
    assert wrong == []


def test_every_entry_of_the_contents_has_a_chinese_name() -> None:
    text = (ROOT / "mkdocs.yml").read_text(encoding="utf-8")
    contents = text[text.index("\nnav:") : text.index("\nvalidation:")]
    names = text[text.index("nav_translations:") : text.index("\n          theme:")]
    titles = set(re.findall(r"^ +- ([^:\n]+):", contents, re.MULTILINE))
    assert titles == set(re.findall(r"^ +([^:\n]+): ", names, re.MULTILINE))


def test_numbers_are_compared_by_value_and_outside_of_code_and_links() -> None:
    english = "2.5 million lines, 85 MB, 1,574 and 3.4 [9](a-8.md#7) `-n 6`\n\n    make 5\n"
    chinese = "250万句，85 MB，1,574 和 3.4 [9](b-1.md) `x 2`\n\n```\n3\n```\n"
    assert numbers(english) == numbers(chinese) == Counter([2.5e6, 85, 1574, 3.4, 9])
    assert numbers("84 MB") != numbers("85 MB")
    assert headings("# A\n\n```\n# no\n```\n\n## B\n") == [1, 2]
    assert blocks("a\n\n    make b\n\n```sh\nc\n```\n") == ["```sh\nc\n```", "make b"]
    assert blocks("$$\nx \\text{if } y\n$$\n") == blocks("$$\nx \\text{若 } y\n$$\n")

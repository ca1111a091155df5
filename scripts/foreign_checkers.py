"""The verdicts of other checkers on poems that this project's checker accepts.

    python -m venv /tmp/others
    /tmp/others/bin/pip install --no-deps pingshui-rhyme==0.20 'setuptools<81'
    git clone https://github.com/hulbji/couyun /tmp/couyun
    python scripts/foreign_checkers.py --packages /tmp/others/lib/python3*/site-packages \\
        --couyun /tmp/couyun [--strict FILE]     # of 25 poems in each form, seed 1
    python scripts/foreign_checkers.py --print      # the table in docs/results

Neither is a dependency, and nothing of theirs is copied here; both have the MIT licence.

- pingshui-rhyme 0.20: its own table of 平水韻; rhyme, and a regular pattern or 對 and 粘 at the
  second, fourth and sixth places. 借鄰韻 is refused.
- The same table without any licence: each line is regular for its type by `docs/prosody.md`; a
  character with readings of both tones counts as either, and so does one that the table lacks.
  小拗, 大拗, 特定句式, 孤平拗救, 借鄰韻 and 三仄尾 are refused.
- couyun 1744e87: its own table; 大拗, 特定句式 and 借鄰韻 are allowed, 孤平 is refused.

The poems are those of the sample sheets, strict ones from a JSONL file of `tangyin write --strict`,
and Tang dev poems, evenly spread: those that our checker calls regulated, and the others.
"""

import json
import sys
from collections import Counter
from collections.abc import Callable, Iterable
from itertools import chain
from pathlib import Path
from typing import Any

from shared import SAMPLES, keep, kept, parser, print_only, table
from tangyin.corpus import DEV, load_corpus
from tangyin.metre import Report, check_poem
from tangyin.studies.recipes import few
from tangyin.verse import split_lines

SHEETS = ("wulv", "qilv", "wujue", "qijue", "titles")
REAL = 300
LICENCES = frozenset({"小拗", "大拗", "特定句式", "孤平拗救", "對句相救", "借鄰韻", "三仄尾"})
"""The licences of which a strict poem has none."""
REGULAR = {"a": ".ZPPZ", "A": ".ZZPP", "b": ".PPZZ", "B": "PP.ZP"}

Lines = tuple[str, ...]
Checker = Callable[[Lines, Report], bool]

LICENCES = frozenset({"小拗", "大拗", "特定句式", "孤平拗救", "對句相救", "借鄰韻", "三仄尾"})
"""What a strict poem has none of."""


def sheets() -> list[Lines]:
    """The poems of the sample sheets."""
    found = []
    for name in SHEETS:
        text = (SAMPLES / f"{name}.md").read_text(encoding="utf-8")
        for block in text.split("```console\n")[1:]:
            _, _, shown = block.partition("\n")
            poems = shown.split("```")[0].strip().split("\n\n")
            found += [split for poem in poems if (split := split_lines("".join(poem.split())))]
    return [lines for lines, _ in found]


def pingshui() -> dict[str, Checker]:
    """The package, and its table alone."""
    from pingshui_rhyme import PoemStructureChecker

    checker = PoemStructureChecker()
    tones = checker.classifier

    def whole(lines: Lines, _report: Report) -> bool:
        text = "\n".join(lines)
        return all(
            bool(check(text)[0])
            for check in (checker.check_poem_rhyming, checker.check_poem_pingze_meter)
        )

    def fits(tone: str, character: str) -> bool:
        level, oblique = (
            character in known for known in (tones.ping_characters, tones.ze_characters)
        )
        return {"P": level, "Z": oblique}.get(tone, True) or not (level or oblique)

    def regular(lines: Lines, report: Report) -> bool:
        for line, kind in zip(lines, report.line_types, strict=True):
            pattern = REGULAR.get(kind)
            if pattern is None:
                return False
            if len(line) == 7:
                pattern = "." + ("P" if pattern[1] == "Z" else "Z") + pattern
            if not all(map(fits, pattern, line)):
                return False
        feet = [line[-1] for line in lines[1::2]]
        feet += [lines[0][-1]] if report.line_types[0].isupper() else []
        rhymes = checker.rhyme_checker
        known = [foot for foot in feet if rhymes.get_rhyme_group(foot)]
        return all(bool(rhymes.do_rhyme(known[0], foot)) for foot in known[1:])

    return {"pingshui-rhyme": whole, "its table, no licences": regular}


def couyun() -> dict[str, Checker]:
    """The checker of 詩, by 平水韻 in traditional characters."""
    from couyun.shi.shi_rhythm import ShiRhythm

    def accepts(lines: Lines, _report: Report) -> bool:
        answer = ShiRhythm(1, "".join(lines), None, True).main_shi()
        return isinstance(answer, str) and not any(sign in answer for sign in ("●", "■", "不押"))

    return {"couyun": accepts}


def agreement(poems: Iterable[Lines], checkers: dict[str, Checker]) -> dict[str, Any]:
    """The number of poems that each checker accepts, and the licences in those it refuses."""
    reports = {lines: check_poem(lines) for lines in dict.fromkeys(poems)}
    found: dict[str, Any] = {
        "poems": len(reports),
        "regulated": sum(report.regulated for report in reports.values()),
    }
    for name, accepts in checkers.items():
        refused = [report for lines, report in reports.items() if not accepts(lines, report)]
        kinds = [
            LICENCES & {note.kind for note in (*report.licences, *report.warnings)}
            for report in refused
        ]
        found[name] = {
            "accepted": len(reports) - len(refused),
            "refused_without_licence": kinds.count(frozenset()),
            "licences_of_refused": dict(Counter(chain.from_iterable(kinds)).most_common()),
        }
    return found


def shown(results: dict[str, Any]) -> str:
    """The kept results as Markdown."""
    names = [name for name, of in next(iter(results.values())).items() if isinstance(of, dict)]
    rows = []
    for label, found in results.items():
        counts = [found["regulated"], *(found[name]["accepted"] for name in names)]
        shares = [f"{count / found['poems']:.0%}".replace("%", " %") for count in counts]
        rows.append((label, found["poems"], *shares))
    return table(("", "poems", "ours", *names), rows)


def main() -> None:
    """Check if asked to, and print."""
    arguments = parser(__doc__)
    arguments.add_argument("--packages", type=Path, help="the folder with pingshui_rhyme")
    arguments.add_argument("--couyun", type=Path, help="a checkout of couyun")
    arguments.add_argument("--strict", type=Path, help="JSONL of poems written with --strict")
    print_only(arguments)
    options = arguments.parse_args()
    if not options.only:
        sys.path += [str(path) for path in (options.packages, options.couyun) if path]
        checkers = (pingshui() if options.packages else {}) | (couyun() if options.couyun else {})
        dev = load_corpus().select(parts=[DEV], dynasties=["tang"]).lines()
        real = [(lines, check_poem(lines).regulated) for lines in few(dev, REAL)]
        sets = {"`strong`, by default": sheets()}
        if options.strict:
            written = options.strict.read_text(encoding="utf-8").splitlines()
            lines = [tuple(json.loads(line)["lines"]) for line in written]
            sets["`strong`, `--strict`"] = lines
        sets["dev, regulated by ours"] = [lines for lines, regulated in real if regulated]
        sets["dev, not regulated by ours"] = [lines for lines, regulated in real if not regulated]
        keep("foreign_checkers", {name: agreement(poems, checkers) for name, poems in sets.items()})
    print(shown(kept("foreign_checkers")))


if __name__ == "__main__":
    main()

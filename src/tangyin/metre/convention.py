"""A second verdict: the same report by a stricter or a looser convention."""

from dataclasses import fields, replace
from operator import attrgetter
from typing import Any, Literal

from tangyin.metre import finding as kinds
from tangyin.metre.books import book_named
from tangyin.metre.finding import Finding, Licence, Report
from tangyin.metre.pattern import THREE_OBLIQUES
from tangyin.metre.shi_findings import COUPLET, first_line_rhyme

Convention = Literal["strict", "usual", "loose"]
"""strict: no licence, as `tangyin write --strict`, and no 三仄尾. loose: an even line may have a
neighbouring rhyme (通押), and 特定句式 may begin oblique."""

LENIENT = "特定句式首字仄"


def by_convention(found: Report, convention: Convention) -> Report:
    """The report of `check_poem`, which is "usual", as another convention judges the poem."""
    if convention == "strict":
        against: list[Finding] = [f for f in found.licences if f.kind != COUPLET]
        against += [f for f in found.warnings if f.kind == THREE_OBLIQUES]
        # In reading order, licences among them as plain findings.
        ordered = sorted([*found.faults, *against], key=attrgetter("line"))
        faults = tuple(Finding(**_fields(finding)) for finding in ordered)
        warnings = tuple(f for f in found.warnings if f.kind != THREE_OBLIQUES)
        return replace(found, regulated=not faults, faults=faults, licences=(), warnings=warnings)
    if convention == "loose":
        allowed = [fault for fault in found.faults if _is_allowed(fault, found)]
        faults = tuple(fault for fault in found.faults if fault not in allowed)
        both = [*found.licences, *(Licence(**_fields(fault)) for fault in allowed)]
        licences = tuple(sorted(both, key=attrgetter("line")))
        return replace(found, regulated=not faults, faults=faults, licences=licences)
    return found


def _is_allowed(fault: Finding, found: Report) -> bool:
    if fault.kind == kinds.OUT_OF_RHYME and found.rhyme != kinds.NONE:
        foot = found.read_as[fault.line - 1][-1]
        return bool(first_line_rhyme(foot, found.rhyme, book_named(found.book)))
    return fault.kind == LENIENT


def _fields(found: Finding) -> dict[str, Any]:
    return {field.name: getattr(found, field.name) for field in fields(Finding)}

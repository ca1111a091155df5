"""The façade: what the command line, the web page and other people's programs call."""

import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import chain
from typing import Any, Unpack, get_args

from tangyin import writing
from tangyin.errors import TangyinError, UsageError
from tangyin.model import DEFAULT, Engine, find_model
from tangyin.model.file import ModelFile
from tangyin.prosody import (
    LEVEL_RHYMES,
    Convention,
    Report,
    by_convention,
    check_poem,
    check_text,
    traditional_lines,
)
from tangyin.scoring import (
    Evaluation,
    Score,
    evaluate_split,
    evaluate_tangshi_gpt,
    prefix_of,
    score_poems,
)
from tangyin.verse import WULV, Form, Ids, Poem, form_named, read_poem
from tangyin.writing import (
    Candidates,
    Composition,
    LineWay,
    ParticleComposer,
    Request,
    Sheet,
    SheetReport,
    Verse,
    rule_named,
)
from tangyin.writing.decoding import check_numbers
from tangyin.writing.keywords import PoemKeywords, PoemsKeywords, RevisionKeywords
from tangyin.writing.options import Option, options
from tangyin.writing.verse import later, report_on

__all__ = [
    "Candidates", "Evaluation", "LineWay", "Report", "Score", "SheetReport", "TangyinError",
    "UsageError", "Verse", "Writer", "check", "check_sheet", "load", "rule_named",
]  # fmt: skip

SIDE_BY_SIDE = 64
"""Free poems written together; more would not be faster and would be kept waiting longer."""

ROWS = 256  # Particles that are written together, of one poem or several
REVISIONS = 128  # How many ways to write a line are drawn, of which the likeliest are shown
MOST_REVISIONS = 100  # The largest number of ways to write a line that are shown
MOST_CANDIDATES = 50  # The largest number of candidates for a place
MOST_LINES = 12  # The largest number of ways to write a line side by side
PROTOCOLS = ("honest", "tangshi-gpt")  # How perplexity can be counted (`docs/protocol.md`)

_TEXT = Option("text", str, "")
_CONVENTION = Option("convention", str, "usual", choices=get_args(Convention))


class Writer:
    """A model that writes and scores poems."""

    def __init__(self, model: ModelFile) -> None:
        self.model, self.engine = model, Engine(model)

    @property
    def takes_title(self) -> bool:
        """Whether the model was trained to write on a title."""
        return self.engine.vocabulary.takes_title

    def write(self, start: str = "", **options: Unpack[PoemKeywords]) -> Verse:
        """Write one poem; for the options see `write_many`."""
        several: PoemsKeywords = {**options, "count": 1}
        return next(self.write_many(start, **several))

    def write_many(self, start: str = "", **options: Unpack[PoemsKeywords]) -> Iterator[Verse]:
        """Write poems, each as soon as it is asked for.

        Args:
            start: first characters or lines, with □ for each character left open; may be empty.
            options: by name (`tangyin.writing.options`), such as `form`, `regulated`, `rhyme`,
                `rule`, `count` and `seed`. `rule` may also be made by `rule_named`.

        Raises:
            UsageError: by this call, before anything is written: an option is unknown or not
                possible, or the options cannot be met together.
            TangyinError: while writing, when no poem keeps all that was asked.
        """
        request = self.request(start, **options)
        # Refuse now, not while writing.
        check_numbers(request.rule, request.count - 1, len(self.engine.vocabulary.hanzi))
        seed = writing.new_seed() if request.seed is None else request.seed
        if request.regulated:
            poems = self._regulated(request, seed)
        else:
            poems = self._free(request, seed, range(request.count))
        return (
            self.verse(poem, request, seed, number).in_script(request.script)
            for number, poem in enumerate(poems)
        )

    def revise(
        self,
        text: str,
        line: int,
        *,
        character: int | None = None,
        count: int = 5,
        seed: int = 0,
        **options: Unpack[RevisionKeywords],
    ) -> list[Verse]:
        """Other ways to write one line of a poem, or one character, in its context.

        Args:
            text: a poem in a form that the model knows.
            line: which line, from 1.
            character: which character of it, from 1; the whole line when None.
            count: the largest number of ways, 1 … 100.
            seed: keys the draws.
            options: see `write_many`; start and form are those of the poem. The temperature is 1
                unless it or the rule is given, so that the ways differ.

        Returns:
            Poems that differ from `text` and each other in that place alone, the likeliest first:
            each is weighed as a whole, by what precedes and what follows. Their `number` is the
            rank. Under argmax they differ by their first open character.

        Raises:
            UsageError: there is no such line, or the rest of the poem does not keep the rules.
        """
        if options.keys() & {"start", "form"}:
            raise UsageError("request.start_of_revision")
        poem, _ = self.read(text)
        form = self._form(poem.form.name)
        Option("line", int, 1).check(line)
        Option("character", int, None).check(character)
        if not 1 <= line <= form.lines:
            raise UsageError("request.no_line", line=line, form=form.name, lines=form.lines)
        if character is not None and not 1 <= character <= form.characters:
            raise UsageError(
                "request.no_character", character=character, form=form.name, width=form.characters
            )
        count = Option("count", int, 5, minimum=1, maximum=MOST_REVISIONS).check(count)
        characters = list(poem.text)
        first = (line - 1) * (form.characters + 1)
        for at in range(form.characters) if character is None else (character - 1,):
            characters[first + at] = writing.BLANK
        open_text = "".join(characters)
        if not options.keys() & {"rule", "temperature"}:
            options["temperature"] = 1.0
        request = Request(form, open_text, count=count, seed=seed, **options)
        drawn: Iterable[Composition | None]
        if request.regulated:
            planned = writing.plan(request, self.engine.vocabulary)
            composer = ParticleComposer(self.engine, planned, request.rule, particles=1)
            drawn = composer.compose(seed, range(REVISIONS))
        else:
            drawn = self._free(request, seed, range(REVISIONS))
        others = {other.text: other for other in drawn if other and other.text != poem.text}
        likeliest = sorted(others.values(), key=lambda other: -other.log_likelihood)
        return [
            self.verse(other, request, seed, rank).in_script(request.script)
            for rank, other in enumerate(likeliest[:count])
        ]

    def candidates(
        self,
        rows: Sequence[str],
        line: int,
        place: int,
        *,
        form: str | None = None,
        title: str = "",
        length: int = 1,
        loosened: bool = False,
        asked: str = "",
        count: int = 12,
    ) -> Candidates:
        """Characters or words for a place of a poem, finished or not.

        They are those that add no fault, weighed by all that is before and after the place. Where
        the rules allow more than 200, the 200 likeliest by what is before it are weighed.

        Args:
            rows: the lines, each with or without its mark; □ for an open place. Lines that are
                missing, or end early, are open.
            line: the line, from 1.
            place: the character, from 1. What is there now does not count.
            form: the form of the poem; as for `write`.
            title: its title.
            length: 1 for characters, 2 for words of two characters that begin at the place.
            loosened: whether candidates may break the rules, or repeat a character of the poem.
            asked: a character to be explained: its rank, and what the rules have against it.
            count: how many candidates are wanted, 1 … 50.

        Raises:
            UsageError: an argument is not possible.
        """
        Option("length", int, 1, minimum=1, maximum=2).check(length)
        Option("count", int, 12, minimum=1, maximum=MOST_CANDIDATES).check(count)
        Option("asked", str, "", longest=1).check(asked)
        sheet = self._sheet(rows, form, line)
        if not 1 <= place <= sheet.form.characters + 1 - length:
            raise UsageError(
                "request.no_character", character=place + length - 1, form=sheet.form.name,
                width=sheet.form.characters,
            )  # fmt: skip
        return writing.candidates_at(
            self.engine,
            sheet,
            self._prefix(sheet, title),
            (line - 1, place - 1),
            length=length,
            loosened=loosened,
            asked=asked,
            count=count,
        )

    def lines(
        self,
        rows: Sequence[str],
        line: int,
        *,
        form: str | None = None,
        title: str = "",
        keep: bool = True,
        count: int = 3,
        seed: int = 0,
    ) -> list[LineWay]:
        """Different ways to write a line of a poem, finished or not, the best first.

        Args:
            rows: see `candidates`.
            line: the line, from 1.
            form: see `candidates`.
            title: see `candidates`.
            keep: whether the characters that the line has stay where it has open places.
            count: how many ways are wanted, 1 … 12; there may be fewer.
            seed: keys the draws.

        Raises:
            UsageError: an argument is not possible.
        """
        Option("count", int, 3, minimum=1, maximum=MOST_LINES).check(count)
        Option("seed", int, 0, minimum=0).check(seed)
        sheet = self._sheet(rows, form, line)
        prefix = self._prefix(sheet, title)
        return writing.lines_at(
            self.engine, sheet, prefix, line - 1, keep=keep, count=count, seed=seed
        )

    def _sheet(self, rows: Sequence[str], form: str | None, line: int) -> Sheet:
        sheet = Sheet.of(self._form(form), rows)
        if not 1 <= line <= sheet.form.lines:
            lines = sheet.form.lines
            raise UsageError("request.no_line", line=line, form=sheet.form.name, lines=lines)
        return sheet

    def _prefix(self, sheet: Sheet, title: str) -> Ids:
        """What the model reads before a poem: the rhyme too, where feet are written."""
        rhyme = check_poem(sheet.read_as, sheet.read_as).rhyme if sheet.form.regulated else ""
        known = rhyme if rhyme in LEVEL_RHYMES else ""
        return writing.prefix_for(
            Request(sheet.form, title=title, rhyme=known), self.engine.vocabulary
        )

    def request(self, start: str = "", **options: Unpack[PoemsKeywords]) -> Request:
        """A checked request to this model; for options and errors see `write_many`."""
        given: dict[str, Any] = {**options}
        return Request(self._form(given.pop("form", None)), start, **given)

    def verse(self, poem: Composition, request: Request, seed: int, number: int) -> Verse:
        """A written poem with how it was written, in traditional characters."""
        spelling = writing.typed_spelling(request, self.engine.vocabulary)
        lines = tuple(line.translate(spelling) for line in poem.lines)
        return Verse(
            text=poem.text.translate(spelling),
            lines=lines,
            form=request.form.name,
            title=writing.read_title(request),
            model=self.model.name,
            rule=request.rule.name,
            seed=seed,
            number=number,
            log_likelihood=poem.log_likelihood,
            prosody=poem.report
            if isinstance(poem, writing.RegulatedPoem) and lines == poem.lines
            else later(report_on, lines),
        )

    def _regulated(self, request: Request, seed: int) -> Iterator[Composition]:
        planned = writing.plan(request, self.engine.vocabulary)
        composer = ParticleComposer(self.engine, planned, request.rule, request.particles)
        together = max(1, ROWS // request.particles)
        return writing.write_regulated(composer, seed, request.count, together)

    def _free(self, request: Request, seed: int, numbers: range) -> Iterator[Composition]:
        opening = writing.opening_of(request, self.engine.vocabulary)
        prefix = writing.prefix_for(request, self.engine.vocabulary)
        guide = writing.guide_for(request, self.engine.vocabulary)

        def composed(first: int) -> list[Composition]:
            batch = numbers[first : first + SIDE_BY_SIDE]
            orders = [writing.Order(opening, seed, number) for number in batch]
            return writing.compose(self.engine, request.form, request.rule, orders, prefix, guide)

        return chain.from_iterable(map(composed, range(0, len(numbers), SIDE_BY_SIDE)))

    def read(self, text: str) -> tuple[Poem, tuple[str, ...]]:
        """Read a poem as a person types it, ready to be scored.

        Returns:
            The poem, and codes of what was done to the text: "text.converted", "text.marks_added".

        Raises:
            UsageError: the text is not a poem in the four forms, or in none the model knows.
        """
        typed, added = read_poem(_TEXT.check(text))
        poem = replace(typed, lines=traditional_lines(typed.lines))
        done = {"text.converted": poem != typed, "text.marks_added": added}
        self.engine.vocabulary.prefix_id(poem.form)
        return poem, tuple(code for code, is_done in done.items() if is_done)

    def score(self, text: str) -> Score:
        """Score one poem in any of the four forms; see `read` for how it is read."""
        return next(self.score_many([text]))

    def score_many(self, poems: Iterable[Poem | str]) -> Iterator[Score]:
        """Score poems, or texts (see `read`), in order, some dozens being read side by side."""
        read = (poem if isinstance(poem, Poem) else self.read(poem)[0] for poem in poems)
        return (Score.of(poem, tally) for poem, tally in score_poems(self.engine, read))

    def evaluate(
        self, split: str = "dev", form: str | None = None, protocol: str = "honest"
    ) -> Evaluation:
        """Perplexity on held-out poems by the protocol (`docs/protocol.md`).

        Args:
            split: "dev" or "test"; not used by "tangshi-gpt".
            form: one form; all that the model knows when None.
            protocol: "honest", or "tangshi-gpt": as that model counts, on its own test poems.

        Raises:
            UsageError: an argument is not possible.
            TangyinError: the corpus is not prepared.
        """
        Option("split", str, "dev", choices=("dev", "test")).check(split)
        Option("protocol", str, "honest", choices=PROTOCOLS).check(protocol)
        if protocol == "tangshi-gpt":
            if form is not None:
                raise UsageError("request.form_of_protocol", protocol=protocol)
            figures = {"prefix": "none", **evaluate_tangshi_gpt(self.engine)}
            split, named = "test", "all"
        else:
            forms = self.model.forms if form is None else (self._form(form),)
            tally = evaluate_split(self.engine, split, forms)
            figures = {"prefix": prefix_of(self.engine.vocabulary), **tally.figures()}
            named = forms[0].name if len(forms) == 1 else "all"
        return Evaluation(
            model=self.model.name, split=split, form=named, protocol=protocol, **figures
        )

    def _form(self, name: str | None) -> Form:
        known = self.model.forms
        name = options()["form"].check(name)
        if name is None:
            return WULV if WULV in known else known[0]
        form = form_named(name)
        if form not in known:
            raise UsageError("form.not_trained", form=form.name, forms=[f.name for f in known])
        return form


def check_sheet(rows: Sequence[str], form: str, pattern: str = "") -> SheetReport:
    """Check an unfinished poem, and say what the rules ask of its open places.

    Args:
        rows: the lines, each with or without its mark; □ for an open place. Lines that are missing,
            or end early, are open.
        form: its form.
        pattern: the sequence it is to follow, such as 平起首句入韻; "" for the one that fits best.

    Raises:
        UsageError: an argument is not possible.
    """
    return writing.report_on(Sheet.of(form_named(form), rows), pattern)


def load(model: str | os.PathLike[str] = DEFAULT) -> Writer:
    """Load a model to write and score with.

    Args:
        model: a shipped or own model's name, or a file's path.

    Raises:
        UsageError: there is no such model.
        TangyinError: its file is damaged.
    """
    path = os.fspath(model) if isinstance(model, os.PathLike) else model
    return Writer(find_model(options()["model"].check(path)))


def check(text: str, convention: Convention = "usual") -> Report:
    """Check the prosody of a poem: tones, line types, rhyme, faults, antithesis.

    Args:
        text: the poem, with or without marks, traditional or simplified.
        convention: "strict" allows no licence; "loose" allows rhymes of neighbouring groups.

    Raises:
        UsageError: the text is not two or more lines of five or seven characters.
    """
    return by_convention(check_text(_TEXT.check(text)), _CONVENTION.check(convention))

"""The public API, which the command line, the web page and other programs call."""

import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import chain
from typing import Any, Unpack, get_args

from tangyin import writing
from tangyin.errors import TangyinError, UsageError
from tangyin.metre import (
    AnyReport,
    CiReport,
    Convention,
    Report,
    book_named,
    check_any,
    traditional_lines,
)
from tangyin.metre.option import Option
from tangyin.model import DEFAULT, Engine, find_model
from tangyin.model.file import ModelFile
from tangyin.scoring import (
    Evaluation,
    Score,
    evaluate_split,
    evaluate_tangshi_gpt,
    prefix_of,
    score_poems,
)
from tangyin.verse import (
    CI,
    PAUSE,
    WULV,
    Form,
    Poem,
    form_named,
    form_token,
    read_poem,
    split_lines,
    to_simplified,
)
from tangyin.writing import (
    Answer,
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
from tangyin.writing.decoding import Watch
from tangyin.writing.free import check_numbers
from tangyin.writing.keywords import (
    CandidateKeywords,
    LineKeywords,
    PoemKeywords,
    PoemsKeywords,
)
from tangyin.writing.options import options
from tangyin.writing.verse import later, report_on
from tangyin.writing.weighing import Weighing

__all__ = [
    "Answer", "Candidates", "CiReport", "Evaluation", "LineWay", "Report", "Score", "SheetReport",
    "TangyinError", "UsageError", "Verse", "Writer", "check", "check_sheet", "load", "rule_named",
]  # fmt: skip

SIDE_BY_SIDE = 128
"""Free poems written together."""

ROWS = 256  # Particles that are written together, of one poem or several
MOST_ANSWERS = 20  # The largest number of answers to a line
PROTOCOLS = (
    "honest",
    "dynasty",
    "tangshi-gpt",
)  # How perplexity can be counted (`docs/protocol.md`)

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

    def write_many(
        self, start: str = "", *, watch: Watch | None = None, **options: Unpack[PoemsKeywords]
    ) -> Iterator[Verse]:
        """Write poems lazily, one after the other.

        Args:
            start: first characters or lines, with □ for each character left open; may be empty.
            watch: called with the beginning of the first poem after each character of it, and with
                how many of its characters are settled. The others may change until the poem is
                done; all do in the rare case that it breaks a rule and is written again.
            options: by name (`tangyin.writing.options`), such as `form`, `regulated`, `rhyme`,
                `rule`, `count` and `seed`. `rule` may also be made by `rule_named`.

        Raises:
            UsageError: by this call, before anything is written: an option is unknown or not
                possible, or the options cannot be met together.
            TangyinError: while writing, when no poem satisfies the request.
        """
        request = self.request(start, **options)
        # Refuse now, not while writing.
        check_numbers(request.rule, request.count - 1, len(self.engine.vocabulary.hanzi))
        seed = writing.new_seed() if request.seed is None else request.seed
        passed_on = watch and self.watch_for(request, watch)
        write = self._regulated if request.regulated else self._free
        poems = write(request, seed, passed_on)
        return (
            self.verse(poem, request, seed, number).in_script(request.script)
            for number, poem in enumerate(poems)
        )

    def candidates(
        self,
        rows: Sequence[str],
        line: int,
        place: int,
        *,
        form: str | None = None,
        title: str = "",
        **options: Unpack[CandidateKeywords],
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
            options: see `CandidateKeywords`.

        Raises:
            UsageError: an argument is not possible.
        """
        weighing = Weighing.of(self.engine, Sheet.of(self._form(form), rows), title)
        return writing.candidates_at(weighing, line, place, **options)

    def lines(
        self,
        rows: Sequence[str],
        line: int,
        *,
        form: str | None = None,
        title: str = "",
        **options: Unpack[LineKeywords],
    ) -> list[LineWay]:
        """Alternatives for a line of a poem, finished or not, the best first.

        Args:
            rows: see `candidates`.
            line: the line, from 1.
            form: see `candidates`.
            title: see `candidates`.
            options: see `LineKeywords`.

        Raises:
            UsageError: an argument is not possible.
        """
        weighing = Weighing.of(self.engine, Sheet.of(self._form(form), rows), title)
        return writing.lines_at(weighing, line, **options)

    def answer(
        self, upper: str, *, count: int = 3, seed: int = 0, script: str = "traditional"
    ) -> list[Answer]:
        """Answer the upper line of a 對聯: lower lines, the best first.

        Args:
            upper: 4 to 20 characters with any pauses, ending on an oblique tone.
            count: at most how many, 1 … 20.
            seed: keys the draws.
            script: of the answers, "traditional" or "simplified".

        Raises:
            UsageError: an argument is not possible.
        """
        Option("count", int, 3, minimum=1, maximum=MOST_ANSWERS).check(count)
        Option("seed", int, 0, minimum=0).check(seed)
        script = options()["script"].check(script)
        found = writing.answers_to(self.engine, _TEXT.check(upper), count=count, seed=seed)
        return [answer.in_script(script) for answer in found]

    def request(self, start: str = "", **options: Unpack[PoemsKeywords]) -> Request:
        """A checked request to this model; for options and errors see `write_many`."""
        given: dict[str, Any] = {**options}
        if given.get("title") is None and not self.takes_title:
            given["title"] = ""
        form = self._form(given.pop("form", None), given.get("lines"), given.get("variant"))
        return Request(form, start, **given)

    def verse(self, poem: Composition, request: Request, seed: int, number: int) -> Verse:
        """A written poem with how it was written, in traditional characters."""
        spelling = writing.typed_spelling(request, self.engine.vocabulary)
        lines = tuple(line.translate(spelling) for line in poem.lines)
        text = poem.text.translate(spelling)
        variant, drawn = request.form.variant, ""
        if isinstance(poem, writing.RegulatedPoem):
            drawn = poem.drawn_title
        if variant:
            marks = (split_lines(text) or ((), ""))[1]
            ends = zip(lines, marks, variant.lines, strict=True)
            text = "".join(row + ("、" if of.end == PAUSE else mark) for row, mark, of in ends)
        return Verse(
            text=text,
            lines=lines,
            form=request.form.name,
            title=drawn or writing.read_title(request),
            title_drawn=bool(drawn),
            model=self.model.name,
            rule=request.rule.name,
            seed=seed,
            number=number,
            log_likelihood=poem.log_likelihood,
            prosody=later(getattr, poem, "report")
            if isinstance(poem, writing.RegulatedPoem) and lines == poem.lines
            else later(report_on, text, lines, variant.name if variant else ""),
        )

    def watch_for(self, request: Request, watch: Watch) -> Watch:
        """A watch that passes the text on in the spelling and script of the finished poem."""
        spelling = writing.typed_spelling(request, self.engine.vocabulary)
        convert = to_simplified if request.script == "simplified" else str
        return lambda text, settled: watch(convert(text.translate(spelling)), settled)

    def _regulated(self, request: Request, seed: int, watch: Watch | None) -> Iterator[Composition]:
        planned = writing.plan(request, self.engine.vocabulary)
        composer = ParticleComposer(self.engine, planned, request.rule, request.particles)
        together = max(1, ROWS // request.particles)
        return writing.write_regulated(composer, seed, request.count, together, watch)

    def _free(self, request: Request, seed: int, watch: Watch | None) -> Iterator[Composition]:
        opening = writing.opening_of(request, self.engine.vocabulary)
        prefix = writing.prefix_for(request, self.engine.vocabulary)
        guide = writing.guide_for(request, self.engine.vocabulary)

        def composed(first: int) -> list[Composition]:
            orders = [
                writing.Order(opening, seed, number, None if number else watch)
                for number in range(first, min(first + SIDE_BY_SIDE, request.count))
            ]
            return writing.compose(self.engine, request.form, request.rule, orders, prefix, guide)

        return chain.from_iterable(map(composed, range(0, request.count, SIDE_BY_SIDE)))

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
        """Score poems, or texts (see `read`), in order, in batches of a few dozen."""
        read = (poem if isinstance(poem, Poem) else self.read(poem)[0] for poem in poems)
        return (Score.of(poem, tally) for poem, tally in score_poems(self.engine, read))

    def evaluate(
        self, split: str = "dev", form: str | None = None, protocol: str = "honest"
    ) -> Evaluation:
        """Perplexity on held-out poems by the protocol (`docs/protocol.md`).

        Args:
            split: "dev" or "test"; not used by "tangshi-gpt".
            form: one form; all that the model knows when None.
            protocol: "honest"; "dynasty", the same with the dynasty in the prefix; or
                "tangshi-gpt": as that model counts, on its own test poems.

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
            forms = self.model.forms if form is None else (self._evaluated(form),)
            dated = protocol == "dynasty"
            tally = evaluate_split(self.engine, split, forms, dated=dated)
            figures = {"prefix": prefix_of(self.engine.vocabulary, dated), **tally.figures()}
            named = forms[0].name if len(forms) == 1 else "all"
        return Evaluation(
            model=self.model.name, split=split, form=named, protocol=protocol, **figures
        )

    def _evaluated(self, name: str) -> Form:
        return CI if name in (CI.name, CI.ascii_name) else self._form(name)

    def _form(self, name: str | None, lines: int | None = None, variant: int | None = None) -> Form:
        known = self.model.forms
        name = options()["form"].check(name)
        if name is None:
            return WULV if WULV in known else known[0]
        lines, variant = (
            options()[key].check(value) if value is not None else None
            for key, value in (("lines", lines), ("variant", variant))
        )
        form = form_named(name, lines, variant)
        if form not in known and form_token(form.kind) not in self.engine.vocabulary:
            raise UsageError("form.not_trained", form=form.name, forms=[f.name for f in known])
        return form


def check_sheet(rows: Sequence[str], form: str, pattern: str = "") -> SheetReport:
    """Check an unfinished poem, with what the rules require of its open places.

    Args:
        rows: the lines, each with or without its mark; □ for an open place. Lines that are missing,
            or end early, are open.
        form: its form.
        pattern: the sequence it should follow, such as 平起首句入韻; "" for the one that fits best.

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


def check(text: str, convention: Convention = "usual", tune: str = "", book: str = "") -> AnyReport:
    """Check the prosody of a poem: tones, line types, rhyme, faults, antithesis, the tune of a 詞.

    Args:
        text: the poem, with or without marks, traditional or simplified.
        convention: "strict" allows no licence; "loose" allows rhymes of neighbouring groups.
        tune: of a 詞, if it is known.
        book: the rhyme book: 平水韻, 詞林正韻, 中華新韻 or 中華通韻; "" is the first for 詩 and the
            second for 詞.

    Returns:
        A `Report`, or a `CiReport` for a 詞.

    Raises:
        UsageError: the text is not verse, fits no tune, or there is no such tune or book.
    """
    named = book_named(book) if book else None
    return check_any(_TEXT.check(text), _CONVENTION.check(convention), tune, named)[1]

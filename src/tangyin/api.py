"""The façade: what the command line, the web page and other people's programs call."""

import os
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, replace
from typing import Any

from tangyin.errors import UsageError
from tangyin.modelfile import ModelFile
from tangyin.verse import (
    WULV,
    Form,
    Poem,
    form_named,
    read_poem,
    split_lines,
    to_simplified,
    to_traditional,
)
from tangyin.writing import (
    DEFAULT,
    SEEDS,
    Argmax,
    Engine,
    RandomK,
    Rule,
    Tally,
    Temperature,
    TopP,
    compose,
    evaluate_split,
    find_model,
    new_seed,
    prefix_of,
    read_opening,
    score_poems,
)

MOST = 1_000_000
"""The largest number of poems in one call."""

SIDE_BY_SIDE = 64
"""Poems written together; more would not be faster and would be kept waiting longer."""

LONGEST = 10_000
"""Characters up to which a text may be a poem, white space, quotation marks and all."""

DEFAULT_RULE = RandomK.name


@dataclass(frozen=True)
class Verse:
    """A poem that was written, and how.

    Attributes:
        text: lines and marks.
        lines: the lines without marks.
        form: name of the form.
        title: its title, or "".
        model: name of the model.
        rule: name of the sampling rule.
        seed: with `number`, and the same options, it brings the same poem back.
        number: which poem of that seed.
        log_likelihood: natural logarithm of the text's probability, `<eos>` included, under the
            model without any mask.
        prosody: the checker's verdict, or None while there is none.
    """

    text: str
    lines: tuple[str, ...]
    form: str
    title: str
    model: str
    rule: str
    seed: int
    number: int
    log_likelihood: float
    prosody: dict[str, Any] | None = None

    def __str__(self) -> str:
        """The poem as it is read: a couplet a line."""
        parts = split_lines(self.text)
        marks = parts[1] if parts else ""
        closed = [line + mark for line, mark in zip(self.lines, marks, strict=True)]
        return "\n".join("".join(closed[i : i + 2]) for i in range(0, len(closed), 2))

    def in_script(self, script: str) -> "Verse":
        """The same poem in "traditional" or "simplified" characters."""
        _check_script(script)
        if script == "traditional":
            return self
        return replace(
            self,
            text=to_simplified(self.text),
            lines=tuple(map(to_simplified, self.lines)),
            title=to_simplified(self.title),
        )

    def to_json(self) -> dict[str, Any]:
        """The poem as JSON values, in the order of the command line's output."""
        return {**asdict(self), "lines": list(self.lines)}


@dataclass(frozen=True)
class Score:
    """What a model thinks of a given poem.

    Attributes:
        poem: the poem as it was read.
        tally: what its targets cost (`tangyin.writing.Tally`).
    """

    poem: Poem
    tally: Tally

    def to_json(self) -> dict[str, Any]:
        """`text, form, targets, hanzi, unknown, nll, nll_closed`."""
        names = ("targets", "hanzi", "unknown", "nll", "nll_closed")
        counts = {name: getattr(self.tally, name) for name in names}
        return {"text": self.poem.text, "form": self.poem.form.name, **counts}


class Writer:
    """A model that writes and scores poems."""

    def __init__(self, model: ModelFile) -> None:
        self.model = model
        self.engine = Engine(model)

    def write(self, start: str = "", **options: Any) -> Verse:
        """Write one poem; the options are those of `write_many` but `count`."""
        return next(self.write_many(start, count=1, **options))

    def write_many(
        self,
        start: str = "",
        *,
        form: str | None = None,
        rule: Rule | None = None,
        count: int = 1,
        seed: int | None = None,
        script: str = "traditional",
    ) -> Iterator[Verse]:
        """Write poems, each as soon as it is there.

        Args:
            start: first characters or lines, traditional or simplified; may be empty.
            form: name of the form; 五律 when None, or the first that a model without it knows.
            rule: the sampling rule (`rule_named`); random-k with its own numbers when None.
            count: how many poems, 1 … 1,000,000.
            seed: 0 … 2⁶⁴-1; a new one when None.
            script: "traditional" or "simplified".

        Raises:
            UsageError: an option cannot be.
        """
        chosen = self._form(form)
        if not 1 <= count <= MOST:
            raise UsageError(f"count is {count}; give a whole number from 1 to {MOST:,}")
        seed = new_seed() if seed is None else seed
        if not 0 <= seed < SEEDS:
            raise UsageError(f"seed is {seed}; give a whole number from 0 to 2^64 - 1")
        _check_script(script)
        rule = rule or rule_named(DEFAULT_RULE)
        opening = read_opening(start, chosen, self.engine.vocabulary)
        # Checked here and not while writing, so that nothing is written before a refusal.
        most = len(self.engine.vocabulary.hanzi)
        if isinstance(rule, Argmax) and count > most:
            raise UsageError(
                f"under argmax poems differ by their first free character, and the model knows "
                f"{most} of them; ask for no more poems or use another rule"
            )
        return self._written(chosen, opening, rule, count, seed, script)

    def _written(
        self, form: Form, opening: dict[int, int], rule: Rule, count: int, seed: int, script: str
    ) -> Iterator[Verse]:
        for first in range(0, count, SIDE_BY_SIDE):
            numbers = range(first, min(first + SIDE_BY_SIDE, count))
            poems = compose(self.engine, form, opening, rule, seed, numbers)
            for number, poem in zip(numbers, poems, strict=True):
                parts = split_lines(poem.text)
                yield Verse(
                    text=poem.text,
                    lines=parts[0] if parts else (),
                    form=form.name,
                    title="",
                    model=self.model.name,
                    rule=rule.name,
                    seed=seed,
                    number=number,
                    log_likelihood=poem.log_likelihood,
                ).in_script(script)

    def read(self, text: str) -> tuple[Poem, tuple[str, ...]]:
        """Read a poem as a person types it, ready to be scored.

        Returns:
            The poem, and what had to be done to the text: a simplified one is converted, and
            marks are put in where there are none.

        Raises:
            UsageError: the text is no poem in the four forms, or in none the model knows.
        """
        notes = []
        # What is far too long for a poem is refused below, and need not be converted first.
        converted = to_traditional(text) if len(text) <= LONGEST else text
        if converted != text:
            notes.append("converted from simplified characters")
        poem, added = read_poem(converted)
        if added:
            notes.append("marks put in, ， and 。 in turn")
        self.engine.vocabulary.prefix_id(poem.form)
        return poem, tuple(notes)

    def score(self, text: str) -> Score:
        """Score one poem in any of the four forms; see `read` for how it is read."""
        return next(self.score_many([self.read(text)[0]]))

    def score_many(self, poems: Iterable[Poem]) -> Iterator[Score]:
        """Score poems in order; neighbours of one form are read side by side."""
        for poem, tally in score_poems(self.engine, poems):
            yield Score(poem, tally)

    def evaluate(
        self, split: str = "dev", form: str | None = None, protocol: str = "honest"
    ) -> dict[str, Any]:
        """Perplexity on held-out poems by the protocol (`docs/protocol.md`).

        Args:
            split: "dev" or "test".
            form: one form; all that the model knows when None.
            protocol: "honest".

        Returns:
            `model, split, form, protocol, prefix, poems, targets, hanzi, unknown, nll, nll_closed,
            per_token, per_token_closed, per_hanzi, per_hanzi_closed`.

        Raises:
            UsageError: an argument cannot be.
            TangyinError: the corpus is not there.
        """
        if split not in ("dev", "test"):
            raise UsageError(f"there is no split {split!r}; it is dev or test")
        if protocol != "honest":
            raise UsageError(f"there is no protocol {protocol!r}; it is honest")
        forms = self.model.forms if form is None else (self._form(form),)
        tally = evaluate_split(self.engine, split, forms)
        return {
            "model": self.model.name,
            "split": split,
            "form": forms[0].name if len(forms) == 1 else "all",
            "protocol": protocol,
            "prefix": prefix_of(self.engine.vocabulary),
            **tally.figures(),
        }

    def _form(self, name: str | None) -> Form:
        known = self.model.forms
        if name is None:
            return WULV if WULV in known else known[0]
        form = form_named(name)
        if form not in known:
            names = ", ".join(map(str, known))
            raise UsageError(f"the model {self.model.name} knows {names} only, and not {form}")
        return form


def _check_script(script: str) -> None:
    if script not in ("traditional", "simplified"):
        raise UsageError(f"there is no script {script!r}; it is traditional or simplified")


def load(model: str | os.PathLike[str] = DEFAULT) -> Writer:
    """Load a model to write and score with.

    Args:
        model: a shipped or own model's name, or a file's path.

    Raises:
        UsageError: there is no such model.
        TangyinError: its file is damaged.
    """
    return Writer(find_model(os.fspath(model)))


def rule_named(
    name: str,
    *,
    k: int | None = None,
    certainty: float | None = None,
    temperature: float | None = None,
    p: float | None = None,
) -> Rule:
    """A sampling rule by name, with its numbers.

    Args:
        name: argmax, random-k, temperature or top-p.
        k: of random-k.
        certainty: of random-k.
        temperature: of temperature and top-p.
        p: of top-p.

    Raises:
        UsageError: there is no such rule, it has no such number, or the number cannot be.
    """
    rules: dict[str, type[Any]] = {r.name: r for r in (Argmax, RandomK, Temperature, TopP)}
    if name not in rules:
        raise UsageError(f"there is no rule {name!r}; the rules are {', '.join(rules)}")
    numbers = {"k": k, "certainty": certainty, "temperature": temperature, "p": p}
    given = {key: value for key, value in numbers.items() if value is not None}
    for key in given:
        if key not in rules[name].__dataclass_fields__:
            raise UsageError(f"the rule {name} has no number {key}; leave it out")
    rule: Rule = rules[name](**given)
    return rule

"""The façade: what the command line, the web page and other people's programs call."""

import os
from collections.abc import Iterable, Iterator
from dataclasses import fields
from itertools import chain
from typing import Any

from tangyin.errors import UsageError
from tangyin.model import DEFAULT, Engine, find_model
from tangyin.model.file import ModelFile
from tangyin.prosody import Report, check_text
from tangyin.results import Score, Verse, check_script
from tangyin.scoring import evaluate_split, evaluate_tangshi_gpt, prefix_of, score_poems
from tangyin.verse import (
    WULV,
    Form,
    Poem,
    form_named,
    read_poem,
    to_traditional,
)
from tangyin.writing import (
    BLANK,
    PARTICLES,
    SEEDS,
    Argmax,
    Composition,
    ParticleComposer,
    Request,
    Rule,
    TopP,
    compose,
    new_seed,
    opening_of,
    plan,
    prefix_for,
    read_title,
    rule_named,
    write_regulated,
)

__all__ = ["Score", "Verse", "Writer", "check", "load", "rule_named"]

MOST = 1_000_000
"""The largest number of poems in one call."""

SIDE_BY_SIDE = 64
"""Poems written together; more would not be faster and would be kept waiting longer."""

LONGEST = 10_000
"""Characters up to which a text may be a poem, white space, quotation marks and all."""

MOST_PARTICLES = 4096

ROWS = 256
"""Particles that are written together, of one poem or several."""

REVISIONS = 128
"""How many ways to write a line are drawn, of which the likeliest are shown."""

DEFAULT_RULE = TopP.name

PROTOCOLS = ("honest", "tangshi-gpt")
"""How perplexity can be counted (`docs/protocol.md`)."""


class Writer:
    """A model that writes and scores poems."""

    def __init__(self, model: ModelFile) -> None:
        self.model = model
        self.engine = Engine(model)

    @property
    def takes_title(self) -> bool:
        """Whether the model can be given a title to write on."""
        return self.engine.vocabulary.takes_title

    def write(self, start: str = "", **options: Any) -> Verse:
        """Write one poem; the options are those of `write_many` but `count`."""
        return next(self.write_many(start, count=1, **options))

    def write_many(
        self,
        start: str = "",
        *,
        form: str | None = None,
        regulated: bool = True,
        rule: Rule | None = None,
        count: int = 1,
        seed: int | None = None,
        script: str = "traditional",
        particles: int = PARTICLES,
        **wishes: Any,
    ) -> Iterator[Verse]:
        """Write poems, each as soon as it is there.

        Args:
            start: first characters or lines, traditional or simplified, □ for a place left open;
                may be empty.
            form: name of the form; 五律 when None, or the first that a model without it knows.
            regulated: keep the rules of regulated verse (`tangyin.writing.particles`); else only
                the form.
            rule: the sampling rule (`rule_named`); top-p with its own numbers when None.
            count: how many poems, 1 … 1,000,000.
            seed: 0 … 2⁶⁴-1; a new one when None.
            script: "traditional" or "simplified".
            particles: of each regulated poem, 1 … 4,096; more pay better for the rules.
            wishes: `acrostic`, `title` (where `takes_title`), and for regulated poems `pattern`,
                `rhyme`, `include`, `avoid`, `strict`, `allow_quotes` and `most`
                (`tangyin.writing.Request`).

        Raises:
            UsageError: an option cannot be, or the wishes cannot be granted together.
            TangyinError: while writing, when no poem keeps all that was asked.
        """
        wish = self._wish(start, form, wishes)
        if not 1 <= count <= MOST:
            raise UsageError(f"count is {count}; give a whole number from 1 to {MOST:,}")
        seed = new_seed() if seed is None else seed
        if not 0 <= seed < SEEDS:
            raise UsageError(f"seed is {seed}; give a whole number from 0 to 2^64 - 1")
        if not 1 <= particles <= MOST_PARTICLES:
            raise UsageError(
                f"particles is {particles}; give a whole number from 1 to {MOST_PARTICLES:,}"
            )
        check_script(script)
        rule = rule or rule_named(DEFAULT_RULE)
        # Checked here and not while writing, so that nothing is written before a refusal.
        vocabulary = self.engine.vocabulary
        most = len(vocabulary.hanzi)
        if isinstance(rule, Argmax) and count > most:
            raise UsageError(
                f"under argmax poems differ by their first free character, and the model knows "
                f"{most} of them; ask for no more poems or use another rule"
            )
        poems: Iterator[Composition]
        if regulated:
            composer = ParticleComposer(self.engine, plan(wish, vocabulary), rule, particles)
            together = max(1, ROWS // particles)
            poems = write_regulated(composer, seed, count, together)
        else:
            for name in wishes.keys() - {"acrostic", "title"}:
                if wishes[name]:
                    raise UsageError(f"{name} belongs to regulated verse; leave it out or --free")
            poems = self._free(wish, rule, seed, count)
        return (
            self._verse(poem, wish, rule, seed, number).in_script(script)
            for number, poem in enumerate(poems)
        )

    def revise(
        self,
        text: str,
        line: int,
        *,
        character: int | None = None,
        regulated: bool = True,
        rule: Rule | None = None,
        count: int = 5,
        seed: int = 0,
        **wishes: Any,
    ) -> list[Verse]:
        """Other ways to write one line of a poem, or one character, in its context.

        Args:
            text: a poem in a form that the model knows.
            line: which line, from 1.
            character: which character of it, from 1; the whole line when None.
            regulated: keep the rules of regulated verse.
            rule: see `write_many`.
            count: at most so many, 1 … 100.
            seed: keys the draws.
            wishes: see `write_many`.

        Returns:
            Poems that differ from `text` and each other in that place alone, the likeliest first:
            each is weighed as a whole, by what stands before and after. Their `number` is the
            rank. Under argmax they differ by their first open character.

        Raises:
            UsageError: there is no such line, or the rest of the poem does not keep the rules.
        """
        poem, _ = self.read(text)
        form = self._form(poem.form.name)
        if not 1 <= line <= form.lines:
            raise UsageError(
                f"there is no line {line}; the lines of a {form} are 1 to {form.lines}"
            )
        if character is not None and not 1 <= character <= form.characters:
            raise UsageError(
                f"there is no character {character}; a line of a {form} has {form.characters}"
            )
        if not 1 <= count <= 100:
            raise UsageError(f"count is {count}; give a whole number from 1 to 100")
        rule = rule or rule_named(DEFAULT_RULE)
        lines = list(poem.lines)
        old = lines[line - 1]
        chosen = range(form.characters) if character is None else (character - 1,)
        lines[line - 1] = "".join(BLANK if at in chosen else c for at, c in enumerate(old))
        open_text = "".join(map("".join, zip(lines, poem.marks, strict=True)))
        wish = self._wish(open_text, form.name, wishes)
        found: Iterable[Composition]
        if regulated:
            plan_ = plan(wish, self.engine.vocabulary)
            composer = ParticleComposer(self.engine, plan_, rule, REVISIONS)
            found = composer.alternatives(seed)
        else:
            opening = opening_of(wish, self.engine.vocabulary)
            prefix = prefix_for(wish, self.engine.vocabulary)
            drawn = compose(self.engine, form, opening, rule, seed, range(REVISIONS), prefix)
            different = {composition.text: composition for composition in drawn}
            found = sorted(different.values(), key=lambda c: -c.log_likelihood)
        others = [composition for composition in found if composition.text != poem.text]
        return [
            self._verse(composition, wish, rule, seed, rank)
            for rank, composition in enumerate(others[:count])
        ]

    def _wish(self, start: str, form: str | None, wishes: dict[str, Any]) -> Request:
        known = {field.name for field in fields(Request)} - {"form", "start"}
        for name in wishes:
            if name not in known:
                raise UsageError(f"there is no wish {name!r}; there are {', '.join(sorted(known))}")
        return Request(self._form(form), start, **wishes)

    def _free(self, wish: Request, rule: Rule, seed: int, count: int) -> Iterator[Composition]:
        opening = opening_of(wish, self.engine.vocabulary)
        prefix = prefix_for(wish, self.engine.vocabulary)
        batches = (
            compose(
                self.engine,
                wish.form,
                opening,
                rule,
                seed,
                range(first, min(first + SIDE_BY_SIDE, count)),
                prefix,
            )
            for first in range(0, count, SIDE_BY_SIDE)
        )
        return chain.from_iterable(batches)

    def _verse(self, poem: Composition, wish: Request, rule: Rule, seed: int, number: int) -> Verse:
        return Verse(
            text=poem.text,
            lines=poem.lines,
            form=wish.form.name,
            title=read_title(wish),
            model=self.model.name,
            rule=rule.name,
            seed=seed,
            number=number,
            log_likelihood=poem.log_likelihood,
            traditional=poem.lines,
        )

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
            protocol: "honest", or "tangshi-gpt" for the count of that model, on its own test poems
                in all forms, whatever `split` says.

        Returns:
            `model, split, form, protocol, prefix, poems, targets, hanzi, unknown, nll, nll_closed,
            per_token, per_token_closed, per_hanzi, per_hanzi_closed`; the closed ones are None
            where the protocol has none.

        Raises:
            UsageError: an argument cannot be.
            TangyinError: the corpus is not there.
        """
        if split not in ("dev", "test"):
            raise UsageError(f"there is no split {split!r}; it is dev or test")
        if protocol not in PROTOCOLS:
            raise UsageError(f"there is no protocol {protocol!r}; it is {' or '.join(PROTOCOLS)}")
        if protocol == "tangshi-gpt":
            return self._evaluate_tangshi_gpt(form)
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

    def _evaluate_tangshi_gpt(self, form: str | None) -> dict[str, Any]:
        if form is not None:
            raise UsageError("the protocol tangshi-gpt counts all forms together; leave form out")
        return {
            "model": self.model.name,
            "split": "test",
            "form": "all",
            "protocol": "tangshi-gpt",
            "prefix": "none",
            **evaluate_tangshi_gpt(self.engine),
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


def load(model: str | os.PathLike[str] = DEFAULT) -> Writer:
    """Load a model to write and score with.

    Args:
        model: a shipped or own model's name, or a file's path.

    Raises:
        UsageError: there is no such model.
        TangyinError: its file is damaged.
    """
    return Writer(find_model(os.fspath(model)))


def check(text: str) -> Report:
    """Check the prosody of a poem: tones, line types, rhyme, faults, antithesis.

    Args:
        text: the poem, with or without marks, traditional or simplified.

    Raises:
        UsageError: the text is no two or more lines of five or seven characters.
    """
    return check_text(text)

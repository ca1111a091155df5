"""Regulated poems by sequential Monte Carlo.

What is sampled: what free writing by the same rule would give (`decoding.compose`), restricted to
poems that keep the rules. The sequence of line types, the licence of each line and whether the
first line borrows its rhyme are drawn for a poem at the rates of Tang verse. Within them the poem
is a population of N particles. At every place a particle draws a character by the sampling rule
from what the law allows, and its weight is multiplied by the share that the rule gives to
all that they allow: a particle that was led where the rules fit badly has a small weight. At line
ends the particles are resampled by weight where the weights have become unequal; at the end one
particle is drawn by weight (Doucet, de Freitas and Gordon 2001, "Sequential Monte Carlo methods in
practice"). As N grows, its distribution becomes the restricted one (docs/writing.md).
"""

from collections import Counter
from collections.abc import Callable, Container, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import numpy.typing as npt

from tangyin.errors import TangyinError
from tangyin.metre import AnyReport, check_ci, check_poem
from tangyin.metre import Sequence as LineSequence
from tangyin.metre.law import FREE, Columns, Course, Draft, Mask, Rows
from tangyin.metre.laws.tones import LineTypes
from tangyin.model.engine import Engine
from tangyin.model.threads import shared_out
from tangyin.writing.decoding import Composition, Decoder, Watch
from tangyin.writing.fitting import STEPS
from tangyin.writing.opening import first_free
from tangyin.writing.options import PARTICLES
from tangyin.writing.planning import Plan
from tangyin.writing.randomness import poem_uniforms, what_is_asked
from tangyin.writing.rules import Argmax, Rule, Uniforms
from tangyin.writing.titles import drawn_title

DRAWS = 12  # How many particles of a poem are drawn before none is found that passes the checker
TRIES = 12  # How often a poem is tried again that does not pass, or repeats an earlier one


@dataclass(frozen=True)
class RegulatedPoem(Composition):
    """A poem that keeps the rules, the title if it was drawn, and the tune of a 詞."""

    drawn_title: str = ""
    tune: str = ""

    @cached_property
    def report(self) -> AnyReport:
        """The checker's report."""
        return check_ci(self.text, self.tune)[1] if self.tune else check_poem(self.lines)


class Population:
    """The particles of some poems; row = poem · particles + particle."""

    def __init__(
        self,
        composer: "ParticleComposer",
        seed: int,
        numbers: Sequence[int],
        attempt: int = 0,
        banned: Container[str] = (),
    ) -> None:
        """Draw what each poem keeps to; for the arguments see `ParticleComposer.compose`."""
        self.plan = plan = composer.plan
        # Under argmax the particles of a poem differ by the places of words alone.
        alike = isinstance(composer.rule, Argmax) and not plan.words
        self.particles = particles = 1 if alike else composer.particles
        form, places = plan.request.form, plan.request.form.places
        own = places + len(plan.words)  # uniforms of each particle
        shared = 2 * form.lines + 2  # those that the particles of a poem have in common
        total = particles * own + shared
        self.titles = self._drawn_titles(composer.engine, seed, numbers)
        prefixes = [plan.prefix_on(title, composer.engine.vocabulary) for title in self.titles]
        wanted = [what_is_asked(form, plan.given, plan.marks, prefix) for prefix in prefixes]
        streams = np.stack(
            [
                poem_uniforms(seed, number, total * (attempt + 1), asked_of)[-total:]
                for number, asked_of in zip(numbers, wanted, strict=True)
            ]
        )
        mine = streams[:, : particles * own].reshape(-1, own)
        uniforms, for_words = np.split(mine, [places], axis=1)
        # One number a line to resample by; that of the last line draws the particle.
        licences, self.resampling, course_of = np.split(
            streams[:, -shared:], [form.lines, 2 * form.lines], axis=1
        )
        self.sequences = self._drawn_sequences(course_of[:, 0])
        given, asked, placed = self._give(for_words)
        each = np.repeat(np.arange(len(numbers)), particles)  # poem of each row
        course = Course(
            tuple(self.sequences[poem] for poem in each) if self.sequences else (),
            asked,
            borrows=(course_of[:, 1] < plan.fitting.rates.borrowed)[each],
            licences=licences[each],
            banned=banned,
        )
        draft = Draft(form, plan.fitting.characters, given, course=course)
        self.decoder = Decoder(
            composer.engine,
            composer.rule,
            prefixes if plan.draws_title else prefixes[:1],
            draft,
            np.repeat(plan.marks[None], len(each), axis=0),
            np.asarray(numbers, dtype=np.intp)[each],
            np.full(len(each), first_free(plan.given)),
            uniforms,
            self.resampling,
            plan.law.begin(draft),
            particles,
            plan.guide,
            plan.selection,
        )
        self.decoder.weights = np.where(placed, 0.0, -np.inf)

    def _drawn_titles(self, engine: Engine, seed: int, numbers: Sequence[int]) -> list[str]:
        """A title for each poem; empty where none is drawn."""
        if not self.plan.draws_title:
            return [""] * len(numbers)
        form, opening = self.plan.request.form, self.plan.opening()
        return [drawn_title(engine, form, opening, seed, number) for number in numbers]

    def _drawn_sequences(self, course: Uniforms) -> list[LineSequence]:
        """The line types of each poem; none for 詞."""
        if not self.plan.sequences:
            return []
        shares = np.cumsum([share for _, share in self.plan.sequences])
        drawn = np.searchsorted(shares / shares[-1], course, side="right")
        return [self.plan.sequences[number][0] for number in drawn]

    def _give(self, uniforms: npt.NDArray[np.float64]) -> tuple[Columns, Rows, Mask]:
        """What is given to each row, words placed, the rhyme it asks for, and whether it fits."""
        fitting, wanted = self.plan.fitting, self.plan.asked
        given = np.repeat(self.plan.given[None], len(uniforms), axis=0)
        asked = np.full(len(given), wanted, dtype=np.intp)
        placed = np.ones(len(given), dtype=bool)
        if not self.sequences:
            for row, chance in enumerate(uniforms if self.plan.words else ()):
                found = self.plan.placed(self.plan.words, chance)
                placed[row] = found is not None
                given[row] = given[row] if found is None else found
            return given, asked, placed
        rhymes: dict[tuple[LineSequence, bytes], int] = {}
        # What a poem's particles leave of their steps the others may use; without any left, a
        # particle is lost, and the poem is one of those whose words were placed.
        most = STEPS + 4 * self.particles * len(self.plan.words)
        steps = [iter(range(most)) for _ in self.sequences]
        for row, chance in enumerate(uniforms):
            poem = row // self.particles
            sequence = self.sequences[poem]
            if self.plan.words:
                found = fitting.place(
                    sequence, given[row], self.plan.words, wanted, chance, steps[poem]
                )
                placed[row] = found is not None
                given[row] = given[row] if found is None else found
            key = sequence, given[row].tobytes()
            if key not in rhymes:
                rhymes[key], _ = fitting.rhyme(sequence, given[row], wanted)
            asked[row] = rhymes[key]
        return given, asked, placed

    def tell(self, watch: Watch) -> Callable[[], None]:
        """What tells of the first poem while it is written.

        At the beginning of each line, and at the end, it turns to the particle that would be drawn
        if the poem ended there. Settled is what all particles have in common.
        """
        followed, form = -1, self.decoder.draft.form
        turns = {start + line + 1 for line, start in enumerate(form.starts)} | {form.places}

        def show_progress() -> None:
            nonlocal followed
            alive = np.flatnonzero(np.isfinite(self.decoder.weights[: self.particles]))
            if not len(alive):
                return
            if len(self.decoder.written) in turns or followed not in alive:
                followed = self._chosen(0, self.decoder.weights[: self.particles])
            written = np.stack([tokens[alive] for tokens in self.decoder.written])
            common = (written == written[:, :1]).all(axis=1)
            settled = int(np.cumprod(common, dtype=np.intp).sum())
            watch(self.decoder.text(followed), settled)

        return show_progress

    def _chosen(self, poem: int, weights: npt.NDArray[np.float64]) -> int:
        """The particle that a poem's own number draws by the weights of its particles."""
        cumulative = np.cumsum(np.exp(weights - weights.max()))
        threshold = self.resampling[poem, -1] * cumulative[-1]
        return int(np.searchsorted(cumulative, threshold, side="right"))

    def drawn(self, poem: int) -> RegulatedPoem | None:
        """One particle of a poem by weight, among those that the checker finds to be as wanted."""
        first = poem * self.particles
        own = self.decoder.weights[first : first + self.particles].copy()
        for _ in range(DRAWS):
            if not np.isfinite(own).any():
                break
            chosen = self._chosen(poem, own)
            (found,) = self.decoder.compositions(np.array([first + chosen]))
            if self._is_as_wanted(found, poem):
                variant = self.plan.request.form.variant
                tune = variant.name if variant else ""
                title = self.titles[poem]
                return RegulatedPoem(found.text, found.log_likelihood, title, tune)
            own[chosen] = -np.inf
        return None

    def _is_as_wanted(self, found: Composition, poem: int) -> bool:
        """Whether the checker finds that a poem meets the request."""
        for law in self.plan.law.laws:
            drawn = law
            if isinstance(law, LineTypes):
                drawn = replace(law, sequences=(self.sequences[poem],))
            if law.is_metre and drawn.check(found.lines):
                return False
        return True


@dataclass(eq=False)
class ParticleComposer:
    """Writes regulated poems by one plan, each with a number of particles."""

    engine: Engine
    plan: Plan
    rule: Rule
    particles: int = PARTICLES

    def compose(
        self,
        seed: int,
        numbers: Sequence[int],
        attempt: int = 0,
        banned: Container[str] = (),
        watch: Watch | None = None,
    ) -> list[RegulatedPoem | None]:
        """Write a poem for each number of a seed, side by side; none has a line of `banned`.

        Another `attempt` draws another poem for the same seed and number. `watch` receives the
        first poem as it grows.

        Returns:
            The poems; None where every particle ended in what the rules forbid, or the checker
            reads the poem otherwise and finds a fault.
        """

        def composed(part: Sequence[int]) -> list[RegulatedPoem | None]:
            population = Population(self, seed, part, attempt, banned)
            if watch and part[0] == numbers[0]:
                population.decoder.watch = population.tell(watch)
            population.decoder.run()
            return [population.drawn(poem) for poem in range(len(part))]

        return shared_out(composed, numbers, -(-self.engine.rows_of_thread // self.particles))

    def own(self, poem: RegulatedPoem) -> frozenset[str]:
        """The lines of a poem that were not given whole."""
        form, hanzi = self.plan.request.form, self.plan.fitting.characters
        given = {"".join(hanzi[column] for column in word) for word in self.plan.words}
        return frozenset(
            line
            for number, line in enumerate(poem.lines)
            if (self.plan.given[form.characters_of(number)] == FREE).any() and line not in given
        )


def write_regulated(
    composer: ParticleComposer,
    seed: int,
    count: int,
    side_by_side: int,
    watch: Watch | None = None,
) -> Iterator[RegulatedPoem]:
    """Write poems 0 … count - 1 of a seed, each as soon as it is done.

    A poem that failed, or that shares two lines with an earlier one, is written again; the earlier
    poems' lines are banned then, except those that were given. So poem n depends on the ones before
    it, and not on how many are written after it or side by side.

    At most `side_by_side` are written together. The first is written alone, and each time twice as
    many as before, so that a reader has something to read while the others are written. `watch`
    receives the first.

    Raises:
        TangyinError: writing.no_poem, the request leaves too little room.
    """
    written: dict[str, list[int]] = {}
    numbers = range(0)
    while numbers.stop < count:
        together = min(2 * len(numbers) or 1, side_by_side, count - numbers.stop)
        numbers = range(numbers.stop, numbers.stop + together)
        watched = None if numbers.start else watch
        written_together = composer.compose(seed, numbers, watch=watched)
        for number, drawn in zip(numbers, written_together, strict=True):
            poem, attempt = drawn, 0
            while poem is None or _shares_two(composer.own(poem), written):
                attempt += 1
                if attempt > TRIES:
                    raise TangyinError("writing.no_poem", tries=TRIES)
                poem = composer.compose(seed, [number], attempt, written, watched)[0]
            for line in composer.own(poem):
                written.setdefault(line, []).append(number)
            yield poem


def _shares_two(lines: frozenset[str], written: dict[str, list[int]]) -> bool:
    """Whether two of the lines are in one poem, `written` being the poems of each line."""
    shared = Counter(number for line in lines for number in written.get(line, ()))
    return any(count > 1 for count in shared.values())

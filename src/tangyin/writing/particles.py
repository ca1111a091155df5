"""Regulated poems by sequential Monte Carlo.

What is sampled: what free writing by the same rule would give (`composer.compose`), restricted to
poems that keep the rules. The sequence of line types, the licence of each line and whether the
first line borrows its rhyme are drawn for a poem at the rates of Tang verse. Within them the poem
is a population of N particles. At every place a particle draws a character by the sampling rule
from what its constraints allow, and its weight is multiplied by the share that the rule gives to
all that they allow: a particle that was led where the rules fit badly counts for less. At line
ends the particles are resampled by weight where the weights have become unequal; at the end one
particle is drawn by weight (Doucet, de Freitas and Gordon 2001, "Sequential Monte Carlo methods in
practice"). As N grows, its distribution becomes the restricted one.

top-p takes the nucleus without the rules, then what the rules allow of it, and of that the nucleus
again. argmax and random-k do not look at how likely their candidates are, so there a particle is
weighed by the probability of what it chose over the chance it was chosen with, which makes the
population the model's again, among the k most likely that the rules allow.
"""

from collections import Counter
from collections.abc import Container, Iterator, Sequence

from tangyin.errors import TangyinError
from tangyin.model.engine import Engine
from tangyin.model.threads import one_blas_thread
from tangyin.writing.constraints import FREE
from tangyin.writing.options import PARTICLES
from tangyin.writing.population import Population, RegulatedPoem
from tangyin.writing.request import Plan
from tangyin.writing.rules import Argmax, Rule

__all__ = ["PARTICLES", "ParticleComposer", "RegulatedPoem", "write_regulated"]

TRIES = 12
"""How often a poem is tried again that does not pass, or repeats an earlier one."""


class ParticleComposer:
    """Writes regulated poems by one plan.

    Args:
        engine: the model.
        plan: what is wanted (`wish.plan`).
        rule: the sampling rule.
        particles: N, at least 1.
    """

    def __init__(self, engine: Engine, plan: Plan, rule: Rule, particles: int = PARTICLES) -> None:
        self.engine, self.plan, self.rule, self.particles = engine, plan, rule, particles
        # Under argmax the particles of a poem differ by the places of words alone.
        self.alike = isinstance(rule, Argmax) and not plan.words

    @one_blas_thread()
    def compose(
        self,
        seed: int,
        numbers: Sequence[int],
        attempt: int = 0,
        banned: Container[str] = (),
    ) -> list[RegulatedPoem | None]:
        """Write one poem for each number, side by side.

        Args:
            seed: keys the poems' random streams, with their number.
            numbers: which poems of that seed.
            attempt: 0 first; another one draws another poem for the same seed and number.
            banned: lines that must not be written.

        Returns:
            The poems; None where every particle ended in what the rules forbid, or the checker
            reads the poem otherwise and finds a fault.
        """
        particles = 1 if self.alike else self.particles
        population = Population(
            self.engine, self.plan, self.rule, particles, seed, numbers, attempt, banned
        )
        return population.write()

    def own(self, poem: RegulatedPoem) -> frozenset[str]:
        """The lines of a poem that were not given whole."""
        width, hanzi = self.plan.wish.form.characters, self.plan.fitting.characters
        given = {"".join(hanzi[column] for column in word) for word in self.plan.words}
        return frozenset(
            line
            for number, line in enumerate(poem.lines)
            if (self.plan.given[number * width : (number + 1) * width] == FREE).any()
            and line not in given
        )

    @one_blas_thread()
    def alternatives(self, seed: int) -> list[RegulatedPoem]:
        """Different poems, each drawn by a particle for itself, the likeliest first.

        With all but a line given, they are ways to write that line, ranked by the likelihood of
        the whole poem.
        """
        alone = ParticleComposer(self.engine, self.plan, self.rule, 1)
        drawn = alone.compose(seed, range(self.particles))
        different = {poem.text: poem for poem in drawn if poem}
        return sorted(different.values(), key=lambda poem: -poem.log_likelihood)


def write_regulated(
    composer: ParticleComposer, seed: int, count: int, side_by_side: int
) -> Iterator[RegulatedPoem]:
    """Write poems 0 … count - 1 of a seed, each as soon as it is there.

    A poem that did not come to pass, or that shares two lines with an earlier one, is written
    again; the earlier poems' lines are banned then (but for lines that were given). So poem n
    depends on the ones before it, and not on how many are written after it or side by side.

    Args:
        composer: writes them.
        seed: keys them, with their number.
        count: how many.
        side_by_side: at most so many together. The first is written alone and each time twice as
            many as before, so that a reader has something to read while the others come.

    Raises:
        TangyinError: no poem comes to pass: the wishes leave too little.
    """
    written: dict[str, list[int]] = {}
    numbers = range(0)
    while numbers.stop < count:
        together = min(2 * len(numbers) or 1, side_by_side, count - numbers.stop)
        numbers = range(numbers.stop, numbers.stop + together)
        for number, drawn in zip(numbers, composer.compose(seed, numbers), strict=True):
            poem, attempt = drawn, 0
            while poem is None or _shares_two(composer.own(poem), written):
                attempt += 1
                if attempt > TRIES:
                    raise TangyinError(
                        f"no poem that keeps the rules came about in {TRIES} tries; give fewer "
                        "characters, another rhyme or pattern, or allow licences"
                    )
                poem = composer.compose(seed, [number], attempt, written)[0]
            for line in composer.own(poem):
                written.setdefault(line, []).append(number)
            yield poem


def _shares_two(lines: frozenset[str], written: dict[str, list[int]]) -> bool:
    """Whether two of the lines stand in one poem, `written` being the poems of each line."""
    shared = Counter(number for line in lines for number in written.get(line, ()))
    return any(count > 1 for count in shared.values())

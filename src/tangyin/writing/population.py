"""The particles of some regulated poems (`tangyin.writing.particles`)."""

from collections.abc import Container, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from tangyin.model.engine import Engine
from tangyin.prosody import LEVEL_RHYMES, Report, check_poem
from tangyin.prosody import Sequence as LineSequence
from tangyin.writing.constraints import OPEN, Columns, Mask, Rows, Start
from tangyin.writing.decoding import Composition, Decoder
from tangyin.writing.opening import first_free
from tangyin.writing.options import constraint_modules
from tangyin.writing.plan import Plan
from tangyin.writing.randomness import poem_uniforms
from tangyin.writing.rules import Rule

DRAWS = 12
"""How many particles of a poem are drawn before none is found that passes the checker."""

LICENCES = frozenset({"小拗", "大拗", "特定句式", "孤平拗救", "對句相救", "借鄰韻", "三仄尾"})
"""What a strict poem has none of."""


@dataclass(frozen=True)
class RegulatedPoem(Composition):
    """A poem that keeps the rules, with the checker's verdict."""

    report: Report


class Population:
    """The particles of some poems; row = poem · particles + particle."""

    def __init__(
        self,
        engine: Engine,
        plan: Plan,
        rule: Rule,
        particles: int,
        seed: int,
        numbers: Sequence[int],
        attempt: int,
        banned: Container[str],
    ) -> None:
        """Draw what each poem keeps to; for the arguments see `ParticleComposer.compose`."""
        self.plan, self.particles = plan, particles
        form = plan.request.form
        places = form.lines * (form.characters + 1)
        own = places + len(plan.words)  # uniforms of each particle
        shared = 2 * form.lines + 2  # those that the particles of a poem have in common
        total = particles * own + shared
        streams = np.stack(
            [poem_uniforms(seed, n, total * (attempt + 1))[-total:] for n in numbers]
        )
        mine = streams[:, : particles * own].reshape(-1, own)
        uniforms, for_words = np.split(mine, [places], axis=1)
        # One number a line to resample by; that of the last line draws the particle.
        licences, self.resampling, course = np.split(
            streams[:, -shared:], [form.lines, 2 * form.lines], axis=1
        )
        shares = np.cumsum([share for _, share in plan.sequences])
        drawn = np.searchsorted(shares / shares[-1], course[:, 0], side="right")
        self.sequences = [plan.sequences[number][0] for number in drawn]
        given, asked, placed = self._give(for_words)
        each = np.repeat(np.arange(len(numbers)), particles)  # poem of each row
        start = Start(
            plan,
            plan.draft(given),
            tuple(self.sequences[poem] for poem in each),
            asked,
            borrows=(course[:, 1] < plan.fitting.rates.borrowed)[each],
            licences=licences[each],
            banned=banned,
        )
        built = (module.build(start) for module in constraint_modules())
        self.decoder = Decoder(
            engine,
            rule,
            plan.prefix,
            start.draft,
            np.repeat(plan.marks[None], len(each), axis=0),
            np.asarray(numbers, dtype=np.intp)[each],
            np.full(len(each), first_free(plan.given)),
            uniforms,
            self.resampling,
            [constraint for constraint in built if constraint],
            particles,
        )
        self.decoder.weights = np.where(placed, 0.0, -np.inf)

    def _give(self, uniforms: npt.NDArray[np.float64]) -> tuple[Columns, Rows, Mask]:
        """What is given to each row, words placed, the rhyme it asks for, and whether it fits."""
        fitting, wanted = self.plan.fitting, self.plan.asked
        given = np.repeat(self.plan.given[None], len(uniforms), axis=0)
        asked = np.empty(len(given), dtype=np.intp)
        placed = np.ones(len(given), dtype=bool)
        rhymes: dict[tuple[LineSequence, bytes], int] = {}
        for row, chance in enumerate(uniforms):
            sequence = self.sequences[row // self.particles]
            if self.plan.words:
                found = fitting.place(sequence, given[row], self.plan.words, wanted, chance)
                placed[row] = found is not None
                given[row] = given[row] if found is None else found
            key = sequence, given[row].tobytes()
            if key not in rhymes:
                rhymes[key], _ = fitting.rhyme(sequence, given[row], wanted)
            asked[row] = rhymes[key]
        return given, asked, placed

    def write(self) -> list[RegulatedPoem | None]:
        """Write all lines and draw one particle of each poem."""
        self.decoder.run()
        return [self._drawn(poem) for poem in range(len(self.sequences))]

    def _drawn(self, poem: int) -> RegulatedPoem | None:
        """One particle of a poem by weight, among those that the checker finds to be as wanted."""
        first = poem * self.particles
        own = self.decoder.weights[first : first + self.particles].copy()
        for _ in range(DRAWS):
            if not np.isfinite(own).any():
                break
            cumulative = np.cumsum(np.exp(own - own.max()))
            threshold = self.resampling[poem, -1] * cumulative[-1]
            chosen = int(np.searchsorted(cumulative, threshold, side="right"))
            found = self.decoder.composition(first + chosen)
            report = check_poem(found.lines)
            if self._kept(report, self.sequences[poem]):
                return RegulatedPoem(found.text, found.log_likelihood, report)
            own[chosen] = -np.inf
        return None

    def _kept(self, report: Report, sequence: LineSequence) -> bool:
        """Whether the checker agrees that a poem is what was asked for."""
        request = self.plan.request
        departures = {finding.kind for finding in (*report.licences, *report.warnings)}
        return (
            report.regulated
            and report.pattern == sequence.name(request.form.characters)
            and (self.plan.asked == OPEN or report.rhyme == LEVEL_RHYMES[self.plan.asked])
            and not (request.strict and departures & LICENCES)
        )

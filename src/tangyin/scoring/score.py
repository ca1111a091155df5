"""Scoring given and held-out poems on the NumPy engine."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

import numpy as np
import numpy.typing as npt

from tangyin.errors import TangyinError
from tangyin.model.engine import Engine
from tangyin.model.threads import shared_out
from tangyin.scoring.perplexity import PerplexityMeter, Tally
from tangyin.verse import EOS, Form, Ids, Poem

BATCH = 16
"""Poems that are read side by side; more would not be faster."""

SHARED = 8 * BATCH
"""Poems that are shared out among the threads."""

WINDOW = 4 * BATCH
"""Poems among which those of one form are looked for."""

NO_TARGET = -1
"""Target number where nothing is to be predicted."""


@dataclass(frozen=True)
class Score:
    """What a poem costs a model; `dataclasses.asdict` gives its JSON.

    Attributes:
        text: the poem as it was read.
        form: name of its form.
        targets: as in `Tally`, and so the others.
    """

    text: str
    form: str
    targets: int
    hanzi: int
    unknown: int
    nll: float
    nll_closed: float

    @classmethod
    def of(cls, poem: Poem, tally: Tally) -> "Score":
        """The score of a poem whose targets were counted."""
        names = ("targets", "hanzi", "unknown", "nll", "nll_closed")
        counts = {name: getattr(tally, name) for name in names}
        return cls(poem.text, poem.form.name, **counts)


@dataclass(frozen=True, kw_only=True)
class Evaluation:
    """Perplexity of a model on held-out poems; `dataclasses.asdict` gives its JSON.

    Attributes:
        model: its name.
        split: "dev" or "test".
        form: name of the form, or "all".
        protocol: how it was counted.
        prefix: what the model was given, "form" or "none".
        poems: as in `Tally`, and so the other counts and sums.
        per_token: perplexity per target, open figure; `per_hanzi` counts characters alone.
        per_token_closed: in the closed vocabulary; None where the protocol has none, as is each
            other figure of it.
    """

    model: str
    split: str
    form: str
    protocol: str
    prefix: str
    poems: int
    targets: int
    hanzi: int
    unknown: int
    nll: float
    nll_closed: float | None
    per_token: float
    per_token_closed: float | None
    per_hanzi: float
    per_hanzi_closed: float | None


def score_texts(engine: Engine, texts: Sequence[str], form: Form) -> Iterator[Tally]:
    """The cost of each text (lines and marks) of one form, in order.

    The model is conditioned on the form if its vocabulary has it.

    Raises:
        UsageError: form.not_trained.
    """
    meter = PerplexityMeter(engine.vocabulary)
    prefix = engine.vocabulary.prefix(form)

    def charged(part: Sequence[str]) -> list[Tally]:
        batches = (part[start : start + BATCH] for start in range(0, len(part), BATCH))
        return [tally for batch in batches for tally in _charged(engine, meter, prefix, batch)]

    for start in range(0, len(texts), SHARED):
        yield from shared_out(charged, texts[start : start + SHARED], BATCH)


def _charged(
    engine: Engine, meter: PerplexityMeter, prefix: Ids, texts: Sequence[str]
) -> list[Tally]:
    """The cost of texts of one form that are read side by side."""
    targets = [meter.targets(text) for text in texts]
    ids = np.stack([poem.ids for poem in targets], axis=1)  # (T, B)
    tokens, state = engine.begin(prefix, len(texts))
    log_probs = np.empty((*ids.shape, engine.vocabulary.outputs), dtype=np.float32)
    for place, target in enumerate(ids):
        log_probs[place] = engine.log_probs(engine.step(tokens, state))
        tokens = target
    return [meter.charge(log_probs[:, column], poem) for column, poem in enumerate(targets)]


def target_costs(
    engine: Engine, inputs: Sequence[Ids], targets: Sequence[Ids]
) -> list[npt.NDArray[np.float64]]:
    """The cost of each target of sequences of any lengths; similar lengths are read together.

    Inputs, targets and the negative log-probabilities returned are (T,) for each sequence. Where
    there is no target it is `NO_TARGET`, and the cost is 0.
    """
    costs = [np.zeros(len(sequence)) for sequence in inputs]
    order = np.argsort([len(sequence) for sequence in inputs], kind="stable")
    eos = engine.vocabulary.id(EOS)
    for start in range(0, len(order), BATCH):
        chosen = order[start : start + BATCH]
        state = engine.start(len(chosen))
        for step in range(len(inputs[chosen[-1]])):
            read = [inputs[i][step] if step < len(inputs[i]) else eos for i in chosen]
            log_probs = engine.log_probs(engine.step(np.array(read, dtype=np.int32), state))
            for row, i in enumerate(chosen):
                if step < len(inputs[i]) and targets[i][step] != NO_TARGET:
                    costs[i][step] = -float(log_probs[row, targets[i][step]])
    return costs


def score_poems(engine: Engine, poems: Iterable[Poem]) -> Iterator[tuple[Poem, Tally]]:
    """Each poem with its cost, in order; those of one form among `WINDOW` are read side by side."""
    poems = iter(poems)
    while window := list(islice(poems, WINDOW)):
        costs: dict[int, Tally] = {}
        for form in dict.fromkeys(poem.form for poem in window):
            places = [place for place, poem in enumerate(window) if poem.form == form]
            tallies = score_texts(engine, [window[place].text for place in places], form)
            costs.update(zip(places, tallies, strict=True))
        yield from ((poem, costs[place]) for place, poem in enumerate(window))


def evaluate_split(engine: Engine, split: str, forms: Iterable[Form]) -> Tally:
    """The cost of the Tang poems of a split, "dev" or "test", in some forms together.

    Raises:
        UsageError: form.not_trained.
        TangyinError: score.no_poems; or there is no prepared corpus.
    """
    # Here, so that writing a poem does not load what fetches and unpacks the corpus.
    from tangyin.corpus import load_corpus

    corpus = load_corpus().select(parts=[split], dynasties=["tang"])
    tally = Tally()
    for form in forms:
        texts = corpus.select(forms=[form]).text
        tally = sum(score_texts(engine, texts, form), tally)
    if not tally.poems:
        raise TangyinError("score.no_poems", split=split)
    return tally

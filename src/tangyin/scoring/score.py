"""Scoring given poems and the held-out ones on the NumPy engine."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

import numpy as np
import numpy.typing as npt

from tangyin.errors import TangyinError
from tangyin.model.engine import Engine
from tangyin.model.threads import one_blas_thread
from tangyin.scoring.perplexity import PerplexityMeter, Tally
from tangyin.verse import EOS, Form, Ids, Poem

BATCH = 16
"""Poems that are read side by side; the engine multiplies so many at a time."""

NO_TARGET = -1
"""Stands in targets where nothing is to be predicted."""


@dataclass(frozen=True)
class Score:
    """What a poem costs a model; `dataclasses.asdict` gives its JSON.

    Attributes:
        text: the poem as it was read.
        form: name of its form.
        targets: characters, marks and `<eos>`.
        hanzi: characters among the targets.
        unknown: characters the model does not know.
        nll: summed negative log-likelihood in nats, open figure.
        nll_closed: the same, closed figure.
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


def score_texts(engine: Engine, texts: Sequence[str], form: Form) -> Iterator[Tally]:
    """The cost of each text of one form, in order.

    Args:
        engine: the model.
        texts: clean texts (lines and marks), all of `form`.
        form: their form; the model is given it where it asks for one.

    Raises:
        UsageError: the model was not trained on the form.
    """
    accountant = PerplexityMeter(engine.vocabulary)
    prefix = engine.vocabulary.prefix(form)
    for start in range(0, len(texts), BATCH):
        yield from _charged(engine, accountant, prefix, texts[start : start + BATCH])


@one_blas_thread()
def _charged(
    engine: Engine, accountant: PerplexityMeter, prefix: Ids, texts: Sequence[str]
) -> list[Tally]:
    """The cost of texts of one form that are read side by side."""
    targets = [accountant.targets(text) for text in texts]
    ids = np.stack([poem.ids for poem in targets], axis=1)  # (T, B)
    tokens, state = engine.begin(prefix, len(texts))
    log_probs = np.empty((*ids.shape, engine.vocabulary.outputs), dtype=np.float32)
    for place, target in enumerate(ids):
        log_probs[place] = engine.log_probs(engine.step(tokens, state))
        tokens = target
    return [accountant.charge(log_probs[:, column], poem) for column, poem in enumerate(targets)]


def target_costs(
    engine: Engine, inputs: Sequence[Ids], targets: Sequence[Ids]
) -> list[npt.NDArray[np.float64]]:
    """What each target of sequences of any length costs; those of like length are read together.

    Args:
        engine: the model.
        inputs: (T,) of each sequence, what the model reads.
        targets: (T,) of each, what follows each input, or `NO_TARGET` where it does not matter.

    Returns:
        (T,) negative log-probabilities of each sequence, 0 where there is no target.
    """
    costs = [np.zeros(len(sequence)) for sequence in inputs]
    order = np.argsort([len(sequence) for sequence in inputs], kind="stable")
    for start in range(0, len(order), BATCH):
        _read_costs(
            engine, [(inputs[i], targets[i], costs[i]) for i in order[start : start + BATCH]]
        )
    return costs


@one_blas_thread()
def _read_costs(engine: Engine, sequences: list[tuple[Ids, Ids, npt.NDArray[np.float64]]]) -> None:
    """Fill in the costs of sequences that are read side by side, the longest of them last."""
    state = engine.start(len(sequences))
    eos = engine.vocabulary.id(EOS)
    for step in range(len(sequences[-1][0])):
        read = [sequence[step] if step < len(sequence) else eos for sequence, _, _ in sequences]
        log_probs = engine.log_probs(engine.step(np.array(read, dtype=np.int32), state))
        for row, (sequence, target, cost) in enumerate(sequences):
            if step < len(sequence) and target[step] != NO_TARGET:
                cost[step] = -float(log_probs[row, target[step]])


def score_poems(engine: Engine, poems: Iterable[Poem]) -> Iterator[tuple[Poem, Tally]]:
    """Each poem with its cost, in order; neighbours of one form are read side by side."""
    for form, group in groupby(poems, key=lambda poem: poem.form):
        chosen = list(group)
        yield from zip(
            chosen, score_texts(engine, [poem.text for poem in chosen], form), strict=True
        )


def evaluate_split(engine: Engine, split: str, forms: Iterable[Form]) -> Tally:
    """What the held-out Tang poems of some forms cost together.

    Args:
        engine: the model.
        split: "dev" or "test".
        forms: the forms, each of which the model must know.

    Raises:
        TangyinError: the corpus of this machine has no such poem.
    """
    # Here, so that writing a poem does not load what fetches and unpacks the corpus.
    from tangyin.corpus import load_corpus

    corpus = load_corpus().select(parts=[split], dynasties=["tang"])
    tally = Tally()
    for form in forms:
        texts = corpus.select(forms=[form]).text
        tally = sum(score_texts(engine, texts, form), tally)
    if not tally.poems:
        raise TangyinError(
            f"the prepared corpus holds no {split} poem in these forms; "
            "run `tangyin corpus fetch` without --source"
        )
    return tally

"""Scoring given and held-out poems on the NumPy engine."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice, tee

import numpy as np
import numpy.typing as npt

from tangyin.errors import TangyinError, UsageError
from tangyin.model.engine import Engine, StepOutput
from tangyin.model.threads import shared_out
from tangyin.scoring.perplexity import PerplexityMeter, Tally
from tangyin.verse import CI, EOS, Form, Ids, Poem, dynasty_token

BATCH = 32
"""Poems that are read side by side; larger batches are hardly faster."""

WINDOW = 8 * BATCH
"""Poems that are shared out among the threads, those of one form side by side."""

TOGETHER = 64
"""Targets whose probabilities are computed together; they fit a near cache."""

NO_TARGET = -1
"""Target number where nothing is to be predicted."""


@dataclass(frozen=True)
class Score:
    """The negative log-likelihood of a poem; `dataclasses.asdict` gives its JSON.

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
        prefix: what the model was given (`perplexity.prefix_of`).
        poems: as in `Tally`, and so the other counts and sums.
        per_token: perplexity per target, open figure; `per_hanzi` counts characters alone.
        per_token_closed: in the closed vocabulary; like all closed figures, None if the protocol
            has none.
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
    prefix = engine.vocabulary.prefix(form, dynasty="")
    yield from _costs(engine, ((prefix, text) for text in texts))


def score_poems(engine: Engine, poems: Iterable[Poem]) -> Iterator[tuple[Poem, Tally]]:
    """Each poem with its cost, in order; `WINDOW` are read before the first is yielded."""
    scored, read = tee(poems)
    texts = ((engine.vocabulary.prefix(poem.form, dynasty=""), poem.text) for poem in read)
    yield from zip(scored, _costs(engine, texts), strict=True)


def _costs(engine: Engine, texts: Iterable[tuple[Ids, str]]) -> Iterator[Tally]:
    """The cost of each text after its prefix, in order."""
    meter, texts = PerplexityMeter(engine.vocabulary), iter(texts)
    while window := list(islice(texts, WINDOW)):
        yield from _window_costs(engine, meter, window)


def _window_costs(
    engine: Engine, meter: PerplexityMeter, window: Sequence[tuple[Ids, str]]
) -> list[Tally]:
    """The cost of each text; those of one prefix and length are read side by side."""
    keys = [(prefix.tobytes(), len(text)) for prefix, text in window]
    batches: list[list[int]] = []
    for key in dict.fromkeys(keys):
        batches += _batches([place for place, own in enumerate(keys) if own == key])

    def charged(part: Sequence[list[int]]) -> list[list[Tally]]:
        return [
            _batch_costs(engine, meter, window[batch[0]][0], [window[at][1] for at in batch])
            for batch in part
        ]

    costs = shared_out(charged, batches)
    found = {
        place: tally
        for batch, tallies in zip(batches, costs, strict=True)
        for place, tally in zip(batch, tallies, strict=True)
    }
    return [found[place] for place in range(len(window))]


def _batch_costs(
    engine: Engine, meter: PerplexityMeter, prefix: Ids, texts: Sequence[str]
) -> list[Tally]:
    """The cost of texts of one prefix and length that are read side by side."""
    targets = [meter.targets(text) for text in texts]
    ids, kinds = (
        np.stack([getattr(poem, name) for poem in targets], axis=1) for name in ("ids", "kinds")
    )  # (T, B)
    inputs = np.concatenate((np.repeat(prefix[:, None], len(texts), axis=1), ids[:-1]))
    costs = np.empty((2, *ids.shape))
    for part, log_probs in _predictions(engine, inputs, len(prefix) - 1):
        found = meter.costs(log_probs, ids[part].ravel(), kinds[part].ravel())
        costs[:, part] = found.reshape(2, -1, len(texts))
    return [meter.tally(costs[:, :, column], poem) for column, poem in enumerate(targets)]


def _predictions(
    engine: Engine, inputs: Ids, first: int = 0
) -> Iterator[tuple[slice, npt.NDArray[np.float32]]]:
    """The log-probabilities after the inputs (T, B) from step `first` on, some steps at a time.

    Yields which steps, counted from `first`, and (steps · B, outputs).
    """
    outputs = engine.read(inputs)[first:]
    together = max(1, TOGETHER // inputs.shape[1])
    for start in range(0, len(outputs), together):
        part = slice(start, start + together)
        yield part, engine.log_probs(StepOutput.joined(outputs[part]))


def target_costs(
    engine: Engine, inputs: Sequence[Ids], targets: Sequence[Ids]
) -> list[npt.NDArray[np.float64]]:
    """The cost of each target of sequences of any lengths; similar lengths are read together.

    Inputs, targets and the negative log-probabilities returned are (T,) for each sequence. Where
    there is no target it is `NO_TARGET`, and the cost is 0.
    """
    eos, lengths = engine.vocabulary.id(EOS), [len(sequence) for sequence in inputs]
    batches = _batches(np.argsort(lengths, kind="stable").tolist())

    def charged(part: Sequence[list[int]]) -> list[npt.NDArray[np.float64]]:
        found = []
        for batch in part:
            read = _side_by_side([inputs[at] for at in batch], eos)
            wanted = _side_by_side([targets[at] for at in batch], NO_TARGET)
            costs = np.zeros(wanted.shape)
            for steps, log_probs in _predictions(engine, read):
                own = wanted[steps].ravel()
                plain = -log_probs[np.arange(len(own)), own].astype(np.float64)
                costs[steps] = np.where(own == NO_TARGET, 0, plain).reshape(-1, len(batch))
            found.append(costs.T)
        return found

    costs: list[npt.NDArray[np.float64]] = [np.empty(0)] * len(inputs)
    for batch, rows in zip(batches, shared_out(charged, batches), strict=True):
        for at, row in zip(batch, rows, strict=True):
            costs[at] = row[: lengths[at]]
    return costs


def _batches(places: list[int]) -> list[list[int]]:
    return [places[start : start + BATCH] for start in range(0, len(places), BATCH)]


def _side_by_side(sequences: Sequence[Ids], filler: int) -> Ids:
    """(T, B): sequences of any lengths, and the filler behind the shorter ones."""
    together = np.full((max(map(len, sequences)), len(sequences)), filler, np.int32)
    for column, sequence in enumerate(sequences):
        together[: len(sequence), column] = sequence
    return together


def evaluate_split(
    engine: Engine, split: str, forms: Iterable[Form], *, dated: bool = False
) -> Tally:
    """The cost of the poems of a split, "dev" or "test", in some forms together.

    詩 are Tang poems, 詞 those of the Song. A model of 詞 is conditioned on the tune, which is
    their form. If `dated`, the prefixes have the dynasty too.

    Raises:
        UsageError: form.not_trained; score.no_dynasties, the model was not trained with them.
        TangyinError: score.no_poems; or there is no prepared corpus.
    """
    # Here, so that writing a poem does not load what fetches and unpacks the corpus.
    from tangyin.corpus import load_corpus

    corpus, vocabulary = load_corpus().select(parts=[split]), engine.vocabulary
    if dated and dynasty_token("tang") not in vocabulary:
        raise UsageError("score.no_dynasties")
    tally = Tally()
    for form in forms:
        chosen = corpus.select(forms=[form])
        tuned = form == CI and vocabulary.takes_title
        prefixes = (
            vocabulary.prefix(form, None, title if tuned else None, dynasty if dated else "")
            for title, dynasty in zip(chosen.title, chosen.dynasty, strict=True)
        )
        tally = sum(_costs(engine, zip(prefixes, chosen.text, strict=True)), tally)
    if not tally.poems:
        raise TangyinError("score.no_poems", split=split)
    return tally

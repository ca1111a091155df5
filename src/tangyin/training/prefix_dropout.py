"""Prefix dropout: form, dynasty, rhyme and title precede a training poem at random."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from tangyin.corpus import Batch, Corpus, bucket
from tangyin.metre import rhyme_of_poem
from tangyin.training.recipe import DataRecipe
from tangyin.verse import (
    CI,
    EOS,
    TEXT,
    TITLE,
    Ids,
    Vocabulary,
    dynasty_token,
    form_token,
    kind_named,
    rhyme_token,
    title_characters,
)

LONGEST_TITLE = 40
"""Poems with more characters in their title are trained without it."""

Bools = npt.NDArray[np.bool_]
Numbers = npt.NDArray[np.intp]


@dataclass(frozen=True)
class PrefixDropout:
    """Poems and all that their prefixes may contain, in token numbers.

    A text is lines and marks, then `<eos>`. `forms`, `rhymes` and `dynasties` are (N,); a rhyme is
    -1 without a single level rhyme, a dynasty -1 without a token, a title empty if it is too long.
    `shares` of the poems are conditioned on form, rhyme, title and dynasty; the title of a 詞 is
    its tune, which is known as often as a form.
    """

    vocabulary: Vocabulary
    texts: list[Ids]
    forms: Ids
    rhymes: Ids
    dynasties: Ids
    titles: list[Ids]
    shares: tuple[float, float, float, float]
    title_weight: float

    @classmethod
    def of(cls, vocabulary: Vocabulary, corpus: Corpus, recipe: DataRecipe) -> "PrefixDropout":
        """Encode the poems of a corpus."""
        eos = np.int32(vocabulary.id(EOS))
        forms = [vocabulary.prefix_id(kind_named(form)) for form in corpus.form]
        rows = zip(corpus.form, corpus.lines(), strict=True)
        rhymes = [None if form == CI.name else rhyme_of_poem(lines) for form, lines in rows]
        rhyme_ids = [-1 if r is None else vocabulary.id(rhyme_token(r)) for r in rhymes]
        tokens = map(dynasty_token, corpus.dynasty)
        dynasties = [vocabulary.id(token) if token in vocabulary else -1 for token in tokens]
        titles = map(title_characters, corpus.title)
        return cls(
            vocabulary,
            texts=[np.append(vocabulary.encode(text), eos) for text in corpus.text],
            forms=np.array(forms, dtype=np.int32),
            rhymes=np.array(rhyme_ids, dtype=np.int32),
            dynasties=np.array(dynasties, dtype=np.int32),
            titles=[vocabulary.encode(t if len(t) <= LONGEST_TITLE else "") for t in titles],
            shares=(recipe.tell_form, recipe.tell_rhyme, recipe.tell_title, recipe.tell_dynasty),
            title_weight=recipe.title_weight,
        )

    def batches(
        self, chosen: Numbers, batch_size: int, random: np.random.Generator
    ) -> Sequence[Batch]:
        """Draw prefixes for the poems of these numbers, and an order; group them into batches."""
        ci = [self.vocabulary.id(token) for token in (form_token(CI),) if token in self.vocabulary]
        shares = np.tile(self.shares[:3], (len(chosen), 1))
        shares[np.isin(self.forms[chosen], ci), 2] = self.shares[0]
        given = random.random((len(chosen), 3)) < shares
        told = self.dynasties[chosen] >= 0
        if told.any():  # without dynasties nothing is drawn, so older recipes draw as they did
            told &= random.random(len(chosen)) < self.shares[3]
        given = np.column_stack((given, told))
        given[:, 1] &= self.rhymes[chosen] >= 0
        titles = np.array([len(self.titles[poem]) for poem in chosen])
        given[:, 2] &= titles > 0
        lengths = np.array([len(self.texts[poem]) for poem in chosen])
        lengths = lengths + 1 + given[:, 1] + given[:, 2] * (1 + titles) + given[:, 3]
        groups = bucket(lengths.tolist(), batch_size, random)
        return _LazyBatches(self, [(chosen[rows], given[rows]) for rows in groups])

    def collate(self, poems: Numbers, given: Bools) -> Batch:
        """Stack poems side by side, padding the shorter ones at the end.

        The targets of a title are its characters and `<eos>`; the input after them is `<text>`.
        Other prefix tokens have no target. `poems` are (B,) numbers; `given`, (B, 4), says whether
        the prefix of each contains form, rhyme, title and dynasty.
        """
        columns = [self._column(int(poem), row) for poem, row in zip(poems, given, strict=True)]
        lengths = np.array([len(inputs) for inputs, _, _ in columns])
        shape = lengths.max(), len(columns)
        inputs, targets = np.full((2, *shape), self.vocabulary.id(EOS), dtype=np.int32)
        weights = np.zeros(shape, dtype=np.float32)
        for number, (length, column) in enumerate(zip(lengths, columns, strict=True)):
            inputs[:length, number], targets[:length, number], weights[:length, number] = column
        return Batch(inputs, targets, np.arange(shape[0])[:, None] < lengths, weights)

    def _column(self, poem: int, given: Bools) -> tuple[Ids, Ids, npt.NDArray[np.float32]]:
        """Inputs, targets and weights of one poem."""
        vocabulary, title, text = self.vocabulary, self.titles[poem], self.texts[poem]
        prefix = [int(self.forms[poem]) if given[0] else vocabulary.prefix_id(None)]
        if given[3]:
            prefix.append(int(self.dynasties[poem]))
        if given[1]:
            prefix.append(int(self.rhymes[poem]))
        before = len(prefix)
        if given[2]:
            prefix += [vocabulary.id(TITLE), *title.tolist()]
        prefix.append(vocabulary.id(TEXT))
        inputs = np.concatenate((prefix, text[:-1])).astype(np.int32)
        targets = np.full(len(inputs), vocabulary.id(EOS), dtype=np.int32)
        targets[len(prefix) - 1 :] = text
        weights = np.ones(len(inputs), dtype=np.float32)
        weights[: len(prefix) - 1] = 0.0
        if given[2]:
            targets[before : before + len(title)] = title
            weights[before : before + len(title) + 1] = self.title_weight
        return inputs, targets, weights


class _LazyBatches(Sequence[Batch]):
    """Batches that are collated when they are accessed."""

    def __init__(self, poems: PrefixDropout, parts: list[tuple[Numbers, Bools]]) -> None:
        self._poems, self._parts = poems, parts

    def __len__(self) -> int:
        return len(self._parts)

    def __getitem__(self, index: int) -> Batch:  # type: ignore[override] # no slices
        return self._poems.collate(*self._parts[index])

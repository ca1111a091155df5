"""What a training poem is told before its text: form, rhyme and title, each at random."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import overload

import numpy as np
import numpy.typing as npt

from tangyin.corpus import Batch, Corpus, bucket
from tangyin.prosody import rhyme_of_poem
from tangyin.training.recipe import DataRecipe
from tangyin.verse import (
    EOS,
    TEXT,
    TITLE,
    Ids,
    Vocabulary,
    form_named,
    title_characters,
)

LONGEST_TITLE = 40
"""Poems with more characters in their title are trained without it."""


@dataclass(frozen=True)
class PrefixDropout:
    """Poems and all that a prefix may tell of them, in token numbers.

    Attributes:
        texts: lines and marks, then `<eos>`.
        forms: (N,) the form token of each poem.
        rhymes: (N,) its rhyme token, or -1 where it has no one level rhyme.
        titles: its title's characters; empty where it has none or one that is too long.
        shares: which share of the poems is told form, rhyme and title.
        title_weight: how much a character of a title counts as a target.
    """

    texts: list[Ids]
    forms: Ids
    rhymes: Ids
    titles: list[Ids]
    shares: tuple[float, float, float]
    title_weight: float

    @classmethod
    def of(cls, vocabulary: Vocabulary, corpus: Corpus, recipe: DataRecipe) -> "PrefixDropout":
        """Encode the poems of a corpus."""
        end = np.array([vocabulary.id(EOS)], dtype=np.int32)
        titles = [title_characters(title) for title in corpus.title]
        rhymes = [rhyme_of_poem(lines) for lines in corpus.lines()]
        return cls(
            texts=[np.concatenate((vocabulary.encode(text), end)) for text in corpus.text],
            forms=np.array(
                [vocabulary.prefix_id(form_named(form)) for form in corpus.form], dtype=np.int32
            ),
            rhymes=np.array(
                [-1 if r is None else vocabulary.prefix(None, r)[1] for r in rhymes], dtype=np.int32
            ),
            titles=[
                vocabulary.encode(title if len(title) <= LONGEST_TITLE else "") for title in titles
            ],
            shares=(recipe.tell_form, recipe.tell_rhyme, recipe.tell_title),
            title_weight=recipe.title_weight,
        )

    def batches(
        self,
        vocabulary: Vocabulary,
        chosen: npt.NDArray[np.intp],
        batch_size: int,
        random: np.random.Generator,
    ) -> Sequence[Batch]:
        """Decide what each chosen poem is told this time, and part them into batches.

        Args:
            vocabulary: of the model.
            chosen: numbers of the poems.
            batch_size: most poems in a batch.
            random: decides what is told and the order.
        """
        tell = random.random((len(chosen), 3)) < self.shares
        tell[:, 1] &= self.rhymes[chosen] >= 0
        titles = np.array([len(self.titles[poem]) for poem in chosen])
        tell[:, 2] &= titles > 0
        lengths = np.array([len(self.texts[poem]) for poem in chosen])
        lengths = lengths + 1 + tell[:, 1] + tell[:, 2] * (1 + titles)
        parted = bucket(lengths.tolist(), batch_size, random)
        return _PrefixBatches(self, vocabulary, [(chosen[rows], tell[rows]) for rows in parted])

    def collate(
        self, vocabulary: Vocabulary, poems: npt.NDArray[np.intp], tell: npt.NDArray[np.bool_]
    ) -> Batch:
        """Put poems side by side, padding the shorter ones at the end.

        The targets of a told title are its characters and `<eos>`; the input after them is
        `<text>`. Other prefix tokens are followed by no target.

        Args:
            vocabulary: of the model.
            poems: their numbers, B of them.
            tell: (B, 3), whether each is told its form, rhyme and title.
        """
        columns = [
            self._column(vocabulary, int(poem), told)
            for poem, told in zip(poems, tell, strict=True)
        ]
        eos = vocabulary.id(EOS)
        shape = max(len(inputs) for inputs, _, _ in columns), len(columns)
        inputs = np.full(shape, eos, dtype=np.int32)
        targets = np.full(shape, eos, dtype=np.int32)
        mask = np.zeros(shape, dtype=np.bool_)
        weights = np.zeros(shape, dtype=np.float32)
        for column, (read, wanted, counted) in enumerate(columns):
            inputs[: len(read), column] = read
            targets[: len(read), column] = wanted
            weights[: len(read), column] = counted
            mask[: len(read), column] = True
        return Batch(inputs, targets, mask, weights)

    def _column(
        self, vocabulary: Vocabulary, poem: int, tell: npt.NDArray[np.bool_]
    ) -> tuple[Ids, Ids, npt.NDArray[np.float32]]:
        """Inputs, targets and weights of one poem."""
        title, text = self.titles[poem], self.texts[poem]
        prefix = [int(self.forms[poem]) if tell[0] else vocabulary.prefix_id(None)]
        if tell[1]:
            prefix.append(int(self.rhymes[poem]))
        before = len(prefix)
        if tell[2]:
            prefix += [vocabulary.id(TITLE), *title.tolist()]
        prefix.append(vocabulary.id(TEXT))
        inputs = np.concatenate((prefix, text[:-1])).astype(np.int32)
        targets = np.full(len(inputs), vocabulary.id(EOS), dtype=np.int32)
        targets[len(prefix) - 1 :] = text
        weights = np.ones(len(inputs), dtype=np.float32)
        weights[: len(prefix) - 1] = 0.0
        if tell[2]:
            targets[before : before + len(title)] = title
            weights[before : before + len(title) + 1] = self.title_weight
        return inputs, targets, weights


class _PrefixBatches(Sequence[Batch]):
    """Batches that are put together only when they are asked for."""

    def __init__(
        self,
        told: PrefixDropout,
        vocabulary: Vocabulary,
        parts: list[tuple[npt.NDArray[np.intp], npt.NDArray[np.bool_]]],
    ) -> None:
        self._told, self._vocabulary, self._parts = told, vocabulary, parts

    def __len__(self) -> int:
        return len(self._parts)

    @overload
    def __getitem__(self, index: int) -> Batch: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[Batch]: ...
    def __getitem__(self, index: int | slice) -> Batch | Sequence[Batch]:
        if isinstance(index, slice):
            return _PrefixBatches(self._told, self._vocabulary, self._parts[index])
        return self._told.collate(self._vocabulary, *self._parts[index])

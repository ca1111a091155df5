"""What a recipe trains on: vocabulary, encoded training poems, dev poems."""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from tangyin.corpus import (
    DEV,
    TRAIN,
    Batch,
    Corpus,
    bucket,
    collate,
    encode_poem,
    load_corpus,
    read_own,
)
from tangyin.errors import TangyinError
from tangyin.prosody import LEVEL_RHYMES
from tangyin.training.prefix_dropout import PrefixDropout
from tangyin.training.recipe import DataRecipe, StageRecipe
from tangyin.verse import (
    BOS,
    EOS,
    Form,
    Ids,
    Vocabulary,
    form_named,
    form_token,
    prefix_tokens,
)


@dataclass(frozen=True)
class Dataset:
    """The data of one training.

    Attributes:
        vocabulary: made of the training poems alone.
        forms: the forms trained on.
        train: encoded training poems (`corpus.encode_poem`); of poems that are told something,
            what stands in `told`.
        dev: dev texts by form.
        facts: where the poems come from, for the model file; `poems_sha256` tells any two
            collections of training and dev poems apart.
        remarks: sentences on poems of one's own that could not be used.
        told: the training poems with what they may be told, for `data.prefix = "told"`.
        kinds: dynasty and form of each training poem, for the stages of a curriculum.
    """

    vocabulary: Vocabulary
    forms: tuple[Form, ...]
    train: list[Ids]
    dev: dict[Form, list[str]]
    facts: dict[str, object]
    remarks: tuple[str, ...] = ()
    told: PrefixDropout | None = None
    kinds: tuple[tuple[str, str], ...] = ()

    def batches(
        self, batch_size: int, seed: int, epoch: int, stage: StageRecipe | None = None
    ) -> Sequence[Batch]:
        """The training batches of one epoch, in the order that (seed, epoch) decide.

        Args:
            batch_size: most poems in a batch.
            seed: of the run.
            epoch: from 1; what poems are told is decided anew for each.
            stage: takes its poems alone; None takes all.
        """
        shuffle = np.random.default_rng([seed, epoch])
        poems = self.of(stage)
        if self.told is not None:
            return self.told.batches(self.vocabulary, poems, batch_size, shuffle)
        lengths = [len(self.train[poem]) for poem in poems]
        eos = self.vocabulary.id(EOS)
        return [
            collate([self.train[poems[i]] for i in chosen], eos)
            for chosen in bucket(lengths, batch_size, shuffle)
        ]

    def of(self, stage: StageRecipe | None) -> npt.NDArray[np.intp]:
        """Numbers of the training poems of a stage, or of all.

        Poems of one's own are of no dynasty, and in every stage of their form.
        """
        if stage is None:
            return np.arange(len(self.train))
        forms = {form_named(form).name for form in stage.forms}
        return np.array(
            [
                number
                for number, (dynasty, form) in enumerate(self.kinds)
                if dynasty in (*stage.dynasties, "own") and form in forms
            ],
            dtype=np.intp,
        )

    def targets(self, stage: StageRecipe | None) -> int:
        """Targets of a stage's texts."""
        first = 0 if self.told is not None else 1  # the prefix token
        return sum(len(self.train[poem]) - first for poem in self.of(stage))

    def dev_chunks(self, size: int) -> Iterator[tuple[Form, list[str]]]:
        """The dev texts in pieces of at most `size`, one form at a time."""
        for form, texts in self.dev.items():
            for start in range(0, len(texts), size):
                yield form, texts[start : start + size]


def load_dataset(recipe: DataRecipe, own: Path | None = None) -> Dataset:
    """Collect what a recipe asks for.

    Args:
        recipe: forms, dynasties, vocabulary.
        own: a file of one's own poems to train on instead of the corpus (`corpus.read_own`).

    Raises:
        TangyinError: the corpus is missing, or no poem is in the recipe's forms.
    """
    forms = tuple(map(form_named, recipe.forms))
    remarks: tuple[str, ...] = ()
    if own is None:
        corpus = load_corpus()
        facts: dict[str, object] = {
            "corpus": corpus.facts["integrity"],
            "split_sha256": corpus.facts["split_sha256"],
        }
        corpus = corpus.select(forms=forms)
        training = corpus.select(parts=[TRAIN], dynasties=recipe.dynasties)
    else:
        everything = read_own(own)
        corpus = everything.select(forms=forms)
        facts = {"corpus": own.name, "left_out": len(everything.facts["left_out"])}
        training = corpus.select(parts=[TRAIN])
        remarks = _remarks(own, everything, corpus, recipe.forms)
    dev = {
        form: texts for form in forms if (texts := corpus.select(forms=[form], parts=[DEV]).text)
    }
    if not len(training) or not dev:
        raise TangyinError(
            f"there are {len(training)} training and {sum(map(len, dev.values()))} dev poems in "
            f"{', '.join(recipe.forms)}; name other forms in data.forms or add poems"
        )
    facts["poems_sha256"] = _digest(training.text, *dev.values())
    prefixes = {
        "none": (BOS,),
        "form": tuple(form_token(form) for form in forms),
        "told": prefix_tokens(LEVEL_RHYMES, forms),
    }[recipe.prefix]
    vocabulary = Vocabulary.from_texts(training.text, recipe.minimum_frequency, prefixes)
    told = PrefixDropout.of(vocabulary, training, recipe) if recipe.prefix == "told" else None
    return Dataset(
        vocabulary=vocabulary,
        forms=forms,
        train=encode(vocabulary, training) if told is None else told.texts,
        dev=dev,
        facts=facts,
        remarks=remarks,
        told=told,
        kinds=tuple(zip(training.dynasty, training.form, strict=True)),
    )


def encode(vocabulary: Vocabulary, corpus: Corpus) -> list[Ids]:
    """The poems of a corpus as a model sees them."""
    return [
        encode_poem(vocabulary, text, form_named(form))
        for text, form in zip(corpus.text, corpus.form, strict=True)
    ]


def _remarks(
    own: Path, everything: Corpus, chosen: Corpus, forms: tuple[str, ...]
) -> tuple[str, ...]:
    """What a person should know of the poems that are not used."""
    remarks = []
    left_out = everything.facts["left_out"]
    if left_out:
        remarks.append(f"{len(left_out)} of the poems in {own} are left out; {left_out[0]}")
    if len(chosen) < len(everything):
        remarks.append(
            f"{len(everything) - len(chosen)} of the poems in {own} are in other forms than "
            f"data.forms names ({', '.join(forms)}), and not used"
        )
    return tuple(remarks)


def _digest(*collections: list[str]) -> str:
    digest = hashlib.sha256()
    for texts in collections:
        digest.update("\n".join([*texts, "\n"]).encode())
    return digest.hexdigest()

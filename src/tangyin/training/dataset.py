"""The data of a training: vocabulary, encoded training poems, dev poems."""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from tangyin.corpus import (
    DEV,
    LATER,
    TRAIN,
    Batch,
    Corpus,
    bucket,
    collate,
    encode_poem,
    load_corpus,
    load_later,
    read_own,
)
from tangyin.errors import TangyinError
from tangyin.metre import LEVEL_RHYMES
from tangyin.training.prefix_dropout import PrefixDropout
from tangyin.training.recipe import DataRecipe, StageRecipe
from tangyin.verse import (
    BOS,
    CI,
    EOS,
    KINDS,
    Form,
    Ids,
    Vocabulary,
    form_token,
    kind_named,
    prefix_tokens,
)


@dataclass(frozen=True)
class Dataset:
    """The data of one training.

    Attributes:
        vocabulary: made from the training poems alone.
        forms: the forms trained on, without the kinds of verse that have no one shape.
        train: encoded training poems (`corpus.encode_poem`), or with prefix dropout its `texts`.
        dev: dev texts by form.
        facts: where the poems come from, for the model file; `poems_sha256` identifies the
            training and dev poems.
        remarks: which poems of a user's file are not used, and why.
        prefixes: the training poems with their prefixes, for `data.prefix = "told"`.
        kinds: dynasty and form of each training poem, for the stages of a curriculum.
    """

    vocabulary: Vocabulary
    forms: tuple[Form, ...]
    train: list[Ids]
    dev: dict[Form, list[str]]
    facts: dict[str, object]
    remarks: tuple[TangyinError, ...] = ()
    prefixes: PrefixDropout | None = None
    kinds: tuple[tuple[str, str], ...] = ()

    def batches(
        self, batch_size: int, seed: int, epoch: int, stage: StageRecipe | None = None
    ) -> Sequence[Batch]:
        """The batches of at most `batch_size` poems of one epoch, from 1, of a stage or of all.

        (seed, epoch) determine order and prefixes.
        """
        shuffle = np.random.default_rng([seed, epoch])
        poems = self.of(stage)
        if self.prefixes is not None:
            return self.prefixes.batches(poems, batch_size, shuffle)
        lengths = [len(self.train[poem]) for poem in poems]
        eos = self.vocabulary.id(EOS)
        groups = bucket(lengths, batch_size, shuffle)
        return [collate([self.train[i] for i in poems[chosen]], eos) for chosen in groups]

    def of(self, stage: StageRecipe | None) -> npt.NDArray[np.intp]:
        """Numbers of the training poems of a stage, or of all.

        Poems of a user's file have no dynasty and are in every stage of their form, and so are the
        詞 of the Song, as there are none of the Tang.
        """
        if stage is None:
            return np.arange(len(self.train))
        dynasties = {*stage.dynasties, "own"}
        forms = {kind_named(form).name for form in stage.forms}
        return np.flatnonzero(
            [
                form in forms and (dynasty in dynasties or (dynasty, form) == ("song", CI.name))
                for dynasty, form in self.kinds
            ]
        )

    def targets(self, stage: StageRecipe | None) -> int:
        """Number of targets in a stage's texts."""
        first = 0 if self.prefixes is not None else 1  # the prefix token
        return sum(len(self.train[poem]) - first for poem in self.of(stage))


def load_dataset(recipe: DataRecipe, own: Path | None = None) -> Dataset:
    """Load the poems of a recipe, from the corpus or a user's own file (`corpus.read_own`).

    Raises:
        TangyinError: the corpus is missing, or no poem is in the recipe's forms.
    """
    kinds = tuple(map(kind_named, recipe.forms))
    forms = tuple(kind for kind in kinds if kind not in KINDS)
    everything = load_corpus() if own is None else read_own(own)
    corpus = everything.select(forms=kinds)
    training = corpus.select(parts=[TRAIN], dynasties=recipe.dynasties if own is None else None)
    later = Corpus()
    if own is None and not set(LATER).isdisjoint(recipe.dynasties):
        later = load_later().select(forms=kinds, dynasties=recipe.dynasties)
    dev = {
        form: texts for form in forms if (texts := corpus.select(forms=[form], parts=[DEV]).text)
    }
    if not len(training) or not dev:
        counts = {"train": len(training), "dev": sum(map(len, dev.values()))}
        raise TangyinError("training.no_poems", **counts, forms=recipe.forms)
    tokens = {
        "none": (BOS,),
        "form": tuple(map(form_token, kinds)),
        "told": prefix_tokens(LEVEL_RHYMES, kinds, recipe.dynasties if recipe.tell_dynasty else ()),
    }[recipe.prefix]
    vocabulary = Vocabulary.from_texts(training.text, recipe.minimum_frequency, tokens)
    if len(later):
        others = Vocabulary.from_texts(later.text, recipe.later_frequency).hanzi
        vocabulary = Vocabulary(sorted({*vocabulary.hanzi, *others}), tokens)
        training = training.joined(later)
    prefixes, facts = None, everything.facts
    if recipe.prefix == "told":
        prefixes = PrefixDropout.of(vocabulary, training, recipe)
        encoded = prefixes.texts
    else:
        rows = zip(training.text, training.form, strict=True)
        encoded = [encode_poem(vocabulary, text, kind_named(form)) for text, form in rows]
    digested = "".join("\n".join([*texts, "\n"]) for texts in (training.text, *dev.values()))
    if own is None:
        source = {"corpus": facts["integrity"], "split_sha256": facts["split_sha256"]}
        if len(later):
            source["later"] = later.facts["integrity"]
    else:
        source = {"corpus": own.name, "left_out": len(facts["left_out"])}
    return Dataset(
        vocabulary=vocabulary,
        forms=forms,
        train=encoded,
        dev=dev,
        facts=source | {"poems_sha256": hashlib.sha256(digested.encode()).hexdigest()},
        remarks=() if own is None else tuple(_remarks(own, everything, corpus, recipe.forms)),
        prefixes=prefixes,
        kinds=tuple(zip(training.dynasty, training.form, strict=True)),
    )


def _remarks(
    own: Path, everything: Corpus, chosen: Corpus, forms: tuple[str, ...]
) -> Iterator[TangyinError]:
    if left_out := everything.facts["left_out"]:
        first = left_out[0]
        yield TangyinError("training.poems_left_out", count=len(left_out), path=own, first=first)
    if others := len(everything) - len(chosen):
        yield TangyinError("training.poems_of_other_forms", count=others, path=own, forms=forms)

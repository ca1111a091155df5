"""The characters a model knows, and their numbers."""

from collections import Counter
from collections.abc import Iterable
from functools import cached_property

import numpy as np
import numpy.typing as npt

from tangyin.errors import TangyinError, UsageError
from tangyin.verse.form import FORMS, Form
from tangyin.verse.punctuation import MARKS, is_hanzi

UNK, EOS, BOS = "<unk>", "<eos>", "<bos>"
TITLE, TEXT = "<title>", "<text>"

Ids = npt.NDArray[np.int32]


def form_token(form: Form) -> str:
    """The prefix token that tells a model which form to write."""
    return f"<{form.name}>"


def rhyme_token(rhyme: str) -> str:
    """The prefix token that tells a model in which rhyme to write."""
    return f"<rhyme:{rhyme}>"


def prefix_tokens(rhymes: Iterable[str]) -> tuple[str, ...]:
    """The prefix tokens of a model that may be told form, rhyme and title.

    Args:
        rhymes: the names of the rhymes (`tangyin.prosody.LEVEL_RHYMES`).
    """
    return (BOS, *map(form_token, FORMS), *map(rhyme_token, rhymes), TITLE, TEXT)


def title_characters(title: str) -> str:
    """The CJK characters of a title, which are what a model reads of it."""
    return "".join(filter(is_hanzi, title))


class Vocabulary:
    """Tokens and their numbers: first those a model predicts, then those it only reads.

    The predicted tokens are `<unk>`, `<eos>`, the six marks and the known characters; a model's
    output layer has exactly these rows, in this order. The prefix tokens (`<bos>` for a form that
    is not told, one token a form, one a rhyme, `<title>` before a title, `<text>` before the text)
    come after them and have an embedding only: so they are no targets and stand outside the
    softmax without any mask.
    """

    def __init__(self, hanzi: Iterable[str], prefixes: Iterable[str] = (BOS,)) -> None:
        """Number the tokens.

        Args:
            hanzi: the known characters, in the order of their numbers.
            prefixes: the tokens a model reads and never predicts.

        Raises:
            TangyinError: a token stands twice, or a known character is no CJK character.
        """
        self.hanzi = tuple(hanzi)
        self.prefixes = tuple(prefixes)
        self.predicted = (UNK, EOS, *MARKS, *self.hanzi)
        self.tokens = (*self.predicted, *self.prefixes)
        self._ids = {token: number for number, token in enumerate(self.tokens)}
        if len(self._ids) != len(self.tokens):
            raise TangyinError("a vocabulary names a token twice; take the second one out")
        if not all(map(is_hanzi, self.hanzi)):
            raise TangyinError("a vocabulary holds something that is no Chinese character")

    @classmethod
    def from_texts(
        cls, texts: Iterable[str], minimum: int, prefixes: Iterable[str] = (BOS,)
    ) -> "Vocabulary":
        """The characters that stand at least `minimum` times in `texts`, by code point."""
        counts = Counter[str]()
        for text in texts:
            counts.update(text)
        hanzi = sorted(c for c, n in counts.items() if n >= minimum and is_hanzi(c))
        if not hanzi:
            raise UsageError(
                f"no character stands {minimum} times in these poems; lower minimum_frequency"
            )
        return cls(hanzi, prefixes)

    def __len__(self) -> int:
        """Number of all tokens: rows of the embedding."""
        return len(self.tokens)

    @property
    def outputs(self) -> int:
        """Number of predicted tokens: rows of the output layer."""
        return len(self.predicted)

    def __contains__(self, token: object) -> bool:
        return token in self._ids

    def id(self, token: str) -> int:
        """The number of a token that must be there.

        Raises:
            KeyError: the vocabulary does not have it.
        """
        return self._ids[token]

    def encode(self, text: str) -> Ids:
        """Numbers of the characters of `text`; those unknown become `<unk>`.

        Returns:
            int32 of shape (len(text),).
        """
        points = np.frombuffer(text.encode("utf-32-le", "surrogatepass"), dtype=np.uint32)
        return self._by_point[np.minimum(points, len(self._by_point) - 1)]

    def decode(self, ids: Iterable[int]) -> str:
        """The text of token numbers; special tokens are written as they are named."""
        return "".join(self.tokens[number] for number in ids)

    def prefix_id(self, form: Form | None) -> int:
        """The number of the token that a poem begins with.

        The form's own where there is one, else `<bos>`.

        Args:
            form: the poem's form, or None when it is not told.

        Raises:
            UsageError: the vocabulary has tokens for other forms only.
        """
        for token in (form_token(form) if form else BOS, BOS):
            if token in self._ids:
                return self._ids[token]
        if form is None:
            raise UsageError("this model must be told the form of a poem; name one")
        raise UsageError(
            f"this model was not trained on {form}; it knows {', '.join(self.prefixes)}"
        )

    def prefix(self, form: Form | None, rhyme: str | None = None, title: str | None = None) -> Ids:
        """The tokens that are read before a poem's text.

        Form, rhyme, `<title>` with the title's characters, and `<text>`, of which rhyme and title
        may be left out; of a vocabulary without `<text>` the first token alone.

        Args:
            form: the poem's form, or None when it is not told.
            rhyme: the name of its rhyme.
            title: its title; what is no CJK character in it is passed over, and a title without
                any is no title.

        Returns:
            int32, at least one token.

        Raises:
            UsageError: the vocabulary does not have a token that is asked for.
        """
        tokens = [self.prefix_id(form)]
        if rhyme:
            if rhyme_token(rhyme) not in self._ids:
                raise UsageError(f"this model was not trained to be told the rhyme {rhyme}")
            tokens.append(self._ids[rhyme_token(rhyme)])
        characters = title_characters(title or "")
        if characters:
            if not self.takes_title:
                raise UsageError("this model was not trained on titles; leave the title out")
            tokens += [self._ids[TITLE], *self.encode(characters)]
        if TEXT in self._ids:
            tokens.append(self._ids[TEXT])
        return np.array(tokens, dtype=np.int32)

    @property
    def takes_title(self) -> bool:
        """Whether a poem's title may be read before its text, and is predicted too."""
        return TITLE in self._ids and TEXT in self._ids

    @cached_property
    def mark_ids(self) -> Ids:
        """Numbers of the six marks, in the order of `MARKS`."""
        return np.array([self._ids[mark] for mark in MARKS], dtype=np.int32)

    @cached_property
    def hanzi_ids(self) -> Ids:
        """Numbers of the known characters."""
        return np.arange(self.outputs - len(self.hanzi), self.outputs, dtype=np.int32)

    @cached_property
    def _by_point(self) -> Ids:
        """Number of each code point up to U+FFFF; the last entry serves everything above."""
        table = np.full(0x10001, self._ids[UNK], dtype=np.int32)
        for number, token in enumerate(self.predicted):
            if len(token) == 1:
                table[ord(token)] = number
        return table

"""The tokens of a model and their numbers."""

from collections import Counter
from collections.abc import Iterable
from functools import cached_property

import numpy as np
import numpy.typing as npt

from tangyin.errors import TangyinError, UsageError
from tangyin.verse.form import FORMS, KINDS, Form, known_forms
from tangyin.verse.punctuation import MARKS, is_hanzi, is_in_corpus

UNK, EOS, BOS = "<unk>", "<eos>", "<bos>"
TITLE, TEXT = "<title>", "<text>"

Ids = npt.NDArray[np.int32]


def form_token(form: Form | str) -> str:
    """The prefix token of a form, by its kind if it has one, or of a name."""
    return f"<{(isinstance(form, Form) and form.kind) or form}>"


def rhyme_token(rhyme: str) -> str:
    """The prefix token of a rhyme."""
    return f"<rhyme:{rhyme}>"


def dynasty_token(dynasty: str) -> str:
    """The prefix token of a dynasty."""
    return f"<dynasty:{dynasty}>"


def prefix_tokens(
    rhymes: Iterable[str], forms: Iterable[Form] = (), dynasties: Iterable[str] = ()
) -> tuple[str, ...]:
    """The prefix tokens of a model that can be conditioned on form, rhyme and title.

    `rhymes` are `tangyin.metre.LEVEL_RHYMES`; `forms` are added to the four of the corpus; the
    tokens of `dynasties` are for a model that can be conditioned on them too.
    """
    with_others = dict.fromkeys((*FORMS, *forms))
    tokens = (BOS, *map(form_token, with_others), *map(rhyme_token, rhymes), TITLE, TEXT)
    return (*tokens, *map(dynasty_token, dynasties))


def title_characters(title: str) -> str:
    """What a model reads of a title: its characters that the corpus could have."""
    return "".join(filter(is_in_corpus, title))


class Vocabulary:
    """Tokens and their numbers: first those a model predicts, then those it only reads.

    The predicted tokens are `<unk>`, `<eos>`, the six marks and the known characters; a model's
    output layer has exactly these rows, in this order. The prefix tokens (`<bos>` where no form is
    given, one token per form, one per rhyme, `<title>` before a title, `<text>` before the text,
    in some models one per dynasty) come after them and have an embedding only, so they are outside
    the softmax without any mask.

    Raises:
        TangyinError: form.token_twice, form.token_not_hanzi.
    """

    def __init__(self, hanzi: Iterable[str], prefixes: Iterable[str] = (BOS,)) -> None:
        self.hanzi = tuple(hanzi)
        self.prefixes = tuple(prefixes)
        self.predicted = (UNK, EOS, *MARKS, *self.hanzi)
        self.tokens = (*self.predicted, *self.prefixes)
        self._ids = {token: number for number, token in enumerate(self.tokens)}
        if len(self._ids) != len(self.tokens):
            raise TangyinError("form.token_twice")
        # Models trained on version 1 of the corpus know 囗, a mark for a missing character.
        if not all(is_hanzi(c) or is_in_corpus(c) for c in self.hanzi):
            raise TangyinError("form.token_not_hanzi")

    @classmethod
    def from_texts(
        cls, texts: Iterable[str], minimum: int, prefixes: Iterable[str] = (BOS,)
    ) -> "Vocabulary":
        """The characters that occur at least `minimum` times in `texts`, by code point.

        Raises:
            UsageError: form.rare, there is none.
        """
        counts = Counter(character for text in texts for character in text)
        hanzi = sorted(c for c, n in counts.items() if n >= minimum and is_hanzi(c))
        if not hanzi:
            raise UsageError("form.rare", minimum=minimum)
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
        """The number of a token.

        Raises:
            KeyError: the vocabulary does not have it.
        """
        return self._ids[token]

    def encode(self, text: str) -> Ids:
        """Numbers of the characters of `text`, int32 of shape (len(text),); unknown: `<unk>`."""
        points = np.frombuffer(text.encode("utf-32-le", "surrogatepass"), dtype=np.uint32)
        return self._by_point[np.minimum(points, len(self._by_point) - 1)]

    def decode(self, ids: Iterable[int]) -> str:
        """The text of token numbers; special tokens are written as they are named."""
        return "".join(map(self.tokens.__getitem__, ids))

    @property
    def forms(self) -> tuple[Form, ...]:
        """The forms that have a prefix token."""
        return tuple(form for form in known_forms() if form_token(form) in self)

    @property
    def kinds(self) -> tuple[Form, ...]:
        """The kinds of verse without one shape that have a prefix token."""
        return tuple(kind for kind in KINDS if form_token(kind) in self)

    def prefix_id(self, form: Form | None) -> int:
        """The number of the token that a poem begins with: its form's if there is one, or `<bos>`.

        Raises:
            UsageError: form.needed, form.not_trained.
        """
        for token in (form_token(form) if form else BOS, BOS):
            if token in self:
                return self.id(token)
        known = [form.name for form in self.forms]
        if form is None:
            raise UsageError("form.needed", forms=known)
        raise UsageError("form.not_trained", form=form.name, forms=known)

    def prefix(
        self,
        form: Form | None,
        rhyme: str | None = None,
        title: str | None = None,
        dynasty: str = "tang",
    ) -> Ids:
        """The tokens that are read before a poem's text.

        Form or `<bos>`, dynasty if it has a token, rhyme, `<title>` with the title's CJK
        characters, and `<text>`. For a vocabulary without `<text>` it is the first token alone.

        Raises:
            UsageError: form.needed, form.not_trained, form.no_rhyme, form.no_title.
        """
        tokens = [self.prefix_id(form)]
        if dynasty_token(dynasty) in self:
            tokens.append(self.id(dynasty_token(dynasty)))
        if rhyme:
            if rhyme_token(rhyme) not in self:
                raise UsageError("form.no_rhyme", rhyme=rhyme)
            tokens.append(self.id(rhyme_token(rhyme)))
        if characters := title_characters(title or ""):
            if not self.takes_title:
                raise UsageError("form.no_title")
            tokens += [self.id(TITLE), *self.encode(characters)]
        if TEXT in self:
            tokens.append(self.id(TEXT))
        return np.array(tokens, dtype=np.int32)

    @property
    def takes_title(self) -> bool:
        """Whether a poem's title may be read before its text, and is predicted too."""
        return TITLE in self and TEXT in self

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
        """Number of each code point up to the last known; the final entry serves those above."""
        known = (*MARKS, *self.hanzi)
        table = np.full(ord(max(known)) + 2, self._ids[UNK], dtype=np.int32)
        for character in known:
            table[ord(character)] = self._ids[character]
        return table

"""What a poem is: forms, lines and marks, scripts, variants, vocabulary."""

from tangyin.verse.collection import Found, find_poems, poems_of_file, split_poems
from tangyin.verse.form import (
    CI,
    FORMS,
    KINDS,
    LONGER,
    MOST_LINES,
    Form,
    form_named,
    form_of_shape,
    kind_named,
    known_forms,
    open_forms,
)
from tangyin.verse.forms.jueju import QIJUE, WUJUE
from tangyin.verse.forms.lushi import QILV, WULV
from tangyin.verse.poem import Poem, form_of_text
from tangyin.verse.punctuation import HANZI, MARKS, STOPS, is_hanzi, normalize, split_lines
from tangyin.verse.reader import BLANK, LONGEST, read_places, read_poem, read_verse
from tangyin.verse.script import (
    corpus_spelling,
    fold_variants,
    is_simplified,
    is_spelling,
    lookup_spelling,
    to_simplified,
    to_traditional,
    traditional_alternative,
    traditional_forms,
    variants_of,
    ways_to_mean,
)
from tangyin.verse.tune import PAUSE, tunes_so_called
from tangyin.verse.vocabulary import (
    BOS,
    EOS,
    TEXT,
    TITLE,
    UNK,
    Ids,
    Vocabulary,
    dynasty_token,
    form_token,
    prefix_tokens,
    rhyme_token,
    title_characters,
)

__all__ = [
    "BLANK", "BOS", "CI", "EOS", "FORMS", "HANZI", "KINDS", "LONGER", "LONGEST", "MARKS",
    "MOST_LINES", "PAUSE", "QIJUE", "QILV", "STOPS", "TEXT", "TITLE", "UNK", "WUJUE", "WULV",
    "Form", "Found", "Ids", "Poem", "Vocabulary", "corpus_spelling", "dynasty_token", "find_poems",
    "fold_variants", "form_named", "form_of_shape", "form_of_text", "form_token", "is_hanzi",
    "is_simplified", "is_spelling", "kind_named", "known_forms", "lookup_spelling", "normalize",
    "open_forms", "poems_of_file", "prefix_tokens", "read_places", "read_poem", "read_verse",
    "rhyme_token", "split_lines", "split_poems", "title_characters", "to_simplified",
    "to_traditional", "traditional_alternative", "traditional_forms", "tunes_so_called",
    "variants_of", "ways_to_mean",
]  # fmt: skip

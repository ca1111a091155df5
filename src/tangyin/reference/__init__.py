"""What poets did: rhymes, characters, the lines with a word, and what is set opposite it."""

from tangyin.reference.asked import SCRIPTS, Source, WordCount, in_script
from tangyin.reference.character import Character, Characters, characters
from tangyin.reference.index import Record, announcing, is_current, open_index, store_index
from tangyin.reference.lines import Line, Lines, find, poem
from tangyin.reference.opposites import Opposite, Opposites, parallel
from tangyin.reference.rhyme import Rhyme, RhymeCharacter, Rhymes, rhymes

__all__ = [
    "SCRIPTS", "Character", "Characters", "Line", "Lines", "Opposite", "Opposites", "Record",
    "Rhyme", "RhymeCharacter", "Rhymes", "Source", "WordCount", "announcing", "characters",
    "find", "in_script", "is_current", "open_index", "parallel", "poem", "rhymes", "store_index",
]  # fmt: skip

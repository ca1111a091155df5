"""Where the lines of a text end, and the one sentence about a text that is no poem."""

import pytest

from tangyin.errors import UsageError
from tangyin.prosody import check_text


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("國", "not to be seen from 1 character without marks;"),
        ("國破", "not to be seen from 2 characters without marks;"),
        ("國。城。", "a line has 1 character;"),
        ("國破山河\x07，城春草木深。", "'\\x07' (U+0007) is neither"),
    ],
)
def test_the_sentence_counts_in_good_english_and_shows_a_control_character_once(text, said):
    with pytest.raises(UsageError) as refused:
        check_text(text)
    assert said in str(refused.value)

import pytest

from tangyin.errors import UsageError
from tangyin.verse import FORMS, QIJUE, QILV, WUJUE, WULV, form_named, form_of_shape
from tangyin.verse.form import known_forms


def test_the_four_forms_of_the_corpus_have_the_shapes_of_the_design():
    assert FORMS == known_forms() == (WUJUE, QIJUE, WULV, QILV)
    shapes = [(form.name, form.lines, form.characters, form.targets) for form in FORMS]
    assert shapes == [
        ("五絕", 4, 5, 25),
        ("七絕", 4, 7, 33),
        ("五律", 8, 5, 49),
        ("七律", 8, 7, 65),
    ]
    assert tuple(form_of_shape(form.lines, form.characters) for form in FORMS) == FORMS
    assert all(form.regulated for form in FORMS)
    assert (form_of_shape(4, 4), WULV.hanzi) == (None, 40)


def test_the_second_line_of_each_couplet_rhymes_and_lines_or_couplets_have_heads():
    assert WUJUE.rhyming == (1, 3)
    assert WUJUE.heads == ((0, 1, 2, 3), (0, 2))


@pytest.mark.parametrize(
    ("name", "form"),
    [("五律", WULV), ("wulv", WULV), (" WuLv ", WULV), ("七绝", QIJUE), ("qilv", QILV)],
)
def test_forms_have_ascii_and_simplified_names_too(name, form):
    assert form_named(name) is form


@pytest.mark.parametrize("name", ["", "五言", "sonnet", "排律", "\0", "\udcff"])
def test_an_unknown_form_is_refused_with_the_names_there_are(name):
    with pytest.raises(UsageError) as caught:
        form_named(name)
    names = ["五絕 (wujue)", "七絕 (qijue)", "五律 (wulv)", "七律 (qilv)"]
    names += ["五古 (wugu)", "七古 (qigu)", "五言排律 (wupai)", "七言排律 (qipai)"]
    assert caught.value.code == "form.unknown"
    assert (caught.value.params["name"], caught.value.params["forms"]) == (name, names)


def test_a_form_mistyped_is_answered_with_the_nearest_tunes_and_a_couplet_with_its_command():
    with pytest.raises(UsageError, match=r"the nearest tunes .* 水調歌頭"):
        form_named("水調歌")
    with pytest.raises(UsageError, match="tangyin couplet"):
        form_named("对联")


def test_a_file_in_the_folder_adds_a_form_behind_those_of_the_corpus(extra_form):
    form = extra_form("六言絕句", "a", lines=4, characters=6)
    other = extra_form("又五律", "b", lines=8, characters=5)
    assert known_forms() == (*FORMS, form, other)
    assert form_named("六言绝句") is form_named("A") is form_of_shape(4, 6) is form
    assert form_of_shape(8, 5) is WULV
    assert (form.regulated, form.in_corpus) == (False, False)

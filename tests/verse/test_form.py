import pytest

from tangyin.errors import UsageError
from tangyin.verse import FORMS, QIJUE, QILV, WUJUE, WULV, form_named, form_of_shape


def test_the_four_forms_have_the_shapes_of_the_design() -> None:
    shapes = {form.name: (form.lines, form.characters) for form in FORMS}
    assert shapes == {"五絕": (4, 5), "七絕": (4, 7), "五律": (8, 5), "七律": (8, 7)}
    for form in FORMS:
        assert form_of_shape(form.lines, form.characters) is form
    assert form_of_shape(4, 4) is None


def test_a_wulv_has_49_targets_40_of_them_hanzi() -> None:
    assert (WULV.targets, WULV.hanzi) == (49, 40)
    assert [form.targets for form in (WUJUE, QIJUE, QILV)] == [25, 33, 65]


@pytest.mark.parametrize(
    ("name", "form"),
    [("五律", WULV), ("wulv", WULV), (" WuLv ", WULV), ("七绝", QIJUE), ("qilv", QILV)],
)
def test_forms_have_ascii_and_simplified_names_too(name: str, form: object) -> None:
    assert form_named(name) is form


@pytest.mark.parametrize("name", ["", "五言", "sonnet", "排律", "\0"])
def test_an_unknown_form_is_refused_with_the_names_there_are(name: str) -> None:
    with pytest.raises(UsageError, match=r"五律 \(wulv\)"):
        form_named(name)

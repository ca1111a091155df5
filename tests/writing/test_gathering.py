from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tangyin.model import Engine
from tangyin.model.file import ModelFile
from tangyin.verse import FORMS, QIJUE, WUJUE, form_token
from tangyin.writing import Argmax, RandomK, Temperature, TopP, compose, read_opening
from tangyin.writing.gathering import Order, compose_gathered

HANZI = "日紅山夜湖海月春江花朝秋風雨雲水人天中明"
RULES = (TopP(), TopP(0.5, 0.7), RandomK(3), Temperature(1.3))


@pytest.fixture(scope="module")
def engine(random_model: Callable[..., ModelFile]) -> Engine:
    prefixes = tuple(form_token(form) for form in FORMS)
    return Engine(random_model(HANZI, FORMS, hidden_size=24, layers=2, prefixes=prefixes))


starts = st.text(alphabet=HANZI + "□", max_size=9)
wanted = st.lists(
    st.tuples(starts, st.integers(0, 2**64 - 1), st.integers(0, 50)), min_size=1, max_size=40
)


@settings(max_examples=25, deadline=None)
@given(wanted=wanted, rule=st.sampled_from(RULES), form=st.sampled_from([WUJUE, QIJUE]))
def test_poems_of_many_callers_come_out_as_each_would_alone(engine, wanted, rule, form) -> None:
    prefix = engine.vocabulary.prefix(form)
    orders = [
        Order(read_opening(start, form, engine.vocabulary), seed, number)
        for start, seed, number in wanted
    ]
    together = compose_gathered(engine, form, rule, orders, prefix)
    alone = [
        compose(engine, form, order.opening, rule, order.seed, [order.number])[0]
        for order in orders
    ]
    # Bit for bit, likelihood too.
    assert together == alone


def test_no_order_makes_no_poem(engine) -> None:
    assert compose_gathered(engine, WUJUE, TopP(), [], engine.vocabulary.prefix(WUJUE)) == []


def test_argmax_is_refused_because_its_poems_depend_on_their_rank(engine) -> None:
    with pytest.raises(ValueError, match="argmax"):
        compose_gathered(
            engine, WUJUE, Argmax(), [Order({}, 0, 0)], engine.vocabulary.prefix(WUJUE)
        )

"""The law of each form."""

from tangyin.metre.gu import Gu
from tangyin.metre.law import Law
from tangyin.metre.laws.tune import Ci
from tangyin.metre.shi import Shi
from tangyin.verse import Form


def law_of(form: Form, *, sure: bool = False, plain: bool = False) -> Law:
    """What a form demands.

    With `sure` characters count by the readings by which one writes, and with `plain` no licence is
    taken where a line can do without.
    """
    if form.variant:
        return Ci(form, form.variant, sure=sure)
    return Shi(form, sure=sure, plain=plain) if form.regulated else Gu()

"""How often regulated Tang poems take each sequence and each licence."""

import json
from dataclasses import dataclass
from functools import cache
from typing import Any

from tangyin.data.files import data_text
from tangyin.metre.pattern import SEQUENCES, Sequence
from tangyin.verse import Form


@dataclass(frozen=True)
class Rates:
    """The rates of one form, counted by `scripts/build_regulated_rates.py`."""

    sequences: dict[Sequence, float]
    licences: dict[str, dict[str, float]]  # by line type: the share of its lines with each
    borrowed: float  # share of rhymed first lines that borrow a neighbouring rhyme (借鄰韻)
    licensed: bool = True  # whether licences are taken at all

    def of(self, kind: str, licence: str) -> float:
        """The share of lines of a type that have a licence; "" is a line without one."""
        rates = self.licences[kind] if self.licensed else {}
        return rates.get(licence, 0.0) if licence else 1 - sum(rates.values())

    @property
    def strict(self) -> "Rates":
        """The same sequences without any licence."""
        return Rates(self.sequences, {}, 0.0, licensed=False)


@cache
def rates_of(form: Form) -> Rates:
    """The rates of a form: of 排律 those of the 律詩 with lines as long; of 詞 there are none."""
    if form.variant:
        return Rates({}, {}, 0.0, licensed=False)
    all_rates: dict[str, dict[str, Any]] = json.loads(data_text("regulated_rates.json"))
    values = all_rates[{5: "五律", 7: "七律"}[form.characters] if form.kind else form.name]
    names = {sequence.name(form.characters): sequence for sequence in SEQUENCES}
    return Rates(
        {names[name]: share for name, share in values["sequences"].items()},
        values["licences"],
        values["borrowed"],
    )

"""Hidden units that follow something in verse, as `scripts/build_units.py` found them."""

import hashlib
import json
from dataclasses import dataclass

from tangyin.data.files import data_text
from tangyin.model.file import ModelFile


@dataclass(frozen=True)
class Unit:
    """A unit whose state follows a property of the place that was read.

    Attributes:
        property: a name of `scripts/build_units.py`, such as "line_end".
        quantity: "h" or "c"; `layer` and `unit` count from 1.
        found: its correlation with the property where it was found, the strongest of all units.
        tested: the same on `poems` other poems, with `places` characters and marks.
        second: the strongest correlation of any other unit with the property there.
    """

    property: str
    quantity: str
    layer: int
    unit: int
    found: float
    tested: float
    second: float
    poems: int
    places: int


def units_of(model: ModelFile) -> tuple[Unit, ...]:
    """The known units of a model; none if it was trained again since they were found."""
    stored = json.loads(data_text("units.json")).get(model.name, {})
    if stored.get("fingerprint") != fingerprint(model):
        return ()
    return tuple(Unit(**unit) for unit in stored["units"])


def fingerprint(model: ModelFile) -> str:
    """A digest that changes when a model is trained again; its tensors are not needed."""
    known = [model.name, model.parameters, model.training, model.figures]
    return hashlib.sha256(json.dumps(known, sort_keys=True).encode()).hexdigest()[:16]

"""Find hidden units that follow something in verse: `data/units.json`, for the page's 學理.

    python scripts/build_units.py [--poems 200] [MODEL]...

Of each shipped model (or those named), every unit of every layer is compared with properties of the
place that was read, over dev poems: for each property the unit with the strongest correlation is
kept, and its correlation is taken again on as many other dev poems. Run it again after a model is
shipped.
"""

import json
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path

import numpy as np
import numpy.typing as npt

from shared import parser
from tangyin.corpus import load_corpus
from tangyin.metre import level_share
from tangyin.model import Engine, find_model
from tangyin.model.shelf import SHIPPED
from tangyin.model.units import Unit, fingerprint
from tangyin.verse import MARKS, WULV

TARGET = Path(__file__).parents[1] / "src/tangyin/data/units.json"
Table = npt.NDArray[np.float32]


def properties(text: str) -> dict[str, list[float]]:
    """The properties after each character or mark of a poem; nan where one does not apply.

    place: which character of the line. line: which line. line_end: a line is full, a mark follows.
    rhyme: the next character is a rhyme foot. lower: the lower line of a couplet. level: the
    character is level.
    """
    found: dict[str, list[float]] = {
        name: [] for name in ("place", "line", "line_end", "rhyme", "lower", "level")
    }
    width = WULV.characters + 1
    for at, character in enumerate(text):
        line, place = divmod(at, width)
        mark = character in MARKS
        found["place"].append(np.nan if mark else place)
        found["line"].append(line)
        found["line_end"].append(place == WULV.characters - 1)
        found["rhyme"].append(line % 2 == 1 and place == WULV.characters - 2)
        found["lower"].append(line % 2)
        found["level"].append(np.nan if mark else level_share(character))
    return found


def states(engine: Engine, texts: list[str]) -> Iterator[tuple[str, int, Table]]:
    """Quantity, layer (from 1), and its values after each character: (T × B, H)."""
    vocabulary = engine.vocabulary
    tokens, state = engine.begin(vocabulary.prefix(WULV), len(texts))
    engine.step(tokens, state)
    kept: dict[tuple[str, int], list[Table]] = {}
    for column in np.stack([vocabulary.encode(text) for text in texts], axis=1):
        engine.step(column, state)
        for quantity, layers in (("h", state.h), ("c", state.c)):
            for layer, values in enumerate(layers, 1):
                kept.setdefault((quantity, layer), []).append(values.copy())
    yield from ((*key, np.concatenate(parts)) for key, parts in kept.items())


def correlations(values: Table, wanted: Table) -> Table:
    """Of each column of (N, H) values with (N,) wanted ones, where these are not nan."""
    asked = ~np.isnan(wanted)
    x, y = values[asked] - values[asked].mean(axis=0), wanted[asked] - wanted[asked].mean()
    norms = np.sqrt((x**2).sum(axis=0) * (y**2).sum())
    shares: Table = np.divide(y @ x, norms, out=np.zeros_like(norms), where=norms > 0)
    return shares


def units(engine: Engine, found_on: list[str], tested_on: list[str]) -> list[Unit]:
    """The best unit for each property."""
    wanted = [
        {name: np.array(rows, np.float32).T.ravel() for name, rows in _by_name(texts).items()}
        for texts in (found_on, tested_on)
    ]
    seen: dict[str, list[tuple[float, float, str, int, int]]] = {name: [] for name in wanted[0]}
    pairs = zip(states(engine, found_on), states(engine, tested_on), strict=True)
    for (quantity, layer, first), (_, _, second) in pairs:
        for name, rows in seen.items():
            one = correlations(first, wanted[0][name])
            other = correlations(second, wanted[1][name])
            rows += [
                (float(a), float(b), quantity, layer, unit)
                for unit, (a, b) in enumerate(zip(one, other, strict=True), 1)
            ]
    kept = []
    for name, rows in seen.items():
        a, b, quantity, layer, unit = max(rows, key=lambda row: abs(row[0]))
        rest = max(abs(row[1]) for row in rows if row[3:] != (layer, unit))
        places = int((~np.isnan(wanted[1][name])).sum())
        figures = (round(a, 3), round(b, 3), round(rest, 3), len(tested_on), places)
        kept.append(Unit(name, quantity, layer, unit, *figures))
    return kept


def _by_name(texts: list[str]) -> dict[str, list[list[float]]]:
    every = [properties(text) for text in texts]
    return {name: [found[name] for found in every] for name in every[0]}


def main() -> None:
    """Find the units of each model and write the file."""
    options = parser(__doc__)
    options.add_argument("models", nargs="*", default=SHIPPED)
    options.add_argument("--poems", type=int, default=200)
    arguments = options.parse_args()
    texts = list(load_corpus().select(dynasties=["tang"], parts=["dev"], forms=[WULV]).text)
    half = arguments.poems
    stored = json.loads(TARGET.read_text("utf-8")) if TARGET.exists() else {}
    for name in arguments.models:
        model = find_model(name)
        found = units(Engine(model), texts[:half], texts[half : 2 * half])
        for unit in found:
            print(name, unit)
        stored[name] = {"fingerprint": fingerprint(model), "units": [*map(asdict, found)]}
    TARGET.write_text(json.dumps(stored, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()

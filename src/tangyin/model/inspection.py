"""Looking into a model while it reads: what it expects at a place, and its gates."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from tangyin.errors import UsageError
from tangyin.model.engine import Engine
from tangyin.verse import Form, Ids, read_places

Array = npt.NDArray[np.float32]

QUANTITIES = ("i", "f", "g", "o", "c", "h")
"""The quantities of a layer that `trace` returns: gates, cell state and hidden state."""


def lay_out(text: str, form: Form) -> str:
    """The beginning of a poem in the models' spelling, from a person's input.

    The text may be in either script, and its last line unfinished. It becomes traditional, and
    missing marks between lines are added: ， and 。 in turn. Raises as `verse.read_places` does.
    """
    places = read_places(text, form, blanks=False)
    return "".join(
        places.get(place) or "，。"[place // (form.characters + 1) % 2]
        for place in range(max(places, default=-1) + 1)
    )


@dataclass(frozen=True)
class Expectation:
    """The expectation of a model at a place, and the probability of the character there.

    Probabilities are those of the model without any mask; that of a character that is not `known`
    is the probability of `<unk>`. Its `rank` is one more than the number of likelier known
    characters, and `candidates` are the likeliest of those, in order.
    """

    character: str
    known: bool
    probability: float
    rank: int
    candidates: tuple[tuple[str, float], ...]


def expectation(
    engine: Engine, prefix: Ids, before: str, character: str, count: int
) -> Expectation:
    """What the model expects after the prefix and the text `before`, marks included.

    It gives `count` candidates, and how likely `character` is in their place.
    """
    vocabulary = engine.vocabulary
    log_probs = engine.log_probs(engine.read(_inputs(engine, prefix, before))[-1])[0]
    within = log_probs[vocabulary.hanzi_ids]
    token = int(vocabulary.encode(character)[0])
    best = np.argsort(-within, kind="stable")[:count]
    return Expectation(
        character,
        character in vocabulary,
        float(np.exp(log_probs[token])),
        1 + int((within > log_probs[token]).sum()),
        tuple((vocabulary.hanzi[column], float(np.exp(within[column]))) for column in best),
    )


def surprises(engine: Engine, prefix: Ids, text: str) -> npt.NDArray[np.float64]:
    """The negative log-likelihood of each character and mark of a text in nats, (len(text),).

    The text is not empty.
    """
    outputs = engine.read(_inputs(engine, prefix, text[:-1]))[len(prefix) - 1 :]
    targets = engine.vocabulary.encode(text)
    rows = zip(outputs, targets, strict=True)
    return np.array([-float(engine.log_probs(output)[0, target]) for output, target in rows])


def trace(engine: Engine, prefix: Ids, text: str, layer: int, quantity: str) -> Array:
    """A gate or state of a layer after the prefix and after each character of a text.

    Layers count from 0; `quantity` is one of `QUANTITIES`. Only the plain LSTM has gates. The
    result is (1 + len(text), H) float32.
    """
    cell = engine.network.cell
    if cell != "lstm" and quantity not in ("h", "c"):
        raise UsageError("nn.gates_of_plain_cell", cell=cell)
    return watch(engine, prefix, text, layer)[quantity]


def watch(engine: Engine, prefix: Ids, text: str, layer: int) -> dict[str, Array]:
    """Every quantity of a layer by name, from one pass over the text."""
    state = engine.start(1)
    found: list[dict[str, Array]] = []
    for tokens in _inputs(engine, prefix, text):
        h = state.h[layer]
        step_output = engine.step(tokens, state)
        now = {"c": state.c[layer], "h": state.h[layer]}
        if engine.network.cell == "lstm":
            if layer:
                x = state.h[layer - 1]
            else:  # the output of the step holds the hidden state, then the features read
                features = step_output.hidden[:, engine.network.hidden_size :]
                x = np.concatenate((engine.embedded(tokens), features), axis=1)
            now |= engine.gates(layer, x, h)
        found.append(now)
    read = found[len(prefix) - 1 :]
    return {name: np.concatenate([now[name] for now in read]) for name in read[0]}


def continuations(
    engine: Engine, prefix: Ids, text: str, count: int
) -> list[tuple[tuple[str, float], ...]]:
    """The likeliest next characters or marks after the prefix and after each character of a text.

    `count` of them each, with their probabilities without any mask, the likeliest first.
    """
    names, found = engine.vocabulary.predicted, []
    for output in engine.read(_inputs(engine, prefix, text))[len(prefix) - 1 :]:
        log_probs = engine.log_probs(output)[0]
        best = np.argsort(-log_probs, kind="stable")[:count]
        found.append(tuple((names[token], float(np.exp(log_probs[token]))) for token in best))
    return found


def _inputs(engine: Engine, prefix: Ids, text: str) -> Ids:
    return np.concatenate((prefix, engine.vocabulary.encode(text)))[:, None]

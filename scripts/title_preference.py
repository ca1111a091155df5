"""How often a model finds a poem likelier under its own title than under another's.

    python scripts/title_preference.py --model strong --titles 100 --seed 0

Dev poems with a title are drawn at random, each with another poem of its form whose title is
different. The share is printed with its 95 % interval (Wilson 1927).
"""

import json
import math

import numpy as np

from judges import likelihoods
from shared import parser
from tangyin.api import load
from tangyin.corpus import load_corpus
from tangyin.model import DEFAULT
from tangyin.verse import title_characters
from tangyin.writing import LONGEST_TITLE


def interval(preferred: int, count: int) -> tuple[float, float]:
    """The 95 % interval of a share (E. B. Wilson 1927)."""
    z, share = 1.959964, preferred / count
    middle = share + z * z / (2 * count)
    half = z * math.sqrt(share * (1 - share) / count + z * z / (4 * count * count))
    return (middle - half) / (1 + z * z / count), (middle + half) / (1 + z * z / count)


def main() -> None:
    """Print the share as JSON."""
    arguments = parser(__doc__)
    arguments.add_argument("--model", default=DEFAULT, help="a model's name or file")
    arguments.add_argument("--titles", type=int, default=100, help="how many poems")
    arguments.add_argument("--seed", type=int, default=0)
    options = arguments.parse_args()
    writer = load(options.model)
    forms = [form.name for form in writer.model.forms]
    corpus = load_corpus().select(parts=["dev"], dynasties=["tang"], forms=forms)
    poems = [
        (form, title_characters(title), text)
        for form, title, text in zip(corpus.form, corpus.title, corpus.text, strict=True)
        if 0 < len(title_characters(title)) <= LONGEST_TITLE
    ]
    generator = np.random.default_rng(options.seed)
    chosen, own, strange = [], [], []
    for number in generator.permutation(len(poems))[: options.titles]:
        form, title, text = poems[number]
        others = [other for kind, other, _ in poems if kind == form and other != title]
        chosen.append(form)
        own.append((title, "", text))
        strange.append((others[generator.integers(len(others))], "", text))
    found = likelihoods(writer.engine, own + strange, chosen * 2).reshape(2, -1)
    margins = found[0] - found[1]
    preferred = int((margins > 0).sum())
    low, high = interval(preferred, len(margins))
    result = {
        "model": writer.model.name,
        "poems": len(margins),
        "seed": options.seed,
        "own_title_preferred": preferred / len(margins),
        "interval": [round(low, 4), round(high, 4)],
        "mean_margin_in_nats": round(float(margins.mean()), 3),
    }
    print(json.dumps(result, ensure_ascii=False))


if __name__ == "__main__":
    main()

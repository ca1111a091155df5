"""What the sampling rule does: diversity, quality, copying, and what it cannot do."""

import re
from collections import Counter
from collections.abc import Sequence
from functools import cache, partial
from typing import Any

import numpy as np

from tangyin.corpus import DEV, TRAIN, load_corpus
from tangyin.model import Engine, find_model
from tangyin.model.file import load_model
from tangyin.prosody import check_poem
from tangyin.scoring import score_texts
from tangyin.studies.diversity import distinct, repeated, self_bleu, with_interval
from tangyin.studies.perplexity import long_jobs
from tangyin.studies.poem_costs import as_tensor, loaded, poem_costs
from tangyin.studies.recipes import Base, few
from tangyin.studies.training_cache import Advance, Job, Training, TrainingCache
from tangyin.studies.unmasked import form_of_tokens, write_unmasked
from tangyin.verse import EOS, MARKS, UNK, WULV
from tangyin.writing import Argmax, Order, RandomK, Rule, Temperature, TopP, compose

FIRST = "日紅山夜湖海月"
"""The first characters of the report's seven poems."""

POEMS, QUICK_POEMS = 500, 21
SIDE_BY_SIDE = 64
SEED = 1
WORDS = ("不知", "何時")
LINE = "何時一相送"
"""What the report saw in four of its seven argmax poems."""

RULES: dict[str, Rule] = {
    "argmax": Argmax(),
    "random-2": RandomK(2),
    "random-3": RandomK(3),
    "random-5": RandomK(5),
    "random-10": RandomK(10),
    "temperature 0.5": Temperature(0.5),
    "temperature 0.7": Temperature(0.7),
    "temperature 1": Temperature(1.0),
    "temperature 1.2": Temperature(1.2),
    "top-p 0.5": TopP(0.5),
    "top-p 0.8": TopP(0.8),
    "top-p 0.9": TopP(0.9),
    "top-p 0.95": TopP(0.95),
}
QUICK_RULES = ("argmax", "random-5", "temperature 1", "top-p 0.9")
OVERFITTED_RULES = ("argmax", "random-5", "temperature 1")


def sampling(workshop: TrainingCache, quick: bool) -> dict[str, Any]:
    """Write with every rule and count.

    Returns:
        `settings`; `rules`, for each rule what `measured` returns; `human`, the same of dev poems
        by people; `unmasked`, the share of `<unk>` when nothing is masked; `overfitting`, of a
        network at its best epoch and after its last: perplexities on training and dev poems, which
        no rule enters, and the share of copied lines under some rules.
    """
    base = Base.of(workshop, quick)
    count = QUICK_POEMS if quick else POEMS
    names = QUICK_RULES if quick else tuple(RULES)
    job = long_jobs(base)[0]
    workshop.progress.plan(len(names) + 5 + job.recipe.training.epochs)
    engine = Engine(find_model("report"))

    found: dict[str, Any] = {}
    for name in names:
        found[name] = workshop.compute(
            "sampling",
            {"rule": name, "poems": count, "seed": SEED, "model": "report"},
            1,
            partial(_of_rule, engine, name, count),
        )
    human = workshop.compute("sampling-human", {"poems": count}, 1, lambda _: _human(engine, count))
    unmasked = workshop.compute(
        "sampling-unmasked", {"poems": count}, 1, lambda _: _unmasked(engine, count)
    )
    training = workshop.train(job, "the overfitted network")
    overfitting = workshop.compute(
        "sampling-overfitting",
        {"job": workshop.name_of(job), "poems": count},
        3,
        lambda advance: _overfitting(base, job, training, count, advance),
    )
    settings = {
        "quick": quick,
        "model": "report",
        "poems": count,
        "seed": SEED,
        "first": FIRST,
        "line": LINE,
        "words": list(WORDS),
    }
    return {
        "settings": settings,
        "rules": found,
        "human": human,
        "unmasked": unmasked,
        "overfitting": overfitting,
    }


def written(engine: Engine, rule: Rule, count: int) -> list[tuple[str, float]]:
    """Texts and log-likelihoods of so many poems, spread over the seven first characters.

    Under argmax poem n of a character has the n-th most likely second character.
    """
    poems: list[tuple[str, float]] = []
    for place, character in enumerate(FIRST):
        numbers = range(len(range(place, count, len(FIRST))))
        opening = {0: engine.vocabulary.id(character)}
        for start in range(0, len(numbers), SIDE_BY_SIDE):
            chosen = numbers[start : start + SIDE_BY_SIDE]
            orders = [Order(opening, SEED + place, number) for number in chosen]
            found = compose(engine, WULV, rule, orders)
            poems += [(poem.text, poem.log_likelihood) for poem in found]
    return poems


def _of_rule(engine: Engine, name: str, count: int, _advance: Advance) -> dict[str, Any]:
    """All figures of a rule, and some of its poems."""
    rule = RULES[name]
    poems = written(engine, rule, count)
    found = measured([text for text, _ in poems], [value for _, value in poems])
    starts = [FIRST[n % len(FIRST)] for n in range(count)]
    free = write_unmasked(engine, rule, SEED, starts, WULV)
    kept = [form_of_tokens(engine.vocabulary, tokens) == WULV for tokens in free]
    result = {**found, "form_unmasked": with_interval(kept), "shown": poems[0][0]}
    if isinstance(rule, Argmax):
        result["seven"] = _seven(engine, rule)
    return result


def _seven(engine: Engine, rule: Rule) -> dict[str, Any]:
    """The seven poems that argmax gives, one a character, as the report had them."""
    orders = [Order({0: engine.vocabulary.id(c)}, SEED, 0) for c in FIRST]
    texts = [poem.text for poem in compose(engine, WULV, rule, orders)]
    poems = [_lines(text) for text in texts]
    return {
        "texts": texts,
        "distinct": {str(order): distinct(poems, order) for order in (1, 2, 3)},
        "words": {word: sum(word in text for text in texts) for word in WORDS},
        "line": sum(LINE in lines for lines in poems),
        "repeated": float(np.mean(repeated(poems))),
    }


def measured(texts: Sequence[str], likelihoods: Sequence[float]) -> dict[str, Any]:
    """The figures of some poems.

    Returns:
        `distinct` by order; and each with an interval: `self_bleu`; `words`, the share of poems
        with each; `repeated`, of lines that another poem has; `copied`, of lines that stand in the
        training poems; `rhymed` and `regulated`, of poems by the checker; `log_likelihood` a
        token. `line`, how many poems have that line; `commonest`, the commonest lines.
    """
    poems = [_lines(text) for text in texts]
    reports = [check_poem(lines) for lines in poems]
    corpus = _training_lines()
    common = Counter(line for lines in poems for line in set(lines)).most_common(5)
    return {
        "poems": len(poems),
        "distinct": {str(order): distinct(poems, order) for order in (1, 2, 3)},
        "self_bleu": with_interval(self_bleu(poems)),
        "words": {word: with_interval([word in text for text in texts]) for word in WORDS},
        "line": sum(LINE in lines for lines in poems),
        "repeated": with_interval(repeated(poems)),
        "copied": with_interval([float(np.mean([ln in corpus for ln in p])) for p in poems]),
        "rhymed": with_interval([report.rhyme != "-" for report in reports]),
        "regulated": with_interval([report.regulated for report in reports]),
        "log_likelihood": with_interval([v / WULV.targets for v in likelihoods]),
        "commonest": [list(pair) for pair in common],
    }


def _human(engine: Engine, count: int) -> dict[str, Any]:
    """The same figures of dev poems; an unknown character is a token like any other here."""
    texts = few(load_corpus().select(forms=[WULV], parts=[DEV]).text, count)
    costs = [-tally.nll_closed for tally in score_texts(engine, texts, WULV)]
    return measured(texts, costs)


def _unmasked(engine: Engine, count: int) -> dict[str, Any]:
    """The share of `<unk>` when nothing is masked.

    Returns:
        `argmax` and `temperature 1`: of the tokens written after the first character; `targets`: of
        the targets of dev poems; `predicted`: of the places of dev poems where `<unk>` is the most
        likely token; `argmax_texts`, the seven.
    """
    vocabulary = engine.vocabulary
    unknown = vocabulary.id(UNK)
    argmax = write_unmasked(engine, Argmax(), SEED, list(FIRST), WULV)
    starts = [FIRST[n % len(FIRST)] for n in range(count)]
    drawn = write_unmasked(engine, Temperature(1.0), SEED, starts, WULV)
    texts = few(load_corpus().select(forms=[WULV], parts=[DEV]).text, count)
    ids = np.stack([vocabulary.encode(text) for text in texts], axis=1)
    read = np.concatenate((np.full((1, len(texts)), vocabulary.prefix_id(WULV)), ids[:-1]))
    places = [
        engine.log_probs(step_output).argmax(axis=1) == unknown
        for step_output in engine.read(read.astype(np.int32))
    ]
    return {
        "argmax": _share_of(unknown, argmax),
        "temperature 1": _share_of(unknown, drawn),
        "targets": float((ids == unknown).mean()),
        "predicted": float(np.mean(places)),
        "argmax_texts": [vocabulary.decode(tokens) for tokens in argmax],
    }


def _share_of(unknown: int, texts: Sequence[Sequence[int]]) -> float:
    tokens = [token for text in texts for token in text[1:]]
    return tokens.count(unknown) / max(len(tokens), 1)


def _overfitting(
    base: Base, job: Job, training: Training, count: int, advance: Advance
) -> dict[str, Any]:
    """Perplexities and copying of a network before and after it overfits."""
    corpus = load_corpus().select(forms=[WULV], dynasties=["tang"])
    found: dict[str, Any] = {
        "best_epoch": training.best_epoch,
        "last_epoch": job.recipe.training.epochs,
    }
    for which, path in (("best", training.best), ("last", training.last)):
        model = load_model(path)
        vocabulary = model.vocabulary
        network = loaded(model)
        perplexities = {}
        for part in (TRAIN, DEV):
            texts = few(corpus.select(parts=[part]).text, min(count, base.dev))
            ends = [vocabulary.prefix_id(WULV)], [vocabulary.id(EOS)]
            poems = [np.concatenate((ends[0], vocabulary.encode(t), ends[1])) for t in texts]
            perplexities[part] = float(np.exp(poem_costs(network, as_tensor(poems)).mean()))
        engine = Engine(model)
        rules = {}
        lines = _training_lines()
        known = [c for c in FIRST if c in vocabulary]
        for name in OVERFITTED_RULES:
            copied = []
            for place, character in enumerate(known):
                opening = {0: vocabulary.id(character)}
                numbers = range(max(count // len(known), 1))
                orders = [Order(opening, SEED + place, number) for number in numbers]
                for poem in compose(engine, WULV, RULES[name], orders):
                    copied.append(float(np.mean([line in lines for line in poem.lines])))
            rules[name] = with_interval(copied)
            advance(0.4)
        found[which] = {"perplexity": perplexities, "copied": rules}
    return found


@cache
def _training_lines() -> frozenset[str]:
    """All lines of the training 五律."""
    texts = load_corpus().select(forms=[WULV], dynasties=["tang"], parts=[TRAIN]).text
    return frozenset(line for text in texts for line in _lines(text))


def _lines(text: str) -> tuple[str, ...]:
    return tuple(re.split(f"[{MARKS}]", text)[:-1])

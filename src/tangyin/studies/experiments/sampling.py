"""The effects of the sampling rule on diversity, quality and copying, and its limits."""

from collections import Counter
from collections.abc import Sequence
from functools import cache, partial
from itertools import chain, cycle, islice
from typing import Any

import numpy as np

from tangyin.corpus import DEV, TRAIN, load_corpus
from tangyin.metre import Report, check_poem
from tangyin.metre.finding import NONE, OUT_OF_RHYME
from tangyin.model import Engine, find_model
from tangyin.model.file import load_model
from tangyin.scoring import score_texts
from tangyin.studies.diversity import distinct, lines_of, repeated, self_bleu, with_interval
from tangyin.studies.poem_costs import text_costs
from tangyin.studies.recipes import Base, few
from tangyin.studies.study import Study
from tangyin.studies.style import INK, look, panels
from tangyin.studies.training_cache import Training, TrainingCache
from tangyin.studies.unmasked import form_of_tokens, write_unmasked
from tangyin.verse import UNK, WULV
from tangyin.writing import Argmax, Order, RandomK, Rule, Temperature, TopP, compose

FIRST = "日紅山夜湖海月"
"""The first characters of the report's seven poems."""
POEMS, QUICK_POEMS = 500, 21
BATCH = 64
"""Poems written side by side."""
SEED = 1
WORDS = ("不知", "何時")
LINE = "何時一相送"
"""What the report saw in four of its seven argmax poems."""

RULES: dict[str, Rule] = {
    "argmax": Argmax(),
    **{f"random-{k}": RandomK(k) for k in (2, 3, 5, 10)},
    **{f"temperature {t:g}": Temperature(t) for t in (0.5, 0.7, 1.0, 1.2)},
    **{f"top-p {p:g}": TopP(p) for p in (0.5, 0.8, 0.9, 0.95)},
}
QUICK_RULES = ("argmax", "random-5", "temperature 1", "top-p 0.9")
OVERFITTED_RULES = ("argmax", "random-5", "temperature 1")


def run(cache: TrainingCache, quick: bool) -> dict[str, Any]:
    """Write with every rule and count; measure poems by people and an overfitted network too."""
    base = Base.of(cache, quick)
    count = QUICK_POEMS if quick else POEMS
    names = QUICK_RULES if quick else tuple(RULES)
    job = base.long_jobs()[0]
    engine = Engine(find_model("report"))
    facts = {"poems": count, "seed": SEED, "model": "report"}
    of_rule = partial(_of_rule, engine, count)
    rules = {n: cache.compute("sampling", {"rule": n, **facts}, partial(of_rule, n)) for n in names}
    size, texts = {"poems": count}, few(load_corpus().select(forms=[WULV], parts=[DEV]).text, count)

    def measure_human() -> dict[str, Any]:
        # An unknown character counts as an ordinary token.
        return measured(texts, [-tally.nll_closed for tally in score_texts(engine, texts, WULV)])

    training = cache.train(job, "the overfitted network")
    trained = {"job": cache.name_of(job), **size}
    overfit = partial(_overfitting, training, job.recipe.epochs, count, min(count, base.dev))
    words = {"first": FIRST, "line": LINE, "words": list(WORDS)}
    return {
        "settings": {"quick": quick, **facts, **words},
        "rules": rules,
        "human": cache.compute("sampling-human", size, measure_human),
        "unmasked": cache.compute("sampling-unmasked", size, partial(_unmasked, engine, texts)),
        "overfitting": cache.compute("sampling-overfitting", trained, overfit),
    }


def _of_rule(engine: Engine, count: int, name: str) -> dict[str, Any]:
    """All figures of a rule; the poems are spread over the seven first characters."""
    rule = RULES[name]
    poems: list[Any] = []
    for place, character in enumerate(FIRST):
        numbers = range(len(range(place, count, len(FIRST))))
        for start in range(0, len(numbers), BATCH):
            chosen = numbers[start : start + BATCH]
            poems += written(engine, character, rule, SEED + place, chosen)
    found = measured([poem.text for poem in poems], [poem.log_likelihood for poem in poems])
    free = write_unmasked(engine, rule, SEED, list(islice(cycle(FIRST), count)), WULV)
    kept = [form_of_tokens(engine.vocabulary, tokens) == WULV for tokens in free]
    seven = {"seven": _seven(engine, rule)} if isinstance(rule, Argmax) else {}
    return {**found, "form_unmasked": with_interval(kept), "shown": poems[0].text, **seven}


def written(
    engine: Engine, character: str, rule: Rule, seed: int, numbers: Sequence[int]
) -> list[Any]:
    """Poems of some numbers on a first character; the mask keeps the form."""
    opening = {0: engine.vocabulary.id(character)}
    return compose(engine, WULV, rule, [Order(opening, seed, number) for number in numbers])


def _seven(engine: Engine, rule: Rule) -> dict[str, Any]:
    """The seven poems that argmax gives, one per character, as the report had them."""
    texts = [written(engine, character, rule, SEED, [0])[0].text for character in FIRST]
    poems = [lines_of(text) for text in texts]
    return {
        "texts": texts,
        "distinct": {str(order): distinct(poems, order) for order in (1, 2, 3)},
        "words": {word: sum(word in text for text in texts) for word in WORDS},
        "line": sum(LINE in lines for lines in poems),
        "repeated": float(np.mean(repeated(poems))),
    }


def measured(texts: Sequence[str], likelihoods: Sequence[float]) -> dict[str, Any]:
    """The figures of some poems, shares with an interval.

    `repeated` lines are in another of the poems, `copied` ones in the training poems. `line` is the
    number of poems with `LINE`; `log_likelihood` is per token.
    """
    poems = [lines_of(text) for text in texts]
    reports = [check_poem(lines) for lines in poems]
    common = Counter(line for lines in poems for line in dict.fromkeys(lines)).most_common(5)
    return {
        "poems": len(poems),
        "distinct": {str(order): distinct(poems, order) for order in (1, 2, 3)},
        "self_bleu": with_interval(self_bleu(poems)),
        "words": {word: with_interval([word in text for text in texts]) for word in WORDS},
        "line": sum(LINE in lines for lines in poems),
        "repeated": with_interval(repeated(poems)),
        "copied": with_interval([_copied(lines) for lines in poems]),
        "rhymed": with_interval([_rhymes(report) for report in reports]),
        "regulated": with_interval([report.regulated for report in reports]),
        "log_likelihood": with_interval([v / WULV.targets for v in likelihoods]),
        "commonest": [list(pair) for pair in common],
    }


def _rhymes(report: Report) -> bool:
    """Whether all even lines share a rhyme."""
    return report.rhyme != NONE and all(fault.kind != OUT_OF_RHYME for fault in report.faults)


def _unmasked(engine: Engine, texts: Sequence[str]) -> dict[str, Any]:
    """The share of `<unk>` when nothing is masked.

    For each rule it is that of the tokens after the first character; `predicted` is the share of
    places of dev poems where `<unk>` is the most likely token.
    """
    vocabulary = engine.vocabulary
    unknown = vocabulary.id(UNK)
    argmax = write_unmasked(engine, Argmax(), SEED, FIRST, WULV)
    starts = list(islice(cycle(FIRST), len(texts)))
    drawn = write_unmasked(engine, Temperature(1.0), SEED, starts, WULV)
    ids = np.stack([vocabulary.encode(text) for text in texts], axis=1)
    read = np.concatenate((np.full((1, ids.shape[1]), vocabulary.prefix_id(WULV)), ids[:-1]))
    steps = engine.read(read.astype(np.int32))
    places = [engine.log_probs(step).argmax(axis=1) == unknown for step in steps]
    return {
        "argmax": share_unknown(engine, argmax),
        "temperature 1": share_unknown(engine, drawn),
        "targets": float((ids == unknown).mean()),
        "predicted": float(np.mean(places)),
        "argmax_texts": [vocabulary.decode(tokens) for tokens in argmax],
    }


def known_starts(engine: Engine) -> list[str]:
    """The first characters that a model knows."""
    return [character for character in FIRST if character in engine.vocabulary]


def share_unknown(engine: Engine, texts: list[list[int]]) -> float:
    """The share of `<unk>` among the tokens after the first character."""
    tokens = [token for text in texts for token in text[1:]]
    return tokens.count(engine.vocabulary.id(UNK)) / max(len(tokens), 1)


def _overfitting(training: Training, epochs: int, count: int, read: int) -> dict[str, Any]:
    """Perplexities on `read` poems of each part and copied lines, before and after overfitting."""
    corpus = load_corpus().select(forms=[WULV], dynasties=["tang"])
    found: dict[str, Any] = {"best_epoch": training.best_epoch, "last_epoch": epochs}
    for which, path in (("best", training.best), ("last", training.last)):
        model = load_model(path)
        engine = Engine(model)
        known = known_starts(engine)
        numbers = range(max(count // len(known), 1))
        figures: dict[str, dict[str, Any]] = {"perplexity": {}, "copied": {}}
        found[which] = figures
        for part in (TRAIN, DEV):
            texts = few(corpus.select(parts=[part]).text, read)
            costs, _ = text_costs(model, texts, WULV)
            figures["perplexity"][part] = float(np.exp(costs.mean()))
        for name in OVERFITTED_RULES:
            poems = chain.from_iterable(
                written(engine, character, RULES[name], SEED + place, numbers)
                for place, character in enumerate(known)
            )
            figures["copied"][name] = with_interval([_copied(poem.lines) for poem in poems])
    return found


def _copied(lines: Sequence[str]) -> float:
    """The share of lines that are in the training poems."""
    return float(np.mean([line in _training_lines() for line in lines]))


@cache
def _training_lines() -> frozenset[str]:
    """All lines of the training 五律."""
    poems = load_corpus().select(forms=[WULV], dynasties=["tang"], parts=[TRAIN])
    return frozenset(chain.from_iterable(poems.lines()))


FAMILIES = ("argmax", "random-k", "temperature", "top-p")


def sampling(results: dict[str, Any]) -> Any:
    """Likelihood against variety."""
    figure, axes = panels(height=4.6)
    rules, human = results["rules"], results["human"]
    for number, label in enumerate(FAMILIES):
        family = label.removesuffix("-k")
        members = [name for name in rules if name.startswith(family)]
        x = [rules[name]["distinct"]["2"] for name in members]
        found = [rules[name]["log_likelihood"] for name in members]
        y, low, high = (np.array([f[key] for f in found]) for key in ("value", "low", "high"))
        style = look(number, marker=True, linewidth=1, capsize=2, label=label)
        axes.errorbar(x, y, (y - low, high - y), **style)
        # The curve of top-p lies above the others, so its labels do too.
        place: dict[str, Any] = {"xytext": (-5, -3), "ha": "right", "va": "top"}
        if family == "top-p":
            place = {"xytext": (5, 3), "ha": "left", "va": "bottom"}
        for name, at, value in zip(members, x, y, strict=True):
            text = name.removeprefix(family).strip(" -")
            axes.annotate(text, (at, value), textcoords="offset points", fontsize=8.5, **place)
    star = {"marker": "*", "markersize": 13, "linestyle": "none", "label": "people (dev)"}
    axes.plot(human["distinct"]["2"], human["log_likelihood"]["value"], color=INK, **star)
    axes.margins(x=0.08, y=0.08)
    axes.set(xlabel="distinct-2", ylabel="mean log-likelihood, nats per token")
    axes.legend(loc="lower left")
    return figure


STUDY = Study(
    title="採樣 Sampling",
    question="What does the sampling rule change in diversity, quality and copying, and what can "
    "it not change?",
    minutes=2,
    sizes="13 rules × 500 poems, masked and unmasked",
    run=run,
    order=70,
)

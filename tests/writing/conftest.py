"""What the tests of writing share."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import pytest

from tangyin.api import Writer
from tangyin.errors import TangyinError
from tangyin.metre.law import FREE, Draft, Place
from tangyin.model import Engine
from tangyin.model.file import ModelFile
from tangyin.verse import WULV, Form
from tangyin.writing import (
    ParticleComposer,
    RegulatedPoem,
    Request,
    Rule,
    plan,
    rule_named,
    write_regulated,
)


def fits(counts: Any, probabilities: Any) -> bool:
    """Pearson's χ² within five standard deviations of its mean, small classes merged."""
    expected = probabilities / probabilities.sum() * counts.sum()
    if counts[expected == 0].any():
        return False
    rare = expected < 8
    observed = np.append(counts[~rare], counts[rare].sum())
    expected = np.append(expected[~rare], expected[rare].sum())
    observed, expected = observed[expected > 0], expected[expected > 0]
    freedom = max(len(expected) - 1, 1)
    squared = ((observed - expected) ** 2 / expected).sum()
    return bool(squared < freedom + 5 * (2 * freedom) ** 0.5)


def drafted(draft: Draft, at: Place, generator: Any, liking: Any = 0) -> Iterator[int]:
    """Write rows by what a law allows, evenly but for the liking; yields each place."""
    shape = len(draft.given), len(draft.characters)
    for place in range(draft.form.hanzi):
        fixed = draft.given[:, place]
        mask = at.allowed()
        mask = np.ones(shape, dtype=bool) if mask is None else mask
        assert (mask.any(axis=1) | (fixed != FREE)).all()
        noise = np.where(mask, generator.random(shape) + liking, -1)
        chosen = np.where(fixed == FREE, noise.argmax(axis=1), fixed).astype(np.int32)
        at.read(chosen)
        draft.write(chosen)
        yield place


@pytest.fixture(scope="session")
def report_writer(report_model: ModelFile) -> Writer:
    """A writer with the shipped model `report`."""
    return Writer(report_model)


@pytest.fixture(scope="session")
def make_composer(report_engine: Engine) -> Callable[..., ParticleComposer]:
    """Makes a composer, as `make_composer("top-p", 4, rhyme="東")`; of `report` by default."""

    def make(
        rule: str | Rule = "temperature",
        particles: int = 4,
        *,
        engine: Engine = report_engine,
        form: Form = WULV,
        **options: Any,
    ) -> ParticleComposer:
        chosen = rule if isinstance(rule, Rule) else rule_named(rule)
        planned = plan(Request(form, **options), engine.vocabulary)
        return ParticleComposer(engine, planned, chosen, particles)

    return make


@pytest.fixture(scope="session")
def first_poem(make_composer: Callable[..., ParticleComposer]) -> Callable[..., RegulatedPoem]:
    """Writes a poem of `report`; see `make_composer` for the arguments."""
    return lambda *given, **options: next(
        write_regulated(make_composer(*given, **options), 5, 1, 1)
    )


@pytest.fixture(scope="session")
def refused() -> Callable[..., Any]:
    """`with refused(code, name=value)`: the error inside has that code and these parameters."""

    @contextmanager
    def expected(code: str, **params: Any) -> Any:
        with pytest.raises(TangyinError) as caught:
            yield caught
        error = caught.value
        assert (error.code, {name: error.params[name] for name in params}) == (code, params)

    return expected

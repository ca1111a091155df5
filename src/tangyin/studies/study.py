"""What a study is."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from tangyin.studies.page.blocks import Block
from tangyin.studies.training_cache import TrainingCache


@dataclass(frozen=True)
class Study:
    """An experiment, from the question to its part of the report page.

    Attributes:
        name: what it is called on the command line.
        title: its heading, Chinese and English.
        question: what it asks, in a sentence.
        minutes: about how long it takes on two quiet cores when nothing was done before.
        sizes: where the minutes go, for people.
        run: does it, in full or at the quick size, and returns JSON values; `settings` is among
            them.
        section: text, tables and figures, made of these results alone; None if the page has no
            part for it.
        apart: it is no part of `tangyin study all`, and the page leaves it out until it was run.
    """

    name: str
    title: str
    question: str
    minutes: float
    sizes: str
    run: Callable[[TrainingCache, bool], dict[str, Any]]
    section: Callable[[dict[str, Any]], list[Block]] | None
    apart: bool = False

"""Recompute the headline numbers of README.md and docs/model.md from what is shipped.

    python scripts/verify.py

Prints a table of claimed against found. Exits with 1 where they differ in the digits of the claim,
or where the page no longer says what is claimed for it. A number that is the outcome of a training
is not here; docs/numbers.md has its command.
"""

import sys
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from footnotes import quotations
from tangyin.api import Evaluation, Writer, load
from tangyin.reference import open_index
from tangyin.verse.tune import tunes

ROOT = Path(__file__).parents[1]


@cache
def writer(model: str) -> Writer:
    """A model, loaded once."""
    return load(model)


@cache
def evaluated(model: str, split: str, form: str | None, protocol: str = "honest") -> Evaluation:
    """An evaluation; several claims share one."""
    return writer(model).evaluate(split, form, protocol)


@dataclass(frozen=True)
class Claim:
    """A number, the page that states it, and how to compute it."""

    page: str
    what: str
    claimed: str
    find: Callable[[], float | None]

    @property
    def stands(self) -> bool:
        """Whether the page states it."""
        return self.claimed in (ROOT / self.page).read_text(encoding="utf-8")

    def found(self) -> str:
        """The number, with as many digits as the claim."""
        digits = len(self.claimed.partition(".")[2])
        return f"{self.find():,.{digits}f}"


def closed(model: str, split: str, form: str | None = None) -> Callable[[], float | None]:
    """The closed perplexity."""
    return lambda: evaluated(model, split, form).per_token_closed


README, MODEL, PROTOCOL = "README.md", "docs/model.md", "docs/protocol.md"
CLAIMS = (
    Claim(README, "report, parameters", "1,283,846", lambda: writer("report").model.parameters),
    Claim(README, "strong, parameters", "14,699,950", lambda: writer("strong").model.parameters),
    Claim(README, "tunes", "817", lambda: len(tunes())),
    Claim(README, "poems in the index", "295,582", lambda: len(open_index())),
    Claim(README, "report, dev 五律, closed", "98.7", closed("report", "dev", "五律")),
    Claim(README, "report, dev 五律, closed", "98.66", closed("report", "dev", "五律")),
    Claim(
        PROTOCOL, "report, dev 五律, open", "116.86",
        lambda: evaluated("report", "dev", "五律").per_token,
    ),
    Claim(MODEL, "report, test 五律, closed", "101.62", closed("report", "test", "五律")),
    Claim(README, "strong, dev 五律, closed", "37.7", closed("strong", "dev", "五律")),
    Claim(MODEL, "strong, dev 五律, closed", "37.75", closed("strong", "dev", "五律")),
    Claim(
        README, "strong, dev 五律 without quoted lines, closed", "38.8",
        lambda: quotations(writer("strong").engine)["others"]["per_token_closed"],
    ),
    Claim(MODEL, "strong, test 五律, closed", "38.48", closed("strong", "test", "五律")),
    Claim(README, "strong, dev, closed", "40.95", closed("strong", "dev")),
    Claim(
        README, "strong, dev, open", "44.78", lambda: evaluated("strong", "dev", None).per_token
    ),
    Claim(MODEL, "strong, test, closed", "40.87", closed("strong", "test")),
    Claim(MODEL, "strong, dev 詞, closed", "68.76", closed("strong", "dev", "詞")),
    Claim(
        MODEL, "strong, by tangshi-gpt's count", "38.75",
        lambda: evaluated("strong", "test", None, "tangshi-gpt").per_token,
    ),
)  # fmt: skip


def main() -> int:
    """Print the table; return the number of claims that fail."""
    wrong = 0
    print(f"{'page':<18}{'claimed':>12}{'found':>12}  what")
    for claim in CLAIMS:
        found = claim.found()
        fault = "" if found == claim.claimed else "differs: "
        fault += "" if claim.stands else "not on the page: "
        wrong += bool(fault)
        print(f"{claim.page:<18}{claim.claimed:>12}{found:>12}  {fault}{claim.what}", flush=True)
    return wrong


if __name__ == "__main__":
    sys.exit(bool(main()))

"""`tangyin corpus fetch|stats|export`."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click

from tangyin.cli.streams import PATH, as_json, emit, format_option, output_option, remark, warn
from tangyin.corpus import (
    COLUMNS,
    PACKAGE,
    PARTS,
    SIZE,
    Corpus,
    corpus_statistics,
    fetch_corpus,
    fetch_later,
    later_path,
    load_corpus,
    load_later,
    prepared_path,
)
from tangyin.files import json_text
from tangyin.reference import is_current, store_index
from tangyin.verse import FORMS, KINDS, kind_named


@click.group()
def corpus() -> None:
    """Fetch, describe and export the Tang and Song poems."""


@corpus.command()
@click.option(
    "--source",
    type=PATH,
    help="Use an unpacked copy or a git checkout of chinese-poetry instead of the download.",
)
@click.option(
    "--later",
    is_flag=True,
    help="Prepare verse of the Jin to Qing instead, from --source: a checkout of poetry-source.",
)
def fetch(source: Path | None, later: bool) -> None:
    """Get the collection through npm, prepare it and make its index, unless it is there already.

    The package version is pinned and its integrity is checked. It is stored in the user's cache
    folder, or in $TANGYIN_HOME.
    """
    from tqdm import tqdm

    if later:
        remark("corpus.ready", count=len(fetch_later(source)), path=later_path())
        return
    with tqdm(
        total=SIZE, unit="B", unit_scale=True, desc=PACKAGE, disable=source is not None, delay=1
    ) as bar:
        prepared = fetch_corpus(source, lambda received: _advance(bar, received))
    if missing := prepared.facts["missing"]:
        warn("corpus.missing", count=len(missing), first=missing[0])
    if not is_current():
        remark("reference.indexing")
        store_index(prepared)
    remark("corpus.ready", count=len(prepared), path=prepared_path())


def _advance(bar: Any, received: int) -> None:
    bar.update(max(received - bar.n, 0))


@corpus.command()
@format_option("Tables, or a JSON object.")
@click.option("--later", is_flag=True, help="Of the later verse (`corpus fetch --later`).")
@output_option
def stats(output_format: str, later: bool, output: Path | None) -> None:
    """Count poems by dynasty, part and form, and dropped records by reason."""
    counted = corpus_statistics(load_later() if later else load_corpus())
    emit(as_json(counted) if output_format == "json" else _tables(counted), output)


def _tables(counted: dict[str, Any]) -> Iterator[str]:
    forms = [form.name for form in (*FORMS, *KINDS)]
    yield f"{'':<12}{'all':>9}" + "".join(f"{form:>8}" for form in forms)
    for dynasty, parts in counted["poems"].items():
        for part, by_form in parts.items():
            counts = "".join(f"{by_form[form]:>10,}" for form in forms)
            yield f"{dynasty} {part:<7}{by_form['all']:>9,}{counts}"
    for dynasty, reasons in counted["dropped"].items():
        yield f"{dynasty}: {counted['records'][dynasty]:,} records, dropped:"
        for reason, count in sorted(reasons.items(), key=lambda item: -item[1]):
            yield f"  {reason:<20}{count:>8,}"


@corpus.command()
@click.option("--form", "forms", multiple=True, help="A form (may be repeated).")
@click.option(
    "--dynasty",
    "dynasties",
    multiple=True,
    type=click.Choice(["tang", "song"]),
    help="A dynasty (may be repeated).",
)
@click.option(
    "--part",
    "parts",
    multiple=True,
    type=click.Choice(PARTS),
    help="A part (may be repeated); near: unused near-duplicates of held-out poems.",
)
@output_option
def export(
    forms: tuple[str, ...], dynasties: tuple[str, ...], parts: tuple[str, ...], output: Path | None
) -> None:
    """Write poems as JSONL: id, dynasty, form, part, title, author, text."""
    chosen = load_corpus().select(
        forms=[kind_named(form) for form in forms] or None,
        dynasties=dynasties or None,
        parts=parts or None,
    )
    emit(_rows(chosen), output)


def _rows(chosen: Corpus) -> Iterator[str]:
    for row in zip(*(getattr(chosen, name) for name in COLUMNS), strict=True):
        yield json_text(dict(zip(COLUMNS, row, strict=True)))
